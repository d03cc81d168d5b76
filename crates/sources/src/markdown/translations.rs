//! Which files are translations of each other, and what their paths say about their languages.
//!
//! Two files are translations of each other when they have one id and different locales, or when
//! their paths are the same but for a language: `de/guide/a.md` beside `en/guide/a.md`,
//! `docs.de-de/a.md` beside `docs.fr-fr/a.md`, `guide/a.de.md` beside `guide/a.md`. Because `it` is a
//! language and a department, a part of a path counts as a language only when a sibling in another
//! one is there, or the front matter names the same language: of two language folders the smaller
//! one shares at least half of its files with the other.

use std::collections::{BTreeMap, HashMap, HashSet};

use cairn_domain::locale::Locale;

use super::article::{Facts, without_extension};
use super::languages::is_language;

/// What a path says besides being a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// The path without its language: what folders mean as categories.
    pub(super) neutral: String,
    /// The language in the path.
    pub(super) locale: Option<Locale>,
    /// Shared by translations.
    pub(super) key: Option<String>,
}

impl Place {
    /// A path that says nothing else.
    pub(super) fn of(path: &str) -> Self {
        Self {
            neutral: path.to_owned(),
            locale: None,
            key: None,
        }
    }
}

/// The places of all files, in their order.
pub(super) fn places(files: &[(&str, Facts)]) -> Vec<Place> {
    let spots: Vec<Vec<Spot<'_>>> = files.iter().map(|(path, _)| spots(path)).collect();
    let confirmed = confirmed(&spots);
    let stems: HashSet<&str> = files
        .iter()
        .map(|(path, _)| without_extension(path))
        .collect();
    // Files without a language beside files that name one: guide/a.md beside guide/a.de.md.
    let mut bases: HashSet<&str> = HashSet::new();
    let mut places = Vec::with_capacity(files.len());
    for ((path, facts), spots) in files.iter().zip(&spots) {
        let chosen = spots.iter().find(|spot| match &facts.locale {
            Some(said) => said.language() == spot.locale.language(),
            None => {
                confirmed.contains(&(spot.shape(), spot.tag))
                    || (spot.is_suffix() && stems.contains(spot.before))
            }
        });
        let Some(spot) = chosen else {
            places.push(Place::of(path));
            continue;
        };
        if spot.is_suffix() {
            bases.insert(spot.before);
        }
        places.push(Place {
            neutral: spot.neutral(path),
            locale: Some(spot.locale.clone()),
            key: Some(spot.key()),
        });
    }
    for ((path, _), place) in files.iter().zip(&mut places) {
        let stem = without_extension(path);
        if place.key.is_none() && bases.contains(stem) {
            place.key = Some(format!("{stem}.*"));
        }
    }
    join_by_id(files, &mut places);
    places
}

/// One id in several locales is one article in several languages; an id alone is its own key, so
/// that a translation that comes with a later import finds it.
fn join_by_id(files: &[(&str, Facts)], places: &mut [Place]) {
    let locale_of = |facts: &Facts, place: &Place| facts.locale.clone().or(place.locale.clone());
    let mut locales: HashMap<&str, HashSet<Option<Locale>>> = HashMap::new();
    for ((_, facts), place) in files.iter().zip(places.iter()) {
        if let Some(id) = &facts.id {
            locales
                .entry(id)
                .or_default()
                .insert(locale_of(facts, place));
        }
    }
    for ((_, facts), place) in files.iter().zip(places) {
        let Some(id) = &facts.id else { continue };
        let is_shared = locales.get(id.as_str()).is_some_and(|l| l.len() > 1);
        if is_shared || place.key.is_none() {
            place.key = Some(id.clone());
        }
    }
}

/// A part of a path that may be a language.
#[derive(Debug)]
struct Spot<'a> {
    /// What stands in front of the tag.
    before: &'a str,
    tag: &'a str,
    /// What follows it, without the extension.
    after: &'a str,
    locale: Locale,
}

/// What two paths share that differ in a language only.
type Shape<'a> = (&'a str, bool);

impl<'a> Spot<'a> {
    /// Whether it stands behind the name of the file instead of in a folder.
    fn is_suffix(&self) -> bool {
        self.after.is_empty()
    }

    fn shape(&self) -> Shape<'a> {
        (self.before, self.is_suffix())
    }

    fn key(&self) -> String {
        if self.is_suffix() {
            format!("{}.*", self.before)
        } else {
            format!("{}*{}", self.before, self.after)
        }
    }

    fn neutral(&self, path: &str) -> String {
        let extension = &path[without_extension(path).len()..];
        if self.is_suffix() {
            return format!("{}{extension}", self.before);
        }
        // `docs.de-de/a.md` lies in docs, `de/a.md` in no folder.
        let before = self.before.strip_suffix('.').unwrap_or(self.before);
        let after = if before.is_empty() || before.ends_with('/') {
            self.after.trim_start_matches('/')
        } else {
            self.after
        };
        format!("{before}{after}{extension}")
    }
}

/// The parts of a path that may be languages, from the front.
fn spots(path: &str) -> Vec<Spot<'_>> {
    let stem = without_extension(path);
    let mut spots = Vec::new();
    let mut start = 0;
    for segment in stem.split('/') {
        let end = start + segment.len();
        let is_file = end == stem.len();
        let dot = segment.rfind('.');
        // A file is never called by its language alone; a folder may be.
        let tag_start = match dot {
            Some(dot) if dot > 0 => Some(start + dot + 1),
            _ if is_file => None,
            _ => Some(start),
        };
        if let Some(at) = tag_start
            && let Some(locale) = language(&stem[at..end])
        {
            spots.push(Spot {
                before: if is_file {
                    &stem[..at - 1]
                } else {
                    &stem[..at]
                },
                tag: &stem[at..end],
                after: &stem[end..],
                locale,
            });
        }
        start = end + 1;
    }
    spots
}

fn language(tag: &str) -> Option<Locale> {
    let locale = Locale::parse("locale", tag).ok()?;
    is_language(locale.language()).then_some(locale)
}

/// The languages that siblings confirm: (shape, tag).
fn confirmed<'a>(spots: &[Vec<Spot<'a>>]) -> HashSet<(Shape<'a>, &'a str)> {
    // For each shape: which tags there are with how many files, and under which rest they meet.
    type Tags<'a> = BTreeMap<&'a str, (Locale, usize)>;
    let mut shapes: HashMap<Shape<'a>, (Tags<'a>, HashMap<&'a str, Vec<&'a str>>)> = HashMap::new();
    for spot in spots.iter().flatten() {
        let (tags, rests) = shapes.entry(spot.shape()).or_default();
        tags.entry(spot.tag)
            .or_insert_with(|| (spot.locale.clone(), 0))
            .1 += 1;
        rests.entry(spot.after).or_default().push(spot.tag);
    }
    let mut confirmed = HashSet::new();
    for (shape, (tags, rests)) in shapes {
        if tags.len() < 2 {
            continue;
        }
        let mut shared: HashMap<(&str, &str), usize> = HashMap::new();
        for there in rests.values() {
            for (n, one) in there.iter().enumerate() {
                for other in &there[n + 1..] {
                    let pair = if one < other {
                        (*one, *other)
                    } else {
                        (*other, *one)
                    };
                    *shared.entry(pair).or_default() += 1;
                }
            }
        }
        for ((one, other), count) in shared {
            let (Some(first), Some(second)) = (tags.get(one), tags.get(other)) else {
                continue;
            };
            if first.0 != second.0 && count * 2 >= first.1.min(second.1) {
                confirmed.insert((shape, one));
                confirmed.insert((shape, other));
            }
        }
    }
    confirmed
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `path` or `path=locale` or `path#id=locale`, as `key|locale|neutral`.
    fn joined(files: &[&str]) -> Vec<String> {
        let files: Vec<(&str, Facts)> = files
            .iter()
            .map(|file| {
                let (name, locale) = file.split_once('=').unwrap_or((file, ""));
                let (path, id) = name.split_once('#').unwrap_or((name, ""));
                let facts = Facts {
                    id: (!id.is_empty()).then(|| id.to_owned()),
                    locale: Locale::parse("locale", locale).ok(),
                };
                (path, facts)
            })
            .collect();
        let shown = places(&files).into_iter().map(|place| {
            let locale = place.locale.map(String::from).unwrap_or_default();
            format!(
                "{}|{locale}|{}",
                place.key.unwrap_or_default(),
                place.neutral
            )
        });
        shown.collect()
    }

    #[test]
    fn parallel_folders_are_languages() {
        assert_eq!(
            joined(&[
                "de/guide/a.md",
                "en/guide/a.md",
                "en/guide/b.md",
                "guide/a.md"
            ]),
            [
                "*/guide/a|de|guide/a.md",
                "*/guide/a|en|guide/a.md",
                "*/guide/b|en|guide/b.md",
                "||guide/a.md",
            ]
        );
        assert_eq!(
            joined(&["x/docs.de-de/o/a.md", "x/docs.pt-br/o/a.md"]),
            [
                "x/docs.*/o/a|de-DE|x/docs/o/a.md",
                "x/docs.*/o/a|pt-BR|x/docs/o/a.md"
            ]
        );
    }

    #[test]
    fn a_suffix_is_a_language_beside_the_same_name() {
        assert_eq!(
            joined(&[
                "g/a.de.md",
                "g/a.md",
                "g/b.en.md",
                "g/b.fr.md",
                "g/c.is.md",
                "node.js.md"
            ]),
            [
                "g/a.*|de|g/a.md",
                "g/a.*||g/a.md",
                "g/b.*|en|g/b.md",
                "g/b.*|fr|g/b.md",
                "||g/c.is.md",
                "||node.js.md",
            ]
        );
    }

    #[test]
    fn a_department_is_no_language() {
        assert_eq!(
            joined(&[
                "hr/index.md",
                "hr/leave.md",
                "hr/pay.md",
                "it/index.md",
                "it/vpn.md",
                "it/x.md"
            ]),
            [
                "||hr/index.md",
                "||hr/leave.md",
                "||hr/pay.md",
                "||it/index.md",
                "||it/vpn.md",
                "||it/x.md"
            ]
        );
        // Three letters are a language only where they are known as one.
        assert_eq!(
            joined(&["api/a.md", "faq/a.md"]),
            ["||api/a.md", "||faq/a.md"]
        );
        assert_eq!(
            joined(&["de/a.md", "de_DE/a.md", "De/b.md"])[2],
            "||De/b.md"
        );
    }

    #[test]
    fn front_matter_confirms_a_language_alone_and_refutes_another() {
        assert_eq!(
            joined(&["docs.de-de/a.md=de", "it/a.md=en", "en/a.md=en"]),
            ["docs.*/a|de-DE|docs/a.md", "||it/a.md", "*/a|en|a.md"]
        );
    }

    #[test]
    fn one_id_in_two_locales_joins_before_any_path() {
        assert_eq!(
            joined(&["de/a.md#7=de", "en/z.md#7=en", "en/a.md#8=en", "x.md#9"]),
            ["7|de|a.md", "7|en|z.md", "*/a|en|a.md", "9||x.md"]
        );
    }
}
