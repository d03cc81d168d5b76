//! One article as a file: front matter, an empty line, and the body to the byte.

use std::collections::{BTreeSet, HashMap};

use cairn_domain::limits::{OLD_URLS_MAX, TRANSLATION_KEY_BYTES_MAX};
use cairn_domain::old_address::OldAddress;
use cairn_sources::KNOWN_KEYS;
use cairn_sources::front_matter::{Entry, Value, entries_of, write};

use crate::export::wire::Article;

/// Where a file came from, where that is not where it lies: nothing reads it, people may.
const IMPORTED_PATH: &str = "imported_path";
/// Front matter that is no JSON object.
const UNREADABLE: &str = "front_matter";

/// What stands before the body.
#[derive(Debug)]
pub(super) struct Head {
    /// The block, its fences and the empty line behind it.
    pub(super) text: String,
    /// Old addresses for which there is no room in it.
    pub(super) further_urls: Vec<String>,
}

/// Makes the head of an article. `key` joins it to its translations; `imported_path` is said where
/// the file could not keep it.
pub(super) fn head(article: &Article, key: &str, imported_path: Option<&str>) -> Head {
    let mut urls: Vec<String> = old_urls(article).into_iter().collect();
    let further_urls = urls.split_off(urls.len().min(OLD_URLS_MAX));
    let mut entries: Vec<Entry> = Vec::new();
    let mut say = |key: &str, value: Value| entries.push(Entry::new(key, value));
    say("id", Value::text(id(article)));
    say("title", Value::text(&article.title));
    say("slug", Value::text(&article.slug));
    say("locale", Value::text(&article.locale));
    // An empty list says that it hangs nowhere; without it the folder would be the category.
    say("category", Value::texts(&article.category_path));
    if !article.tags.is_empty() {
        say("tags", Value::texts(&article.tags));
    }
    say("status", Value::text(&article.status));
    if article.audience != "public" {
        say("audience", Value::text(&article.audience));
    }
    // What is nothing but white space says nothing to an import.
    if !article.excerpt.trim().is_empty() {
        say("description", Value::text(&article.excerpt));
    }
    if let Some(author) = &article.author {
        say("author", Value::text(author));
    }
    say("created", Value::text(short_time(&article.created_at)));
    if let Some(at) = &article.published_at {
        say("updated", Value::text(short_time(at)));
    }
    // Always: else files in parallel folders would be taken for translations of each other.
    say("translation", Value::text(key));
    if !urls.is_empty() {
        say("old_urls", Value::texts(&urls));
    }
    let mut others = others(article.front_matter.as_deref());
    if let Some(path) = imported_path
        && others.iter().all(|entry| entry.key != IMPORTED_PATH)
    {
        others.push(Entry::new(IMPORTED_PATH, Value::text(path)));
    }
    entries.extend(others);
    Head {
        text: write(&entries),
        further_urls,
    }
}

/// The id an import finds it by: the one it came with, else its own.
pub(super) fn id(article: &Article) -> &str {
    article.source_id.as_deref().unwrap_or(&article.id)
}

/// Where it stood before, here and at the site before, each address once.
fn old_urls(article: &Article) -> BTreeSet<String> {
    let redirected = article.old_urls.iter();
    let redirected =
        redirected.map(|old| OldAddress::from_stored(old.path.clone(), old.query.clone()).to_url());
    redirected.chain(old_slug_urls(article)).collect()
}

/// The addresses of slugs it had.
pub(super) fn old_slug_urls(article: &Article) -> impl Iterator<Item = String> {
    article.old_slugs.iter().map(|old| {
        let path = format!("/{}/articles/{}", old.locale, old.slug);
        OldAddress::from_stored(path, String::new()).to_url()
    })
}

/// The keys that mean nothing here, in their order. One that would be taken for one of ours gets
/// another name, which it keeps from then on.
fn others(front_matter: Option<&str>) -> Vec<Entry> {
    let Some(text) = front_matter else {
        return Vec::new();
    };
    let Ok(mut entries) = entries_of(text) else {
        return vec![Entry::new(UNREADABLE, Value::text(text))];
    };
    for at in 0..entries.len() {
        if !KNOWN_KEYS.contains(&entries[at].key.as_str()) {
            continue;
        }
        let mut key = format!("x_{}", entries[at].key);
        while entries.iter().any(|entry| entry.key == key) {
            key.insert_str(0, "x_");
        }
        entries[at].key = key;
    }
    entries
}

/// An RFC 3339 time in UTC without the zeros at the end of its fraction.
fn short_time(text: &str) -> String {
    match text.parse::<jiff::Timestamp>() {
        Ok(at) => at.to_string(),
        Err(_) => text.to_owned(),
    }
}

/// The keys by which files are translations of each other: one for each group, no two alike.
#[derive(Debug, Default)]
pub(super) struct Keys {
    /// Which group a key stands for.
    claimed: HashMap<String, String>,
    /// Whether the articles come from several sources, whose keys may be the same.
    has_sources: bool,
}

impl Keys {
    pub(super) fn new(has_sources: bool) -> Self {
        Self {
            claimed: HashMap::new(),
            has_sources,
        }
    }

    /// The key of the group of an article: the one it came with, where that is nobody else's.
    pub(super) fn key(&mut self, article: &Article) -> String {
        let group = &article.translation_group;
        let own = match (&article.group_key, &article.group_key_source) {
            (Some(key), Some(source)) if self.has_sources => format!("{source}:{key}"),
            (Some(key), _) => key.clone(),
            (None, _) => group.clone(),
        };
        if own.len() > TRANSLATION_KEY_BYTES_MAX || own.trim().is_empty() {
            return group.clone();
        }
        let claimed = self.claimed.entry(own.clone()).or_insert(group.clone());
        if claimed == group { own } else { group.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn article() -> Article {
        Article {
            id: "018f4e2a-7b1c-7c3d-9e4f-0123456789ab".to_owned(),
            locale: "en".to_owned(),
            slug: "t".to_owned(),
            title: "T: t".to_owned(),
            status: "draft".to_owned(),
            audience: "public".to_owned(),
            translation_group: "g".to_owned(),
            created_at: "2026-01-02T03:04:05.000000Z".to_owned(),
            ..Article::default()
        }
    }

    #[test]
    fn a_head_says_what_an_import_needs_and_no_more() {
        let head = head(&article(), "k", None);
        assert_eq!(
            head.text,
            "---\nid: \"018f4e2a-7b1c-7c3d-9e4f-0123456789ab\"\ntitle: \"T: t\"\nslug: t\nlocale: en\n\
             category: []\nstatus: draft\ncreated: \"2026-01-02T03:04:05Z\"\ntranslation: k\n---\n\n"
        );
    }

    #[test]
    fn keys_that_would_be_ours_keep_their_value_under_another_name() {
        let entries = others(Some(
            r#"{"slug":[1],"a":{"b":null},"x_slug":2,"title":"x"}"#,
        ));
        let keys: Vec<_> = entries.iter().map(|e| e.key.as_str()).collect();
        assert_eq!(keys, ["x_x_slug", "a", "x_slug", "x_title"]);
        let entries = others(Some("[1, 2"));
        assert_eq!(entries[0].key, UNREADABLE);
    }

    #[test]
    fn no_two_groups_share_a_key() {
        let mut keys = Keys::new(false);
        let member = |group: &str, key: Option<&str>| Article {
            translation_group: group.to_owned(),
            group_key: key.map(str::to_owned),
            group_key_source: key.map(|_| "s".to_owned()),
            ..Article::default()
        };
        assert_eq!(keys.key(&member("1", Some("a"))), "a");
        assert_eq!(keys.key(&member("1", Some("a"))), "a");
        assert_eq!(keys.key(&member("2", Some("a"))), "2");
        assert_eq!(keys.key(&member("3", None)), "3");
        assert_eq!(Keys::new(true).key(&member("1", Some("a"))), "s:a");
    }

    #[test]
    fn addresses_beyond_the_most_go_elsewhere() {
        let mut article = article();
        article.old_slugs.push(crate::export::wire::OldSlug {
            locale: "en".to_owned(),
            slug: "größe".to_owned(),
        });
        for n in 0..OLD_URLS_MAX {
            article.old_urls.push(crate::export::wire::OldUrl {
                path: format!("/{n}"),
                query: String::new(),
            });
        }
        let head = head(&article, "k", Some("../x.md"));
        assert_eq!(head.further_urls, ["/en/articles/gr%C3%B6%C3%9Fe"]);
        assert!(head.text.contains("imported_path: "), "{}", head.text);
    }
}
