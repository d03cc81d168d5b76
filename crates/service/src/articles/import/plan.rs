//! What a batch writes, collected so that it takes few round trips, and written in one go.

use cairn_domain::article::Article;
use cairn_domain::ids::PortalId;
use cairn_domain::old_address::OldAddress;
use cairn_domain::operation::Operation;
use cairn_domain::revision::Staged;
use cairn_markdown::Rendered;
use cairn_store::Tx;
use cairn_store::audit::AuditEntry;
use cairn_store::imported_files::ImportedFile;
use cairn_store::outbox::NewEvent;
use jiff::Timestamp;

use crate::articles::import::item::ImportResult;
use crate::articles::update::moves;
use crate::articles::write;
use crate::links::{self, Origin, Written};
use crate::{Context, Error, ErrorCode, Result, redirects};

/// One file that was taken: the article after it, and what is remembered of both.
pub(super) struct Write {
    /// Which item of the batch.
    pub(super) slot: usize,
    /// As it was; none when it is new.
    pub(super) before: Option<Article>,
    /// As it is to be. Equal to `before` when nothing changes but what is remembered.
    pub(super) article: Article,
    /// Names of the fields that change, for the audit.
    pub(super) changed: Vec<&'static str>,
    /// The text of a new revision.
    pub(super) text: Option<Staged>,
    /// The body of the file.
    pub(super) rendered: Rendered,
    /// Where the file lies and what it says.
    pub(super) file: FileSays,
}

/// Where a file lies and what it says, in short.
pub(super) struct FileSays {
    pub(super) source: String,
    pub(super) path: String,
    pub(super) translation_key: Option<String>,
    pub(super) digest: [u8; 32],
    /// Addresses of the old site, as written: they tell its hosts.
    pub(super) old_urls: Vec<String>,
    /// Addresses of the old site that lead to the article from now on.
    pub(super) old_addresses: Vec<OldAddress>,
    /// The article as it was remembered, of a file that only moved: what was edited here since is
    /// still to be told apart.
    pub(super) kept: Option<ImportedFile>,
}

impl Write {
    /// Whether anything is written but what is remembered.
    fn is_change(&self) -> bool {
        self.before.is_none() || !self.changed.is_empty()
    }

    /// Notes a change of a field beyond those that were decided already.
    pub(super) fn note(&mut self, field: &'static str, now: Timestamp) {
        if let Some(before) = &self.before {
            self.article.row_version = before.row_version + 1;
            self.article.updated_at = now;
            if !self.changed.contains(&field) {
                self.changed.push(field);
            }
        }
    }

    fn result(&self) -> ImportResult {
        let id = self.article.id.to_string();
        let slug = self.article.slug.as_str().to_owned();
        match &self.before {
            None => ImportResult::Created { id, slug },
            Some(_) if self.is_change() => ImportResult::Updated { id, slug },
            Some(_) => ImportResult::Unchanged { id, slug },
        }
    }

    /// The file; none when the source has no files.
    fn origin(&self) -> Option<Origin> {
        let FileSays { source, path, .. } = &self.file;
        (!path.is_empty()).then(|| Origin {
            source: source.clone(),
            path: path.clone(),
        })
    }

    /// The links of the file, unless the article was edited here since and the file only moved.
    fn links(&self) -> Option<Written> {
        let head = self.article.head_revision;
        let says_the_same = self.file.kept.as_ref().is_none_or(|k| k.revision == head);
        says_the_same.then(|| Written {
            article: self.article.id,
            revision: head,
            links: self.rendered.links.clone(),
            origin: self.origin(),
        })
    }

    /// What is to be remembered.
    fn memory(&self, now: Timestamp) -> ImportedFile {
        let (file, kept) = (&self.file, self.file.kept.as_ref());
        ImportedFile {
            article: self.article.id,
            source: file.source.clone(),
            path: file.path.clone(),
            translation_key: file.translation_key.clone(),
            digest: file.digest,
            revision: kept.map_or(self.article.head_revision, |k| k.revision),
            category: kept.map_or(self.article.category, |k| k.category),
            status: kept.map_or(self.article.status, |k| k.status),
            audience: kept.map_or(self.article.audience, |k| k.audience),
            slug: kept.map_or_else(|| self.article.slug.as_str().to_owned(), |k| k.slug.clone()),
            imported_at: kept.map_or(now, |k| k.imported_at),
        }
    }
}

/// An article no file of the batch names, that became part of a translation group.
pub(super) struct Joined {
    pub(super) before: Article,
    pub(super) article: Article,
    pub(super) changed: Vec<&'static str>,
}

/// Everything a batch writes.
#[derive(Default)]
pub(super) struct Plan {
    pub(super) writes: Vec<Write>,
    pub(super) joined: Vec<Joined>,
    pub(super) category_audit: Vec<AuditEntry>,
    pub(super) category_events: Vec<NewEvent>,
}

impl Plan {
    /// What became of the items that were taken, each with its place in the batch.
    pub(super) fn results(&self) -> impl Iterator<Item = (usize, ImportResult)> {
        self.writes.iter().map(|write| (write.slot, write.result()))
    }

    /// Writes what was decided and gives the events of it, for the last statement.
    pub(super) async fn save(
        self,
        ctx: &Context,
        tx: &mut Tx,
        portal: PortalId,
        now: Timestamp,
    ) -> Result<Vec<NewEvent>> {
        self.save_articles(ctx, tx).await?;
        self.save_slugs(tx, portal, now).await?;
        let memory: Vec<_> = self.writes.iter().map(|write| write.memory(now)).collect();
        cairn_store::imported_files::put_many(tx, portal, &memory).await?;
        let led = self.lead(ctx, tx, portal, now).await?;
        self.save_links(ctx, tx, portal).await?;

        let mut audit = self.category_audit;
        let mut events = self.category_events;
        if let Some((entry, event)) = led {
            audit.push(entry);
            events.push(event);
        }
        let written = self
            .writes
            .iter()
            .filter(|write| write.is_change())
            .map(|write| (write.before.as_ref(), &write.article, &write.changed));
        let joined = self
            .joined
            .iter()
            .map(|joined| (Some(&joined.before), &joined.article, &joined.changed));
        for (before, article, changed) in written.chain(joined) {
            let changed: Vec<String> = changed.iter().map(|c| (*c).to_owned()).collect();
            let operation = Operation::ImportArticles;
            audit.push(write::audit_entry(
                ctx, operation, before, article, &changed, "Import",
            ));
            events.push(write::event(ctx, operation, article, now));
        }
        if !audit.is_empty() {
            cairn_store::audit::append_many(tx, &audit).await?;
        }
        Ok(events)
    }

    /// Leads the old addresses to their articles.
    async fn lead(
        &self,
        ctx: &Context,
        tx: &mut Tx,
        portal: PortalId,
        now: Timestamp,
    ) -> Result<Option<(AuditEntry, NewEvent)>> {
        let claims: Vec<_> = self
            .writes
            .iter()
            .flat_map(|write| {
                let olds = write.file.old_addresses.iter();
                olds.map(|old| (old, write.article.id))
            })
            .collect();
        redirects::put_for_articles(ctx, tx, portal, &claims, now).await
    }

    /// Rows, revisions and renderings.
    async fn save_articles(&self, ctx: &Context, tx: &mut Tx) -> Result<()> {
        let (mut inserts, mut saves) = (Vec::new(), Vec::new());
        let (mut revisions, mut renderings) = (Vec::new(), Vec::new());
        for write in self.writes.iter().filter(|write| write.is_change()) {
            let (article, before) = (&write.article, write.before.as_ref());
            match before {
                None => inserts.push(article.clone()),
                Some(before) => saves.push((article.clone(), before.row_version)),
            }
            if let Some(text) = &write.text {
                revisions.push(write::revision(ctx, article, text.clone(), "Import"));
            }
            if before.is_none_or(|b| b.published_revision != article.published_revision)
                && let Some(rendering) = write::rendering(article, &write.rendered)?
            {
                renderings.push(rendering);
            }
        }
        for joined in &self.joined {
            saves.push((joined.article.clone(), joined.before.row_version));
        }
        let inserted = cairn_store::articles::insert_many(tx, &inserts).await?;
        if inserted.len() != inserts.len() {
            // A slug or source id was taken by a single create in the same moment: nothing is kept.
            return Err(met_somebody());
        }
        cairn_store::revisions::append_many(tx, &revisions).await?;
        match cairn_store::articles::save_many(tx, &saves).await {
            Err(cairn_store::StoreError::Conflict(_)) => return Err(met_somebody()),
            saved => saved?,
        }
        cairn_store::renderings::put_many(tx, &renderings).await?;
        Ok(())
    }

    /// What the bodies link to, and what links to the files that came.
    async fn save_links(&self, ctx: &Context, tx: &mut Tx, portal: PortalId) -> Result<()> {
        let Some(source) = self.writes.first().map(|write| &write.file.source) else {
            return Ok(());
        };
        let old_urls = self.writes.iter().flat_map(|write| &write.file.old_urls);
        links::note_hosts(tx, portal, source, old_urls.map(String::as_str)).await?;
        let written: Vec<_> = self.writes.iter().filter_map(Write::links).collect();
        links::note_many(ctx, tx, portal, &written).await?;
        let files: Vec<_> = self.writes.iter().filter_map(Write::origin).collect();
        links::arrived_articles(tx, portal, &files).await
    }

    /// The slugs that were left are remembered, those that were taken are not any more.
    async fn save_slugs(&self, tx: &mut Tx, portal: PortalId, now: Timestamp) -> Result<()> {
        let (mut left, mut taken) = (Vec::new(), Vec::new());
        for write in &self.writes {
            let article = &write.article;
            match &write.before {
                None => taken.push((&article.locale, article.slug.as_str())),
                Some(before) => {
                    let Some(was_public) = moves(before, article) else {
                        continue;
                    };
                    if was_public {
                        left.push((&before.locale, before.slug.as_str(), before.id));
                    }
                    taken.push((&article.locale, article.slug.as_str()));
                }
            }
        }
        cairn_store::slug_history::keep_many(tx, portal, &left, now).await?;
        if !taken.is_empty() {
            cairn_store::slug_history::release_many(tx, portal, &taken).await?;
        }
        Ok(())
    }
}

/// Something of the batch was made or taken by somebody else in the same moment; nothing is kept.
pub(super) fn met_somebody() -> Error {
    Error {
        retry_after_s: Some(1),
        ..Error::new(
            ErrorCode::Conflict,
            "an article of the batch was made or changed by somebody else in the same moment; send the batch again with the same key",
        )
    }
}
