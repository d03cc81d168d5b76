//! What an import sends, in which order, and what it makes of the answers.

use std::cell::RefCell;

use anyhow::Result;
use cairn_domain::locale::Locale;
use cairn_service::articles::{ImportItem, ImportResult};
use cairn_sources::{MarkdownSource, OldAddress, SourceCategory, SourceFile, SourcePortal, Tree};

use super::target::{
    Aftermath, Category, Destination, Envelope, Imported, NotTaken, Target, Uploaded,
};
use super::*;

/// Takes everything but articles called `bad`, files of seven bytes and addresses with `bad` in them.
#[derive(Default)]
struct Fake {
    sent: RefCell<Vec<(String, Vec<String>)>>,
    locales: RefCell<Vec<String>>,
    categories: RefCell<Vec<String>>,
    files: RefCell<Vec<String>>,
    redirects: RefCell<Vec<String>>,
    imported: Vec<Imported>,
    archived: RefCell<Vec<String>>,
}

impl Target for Fake {
    async fn portal(&self, _: &str) -> Result<Option<Destination>> {
        Ok(None)
    }

    async fn make_portal(
        &self,
        slug: &str,
        _: &SourcePortal,
        locales: &[String],
    ) -> Result<Destination> {
        self.locales.borrow_mut().extend(locales.iter().cloned());
        Ok(Destination {
            slug: slug.to_owned(),
            locales: locales.to_vec(),
        })
    }

    async fn add_locales(&self, to: &mut Destination, locales: &[String]) -> Result<()> {
        self.locales.borrow_mut().extend(locales.iter().cloned());
        to.locales.extend(locales.iter().cloned());
        Ok(())
    }

    async fn categories(&self, _: &Destination) -> Result<Vec<Category>> {
        Ok(vec![Category {
            id: "old".to_owned(),
            parent: None,
            name: "there".to_owned(),
        }])
    }

    async fn make_category(
        &self,
        _: &Destination,
        like: &SourceCategory,
        parent: Option<&str>,
    ) -> Result<Category> {
        let name = like.path.last().cloned().unwrap_or_default();
        let shown = format!("{}>{name}", parent.unwrap_or_default());
        self.categories.borrow_mut().push(shown);
        Ok(Category {
            id: format!("id-{name}"),
            parent: parent.map(str::to_owned),
            name,
        })
    }

    async fn send(
        &self,
        _: &Destination,
        envelope: Envelope<'_>,
        items: &[ImportItem],
        key: &str,
    ) -> Result<Vec<ImportResult>, NotTaken> {
        assert_eq!(envelope.source, "s");
        if items.iter().any(|item| item.title == "bad") {
            return Err(NotTaken::Content("it is bad".to_owned()));
        }
        let ids = items.iter().map(|item| item.source_id.clone()).collect();
        self.sent.borrow_mut().push((key.to_owned(), ids));
        let created = |item: &ImportItem| ImportResult::Created {
            id: item.source_id.clone(),
            slug: item.source_id.clone(),
        };
        Ok(items.iter().map(created).collect())
    }
}

impl Aftermath for Fake {
    async fn takes_files(&self, _: &Destination) -> Result<bool> {
        Ok(true)
    }

    async fn upload(
        &self,
        _: &Destination,
        _: &str,
        file: &SourceFile,
        bytes: Vec<u8>,
    ) -> Result<Uploaded, NotTaken> {
        if bytes.len() == 7 {
            return Err(NotTaken::Content("seven bytes".to_owned()));
        }
        self.files.borrow_mut().push(file.path.clone());
        Ok(Uploaded::New)
    }

    async fn takes_redirects(&self, _: &Destination) -> Result<bool> {
        Ok(true)
    }

    async fn redirect(
        &self,
        _: &Destination,
        addresses: &[OldAddress],
        _: &str,
    ) -> Result<u64, NotTaken> {
        if addresses
            .iter()
            .any(|address| address.old_url.contains("bad"))
        {
            return Err(NotTaken::Content("a bad one".to_owned()));
        }
        let urls = addresses.iter().map(|address| address.old_url.clone());
        self.redirects.borrow_mut().extend(urls);
        Ok(addresses.len() as u64)
    }

    async fn imported(&self, _: &Destination, _: &str) -> Result<Option<Vec<Imported>>> {
        Ok(Some(self.imported.clone()))
    }

    async fn archive(
        &self,
        _: &Destination,
        articles: &[Imported],
        _: &str,
    ) -> Result<Vec<Option<String>>> {
        let ids = articles.iter().map(|article| article.article_id.clone());
        self.archived.borrow_mut().extend(ids);
        Ok(articles.iter().map(|_| None).collect())
    }
}

fn options() -> Options<'static> {
    Options {
        portal: Some("help".to_owned()),
        locale: Locale::parse("locale", "en").ok(),
        status: "published".to_owned(),
        source: "s".to_owned(),
        overwrite: false,
        rewrite: None,
    }
}

fn source(files: &'static [(&'static str, &'static str)]) -> Box<MarkdownSource> {
    Box::new(MarkdownSource::open(Tree::embedded("s", files)).unwrap())
}

async fn import(
    fake: &Fake,
    files: &'static [(&'static str, &'static str)],
    prune: bool,
) -> Report {
    let options = options();
    let moved = run(fake, source(files), &options, "r", &Unwatched)
        .await
        .unwrap();
    let steps = Steps { files: true, prune };
    follow(fake, moved, "s", steps, "r", &Unwatched)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_bad_article_stops_nothing() {
    let fake = Fake::default();
    let files = &[
        ("a.md", "x"),
        ("b.md", "---\ntitle: bad\n---\n"),
        ("c.md", "---\nbroken\n---\n"),
        ("d.md", "---\nlocale: de\n---\n[x](gone.md)"),
        ("e.md", "x"),
    ];
    let report = import(&fake, files, false).await;
    assert_eq!((report.created, report.failed.count), (3, 2));
    assert_eq!(report.to_json()["warnings"], 1);
    let faults: Vec<_> = report
        .failed
        .first
        .iter()
        .map(|f| (f.path.as_str(), f.line))
        .collect();
    assert_eq!(faults, [("c.md", 2), ("b.md", 1)]);
    assert_eq!(*fake.locales.borrow(), ["en", "de"]);
    let sent = fake.sent.borrow();
    let ids: Vec<_> = sent
        .iter()
        .flat_map(|(_, ids)| ids.iter().map(String::as_str))
        .collect();
    assert_eq!(ids, ["a", "d", "e"]);
    let mut keys: Vec<_> = sent.iter().map(|(key, _)| key.clone()).collect();
    keys.dedup();
    assert_eq!(keys.len(), sent.len(), "every request has its own key");
}

#[tokio::test]
async fn categories_files_and_old_addresses_go_along() {
    let fake = Fake::default();
    let files = &[
        (
            "portal.toml",
            "[[categories]]\npath = [\"There\", \"New\", \"Newer\"]\n[[categories]]\npath = [\"Top\"]\n\
             [[categories]]\nname = \"There\"\n",
        ),
        ("redirects.csv", "old_url,target\n/1,/x\n/bad/2,/x\n/3,/x\n"),
        ("a.md", "![p](p.png) ![q](q.png) ![r](r.png)"),
        ("p.png", "png"),
        ("q.png", "1234567"),
    ];
    let report = import(&fake, files, false).await;
    assert_eq!(
        *fake.categories.borrow(),
        [">Top", "old>New", "id-New>Newer"]
    );
    assert_eq!(*fake.files.borrow(), ["p.png"]);
    assert_eq!(*fake.redirects.borrow(), ["/1", "/3"]);
    assert_eq!(report.files.uploaded, 1);
    assert_eq!(report.files.failed.first[0].path, "q.png");
    assert_eq!(report.redirects.changed, 2);
    assert_eq!(report.redirects.failed.first[0].path, "/bad/2");
    assert!(!report.is_whole());
    // The missing picture.
    assert_eq!(report.to_json()["warnings"], 1);
}

#[tokio::test]
async fn what_is_no_longer_there_is_reported_and_archived_when_asked() {
    let known = |id: &str, path: &str, status: &str| Imported {
        article_id: format!("article-{id}"),
        source_id: Some(id.to_owned()),
        locale: "en".to_owned(),
        path: Some(path.to_owned()),
        head_revision: 3,
        status: status.to_owned(),
    };
    let files = &[
        ("a.md", "x"),
        ("broken.md", "---\nx\n---\n"),
        ("moved/b.md", "---\nid: b\n---\n"),
    ];
    for prune in [false, true] {
        let fake = Fake {
            imported: vec![
                known("a", "a.md", "published"),
                known("b", "b.md", "published"),
                known("broken", "broken.md", "published"),
                known("gone", "gone.md", "draft"),
                known("put-away", "put-away.md", "archived"),
            ],
            ..Fake::default()
        };
        let report = import(&fake, files, prune).await;
        let want: &[&str] = if prune { &["article-gone"] } else { &[] };
        assert_eq!(*fake.archived.borrow(), want);
        let gone: &[&str] = if prune { &[] } else { &["gone.md"] };
        assert_eq!(report.gone.first, gone);
        assert_eq!(report.archived, u64::from(prune));
    }
}

#[tokio::test]
async fn a_rehearsal_sends_nothing() {
    let files = &[("a.md", "x"), ("b.md", "---\nx\n---\n")];
    let report = rehearse(source(files), &options(), &Unwatched)
        .await
        .unwrap();
    assert_eq!((report.would_send, report.failed.count), (1, 1));
    assert_eq!(report.to_json()["would_send"], 1);
}
