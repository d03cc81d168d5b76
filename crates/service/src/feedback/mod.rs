//! Feedback: what readers say of an article, and what its authors are told of it.
//!
//! A reader's answer is one row without a reader ([`take`]); who answered is known for a day, to this process alone and as
//! a hash ([`voters`]). Authors read the answers one by one or summed up by article ([`report`]).

mod prune;
mod report;
mod take;
mod voters;

use std::sync::{Mutex, PoisonError};

pub use cairn_store::feedback::FeedbackSums;
pub use report::{
    ArticleFeedback, FeedbackItem, FeedbackPage, FeedbackReport, ListFeedback, ReportFeedback,
    list, report,
};
pub use take::{FeedbackTaken, GivenFeedback};

use voters::Voters;

/// Answers of one address to one article come one after the other; so many of these pairs are told apart.
const TURNS: usize = 64;

/// What a process knows of the answers of today.
pub(crate) struct Answers {
    /// How many days answers are kept; 0: none are taken.
    days: u32,
    voters: Mutex<Voters>,
    turns: Vec<tokio::sync::Mutex<()>>,
}

impl Answers {
    pub(crate) fn new(days: u32) -> Self {
        Self {
            days,
            voters: Mutex::default(),
            turns: (0..TURNS).map(|_| tokio::sync::Mutex::default()).collect(),
        }
    }

    /// Whether answers are taken.
    pub(crate) fn is_on(&self) -> bool {
        self.days > 0
    }

    fn voters(&self) -> std::sync::MutexGuard<'_, Voters> {
        // A panic while they were held leaves them usable: at worst a vote is missing.
        self.voters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
