//! Articles: list, get, create, update, restore, import, and their revisions.

pub mod batch;
pub mod create;
pub mod export;
pub mod get;
pub mod import;
pub mod imported;
pub mod list;
pub mod outline;
pub mod reference;
pub mod restore;
pub mod revisions;
pub mod translations;
pub mod update;
pub mod view;
pub(crate) mod write;

pub use batch::{ArticleBatch, BatchOperation, BatchOutcome, BatchResult, batch};
pub use create::{CreateArticle, create};
pub use export::{
    ExportArticles, ExportPage, ExportRevision, ExportedArticle, ExportedHistory, HistoryPage,
    ImportedFile as RememberedFile, LinkRow, LinkTarget, OldSlug, export, export_revisions,
};
pub use get::{GetArticle, get};
pub use import::{ImportBatch, ImportItem, ImportOutcome, ImportResult, import};
pub use imported::{ImportedFile, ImportedFilePage, ListImportedFiles, list_imported};
pub use list::{ArticlePage, ListArticles, list};
pub use outline::outline;
pub use reference::ArticleRef;
pub use restore::{RestoreRevision, restore};
pub use revisions::{RevisionPage, RevisionSummary, get_revision, list_revisions};
pub use translations::TranslationView;
pub use update::{UpdateArticle, Updated, update};
pub use view::{ArticleSummary, ArticleView, CategoryLabel};
