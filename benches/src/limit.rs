//! A ratio and what it should keep to. The limits are those of the speed a searcher was promised; they
//! are printed beside what was measured and decide nothing: a miss ends no run.

use serde::Serialize;

use crate::report::ratio;

/// What a ratio should keep to.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Limit {
    AtMost(f64),
    AtLeast(f64),
}

/// A ratio that has a limit.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Judged {
    pub(crate) what: String,
    /// Not a number where there was nothing to divide by.
    pub(crate) ratio: f64,
    pub(crate) limit: Limit,
    pub(crate) is_kept: bool,
}

impl Judged {
    /// `one` ÷ `other` beside its limit.
    pub(crate) fn new(what: impl Into<String>, one: f64, other: f64, limit: Limit) -> Self {
        let ratio = if other > 0.0 { one / other } else { f64::NAN };
        let is_kept = match limit {
            Limit::AtMost(most) => ratio <= most,
            Limit::AtLeast(least) => ratio >= least,
        };
        Self {
            what: what.into(),
            ratio,
            limit,
            is_kept,
        }
    }

    /// The ratio with the digits that repeat.
    pub(crate) fn ratio(&self) -> String {
        match self.ratio {
            r if r.is_nan() => "–".to_owned(),
            r => ratio(r, 1.0),
        }
    }

    /// The limit, and whether it was kept.
    pub(crate) fn verdict(&self) -> String {
        let (sign, limit) = match self.limit {
            Limit::AtMost(most) => ('≤', most),
            Limit::AtLeast(least) => ('≥', least),
        };
        let word = if self.is_kept { "pass" } else { "miss" };
        format!("{sign} {limit} {word}")
    }

    /// Ratio and verdict as the last cells of a row.
    pub(crate) fn cells(&self) -> [String; 2] {
        [self.ratio(), self.verdict()]
    }
}

/// The cells of a row that has no limit.
pub(crate) fn unlimited(ratio: String) -> [String; 2] {
    [ratio, String::new()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_kept_up_to_itself_and_nothing_keeps_none() {
        let at = |one, other, limit| Judged::new("", one, other, limit).verdict();
        assert_eq!(at(1.0, 2.0, Limit::AtMost(0.5)), "≤ 0.5 pass");
        assert_eq!(at(1.1, 2.0, Limit::AtMost(0.5)), "≤ 0.5 miss");
        assert_eq!(at(4.0, 2.0, Limit::AtLeast(2.0)), "≥ 2 pass");
        assert_eq!(at(3.9, 2.0, Limit::AtLeast(2.0)), "≥ 2 miss");
        assert_eq!(at(1.0, 0.0, Limit::AtMost(9.0)), "≤ 9 miss");
        assert_eq!(Judged::new("", 1.0, 0.0, Limit::AtMost(9.0)).ratio(), "–");
    }
}
