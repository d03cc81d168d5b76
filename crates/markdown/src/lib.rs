//! Room markdown.
