//! Runs an import: read, fill batches, send one after the other.
//!
//! The source is read on a thread of its own, a few articles ahead. One batch is under way at a time:
//! slugs and numbers then come out the same on every run, and two transactions never fight over the
//! same new category.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use cairn_domain::locale::Locale;
use cairn_service::articles::ImportItem;
use cairn_sources::{Fault, Source, SourceArticle, SourceError};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::import::batch::Batch;
use crate::import::categories;
use crate::import::item::{Items, Options};
use crate::import::report::Report;
use crate::import::target::{Destination, Envelope, NotTaken, Target};
use crate::limits::IMPORT_READ_AHEAD;

/// Hears how far an import is.
pub(crate) trait Progress {
    /// Something else is being done: so many of this are to come.
    fn begin(&self, what: &'static str, all: u64);
    /// So many are done.
    fn done(&self, done: u64);
}

/// An import nobody watches.
pub(crate) struct Unwatched;

impl Progress for Unwatched {
    fn begin(&self, _what: &'static str, _all: u64) {}
    fn done(&self, _done: u64) {}
}

/// An import whose articles are in.
pub(crate) struct Moved<'a> {
    pub(crate) source: Box<dyn Source>,
    pub(crate) to: Destination,
    pub(crate) report: Report,
    /// What was there in this run.
    pub(crate) items: Items<'a>,
    /// Every file that was looked at, also the bad ones.
    pub(crate) paths: HashSet<String>,
    pub(crate) began: Instant,
}

/// Imports the articles of a source. `run_id` makes the idempotency keys: the same run sends the same
/// batches.
///
/// # Errors
/// What concerns the import as a whole; faults of files are in the report.
pub(crate) async fn run<'a, T: Target>(
    target: &T,
    source: Box<dyn Source>,
    options: &'a Options<'a>,
    run_id: &str,
    progress: &impl Progress,
) -> Result<Moved<'a>> {
    let began = Instant::now();
    let to = destination(target, source.as_ref(), options).await?;
    let locale = match &options.locale {
        Some(locale) => locale.to_string(),
        None => to.locales[0].clone(),
    };
    let mut report = Report::new(&options.source, source.kind());
    let mut sender = Sender {
        target,
        options,
        to,
        run_id,
        number: 0,
    };
    let wanted = source.portal().categories;
    categories::ensure(target, &sender.to, &wanted).await?;
    progress.begin("articles", source.article_count());
    let mut items = Items::new(options, &locale);
    let mut batch = Batch::default();
    let mut paths = HashSet::new();
    let (mut articles, reading) = read(source);
    while let Some(article) = articles.recv().await {
        let item = take(article, &mut items, &mut paths, &mut report);
        if let Some((path, item)) = item
            && let Some(full) = batch.push(path, item)
        {
            sender.send(full, &mut report).await?;
            progress.done(report.articles());
        }
    }
    let (source, ended) = reading.await.context("reading the source broke off")?;
    ended?;
    sender.send(batch, &mut report).await?;
    progress.done(report.articles());
    report.translated = items.translated();
    report.elapsed_ms = began.elapsed().as_millis();
    Ok(Moved {
        source,
        to: sender.to,
        report,
        items,
        paths,
        began,
    })
}

/// Reads everything and sends nothing: what an import would find.
///
/// # Errors
/// What makes the source unreadable.
pub(crate) async fn rehearse(
    source: Box<dyn Source>,
    options: &Options<'_>,
    progress: &impl Progress,
) -> Result<Report> {
    let began = Instant::now();
    let mut report = Report::new(&options.source, source.kind());
    report.is_rehearsal = true;
    let locales = source.portal().locales;
    let locale = options.locale.as_ref().map(Locale::to_string);
    let locale = locale.or(locales.into_iter().next());
    let mut items = Items::new(options, locale.as_deref().unwrap_or("und"));
    progress.begin("articles", source.article_count());
    let mut paths = HashSet::new();
    let (mut articles, reading) = read(source);
    let mut read = 0;
    while let Some(article) = articles.recv().await {
        if take(article, &mut items, &mut paths, &mut report).is_some() {
            report.would_send += 1;
        }
        read += 1;
        progress.done(read);
    }
    let (source, ended) = reading.await.context("reading the source broke off")?;
    ended?;
    report.conclude(source.as_ref());
    report.translated = items.translated();
    report.elapsed_ms = began.elapsed().as_millis();
    Ok(report)
}

type Read = Result<SourceArticle, Fault>;
type Reading = JoinHandle<(Box<dyn Source>, Result<(), SourceError>)>;

/// Reads the articles of a source on a thread of its own.
fn read(mut source: Box<dyn Source>) -> (mpsc::Receiver<Read>, Reading) {
    let (give, take) = mpsc::channel(IMPORT_READ_AHEAD);
    let reading = tokio::task::spawn_blocking(move || {
        let ended = source.articles(&mut |article| match give.blocking_send(article) {
            Ok(()) => ControlFlow::Continue(()),
            // Nobody wants more: the import has failed.
            Err(_) => ControlFlow::Break(()),
        });
        (source, ended)
    });
    (take, reading)
}

/// Notes what was read, and makes the item of it.
fn take(
    read: Read,
    items: &mut Items<'_>,
    paths: &mut HashSet<String>,
    report: &mut Report,
) -> Option<(String, ImportItem)> {
    let article = match read {
        Ok(article) => article,
        Err(fault) => {
            paths.insert(fault.path.clone());
            report.fail(fault);
            return None;
        }
    };
    paths.insert(article.path.clone());
    report.look(&article);
    let path = article.path.clone();
    match items.item(article) {
        Ok(item) => Some((path, item)),
        Err(fault) => {
            report.fail(fault);
            None
        }
    }
}

/// Finds the portal, or makes it as the source describes it.
async fn destination<T: Target>(
    target: &T,
    source: &dyn Source,
    options: &Options<'_>,
) -> Result<Destination> {
    let like = source.portal();
    let Some(slug) = options.portal.as_ref().or(like.slug.as_ref()) else {
        bail!("the source does not say which portal it is; name one with --portal");
    };
    let mut locales: Vec<String> = like.locales.clone();
    if let Some(locale) = &options.locale {
        let locale = locale.to_string();
        if locales.is_empty() {
            locales.push(locale);
        } else if !locales.contains(&locale) {
            locales.insert(1, locale);
        }
    }
    match target.portal(slug).await? {
        Some(mut there) => {
            if locales.iter().any(|locale| !there.locales.contains(locale)) {
                target.add_locales(&mut there, &locales).await?;
            }
            Ok(there)
        }
        None if locales.is_empty() => {
            bail!(
                "portal {slug} is not there yet and the source names no locale; name one with --locale"
            )
        }
        None => target.make_portal(slug, &like, &locales).await,
    }
}

struct Sender<'a, T> {
    target: &'a T,
    options: &'a Options<'a>,
    to: Destination,
    run_id: &'a str,
    number: u64,
}

impl<T: Target> Sender<'_, T> {
    /// Sends a batch; one that is refused for its content is halved until the article to blame
    /// stands alone.
    async fn send(&mut self, batch: Batch, report: &mut Report) -> Result<()> {
        let envelope = Envelope {
            source: &self.options.source,
            overwrite: self.options.overwrite,
        };
        let mut waiting = vec![batch];
        while let Some(batch) = waiting.pop() {
            if batch.items.is_empty() {
                continue;
            }
            self.add_locales(&batch.items).await?;
            self.number += 1;
            let key = format!("import-{}-{}", self.run_id, self.number);
            let sent = self.target.send(&self.to, envelope, &batch.items, &key);
            match sent.await {
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
