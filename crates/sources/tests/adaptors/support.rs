//! What the tests of the adaptors share: reading a fixture, and comparing words.

#![expect(
    clippy::unwrap_used,
    reason = "a fixture that cannot be read fails its test"
)]

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use cairn_markdown::{RenderOptions, render};
use cairn_sources::{Fault, Source, SourceArticle, open};

/// Everything a source gives.
pub(crate) struct Read {
    pub(crate) source: Box<dyn Source>,
    pub(crate) articles: Vec<SourceArticle>,
    pub(crate) faults: Vec<Fault>,
}

impl Read {
    /// The article with this id, in this locale when it has several.
    #[track_caller]
    pub(crate) fn article(&self, id: &str, locale: Option<&str>) -> &SourceArticle {
        let found = self.articles.iter().find(|article| {
            article.source_id == id && (locale.is_none() || article.locale.as_deref() == locale)
        });
        found.unwrap_or_else(|| {
            let ids: Vec<_> = self
                .articles
                .iter()
                .map(|a| (&a.source_id, &a.locale))
                .collect();
            panic!("no article {id} {locale:?} among {ids:?}")
        })
    }
}

/// A folder of `fixtures/moving`.
pub(crate) fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fixtures/moving")
        .join(name)
}

/// Reads a source to the end.
#[track_caller]
pub(crate) fn read(path: &Path, kind: Option<&str>) -> Read {
    let (mut source, _) = open(path, kind).unwrap();
    let (mut articles, mut faults) = (Vec::new(), Vec::new());
    source
        .articles(&mut |found| {
            match found {
                Ok(article) => articles.push(article),
                Err(fault) => faults.push(fault),
            }
            ControlFlow::Continue(())
        })
        .unwrap();
    Read {
        source,
        articles,
        faults,
    }
}

/// Packs a folder as a zip archive in another one, and reads it from there.
pub(crate) fn zipped(folder: &Path, home: &Path) -> PathBuf {
    let path = home.join("export.zip");
    let mut zip = zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
    pack(folder, "", &mut zip);
    zip.finish().unwrap();
    path
}

fn pack(root: &Path, below: &str, zip: &mut zip::ZipWriter<std::fs::File>) {
    let mut entries: Vec<_> = std::fs::read_dir(root.join(below))
        .unwrap()
        .map(|e| e.unwrap())
        .collect();
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name().into_string().unwrap();
        let path = if below.is_empty() {
            name
        } else {
            format!("{below}/{name}")
        };
        if entry.file_type().unwrap().is_dir() {
            pack(root, &path, zip);
        } else {
            let options = zip::write::SimpleFileOptions::default();
            zip.start_file(&path, options).unwrap();
            std::io::Write::write_all(zip, &std::fs::read(entry.path()).unwrap()).unwrap();
        }
    }
}

/// Words: runs of letters and digits, in lower case.
pub(crate) fn words(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_alphanumeric());
    words
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

/// The text between the tags of some markup, by the plainest reading there is, so that no parser
/// of ours vouches for itself.
pub(crate) fn text_between_tags(markup: &str) -> String {
    let mut text = String::new();
    let mut rest = markup;
    while let Some(at) = rest.find('<') {
        text.push_str(&rest[..at]);
        let end = match &rest[at..] {
            data if data.starts_with("<![CDATA[") => {
                let end = data.find("]]>").unwrap_or(data.len());
                text.push_str(&data[9..end]);
                end + 3
            }
            tag => {
                let name: String = tag[1..]
                    .chars()
                    .take_while(|c| c.is_alphanumeric() || "/-:".contains(*c))
                    .collect();
                if ![
                    "b", "/b", "strong", "/strong", "em", "/em", "i", "/i", "code", "/code", "kbd",
                    "/kbd", "a", "/a", "u", "/u", "span", "/span", "sub", "/sub",
                ]
                .contains(&&*name)
                {
                    text.push(' ');
                }
                tag.find('>').map_or(tag.len(), |end| end + 1)
            }
        };
        rest = rest.get(at + end..).unwrap_or("");
    }
    text.push_str(rest);
    for (name, meaning) in [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&nbsp;", "\u{a0}"),
        ("&quot;", "\""),
        ("&rsquo;", "’"),
        ("&ndash;", "–"),
        ("&#39;", "'"),
        ("&amp;", "&"),
    ] {
        text = text.replace(name, meaning);
    }
    text
}

/// Every word of the text is in the Markdown, in order, and a reader sees it in that order too.
#[track_caller]
pub(crate) fn assert_keeps_words(text: &str, article: &SourceArticle) {
    let wanted = words(text);
    assert!(!wanted.is_empty(), "no words in {}", article.path);
    assert_in_order(&wanted, &words(&article.body), &article.body);
    let rendered = render(&article.body, &RenderOptions::default()).unwrap();
    assert_in_order(&wanted, &words(&rendered.plain_text), &rendered.plain_text);
}

#[track_caller]
fn assert_in_order(wanted: &[String], found: &[String], shown: &str) {
    let mut found = found.iter();
    for (number, word) in wanted.iter().enumerate() {
        let before = wanted[number.saturating_sub(4)..number].join(" ");
        assert!(
            found.any(|other| other == word),
            "{word:?} is missing after {before:?} in\n{shown}"
        );
    }
}
