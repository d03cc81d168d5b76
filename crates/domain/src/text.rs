//! Rules for text that people and programs hand in.
//!
//! Text is kept as it came, to the byte: no trimming, no normalisation, no repair. What cannot be
//! kept (NUL, which Postgres text cannot hold) is refused with its name.

use crate::field_error::FieldErrors;

/// Checks a text field: no NUL, at most `chars_max` Unicode scalar values.
pub fn check_text(errors: &mut FieldErrors, field: &str, text: &str, chars_max: usize) {
    if text.contains('\0') {
        errors.add(
            field,
            "nul_character",
            format!(
                "{field} contains the NUL character (U+0000), which cannot be stored; remove it"
            ),
        );
    }
    // The byte length is at least the number of characters: short texts need no counting.
    if text.len() > chars_max {
        let chars = text.chars().count();
        if chars > chars_max {
            errors.add(
                field,
                "too_long",
                format!(
                    "{field} has {chars} characters, at most {chars_max} are allowed; shorten it"
                ),
            );
        }
    }
}

/// Checks a text field that must say something: as [`check_text`], and not only white space.
pub fn check_required_text(errors: &mut FieldErrors, field: &str, text: &str, chars_max: usize) {
    if text.trim().is_empty() {
        errors.add(
            field,
            "required",
            format!("{field} is empty; give it at least one visible character"),
        );
    }
    check_text(errors, field, text, chars_max);
}
