//! An import into the application of this process, as Cairn itself: the demo's way.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use cairn_domain::portal::Portal;
use cairn_service::articles::{self, ImportBatch, ImportItem, ImportResult};
use cairn_service::categories::{self, ListCategories, WriteCategory};
use cairn_service::portals::{self, WritePortal};
use cairn_service::{Context, ErrorCode};
use cairn_sources::{SourceCategory, SourcePortal};

use crate::import::target::{Category, Destination, Envelope, NotTaken, Target, with};

/// Categories asked for at once.
const PAGE: i64 = 100;

/// The application of this process.
pub(crate) struct InProcess(pub(crate) Context);

impl InProcess {
    fn destination(portal: &Arc<Portal>) -> Destination {
        Destination {
            slug: portal.slug.to_string(),
            locales: portal.locales.iter().map(ToString::to_string).collect(),
        }
    }
}

impl Target for InProcess {
    async fn portal(&self, slug: &str) -> Result<Option<Destination>> {
        match portals::get(&self.0, slug).await {
            Ok(portal) => Ok(Some(Self::destination(&portal))),
            Err(error) if error.code == ErrorCode::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn make_portal(
        &self,
        slug: &str,
        like: &SourcePortal,
        locales: &[String],
    ) -> Result<Destination> {
        let command = WritePortal {
            slug: Some(slug.to_owned()),
            name: Some(like.name.clone().unwrap_or_else(|| slug.to_owned())),
            locales: Some(locales.to_vec()),
            accent: like.accent.clone().map(Some),
            notice: like.notice.clone().map(|notice| Some(notice.into())),
            contact: like.contact.clone().map(|contact| Some(contact.into())),
            ..WritePortal::default()
        };
        Ok(Self::destination(&portals::create(&self.0, command).await?))
    }

    async fn add_locales(&self, to: &mut Destination, locales: &[String]) -> Result<()> {
        let portal = portals::get(&self.0, &to.slug).await?;
        let command = WritePortal {
            locales: Some(with(Self::destination(&portal).locales, locales)),
            expected_version: Some(portal.row_version),
            ..WritePortal::default()
        };
        *to = Self::destination(&portals::update(&self.0, &to.slug, command).await?);
        Ok(())
    }

    async fn categories(&self, to: &Destination) -> Result<Vec<Category>> {
        let mut there = Vec::new();
        let mut cursor = None;
        loop {
            let query = ListCategories {
                portal: Some(to.slug.clone()),
                limit: Some(PAGE),
                cursor,
                ..ListCategories::default()
            };
            let page = categories::list(&self.0, query).await?;
            there.extend(page.items.into_iter().map(|node| category(node.category)));
            match page.next_cursor {
                Some(next) => cursor = Some(next),
                None => return Ok(there),
            }
        }
    }

    async fn make_category(
        &self,
        to: &Destination,
        like: &SourceCategory,
        parent: Option<&str>,
    ) -> Result<Category> {
        let command = WriteCategory {
            portal: Some(to.slug.clone()),
            name: like.path.last().cloned(),
            slug: like.slug.clone(),
            parent: parent.map(|parent| Some(parent.to_owned())),
            description: Some(like.description.clone()),
            position: like.position,
            ..WriteCategory::default()
        };
        let made = categories::create(&self.0, command).await;
        Ok(category(made.with_context(|| {
            format!("cannot make the category {}", like.path.join(" / "))
        })?))
    }

    async fn send(
        &self,
        to: &Destination,
        envelope: Envelope<'_>,
        items: &[ImportItem],
        key: &str,
    ) -> Result<Vec<ImportResult>, NotTaken> {
        let batch = ImportBatch {
            portal: Some(to.slug.clone()),
            source: Some(envelope.source.to_owned()),
            overwrite: envelope.overwrite,
            items: items.to_vec(),
            idempotency_key: Some(key.to_owned()),
        };
        match articles::import(&self.0, batch).await {
            Ok(outcome) => Ok(outcome.results),
            Err(error) => Err(NotTaken::Fatal(error.into())),
        }
    }
}

fn category(category: cairn_domain::category::Category) -> Category {
    Category {
        id: category.id.to_string(),
        parent: category.parent.map(|parent| parent.to_string()),
        name: category.name,
    }
}
