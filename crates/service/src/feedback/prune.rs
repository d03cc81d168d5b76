//! Forgetting: answers older than the setting, and addresses of a day that is over.

use cairn_store::feedback;
use jiff::{SignedDuration, Timestamp};

use crate::days::day_of;
use crate::{App, Result};

impl App {
    /// Deletes answers that are older than the setting says, all of them where none are to be taken, and forgets who
    /// answered on an earlier day. Gives how many rows.
    ///
    /// # Errors
    /// `unavailable` and our own faults.
    pub async fn prune_feedback(&self) -> Result<u64> {
        let now = self.now();
        self.answers.voters().forget_before(day_of(now));
        let before = kept_from(now, self.answers.days);
        let mut rows = 0;
        for portal in self.portals().all() {
            rows += feedback::prune(&self.store, portal.id, before).await?;
        }
        Ok(rows)
    }
}

/// What is older than this is deleted.
fn kept_from(now: Timestamp, days: u32) -> Timestamp {
    if days == 0 {
        return now;
    }
    now.checked_sub(SignedDuration::from_hours(24 * i64::from(days)))
        .unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_days_are_kept_and_none_where_nothing_is_taken() {
        let now: Timestamp = "2026-11-14T09:20:00Z".parse().unwrap();
        assert_eq!(kept_from(now, 0), now);
        assert_eq!(kept_from(now, 1).to_string(), "2026-11-13T09:20:00Z");
        assert_eq!(kept_from(Timestamp::MIN, 3_650), Timestamp::MIN);
    }
}
