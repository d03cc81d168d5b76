//! Categories: the nodes of a portal's tree.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::field_error::FieldErrors;
use crate::ids::{CategoryId, PortalId};
use crate::limits::{DESCRIPTION_CHARS_MAX, NAME_CHARS_MAX};
use crate::slug::Slug;
use crate::text::{check_required_text, check_text};

/// A category as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Category {
    /// Whose tree.
    pub portal: PortalId,
    /// Its id.
    pub id: CategoryId,
    /// The node above; none at the top.
    pub parent: Option<CategoryId>,
    /// Path segment, unique in the portal.
    pub slug: Slug,
    /// What readers see.
    pub name: String,
    /// One sentence under the name.
    pub description: String,
    /// Order among siblings, then by name.
    pub position: i32,
    /// Raised by every change.
    pub row_version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// The fields of a category that people choose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CategoryFields {
    /// The node above; none at the top.
    pub parent: Option<CategoryId>,
    /// Path segment; made from the name when absent.
    pub slug: Option<Slug>,
    /// What readers see.
    pub name: String,
    /// One sentence under the name.
    pub description: String,
    /// Order among siblings.
    pub position: i32,
}

impl CategoryFields {
    /// Checks every field and notes every fault.
    pub fn validate(&self, errors: &mut FieldErrors) {
        check_required_text(errors, "name", &self.name, NAME_CHARS_MAX);
        check_text(
            errors,
            "description",
            &self.description,
            DESCRIPTION_CHARS_MAX,
        );
    }
}

/// The category and everything above it, nearest first. A broken tree ends where it breaks.
pub fn path_to_root(categories: &[Category], id: CategoryId) -> Vec<CategoryId> {
    let mut path = Vec::new();
    let mut next = Some(id);
    while let Some(id) = next {
        if path.contains(&id) {
            break;
        }
        let Some(category) = categories.iter().find(|c| c.id == id) else {
            break;
        };
        path.push(id);
        next = category.parent;
    }
    path
}
