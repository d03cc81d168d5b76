//! What a portal had besides articles: categories, attachments, redirects, hosts of old sites.

use std::collections::{BTreeMap, HashMap};

use cairn_domain::category::Category;
use cairn_domain::event::Subject;
use cairn_domain::ids::{AttachmentId, CategoryId};
use cairn_domain::limits::CATEGORIES_MAX;
use cairn_domain::operation::Operation;
use cairn_store::Tx;
use cairn_store::export::RedirectRow;
use serde_json::{Value, json};

use super::batch::Batch;
use super::content::{AttachmentItem, CategoryItem, HostItem, RedirectItem, fault};
use super::{conflict, event};
use crate::attachments::content::object_name;
use crate::audit;
use crate::{Error, ErrorCode, Result};

impl Batch<'_> {
    /// Notes that something was written.
    fn note(&mut self, subject: Subject, after: Value) {
        self.outcome.restored += 1;
        self.audit.push(audit::entry(
            self.ctx,
            audit::Entry {
                portal: self.portal,
                operation: Operation::RestoreContent,
                subject,
                revision: None,
                before: None,
                after: Some(after),
                message: &self.message,
                at: self.now,
            },
        ));
        self.events.push(event(self.ctx, subject, None, self.now));
    }
}

/// Restores categories, those above before those below.
pub(super) async fn categories(
    batch: &mut Batch<'_>,
    tx: &mut Tx,
    items: Vec<CategoryItem>,
) -> Result<()> {
    if items.is_empty() {
        return Ok(());
    }
    let tree = cairn_store::categories::list_in(tx, batch.portal).await?;
    let mut there: HashMap<CategoryId, Category> = tree.into_iter().map(|c| (c.id, c)).collect();
    let portal = batch.portal;
    let mut waiting: Vec<Category> = items
        .into_iter()
        .map(|item| item.into_category(portal))
        .collect::<Result<_>>()?;
    while !waiting.is_empty() {
        let before = waiting.len();
        let mut later = Vec::new();
        for category in waiting {
            if category.parent.is_some_and(|p| !there.contains_key(&p)) {
                later.push(category);
                continue;
            }
            match there.get(&category.id) {
                Some(known) if *known == category => batch.outcome.unchanged += 1,
                Some(known) => {
                    return Err(conflict(format!(
                        "category \"{}\" is here and not as the bundle has it",
                        known.slug
                    )));
                }
                None => {
                    if there.len() >= CATEGORIES_MAX {
                        return Err(conflict(format!(
                            "the portal has {CATEGORIES_MAX} categories, which is the most"
                        )));
                    }
                    if !cairn_store::restorations::insert_category(tx, &category).await? {
                        return Err(conflict(format!(
                            "the slug of category \"{}\" is taken here",
                            category.slug
                        )));
                    }
                    batch.new_categories = true;
                    let after = json!({"slug": category.slug, "name": category.name});
                    batch.note(Subject::Category(category.id), after);
                    there.insert(category.id, category);
                }
            }
        }
        if later.len() == before {
            return Err(fault(
                "content.categories",
                "has a category below one that is not there",
            ));
        }
        waiting = later;
    }
    Ok(())
}

/// Restores attachments whose bytes are kept already.
pub(super) async fn attachments(
    batch: &mut Batch<'_>,
    tx: &mut Tx,
    items: Vec<AttachmentItem>,
) -> Result<()> {
    if items.is_empty() {
        return Ok(());
    }
    let portal = batch.portal;
    let wanted: Vec<_> = items
        .into_iter()
        .map(|item| item.into_attachment(portal))
        .collect::<Result<_>>()?;
    let ids: Vec<AttachmentId> = wanted.iter().map(|(a, _)| a.id).collect();
    let there = cairn_store::restorations::attachments(tx, portal, &ids).await?;
    let there: HashMap<_, _> = there.into_iter().map(|a| (a.id, a)).collect();
    let mut new_paths = Vec::new();
    for (attachment, paths) in wanted {
        let id = attachment.id;
        new_paths.extend(paths.into_iter().map(|path| (id, path)));
        if let Some(known) = there.get(&id) {
            // Which variants there are is this server's affair.
            let mut known = known.clone();
            known.variant_widths.clone_from(&attachment.variant_widths);
            if known != attachment {
                return Err(conflict(format!(
                    "attachment {id} is here and not as the bundle has it"
                )));
            }
            batch.outcome.unchanged += 1;
            continue;
        }
        if attachment.purged_at.is_none() {
            let object = object_name(portal, attachment.digest);
            let bytes = u64::try_from(attachment.byte_length).unwrap_or(0);
            if !batch.ctx.app.vault.holds(&object, bytes).await? {
                return Err(Error::new(
                    ErrorCode::Conflict,
                    format!(
                        "the bytes of attachment {id} are not here yet; send the file {} first",
                        attachment.digest
                    ),
                ));
            }
        }
        if !cairn_store::restorations::insert_attachment(tx, &attachment).await? {
            return Err(conflict(format!(
                "the file of attachment {id} is here under another id"
            )));
        }
        let after = json!({"name": attachment.name, "digest": attachment.digest.to_string()});
        batch.note(Subject::Attachment(id), after);
    }
    cairn_store::restorations::insert_paths(tx, portal, &new_paths).await?;
    Ok(())
}

/// Restores redirects.
pub(super) async fn redirects(
    batch: &mut Batch<'_>,
    tx: &mut Tx,
    items: Vec<RedirectItem>,
) -> Result<()> {
    if items.is_empty() {
        return Ok(());
    }
    let wanted: Vec<RedirectRow> = items
        .into_iter()
        .map(RedirectItem::into_row)
        .collect::<Result<_>>()?;
    let there = cairn_store::restorations::redirects_at(tx, batch.portal, &wanted).await?;
    let there: HashMap<(String, String), RedirectRow> = there
        .into_iter()
        .map(|r| ((r.old_path.clone(), r.old_query.clone()), r))
        .collect();
    let mut new = Vec::new();
    for row in wanted {
        match there.get(&(row.old_path.clone(), row.old_query.clone())) {
            Some(known) if *known == row => batch.outcome.unchanged += 1,
            Some(_) => {
                return Err(conflict(format!(
                    "the redirect at {} is here and leads elsewhere",
                    row.old_path
                )));
            }
            None => new.push(row),
        }
    }
    if new.is_empty() {
        return Ok(());
    }
    cairn_store::restorations::insert_redirects(tx, batch.portal, &new).await?;
    batch.note(
        Subject::Redirects(batch.portal),
        json!({"redirects": new.len()}),
    );
    batch.outcome.restored += new.len() as u64 - 1;
    Ok(())
}

/// Restores what is known of the hosts of old sites.
pub(super) async fn hosts(batch: &mut Batch<'_>, tx: &mut Tx, items: Vec<HostItem>) -> Result<()> {
    let mut by_source: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for item in items {
        by_source.entry(item.source).or_default().push(item.host);
    }
    for (source, hosts) in by_source {
        cairn_store::links::keep_hosts(tx, batch.portal, &source, &hosts).await?;
    }
    Ok(())
}
