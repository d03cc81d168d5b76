//! One file becomes one article to import, or a fault with its line.

use std::collections::HashMap;

use cairn_domain::limits::BODY_BYTES_MAX;
use cairn_domain::locale::Locale;
use cairn_service::articles::ImportItem;

use crate::import::front_matter::{self, Entry, FrontMatter, Scalar, Value, json_text};
use crate::import::report::Fault;

/// Changes a body on its way in: the demo's links. Gets the path and the body.
pub(crate) type Rewrite<'a> = dyn Fn(&str, &str) -> String + 'a;

/// What an import is told.
pub(crate) struct Options<'a> {
    /// Slug of the portal.
    pub(crate) portal: String,
    /// Name of the portal, should it have to be made.
    pub(crate) portal_name: Option<String>,
    /// Locale of files that name none.
    pub(crate) locale: Locale,
    /// Status of files that name none.
    pub(crate) status: String,
    /// Changes bodies; an import of a person's files never does.
    pub(crate) rewrite: Option<Box<Rewrite<'a>>>,
}

/// The words a status may be.
const STATUSES: [&str; 3] = ["published", "draft", "archived"];

/// Turns files into articles and notices when two of them claim to be the same one.
pub(crate) struct Plan<'a> {
    options: &'a Options<'a>,
    /// Which file a (locale, source id) stands for.
    seen: HashMap<(String, String), String>,
}

/// An article to import and where its body begins in the file.
#[derive(Debug)]
pub(crate) struct Planned {
    pub(crate) item: ImportItem,
    pub(crate) body_line: usize,
}

impl<'a> Plan<'a> {
    pub(crate) fn new(options: &'a Options<'a>) -> Self {
        Self {
            options,
            seen: HashMap::new(),
        }
    }

    /// The article in the file `path` with this text.
    ///
    /// # Errors
    /// The first fault of the file.
    pub(crate) fn article(&mut self, path: &str, text: &str) -> Result<Planned, Fault> {
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
        let fields = Fields {
            path,
            block: &block,
        };
        let stem = without_extension(path);
        let source_id = fields.text("id")?.unwrap_or_else(|| stem.to_owned());
        let locale = fields
            .locale()?
            .unwrap_or_else(|| self.options.locale.clone());
        let status = match fields.text("status")? {
            None => self.options.status.clone(),
            Some(status) => fields.one_of("status", status, &STATUSES)?,
        };
        let title = fields.text("title")?.or_else(|| first_heading(body));
        let title = title.unwrap_or_else(|| stem.rsplit('/').next().unwrap_or(stem).to_owned());
        let identity = (locale.to_string(), source_id.clone());
        if let Some(other) = self.seen.get(&identity) {
            return Err(Fault::at(
                path,
                fields.line("id"),
                format!("{other} has the same id {source_id:?} in locale {locale}; ids are unique"),
            ));
        }
        self.seen.insert(identity, path.to_owned());
        let body_line = block.body_line;
        let body = match &self.options.rewrite {
            Some(rewrite) => rewrite(path, body),
            None => body.to_owned(),
        };
        let item = ImportItem {
            source_id,
            title,
            body,
            excerpt: fields.text("description")?.unwrap_or_default(),
            tags: fields.list("tags")?,
            author: fields.text("author")?,
            category_path: category_path(&fields)?,
            locale: locale.to_string(),
            status,
            front_matter: other_keys(&block),
            ..ImportItem::default()
        };
        Ok(Planned { item, body_line })
    }
}

/// The keys Cairn knows; all others are kept as they are.
const KNOWN: [&str; 9] = [
    "id",
    "title",
    "category",
    "section",
    "tags",
    "status",
    "description",
    "locale",
    "author",
];

struct Fields<'a> {
    path: &'a str,
    block: &'a FrontMatter,
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
        match &entry.value {
            Value::Empty => Ok(None),
            Value::Scalar(scalar) => Ok(said(scalar)),
            Value::List(_) => Err(Fault::at(
                self.path,
                entry.line,
                format!("{key} is a list; write one value"),
            )),
        }
    }

    /// The texts of a key that is a list; one value alone is a list of one.
    fn list(&self, key: &str) -> Result<Vec<String>, Fault> {
        match self.entry(key).map(|entry| &entry.value) {
            Some(Value::List(items)) => Ok(items.iter().filter_map(said).collect()),
            _ => Ok(self.text(key)?.into_iter().collect()),
        }
    }

    fn locale(&self) -> Result<Option<Locale>, Fault> {
        let Some(text) = self.text("locale")? else {
            return Ok(None);
        };
        Locale::parse("locale", &text)
            .map(Some)
            .map_err(|error| Fault::at(self.path, self.line("locale"), error.message))
    }

    fn one_of(&self, key: &str, text: String, words: &[&str]) -> Result<String, Fault> {
        if words.contains(&text.as_str()) {
            return Ok(text);
        }
        Err(Fault::at(
            self.path,
            self.line(key),
            format!("{key} is {text:?}; it is one of {}", words.join(", ")),
        ))
    }
}

/// What a scalar says; an empty or null one says nothing.
fn said(scalar: &Scalar) -> Option<String> {
    let null = !scalar.quoted && matches!(scalar.text.as_str(), "null" | "~");
    (!null && !scalar.text.trim().is_empty()).then(|| scalar.text.clone())
}

/// Category and section split at `/`; without both, the folders the file lies in.
fn category_path(fields: &Fields<'_>) -> Result<Vec<String>, Fault> {
    let named = [fields.text("category")?, fields.text("section")?];
    let folder = fields
        .path
        .rsplit_once('/')
        .map(|(folder, _)| folder.to_owned());
    let sources: Vec<String> = match named {
        [None, None] => folder.into_iter().collect(),
        named => named.into_iter().flatten().collect(),
    };
    let names = sources
        .iter()
        .flat_map(|source| source.split('/'))
        .map(str::trim);
    Ok(names
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect())
}

/// What means nothing to Cairn, as a JSON object in the order of the file.
fn other_keys(block: &FrontMatter) -> Option<String> {
    let others = block
        .entries
        .iter()
        .filter(|entry| !KNOWN.contains(&entry.key.as_str()));
    let others: Vec<String> = others
        .map(|entry| format!("{}:{}", json_text(&entry.key), entry.value.to_json()))
        .collect();
    (!others.is_empty()).then(|| format!("{{{}}}", others.join(",")))
}

pub(crate) fn without_extension(path: &str) -> &str {
    path.rsplit_once('.').map_or(path, |(stem, _)| stem)
}

/// The first `#` heading outside fenced code, as plain words.
fn first_heading(body: &str) -> Option<String> {
    let mut fence: Option<&str> = None;
    for line in body.lines() {
        let content = line.trim_start();
        let marker = ["```", "~~~"]
            .into_iter()
            .find(|marker| content.starts_with(marker));
        match (fence, marker) {
            (Some(open), Some(marker)) if open == marker => fence = None,
            (None, Some(marker)) => fence = Some(marker),
            (None, None) if content.starts_with('#') => {
                let text = content.trim_start_matches('#');
                if !text.starts_with([' ', '\t']) || content.len() - text.len() > 6 {
                    continue;
                }
                let text = plain_words(text.trim().trim_end_matches('#').trim_end());
                if !text.is_empty() {
                    return Some(text);
                }
            }
            _ => {}
        }
    }
    None
}

/// Takes links down to their text and drops emphasis and code marks.
fn plain_words(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, link)) = rest.split_once('[') {
        let Some((label, after)) = link.split_once("](") else {
            break;
        };
        let Some((_, after)) = after.split_once(')') else {
            break;
        };
        out.push_str(before.strip_suffix('!').unwrap_or(before));
        out.push_str(label);
        rest = after;
    }
    out.push_str(rest);
    out.replace("**", "")
        .replace(['`', '*'], "")
        .trim()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> Options<'static> {
        Options {
            portal: "help".to_owned(),
            portal_name: None,
            locale: Locale::parse("locale", "en").unwrap(),
            status: "published".to_owned(),
            rewrite: None,
        }
    }

    fn one(path: &str, text: &str) -> Result<ImportItem, Fault> {
        let options = options();
        let mut plan = Plan::new(&options);
        plan.article(path, text).map(|planned| planned.item)
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
        assert_eq!(item.status, "draft");
        assert_eq!(item.excerpt, "D");
        assert_eq!(item.locale, "pt-BR");
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
        assert_eq!(item.status, "published");
        assert_eq!(item.locale, "en");
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

    #[test]
    fn two_files_with_one_id_are_told_apart() {
        let options = options();
        let mut plan = Plan::new(&options);
        let text = "---\nid: same\n---\n";
        plan.article("a.md", text).unwrap();
        let fault = plan.article("b.md", text).unwrap_err();
        assert!(fault.reason.contains("a.md"), "{}", fault.reason);
        plan.article("c.md", "---\nid: same\nlocale: de\n---\n")
            .unwrap();
    }
}
