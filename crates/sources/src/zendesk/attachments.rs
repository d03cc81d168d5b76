//! Attached files: which file of the dump an address of the old site means.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::addresses::{decoded, path_of, relative};
use crate::article::{Fault, SourceFile};
use crate::records::Record;

/// Fewest digits of a number in a path that may be an id.
const ID_DIGITS_MIN: usize = 2;

/// One attachment.
#[derive(Debug, Clone)]
pub(super) struct Attachment {
    pub(super) name: String,
    /// Where it was.
    pub(super) address: Option<String>,
    /// Shown in the text, not in the list below it.
    pub(super) is_inline: bool,
    pub(super) locale: Option<String>,
    /// Its file in the dump.
    pub(super) file: Option<String>,
}

/// All attachments and the files of the dump.
#[derive(Debug, Default)]
pub(super) struct Attachments {
    /// Files by the numbers in their paths.
    numbered: HashMap<String, Vec<String>>,
    files: BTreeSet<String>,
    /// By the ids and by the numbers in their addresses.
    by_number: HashMap<String, Attachment>,
    by_article: BTreeMap<String, Vec<Attachment>>,
}

impl Attachments {
    /// The files that may be attachments.
    pub(super) fn among(paths: &[String]) -> Self {
        let mut numbered: HashMap<String, Vec<String>> = HashMap::new();
        let is_data = |path: &&String| path.to_ascii_lowercase().ends_with(".json");
        for path in paths.iter().filter(|path| !is_data(path)) {
            for segment in path.split('/') {
                let digits: String = segment.chars().take_while(char::is_ascii_digit).collect();
                if digits.len() >= ID_DIGITS_MIN {
                    numbered.entry(digits).or_default().push(path.clone());
                }
            }
        }
        Self {
            numbered,
            files: paths
                .iter()
                .filter(|path| !is_data(path))
                .cloned()
                .collect(),
            ..Self::default()
        }
    }

    pub(super) fn note(&mut self, record: &Record<'_>) -> Result<(), Fault> {
        let id = record.own_id()?;
        let article = record.id("article_id")?;
        let address = record.text("content_url")?;
        let name = record.text("file_name")?.map(str::to_owned);
        let number = address.and_then(number_of);
        let said = record
            .text("relative_path")?
            .map(|path| path.trim_start_matches(['.', '/']));
        let said = said
            .filter(|path| self.files.contains(*path))
            .map(str::to_owned);
        let numbers = [Some(id.as_str()), number.as_deref(), article.as_deref()];
        let found = || self.find(&numbers, name.as_deref());
        let file = said.or_else(found);
        let attachment = Attachment {
            name: name.unwrap_or_else(|| id.clone()),
            address: address.map(str::to_owned),
            is_inline: record.is("inline")?,
            locale: record.text("locale")?.map(str::to_owned),
            file,
        };
        for number in number.into_iter().chain([id]) {
            self.by_number
                .entry(number)
                .or_insert_with(|| attachment.clone());
        }
        if let Some(article) = article {
            self.by_article.entry(article).or_default().push(attachment);
        }
        Ok(())
    }

    /// The file whose path has one of these numbers: the only one with it, or the one of this name.
    fn find(&self, numbers: &[Option<&str>], name: Option<&str>) -> Option<String> {
        let [own @ .., article] = numbers else {
            return None;
        };
        let named = |path: &&String| {
            let last = path.rsplit('/').next().unwrap_or_default();
            name.is_some_and(|name| last == name || last.ends_with(name))
        };
        for number in own.iter().flatten() {
            let files = self
                .numbered
                .get(*number)
                .map(Vec::as_slice)
                .unwrap_or_default();
            if let Some(file) = files.iter().find(named).or(match files {
                [only] => Some(only),
                _ => None,
            }) {
                return Some(file.clone());
            }
        }
        let of_article = self.numbered.get((*article)?)?;
        of_article.iter().find(named).cloned()
    }

    /// How the article at `from` points to what this address was, if the dump has it.
    pub(super) fn readdressed(&self, from: &str, address: &str) -> Option<String> {
        let number = number_of(address)?;
        let known = self
            .by_number
            .get(&number)
            .and_then(|attachment| attachment.file.as_deref());
        let file = match known {
            Some(file) => file.to_owned(),
            // A dump without the list of attachments: by the number and the name in the address.
            None => {
                let path = decoded(path_of(address)?.split('?').next().unwrap_or_default());
                let name = path.rsplit('/').next().filter(|name| !name.is_empty());
                self.find(&[Some(&number), None], name)?
            }
        };
        Some(relative(from, &file))
    }

    /// The attachments in the list below an article.
    pub(super) fn listed(&self, article: &str, locale: &str) -> Vec<&Attachment> {
        let all = self
            .by_article
            .get(article)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let listed = all.iter().filter(|attachment| {
            let of = attachment.locale.as_deref();
            !attachment.is_inline
                && of.is_none_or(|of| of.replace('_', "-").eq_ignore_ascii_case(locale))
        });
        listed.collect()
    }

    /// The files that articles show.
    pub(super) fn files(&self) -> Vec<SourceFile> {
        let names: HashMap<&str, &str> = self
            .by_number
            .values()
            .filter_map(|attachment| Some((attachment.file.as_deref()?, attachment.name.as_str())))
            .collect();
        // Files without any id in their paths belong to the dump, not to an article.
        let numbered: BTreeSet<&String> = self.numbered.values().flatten().collect();
        let is_shown =
            |path: &&String| numbered.contains(path) || names.contains_key(path.as_str());
        let files = self.files.iter().filter(is_shown).map(|path| {
            let last = path.rsplit('/').next().unwrap_or(path);
            SourceFile {
                path: path.clone(),
                name: (*names.get(path.as_str()).unwrap_or(&last)).to_owned(),
            }
        });
        files.collect()
    }
}

/// The number in an address of an attachment: `/hc/article_attachments/360…/name`.
fn number_of(address: &str) -> Option<String> {
    let path = path_of(address)?;
    let mut segments = path.split(['/', '?']);
    segments.find(|segment| *segment == "article_attachments")?;
    let number: String = segments
        .next()?
        .chars()
        .take_while(char::is_ascii_digit)
        .collect();
    (!number.is_empty()).then_some(number)
}
