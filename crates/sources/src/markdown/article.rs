//! One Markdown file as an article, or a fault with its line.
//!
//! Keys that mean something here become fields, all others are kept as they are, in their order. Of
//! the keys that came to mean something later (`slug`, `audience`, `created`, `updated`,
//! `translation`, `old_urls`) a value that is none of theirs is kept like any other key: other tools
//! use these words for other things.

use cairn_domain::limits::BODY_BYTES_MAX;
use cairn_domain::locale::Locale;
use cairn_domain::slug::Slug;
use jiff::Timestamp;
use jiff::civil;
use jiff::tz::TimeZone;

use super::heading::first_heading;
use super::translations::Place;
use crate::article::{Fault, SourceArticle};
use crate::front_matter::{self, Entry, FrontMatter, Scalar, Value, json_text};

/// The words a status may be.
const STATUSES: [&str; 3] = ["published", "draft", "archived"];
/// The words an audience may be.
const AUDIENCES: [&str; 2] = ["public", "internal"];

/// The keys Cairn knows, in the order an export writes them.
pub const KNOWN_KEYS: [&str; 15] = [
    "id",
    "title",
    "slug",
    "locale",
    "category",
    "section",
    "tags",
    "status",
    "audience",
    "description",
    "author",
    "created",
    "updated",
    "translation",
    "old_urls",
];

/// The article in the file `path` with this text, standing at `place` among the others.
///
/// # Errors
/// The first fault of the file.
pub(super) fn article(
    path: &str,
    text: &str,
    place: &Place,
    remarks: &mut Vec<Fault>,
) -> Result<SourceArticle, Fault> {
    let block =
        front_matter::parse(text).map_err(|fault| Fault::at(path, fault.line, fault.reason))?;
    let body = &text[block.body_start..];
    if body.len() > BODY_BYTES_MAX {
        return Err(Fault::at(
            path,
            block.body_line,
            format!(
                "its body has {} bytes, at most {BODY_BYTES_MAX} are allowed; split it",
                body.len()
            ),
        ));
    }
    let mut fields = Fields {
        path,
        block: &block,
        used: vec![
            "id",
            "title",
            "locale",
            "category",
            "section",
            "tags",
            "status",
            "description",
            "author",
        ],
        remarks,
    };
    let neutral = without_extension(&place.neutral);
    let title = fields.text("title")?.or_else(|| first_heading(body));
    let title = title.unwrap_or_else(|| neutral.rsplit('/').next().unwrap_or(neutral).to_owned());
    let source_id = fields.text("id")?;
    let locale = fields.locale()?.or_else(|| place.locale.clone());
    let status = fields.status()?;
    let translation_key = fields.one("translation", |text| Some(text.to_owned()));
    Ok(SourceArticle {
        path: path.to_owned(),
        body_line: block.body_line,
        source_id: source_id.unwrap_or_else(|| without_extension(path).to_owned()),
        locale: locale.map(String::from),
        translation_key: translation_key.or_else(|| place.key.clone()),
        title,
        slug: fields.one("slug", |text| {
            Slug::parse("slug", text).ok().map(|slug| slug.to_string())
        }),
        body: body.to_owned(),
        excerpt: fields.text("description")?.unwrap_or_default(),
        tags: fields.list("tags")?,
        author: fields.text("author")?,
        category_path: fields.category_path(&place.neutral)?,
        status,
        audience: fields.one("audience", |text| {
            let lower = text.to_lowercase();
            AUDIENCES.contains(&lower.as_str()).then_some(lower)
        }),
        created_at: fields.one("created", timestamp),
        updated_at: fields.one("updated", timestamp),
        old_urls: fields.old_urls(),
        front_matter: fields.others(),
    })
}

/// What a file says of itself that concerns others.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) id: Option<String>,
    pub(super) locale: Option<Locale>,
}

impl Facts {
    /// Of a file that begins like this; what cannot be read says nothing here.
    pub(super) fn of(head: &str) -> Self {
        let Ok(block) = front_matter::parse(head) else {
            return Self::default();
        };
        let text = |key: &str| {
            let entry = block.entries.iter().find(|entry| entry.key == key);
            match entry.map(|entry| &entry.value) {
                Some(Value::Scalar(scalar)) => said(scalar),
                _ => None,
            }
        };
        Self {
            id: text("id"),
            locale: text("locale").and_then(|text| Locale::parse("locale", &text).ok()),
        }
    }
}

struct Fields<'a> {
    path: &'a str,
    block: &'a FrontMatter,
    /// The keys that became fields.
    used: Vec<&'static str>,
    remarks: &'a mut Vec<Fault>,
}

impl Fields<'_> {
    fn entry(&self, key: &str) -> Option<&Entry> {
        self.block.entries.iter().find(|entry| entry.key == key)
    }

    fn line(&self, key: &str) -> usize {
        self.entry(key).map_or(1, |entry| entry.line)
    }

    /// The text of a key; None when it is absent, empty or null.
    fn text(&self, key: &str) -> Result<Option<String>, Fault> {
        let Some(entry) = self.entry(key) else {
            return Ok(None);
        };
        let what = match &entry.value {
            Value::Scalar(scalar) => return Ok(said(scalar)),
            Value::List(_) => "a list",
            Value::Json(_) => "JSON",
        };
        Err(Fault::at(
            self.path,
            entry.line,
            format!("{key} is {what}; write one value"),
        ))
    }

    /// The texts of a key that is a list; one value alone is a list of one.
    fn list(&self, key: &str) -> Result<Vec<String>, Fault> {
        match self.entry(key).map(|entry| &entry.value) {
            Some(Value::List(items)) => Ok(items.iter().filter_map(said).collect()),
            _ => Ok(self.text(key)?.into_iter().collect()),
        }
    }

    /// What a key says that other tools use as well; a value that is none of ours stays where it is,
    /// and a word is said about it.
    fn one(&mut self, key: &'static str, ours: impl Fn(&str) -> Option<String>) -> Option<String> {
        let entry = self.entry(key)?;
        let line = entry.line;
        let value = match &entry.value {
            Value::Scalar(scalar) => match said(scalar) {
                Some(text) => ours(&text),
                None => return None,
            },
            Value::List(_) | Value::Json(_) => None,
        };
        if value.is_some() {
            self.used.push(key);
        } else {
            self.remarks.push(Fault::at(
                self.path,
                line,
                format!(
                    "the value of {key} means nothing to Cairn; it is kept like an unknown key"
                ),
            ));
        }
        value
    }

    fn locale(&self) -> Result<Option<Locale>, Fault> {
        let Some(text) = self.text("locale")? else {
            return Ok(None);
        };
        Locale::parse("locale", &text)
            .map(Some)
            .map_err(|error| Fault::at(self.path, self.line("locale"), error.message))
    }

    fn status(&self) -> Result<Option<String>, Fault> {
        let status = self.text("status")?;
        match status {
            Some(status) if !STATUSES.contains(&status.as_str()) => Err(Fault::at(
                self.path,
                self.line("status"),
                format!("status is {status:?}; it is one of {}", STATUSES.join(", ")),
            )),
            status => Ok(status),
        }
    }

    fn old_urls(&mut self) -> Vec<String> {
        let urls = match self.entry("old_urls").map(|entry| &entry.value) {
            Some(Value::List(items)) => items.iter().filter_map(said).collect(),
            Some(Value::Scalar(scalar)) => said(scalar).into_iter().collect(),
            Some(Value::Json(_)) | None => return Vec::new(),
        };
        self.used.push("old_urls");
        urls
    }

    /// The category, one level per entry of a list, or split at `/`; then the section, split; without
    /// both, the folders the file lies in.
    fn category_path(&self, neutral: &str) -> Result<Vec<String>, Fault> {
        let split = |text: String| -> Vec<String> {
            let names = text.split('/').map(str::trim);
            let names = names.filter(|name| !name.is_empty());
            names.map(str::to_owned).collect()
        };
        let category = match self.entry("category").map(|entry| &entry.value) {
            Some(Value::List(items)) => Some(items.iter().filter_map(said).collect()),
            _ => self.text("category")?.map(split),
        };
        let section = self.text("section")?.map(split);
        Ok(match (category, section) {
            (None, None) => neutral
                .rsplit_once('/')
                .map(|(folder, _)| split(folder.to_owned()))
                .unwrap_or_default(),
            (category, section) => category.into_iter().chain(section).flatten().collect(),
        })
    }

    /// What means nothing to Cairn, as a JSON object in the order of the file.
    fn others(&self) -> Option<String> {
        let others = self.block.entries.iter();
        let others = others.filter(|entry| !self.is_used(entry));
        let others: Vec<String> = others
            .map(|entry| format!("{}:{}", json_text(&entry.key), entry.value.to_json()))
            .collect();
        (!others.is_empty()).then(|| format!("{{{}}}", others.join(",")))
    }

    /// A known key without a value is as good as absent.
    fn is_used(&self, entry: &Entry) -> bool {
        self.used.contains(&entry.key.as_str())
            || (entry.value == Value::Scalar(Scalar::Null)
                && KNOWN_KEYS.contains(&entry.key.as_str()))
    }
}

/// What a scalar says; an empty or null one says nothing.
fn said(scalar: &Scalar) -> Option<String> {
    let text = scalar.text().filter(|text| !text.trim().is_empty());
    text.map(str::to_owned)
}

/// A moment as RFC 3339 in UTC: written as such, as a date, or as a date and a time in UTC.
fn timestamp(text: &str) -> Option<String> {
    let text = text.trim();
    let moment = text.parse::<Timestamp>().ok().or_else(|| {
        let moment = text.parse::<civil::DateTime>().ok()?;
        Some(moment.to_zoned(TimeZone::UTC).ok()?.timestamp())
    })?;
    Some(moment.to_string())
}

pub(super) fn without_extension(path: &str) -> &str {
    path.rsplit_once('.').map_or(path, |(stem, _)| stem)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(path: &str, text: &str) -> Result<SourceArticle, Fault> {
        article(path, text, &Place::of(path), &mut Vec::new())
    }

    #[test]
    fn front_matter_becomes_fields() {
        let item = one(
            "x/y.md",
            "---\nid: 007\ntitle: \"T: t\"\ncategory: \"A/B\"\nsection: C / D/\ntags: [a, \"b, c\"]\n\
             status: draft\ndescription: D\nlocale: pt-br\nauthor: Docs\nsource: s.md\nn: 3\nnil:\n---\n\
             \n# H\n\nbody \n\n",
        )
        .unwrap();
        assert_eq!(item.source_id, "007");
        assert_eq!(item.title, "T: t");
        assert_eq!(item.category_path, ["A", "B", "C", "D"]);
        assert_eq!(item.tags, ["a", "b, c"]);
        assert_eq!(item.status.as_deref(), Some("draft"));
        assert_eq!(item.excerpt, "D");
        assert_eq!(item.locale.as_deref(), Some("pt-BR"));
        assert_eq!(item.author.as_deref(), Some("Docs"));
        assert_eq!(
            item.front_matter.as_deref(),
            Some(r#"{"source":"s.md","n":3,"nil":null}"#)
        );
        assert_eq!(item.body, "# H\n\nbody \n\n");
    }

    #[test]
    fn what_is_not_said_comes_from_the_file() {
        let item = one(
            "Guides/Set up/first-run.md",
            "text\n\n```\n# no\n```\n## The `first` **run** [x](y) ##\n",
        )
        .unwrap();
        assert_eq!(item.source_id, "Guides/Set up/first-run");
        assert_eq!(item.title, "The first run x");
        assert_eq!(item.category_path, ["Guides", "Set up"]);
        assert_eq!(item.status, None);
        assert_eq!(item.locale, None);
        assert_eq!(item.front_matter, None);
        let item = one("first-run.md", "#no heading\n").unwrap();
        assert_eq!(item.title, "first-run");
        assert!(item.category_path.is_empty());
        let item = one("a/b.md", "---\ntitle: \"\"\nsection: S\nid: null\n---\n").unwrap();
        assert_eq!((item.title.as_str(), item.source_id.as_str()), ("b", "a/b"));
        assert_eq!(item.category_path, ["S"]);
    }

    #[test]
    fn a_fault_names_the_line() {
        for (text, line, part) in [
            ("---\ntitle: [a]\n---\n", 2, "list"),
            ("---\nid: 1\nlocale: english\n---\n", 3, "locale"),
            (
                "---\nid: 1\n\nstatus: live\n---\n",
                4,
                "published, draft, archived",
            ),
            ("---\ntitle: a: b\n---\n", 2, "quotes"),
        ] {
            let fault = one("a.md", text).unwrap_err();
            assert_eq!(
                (fault.line, fault.path.as_str()),
                (line, "a.md"),
                "{text:?}"
            );
            assert!(fault.reason.contains(part), "{}", fault.reason);
        }
        let large = "x".repeat(BODY_BYTES_MAX + 1);
        assert!(one("a.md", &large).unwrap_err().reason.contains("split it"));
    }
}
