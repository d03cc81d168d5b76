//! BookStack exports, portable and as pages, become articles with everything they have.

use crate::support::{assert_keeps_words, fixture, read, text_between_tags, words, zipped};
use serde_json::Value;

#[test]
fn a_portable_export_keeps_books_chapters_and_pages() {
    let mut export = read(&fixture("bookstack"), None);
    assert_eq!(export.source.kind(), "BookStack portable export");
    let all: Vec<_> = export
        .articles
        .iter()
        .map(|a| {
            (
                a.path.as_str(),
                a.title.as_str(),
                a.category_path.join(" > "),
            )
        })
        .collect();
    assert_eq!(
        all,
        [
            ("pages/38.md", "Who has keys", "Server room".to_owned()),
            (
                "pages/40.md",
                "Setting up the rack",
                "Server room > Hardware".to_owned()
            ),
            (
                "pages/41.md",
                "Cabling",
                "Server room > Hardware".to_owned()
            ),
        ]
    );
    let rack = export.article("pages/40", None);
    assert_eq!(rack.tags, ["rack", "floor: -1"]);
    assert_eq!(
        rack.old_urls,
        ["/link/40", "/books/server-room/page/setting-up-the-rack"]
    );
    let said: Vec<_> = export.faults.iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        ["data.json:1: page 39: `name` is missing; an article needs it"]
    );
    let portal = export.source.portal();
    let categories: Vec<_> = portal
        .categories
        .iter()
        .map(|c| (c.path.join(" > "), c.description.as_str(), c.position))
        .collect();
    assert_eq!(
        categories,
        [
            (
                "Server room".to_owned(),
                "Everything about the room downstairs.",
                None
            ),
            (
                "Server room > Hardware".to_owned(),
                "Racks and cables",
                Some(1)
            ),
        ]
    );
    let old: Vec<_> = export
        .source
        .old_addresses()
        .into_iter()
        .map(|o| (o.old_url, o.target))
        .collect();
    assert_eq!(
        old,
        [
            (
                "/books/server-room".to_owned(),
                "category:Server room".to_owned()
            ),
            (
                "/books/server-room/chapter/hardware".to_owned(),
                "category:Server room/Hardware".to_owned()
            ),
        ]
    );
    let files: Vec<_> = export
        .source
        .files()
        .into_iter()
        .map(|f| (f.path, f.name))
        .collect();
    assert!(
        files.contains(&("files/a1b2c3.pdf".to_owned(), "Rack plan.pdf".to_owned())),
        "{files:?}"
    );
    assert!(
        export
            .source
            .read_file("files/rack-front.png")
            .unwrap()
            .starts_with(b"\x89PNG")
    );
}

#[test]
fn references_into_the_export_become_links_that_lead_there() {
    let export = read(&fixture("bookstack"), None);
    let rack = &export.article("pages/40", None).body;
    assert_eq!(
        rack,
        "## Before you begin\n\nYou need the [router manual](https://vendor.example/manual.pdf) and ../files/a1b2c3.pdf.\n\n\
        > **Note**: see [Cabling](41.md) or the [whole chapter](/books/server-room/chapter/hardware), and [another book](/link/999).\n\n\
        ![Rack](../files/rack-front.png)\n\n- [Vendor site](https://vendor.example/)\n- [Rack plan](../files/a1b2c3.pdf)\n"
    );
    let cabling = export.article("pages/41", None);
    for part in [
        "- Blue: *data*\n- Red: power\n  - 230 V\n  - 48 V",
        "> [!WARNING]\n> \n> Switch the power off first.",
        "![The rack from the front](../files/rack-front.png)",
        "```python\nprint(\"a < b\")\n```",
        "[Setting up the rack](40.md) or [the book](/books/server-room)",
        "<table id=\"bkmrk-t\"><tbody><tr><td colspan=\"2\">Lengths</td></tr>",
    ] {
        assert!(
            cabling.body.contains(part),
            "{part}\nis not in\n{}",
            cabling.body
        );
    }
    let text = std::fs::read_to_string(fixture("bookstack/data.json")).unwrap();
    let value: Value = serde_json::from_str(&text).unwrap();
    let html = value["book"]["chapters"][0]["pages"][0]["html"]
        .as_str()
        .unwrap();
    assert_keeps_words(&text_between_tags(html), cabling);
}

#[test]
fn what_is_wrong_in_the_data_is_named_and_stops_nothing() {
    let home = tempfile::tempdir().unwrap();
    for (folder, text) in [
        (
            "a",
            r#"{"page": {"id": 1, "name": "Good", "html": "<p>x</p>"}}"#,
        ),
        ("b", r#"{"shelf": {}}"#),
        ("c", "{"),
        (
            "d",
            r#"{"book": {"name": "B", "pages": [{"id": 2, "name": 5}, {"id": 3, "name": "n", "attachments": [{"name": "x"}]},
            {"id": 4, "name": "n", "tags": "none"}, {"id": 5, "name": "Good", "markdown": "[[bsexport:page]] [[bsexport:nothing:1]] [[bsexport:"}]}}"#,
        ),
    ] {
        std::fs::create_dir(home.path().join(folder)).unwrap();
        std::fs::write(home.path().join(folder).join("data.json"), text).unwrap();
    }
    let export = read(home.path(), Some("bookstack"));
    let titles: Vec<_> = export
        .articles
        .iter()
        .map(|a| (a.path.as_str(), a.body.as_str()))
        .collect();
    assert_eq!(
        titles,
        [
            ("a/pages/1.md", "x\n"),
            (
                "d/pages/5.md",
                "[[bsexport:page]] [[bsexport:nothing:1]] [[bsexport:"
            )
        ]
    );
    let said: Vec<_> = export.faults.iter().map(ToString::to_string).collect();
    for part in [
        "b/data.json:1: there is neither `book` nor `chapter` nor `page`",
        "c/data.json:1: it is not JSON",
        "page 2: `name` is a number",
        "neither `file` nor `link`",
        "page 4: `tags` is no list",
    ] {
        assert!(
            said.iter().any(|said| said.contains(part)),
            "{part} in {said:#?}"
        );
    }
    assert_eq!(said.len(), 5);
}

#[test]
fn a_folder_of_pages_keeps_what_its_metadata_says() {
    let export = read(&fixture("bookstack-pages"), None);
    assert_eq!(export.source.kind(), "BookStack pages");
    let retention = export.article("12", None);
    assert_eq!(retention.title, "Retention settings");
    assert_eq!(retention.category_path, ["Kafka", "Controller", "Settings"]);
    assert_eq!(retention.author.as_deref(), Some("Rosa Park"));
    assert_eq!(
        retention.created_at.as_deref(),
        Some("2023-07-02T10:00:00Z")
    );
    assert_eq!(
        retention.updated_at.as_deref(),
        Some("2024-02-03T11:12:13Z")
    );
    assert_eq!(retention.tags, ["ops"]);
    assert_eq!(
        retention.old_urls,
        ["/link/12", "/books/controller/page/retention-settings"]
    );
    assert!(retention.body.contains("[![topology](images/retention-settings/topology.png)](images/retention-settings/topology.png)"), "{}", retention.body);
    let notes = export.article("unassigned/field-notes/first-week", None);
    assert_eq!(
        (notes.title.as_str(), notes.category_path.join("/")),
        ("First week", "Field notes".to_owned())
    );
    let said: Vec<_> = export.faults.iter().map(ToString::to_string).collect();
    assert_eq!(said.len(), 1);
    assert!(
        said[0].starts_with("kafka/controller/main_meta.json:1: page 10: `created_at` is \"soon\""),
        "{}",
        said[0]
    );
    assert!(words(&notes.body).contains(&"shelf".to_owned()));
}

#[test]
fn archives_of_the_exports_say_the_same() {
    for name in ["bookstack", "bookstack-pages"] {
        let home = tempfile::tempdir().unwrap();
        let archive = read(&zipped(&fixture(name), home.path()), None);
        assert_eq!(archive.articles, read(&fixture(name), None).articles);
    }
}
