//! Spans named after operations. `tracing` wants a span's name at compile time, so each operation
//! has its own line here; a new operation does not compile without one.

use cairn_domain::operation::Operation;
use tracing::Span;

macro_rules! spans {
    ($operation:expr, $request_id:expr; $($variant:ident = $name:literal,)*) => {
        match $operation {
            $(Some(Operation::$variant) => tracing::info_span!(
                $name,
                operation = $name,
                request_id = $request_id,
                status = tracing::field::Empty,
                duration_ms = tracing::field::Empty,
            ),)*
            None => tracing::info_span!(
                "unknown",
                operation = UNKNOWN,
                request_id = $request_id,
                status = tracing::field::Empty,
                duration_ms = tracing::field::Empty,
            ),
        }
    };
}

/// The name of what is no operation, in spans and metrics.
pub(super) const UNKNOWN: &str = "unknown";

/// The span of a request: operation, request id, status, duration; never bodies, keys or addresses.
pub(super) fn of(operation: Option<Operation>, request_id: &str) -> Span {
    spans! { operation, request_id;
        ListPortals = "list_portals",
        GetPortal = "get_portal",
        CreatePortal = "create_portal",
        UpdatePortal = "update_portal",
        ListCategories = "list_categories",
        CreateCategory = "create_category",
        UpdateCategory = "update_category",
        ListArticles = "list_articles",
        GetArticle = "get_article",
        CreateArticle = "create_article",
        UpdateArticle = "update_article",
        ListRevisions = "list_revisions",
        GetRevision = "get_revision",
        RestoreRevision = "restore_revision",
        ImportArticles = "import_articles",
        ListImportedFiles = "list_imported_files",
        BatchArticles = "batch_articles",
        ExportArticles = "export_articles",
        ExportRevisions = "export_revisions",
        ExportPortal = "export_portal",
        PurgeArticle = "purge_article",
        PurgeRevision = "purge_revision",
        PurgeAttachment = "purge_attachment",
        ListPurges = "list_purges",
        GetPurge = "get_purge",
        ListAttachments = "list_attachments",
        GetAttachment = "get_attachment",
        GetAttachmentContent = "get_attachment_content",
        CreateAttachment = "create_attachment",
        RestorePortal = "restore_portal",
        RestoreFile = "restore_file",
        RestoreContent = "restore_content",
        SearchArticles = "search_articles",
        SearchPassages = "search_passages",
        SuggestArticles = "suggest_articles",
        ListRelatedArticles = "list_related_articles",
        GetSearchRules = "get_search_rules",
        PutSearchRules = "put_search_rules",
        ReportSearches = "report_searches",
        ReportReads = "report_reads",
        ListFeedback = "list_feedback",
        ReportFeedback = "report_feedback",
        ListRedirects = "list_redirects",
        PutRedirects = "put_redirects",
        DeleteRedirect = "delete_redirect",
        ListKeys = "list_keys",
        CreateKey = "create_key",
        RevokeKey = "revoke_key",
        Reindex = "reindex",
        VerifyIndex = "verify_index",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_named_after_its_operation() {
        for operation in Operation::ALL {
            let span = of(Some(*operation), "r");
            assert_eq!(
                span.metadata().map(|m| m.name()),
                Some(operation.row().name)
            );
        }
    }
}
