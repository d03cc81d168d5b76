//! What a folder says of its portal: `portal.toml` and `redirects.csv`, in the form an import reads.

use std::collections::{HashMap, HashSet};

use anyhow::{Context, Result};
use cairn_domain::old_address::OldAddress;
use cairn_domain::portal_words::{Contact, Notice};
use serde::Serialize;

use crate::export::wire::{Category, Portal, Redirect};

/// `portal.toml`.
#[derive(Debug, Serialize)]
struct Settings<'a> {
    slug: &'a str,
    name: &'a str,
    default_locale: Option<&'a String>,
    locales: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    accent: Option<&'a str>,
    /// An import leaves out what it does not know; everything here was an attachment.
    files: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    notice: Option<&'a Notice>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contact: Option<&'a Contact>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    categories: Vec<Topic<'a>>,
}

#[derive(Debug, Serialize)]
struct Topic<'a> {
    path: Vec<&'a str>,
    slug: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    description: &'a str,
    position: i32,
}

/// The text of `portal.toml`: the same for the same portal, whatever ids its categories have.
pub(super) fn portal_file(portal: &Portal, tree: &[Category]) -> Result<String> {
    let settings = Settings {
        slug: &portal.slug,
        name: &portal.name,
        default_locale: portal.locales.first(),
        locales: &portal.locales,
        accent: portal.accent.as_deref(),
        files: "all",
        notice: portal.notice.as_ref(),
        contact: portal.contact.as_ref(),
        categories: Tree::of(tree).topics(),
    };
    toml::to_string(&settings).context("cannot write what the portal is as TOML")
}

/// The rows of `redirects.csv` that are no article's own, the target of a category by its slug.
/// What stands at an address in `taken` leads to an article that stood there, so it is left out.
pub(super) fn redirect_rows(
    redirects: &[Redirect],
    tree: &[Category],
    taken: &HashSet<String>,
) -> Vec<(String, String)> {
    let slugs: HashMap<&str, &str> = tree
        .iter()
        .map(|category| (category.id.as_str(), category.slug.as_str()))
        .collect();
    let row = |redirect: &Redirect| {
        let target = match (redirect.target_kind.as_str(), &redirect.target_id) {
            ("category", Some(id)) => format!("category:{}", slugs.get(id.as_str())?),
            ("url", _) => redirect.target_url.clone()?,
            _ => return None,
        };
        let old = OldAddress::from_stored(redirect.old_path.clone(), redirect.old_query.clone());
        let old = old.to_url();
        (!taken.contains(&old)).then_some((old, target))
    };
    redirects.iter().filter_map(row).collect()
}

/// The text of `redirects.csv`, sorted by address.
pub(super) fn redirects_file(mut rows: Vec<(String, String)>) -> Result<Vec<u8>> {
    rows.sort();
    let mut table = csv::Writer::from_writer(Vec::new());
    table.write_record(["old_url", "target"])?;
    for (old_url, target) in &rows {
        table.write_record([old_url, target])?;
    }
    table.into_inner().context("cannot write redirects as CSV")
}

/// The paths of categories that another one of the same parent is called like: files tell them apart
/// by their names alone.
pub(super) fn same_names(tree: &[Category]) -> Vec<String> {
    let mut seen: HashSet<(Option<&str>, String)> = HashSet::new();
    tree.iter()
        .filter(|c| !seen.insert((c.parent.as_deref(), c.name.to_lowercase())))
        .map(|category| category.slug.clone())
        .collect()
}

/// Categories by the one above them.
struct Tree<'a> {
    below: HashMap<Option<&'a str>, Vec<&'a Category>>,
}

impl<'a> Tree<'a> {
    fn of(tree: &'a [Category]) -> Self {
        let mut below: HashMap<Option<&str>, Vec<&Category>> = HashMap::new();
        for category in tree {
            below
                .entry(category.parent.as_deref())
                .or_default()
                .push(category);
        }
        for siblings in below.values_mut() {
            siblings.sort_by_key(|c| (c.position, &c.name, &c.slug));
        }
        Self { below }
    }

    /// Depth first, siblings in their order.
    fn topics(&self) -> Vec<Topic<'a>> {
        let mut topics = Vec::new();
        let mut waiting: Vec<(Vec<&str>, &Category)> = Vec::new();
        let siblings = |parent| self.below.get(&parent).into_iter().flatten().rev();
        waiting.extend(siblings(None).map(|c| (Vec::new(), *c)));
        while let Some((above, category)) = waiting.pop() {
            let mut path = above;
            path.push(&category.name);
            let below = siblings(Some(category.id.as_str()));
            waiting.extend(below.map(|c| (path.clone(), *c)));
            topics.push(Topic {
                path,
                slug: &category.slug,
                description: &category.description,
                position: category.position,
            });
        }
        topics
    }
}

#[cfg(test)]
mod tests {
    use cairn_domain::portal_words::NoticeLevel;

    use super::*;

    fn category(id: &str, parent: Option<&str>, name: &str, position: i32) -> Category {
        Category {
            id: id.to_owned(),
            parent: parent.map(str::to_owned),
            slug: format!("slug-{id}"),
            name: name.to_owned(),
            description: String::new(),
            position,
        }
    }

    #[test]
    fn categories_stand_below_their_parents_in_their_order() {
        let tree = [
            category("1", None, "B", 1),
            category("2", Some("1"), "Z / z", 2),
            category("3", Some("1"), "Y", 2),
            category("4", None, "A", 2),
            category("5", Some("3"), "X \"\n", 1),
        ];
        let portal = Portal {
            slug: "help".to_owned(),
            name: "Help = \"x\"".to_owned(),
            locales: vec!["en".to_owned(), "de".to_owned()],
            accent: None,
            notice: Some(Notice {
                text: "Winter = \"on\"".to_owned(),
                level: NoticeLevel::Warning,
                url: None,
                everywhere: true,
            }),
            contact: Some(Contact {
                url: "tel:+4940123".to_owned(),
                label: None,
            }),
        };
        let text = portal_file(&portal, &tree).unwrap();
        let read: toml::Table = text.parse().unwrap();
        let notice: Notice = read["notice"].clone().try_into().unwrap();
        let contact: Contact = read["contact"].clone().try_into().unwrap();
        assert_eq!(
            (Some(notice), Some(contact)),
            (portal.notice.clone(), portal.contact.clone())
        );
        assert_eq!(read["default_locale"].as_str(), Some("en"));
        let paths = read["categories"].as_array().unwrap().iter();
        let paths: Vec<String> = paths.map(|c| c["path"].to_string()).collect();
        assert_eq!(paths.len(), 5);
        assert!(
            paths[2].contains('X') && paths[3].contains("Z / z"),
            "{paths:?}"
        );
    }

    #[test]
    fn redirects_name_categories_by_slug() {
        let redirect = |old: &str, kind: &str, id: Option<&str>, url: Option<&str>| Redirect {
            old_path: old.to_owned(),
            old_query: String::new(),
            target_kind: kind.to_owned(),
            target_id: id.map(str::to_owned),
            target_url: url.map(str::to_owned),
        };
        let redirects = [
            redirect("/b", "category", Some("1"), None),
            redirect("/a \"x\"", "url", None, Some("https://e.example/x,y")),
            redirect("/c", "article", Some("9"), None),
            redirect("/en/articles/old", "url", None, Some("/x")),
        ];
        let taken = HashSet::from(["/en/articles/old".to_owned()]);
        let rows = redirect_rows(&redirects, &[category("1", None, "B", 1)], &taken);
        let text = String::from_utf8(redirects_file(rows).unwrap()).unwrap();
        assert_eq!(
            text,
            "old_url,target\n/a%20%22x%22,\"https://e.example/x,y\"\n/b,category:slug-1\n"
        );
    }

    #[test]
    fn siblings_of_one_name_are_named() {
        let tree = [
            category("1", None, "A", 1),
            category("2", None, "a", 1),
            category("3", Some("1"), "A", 1),
        ];
        assert_eq!(same_names(&tree), ["slug-2"]);
    }
}
