//! Limits of this door alone; those that other rooms quote too stand in `cairn_domain::limits`.

use std::time::Duration;

use cairn_domain::operation::Operation;

/// Longest `X-Request-Id` that is taken over from the client, in bytes; a longer one is replaced.
pub const REQUEST_ID_BYTES_MAX: usize = 128;

/// Most values (members, elements) in one JSON body: a value costs far more memory than the two
/// bytes it takes on the wire. 500 imported articles with 50 tags each stay well below.
pub const JSON_VALUES_MAX: usize = 100_000;

/// Most field errors in one answer; what is beyond is counted, not listed.
pub const FIELD_ERRORS_MAX: usize = 100;

/// Longest piece of the client's own text that an error quotes, in characters.
pub const QUOTED_CHARS_MAX: usize = 64;

/// Time for reading the request and answering it.
pub const REQUEST_TIME_MAX: Duration = Duration::from_secs(30);

/// Time for a batch: 500 imported or 1,000 changed articles in one transaction.
pub const IMPORT_TIME_MAX: Duration = Duration::from_secs(300);

/// Time for a file: 20 MiB over a slow line, a picture at its limits, storage elsewhere.
pub const ATTACHMENT_TIME_MAX: Duration = Duration::from_secs(180);

/// Time for what walks over a whole index.
pub const INDEX_TIME_MAX: Duration = Duration::from_secs(6 * 3_600);

/// How long an operation may take, the reading of its body included.
pub(crate) fn time_max(operation: Option<Operation>) -> Duration {
    match operation {
        Some(Operation::Reindex | Operation::VerifyIndex) => INDEX_TIME_MAX,
        Some(Operation::ImportArticles | Operation::BatchArticles | Operation::RestoreContent) => {
            IMPORT_TIME_MAX
        }
        Some(Operation::CreateAttachment | Operation::RestoreFile) => ATTACHMENT_TIME_MAX,
        _ => REQUEST_TIME_MAX,
    }
}
