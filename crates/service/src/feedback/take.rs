//! Taking a reader's answer: counted against its address, checked, and kept in place of an earlier vote of the day.
//!
//! No audit and no event: nothing of the portal changes, and nobody is named who could have changed it.

use std::net::IpAddr;

use cairn_domain::feedback::{Feedback, FeedbackKind};
use cairn_domain::field_error::{FieldError, FieldErrors};
use cairn_domain::ids::{FeedbackId, PortalId};
use cairn_domain::locale::Locale;
use cairn_store::feedback as stored;

use super::TURNS;
use crate::{App, Result};

/// Seconds after which a portal that has enough of today may take answers again.
const FULL_RETRY_S: u32 = 3_600;

/// What a reader sent.
#[derive(Debug, Clone, Copy)]
pub struct GivenFeedback<'a> {
    /// `helpful`, `unhelpful` or `mistake`.
    pub kind: &'a str,
    /// A word of [`cairn_domain::feedback::FeedbackReason`].
    pub reason: Option<&'a str>,
    /// In the reader's own words.
    pub words: &'a str,
    /// The network address it came from; none where that is unknown.
    pub from: Option<IpAddr>,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeedbackTaken {
    /// It is kept.
    Kept,
    /// Readers find no article there, or no answers are taken.
    Missing,
    /// It breaks a rule; fields are `kind` and `words`.
    Faulty(Vec<FieldError>),
    /// There were too many from this address, or about this portal.
    TooMany {
        /// Seconds after which the next one is taken.
        retry_after_s: u32,
    },
}

impl App {
    /// Takes what a reader said of the article at a slug.
    pub(crate) async fn take_feedback(
        &self,
        portal: PortalId,
        locale: &Locale,
        slug: &str,
        given: GivenFeedback<'_>,
    ) -> Result<FeedbackTaken> {
        if !self.answers.is_on() {
            return Ok(FeedbackTaken::Missing);
        }
        let now = self.now();
        let salt = || self.ids.secret();
        let posted = self.answers.voters().post(given.from, now, salt);
        let voter = match posted {
            Ok(voter) => voter,
            Err(retry_after_s) => return Ok(FeedbackTaken::TooMany { retry_after_s }),
        };
        let said = match parse(&given) {
            Ok(said) => said,
            Err(faults) => return Ok(FeedbackTaken::Faulty(faults)),
        };
        let Some(article) = stored::target(&self.store, portal, locale, slug).await? else {
            return Ok(FeedbackTaken::Missing);
        };
        let turn = usize::from(voter[0]) % TURNS;
        let _turn = match self.answers.turns.get(turn) {
            Some(turn) => Some(turn.lock().await),
            None => None,
        };
        let is_vote = said.kind != FeedbackKind::Mistake;
        let earlier = is_vote
            .then(|| self.answers.voters().vote_on(voter, article))
            .flatten();
        let id = FeedbackId::from_uuid(self.ids.uuid(now));
        let mut tx = self.store.begin().await?;
        if let Some(earlier) = earlier {
            stored::take_back(&mut tx, portal, article, earlier).await?;
        }
        if !stored::add(&mut tx, portal, article, locale, id, &said, now).await? {
            tx.rollback().await?;
            return Ok(
                match stored::target(&self.store, portal, locale, slug).await? {
                    Some(_) => FeedbackTaken::TooMany {
                        retry_after_s: FULL_RETRY_S,
                    },
                    None => FeedbackTaken::Missing,
                },
            );
        }
        tx.commit().await?;
        if is_vote {
            self.answers.voters().voted(voter, article, id);
        }
        Ok(FeedbackTaken::Kept)
    }
}

fn parse(given: &GivenFeedback<'_>) -> Result<Feedback, Vec<FieldError>> {
    let Some(kind) = FeedbackKind::parse(given.kind) else {
        return Err(vec![FieldError::new(
            "kind",
            "invalid_value",
            "kind must be one of helpful, unhelpful, mistake",
        )]);
    };
    let mut errors = FieldErrors::new();
    let said = Feedback::new(&mut errors, kind, given.reason, given.words);
    errors.finish().map(|()| said)
}
