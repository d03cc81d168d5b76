//! The categories a source describes are made before its articles: an import would make them too,
//! but without their order, descriptions and slugs. What is there stays as it is.

use anyhow::Result;
use cairn_sources::SourceCategory;

use crate::import::target::{Category, Destination, Target};

/// Makes the categories that are missing, parents first.
///
/// # Errors
/// What the target refuses.
pub(super) async fn ensure<T: Target>(
    target: &T,
    to: &Destination,
    wanted: &[SourceCategory],
) -> Result<()> {
    if wanted.is_empty() {
        return Ok(());
    }
    let mut there = target.categories(to).await?;
    for category in wanted {
        let mut parent: Option<String> = None;
        let Some((own, above)) = category.path.split_last() else {
            continue;
        };
        for name in above {
            let found = match find(&there, parent.as_deref(), name) {
                Some(found) => found.id.clone(),
                // One that is described nowhere and holds another.
                None => {
                    let like = SourceCategory {
                        path: vec![name.clone()],
                        ..SourceCategory::default()
                    };
                    let made = target.make_category(to, &like, parent.as_deref()).await?;
                    there.push(made.clone());
                    made.id
                }
            };
            parent = Some(found);
        }
        if find(&there, parent.as_deref(), own).is_none() {
            let made = target
                .make_category(to, category, parent.as_deref())
                .await?;
            there.push(made);
        }
    }
    Ok(())
}

fn find<'a>(there: &'a [Category], parent: Option<&str>, name: &str) -> Option<&'a Category> {
    let lower = name.to_lowercase();
    there.iter().find(|category| {
        category.parent.as_deref() == parent && category.name.to_lowercase() == lower
    })
}
