//! Runs an import: read, plan, fill batches, send one after the other.
//!
//! One batch is under way at a time: slugs and numbers then come out the same on every run, and two
//! transactions never fight over the same new category.

use std::time::Instant;

use anyhow::{Result, bail};
use cairn_service::articles::ImportItem;

use crate::import::batch::Batch;
use crate::import::links::DeadLinks;
use crate::import::plan::{Options, Plan};
use crate::import::report::{Fault, Report};
use crate::import::target::{Destination, NotTaken, Target};
use crate::import::tree::Tree;

/// Hears how far an import is.
pub(crate) trait Progress {
    /// So many of so many files are done.
    fn files(&self, done: u64, all: u64);
}

/// An import nobody watches.
pub(crate) struct Unwatched;

impl Progress for Unwatched {
    fn files(&self, _done: u64, _all: u64) {}
}

/// Imports a tree. `run_id` makes the idempotency keys: the same run sends the same batches.
///
/// # Errors
/// What concerns the import as a whole; faults of files are in the report.
pub(crate) async fn run<T: Target>(
    target: &T,
    tree: &Tree,
    options: &Options<'_>,
    run_id: &str,
    progress: &impl Progress,
) -> Result<Report> {
    let began = Instant::now();
    let paths = tree.paths()?;
    if paths.is_empty() {
        bail!("there is no .md or .markdown file in the folder; check the path");
    }
    let all = paths.len() as u64;
    let mut report = Report {
        links: DeadLinks::among(paths.iter().map(String::as_str)),
        ..Report::default()
    };
    let mut sender = Sender {
        target,
        to: destination(target, options).await?,
        run_id,
        number: 0,
    };
    let mut plan = Plan::new(options);
    let mut batch = Batch::default();
    for path in paths {
        let planned = match tree.read(&path) {
            Ok(text) => plan.article(&path, &text),
            Err((line, reason)) => Err(Fault::at(&path, line, reason)),
        };
        match planned {
            Err(fault) => report.fail(fault),
            Ok(planned) => {
                report
                    .links
                    .look(&path, &planned.item.body, planned.body_line);
                if let Some(full) = batch.push(path, planned.item) {
                    sender.send(full, &mut report).await?;
                    progress.files(report.files(), all);
                }
            }
        }
    }
    sender.send(batch, &mut report).await?;
    progress.files(report.files(), all);
    report.elapsed_ms = began.elapsed().as_millis();
    Ok(report)
}

async fn destination<T: Target>(target: &T, options: &Options<'_>) -> Result<Destination> {
    let name = options.portal_name.as_ref().unwrap_or(&options.portal);
    target
        .portal(&options.portal, name, options.locale.as_str())
        .await
}

struct Sender<'a, T> {
    target: &'a T,
    to: Destination,
    run_id: &'a str,
    number: u64,
}

impl<T: Target> Sender<'_, T> {
    /// Sends a batch; one that is refused for its content is halved until the article to blame
    /// stands alone.
    async fn send(&mut self, batch: Batch, report: &mut Report) -> Result<()> {
        let mut waiting = vec![batch];
        while let Some(batch) = waiting.pop() {
            if batch.items.is_empty() {
                continue;
            }
            self.add_locales(&batch.items).await?;
            self.number += 1;
            let key = format!("import-{}-{}", self.run_id, self.number);
            match self.target.send(&self.to, &batch.items, &key).await {
                Ok(results) if results.len() == batch.items.len() => {
                    report.note(&batch.paths, results);
                }
                Ok(results) => bail!(
                    "the server answered for {} of {} articles; its version may differ from this one's",
                    results.len(),
                    batch.items.len()
                ),
                Err(NotTaken::Fatal(error)) => return Err(error),
                Err(NotTaken::Content(reason)) if batch.items.len() == 1 => {
                    report.fail(Fault::at(&batch.paths[0], 1, reason));
                }
                Err(NotTaken::Content(_)) => {
                    let (first, second) = batch.split();
                    waiting.extend([second, first]);
                }
            }
        }
        Ok(())
    }

    async fn add_locales(&mut self, items: &[ImportItem]) -> Result<()> {
        let mut missing: Vec<String> = Vec::new();
        for item in items {
            if !self.to.locales.contains(&item.locale) && !missing.contains(&item.locale) {
                missing.push(item.locale.clone());
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        self.target.add_locales(&mut self.to, &missing).await
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use cairn_domain::locale::Locale;
    use cairn_service::articles::ImportResult;

    use super::*;

    /// Takes batches of at most `largest` articles none of which is called `bad`.
    #[derive(Default)]
    struct Fake {
        sent: RefCell<Vec<(String, Vec<String>)>>,
        locales: RefCell<Vec<String>>,
    }

    impl Target for Fake {
        async fn portal(&self, slug: &str, _: &str, locale: &str) -> Result<Destination> {
            self.locales.borrow_mut().push(locale.to_owned());
            Ok(Destination {
                slug: slug.to_owned(),
                locales: vec![locale.to_owned()],
            })
        }

        async fn add_locales(&self, to: &mut Destination, locales: &[String]) -> Result<()> {
            self.locales.borrow_mut().extend(locales.iter().cloned());
            to.locales.extend(locales.iter().cloned());
            Ok(())
        }

        async fn send(
            &self,
            _: &Destination,
            items: &[ImportItem],
            key: &str,
        ) -> Result<Vec<ImportResult>, NotTaken> {
            if items.iter().any(|item| item.title == "bad") {
                return Err(NotTaken::Content("it is bad".to_owned()));
            }
            let ids = items.iter().map(|item| item.source_id.clone()).collect();
            self.sent.borrow_mut().push((key.to_owned(), ids));
            let created = |item: &ImportItem| ImportResult::Created {
                id: item.source_id.clone(),
                slug: item.source_id.clone(),
            };
            Ok(items.iter().map(created).collect())
        }
    }

    #[tokio::test]
    async fn a_bad_article_stops_nothing() {
        let tree = Tree::Embedded(&[
            ("a.md", "x"),
            ("b.md", "---\ntitle: bad\n---\n"),
            ("c.md", "---\nbroken\n---\n"),
            ("d.md", "---\nlocale: de\n---\n[x](gone.md)"),
            ("e.md", "x"),
        ]);
        let options = Options {
            portal: "help".to_owned(),
            portal_name: None,
            locale: Locale::parse("locale", "en").unwrap(),
            status: "published".to_owned(),
            rewrite: None,
        };
        let fake = Fake::default();
        let report = run(&fake, &tree, &options, "r", &Unwatched).await.unwrap();
        assert_eq!((report.created, report.failed), (3, 2));
        assert_eq!(report.links.count(), 1);
        let faults: Vec<_> = report
            .faults
            .iter()
            .map(|f| (f.path.as_str(), f.line))
            .collect();
        assert_eq!(faults, [("c.md", 2), ("b.md", 1)]);
        assert_eq!(*fake.locales.borrow(), ["en", "de"]);
        let sent = fake.sent.borrow();
        let ids: Vec<_> = sent
            .iter()
            .flat_map(|(_, ids)| ids.iter().map(String::as_str))
            .collect();
        assert_eq!(ids, ["a", "d", "e"]);
        let mut keys: Vec<_> = sent.iter().map(|(key, _)| key.clone()).collect();
        keys.dedup();
        assert_eq!(keys.len(), sent.len(), "every request has its own key");
    }
}
