//! Categories and sections: the tree they make, its addresses, and the languages of it all.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use cairn_domain::limits::CATEGORY_DEPTH_MAX;
use cairn_domain::locale::Locale;

use crate::addresses::path_of;
use crate::article::{Fault, OldAddress, SourceCategory, SourcePortal};
use crate::records::Record;

use super::article::Meta;

/// A category or a section, in one language.
#[derive(Debug, Clone)]
struct Group {
    name: String,
    description: String,
    position: Option<i32>,
    /// Of a section: its section above, else its category.
    above: Option<Above>,
    /// All its addresses, in every language seen.
    addresses: BTreeSet<String>,
    locale: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Above {
    Section(String),
    Category(String),
}

/// What surrounds the articles.
#[derive(Debug, Default)]
pub(super) struct Structure {
    groups: BTreeMap<Above, Vec<Group>>,
    /// How many articles are written in a language; and how many were first.
    locales: BTreeMap<String, u64>,
    first_locales: BTreeMap<String, u64>,
    default_locale: Option<String>,
    votes: HashMap<String, (i64, i64)>,
}

impl Structure {
    pub(super) fn category(&mut self, record: &Record<'_>) -> Result<(), Fault> {
        let group = group(record, None)?;
        let id = Above::Category(record.own_id()?);
        self.groups.entry(id).or_default().push(group);
        Ok(())
    }

    pub(super) fn section(&mut self, record: &Record<'_>) -> Result<(), Fault> {
        let above = match record.id("parent_section_id")? {
            Some(id) => Some(Above::Section(id)),
            None => record.id("category_id")?.map(Above::Category),
        };
        let group = group(record, above)?;
        let id = Above::Section(record.own_id()?);
        self.groups.entry(id).or_default().push(group);
        Ok(())
    }

    /// Counts the languages of an article.
    pub(super) fn article(&mut self, record: &Record<'_>) -> Result<(), Fault> {
        if let Some(locale) = record.text("locale")? {
            *self.locales.entry(locale.to_ascii_lowercase()).or_default() += 1;
        }
        if let Some(locale) = record.text("source_locale")? {
            *self
                .first_locales
                .entry(locale.to_ascii_lowercase())
                .or_default() += 1;
        }
        Ok(())
    }

    pub(super) fn translation(&mut self, record: &Record<'_>) -> Result<(), Fault> {
        if let Some(locale) = record.text("locale")? {
            *self.locales.entry(locale.to_ascii_lowercase()).or_default() += 1;
        }
        Ok(())
    }

    pub(super) fn vote(&mut self, record: &Record<'_>) -> Result<(), Fault> {
        let is_article = record
            .text("item_type")?
            .is_none_or(|of| of.eq_ignore_ascii_case("article"));
        if let (true, Some(id), Some(value)) =
            (is_article, record.id("item_id")?, record.number("value")?)
        {
            let (sum, count) = self.votes.entry(id).or_default();
            *sum = sum.saturating_add(value);
            *count += 1;
        }
        Ok(())
    }

    /// Sum and number of the votes for an article, where the dump lists them.
    pub(super) fn votes_of(&self, id: &str) -> Option<(i64, i64)> {
        self.votes.get(id).copied()
    }

    /// Everything was read: finds the default language.
    pub(super) fn settle(&mut self, _metas: &BTreeMap<String, Meta>) {
        let most = |counts: &BTreeMap<String, u64>| {
            let most = counts
                .iter()
                .max_by_key(|(locale, count)| (**count, std::cmp::Reverse(*locale)));
            most.map(|(locale, _)| locale.clone())
        };
        self.default_locale = most(&self.first_locales).or_else(|| most(&self.locales));
    }

    /// Whether a language is the default one.
    pub(super) fn is_default(&self, locale: &str) -> bool {
        self.default_locale
            .as_deref()
            .is_some_and(|default| default.eq_ignore_ascii_case(locale))
    }

    fn shown(&self, id: &Above) -> Option<&Group> {
        let groups = self.groups.get(id)?;
        let default = groups.iter().find(|group| {
            group
                .locale
                .as_deref()
                .is_some_and(|locale| self.is_default(locale))
        });
        default.or(groups.first())
    }

    /// Names from the category down to a section, and what was missing on the way.
    pub(super) fn path_of(&self, section: Option<&str>) -> (Vec<String>, Option<String>) {
        let section = section.map(|id| Above::Section(id.to_owned()));
        self.path(section)
    }

    fn path(&self, mut at: Option<Above>) -> (Vec<String>, Option<String>) {
        let mut path = Vec::new();
        let mut missing = None;
        while let Some(id) = at {
            let Some(group) = self.shown(&id).filter(|_| path.len() < CATEGORY_DEPTH_MAX) else {
                missing = Some(match &id {
                    Above::Section(id) => format!("section {id}"),
                    Above::Category(id) => format!("category {id}"),
                });
                break;
            };
            path.push(group.name.clone());
            at = group.above.clone();
        }
        path.reverse();
        (path, missing)
    }

    pub(super) fn portal(&self) -> SourcePortal {
        let mut categories: Vec<(Vec<(i32, String)>, SourceCategory)> = Vec::new();
        for id in self.groups.keys() {
            let Some(group) = self.shown(id) else {
                continue;
            };
            let (path, _) = self.path(Some(id.clone()));
            let place = self.place(id);
            let category = SourceCategory {
                path,
                slug: None,
                description: group.description.clone(),
                position: group.position,
            };
            categories.push((place, category));
        }
        // Parents before children, siblings by position: by the positions from the top down.
        categories.sort_by(|a, b| a.0.cmp(&b.0));
        categories.dedup_by(|a, b| a.1.path == b.1.path);
        let default = self.default_locale.iter().cloned();
        let others = self
            .locales
            .keys()
            .filter(|locale| !self.is_default(locale))
            .cloned();
        let locales = default
            .chain(others)
            .filter_map(|locale| canonical(&locale));
        SourcePortal {
            slug: None,
            name: None,
            locales: locales.collect(),
            accent: None,
            notice: None,
            contact: None,
            categories: categories
                .into_iter()
                .map(|(_, category)| category)
                .collect(),
        }
    }

    fn place(&self, id: &Above) -> Vec<(i32, String)> {
        let mut place = Vec::new();
        let mut at = Some(id.clone());
        while let Some(group) = at.as_ref().and_then(|id| self.shown(id)) {
            place.push((group.position.unwrap_or(i32::MAX), group.name.clone()));
            if place.len() > CATEGORY_DEPTH_MAX {
                break;
            }
            at = group.above.clone();
        }
        place.reverse();
        place
    }

    pub(super) fn old_addresses(&self) -> Vec<OldAddress> {
        let mut found = BTreeMap::new();
        for (id, groups) in &self.groups {
            let (path, _) = self.path(Some(id.clone()));
            // The target is written with slashes between the names.
            if path.iter().any(|name| name.contains('/')) {
                continue;
            }
            let target = format!("category:{}", path.join("/"));
            let (kind, number) = match id {
                Above::Section(number) => ("sections", number),
                Above::Category(number) => ("categories", number),
            };
            let written = groups
                .iter()
                .flat_map(|group| group.addresses.iter().cloned());
            let bare = self
                .locales
                .keys()
                .map(|locale| format!("/hc/{locale}/{kind}/{number}"));
            for old_url in written.chain(bare) {
                found.entry(old_url).or_insert_with(|| target.clone());
            }
        }
        let addresses = found
            .into_iter()
            .map(|(old_url, target)| OldAddress { old_url, target });
        addresses.collect()
    }
}

fn group(record: &Record<'_>, above: Option<Above>) -> Result<Group, Fault> {
    let name = record
        .text("name")?
        .map(str::trim)
        .filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| record.fault("`name` is missing; a category needs one"))?;
    let position = record
        .number("position")?
        .and_then(|position| i32::try_from(position).ok());
    let address = record.text("html_url")?.and_then(path_of);
    Ok(Group {
        name: name.to_owned(),
        description: record
            .text("description")?
            .unwrap_or_default()
            .trim()
            .to_owned(),
        position,
        above,
        addresses: address.map(str::to_owned).into_iter().collect(),
        locale: record.text("locale")?.map(str::to_owned),
    })
}

/// A language as Cairn writes it.
pub(super) fn canonical(locale: &str) -> Option<String> {
    Locale::parse("locale", locale)
        .ok()
        .map(|locale| locale.to_string())
}
