//! The categories an import names: found by their names from the top down, made where missing.

use cairn_domain::category::Category;
use cairn_domain::event::Subject;
use cairn_domain::ids::{CategoryId, EventId};
use cairn_domain::limits::CATEGORIES_MAX;
use cairn_domain::operation::Operation;
use cairn_domain::scope::Scope;
use cairn_store::Tx;
use cairn_store::outbox::NewEvent;

use crate::articles::import::decide::Work;
use crate::categories::free_slug;
use crate::{Error, ErrorCode, Result, audit, authorize};

/// The category at the end of a path of names, without making any: none inside when one is missing.
pub(super) fn find(path: &[String], tree: &[Category]) -> Option<Option<CategoryId>> {
    let mut parent = None;
    for name in path {
        parent = Some(child(parent, name, tree)?.id);
    }
    Some(parent)
}

fn child<'a>(parent: Option<CategoryId>, name: &str, tree: &'a [Category]) -> Option<&'a Category> {
    let lower = name.to_lowercase();
    tree.iter()
        .find(|c| c.parent == parent && c.name.to_lowercase() == lower)
}

impl Work<'_> {
    /// The category at the end of a path of names; missing ones are made.
    pub(super) async fn place(
        &mut self,
        tx: &mut Tx,
        path: &[String],
        tree: &mut Vec<Category>,
    ) -> Result<Result<Option<CategoryId>, String>> {
        let mut parent: Option<CategoryId> = None;
        for name in path {
            if let Some(found) = child(parent, name, tree) {
                parent = Some(found.id);
                continue;
            }
            authorize::scope(self.ctx, Scope::CategoriesWrite)?;
            if tree.len() >= CATEGORIES_MAX {
                return Ok(Err(format!(
                    "category_path: the portal has {CATEGORIES_MAX} categories, which is the most"
                )));
            }
            let position = tree
                .iter()
                .filter(|c| c.parent == parent)
                .map(|c| c.position)
                .max()
                .unwrap_or(0);
            let category = Category {
                portal: self.portal,
                id: CategoryId::from_uuid(self.ctx.app.ids.uuid(self.now)),
                parent,
                slug: free_slug(name, tree)?,
                name: name.clone(),
                description: String::new(),
                position: position.saturating_add(1),
                row_version: 1,
                created_at: self.now,
                updated_at: self.now,
            };
            if !cairn_store::categories::insert(tx, &category).await? {
                return Err(Error {
                    retry_after_s: Some(1),
                    ..Error::new(
                        ErrorCode::Conflict,
                        "a category was made by somebody else in the same moment; send the batch again with the same key",
                    )
                });
            }
            self.note_category(&category)?;
            parent = Some(category.id);
            tree.push(category);
        }
        Ok(Ok(parent))
    }

    fn note_category(&mut self, category: &Category) -> Result<()> {
        let subject = Subject::Category(category.id);
        self.plan.category_audit.push(audit::entry(
            self.ctx,
            audit::Entry {
                portal: self.portal,
                operation: Operation::CreateCategory,
                subject,
                revision: None,
                before: None,
                after: Some(serde_json::to_value(category).map_err(Error::internal)?),
                message: "Import",
                at: self.now,
            },
        ));
        self.plan.category_events.push(NewEvent {
            id: EventId::from_uuid(self.ctx.app.ids.uuid(self.now)),
            kind: Operation::CreateCategory
                .row()
                .event
                .unwrap_or_default()
                .to_owned(),
            subject,
            revision: None,
            at: self.now,
        });
        Ok(())
    }
}
