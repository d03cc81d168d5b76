//! Slugs of a batch: what is asked for, what is taken, and the first number that is free.

use std::collections::{HashMap, HashSet};

use cairn_domain::ids::PortalId;
use cairn_domain::locale::Locale;
use cairn_domain::slug::Slug;
use cairn_store::Tx;

use crate::articles::create::candidates;
use crate::{Error, ErrorCode, Result};

/// The slugs that are taken among those a batch may ask for.
#[derive(Default)]
pub(super) struct Slugs {
    taken: HashSet<(Locale, String)>,
}

impl Slugs {
    /// Looks up the slugs of the items that want one.
    pub(super) async fn load<'a>(
        tx: &mut Tx,
        portal: PortalId,
        wanted: impl Iterator<Item = (&'a Locale, &'a Slug)>,
    ) -> Result<Self> {
        let mut bases: HashMap<Locale, HashSet<String>> = HashMap::new();
        for (locale, slug) in wanted {
            bases.entry(locale.clone()).or_default().extend(stems(slug));
        }
        let mut taken = HashSet::new();
        for (locale, bases) in bases {
            let bases: Vec<String> = bases.into_iter().collect();
            let found = cairn_store::articles::taken_slugs_of(tx, portal, &locale, &bases).await?;
            taken.extend(found.into_iter().map(|slug| (locale.clone(), slug)));
        }
        Ok(Self { taken })
    }

    /// Takes the slug, or the first of its numbers that is free.
    pub(super) fn take(&mut self, locale: &Locale, base: &Slug) -> Result<Slug> {
        let slug = candidates(base)
            .find(|slug| {
                !self
                    .taken
                    .contains(&(locale.clone(), slug.as_str().to_owned()))
            })
            .ok_or_else(|| {
                Error::new(
                    ErrorCode::SlugTaken,
                    format!("every number of the slug \"{base}\" is taken"),
                )
            })?;
        self.taken
            .insert((locale.clone(), slug.as_str().to_owned()));
        Ok(slug)
    }
}

/// Whether a slug is the one that was asked for, or the number it got because that was taken.
pub(super) fn is_numbered(slug: &Slug, base: &Slug) -> bool {
    if slug == base {
        return true;
    }
    let number = slug.as_str().rsplit_once('-').map(|(_, number)| number);
    number
        .and_then(|number| number.parse::<u64>().ok())
        .is_some_and(|number| number >= 2 && base.numbered(number) == *slug)
}

/// What stands before the number in the slug and its numbers: a long slug loses letters to a number.
fn stems(slug: &Slug) -> HashSet<String> {
    let mut stems = HashSet::from([slug.as_str().to_owned()]);
    for digits in 1..=5 {
        let numbered = slug.numbered(10_u64.pow(digits) - 1);
        if let Some((stem, _)) = numbered.as_str().rsplit_once('-') {
            stems.insert(stem.to_owned());
        }
    }
    stems
}

#[cfg(test)]
mod tests {
    use cairn_domain::limits::SLUG_BYTES_MAX;

    use super::*;

    fn slug(text: &str) -> Slug {
        Slug::parse("slug", text).expect("a slug")
    }

    #[test]
    fn a_number_behind_a_slug_is_still_that_slug() {
        for (is, of, want) in [
            ("a", "a", true),
            ("a-2", "a", true),
            ("a-10", "a", true),
            ("a-1", "a", false),
            ("a-02", "a", false),
            ("a-b", "a", false),
            ("ab-2", "a", false),
            ("a", "a-2", false),
        ] {
            assert_eq!(is_numbered(&slug(is), &slug(of)), want, "{is} of {of}");
        }
        let long = slug(&"x".repeat(SLUG_BYTES_MAX));
        assert!(is_numbered(&long.numbered(12), &long));
    }

    #[test]
    fn a_long_slug_is_looked_up_by_what_its_numbers_leave_of_it() {
        let long = slug(&"x".repeat(SLUG_BYTES_MAX));
        let stems = stems(&long);
        for number in [2, 9, 10, 99, 100, 99_999] {
            let numbered = long.numbered(number).as_str().to_owned();
            let (stem, _) = numbered.rsplit_once('-').expect("a number");
            assert!(stems.contains(stem), "{number}");
        }
        assert_eq!(super::stems(&slug("short")).len(), 1);
    }
}
