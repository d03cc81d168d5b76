//! The demo help centers of `fixtures/portals`, loaded through the import as Cairn itself.
//!
//! Their files link to each other and to their images as files do; on the way in these links become
//! the addresses that answer here. Loading twice changes nothing.

mod files;

use std::collections::HashMap;

use anyhow::{Context as _, Result, ensure};
use cairn_domain::slug::Slug;
use cairn_service::Context;
use cairn_sources::{MarkdownSource, Source, Tree, front_matter};

use crate::demo::files::{DemoPortal, PORTALS};
use crate::import::{InProcess, Options, Unwatched};

/// Loads all of them. `run_id` makes the idempotency keys of this try.
///
/// # Errors
/// What the application refuses; a demo article that is refused is a fault of this program.
pub(crate) async fn load(ctx: &Context, run_id: &str) -> Result<()> {
    for demo in PORTALS {
        let source = source(demo)?;
        let links = Links::of(demo, &source)?;
        let slug = links.portal.clone();
        let options = Options {
            portal: None,
            locale: None,
            status: "published".to_owned(),
            source: format!("demo/{}", demo.folder),
            overwrite: false,
            rewrite: Some(Box::new(|_, body| links.rewritten(body))),
        };
        let run_id = format!("{run_id}-{slug}");
        let target = InProcess(ctx.clone());
        let moved =
            crate::import::run(&target, Box::new(source), &options, &run_id, &Unwatched).await;
        let report = moved
            .with_context(|| format!("cannot load the demo help center {slug}"))?
            .report;
        ensure!(
            report.failed.count == 0,
            "{} articles of the demo were refused; the first: {:?}",
            report.failed.count,
            report.failed.first.first()
        );
        tracing::info!(
            portal.slug = slug,
            created = report.created,
            unchanged = report.unchanged,
            "loaded a demo help center"
        );
    }
    Ok(())
}

fn source(demo: &DemoPortal) -> Result<MarkdownSource> {
    MarkdownSource::open(Tree::embedded(demo.folder, demo.files))
        .context("the demo is not readable")
}

/// Where the links of a demo's files lead here.
struct Links {
    portal: String,
    locale: String,
    /// File name to slug.
    slugs: HashMap<&'static str, String>,
}

impl Links {
    fn of(demo: &DemoPortal, source: &impl Source) -> Result<Self> {
        let portal = source.portal();
        let mut slugs = HashMap::new();
        for (name, text) in demo.articles() {
            let slug = slug_of(text).with_context(|| format!("{name} of the demo"))?;
            slugs.insert(*name, slug);
        }
        Ok(Self {
            portal: portal.slug.context("portal.toml of the demo has no slug")?,
            locale: portal
                .locales
                .into_iter()
                .next()
                .context("portal.toml of the demo has no locale")?,
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
        Some(front_matter::Value::Scalar(scalar)) => scalar.text(),
        _ => None,
    };
    let title = title.context("it has no title")?;
    Ok(Slug::from_title(title, "article").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_link_between_demo_files_leads_to_an_article() {
        for demo in PORTALS {
            let links = Links::of(demo, &source(demo).unwrap()).unwrap();
            let mut slugs: Vec<_> = links.slugs.values().collect();
            slugs.sort();
            slugs.dedup();
            assert_eq!(
                slugs.len(),
                demo.articles().count(),
                "two titles make one slug"
            );
            for (name, text) in demo.articles() {
                let body = links.rewritten(text);
                for left in ["](media/", ".md)", ".md#", ".md \""] {
                    assert!(!body.contains(left), "{}/{name}: {left}", demo.folder);
                }
            }
        }
    }

    #[test]
    fn the_demo_has_what_a_start_promises() {
        let articles: usize = PORTALS.iter().map(|demo| demo.articles().count()).sum();
        assert!(articles >= 30, "{articles}");
        let first = source(&PORTALS[0]).unwrap().portal();
        assert_eq!(first.slug.as_deref(), Some("help"));
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
