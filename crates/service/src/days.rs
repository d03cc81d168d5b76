//! Days: what is counted is counted under a day, reported over days and kept for days. All of them are days of UTC.

use cairn_domain::limits::REPORT_DAYS_MAX;
use jiff::civil::Date;
use jiff::tz::Offset;
use jiff::{Span, Timestamp};

use crate::text_input::Input;

/// Days that are reported when the caller names none.
const DAYS_DEFAULT: i64 = 30;

/// The day that everything of a moment is counted under.
pub(crate) fn day_of(at: Timestamp) -> Date {
    Offset::UTC.to_datetime(at).date()
}

/// The first day that is kept: today is the last of so many days. None of them when they are 0.
pub(crate) fn kept_from(now: Timestamp, days: u32) -> Date {
    if days == 0 {
        return Date::MAX;
    }
    last(now, days.into()).0
}

/// The first and the last of so many days, today being the last.
pub(crate) fn last(now: Timestamp, days: i64) -> (Date, Date) {
    let today = day_of(now);
    (today.saturating_sub(Span::new().days(days - 1)), today)
}

/// First and last day of a report, as the caller wrote them.
pub(crate) fn reported(
    input: &mut Input,
    from: Option<&str>,
    to: Option<&str>,
    today: Date,
) -> (Date, Date) {
    let to = day(input, "to", to).unwrap_or(today);
    let from = day(input, "from", from)
        .unwrap_or_else(|| to.saturating_sub(Span::new().days(DAYS_DEFAULT - 1)));
    if from > to {
        input.errors.add(
            "from",
            "out_of_range",
            format!("from is {from}, which is after {to}; give the earlier day first"),
        );
    } else if to.duration_since(from).as_hours() >= i64::from(REPORT_DAYS_MAX) * 24 {
        input.errors.add(
            "from",
            "out_of_range",
            format!("a report covers at most {REPORT_DAYS_MAX} days; give a later first day"),
        );
    }
    (from, to)
}

fn day(input: &mut Input, field: &str, text: Option<&str>) -> Option<Date> {
    /// A day as ISO 8601 writes it.
    const DAY_BYTES: usize = "2026-11-14".len();
    let text = text?;
    let day = (text.len() == DAY_BYTES)
        .then(|| text.parse::<Date>().ok())
        .flatten()
        // What Postgres can hold.
        .filter(|day| day.year() > 0);
    if day.is_none() {
        input.errors.add(
            field,
            "invalid_day",
            format!("{field} must be a day such as 2026-11-14"),
        );
    }
    day
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_days_and_in_order() {
        let today = jiff::civil::date(2026, 11, 14);
        let read = |from: Option<&str>, to: Option<&str>| {
            let mut input = Input::default();
            let days = reported(&mut input, from, to, today);
            input
                .finish()
                .map(|()| (days.0.to_string(), days.1.to_string()))
        };
        let day = |text: &str| text.to_owned();
        assert_eq!(
            read(None, None).unwrap(),
            (day("2026-10-16"), day("2026-11-14"))
        );
        assert_eq!(
            read(Some("2026-01-01"), Some("2026-01-01")).unwrap(),
            (day("2026-01-01"), day("2026-01-01"))
        );
        for (from, to) in [
            (Some("2026-11-15"), None),
            (Some("yesterday"), None),
            (Some("2026-11-01T00:00:00Z"), None),
            (None, Some("2026-02-30")),
            (Some("1980-01-01"), None),
            (Some("-000001-01"), None),
        ] {
            assert!(read(from, to).is_err(), "{from:?} {to:?}");
        }
    }

    #[test]
    fn so_many_days_are_kept_and_today_is_one_of_them() {
        let now: Timestamp = "2026-11-14T23:59:59Z".parse().unwrap();
        assert_eq!(kept_from(now, 1).to_string(), "2026-11-14");
        assert_eq!(kept_from(now, 90).to_string(), "2026-08-17");
        assert_eq!(kept_from(now, 0), Date::MAX);
        assert!(kept_from(Timestamp::MIN, 3_650) <= day_of(Timestamp::MIN));
    }
}
