//! Versions of Postgres: the major decides which data directory a program can open.

use std::fmt;

/// The oldest major Cairn runs on.
pub(crate) const MAJOR_MIN: u32 = 14;

/// A released version: `15.18`, or `18.0` for a pre-release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// Data directories are compatible within one major.
    pub major: u32,
    /// Fixes only.
    pub minor: u32,
}

impl Version {
    /// Reads what `postgres --version` prints: `postgres (PostgreSQL) 15.18 (Debian …)`, `18beta2`.
    pub(crate) fn from_program_output(text: &str) -> Option<Self> {
        let (_, after) = text.split_once("(PostgreSQL)")?;
        let number = after.split_whitespace().next()?;
        let digits =
            |text: &str| -> String { text.chars().take_while(char::is_ascii_digit).collect() };
        let major = digits(number);
        let minor = number[major.len()..]
            .strip_prefix('.')
            .map(digits)
            .unwrap_or_default();
        Some(Self {
            major: major.parse().ok()?,
            minor: minor.parse().unwrap_or(0),
        })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distributions_and_betas_are_understood() {
        let read = Version::from_program_output;
        let debian = "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n";
        assert_eq!(
            read(debian),
            Some(Version {
                major: 15,
                minor: 18
            })
        );
        assert_eq!(
            read("postgres (PostgreSQL) 18.4"),
            Some(Version {
                major: 18,
                minor: 4
            })
        );
        assert_eq!(
            read("postgres (PostgreSQL) 19beta2"),
            Some(Version {
                major: 19,
                minor: 0
            })
        );
    }

    #[test]
    fn other_programs_have_no_version() {
        for text in [
            "",
            "postgres",
            "(PostgreSQL)",
            "(PostgreSQL) x",
            "mysqld 8.0",
        ] {
            assert_eq!(Version::from_program_output(text), None, "{text:?}");
        }
    }
}
