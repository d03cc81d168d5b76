//! What is wrong with a field, collected so that one answer names every fault at once.

use serde::{Deserialize, Serialize};

/// One fault of one field. `field` is a dotted path into the request (`edits.0.find`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldError {
    /// Where: the name of the field as the caller wrote it.
    pub field: String,
    /// Which rule: a stable snake_case word such as `too_long`, `required`, `unknown_field`.
    pub code: String,
    /// What and the way out, as a sentence.
    pub message: String,
}

/// Collects faults while a change is checked.
#[derive(Debug, Default)]
pub struct FieldErrors(Vec<FieldError>);

impl FieldErrors {
    /// Starts with no fault.
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes one fault.
    pub fn add(&mut self, field: impl Into<String>, code: &str, message: impl Into<String>) {
        self.0.push(FieldError {
            field: field.into(),
            code: code.to_owned(),
            message: message.into(),
        });
    }

    /// Notes the fault of a result and gives its value when there is one.
    pub fn take<T>(&mut self, result: Result<T, FieldError>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                self.0.push(error);
                None
            }
        }
    }

    /// Whether nothing was wrong so far.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Ends the check: fine, or everything that was wrong.
    pub fn finish(self) -> Result<(), Vec<FieldError>> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(self.0)
        }
    }
}

impl FieldError {
    /// One fault by itself.
    pub fn new(field: impl Into<String>, code: &str, message: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            code: code.to_owned(),
            message: message.into(),
        }
    }
}

impl std::fmt::Display for FieldError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for FieldError {}
