//! What leaves: the articles of a portal with everything that is known of them, and the rest of the portal.
//!
//! Pages go by key, in the order of ids, and each is read in one [`crate::Snapshot`]. How large a page becomes is
//! decided before its texts are read: the sizes are asked for first.

mod articles;
pub(crate) mod portal;
mod revisions;

pub use articles::{ExportRow, OldSlug, RedirectedFrom, Sized};
pub(crate) use articles::{
    export_rows_on, groups_on, old_slugs_on, old_urls_on, sizes_on,
    statements as article_statements,
};
pub use portal::{AttachmentRow, PortalNumbers, RedirectRow};
pub(crate) use portal::{
    attachments_on, hosts_on, numbers_from, paths_on, portal_numbers_on, redirect_from,
    redirects_on, sources_on, statements as portal_statements,
};
pub use revisions::{ExportRevision, RevisionSize};
pub(crate) use revisions::{
    links_on, revision_from, revision_sizes_on, revisions_on, rows_of_on,
    statements as revision_statements,
};
