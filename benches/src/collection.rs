//! What is imported: 8,471 real articles where the shared collections are, else articles made from
//! the demo content. Numbers of the two are not comparable; the report names which it was.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::options::{Options, Wanted};
use crate::{generated, out};

const NAME: &str = "helpcenter-en";

/// A folder of Markdown and queries for it.
pub(crate) struct Collection {
    /// Which it is, for people.
    pub(crate) name: String,
    /// What `cairn import` is given.
    pub(crate) folder: PathBuf,
    /// The same articles, read.
    pub(crate) articles: Vec<Article>,
    /// What people would type, of all kinds, mixed.
    pub(crate) queries: Vec<String>,
}

/// An article as its file has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Article {
    pub(crate) source_id: String,
    pub(crate) title: String,
    pub(crate) body: String,
}

impl Collection {
    /// Bytes of all bodies.
    pub(crate) fn bytes(&self) -> usize {
        self.articles.iter().map(|a| a.body.len()).sum()
    }

    /// Articles whose bodies are nearest to the median in length, in the order of their ids.
    pub(crate) fn typical(&self, count: usize) -> Vec<&Article> {
        let mut by_length: Vec<&Article> = self.articles.iter().collect();
        by_length.sort_by_key(|a| (a.body.len(), a.source_id.as_str()));
        let from = (by_length.len() / 2).saturating_sub(count / 2);
        let mut chosen: Vec<&Article> = by_length.into_iter().skip(from).take(count).collect();
        chosen.sort_by_key(|a| a.source_id.as_str());
        chosen
    }

    /// The words of every article as the index reads them, one JSON object a line.
    pub(crate) fn write_texts(&self, path: &Path) -> Result<()> {
        let mut lines = String::with_capacity(self.bytes() * 2);
        for article in &self.articles {
            let mut body = String::new();
            let mut words = article.title.clone();
            match cairn_markdown::sections(&article.body) {
                Ok(sections) => {
                    for section in sections {
                        if !body.is_empty() {
                            body.push('\n');
                        }
                        body.push_str(&section.text);
                        words.push('\n');
                        if let Some(heading) = &section.heading {
                            words.push_str(heading);
                            words.push('\n');
                        }
                        words.push_str(&section.text);
                    }
                }
                Err(_) => {
                    body.push_str(&article.body);
                    words.push_str(&article.body);
                }
            }
            let text = json!({
                "id": article.source_id, "title": article.title, "words": words, "body": body,
            });
            lines.push_str(&text.to_string());
            lines.push('\n');
        }
        fs::write(path, lines).with_context(|| format!("cannot write {}", path.display()))
    }
}

/// A file of one JSON object a line.
pub(crate) fn write_lines<T: serde::Serialize>(
    path: &Path,
    items: impl Iterator<Item = T>,
) -> Result<()> {
    let mut lines = Vec::new();
    for item in items {
        serde_json::to_writer(&mut lines, &item)?;
        lines.push(b'\n');
    }
    fs::write(path, lines).with_context(|| format!("cannot write {}", path.display()))
}

/// Finds or makes the collection; `scratch` is the run's own directory.
pub(crate) fn find(options: &Options, scratch: &Path) -> Result<Collection> {
    let shared = match options.collection {
        Wanted::Generated => None,
        Wanted::Auto | Wanted::HelpcenterEn => shared_collection()?,
    };
    let (name, folder, queries) = match shared {
        Some(dir) => {
            let queries = read_queries(&dir.join("queries.dev.jsonl"))?;
            (NAME.to_owned(), dir.join("md"), queries)
        }
        None if options.collection == Wanted::HelpcenterEn => {
            bail!("{NAME} is not here; set CAIRN_SHARED to the folder that has search/dev.tar.zst")
        }
        None => {
            let folder = scratch.join("generated");
            let queries = generated::write(&folder, options.articles)?;
            (
                "generated from fixtures/portals/help".to_owned(),
                folder,
                queries,
            )
        }
    };
    let articles = read_folder(&folder)?;
    if articles.is_empty() || queries.is_empty() {
        bail!("{} has no articles or no queries", folder.display());
    }
    let queries = spread(queries, options.queries);
    Ok(Collection {
        name,
        folder,
        articles,
        queries,
    })
}

/// The unpacked collection, where the shared folder is.
fn shared_collection() -> Result<Option<PathBuf>> {
    let shared = match std::env::var_os("CAIRN_SHARED") {
        Some(named) => {
            let dir = PathBuf::from(named);
            if !dir.is_dir() {
                bail!("CAIRN_SHARED names {}, which is not there", dir.display());
            }
            dir
        }
        None => root().join("../shared"),
    };
    let unpacked = shared.join("search/dev").join(NAME);
    if unpacked.join("md").is_dir() {
        return Ok(Some(unpacked));
    }
    let archive = shared.join("search/dev.tar.zst");
    if !archive.is_file() {
        return Ok(None);
    }
    let bytes = fs::metadata(&archive)?.len();
    let home = target_dir()?.join(format!("bench/collections-{bytes}"));
    let dir = home.join("dev").join(NAME);
    let done = home.join("unpacked");
    if !done.is_file() {
        out::progress(&format!("unpacking {NAME}"));
        fs::create_dir_all(&home)?;
        let status = Command::new("tar")
            .arg("--zstd")
            .arg("-xf")
            .arg(&archive)
            .arg("-C")
            .arg(&home)
            .arg(format!("dev/{NAME}"))
            .status()
            .context("cannot run tar; install tar and zstd, or pass --collection generated")?;
        if !status.success() {
            bail!("tar --zstd could not unpack {}", archive.display());
        }
        fs::write(&done, b"")?;
    }
    Ok(Some(dir))
}

/// The root of the sources.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The build directory this program lies in.
fn target_dir() -> Result<PathBuf> {
    let program = std::env::current_exe().context("this program does not know where it is")?;
    let dir = program.parent().and_then(Path::parent);
    Ok(dir.context("this program lies in a directory")?.to_owned())
}

fn read_queries(path: &Path) -> Result<Vec<String>> {
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    text.lines()
        .map(|line| {
            let query: Value = serde_json::from_str(line)?;
            let text = query["text"].as_str().context("a query has a text")?;
            Ok(text.replace(['\n', '\r'], " "))
        })
        .collect()
}

/// Every n-th query, so that all kinds are in, in an order that mixes them: a warm cache for one
/// kind would else serve its whole run.
fn spread(queries: Vec<String>, count: usize) -> Vec<String> {
    let count = count.clamp(1, queries.len());
    let chosen: Vec<String> = (0..count)
        .map(|at| queries[at * queries.len() / count].clone())
        .collect();
    // A stride without a common divisor visits every place once.
    let stride = (count * 5 / 8..).find(|stride| divisor(*stride, count) == 1);
    let stride = stride.unwrap_or(1);
    (0..count)
        .map(|at| chosen[at * stride % count].clone())
        .collect()
}

fn divisor(one: usize, other: usize) -> usize {
    if other == 0 {
        one
    } else {
        divisor(other, one % other)
    }
}

fn read_folder(folder: &Path) -> Result<Vec<Article>> {
    let mut articles = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(&dir).with_context(|| format!("cannot read {}", dir.display()))? {
            let path = entry?.path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|e| e == "md") {
                let bytes = fs::read(&path)?;
                let text = String::from_utf8_lossy(&bytes);
                articles.extend(parse(&text));
            }
        }
    }
    articles.sort_by(|a, b| a.source_id.cmp(&b.source_id));
    Ok(articles)
}

/// An article with the front matter these collections have: `name: "text"` between two `---`.
pub(crate) fn parse(text: &str) -> Option<Article> {
    let rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    let rest = rest.strip_prefix("---\n")?;
    let (front, body) = rest.split_once("\n---\n")?;
    let field = |name: &str| {
        let value = front
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?
            .trim();
        serde_json::from_str::<String>(value)
            .ok()
            .or_else(|| Some(value.to_owned()))
    };
    Some(Article {
        source_id: field("id")?,
        title: field("title")?,
        body: body.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_article_is_read_from_its_file() {
        let text = "---\nid: \"a1\"\ntitle: \"It \\\"is\\\"\"\nlocale: en\n---\n\n# Words\n";
        let want = Article {
            source_id: "a1".to_owned(),
            title: "It \"is\"".to_owned(),
            body: "\n# Words\n".to_owned(),
        };
        assert_eq!(parse(text), Some(want));
        assert_eq!(parse("# No front matter\n"), None);
    }

    #[test]
    fn queries_are_spread_over_all_kinds_and_none_comes_twice() {
        let all: Vec<String> = (0..4_001).map(|n| n.to_string()).collect();
        for count in [1, 7, 400, 401] {
            let mut some = spread(all.clone(), count);
            assert_eq!(some.len(), count);
            some.sort();
            some.dedup();
            assert_eq!(some.len(), count);
        }
        assert_eq!(spread(all, 10_000).len(), 4_001);
    }
}
