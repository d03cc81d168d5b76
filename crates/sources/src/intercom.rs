//! Intercom: the JSON of its API, as people dump it: articles, the collections they stand in, and
//! the admins who wrote them, in any division into files.
//!
//! Every language of an article is an article. The API gives no files: pictures stay where they are.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::ControlFlow;

use cairn_domain::limits::CATEGORY_DEPTH_MAX;
use cairn_domain::locale::Locale;
use serde_json::Value;

use crate::addresses::path_of;
use crate::article::{Fault, OldAddress, SourceArticle, SourceCategory, SourceFile, SourcePortal};
use crate::body::{body_of, front_matter};
use crate::records::{Record, head, lists, read_json};
use crate::source::{Source, SourceError};
use crate::tree::Tree;

/// Names of the lists, in files and of files.
const LISTS: &[&str] = &[
    "articles",
    "collections",
    "sections",
    "help_centers",
    "admins",
];
/// Bytes at the start of a file by which a dump is told.
const HEAD_BYTES: u64 = 64 * 1024;
/// The language of articles that name none.
const LOCALE_UNSAID: &str = "en";

/// Whether a tree looks like such a dump.
pub(crate) fn is_it(tree: &mut Tree) -> bool {
    let is_named = |path: &&String| {
        let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
        name.ends_with(".json") && (name.starts_with("articles") || name.starts_with("collections"))
    };
    let paths: Vec<String> = tree
        .paths()
        .iter()
        .filter(is_named)
        .take(3)
        .cloned()
        .collect();
    paths.iter().any(|path| {
        let head = head(tree, path, HEAD_BYTES);
        head.contains("\"workspace_id\"")
            || head.contains("\"translated_content\"")
            || head.contains("\"parent_type\"")
    })
}

/// A collection, or a section of older versions of the API.
#[derive(Debug, Clone)]
struct Collection {
    name: String,
    description: String,
    position: Option<i32>,
    parent_id: Option<String>,
    addresses: Vec<String>,
}

/// A dump of an Intercom help center.
pub(crate) struct IntercomSource {
    tree: Tree,
    article_files: Vec<String>,
    collections: BTreeMap<String, Collection>,
    admins: HashMap<String, String>,
    locales: BTreeMap<String, u64>,
    name: Option<String>,
    article_count: u64,
    faults: Vec<Fault>,
    remarks: Vec<Fault>,
}

impl IntercomSource {
    /// Reads everything but the bodies.
    ///
    /// # Errors
    /// When there is no article in it.
    pub(crate) fn open(mut tree: Tree) -> Result<Self, SourceError> {
        let is_data = |path: &&String| path.to_ascii_lowercase().ends_with(".json");
        let paths: Vec<String> = tree.paths().iter().filter(is_data).cloned().collect();
        let mut source = Self {
            tree: Tree::embedded("", &[]),
            article_files: Vec::new(),
            collections: BTreeMap::new(),
            admins: HashMap::new(),
            locales: BTreeMap::new(),
            name: None,
            article_count: 0,
            faults: Vec::new(),
            remarks: Vec::new(),
        };
        for path in paths {
            match read_json(&mut tree, &path) {
                Ok(value) => source.note(&path, value),
                Err(fault) => source.faults.push(fault),
            }
        }
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
        for (list, records) in self::lists(path, value, LISTS) {
            if list == "articles" {
                self.article_files.push(path.to_owned());
            }
            for value in &records {
                if let Err(fault) = self.note_record(path, &list, value)
                    && list != "articles"
                {
                    self.faults.push(fault);
                }
            }
        }
    }

    fn note_record(&mut self, path: &str, list: &str, value: &Value) -> Result<(), Fault> {
        match list {
            "articles" => {
                self.article_count += 1;
                let record = Record::of(path, "article", value)?;
                for (locale, _) in languages(&record)? {
                    *self.locales.entry(locale).or_default() += 1;
                }
            }
            "collections" | "sections" => {
                let record = Record::of(path, "collection", value)?;
                let collection = collection(&record)?;
                self.collections.insert(record.own_id()?, collection);
            }
            "help_centers" => {
                let record = Record::of(path, "help center", value)?;
                let name = record.text("display_name")?.or(record.text("identifier")?);
                self.name = self.name.take().or(name.map(str::to_owned));
            }
            "admins" => {
                let record = Record::of(path, "admin", value)?;
                if let Some(name) = record.text("name")? {
                    self.admins.insert(record.own_id()?, name.trim().to_owned());
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Names from the top down, and what was missing on the way.
    fn path(&self, mut at: Option<String>) -> (Vec<String>, Option<String>) {
        let mut path = Vec::new();
        while let Some(id) = at {
            let found = self
                .collections
                .get(&id)
                .filter(|_| path.len() < CATEGORY_DEPTH_MAX);
            let Some(collection) = found else {
                path.reverse();
                return (path, Some(format!("collection {id}")));
            };
            path.push(collection.name.clone());
            at = collection.parent_id.clone();
        }
        path.reverse();
        (path, None)
    }

    fn of_record(&mut self, path: &str, value: &Value) -> Vec<Result<SourceArticle, Fault>> {
        let read = Record::of(path, "article", value).and_then(|record| {
            let languages = languages(&record)?;
            Ok((record, languages))
        });
        match read {
            Ok((record, languages)) => {
                let all = languages.into_iter();
                all.map(|(locale, inner)| self.article(&record, &inner, &locale))
                    .collect()
            }
            Err(fault) => vec![Err(fault)],
        }
    }

    fn article(
        &mut self,
        record: &Record<'_>,
        inner: &Record<'_>,
        locale: &str,
    ) -> Result<SourceArticle, Fault> {
        let id = record.own_id()?;
        let parent = match record.id("parent_id")? {
            Some(parent) => Some(parent),
            // Newer answers list every parent; the first one is the nearest.
            None => {
                let parents = record.value("parent_ids").and_then(Value::as_array);
                parents
                    .and_then(|parents| parents.first())
                    .map(|parent| match parent {
                        Value::String(id) => id.clone(),
                        other => other.to_string(),
                    })
            }
        };
        let (category_path, missing) = self.path(parent);
        if let Some(missing) = missing {
            let reason = format!("{missing} is not in the dump; the article stands above it");
            self.remarks.push(record.fault(&reason));
        }
        let html = inner.text("body")?.unwrap_or_default();
        let body = body_of(html, &|_, _| None).map_err(|reason| record.fault(&reason))?;
        let author = inner.id("author_id")?.or(record.id("author_id")?);
        let author = author.and_then(|id| self.admins.get(&id).cloned());
        let state = inner.text("state")?.unwrap_or("draft");
        let status = match state {
            "published" | "draft" => state,
            other => {
                let reason = format!("`state` is {other:?}, published or draft is expected");
                return Err(record.fault(&reason));
            }
        };
        let tags = record
            .inner("tags")?
            .map(|tags| tags.value("tags").cloned());
        Ok(SourceArticle {
            path: format!("articles/{locale}/{}.md", id.replace('/', "-")),
            body_line: 1,
            locale: Some(locale.to_owned()),
            translation_key: Some(id.clone()),
            title: inner.words("title")?.to_owned(),
            body,
            excerpt: inner
                .text("description")?
                .unwrap_or_default()
                .trim()
                .to_owned(),
            tags: names(tags.flatten().as_ref()),
            author,
            category_path,
            status: Some(status.to_owned()),
            created_at: inner.time("created_at")?.or(record.time("created_at")?),
            updated_at: inner.time("updated_at")?.or(record.time("updated_at")?),
            old_urls: old_urls(inner.text("url")?),
            front_matter: front_matter(&rest(record)),
            source_id: id,
            ..SourceArticle::default()
        })
    }
}

/// Every language of an article, its default one first: locale and the record with its text.
fn languages<'a>(record: &Record<'a>) -> Result<Vec<(String, Record<'a>)>, Fault> {
    let canonical = |locale: &str| {
        let parsed = Locale::parse("locale", locale)
            .ok()
            .map(|locale| locale.to_string());
        let reason = format!("its language {locale:?} is no language tag such as en or pt-BR");
        parsed.ok_or_else(|| record.fault(&reason))
    };
    let default = canonical(record.text("default_locale")?.unwrap_or(LOCALE_UNSAID))?;
    let mut found = vec![(default.clone(), *record)];
    if let Some(translations) = record.inner("translated_content")? {
        for (locale, value) in translations.fields() {
            if value.is_null() || locale == "type" {
                continue;
            }
            let locale = canonical(locale)?;
            let inner = Record::of(record.path(), "translation", value)?;
            // Empty languages are how the API says that there is none.
            if locale != default
                && inner
                    .text("title")?
                    .is_some_and(|title| !title.trim().is_empty())
            {
                found.push((locale, inner));
            }
        }
    }
    Ok(found)
}

fn collection(record: &Record<'_>) -> Result<Collection, Fault> {
    let name = record
        .text("name")?
        .map(str::trim)
        .filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| record.fault("`name` is missing; a category needs one"))?;
    let order = record
        .number("order")?
        .and_then(|order| i32::try_from(order).ok());
    Ok(Collection {
        name: name.to_owned(),
        description: record
            .text("description")?
            .unwrap_or_default()
            .trim()
            .to_owned(),
        position: order,
        parent_id: record.id("parent_id")?,
        addresses: old_urls(record.text("url")?),
    })
}

fn names(tags: Option<&Value>) -> Vec<String> {
    let tags = tags
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    let names = tags
        .iter()
        .filter_map(|tag| tag.get("name").and_then(Value::as_str));
    names.map(str::to_owned).collect()
}

/// What Cairn has no field for.
fn rest(record: &Record<'_>) -> Vec<(&'static str, Value)> {
    let kept = ["statistics", "help_center_audience", "workspace_id"].into_iter();
    kept.filter_map(|name| Some((name, record.value(name)?.clone())))
        .collect()
}

/// Its address, and the same with the number alone.
fn old_urls(url: Option<&str>) -> Vec<String> {
    let Some(path) = url.and_then(path_of) else {
        return Vec::new();
    };
    let path = path.split('?').next().unwrap_or(path);
    let mut urls = vec![path.to_owned()];
    if let Some((before, last)) = path.rsplit_once('/') {
        let digits: String = last.chars().take_while(char::is_ascii_digit).collect();
        if !digits.is_empty() && digits != last {
            urls.push(format!("{before}/{digits}"));
        }
    }
    urls
}

impl Source for IntercomSource {
    fn kind(&self) -> &'static str {
        "Intercom articles"
    }

    fn portal(&self) -> SourcePortal {
        let mut categories: Vec<_> = self
            .collections
            .iter()
            .map(|(id, collection)| {
                let (path, _) = self.path(Some(id.clone()));
                let category = SourceCategory {
                    path,
                    slug: None,
                    description: collection.description.clone(),
                    position: collection.position,
                };
                (
                    category.path.len(),
                    collection.position.unwrap_or(i32::MAX),
                    category,
                )
            })
            .collect();
        categories.sort_by(|a, b| (a.0, a.1, &a.2.path).cmp(&(b.0, b.1, &b.2.path)));
        let mut locales: Vec<_> = self.locales.iter().collect();
        locales.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        SourcePortal {
            slug: None,
            name: self.name.clone(),
            locales: locales
                .into_iter()
                .map(|(locale, _)| locale.clone())
                .collect(),
            accent: None,
            notice: None,
            contact: None,
            categories: categories
                .into_iter()
                .map(|(_, _, category)| category)
                .collect(),
        }
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
        let mut seen = HashSet::new();
        for path in self.article_files.clone() {
            let value = match read_json(&mut self.tree, &path) {
                Ok(value) => value,
                Err(fault) => {
                    if each(Err(fault)).is_break() {
                        return Ok(());
                    }
                    continue;
                }
            };
            let lists = lists(&path, value, LISTS).into_iter();
            for value in lists
                .filter(|(list, _)| list == "articles")
                .flat_map(|(_, all)| all)
            {
                for found in self.of_record(&path, &value) {
                    // Pages of a list that grew while it was dumped overlap.
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
        }
        Ok(())
    }

    fn files(&self) -> Vec<SourceFile> {
        Vec::new()
    }

    fn read_file(&mut self, path: &str) -> Result<Vec<u8>, Fault> {
        let reason = "an Intercom dump has no files that articles show".to_owned();
        Err(Fault::at(path, 1, reason))
    }

    fn old_addresses(&self) -> Vec<OldAddress> {
        let mut found = Vec::new();
        for (id, collection) in &self.collections {
            let (path, _) = self.path(Some(id.clone()));
            if path.iter().any(|name| name.contains('/')) {
                continue;
            }
            let target = format!("category:{}", path.join("/"));
            let addresses = collection.addresses.iter().cloned();
            found.extend(addresses.map(|old_url| OldAddress {
                old_url,
                target: target.clone(),
            }));
        }
        found
    }

    fn remarks(&self) -> Vec<Fault> {
        let left_out = self.tree.left_out().iter();
        left_out.chain(&self.remarks).cloned().collect()
    }
}
