//! Time, randomness and fresh ids: they enter the application here and nowhere else.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use uuid::{ContextV7, Uuid};

/// Where the time comes from.
pub trait Clock: Send + Sync {
    /// Now, to the microsecond: what the database keeps.
    fn now(&self) -> Timestamp;
}

/// Where fresh ids and secrets come from.
pub trait IdSource: Send + Sync {
    /// A UUIDv7 (RFC 9562 §5.7) at the given time.
    fn uuid(&self, now: Timestamp) -> Uuid;
    /// 256 bits for a secret.
    fn secret(&self) -> [u8; 32];
}

/// The system's clock.
#[derive(Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place where time enters"
    )]
    fn now(&self) -> Timestamp {
        whole_microseconds(Timestamp::now())
    }
}

/// Keeps ids in the order they were made in, also within a millisecond (RFC 9562 §6.2, method 1):
/// lists that end in the id, and ties between equal scores, follow it.
static ORDER: Mutex<ContextV7> = Mutex::new(ContextV7::new());

/// The system's random source.
#[derive(Debug, Default)]
pub struct SystemIds;

impl IdSource for SystemIds {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place where ids are made"
    )]
    fn uuid(&self, now: Timestamp) -> Uuid {
        let seconds = u64::try_from(now.as_second()).unwrap_or(0);
        let nanos = u32::try_from(now.subsec_nanosecond()).unwrap_or(0);
        let order = ORDER.lock().unwrap_or_else(PoisonError::into_inner);
        Uuid::new_v7(uuid::Timestamp::from_unix(&*order, seconds, nanos))
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place where secrets are made"
    )]
    fn secret(&self) -> [u8; 32] {
        rand::random()
    }
}

/// A clock that tests move.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// Starts at the given time.
    pub fn at(now: Timestamp) -> Self {
        Self(AtomicI64::new(now.as_microsecond()))
    }

    /// Moves the time on.
    pub fn advance(&self, by: std::time::Duration) {
        let micros = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
        self.0.fetch_add(micros, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        // Each look moves a microsecond, so that rows written one after the other have an order.
        Timestamp::from_microsecond(self.0.fetch_add(1, Ordering::SeqCst)).unwrap_or(Timestamp::MAX)
    }
}

fn whole_microseconds(time: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(time.as_microsecond()).unwrap_or(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_one_moment_stand_in_the_order_they_were_made_in() {
        let now = Timestamp::UNIX_EPOCH;
        let ids: Vec<_> = (0..1_000).map(|_| SystemIds.uuid(now)).collect();
        assert!(ids.is_sorted() && ids.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
