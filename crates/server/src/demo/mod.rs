//! The demo help centers of `fixtures/portals`, loaded through the import as Cairn itself.
//!
//! Their files link to each other and to their images as files do; on the way in these links become
//! the addresses that answer here. Loading twice changes nothing.

mod files;

use std::collections::HashMap;

use anyhow::{Context as _, Result, ensure};
use cairn_domain::locale::Locale;
use cairn_domain::slug::Slug;
use cairn_service::categories::{self, ListCategories, WriteCategory};
use cairn_service::portals::{self, WritePortal};
use cairn_service::{Context, ErrorCode};
use serde::Deserialize;

use crate::demo::files::{DemoPortal, PORTALS};
use crate::import::{InProcess, Options, Tree, Unwatched, front_matter};

/// Categories asked for at once when looking what is there.
const PAGE: i64 = 100;

/// `portal.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    slug: String,
    name: String,
    default_locale: String,
    locales: Vec<String>,
    accent: String,
    categories: Vec<Topic>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Topic {
    slug: String,
    name: String,
    description: String,
    position: i32,
}

/// Loads all of them. `run_id` makes the idempotency keys of this try.
///
/// # Errors
/// What the application refuses; a demo article that is refused is a fault of this program.
pub(crate) async fn load(ctx: &Context, run_id: &str) -> Result<()> {
    for demo in PORTALS {
        let settings: Settings =
            toml::from_str(demo.settings).context("portal.toml of the demo")?;
        portal(ctx, &settings)
            .await
            .context("cannot make a portal of the demo")?;
        topics(ctx, &settings)
            .await
            .context("cannot make the categories of the demo")?;
        let links = Links::of(demo, &settings)?;
        let options = Options {
            portal: settings.slug.clone(),
            portal_name: Some(settings.name.clone()),
            locale: settings.default_locale.parse::<Locale>()?,
            status: "published".to_owned(),
            rewrite: Some(Box::new(|_, body| links.rewritten(body))),
        };
        let run_id = format!("{run_id}-{}", settings.slug);
        let target = InProcess(ctx.clone());
        let tree = Tree::Embedded(demo.articles);
        let report = crate::import::run(&target, &tree, &options, &run_id, &Unwatched).await?;
        ensure!(
            report.failed == 0,
            "{} articles of the demo were refused; the first: {:?}",
            report.failed,
            report.faults.first()
        );
        tracing::info!(
            portal.slug = settings.slug,
            created = report.created,
            unchanged = report.unchanged,
            "loaded a demo help center"
        );
    }
    Ok(())
}

async fn portal(ctx: &Context, settings: &Settings) -> Result<()> {
    match portals::get(ctx, &settings.slug).await {
        Ok(_) => return Ok(()),
        Err(error) if error.code == ErrorCode::NotFound => {}
        Err(error) => return Err(error.into()),
    }
    let command = WritePortal {
        slug: Some(settings.slug.clone()),
        name: Some(settings.name.clone()),
        locales: Some(settings.locales.clone()),
        accent: Some(Some(settings.accent.clone())),
        ..WritePortal::default()
    };
    portals::create(ctx, command).await?;
    Ok(())
}

/// Makes the topics that are missing: an import would make them too, without order or description.
async fn topics(ctx: &Context, settings: &Settings) -> Result<()> {
    let query = ListCategories {
        portal: Some(settings.slug.clone()),
        limit: Some(PAGE),
        ..ListCategories::default()
    };
    let there = categories::list(ctx, query).await?.items;
    for topic in &settings.categories {
        if there
            .iter()
            .any(|node| node.category.slug.as_str() == topic.slug)
        {
            continue;
        }
        let command = WriteCategory {
            portal: Some(settings.slug.clone()),
            name: Some(topic.name.clone()),
            slug: Some(topic.slug.clone()),
            description: Some(topic.description.clone()),
            position: Some(topic.position),
            ..WriteCategory::default()
        };
        categories::create(ctx, command).await?;
    }
    Ok(())
}

/// Where the links of a demo's files lead here.
struct Links {
    portal: String,
    locale: String,
    /// File name to slug.
    slugs: HashMap<&'static str, String>,
}

impl Links {
    fn of(demo: &DemoPortal, settings: &Settings) -> Result<Self> {
        let mut slugs = HashMap::new();
        for (name, text) in demo.articles {
            let slug = slug_of(text).with_context(|| format!("{name} of the demo"))?;
            slugs.insert(*name, slug);
        }
        Ok(Self {
            portal: settings.slug.clone(),
            locale: settings.default_locale.clone(),
            slugs,
        })
    }

    fn rewritten(&self, body: &str) -> String {
        let body = body.replace("](media/", &format!("](/assets/demo/{}/", self.portal));
        let mut out = String::with_capacity(body.len());
        let mut rest = body.as_str();
        while let Some((before, after)) = rest.split_once("](") {
            out.push_str(before);
            out.push_str("](");
            rest = after;
            let end = after.find([')', '#', ' ', '\n']).unwrap_or(after.len());
            if let Some(slug) = self.slugs.get(&after[..end]) {
                out.push_str(&format!("/{}/{}/articles/{slug}", self.portal, self.locale));
                rest = &after[end..];
            }
        }
        out.push_str(rest);
        out
    }
}

/// The slug the article will get from its title.
fn slug_of(text: &str) -> Result<String> {
    let block = front_matter::parse(text)?;
    let title = block.entries.iter().find(|entry| entry.key == "title");
    let title = match title.map(|entry| &entry.value) {
        Some(front_matter::Value::Scalar(scalar)) => &scalar.text,
        _ => anyhow::bail!("it has no title"),
    };
    Ok(Slug::from_title(title, "article").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_link_between_demo_files_leads_to_an_article() {
        for demo in PORTALS {
            let settings: Settings = toml::from_str(demo.settings).unwrap();
            assert!(settings.locales.contains(&settings.default_locale));
            let links = Links::of(demo, &settings).unwrap();
            let mut slugs: Vec<_> = links.slugs.values().collect();
            slugs.sort();
            slugs.dedup();
            assert_eq!(slugs.len(), demo.articles.len(), "two titles make one slug");
            for (name, text) in demo.articles {
                let body = links.rewritten(text);
                for left in ["](media/", ".md)", ".md#", ".md \""] {
                    assert!(!body.contains(left), "{}/{name}: {left}", demo.folder);
                }
            }
        }
    }

    #[test]
    fn the_demo_has_what_a_start_promises() {
        let articles: usize = PORTALS.iter().map(|demo| demo.articles.len()).sum();
        assert!(articles >= 30, "{articles}");
        let settings: Settings = toml::from_str(PORTALS[0].settings).unwrap();
        assert_eq!(settings.slug, "help");
    }

    #[test]
    fn only_links_are_changed() {
        let links = Links {
            portal: "help".to_owned(),
            locale: "en".to_owned(),
            slugs: HashMap::from([("1-a.md", "a-b".to_owned())]),
        };
        assert_eq!(
            links.rewritten(
                "[x](1-a.md#y) 1-a.md ![i](media/m.webp \"t\") [z](1-a.md) [e](https://x/1-a.md) ]("
            ),
            "[x](/help/en/articles/a-b#y) 1-a.md ![i](/assets/demo/help/m.webp \"t\") \
             [z](/help/en/articles/a-b) [e](https://x/1-a.md) ]("
        );
    }
}
