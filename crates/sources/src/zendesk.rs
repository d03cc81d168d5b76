//! Zendesk Guide: the JSON of its Help Center API, as people dump it (pages of articles, sections,
//! categories, users, translations and attachments, in any division into files), and the attached
//! files beside it.
//!
//! Every translation is an article. Links between articles stay the addresses they are, which
//! become redirects; attachments point to their files where the dump has them.

mod article;
mod attachments;
mod structure;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::ControlFlow;

use serde_json::Value;

use crate::article::{Fault, OldAddress, SourceArticle, SourceFile, SourcePortal};
use crate::limits::SHOWN_FILE_BYTES_MAX;
use crate::records::{Record, head, lists, read_json};
use crate::source::{Source, SourceError};
use crate::tree::Tree;

use article::Meta;
use attachments::Attachments;
use structure::Structure;

/// Names of the lists of the API.
const LISTS: &[&str] = &[
    "articles",
    "sections",
    "categories",
    "users",
    "translations",
    "article_attachments",
    "votes",
];
/// Bytes at the start of a file by which a dump is told.
const HEAD_BYTES: u64 = 64 * 1024;

/// Whether a tree looks like such a dump.
pub(crate) fn is_it(tree: &mut Tree) -> bool {
    let paths: Vec<String> = json_paths(tree)
        .filter(|path| names(path, "articles"))
        .collect();
    paths.iter().take(3).any(|path| {
        let head = head(tree, path, HEAD_BYTES);
        [
            "\"section_id\"",
            "\"label_names\"",
            "\"user_segment_id\"",
            "/hc/",
        ]
        .iter()
        .any(|word| head.contains(word))
    })
}

fn json_paths(tree: &Tree) -> impl Iterator<Item = String> + '_ {
    let paths = tree.paths().iter();
    paths
        .filter(|path| path.to_ascii_lowercase().ends_with(".json"))
        .cloned()
}

fn names(path: &str, list: &str) -> bool {
    path.split('/')
        .any(|segment| segment.to_ascii_lowercase().starts_with(list))
}

/// A dump of a Zendesk Guide help center.
pub(crate) struct ZendeskSource {
    tree: Tree,
    /// Files with articles or translations, read again when their turn comes.
    article_files: Vec<String>,
    translation_files: Vec<String>,
    structure: Structure,
    users: HashMap<String, String>,
    metas: BTreeMap<String, Meta>,
    attachments: Attachments,
    article_count: u64,
    faults: Vec<Fault>,
    remarks: Vec<Fault>,
}

impl ZendeskSource {
    /// Reads everything but the bodies.
    ///
    /// # Errors
    /// When there is no article in it.
    pub(crate) fn open(mut tree: Tree) -> Result<Self, SourceError> {
        let paths: Vec<String> = json_paths(&tree).collect();
        let mut source = Self {
            attachments: Attachments::among(tree.paths()),
            article_files: Vec::new(),
            translation_files: Vec::new(),
            structure: Structure::default(),
            users: HashMap::new(),
            metas: BTreeMap::new(),
            article_count: 0,
            faults: Vec::new(),
            remarks: Vec::new(),
            tree: Tree::embedded("", &[]),
        };
        for path in paths {
            match read_json(&mut tree, &path) {
                Ok(value) => source.note(&path, value),
                Err(fault) => source.faults.push(fault),
            }
        }
        source.structure.settle(&source.metas);
        if source.article_files.is_empty() && source.faults.is_empty() {
            return Err(SourceError::Malformed {
                path: tree.name().to_owned(),
                reason: "there is no JSON file with a list of articles in it".to_owned(),
            });
        }
        source.tree = tree;
        Ok(source)
    }

    fn note(&mut self, path: &str, value: Value) {
        for (list, records) in lists(path, value, LISTS) {
            match list.as_str() {
                "articles" => {
                    self.article_files.push(path.to_owned());
                    self.article_count += records.len() as u64;
                }
                "translations" => self.translation_files.push(path.to_owned()),
                _ => {}
            }
            for value in &records {
                // An article that is no article is said when its turn comes, everything else now.
                if let Err(fault) = self.note_record(path, &list, value)
                    && !["articles", "translations"].contains(&list.as_str())
                {
                    self.faults.push(fault);
                }
            }
        }
    }

    fn note_record(&mut self, path: &str, list: &str, value: &Value) -> Result<(), Fault> {
        match list {
            "articles" => {
                let record = Record::of(path, "article", value)?;
                let meta = Meta::of(&record)?;
                self.structure.article(&record)?;
                // The same article in several languages: what they share is the same.
                self.metas.entry(record.own_id()?).or_insert(meta);
            }
            "translations" => {
                let record = Record::of(path, "translation", value)?;
                self.article_count += 1;
                self.structure.translation(&record)?;
            }
            "sections" => self
                .structure
                .section(&Record::of(path, "section", value)?)?,
            "categories" => self
                .structure
                .category(&Record::of(path, "category", value)?)?,
            "users" => {
                let record = Record::of(path, "user", value)?;
                if let Some(name) = record.text("name")? {
                    self.users.insert(record.own_id()?, name.to_owned());
                }
            }
            "article_attachments" => {
                self.attachments
                    .note(&Record::of(path, "attachment", value)?)?;
            }
            "votes" => {
                let record = Record::of(path, "vote", value)?;
                self.structure.vote(&record)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// The articles of one file: of its list of articles, each with its translations when they were
    /// asked for with it, or of its list of translations.
    fn of_file(&mut self, path: &str, list: &str) -> Vec<Result<SourceArticle, Fault>> {
        let value = match read_json(&mut self.tree, path) {
            Ok(value) => value,
            Err(fault) => return vec![Err(fault)],
        };
        let mut found = Vec::new();
        for (name, records) in lists(path, value, LISTS) {
            if name != list {
                continue;
            }
            for value in &records {
                if list == "articles" {
                    found.push(self.article(path, value));
                    let inner = value.get("translations").and_then(Value::as_array);
                    for value in inner.into_iter().flatten() {
                        found.extend(self.translation(path, value).transpose());
                    }
                } else {
                    found.extend(self.translation(path, value).transpose());
                }
            }
        }
        found
    }

    fn article(&mut self, path: &str, value: &Value) -> Result<SourceArticle, Fault> {
        let record = Record::of(path, "article", value)?;
        let id = record.own_id()?;
        // Read again, so that what is wrong with it is said.
        let meta = Meta::of(&record)?;
        let locale = record.text("locale")?.or(record.text("source_locale")?);
        let locale = locale.ok_or_else(|| record.fault("`locale` is missing; dump it again"))?;
        self.written(&record, &id, &meta, locale)
    }

    /// None: of something else than an article.
    fn translation(&mut self, path: &str, value: &Value) -> Result<Option<SourceArticle>, Fault> {
        let record = Record::of(path, "translation", value)?;
        let of = record.text("source_type")?.unwrap_or("Article");
        if !of.eq_ignore_ascii_case("article") {
            return Ok(None);
        }
        let id = record.id("source_id")?;
        let id = id.ok_or_else(|| record.fault("`source_id` is missing; it names its article"))?;
        let locale = record.words("locale")?;
        let Some(meta) = self.metas.get(&id).cloned() else {
            let reason = format!("its article {id} is not in the dump; dump the articles too");
            return Err(record.fault(&reason));
        };
        self.written(&record, &id, &meta, locale).map(Some)
    }

    fn written(
        &mut self,
        record: &Record<'_>,
        id: &str,
        meta: &Meta,
        locale: &str,
    ) -> Result<SourceArticle, Fault> {
        let (category_path, missing) = self.structure.path_of(meta.section_id.as_deref());
        if let Some(missing) = missing {
            let reason = format!("{missing} is not in the dump; the article has no category");
            self.remarks.push(record.fault(&reason));
        }
        let author = meta.author_id.as_ref().and_then(|id| self.users.get(id));
        let about = article::About {
            id,
            locale,
            author: author.cloned(),
            category_path,
            votes: self.structure.votes_of(id),
            is_default: self.structure.is_default(locale),
        };
        article::written(record, meta, about, &self.attachments)
    }
}

impl Source for ZendeskSource {
    fn kind(&self) -> &'static str {
        "Zendesk Guide export"
    }

    fn portal(&self) -> SourcePortal {
        self.structure.portal()
    }

    fn article_count(&self) -> u64 {
        self.article_count
    }

    fn articles(
        &mut self,
        each: &mut dyn FnMut(Result<SourceArticle, Fault>) -> ControlFlow<()>,
    ) -> Result<(), SourceError> {
        for fault in self.faults.clone() {
            if each(Err(fault)).is_break() {
                return Ok(());
            }
        }
        self.remarks.clear();
        let files = self
            .article_files
            .iter()
            .map(|path| (path.clone(), "articles"));
        let translations = self
            .translation_files
            .iter()
            .map(|path| (path.clone(), "translations"));
        let files: Vec<_> = files.chain(translations).collect();
        let mut seen = HashSet::new();
        for (path, list) in files {
            for found in self.of_file(&path, list) {
                // The translation into an article's own language says what the article says.
                if let Ok(article) = &found
                    && !seen.insert((article.source_id.clone(), article.locale.clone()))
                {
                    continue;
                }
                if each(found).is_break() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn files(&self) -> Vec<SourceFile> {
        self.attachments.files()
    }

    fn read_file(&mut self, path: &str) -> Result<Vec<u8>, Fault> {
        self.tree.read(path, SHOWN_FILE_BYTES_MAX)
    }

    fn old_addresses(&self) -> Vec<OldAddress> {
        self.structure.old_addresses()
    }

    fn remarks(&self) -> Vec<Fault> {
        let left_out = self.tree.left_out().iter();
        left_out.chain(&self.remarks).cloned().collect()
    }
}
