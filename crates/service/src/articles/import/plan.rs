//! The rows of a batch, collected so that it takes few round trips, and written in one go.

use cairn_domain::article::Article;
use cairn_domain::ids::PortalId;
use cairn_domain::operation::Operation;
use cairn_domain::revision::Revision;
use cairn_markdown::Rendered;
use cairn_store::Tx;
use cairn_store::audit::AuditEntry;
use cairn_store::outbox::NewEvent;
use cairn_store::renderings::Rendering;

use crate::articles::write;
use crate::{Context, Error, ErrorCode, Result};

/// Rows to be written, collected so that a batch takes few round trips.
#[derive(Default)]
pub(super) struct Plan {
    pub(super) inserts: Vec<Article>,
    pub(super) saves: Vec<(Article, i64)>,
    pub(super) revisions: Vec<Revision>,
    pub(super) renderings: Vec<Rendering>,
    pub(super) audit: Vec<AuditEntry>,
    pub(super) events: Vec<NewEvent>,
    pub(super) new_categories: bool,
}

impl Plan {
    /// Rendering, audit and event of one article.
    pub(super) fn note(
        &mut self,
        ctx: &Context,
        before: Option<&Article>,
        article: &Article,
        changed: &[String],
        rendered: &Rendered,
    ) -> Result<()> {
        if before.is_none_or(|b| b.published_revision != article.published_revision)
            && let Some(rendering) = write::rendering(article, rendered)?
        {
            self.renderings.push(rendering);
        }
        self.audit.push(write::audit_entry(
            ctx,
            Operation::ImportArticles,
            before,
            article,
            changed,
            "Import",
        ));
        self.events.push(write::event(
            ctx,
            Operation::ImportArticles,
            article,
            article.updated_at,
        ));
        Ok(())
    }

    /// Writes what was decided.
    pub(super) async fn save(&self, tx: &mut Tx, portal: PortalId) -> Result<()> {
        let inserted = cairn_store::articles::insert_many(tx, &self.inserts).await?;
        if inserted.len() != self.inserts.len() {
            // A slug or source id was taken by a single create in the same moment: nothing is kept.
            return Err(Error {
                retry_after_s: Some(1),
                ..Error::new(
                    ErrorCode::Conflict,
                    "an article of the batch was made by somebody else in the same moment; send the batch again with the same key",
                )
            });
        }
        cairn_store::revisions::append_many(tx, &self.revisions).await?;
        cairn_store::articles::save_many(tx, &self.saves).await?;
        cairn_store::renderings::put_many(tx, &self.renderings).await?;
        let new: Vec<_> = self
            .inserts
            .iter()
            .map(|a| (&a.locale, a.slug.as_str()))
            .collect();
        cairn_store::slug_history::release_many(tx, portal, &new).await?;
        cairn_store::audit::append_many(tx, &self.audit).await?;
        Ok(())
    }
}
