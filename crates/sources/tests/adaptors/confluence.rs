//! A Confluence space export becomes articles with everything readers had.

use crate::support::{assert_keeps_words, fixture, read, words, zipped};

#[test]
fn the_pages_that_readers_see_keep_what_they_had() {
    let export = read(&fixture("confluence"), None);
    assert_eq!(export.source.kind(), "Confluence space export");
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
            ("1000", "Engineering Home", String::new()),
            ("1001", "Deploying", String::new()),
            ("1002", "Rolling back", "Deploying".to_owned()),
            ("1007", "What's new? 100% & more", String::new()),
        ]
    );
    let page = export.article("1001", None);
    assert_eq!(page.author.as_deref(), Some("ada.okoye"));
    assert_eq!(page.tags, ["runbook"]);
    assert_eq!(page.created_at.as_deref(), Some("2019-05-06T07:08:09.123Z"));
    assert_eq!(page.updated_at.as_deref(), Some("2024-02-03T04:05:06.789Z"));
    assert_eq!(page.status.as_deref(), Some("published"));
    assert_eq!(
        page.front_matter.as_deref(),
        Some("{\"version\":\"3\",\"space\":\"ENG\"}")
    );
    assert_eq!(
        page.old_urls,
        [
            "/pages/viewpage.action?pageId=1001",
            "/display/ENG/Deploying",
            "/wiki/spaces/ENG/pages/1001/Deploying",
            "/wiki/spaces/ENG/pages/1001",
            "/spaces/ENG/pages/1001/Deploying",
            "/spaces/ENG/pages/1001",
        ]
    );
    let archived = export.article("1007", None);
    assert_eq!(archived.status.as_deref(), Some("archived"));
    assert_eq!(
        archived.old_urls[1],
        "/display/ENG/What's+new%3F+100%25+%26+more"
    );
    let said: Vec<_> = export.faults.iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "entities.xml:1: page 1006: `lastModificationDate` is last week, a time such as 2024-03-01 09:00:00.000 is expected"
        ]
    );
}

#[test]
fn bodies_keep_their_words_links_macros_and_files() {
    let mut export = read(&fixture("confluence"), None);
    let page = export.article("1001", None);
    for part in [
        "See [how to roll back](1002.md), [On call](/display/PEOPLE/On+call) and [what comes *later*](#later).",
        "> [!WARNING]\n> \n> **Freeze**\n> \n> No deploys while the <u>freeze</u> flag is set.\n> \n> - ask @ben.frost",
        "## Steps & checks",
        "- [x] Read the `CHANGELOG`\n- [ ] Tell the team…",
        "**Deploy script**\n\n```bash\nif [[ $a > 1 && \"$b\" != \"<none>\" ]]; then\n  ./deploy *_prod\nfi\n```",
        "![The pipeline](../attachments/1001/2001/2)",
        "| Stage | Minutes |\n| --- | --- |\n| build | 4\u{a0}–\u{a0}6 |",
        "<details><summary>When it hangs</summary>\n\nKill it 👍\n\n</details>",
        "Left column\n\nRight **STABLE** column",
        "<a id=\"later\"></a>Later: [checklist.pdf](../attachments/1001/2002/1), due 2024-03-01.",
    ] {
        assert!(page.body.contains(part), "{part}\nis not in\n{}", page.body);
    }
    let text = "Deploy from main, never on a Friday. See how to roll back, On call and what comes later. Freeze No deploys while the \
        freeze flag is set. ask ben.frost Steps checks Read the CHANGELOG Tell the team Deploy script if a 1 b none then deploy _prod fi \
        Stage Minutes build 4 6 When it hangs Kill it Left column Right STABLE column Later checklist.pdf due 2024-03-01";
    assert_keeps_words(text, page);
    let back = &export.article("1002", None).body;
    assert_eq!(
        back,
        "Find the build, run it again. [Deploying](1001.md) says how.\n\n> [!NOTE]\n> \n> Keep calm.\n\n```\na --> b\n```\n\nWords inside an unknown macro.\n"
    );
    let broken = export.article("1007", None);
    assert_eq!(
        words(&broken.body),
        ["not", "well", "formed", "at", "all", "done"]
    );
    let files: Vec<_> = export
        .source
        .files()
        .into_iter()
        .map(|f| (f.path, f.name))
        .collect();
    assert_eq!(
        files,
        [
            (
                "attachments/1001/2001/2".to_owned(),
                "pipeline view.png".to_owned()
            ),
            (
                "attachments/1001/2002/1".to_owned(),
                "checklist.pdf".to_owned()
            ),
        ]
    );
    assert!(
        export
            .source
            .read_file("attachments/1001/2001/2")
            .unwrap()
            .starts_with(b"\x89PNG")
    );
    let portal = export.source.portal();
    assert_eq!(portal.name.as_deref(), Some("Engineering"));
    assert_eq!(portal.categories.len(), 1);
    assert!(
        export.source.old_addresses().iter().any(
            |o| o.old_url == "/display/ENG" && o.target == "/pages/viewpage.action?pageId=1000"
        )
    );
}

#[test]
fn a_damaged_export_gives_what_it_has_and_says_where_it_ends() {
    let home = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(fixture("confluence/entities.xml")).unwrap();
    let cut = text.find("<object class=\"Label\"").unwrap() + 30;
    std::fs::write(home.path().join("entities.xml"), &text[..cut]).unwrap();
    let export = read(home.path(), None);
    assert_eq!(export.articles.len(), 4);
    let said: Vec<_> = export.faults.iter().map(ToString::to_string).collect();
    assert!(
        said.iter()
            .any(|said| said.contains("it cannot be read on from here")),
        "{said:?}"
    );
    // Rings, missing titles, ids that are none, entities that would be fetched.
    std::fs::write(home.path().join("entities.xml"), "<!DOCTYPE x [<!ENTITY f SYSTEM \"file:///etc/passwd\">]><hibernate-generic>\
        <object class=\"Page\"><id name=\"id\">1</id><property name=\"title\">&f;</property><property name=\"parent\" class=\"Page\"><id name=\"id\">2</id></property></object>\
        <object class=\"Page\"><id name=\"id\">2</id><property name=\"title\">b</property><property name=\"parent\" class=\"Page\"><id name=\"id\">1</id></property></object>\
        <object class=\"Page\"><id name=\"id\">x</id><property name=\"title\">c</property></object>\
        <object class=\"Page\"><id name=\"id\">3</id></object></hibernate-generic>").unwrap();
    let export = read(home.path(), Some("confluence"));
    assert_eq!(export.articles.len(), 2);
    assert_eq!(export.articles[0].title, "&f;");
    assert_eq!(export.faults.len(), 2, "{:?}", export.faults);
    std::fs::remove_file(home.path().join("entities.xml")).unwrap();
    assert!(cairn_sources::open(home.path(), Some("confluence")).is_err());
}

#[test]
fn the_archive_as_it_is_exported_says_the_same() {
    let home = tempfile::tempdir().unwrap();
    let archive = read(&zipped(&fixture("confluence"), home.path()), None);
    assert_eq!(
        archive.articles,
        read(&fixture("confluence"), None).articles
    );
}
