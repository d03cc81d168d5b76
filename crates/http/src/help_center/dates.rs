//! Dates as readers of a language write them. Days are counted in UTC: a page is the same for all.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::messages::Messages;

/// A date in the forms the pages use.
#[derive(Debug, Clone)]
pub(crate) struct Day {
    /// `2026-11-14`, for the `datetime` attribute.
    pub(crate) machine: String,
    /// `14 November 2026`, in text.
    pub(crate) long: String,
    /// `14 Nov 2026`, in lists: without the year, what is years old would read as new.
    pub(crate) medium: String,
}

impl Day {
    pub(crate) fn of(m: &Messages, at: Timestamp) -> Self {
        Self {
            machine: at.to_zoned(TimeZone::UTC).date().to_string(),
            long: write(m, &m.date_long, at),
            medium: write(m, &m.date_medium, at),
        }
    }
}

fn write(m: &Messages, pattern: &str, at: Timestamp) -> String {
    let date = at.to_zoned(TimeZone::UTC).date();
    let month = usize::try_from(date.month() - 1).unwrap_or(0);
    pattern
        .replace("{d}", &date.day().to_string())
        .replace("{month}", &m.months[month])
        .replace("{mon}", &m.months_short[month])
        .replace("{m}", &date.month().to_string())
        .replace("{y}", &date.year().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_domain::locale::Locale;

    #[test]
    fn a_date_reads_as_its_language_writes_it() {
        let at: Timestamp = "2026-11-14T23:59:59Z".parse().unwrap();
        for (tag, want) in [
            ("en", "14 November 2026"),
            ("de", "14. November 2026"),
            ("ar", "14 نوفمبر 2026"),
        ] {
            let m = Messages::of(&Locale::parse("locale", tag).unwrap());
            assert_eq!(Day::of(m, at).long, want);
            assert_eq!(Day::of(m, at).machine, "2026-11-14");
        }
        let m = Messages::of(&Locale::parse("locale", "en").unwrap());
        assert_eq!(Day::of(m, at).medium, "14 Nov 2026");
    }
}
