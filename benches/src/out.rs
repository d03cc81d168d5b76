//! Results on standard output, progress on standard error: a table can be piped while one watches.

use std::io::Write;

/// A line of the result. A closed pipe is no reason to stop measuring.
pub(crate) fn line(text: &str) {
    writeln!(std::io::stdout().lock(), "{text}").ok();
}

/// What is being done now.
pub(crate) fn progress(text: &str) {
    writeln!(std::io::stderr().lock(), "{text}").ok();
}
