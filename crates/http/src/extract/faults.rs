//! Collects faults of one request, up to a limit: a body of a million wrong elements must not
//! become an answer of a million sentences.

use cairn_domain::field_error::FieldError;

use super::nearest::nearest;
use crate::limits::{FIELD_ERRORS_MAX, QUOTED_CHARS_MAX};
use crate::problem::Problem;

/// The faults so far.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<FieldError>);

impl Faults {
    /// Notes one fault, unless there are enough.
    pub(crate) fn add(&mut self, field: &str, code: &str, message: impl Into<String>) {
        if self.0.len() < FIELD_ERRORS_MAX {
            self.0.push(FieldError::new(quoted(field), code, message));
        }
    }

    /// Notes a name that means nothing here, with the nearest one that does.
    pub(crate) fn unknown(&mut self, what: &str, at: &str, name: &str, known: &[&'static str]) {
        if self.0.len() >= FIELD_ERRORS_MAX {
            return;
        }
        let hint = match (nearest(name, known), known) {
            (Some(nearest), _) => format!("did you mean {nearest}?"),
            (None, []) => format!("no {what} is taken here"),
            (None, known) => format!("known are {}", known.join(", ")),
        };
        let shown = quoted(name);
        self.add(
            at,
            &format!("unknown_{what}"),
            format!("{shown} is not a {what} here; {hint}"),
        );
    }

    /// Fine, or everything that was wrong.
    pub(crate) fn finish(self) -> Result<(), Problem> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(Problem::invalid_fields(self.0))
        }
    }

    #[cfg(test)]
    pub(crate) fn codes(&self) -> Vec<(String, String)> {
        self.0
            .iter()
            .map(|e| (e.field.clone(), e.code.clone()))
            .collect()
    }
}

/// The client's own words, cut to what an answer quotes.
pub(crate) fn quoted(text: &str) -> String {
    match text.char_indices().nth(QUOTED_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
