//! A folder of Markdown as a source: what it gives, in which order, and what it says of its portal.

use super::*;

fn all(source: &mut MarkdownSource) -> Vec<Result<SourceArticle, Fault>> {
    let mut all = Vec::new();
    source
        .articles(&mut |article| {
            all.push(article);
            ControlFlow::Continue(())
        })
        .unwrap();
    all
}

#[test]
fn a_folder_gives_articles_files_and_old_addresses() {
    let tree = Tree::embedded(
        "help",
        &[
            (
                "portal.toml",
                "slug = \"help\"\nname = \"Help\"\ndefault_locale = \"en\"\nlocales = [\"de\", \"en\"]\n\
                 [[categories]]\npath = [\"A\", \"B\"]\n[[categories]]\nname = \"A\"\nslug = \"a\"\nposition = 3\n",
            ),
            (
                "redirects.csv",
                "old_url,target\n/hc/1,article:en:7\n/hc/2\n\"/hc/3,x\",category:A/B\n",
            ),
            ("de/a.md", "# A\n![p](../img/p.png)"),
            (
                "en/a.md",
                "---\nid: 7\naudience: staff\n---\n[d](/data/x.yml) ![q](gone.png)",
            ),
            ("en/bad.md", "---\nx\n---\n"),
            ("img/p.png", "png"),
            ("img/unused.jpg", "jpg"),
            ("data/x.yml", "yml"),
            ("data/y.yml", "yml"),
            ("old.zip", "PK"),
        ],
    );
    let mut source = MarkdownSource::open(tree).unwrap();
    assert_eq!(source.article_count(), 3);
    let portal = source.portal();
    assert_eq!(portal.locales, ["en", "de"]);
    assert_eq!(portal.slug.as_deref(), Some("help"));
    let paths: Vec<_> = portal.categories.iter().map(|c| c.path.join("/")).collect();
    assert_eq!(paths, ["A", "A/B"]);
    let articles = all(&mut source);
    let shown: Vec<String> = articles
        .iter()
        .map(|article| match article {
            Ok(a) => format!(
                "{} {:?} {:?} {}",
                a.path,
                a.locale,
                a.translation_key,
                a.category_path.join("/")
            ),
            Err(fault) => fault.to_string(),
        })
        .collect();
    assert_eq!(
        shown[..2],
        [
            "de/a.md Some(\"de\") Some(\"*/a\") ",
            "en/a.md Some(\"en\") Some(\"*/a\") ",
        ]
    );
    assert!(shown[2].starts_with("en/bad.md:2: "), "{}", shown[2]);
    assert_eq!(
        articles[1].as_ref().unwrap().front_matter.as_deref(),
        Some(r#"{"audience":"staff"}"#)
    );
    let files: Vec<_> = source.files().into_iter().map(|file| file.path).collect();
    assert_eq!(
        files,
        ["data/x.yml", "img/p.png", "img/unused.jpg", "old.zip"]
    );
    assert_eq!(source.read_file("img/p.png").unwrap(), b"png");
    assert_eq!(source.old_addresses().len(), 2);
    let remarks: Vec<_> = source.remarks().iter().map(ToString::to_string).collect();
    assert_eq!(remarks.len(), 3, "{remarks:?}");
    assert!(remarks[0].contains("old.zip") && remarks[0].contains("not opened"));
    assert!(remarks[1].contains("redirects.csv:3"), "{}", remarks[1]);
    assert!(remarks[2].contains("en/a.md:3") && remarks[2].contains("audience"));
    // The same again, on the same source.
    assert_eq!(all(&mut source), articles);
}

#[test]
fn the_front_matter_of_an_export_becomes_fields() {
    let tree = Tree::embedded(
        "x",
        &[(
            "z/a.md",
            "---\nid: \"7\"\ntitle: T\nslug: chosen\nlocale: de\ncategory: [\"A / B\", C]\ntags: [x]\n\
             status: draft\naudience: internal\ndescription: D\nauthor: Ada\ncreated: 2024-01-02\n\
             updated: \"2024-01-02T03:04:05.6+01:00\"\ntranslation: K\nold_urls: [/hc/1, \"https://x/y?z=1\"]\n\
             \"my key\": {\"a\": [1e3, {}]}\nn: !!float 1.0\n---\n\n\nbody",
        )],
    );
    let mut source = MarkdownSource::open(tree).unwrap();
    let article = all(&mut source).remove(0).unwrap();
    assert_eq!(
        article,
        SourceArticle {
            path: "z/a.md".to_owned(),
            body_line: 20,
            source_id: "7".to_owned(),
            locale: Some("de".to_owned()),
            translation_key: Some("K".to_owned()),
            title: "T".to_owned(),
            slug: Some("chosen".to_owned()),
            body: "\nbody".to_owned(),
            excerpt: "D".to_owned(),
            tags: vec!["x".to_owned()],
            author: Some("Ada".to_owned()),
            category_path: vec!["A / B".to_owned(), "C".to_owned()],
            status: Some("draft".to_owned()),
            audience: Some("internal".to_owned()),
            created_at: Some("2024-01-02T00:00:00Z".to_owned()),
            updated_at: Some("2024-01-02T02:04:05.6Z".to_owned()),
            old_urls: vec!["/hc/1".to_owned(), "https://x/y?z=1".to_owned()],
            front_matter: Some(r#"{"my key":{"a":[1e3,{}]},"n":1.0}"#.to_owned()),
        }
    );
    assert!(source.remarks().is_empty());
}

#[test]
fn what_other_tools_mean_by_our_words_is_kept() {
    let tree = Tree::embedded(
        "x",
        &[(
            "a.md",
            "---\nslug: /docs/a b\naudience: ITPro\ncreated: long ago\ntranslation: {\"a\": 1}\n\
             old_urls: {}\n---\n",
        )],
    );
    let mut source = MarkdownSource::open(tree).unwrap();
    let article = all(&mut source).remove(0).unwrap();
    assert_eq!(
        article.front_matter.as_deref(),
        Some(
            r#"{"slug":"/docs/a b","audience":"ITPro","created":"long ago","translation":{"a":1},"old_urls":{}}"#
        )
    );
    assert_eq!((article.slug, article.audience), (None, None));
    assert_eq!(source.remarks().len(), 4);
}

#[test]
fn a_folder_without_markdown_is_refused_with_a_way_out() {
    let error = MarkdownSource::open(Tree::embedded("x", &[("a.json", "{}")])).unwrap_err();
    assert!(error.to_string().contains("--from"), "{error}");
    let tree = Tree::embedded(
        "x",
        &[("a.md", ""), ("portal.toml", "name = \"x\"\nlocales = 3")],
    );
    let error = MarkdownSource::open(tree).unwrap_err();
    assert!(
        error.to_string().contains("portal.toml") && error.to_string().contains("line 2"),
        "{error}"
    );
}
