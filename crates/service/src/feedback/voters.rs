//! Who has answered today, without knowing who: hashes of network addresses under a salt of the day, in memory only.
//!
//! The salt is drawn anew for each day (UTC) and thrown away with it, together with every hash: after that nobody can say
//! which addresses there were, not even with all addresses at hand. Nothing of it is ever written down; a restart forgets
//! it, and several servers know nothing of each other's.

use std::collections::HashMap;
use std::net::IpAddr;

use cairn_domain::ids::{ArticleId, FeedbackId};
use cairn_domain::limits::{FEEDBACK_ADDRESSES_MAX, FEEDBACK_PER_DAY_MAX, FEEDBACK_PER_MINUTE_MAX};
use jiff::Timestamp;
use jiff::civil::Date;
use sha2::{Digest, Sha256};

use crate::days::day_of;

const SECONDS_PER_MINUTE: i64 = 60;
const SECONDS_PER_DAY: i64 = 24 * 3_600;

/// An address as it is told apart today.
pub(super) type Voter = [u8; 16];

/// Answers of one address.
#[derive(Debug, Default)]
struct Posts {
    minute: i64,
    in_minute: u32,
    today: u32,
}

/// The addresses and votes of one day.
#[derive(Default)]
pub(super) struct Voters {
    day: Option<Date>,
    salt: [u8; 32],
    posts: HashMap<Voter, Posts>,
    votes: HashMap<(Voter, ArticleId), FeedbackId>,
}

impl Voters {
    /// Counts an answer of an address. `salt` gives the salt of a day that begins.
    ///
    /// # Errors
    /// Seconds after which the next answer is taken.
    pub(super) fn post(
        &mut self,
        from: Option<IpAddr>,
        now: Timestamp,
        salt: impl FnOnce() -> [u8; 32],
    ) -> Result<Voter, u32> {
        if self.day != Some(day_of(now)) {
            self.forget();
            self.day = Some(day_of(now));
            self.salt = salt();
        }
        let voter = self.hash(from);
        let until_next = |seconds: i64| {
            u32::try_from(seconds - now.as_second().rem_euclid(seconds)).unwrap_or(1)
        };
        if !self.posts.contains_key(&voter) && self.posts.len() >= FEEDBACK_ADDRESSES_MAX {
            return Err(until_next(SECONDS_PER_DAY));
        }
        let posts = self.posts.entry(voter).or_default();
        let minute = now.as_second().div_euclid(SECONDS_PER_MINUTE);
        if posts.minute != minute {
            posts.minute = minute;
            posts.in_minute = 0;
        }
        if posts.today >= FEEDBACK_PER_DAY_MAX {
            return Err(until_next(SECONDS_PER_DAY));
        }
        if posts.in_minute >= FEEDBACK_PER_MINUTE_MAX {
            return Err(until_next(SECONDS_PER_MINUTE));
        }
        posts.in_minute += 1;
        posts.today += 1;
        Ok(voter)
    }

    /// The vote of an address on an article today.
    pub(super) fn vote_on(&self, voter: Voter, article: ArticleId) -> Option<FeedbackId> {
        self.votes.get(&(voter, article)).copied()
    }

    /// Notes a vote, in place of an earlier one.
    pub(super) fn voted(&mut self, voter: Voter, article: ArticleId, id: FeedbackId) {
        self.votes.insert((voter, article), id);
    }

    /// Forgets everybody of a day that is over.
    pub(super) fn forget_before(&mut self, today: Date) {
        if self.day.is_some_and(|day| day != today) {
            self.forget();
        }
    }

    fn forget(&mut self) {
        *self = Self::default();
    }

    fn hash(&self, from: Option<IpAddr>) -> Voter {
        let mut hasher = Sha256::new();
        hasher.update(self.salt);
        match from.map(|address| address.to_canonical()) {
            Some(IpAddr::V4(address)) => hasher.update(address.octets()),
            // One household or office has a /64 and every address in it.
            Some(IpAddr::V6(address)) => hasher.update(&address.octets()[..8]),
            None => {}
        }
        let mut voter = Voter::default();
        voter.copy_from_slice(&hasher.finalize()[..16]);
        voter
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn from(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn an_address_has_so_many_answers_in_a_minute_and_in_a_day() {
        let mut voters = Voters::default();
        let salt = || [7; 32];
        let mut now = at("2026-11-14T09:20:30Z");
        for _ in 0..FEEDBACK_PER_MINUTE_MAX {
            voters.post(from("192.0.2.1"), now, salt).unwrap();
        }
        assert_eq!(voters.post(from("192.0.2.1"), now, salt), Err(30));
        assert!(voters.post(from("192.0.2.2"), now, salt).is_ok());
        let mut taken = FEEDBACK_PER_MINUTE_MAX;
        while taken < FEEDBACK_PER_DAY_MAX {
            now += jiff::SignedDuration::from_secs(60);
            for _ in 0..FEEDBACK_PER_MINUTE_MAX {
                voters.post(from("192.0.2.1"), now, salt).unwrap();
                taken += 1;
            }
        }
        now += jiff::SignedDuration::from_secs(60);
        let wait = voters.post(from("192.0.2.1"), now, salt).unwrap_err();
        assert!(wait > 12 * 3_600, "{wait}");
        let tomorrow = at("2026-11-15T00:00:00Z");
        assert!(voters.post(from("192.0.2.1"), tomorrow, salt).is_ok());
    }

    #[test]
    fn a_day_is_forgotten_with_its_salt() {
        let mut voters = Voters::default();
        let (today, tomorrow) = (at("2026-11-14T23:59:59Z"), at("2026-11-15T00:00:00Z"));
        let article = ArticleId::from_uuid(uuid::Uuid::from_u128(1));
        let id = FeedbackId::from_uuid(uuid::Uuid::from_u128(2));
        let first = voters.post(from("192.0.2.1"), today, || [1; 32]).unwrap();
        voters.voted(first, article, id);
        assert_eq!(voters.vote_on(first, article), Some(id));
        let second = voters
            .post(from("192.0.2.1"), tomorrow, || [2; 32])
            .unwrap();
        assert_ne!(first, second);
        assert_eq!(voters.vote_on(first, article), None);
        voters.forget_before(day_of(tomorrow));
        assert_eq!(voters.posts.len(), 1);
        voters.forget_before(day_of(at("2026-11-16T00:00:00Z")));
        assert!(voters.posts.is_empty() && voters.salt == [0; 32]);
    }

    #[test]
    fn one_network_is_one_voter() {
        let mut voters = Voters::default();
        let mut voter = |text: &str| {
            let now = at("2026-11-14T09:20:30Z");
            voters.post(from(text), now, || [1; 32]).unwrap()
        };
        assert_eq!(voter("2001:db8::1"), voter("2001:db8::ffff:1"));
        assert_ne!(voter("2001:db8::1"), voter("2001:db8:0:1::1"));
        assert_eq!(voter("192.0.2.1"), voter("::ffff:192.0.2.1"));
    }
}
