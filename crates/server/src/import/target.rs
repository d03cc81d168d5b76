//! Where an import goes: what it asks of the application, whichever door leads there.

use std::future::Future;

use anyhow::Result;
use cairn_service::articles::{ImportItem, ImportResult};
use cairn_sources::{OldAddress, SourceCategory, SourceFile, SourcePortal};
use serde::Deserialize;

/// Why something was not taken.
#[derive(Debug)]
pub(crate) enum NotTaken {
    /// Something in it; a smaller batch may go through. Why, as a sentence.
    Content(String),
    /// The whole import cannot go on.
    Fatal(anyhow::Error),
}

/// The portal an import goes to.
#[derive(Debug, Clone)]
pub(crate) struct Destination {
    pub(crate) slug: String,
    /// The default first.
    pub(crate) locales: Vec<String>,
}

/// A category that is there.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Category {
    pub(crate) id: String,
    pub(crate) parent: Option<String>,
    pub(crate) name: String,
}

/// What all batches of a run have in common.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Envelope<'a> {
    /// The name the source is remembered under.
    pub(crate) source: &'a str,
    /// Whether the file wins where both changed.
    pub(crate) overwrite: bool,
}

/// Takes articles.
pub(crate) trait Target {
    /// The portal, if it is there.
    fn portal(&self, slug: &str) -> impl Future<Output = Result<Option<Destination>>>;

    /// Makes the portal with these locales, the default first.
    fn make_portal(
        &self,
        slug: &str,
        like: &SourcePortal,
        locales: &[String],
    ) -> impl Future<Output = Result<Destination>>;

    /// Makes sure the portal has these locales.
    fn add_locales(
        &self,
        to: &mut Destination,
        locales: &[String],
    ) -> impl Future<Output = Result<()>>;

    /// The categories that are there.
    fn categories(&self, to: &Destination) -> impl Future<Output = Result<Vec<Category>>>;

    /// Makes a category below another one.
    fn make_category(
        &self,
        to: &Destination,
        like: &SourceCategory,
        parent: Option<&str>,
    ) -> impl Future<Output = Result<Category>>;

    /// Sends one batch under an idempotency key.
    fn send(
        &self,
        to: &Destination,
        envelope: Envelope<'_>,
        items: &[ImportItem],
        key: &str,
    ) -> impl Future<Output = Result<Vec<ImportResult>, NotTaken>>;
}

/// Whether a file was new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Uploaded {
    New,
    Known,
}

/// An article that came with an import.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Imported {
    pub(crate) article_id: String,
    pub(crate) source_id: Option<String>,
    pub(crate) locale: String,
    /// None where the source has no files.
    pub(crate) path: Option<String>,
    pub(crate) head_revision: i32,
    pub(crate) status: String,
}

impl Imported {
    /// What a report calls it.
    pub(crate) fn name(&self) -> &str {
        let name = self.path.as_deref().or(self.source_id.as_deref());
        name.unwrap_or(&self.article_id)
    }
}

/// What can be done besides articles. `None` is the answer of a server that does not know how.
pub(crate) trait Aftermath: Target {
    /// Whether files are taken.
    fn takes_files(&self, to: &Destination) -> impl Future<Output = Result<bool>>;

    /// Sends one file.
    fn upload(
        &self,
        to: &Destination,
        source: &str,
        file: &SourceFile,
        bytes: Vec<u8>,
    ) -> impl Future<Output = Result<Uploaded, NotTaken>>;

    /// Whether old addresses are taken.
    fn takes_redirects(&self, to: &Destination) -> impl Future<Output = Result<bool>>;

    /// Sends old addresses, all of them or none; gives how many are new or lead elsewhere now.
    fn redirect(
        &self,
        to: &Destination,
        addresses: &[OldAddress],
        key: &str,
    ) -> impl Future<Output = Result<u64, NotTaken>>;

    /// What came from this source before.
    fn imported(
        &self,
        to: &Destination,
        source: &str,
    ) -> impl Future<Output = Result<Option<Vec<Imported>>>>;

    /// Archives articles that are as they were when they were listed; gives for each why not.
    fn archive(
        &self,
        to: &Destination,
        articles: &[Imported],
        key: &str,
    ) -> impl Future<Output = Result<Vec<Option<String>>>>;
}

/// What is there already, then what is missing, each once.
pub(super) fn with(mut there: Vec<String>, more: &[String]) -> Vec<String> {
    for locale in more {
        if !there.contains(locale) {
            there.push(locale.clone());
        }
    }
    there
}
