//! The operation table: one row per use case, read by authorization, audit, both doors and tests.
//!
//! A new use case starts here. One stem at every floor: tool and operationId `update_article`,
//! function `service::articles::update`, audit `article.update`, event `article.updated`.

use crate::scope::Scope;

/// One use case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OperationRow {
    /// operationId, MCP tool name and span.
    pub name: &'static str,
    /// The scope without which the operation is refused. Some need more, depending on the change.
    pub scope: Scope,
    /// Action in the audit, for writes.
    pub audit: Option<&'static str>,
    /// Event in the outbox, for writes.
    pub event: Option<&'static str>,
    /// Whether it is a tool of the MCP door as well.
    pub tool: bool,
    /// One line for people and agents.
    pub summary: &'static str,
}

impl OperationRow {
    /// Whether the operation changes anything.
    pub const fn is_write(&self) -> bool {
        self.audit.is_some()
    }
}

macro_rules! operations {
    ($($variant:ident = $name:literal, $scope:ident, $audit:expr, $event:expr, $tool:literal, $summary:literal;)*) => {
        /// Names of the use cases.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Operation { $($variant,)* }

        impl Operation {
            /// All of them.
            pub const ALL: &'static [Operation] = &[$(Operation::$variant,)*];

            /// The operation's row.
            pub const fn row(self) -> &'static OperationRow {
                match self { $(Operation::$variant => &OperationRow {
                    name: $name, scope: Scope::$scope, audit: $audit, event: $event, tool: $tool, summary: $summary,
                },)* }
            }
        }
    };
}

operations! {
    ListPortals = "list_portals", PortalsRead, None, None, false, "List the portals this credential reaches.";
    GetPortal = "get_portal", PortalsRead, None, None, false, "Get one portal.";
    CreatePortal = "create_portal", PortalsWrite, Some("portal.create"), Some("portal.created"), false, "Create a portal.";
    UpdatePortal = "update_portal", PortalsWrite, Some("portal.update"), Some("portal.updated"), false, "Change a portal's name, hostnames, locales, accent, notice or contact.";
    ListCategories = "list_categories", CategoriesRead, None, None, true, "List the category tree of a portal with article counts.";
    CreateCategory = "create_category", CategoriesWrite, Some("category.create"), Some("category.created"), false, "Create a category.";
    UpdateCategory = "update_category", CategoriesWrite, Some("category.update"), Some("category.updated"), false, "Change a category's name, slug, parent, description or position.";
    ListArticles = "list_articles", ArticlesRead, None, None, true, "List or search articles: titles and snippets, never bodies.";
    GetArticle = "get_article", ArticlesRead, None, None, true, "Get one article with its Markdown body.";
    CreateArticle = "create_article", ArticlesWrite, Some("article.create"), Some("article.created"), true, "Create an article as a draft, or published when asked and allowed.";
    UpdateArticle = "update_article", ArticlesWrite, Some("article.update"), Some("article.updated"), true, "Change an article against the revision it was read at.";
    ListRevisions = "list_revisions", ArticlesWrite, None, None, false, "List the revisions of an article, newest first.";
    GetRevision = "get_revision", ArticlesWrite, None, None, false, "Get one revision with its body.";
    RestoreRevision = "restore_revision", ArticlesWrite, Some("article.restore"), Some("article.updated"), false, "Restore an old revision as a new one.";
    ImportArticles = "import_articles", ArticlesWrite, Some("article.import"), Some("article.imported"), false, "Create or update a batch of articles by their source ids in one transaction.";
    BatchArticles = "batch_articles", ArticlesWrite, Some("article.batch"), Some("article.updated"), false, "Change status, category, tags, audience or locale of many articles in one transaction.";
    ExportArticles = "export_articles", ArticlesWrite, None, None, false, "Page through every article with its text and everything that leads to it.";
    ExportRevisions = "export_revisions", ArticlesWrite, None, None, false, "Page through every revision of every article, to the byte.";
    ExportPortal = "export_portal", ArticlesWrite, None, None, false, "Page through what a portal has besides articles: categories, attachments, redirects.";
    PurgeArticle = "purge_article", ArticlesPurge, Some("article.purge"), Some("article.purged"), false, "Erase an article: every text of it, everywhere it is kept.";
    PurgeRevision = "purge_revision", ArticlesPurge, Some("revision.purge"), Some("revision.purged"), false, "Erase the text of one old revision of an article.";
    PurgeAttachment = "purge_attachment", ArticlesPurge, Some("attachment.purge"), Some("attachment.purged"), false, "Erase an attachment: its bytes, its variants, its name and the paths it came under.";
    ListPurges = "list_purges", ArticlesPurge, None, None, false, "List what was erased, newest first.";
    GetPurge = "get_purge", ArticlesPurge, None, None, false, "Get one erasure: whether its bytes are gone from everywhere.";
    ListImportedFiles = "list_imported_files", ArticlesWrite, None, None, false, "List which files of an import became which articles, and which of those were changed since.";
    ListAttachments = "list_attachments", ArticlesRead, None, None, false, "List the files that articles show, newest first.";
    GetAttachment = "get_attachment", ArticlesRead, None, None, false, "Get what is known of one file.";
    GetAttachmentContent = "get_attachment_content", ArticlesRead, None, None, false, "Get the bytes of one file, or a part of them.";
    CreateAttachment = "create_attachment", AttachmentsWrite, Some("attachment.create"), Some("attachment.created"), false, "Bring a file; the same bytes are kept once per portal.";
    RestorePortal = "restore_portal", PortalsRestore, Some("portal.restore"), Some("portal.restored"), false, "Begin to restore a portal from a bundle, or close the restoration.";
    RestoreFile = "restore_file", PortalsRestore, None, None, false, "Keep the bytes of an attachment that is about to be restored.";
    RestoreContent = "restore_content", PortalsRestore, Some("article.restore_bundle"), Some("article.restored"), false, "Restore a batch of what a portal had, with ids, history and authors, in one transaction.";
    SearchArticles = "search_articles", SearchRead, None, None, false, "Search published articles.";
    SearchPassages = "search_passages", SearchRead, None, None, true, "Find the passages of published articles that speak to a question, with where they stand.";
    SuggestArticles = "suggest_articles", SearchRead, None, None, false, "Suggest articles while somebody types.";
    ListRelatedArticles = "list_related_articles", SearchRead, None, None, false, "List the published articles nearest to an article.";
    GetSearchRules = "get_search_rules", SearchWrite, None, None, false, "Get the rules of search of a portal and locale: synonyms, stop words, pins, hidden keywords.";
    PutSearchRules = "put_search_rules", SearchWrite, Some("search_rules.put"), Some("search_rules.changed"), false, "Replace the rules of search of a portal and locale, all of them; searches follow at once.";
    ReportSearches = "report_searches", ArticlesWrite, None, None, false, "Report what people and programs searched for, and what they did not find.";
    ReportReads = "report_reads", ArticlesWrite, None, None, false, "Report how often readers opened each article.";
    ListFeedback = "list_feedback", ArticlesWrite, None, None, false, "List what readers said of articles, newest first.";
    ReportFeedback = "report_feedback", ArticlesWrite, None, None, false, "Report which articles helped readers and which did not.";
    ListRedirects = "list_redirects", ArticlesRead, None, None, false, "List where the addresses of the site before lead.";
    PutRedirects = "put_redirects", ArticlesPublish, Some("redirects.put"), Some("redirects.changed"), false, "Lead addresses of the site before to articles, categories or addresses.";
    DeleteRedirect = "delete_redirect", ArticlesPublish, Some("redirects.delete"), Some("redirects.changed"), false, "Take a redirect away.";
    ListKeys = "list_keys", KeysAdmin, None, None, false, "List API keys, without their secrets.";
    CreateKey = "create_key", KeysAdmin, Some("key.create"), Some("key.created"), false, "Create an API key; its secret is shown once.";
    RevokeKey = "revoke_key", KeysAdmin, Some("key.revoke"), Some("key.revoked"), false, "Revoke an API key from the next request on.";
    Reindex = "reindex", PortalsWrite, None, None, false, "Build a new index generation beside the one that serves, then swap.";
    VerifyIndex = "verify_index", PortalsWrite, None, None, false, "Compare the index with the database and count what differs.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_writes_have_both_audit_and_event() {
        let mut names: Vec<_> = Operation::ALL.iter().map(|o| o.row().name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Operation::ALL.len());
        for operation in Operation::ALL {
            let row = operation.row();
            assert_eq!(row.audit.is_some(), row.event.is_some(), "{}", row.name);
        }
    }
}
