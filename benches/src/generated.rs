//! A help center of any size from the demo content: every article is the sections of several, in an
//! order of its own, under a title of its own. The same number gives the same files everywhere.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::collection::{self, Article, parse};

/// Sections of other articles that each one gets.
const BORROWED: usize = 3;
/// What tells one variant of a title from another.
const PLACES: [&str; 24] = [
    "Aberdeen",
    "Bergen",
    "Calais",
    "Dublin",
    "Esbjerg",
    "Felixstowe",
    "Gdynia",
    "Harwich",
    "Istanbul",
    "Jersey",
    "Kiel",
    "Livorno",
    "Marseille",
    "Naples",
    "Oslo",
    "Palermo",
    "Rostock",
    "Stavanger",
    "Tallinn",
    "Umea",
    "Valencia",
    "Warnemunde",
    "Ystad",
    "Zeebrugge",
];

/// Writes the files and gives queries for them.
pub(crate) fn write(folder: &Path, count: usize) -> Result<Vec<String>> {
    let base = read_base()?;
    fs::create_dir_all(folder)?;
    let mut queries = Vec::new();
    for number in 0..count {
        let article = make(&base, number);
        let text = format!(
            "---\nid: {}\ntitle: {}\ncategory: {}\nlocale: \"en\"\n---\n{}",
            serde_json::to_string(&article.source_id)?,
            serde_json::to_string(&article.title)?,
            serde_json::to_string(PLACES[number / base.len() % PLACES.len()])?,
            article.body,
        );
        fs::write(folder.join(format!("{}.md", article.source_id)), text)?;
        queries.push(query(&article, number));
    }
    Ok(queries)
}

fn read_base() -> Result<Vec<Article>> {
    let folder = collection::root().join("fixtures/portals/help");
    let mut paths: Vec<_> = fs::read_dir(&folder)
        .with_context(|| format!("cannot read {}", folder.display()))?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|e| e == "md"))
        .collect();
    paths.sort();
    let texts: std::io::Result<Vec<String>> = paths.iter().map(fs::read_to_string).collect();
    let base: Vec<Article> = texts?.iter().filter_map(|text| parse(text)).collect();
    if base.len() < BORROWED + 1 {
        bail!("{} has too few articles to make more of", folder.display());
    }
    Ok(base)
}

fn make(base: &[Article], number: usize) -> Article {
    let own = &base[number % base.len()];
    let variant = number / base.len();
    let mut random = Random(number as u64 + 1);
    let mut parts: Vec<&str> = sections(&own.body);
    for _ in 0..BORROWED {
        let other = sections(&base[random.below(base.len())].body);
        parts.push(other[random.below(other.len())]);
    }
    // What stands before the first heading stays first.
    for at in (2..parts.len()).rev() {
        parts.swap(at, 1 + random.below(at));
    }
    let title = match variant {
        0 => own.title.clone(),
        _ => format!("{} in {}", own.title, PLACES[variant % PLACES.len()]),
    };
    let title = match variant / PLACES.len() {
        0 => title,
        round => format!("{title}, berth {round}"),
    };
    Article {
        source_id: format!("bench-{number:06}"),
        title,
        body: parts.join("\n## "),
    }
}

fn sections(body: &str) -> Vec<&str> {
    body.split("\n## ").collect()
}

/// What somebody would type who wants this article: its title, the beginning of it, with a typing
/// mistake, or a sentence.
fn query(article: &Article, number: usize) -> String {
    let title = &article.title;
    match number % 4 {
        0 => title.clone(),
        1 => {
            let end = title.len() - title.len() / 5;
            title[..title.floor_char_boundary(end)].to_owned()
        }
        2 => {
            let mut letters: Vec<char> = title.chars().collect();
            let at = letters.len() / 2;
            letters.swap(at, at.saturating_sub(1));
            letters.into_iter().collect()
        }
        _ => {
            let words: Vec<&str> = article.body.split_whitespace().take(12).collect();
            words.join(" ")
        }
    }
}

/// Numerical Recipes' 64-bit generator: the same everywhere, good enough to mix with.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % bound as u64).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thousand_articles_have_a_thousand_titles_and_bodies() {
        let base = read_base().unwrap();
        let articles: Vec<Article> = (0..1_000).map(|number| make(&base, number)).collect();
        let mut titles: Vec<&str> = articles.iter().map(|a| a.title.as_str()).collect();
        titles.sort_unstable();
        titles.dedup();
        assert_eq!(titles.len(), 1_000);
        let mut bodies: Vec<&str> = articles.iter().map(|a| a.body.as_str()).collect();
        bodies.sort_unstable();
        bodies.dedup();
        assert_eq!(bodies.len(), 1_000);
        assert_eq!(make(&base, 77), articles[77]);
    }
}
