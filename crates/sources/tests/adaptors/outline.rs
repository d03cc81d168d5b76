//! An Outline export becomes articles with everything it has.

use crate::support::{assert_keeps_words, fixture, read, zipped};

#[test]
fn documents_stand_where_they_stood() {
    let mut export = read(&fixture("outline"), None);
    assert_eq!(export.source.kind(), "Outline export");
    let all: Vec<_> = export
        .articles
        .iter()
        .map(|a| {
            (
                a.source_id.as_str(),
                a.title.as_str(),
                a.category_path.join(" > "),
            )
        })
        .collect();
    assert_eq!(
        all,
        [
            (
                "Engineering/Deploying/Rolling back",
                "Rolling back",
                "Engineering > 🚀 Deploying".to_owned()
            ),
            (
                "Engineering/Deploying",
                "🚀 Deploying",
                "Engineering".to_owned()
            ),
            (
                "People & Culture/Handbook",
                "Handbook",
                "People & Culture".to_owned()
            ),
            (
                "People & Culture/Paid%2FUnpaid leave",
                "Paid/Unpaid leave",
                "People & Culture".to_owned()
            ),
        ]
    );
    assert_eq!(export.faults, []);
    let files: Vec<_> = export.source.files().into_iter().map(|f| f.name).collect();
    assert_eq!(files, ["form.pdf", "pipeline view.png", "README.txt"]);
    let picture = export.source.files()[1].path.clone();
    assert!(
        export
            .source
            .read_file(&picture)
            .unwrap()
            .starts_with(b"\x89PNG")
    );
    let paths: Vec<_> = export
        .source
        .portal()
        .categories
        .iter()
        .map(|c| c.path.join(" > "))
        .collect();
    assert_eq!(
        paths,
        [
            "Engineering",
            "Engineering > 🚀 Deploying",
            "People & Culture"
        ]
    );
}

#[test]
fn bodies_stay_but_for_what_only_outline_reads() {
    let export = read(&fixture("outline"), None);
    let body = &export.article("Engineering/Deploying", None).body;
    for part in [
        "# 🚀 Deploying\n",
        "[Rolling back](./Deploying/Rolling%20back.md)",
        "> [!WARNING]\n> Never on a Friday:\n>\n> - the *on-call* person decides\n",
        "bbbb/pipeline%20view.png)\n",
        "\n:::info is no notice in code\n",
        "| build | 4 |",
    ] {
        assert!(body.contains(part), "{part}\nis not in\n{body}");
    }
    let text = "Deploying We deploy from main. See Rolling back and the handbook. Never on a Friday: the on-call person \
        decides ask in #deploys deploy --to production :::info is no notice in code Stage Minutes build 4";
    assert_keeps_words(text, export.article("Engineering/Deploying", None));
}

#[test]
fn an_archive_of_the_export_says_the_same() {
    let home = tempfile::tempdir().unwrap();
    let archive = read(&zipped(&fixture("outline"), home.path()), None);
    assert_eq!(archive.articles, read(&fixture("outline"), None).articles);
    assert_eq!(archive.source.files().len(), 3);
}

#[test]
fn a_file_that_is_no_text_is_named_and_stops_nothing() {
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join("C")).unwrap();
    std::fs::write(home.path().join("C/a.md"), b"# a\n\xff").unwrap();
    std::fs::write(home.path().join("C/b.md"), "").unwrap();
    let export = read(home.path(), Some("outline"));
    assert_eq!(export.articles.len(), 1);
    assert_eq!(export.articles[0].title, "b");
    let said = export.faults[0].to_string();
    assert!(said.starts_with("C/a.md:2: it is not UTF-8"), "{said}");
}
