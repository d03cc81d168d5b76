//! A read-only transaction in which every read sees the same moment: for reindex, verify-index and exports.

use std::collections::HashMap;
use std::fmt;

use cairn_domain::article::Article;
use cairn_domain::attachment::Attachment;
use cairn_domain::category::Category;
use cairn_domain::ids::{ArticleId, AttachmentId, EventId, PortalId};
use sqlx::Transaction;
use sqlx::postgres::{PgPool, Postgres};

use crate::articles::{self, IndexRow};
use crate::error::StoreError;
use crate::export::{
    AttachmentRow, ExportRevision, ExportRow, OldSlug, PortalNumbers, RedirectRow, RevisionSize,
};
use crate::imported_files::{self, ImportedFile};
use crate::{categories, export, outbox};

/// A statement of a snapshot may run longer than a request's, and the transaction waits while the index is written.
const BEGIN: &str = "begin isolation level repeatable read read only; \
     set local statement_timeout = '120s'; \
     set local idle_in_transaction_session_timeout = '600s'";

/// One moment of the database, on the primary. Its time is that of its first read.
///
/// It holds a connection and keeps vacuum from cleaning newer rows: finish it soon.
pub struct Snapshot(Transaction<'static, Postgres>);

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot").finish_non_exhaustive()
    }
}

impl Snapshot {
    pub(crate) async fn begin(pool: &PgPool) -> Result<Self, StoreError> {
        Ok(Self(pool.begin_with(BEGIN).await?))
    }

    /// Where the portal's feed stood: position and the event there.
    pub async fn feed_head(
        &mut self,
        portal: PortalId,
    ) -> Result<(i64, Option<EventId>), StoreError> {
        outbox::head_on(&mut *self.0, portal).await
    }

    /// The next articles in order of their ids, with their text; at most `limit`.
    pub async fn scan_for_index(
        &mut self,
        portal: PortalId,
        after: Option<ArticleId>,
        limit: i64,
    ) -> Result<Vec<IndexRow>, StoreError> {
        articles::scan_for_index_on(&mut *self.0, portal, after, limit).await
    }

    /// The next articles in order of their ids, without their text; at most `limit`.
    pub async fn scan(
        &mut self,
        portal: PortalId,
        after: Option<ArticleId>,
        limit: i64,
    ) -> Result<Vec<Article>, StoreError> {
        articles::scan_on(&mut *self.0, portal, after, limit).await
    }

    /// Some articles with their text.
    pub async fn load_for_index(
        &mut self,
        portal: PortalId,
        ids: &[ArticleId],
    ) -> Result<Vec<IndexRow>, StoreError> {
        articles::load_for_index_on(&mut *self.0, portal, ids).await
    }

    /// The portal's categories.
    pub async fn categories(&mut self, portal: PortalId) -> Result<Vec<Category>, StoreError> {
        categories::list_on(&mut *self.0, portal).await
    }

    /// The sizes of the next articles in order of their ids; at most `limit`.
    pub async fn export_sizes(
        &mut self,
        portal: PortalId,
        after: Option<ArticleId>,
        limit: i64,
    ) -> Result<Vec<export::Sized>, StoreError> {
        export::sizes_on(&mut *self.0, portal, after, limit).await
    }

    /// Some articles with everything that is known of them, in order of their ids.
    pub async fn export_rows(
        &mut self,
        portal: PortalId,
        ids: &[ArticleId],
    ) -> Result<Vec<ExportRow>, StoreError> {
        let mut rows = export::export_rows_on(&mut *self.0, portal, ids).await?;
        let groups: Vec<_> = rows.iter().map(|r| r.article.translation_group).collect();
        let groups = export::groups_on(&mut *self.0, portal, &groups).await?;
        let groups: HashMap<_, _> = groups
            .into_iter()
            .map(|(id, n, key)| (id, (n, key)))
            .collect();
        let mut slugs = HashMap::<_, Vec<_>>::new();
        for (id, slug) in export::old_slugs_on(&mut *self.0, portal, ids).await? {
            slugs.entry(id).or_default().push(slug);
        }
        let mut urls = HashMap::<_, Vec<_>>::new();
        for (id, url) in export::old_urls_on(&mut *self.0, portal, ids).await? {
            urls.entry(id).or_default().push(url);
        }
        for row in &mut rows {
            if let Some((members, key)) = groups.get(&row.article.translation_group) {
                row.translations = *members;
                row.group_key = key.clone();
            }
            row.old_slugs = slugs.remove(&row.article.id).unwrap_or_default();
            row.redirected_from = urls.remove(&row.article.id).unwrap_or_default();
        }
        Ok(rows)
    }

    /// The sizes of the next revisions in order of articles and numbers; at most `limit`.
    pub async fn export_revision_sizes(
        &mut self,
        portal: PortalId,
        after: Option<(ArticleId, i32)>,
        limit: i64,
    ) -> Result<Vec<RevisionSize>, StoreError> {
        export::revision_sizes_on(&mut *self.0, portal, after, limit).await
    }

    /// Some revisions with their texts, in order of articles and numbers.
    pub async fn export_revisions(
        &mut self,
        portal: PortalId,
        wanted: &[RevisionSize],
    ) -> Result<Vec<ExportRevision>, StoreError> {
        let mut revisions = export::revisions_on(&mut *self.0, portal, wanted).await?;
        let mut links = HashMap::<_, Vec<_>>::new();
        for link in export::links_on(&mut *self.0, portal, wanted).await? {
            links
                .entry((link.article, link.revision))
                .or_default()
                .push(link);
        }
        for exported in &mut revisions {
            let key = (exported.revision.article, exported.revision.number);
            exported.links = links.remove(&key).unwrap_or_default();
        }
        Ok(revisions)
    }

    /// What imports remember of some articles, in order of their ids.
    pub async fn imported_files(
        &mut self,
        portal: PortalId,
        ids: &[ArticleId],
    ) -> Result<Vec<ImportedFile>, StoreError> {
        imported_files::of_articles_on(&mut *self.0, portal, ids).await
    }

    /// Hosts of the old sites of sources: source and host; at most `limit`.
    pub async fn hosts(
        &mut self,
        portal: PortalId,
        limit: i64,
    ) -> Result<Vec<(String, String)>, StoreError> {
        export::hosts_on(&mut *self.0, portal, limit).await
    }

    /// The live rows of some articles, in order of their ids.
    pub async fn rows_of(
        &mut self,
        portal: PortalId,
        ids: &[ArticleId],
    ) -> Result<Vec<Article>, StoreError> {
        export::rows_of_on(&mut *self.0, portal, ids).await
    }

    /// Slugs that some articles had.
    pub async fn old_slugs(
        &mut self,
        portal: PortalId,
        ids: &[ArticleId],
    ) -> Result<Vec<(ArticleId, OldSlug)>, StoreError> {
        export::old_slugs_on(&mut *self.0, portal, ids).await
    }

    /// How much the portal has of everything.
    pub async fn portal_numbers(&mut self, portal: PortalId) -> Result<PortalNumbers, StoreError> {
        export::portal_numbers_on(&mut *self.0, portal).await
    }

    /// From which sources the portal has articles or attachments; at most `limit`.
    pub async fn sources(
        &mut self,
        portal: PortalId,
        limit: i64,
    ) -> Result<Vec<String>, StoreError> {
        export::sources_on(&mut *self.0, portal, limit).await
    }

    /// The next attachments in order of their ids, erased ones too; at most `limit`.
    pub async fn export_attachments(
        &mut self,
        portal: PortalId,
        after: Option<AttachmentId>,
        limit: i64,
    ) -> Result<Vec<AttachmentRow>, StoreError> {
        let found = export::attachments_on(&mut *self.0, portal, after, limit).await?;
        let ids: Vec<_> = found.iter().map(|a| a.id).collect();
        let mut paths = HashMap::<_, Vec<_>>::new();
        for (id, path) in export::paths_on(&mut *self.0, portal, &ids).await? {
            paths.entry(id).or_default().push(path);
        }
        let row = |attachment: Attachment| AttachmentRow {
            paths: paths.remove(&attachment.id).unwrap_or_default(),
            attachment,
        };
        Ok(found.into_iter().map(row).collect())
    }

    /// The next redirects in order of their addresses; at most `limit`.
    pub async fn export_redirects(
        &mut self,
        portal: PortalId,
        after: Option<(&str, &str)>,
        limit: i64,
    ) -> Result<Vec<RedirectRow>, StoreError> {
        export::redirects_on(&mut *self.0, portal, after, limit).await
    }

    /// Ends it and gives the connection back.
    pub async fn finish(self) -> Result<(), StoreError> {
        Ok(self.0.commit().await?)
    }
}
