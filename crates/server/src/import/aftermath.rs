//! What follows the articles: the files they show, old addresses, and what is no longer in the
//! source.
//!
//! Files go several at once, bounded in number and bytes. Each step can be done again without harm:
//! a file is known by its bytes, an old address by itself, and an archived article stays archived.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use cairn_sources::{Fault, OldAddress, Source, SourceFile};
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore, mpsc};

use crate::import::report::Report;
use crate::import::run::{Moved, Progress};
use crate::import::target::{Aftermath, Destination, Imported, NotTaken, Uploaded};
use crate::limits::{IMPORT_UPLOAD_BYTES_MAX, IMPORT_UPLOADS_MAX, REDIRECTS_PER_REQUEST};

/// What is to be done besides articles.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Steps {
    /// Send the files that articles show.
    pub(crate) files: bool,
    /// Archive what is no longer in the source.
    pub(crate) prune: bool,
}

/// Does what follows the articles, and gives the whole report.
///
/// # Errors
/// What concerns the import as a whole.
pub(crate) async fn follow<T: Aftermath>(
    target: &T,
    moved: Moved<'_>,
    source_name: &str,
    steps: Steps,
    run_id: &str,
    progress: &impl Progress,
) -> Result<Report> {
    let Moved {
        mut source,
        to,
        mut report,
        items,
        paths,
        began,
    } = moved;
    report.conclude(source.as_ref());
    let files = source.files();
    if steps.files && !files.is_empty() {
        if target.takes_files(&to).await? {
            progress.begin("files", files.len() as u64);
            source = upload(
                target,
                &to,
                source_name,
                source,
                files,
                &mut report,
                progress,
            )
            .await?;
        } else {
            report.remark(Fault::at(
                "",
                1,
                "this server takes no files; they were left out",
            ));
        }
    }
    let addresses = source.old_addresses();
    if !addresses.is_empty() {
        if target.takes_redirects(&to).await? {
            progress.begin("old addresses", addresses.len() as u64);
            redirect(target, &to, &addresses, run_id, &mut report, progress).await?;
        } else {
            report.remark(Fault::at(
                "",
                1,
                "this server takes no old addresses; they were left out",
            ));
        }
    }
    if let Some(imported) = target.imported(&to, source_name).await? {
        let is_here = |file: &Imported| {
            let by_path = file.path.as_ref().is_some_and(|path| paths.contains(path));
            let by_id = file.source_id.as_ref();
            by_path || by_id.is_some_and(|id| items.has(&file.locale, id))
        };
        let mut gone: Vec<Imported> = imported
            .into_iter()
            .filter(|file| file.status != "archived" && !is_here(file))
            .collect();
        gone.sort_by(|a, b| a.name().cmp(b.name()));
        if steps.prune && !gone.is_empty() {
            progress.begin("articles to archive", gone.len() as u64);
            gone = prune(target, &to, gone, run_id, &mut report, progress).await?;
        }
        report.gone(gone.iter().map(|file| file.name().to_owned()));
    }
    report.elapsed_ms = began.elapsed().as_millis();
    Ok(report)
}

/// A file on its way, and the room it takes.
type Sending = (
    SourceFile,
    Result<Vec<u8>, Fault>,
    Option<OwnedSemaphorePermit>,
);

async fn upload<T: Aftermath>(
    target: &T,
    to: &Destination,
    source_name: &str,
    mut source: Box<dyn Source>,
    files: Vec<SourceFile>,
    report: &mut Report,
    progress: &impl Progress,
) -> Result<Box<dyn Source>> {
    let room = Arc::new(Semaphore::new(IMPORT_UPLOAD_BYTES_MAX));
    let (give, take) = mpsc::channel::<Sending>(IMPORT_UPLOADS_MAX);
    let runtime = tokio::runtime::Handle::current();
    let reading = tokio::task::spawn_blocking(move || {
        for file in files {
            let read = source.read_file(&file.path);
            let bytes = read
                .as_ref()
                .map_or(0, Vec::len)
                .min(IMPORT_UPLOAD_BYTES_MAX);
            let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
            // The room is never closed; without a permit the file goes all the same.
            let permit = runtime
                .block_on(Arc::clone(&room).acquire_many_owned(bytes))
                .ok();
            if give.blocking_send((file, read, permit)).is_err() {
                break;
            }
        }
        source
    });
    let take = Mutex::new(take);
    let report_of = Mutex::new((report, 0_u64));
    let worker = || async {
        loop {
            let next = take.lock().await.recv().await;
            let Some((file, read, permit)) = next else {
                return Ok(());
            };
            let sent = match read {
                Ok(bytes) => match target.upload(to, source_name, &file, bytes).await {
                    Ok(uploaded) => Ok(uploaded),
                    Err(NotTaken::Content(reason)) => Err(Fault::at(&file.path, 1, reason)),
                    Err(NotTaken::Fatal(error)) => {
                        // Nobody takes more: the reading thread stops.
                        take.lock().await.close();
                        return Err(error);
                    }
                },
                Err(fault) => Err(fault),
            };
            drop(permit);
            let mut held = report_of.lock().await;
            match sent {
                Ok(Uploaded::New) => held.0.files.uploaded += 1,
                Ok(Uploaded::Known) => held.0.files.unchanged += 1,
                Err(fault) => held.0.files.fail(fault),
            }
            held.1 += 1;
            progress.done(held.1);
        }
    };
    let ended: (Result<()>, Result<()>, Result<()>, Result<()>) =
        tokio::join!(worker(), worker(), worker(), worker());
    drop(take);
    ended.0.and(ended.1).and(ended.2).and(ended.3)?;
    reading.await.context("reading the files broke off")
}

async fn redirect<T: Aftermath>(
    target: &T,
    to: &Destination,
    addresses: &[OldAddress],
    run_id: &str,
    report: &mut Report,
    progress: &impl Progress,
) -> Result<()> {
    let mut waiting: Vec<&[OldAddress]> = addresses.chunks(REDIRECTS_PER_REQUEST).rev().collect();
    let (mut number, mut done) = (0, 0);
    while let Some(some) = waiting.pop() {
        number += 1;
        let key = format!("redirects-{run_id}-{number}");
        match target.redirect(to, some, &key).await {
            Ok(changed) => {
                report.redirects.changed += changed;
                report.redirects.unchanged += some.len() as u64 - changed.min(some.len() as u64);
            }
            Err(NotTaken::Fatal(error)) => return Err(error),
            Err(NotTaken::Content(reason)) if some.len() == 1 => {
                report
                    .redirects
                    .fail(Fault::at(&some[0].old_url, 1, reason));
            }
            Err(NotTaken::Content(_)) => {
                let (first, second) = some.split_at(some.len() / 2);
                waiting.extend([second, first]);
                continue;
            }
        }
        done += some.len() as u64;
        progress.done(done);
    }
    Ok(())
}

/// Archives what is gone; gives what could not be archived and therefore is still there.
async fn prune<T: Aftermath>(
    target: &T,
    to: &Destination,
    gone: Vec<Imported>,
    run_id: &str,
    report: &mut Report,
    progress: &impl Progress,
) -> Result<Vec<Imported>> {
    let mut left = Vec::new();
    let mut done = 0;
    for (number, some) in gone
        .chunks(cairn_domain::limits::ARTICLE_BATCH_OPERATIONS_MAX)
        .enumerate()
    {
        let key = format!("prune-{run_id}-{number}");
        let results = target.archive(to, some, &key).await?;
        for (article, failed) in some.iter().zip(results) {
            match failed {
                None => report.archived += 1,
                Some(reason) => {
                    report.fail_prune(Fault::at(article.name(), 1, reason));
                    left.push(article.clone());
                }
            }
        }
        done += some.len() as u64;
        progress.done(done);
    }
    Ok(left)
}
