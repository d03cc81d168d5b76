//! Keys that were looked up a moment ago, so that reading does not wait for the database at every request.
//!
//! Only keys that were found and may be used are kept, each for [`KEPT`] at most. One that is revoked here is forgotten
//! at once; another process that shares the database learns of it when it looks again. What writes never asks here.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use cairn_domain::actor::Caller;
use jiff::{SignedDuration, Timestamp};

/// How long a key is believed.
pub(crate) const KEPT: SignedDuration = SignedDuration::from_secs(1);
/// From this age on a key is looked up again beside the requests it serves, so that none of them waits for that.
const AGED: SignedDuration = SignedDuration::from_millis(300);
/// Keys that are kept; a new one beyond that takes the place of all that are too old, or is not kept.
const KEYS_MAX: usize = 1_024;

/// The digest of a secret.
type Digest = [u8; 32];

/// Callers by the digests of their secrets, and how often one was forgotten.
#[derive(Default)]
pub(crate) struct KnownKeys(Mutex<Known>);

#[derive(Default)]
struct Known {
    callers: HashMap<Digest, KnownKey>,
    forgotten: u64,
}

struct KnownKey {
    caller: Caller,
    expires_at: Option<Timestamp>,
    looked_up_at: Timestamp,
    /// Whether somebody is looking it up again.
    is_renewed: bool,
}

impl KnownKey {
    fn is_believed(&self, now: Timestamp) -> bool {
        let age = now.duration_since(self.looked_up_at);
        // A clock that was set back says nothing about an age.
        !age.is_negative() && age < KEPT && self.expires_at.is_none_or(|at| at > now)
    }
}

/// What is known of a key.
pub(crate) enum Answer {
    /// Nothing: the database has to be asked, and [`Ticket`] says what came before.
    Unknown(Ticket),
    /// Who it is.
    Known(Caller),
    /// Who it is, for now: whoever hears this looks the key up again.
    Aged(Caller, Ticket),
}

/// Taken before the database is asked: a key that was forgotten meanwhile is not kept.
#[derive(Clone, Copy)]
pub(crate) struct Ticket(u64);

impl KnownKeys {
    /// Who a key is, if it was looked up a moment ago.
    pub(crate) fn get(&self, digest: &Digest, now: Timestamp) -> Answer {
        let mut known = self.lock();
        let ticket = Ticket(known.forgotten);
        match known.callers.get_mut(digest) {
            Some(key) if key.is_believed(now) => {
                let caller = key.caller.clone();
                if key.is_renewed || now.duration_since(key.looked_up_at) < AGED {
                    return Answer::Known(caller);
                }
                key.is_renewed = true;
                Answer::Aged(caller, ticket)
            }
            _ => Answer::Unknown(ticket),
        }
    }

    /// Keeps a key that the database knew; `now` is when it was asked.
    pub(crate) fn keep(
        &self,
        digest: Digest,
        caller: Caller,
        expires_at: Option<Timestamp>,
        now: Timestamp,
        Ticket(before): Ticket,
    ) {
        let mut known = self.lock();
        if known.forgotten != before {
            return;
        }
        if known.callers.len() >= KEYS_MAX && !known.callers.contains_key(&digest) {
            known.callers.retain(|_, key| key.is_believed(now));
            if known.callers.len() >= KEYS_MAX {
                return;
            }
        }
        let key = KnownKey {
            caller,
            expires_at,
            looked_up_at: now,
            is_renewed: false,
        };
        known.callers.insert(digest, key);
    }

    /// Forgets a key, because it changed or is gone.
    pub(crate) fn forget(&self, digest: &Digest) {
        let mut known = self.lock();
        known.callers.remove(digest);
        known.forgotten += 1;
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: Digest = [7; 32];

    fn after(millis: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_millis(millis)
    }

    fn ticket(keys: &KnownKeys) -> Ticket {
        match keys.get(&[0; 32], after(0)) {
            Answer::Unknown(ticket) => ticket,
            _ => panic!("there is no such key"),
        }
    }

    fn keep(keys: &KnownKeys, digest: Digest, expires_at: Option<Timestamp>) {
        let ticket = ticket(keys);
        keys.keep(digest, Caller::operator(), expires_at, after(0), ticket);
    }

    fn is_known(keys: &KnownKeys, now: Timestamp) -> bool {
        !matches!(keys.get(&DIGEST, now), Answer::Unknown(_))
    }

    #[test]
    fn a_key_is_believed_for_a_second_and_never_beyond_its_end() {
        let keys = KnownKeys::default();
        assert!(!is_known(&keys, after(0)));
        keep(&keys, DIGEST, None);
        assert!(is_known(&keys, after(999)));
        assert!(!is_known(&keys, after(1_000)));
        assert!(!is_known(&keys, after(-1)), "the clock was set back");
        keep(&keys, DIGEST, Some(after(500)));
        assert!(is_known(&keys, after(499)));
        assert!(!is_known(&keys, after(500)));
    }

    #[test]
    fn one_request_looks_an_aged_key_up_again() {
        let keys = KnownKeys::default();
        keep(&keys, DIGEST, None);
        assert!(matches!(keys.get(&DIGEST, after(299)), Answer::Known(_)));
        assert!(matches!(keys.get(&DIGEST, after(300)), Answer::Aged(..)));
        assert!(matches!(keys.get(&DIGEST, after(301)), Answer::Known(_)));
    }

    #[test]
    fn a_key_that_was_forgotten_while_it_was_looked_up_is_not_kept() {
        let keys = KnownKeys::default();
        let before = ticket(&keys);
        keys.forget(&DIGEST);
        keys.keep(DIGEST, Caller::operator(), None, after(0), before);
        assert!(!is_known(&keys, after(1)));
    }

    #[test]
    fn there_is_a_limit_and_old_keys_make_room() {
        let keys = KnownKeys::default();
        for number in 0..KEYS_MAX {
            let mut digest = [0; 32];
            digest[..8].copy_from_slice(&(number as u64 + 1).to_le_bytes());
            keep(&keys, digest, None);
        }
        keep(&keys, DIGEST, None);
        assert!(!is_known(&keys, after(1)), "there is no room");
        let ticket = ticket(&keys);
        keys.keep(DIGEST, Caller::operator(), None, after(2_000), ticket);
        assert!(is_known(&keys, after(2_001)));
    }
}
