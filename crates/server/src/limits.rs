//! Limits of the process itself; those of requests and content stand in `cairn_domain::limits`.

use std::time::Duration;

/// Connections served at once; further ones wait in the listener's queue.
pub(crate) const CONNECTIONS_MAX: usize = 10_000;
/// How long a client may take to send the head of a request, and how long an idle connection is kept.
pub(crate) const HEADER_READ_TIMEOUT: Duration = Duration::from_secs(60);
/// Requests one HTTP/2 connection may have under way.
pub(crate) const HTTP2_STREAMS_MAX: u32 = 100;
/// What a batch or a rebuild may take, where the ordinary request timeout would cut it off.
pub(crate) const LONG_REQUEST_TIMEOUT: Duration = Duration::from_secs(30 * 60);
/// How often the private cluster is looked after.
pub(crate) const CLUSTER_WATCH: Duration = Duration::from_millis(500);
/// How long after a failed restart of the private cluster the next one is tried.
pub(crate) const CLUSTER_RESTART_PAUSE: Duration = Duration::from_secs(2);
/// How long a first start waits for the index to catch up before it says that it is ready.
pub(crate) const CATCH_UP_WAIT_FIRST: Duration = Duration::from_secs(5 * 60);
/// How long a later start waits for it: readers are served meanwhile, operators should not wait.
pub(crate) const CATCH_UP_WAIT_AGAIN: Duration = Duration::from_secs(20);
/// How often a start looks whether the index has caught up.
pub(crate) const CATCH_UP_POLL: Duration = Duration::from_millis(20);
/// How long a command waits for an owner that holds the data directory to open its socket.
pub(crate) const OWNER_WAIT: Duration = Duration::from_secs(120);
/// How long a command keeps sending a request that a restarting server did not answer.
pub(crate) const RETRY_FOR: Duration = Duration::from_secs(10 * 60);
/// The first pause between two tries; it doubles.
pub(crate) const RETRY_PAUSE_MIN: Duration = Duration::from_millis(50);
/// The longest pause between two tries.
pub(crate) const RETRY_PAUSE_MAX: Duration = Duration::from_secs(2);
/// How often a request is sent again that the server answered with a fault of its own.
pub(crate) const FAULT_RETRIES_MAX: u32 = 5;
/// How long a connection may take to open.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long `purge` waits until the erasure is finished.
pub(crate) const PURGE_WAIT: Duration = Duration::from_secs(5 * 60);
/// How often it looks.
pub(crate) const PURGE_POLL: Duration = Duration::from_millis(200);
/// Largest answer a command reads, in bytes.
pub(crate) const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Articles a source is read ahead of the one that is being put into a batch.
pub(crate) const IMPORT_READ_AHEAD: usize = 8;
/// Files an import sends at once.
pub(crate) const IMPORT_UPLOADS_MAX: usize = 4;
/// Most bytes of files that an import holds at once; the largest file fits.
pub(crate) const IMPORT_UPLOAD_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Old addresses an import sends in one request.
pub(crate) const REDIRECTS_PER_REQUEST: usize = 1_000;
/// Most faults an import lists one by one; all of them are counted.
pub(crate) const IMPORT_ERRORS_MAX: usize = 1_000;
/// Longest name of a file or folder an export writes, in bytes: what file systems take, with room for a mark.
pub(crate) const EXPORT_NAME_BYTES_MAX: usize = 200;
/// Longest path of a file an export writes, in bytes.
pub(crate) const EXPORT_PATH_BYTES_MAX: usize = 900;
/// Most folders a file of an export lies in, itself included: what an import walks into.
pub(crate) const EXPORT_PATH_DEPTH_MAX: usize = 60;
/// Attachments an export fetches at once.
pub(crate) const EXPORT_FETCHES_MAX: usize = 4;
/// Most things an export remarks on one by one; all of them are counted.
pub(crate) const EXPORT_REMARKS_MAX: usize = 1_000;
/// Largest manifest of a bundle, in bytes: a million members.
pub(crate) const BUNDLE_MANIFEST_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Largest member of a bundle, in bytes: what one request of a restoration takes.
pub(crate) const BUNDLE_MEMBER_BYTES_MAX: u64 = cairn_domain::limits::IMPORT_BATCH_BYTES_MAX as u64;
/// Most bytes of content in one member: the request around it has its own few.
pub(crate) const BUNDLE_CONTENT_BYTES_MAX: usize =
    cairn_domain::limits::IMPORT_BATCH_BYTES_MAX - 64 * 1024;
/// Redirects, attachments or translations in one member of a bundle.
pub(crate) const BUNDLE_ROWS_MAX: usize = 1_000;
