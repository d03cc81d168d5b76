//! A portal as a folder.
//!
//! Articles first, then attachments, then redirects; `portal.toml` is written last, so that a folder
//! without it is an export that did not end.

use std::collections::HashSet;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, Result, anyhow};
use cairn_sources::{PORTAL_FILE, REDIRECTS_FILE};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::task::{JoinSet, spawn_blocking};

use crate::client::{Client, segment};
use crate::export::article::{self, Keys};
use crate::export::disk::Folder;
use crate::export::names::{Kind, Names};
use crate::export::settings;
use crate::export::wire::{Article, Attachment, Category, Page, Portal, PortalPage, Redirect};
use crate::limits::{EXPORT_FETCHES_MAX, EXPORT_REMARKS_MAX};

/// Articles asked for at once.
const PAGE: usize = 100;

/// Where an export goes.
#[derive(Debug, Clone)]
pub(crate) struct FolderOptions {
    /// The folder.
    pub(crate) dir: PathBuf,
    /// Slug of the portal.
    pub(crate) portal: String,
    /// Whether a folder that is not empty is taken.
    pub(crate) overwrite: bool,
}

/// Hears how far an export is.
pub(crate) trait Watch {
    /// So many of so many articles are written.
    fn articles(&self, done: u64, all: u64);
}

/// What was written.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// Article files.
    pub(crate) articles: u64,
    /// Attachment files.
    pub(crate) attachments: u64,
    /// Lines of `redirects.csv`.
    pub(crate) redirects: u64,
    /// Categories in `portal.toml`.
    pub(crate) categories: u64,
    /// Files that do not lie where they were imported from.
    pub(crate) renamed: u64,
    /// Articles and attachments that were erased, of which nothing is left to write.
    pub(crate) erased: u64,
    /// Attachments whose bytes could not be had.
    pub(crate) failed: u64,
    /// What there is to say of single files, up to a limit.
    pub(crate) remarks: Vec<String>,
    /// How long it took.
    pub(crate) seconds: f64,
}

impl Report {
    fn remark(&mut self, remark: impl FnOnce() -> String) {
        if self.remarks.len() < EXPORT_REMARKS_MAX {
            self.remarks.push(remark());
        }
    }

    /// As one JSON object.
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "articles": self.articles,
            "attachments": self.attachments,
            "redirects": self.redirects,
            "categories": self.categories,
            "renamed": self.renamed,
            "erased": self.erased,
            "failed": self.failed,
            "remarks": self.remarks,
            "seconds": self.seconds,
        })
    }

    /// For people.
    pub(crate) fn to_text(&self) -> String {
        let mut text = format!(
            "{} articles, {} attachments, {} redirects and {} categories written in {:.1} s",
            self.articles, self.attachments, self.redirects, self.categories, self.seconds
        );
        for (count, what) in [
            (
                self.renamed,
                "files lie under another name than they came with",
            ),
            (self.erased, "were erased before and are not written"),
            (self.failed, "attachments could not be read from the server"),
        ] {
            if count > 0 {
                text.push_str(&format!("\n{count} {what}"));
            }
        }
        for remark in &self.remarks {
            text.push_str(&format!("\n  {remark}"));
        }
        text
    }
}

/// Writes the portal into the folder.
///
/// # Errors
/// What the server refuses or the disk says. What was written by then stays, without `portal.toml`.
pub(crate) async fn to_folder(
    client: &Client,
    options: &FolderOptions,
    watch: &impl Watch,
) -> Result<Report> {
    let began = Instant::now();
    let folder = Folder::open(&options.dir, options.overwrite)?;
    let server = Server {
        client,
        portal: &options.portal,
    };
    let rest = server.portal().await?;
    let has_sources = rest.sources.len() > 1;
    let mut writer = Writer {
        folder,
        names: Names::reserving(&[PORTAL_FILE, REDIRECTS_FILE]),
        keys: Keys::new(has_sources),
        has_sources,
        slug_urls: HashSet::new(),
        further: Vec::new(),
        report: Report::default(),
    };
    let mut page: Page<Article> = server.articles(None).await?;
    loop {
        let cursor = page.next_cursor.take();
        let write = spawn_blocking(move || writer.articles(page.items));
        // The next page is on its way while this one is written.
        let next = match &cursor {
            Some(cursor) => Some(server.articles(Some(cursor)).await),
            None => None,
        };
        writer = write.await.context("writing articles was cut off")??;
        watch.articles(writer.report.articles, rest.articles);
        match next {
            Some(next) => page = next?,
            None => break,
        }
    }
    let mut writer = attachments(client, writer, rest.attachments).await?;
    let (portal, categories, redirects) = (rest.portal, rest.categories, rest.redirects);
    let report = spawn_blocking(move || {
        writer.settings(&portal, &categories, &redirects)?;
        writer.report.seconds = began.elapsed().as_secs_f64();
        Ok::<_, anyhow::Error>(writer.report)
    });
    report.await.context("writing the settings was cut off")?
}

/// The server that is asked.
struct Server<'a> {
    client: &'a Client,
    portal: &'a str,
}

/// What a portal has besides articles.
struct Rest {
    portal: Portal,
    articles: u64,
    sources: Vec<String>,
    categories: Vec<Category>,
    attachments: Vec<Attachment>,
    redirects: Vec<Redirect>,
}

impl Server<'_> {
    async fn articles(&self, cursor: Option<&String>) -> Result<Page<Article>> {
        self.page("article-exports", Some(PAGE), cursor).await
    }

    async fn portal(&self) -> Result<Rest> {
        let first: PortalPage = self.page("portal-exports", None, None).await?;
        let mut cursor = first.next_cursor;
        let mut rest = Rest {
            portal: first.portal,
            articles: first.numbers.articles,
            sources: first.sources,
            categories: first.categories,
            attachments: first.attachments,
            redirects: first.redirects,
        };
        while let Some(at) = cursor {
            let page: PortalPage = self.page("portal-exports", None, Some(&at)).await?;
            rest.categories.extend(page.categories);
            rest.attachments.extend(page.attachments);
            rest.redirects.extend(page.redirects);
            cursor = page.next_cursor;
        }
        Ok(rest)
    }

    async fn page<T: DeserializeOwned>(
        &self,
        list: &str,
        limit: Option<usize>,
        cursor: Option<&String>,
    ) -> Result<T> {
        let mut path = format!("/api/v1/{list}?portal={}", segment(self.portal));
        if let Some(limit) = limit {
            path.push_str(&format!("&limit={limit}"));
        }
        if let Some(cursor) = cursor {
            path.push_str(&format!("&cursor={}", segment(cursor)));
        }
        let answer = self.client.get(&path).await?;
        serde_json::from_value(answer).map_err(|error| {
            anyhow!(error).context(format!("the answer of {list} is not readable"))
        })
    }
}

/// Fetches attachments, a few at once, and writes them as they come.
async fn attachments(client: &Client, mut writer: Writer, rows: Vec<Attachment>) -> Result<Writer> {
    let mut waiting = rows.into_iter();
    let mut under_way: JoinSet<(Vec<String>, Attachment, Result<Vec<u8>>)> = JoinSet::new();
    loop {
        while under_way.len() < EXPORT_FETCHES_MAX {
            let Some(row) = waiting.next() else { break };
            if row.purged_at.is_some() {
                writer.report.erased += 1;
                continue;
            }
            // Placed in the order of the list, whichever comes first.
            let places = writer.places(&row);
            let client = client.clone();
            under_way.spawn(async move {
                let bytes = fetch(&client, &row).await;
                (places, row, bytes)
            });
        }
        let Some(done) = under_way.join_next().await else {
            return Ok(writer);
        };
        let (places, row, bytes) = done.context("fetching an attachment was cut off")?;
        match bytes {
            Ok(bytes) => {
                let write = spawn_blocking(move || writer.attachment(&places, &bytes));
                writer = write.await.context("writing an attachment was cut off")??;
            }
            Err(error) => {
                writer.report.failed += 1;
                writer
                    .report
                    .remark(|| format!("attachment {} ({}): {error:#}", row.id, row.name));
            }
        }
    }
}

/// The bytes of an attachment, which are what their digest says.
async fn fetch(client: &Client, row: &Attachment) -> Result<Vec<u8>> {
    let path = format!("/api/v1/attachments/{}/content", segment(&row.id));
    let bytes = client.get_bytes(&path).await?;
    let digest: String = Sha256::digest(&bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    if digest != row.digest {
        return Err(anyhow!("its bytes are not those that were brought"));
    }
    Ok(bytes)
}

/// What has been written so far.
struct Writer {
    folder: Folder,
    names: Names,
    keys: Keys,
    has_sources: bool,
    /// Addresses of slugs that articles had.
    slug_urls: HashSet<String>,
    /// Old addresses of articles for which there was no room in their files.
    further: Vec<(String, String)>,
    report: Report,
}

impl Writer {
    fn articles(mut self, articles: Vec<Article>) -> Result<Self> {
        for article in articles {
            if article.purged_at.is_some() {
                self.report.erased += 1;
                continue;
            }
            self.article(&article)?;
        }
        Ok(self)
    }

    fn article(&mut self, article: &Article) -> Result<()> {
        let imported = match (&article.source, &article.path) {
            (Some(source), Some(path)) if !path.is_empty() => Some(self.below(source, path)),
            _ => None,
        };
        let wanted = imported
            .clone()
            .unwrap_or_else(|| format!("articles/{}/{}.md", article.locale, article.slug));
        let identity = format!("{}\0{}", article.locale, article::id(article));
        let place = self.names.place(&wanted, &identity, Kind::Article);
        let moved = imported.filter(|path| *path != place);
        if let Some(path) = &moved {
            self.report.renamed += 1;
            self.report
                .remark(|| format!("{path:?} is written as {place:?}"));
        }
        let key = self.keys.key(article);
        let head = article::head(article, &key, moved.as_deref());
        self.slug_urls.extend(article::old_slug_urls(article));
        let target = format!("article:{}:{}", article.locale, article::id(article));
        let further = head.further_urls.into_iter();
        self.further
            .extend(further.map(|old_url| (old_url, target.clone())));
        self.folder
            .write(&place, &[head.text.as_bytes(), article.body.as_bytes()])?;
        self.report.articles += 1;
        Ok(())
    }

    /// A path of a source: below a folder of its name where there are several.
    fn below(&self, source: &str, path: &str) -> String {
        if self.has_sources {
            format!("{source}/{path}")
        } else {
            path.to_owned()
        }
    }

    /// Where the bytes of an attachment go: every path it came under.
    fn places(&mut self, row: &Attachment) -> Vec<String> {
        if row.paths.is_empty() {
            let wanted = format!("attachments/{}/{}", row.id, row.name);
            return vec![self.names.place(&wanted, &row.id, Kind::Attachment)];
        }
        let mut places = Vec::with_capacity(row.paths.len());
        for from in &row.paths {
            let wanted = self.below(&from.source, &from.path);
            let identity = format!("{}\0{}", from.source, from.path);
            let place = self.names.place(&wanted, &identity, Kind::Attachment);
            if place != wanted {
                self.report.renamed += 1;
                self.report
                    .remark(|| format!("{wanted:?} is written as {place:?}"));
            }
            places.push(place);
        }
        places
    }

    fn attachment(mut self, places: &[String], bytes: &[u8]) -> Result<Self> {
        for place in places {
            self.folder.write(place, &[bytes])?;
            self.report.attachments += 1;
        }
        Ok(self)
    }

    fn settings(
        &mut self,
        portal: &Portal,
        categories: &[Category],
        redirects: &[Redirect],
    ) -> Result<()> {
        for slug in settings::same_names(categories) {
            self.report.remark(|| {
                format!(
                    "category {slug} is called like another one beside it; files tell categories apart by their names, so an import joins the two: rename one"
                )
            });
        }
        let mut rows = settings::redirect_rows(redirects, categories, &self.slug_urls);
        rows.append(&mut self.further);
        self.report.redirects = rows.len() as u64;
        self.report.categories = categories.len() as u64;
        if !rows.is_empty() {
            let table = settings::redirects_file(rows)?;
            self.folder.write(REDIRECTS_FILE, &[&table])?;
        }
        let text = settings::portal_file(portal, categories)?;
        self.folder.sync()?;
        self.folder.write(PORTAL_FILE, &[text.as_bytes()])?;
        self.folder.sync()
    }
}
