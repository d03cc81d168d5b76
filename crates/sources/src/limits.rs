//! Limits of what is read: files, folders and archives. Those of articles stand in
//! `cairn_domain::limits`.

use cairn_domain::limits::{
    ATTACHMENT_BYTES_MAX, BODY_BYTES_MAX, FRONT_MATTER_BYTES_MAX, IMPORT_PATH_BYTES_MAX,
};

/// Deepest folder a tree is walked into.
pub const DEPTH_MAX: usize = 64;
/// Most files of one folder.
pub const FILES_MAX: usize = 1_000_000;
/// Largest block of front matter, in bytes: the most that is kept with a revision, and room for the
/// keys that Cairn knows.
pub const FRONT_MATTER_BLOCK_BYTES_MAX: usize = 8 * FRONT_MATTER_BYTES_MAX;
/// Largest Markdown file: a full body and a full block of front matter, in bytes.
pub const MARKDOWN_FILE_BYTES_MAX: u64 = (BODY_BYTES_MAX + FRONT_MATTER_BLOCK_BYTES_MAX) as u64;
/// Largest file that articles show, in bytes.
pub const SHOWN_FILE_BYTES_MAX: u64 = ATTACHMENT_BYTES_MAX as u64;
/// Largest `portal.toml`, in bytes: 5,000 categories with their descriptions.
pub const PORTAL_FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Largest `redirects.csv`, in bytes.
pub const REDIRECTS_FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Most things a source remarks one by one; further ones are left unsaid.
pub const REMARKS_MAX: usize = 1_000;
/// Most different targets of links that are held until it is known what is there.
pub const LINK_TARGETS_MAX: usize = 200_000;
/// Most groups of dead links that are listed; all of them are counted.
pub const DEAD_LINK_GROUPS_MAX: usize = 200;
/// Deepest nesting of a JSON value in front matter.
pub const JSON_DEPTH_MAX: usize = 64;

/// Most members of an archive, folders included.
pub const ARCHIVE_MEMBERS_MAX: usize = 50_000;
/// Longest path of a member, in bytes.
pub const ARCHIVE_NAME_BYTES_MAX: usize = IMPORT_PATH_BYTES_MAX;
/// Most bytes that the names of all members have together.
pub const ARCHIVE_NAMES_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Most bytes that all members of an archive may unpack to.
pub const ARCHIVE_UNPACKED_BYTES_MAX: u64 = 8 * 1024 * 1024 * 1024;
/// How many times larger than packed a member may unpack; text reaches 20, a log file 100.
pub const ARCHIVE_RATIO_MAX: u64 = 200;
/// Unpacked bytes up to which nobody looks at the ratio.
pub const ARCHIVE_RATIO_FREE_BYTES: u64 = 4 * 1024 * 1024;
/// Largest extended header of a member of a tar archive, in bytes: a long name and some times.
pub const TAR_EXTENSION_BYTES_MAX: u64 = 64 * 1024;
