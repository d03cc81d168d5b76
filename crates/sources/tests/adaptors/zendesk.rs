//! A dump of a Zendesk Guide help center becomes articles with everything they had.

use crate::support::{assert_keeps_words, fixture, read, text_between_tags, zipped};
use serde_json::Value;

#[test]
fn every_article_and_translation_keeps_what_it_had() {
    let dump = read(&fixture("zendesk"), None);
    assert_eq!(dump.source.kind(), "Zendesk Guide export");
    let order: Vec<_> = dump
        .articles
        .iter()
        .map(|a| format!("{} {}", a.source_id, a.locale.as_deref().unwrap()))
        .collect();
    assert_eq!(
        order,
        [
            "360003003 en-US",
            "360003004 en-US",
            "360003001 en-US",
            "360003002 en-US",
            "360003001 de",
            "360003001 pt-BR"
        ]
    );
    let article = dump.article("360003001", Some("en-US"));
    assert_eq!(article.title, "How do I return an order?");
    assert_eq!(
        article.category_path,
        ["Using Northwind", "Orders", "Returns"]
    );
    assert_eq!(article.tags, ["returns", "shipping"]);
    assert_eq!(article.author.as_deref(), Some("Mara Lindqvist"));
    assert_eq!(article.status.as_deref(), Some("published"));
    assert_eq!(article.audience.as_deref(), Some("public"));
    assert_eq!(article.created_at.as_deref(), Some("2019-03-04T09:00:00Z"));
    assert_eq!(article.updated_at.as_deref(), Some("2024-05-31T11:30:00Z"));
    assert_eq!(article.translation_key.as_deref(), Some("360003001"));
    assert_eq!(
        article.old_urls,
        [
            "/hc/en-us/articles/360003001-How-do-I-return-an-order",
            "/hc/en-us/articles/360003001",
            "/hc/articles/360003001",
        ]
    );
    let rest: Value = serde_json::from_str(article.front_matter.as_deref().unwrap()).unwrap();
    assert_eq!(rest["promoted"], true);
    assert_eq!(
        (&rest["vote_sum"], &rest["vote_count"]),
        (&12.into(), &18.into())
    );
    let german = dump.article("360003001", Some("de"));
    assert_eq!(german.title, "Wie gebe ich eine Bestellung zurück?");
    assert_eq!(german.translation_key, article.translation_key);
    assert_eq!(german.category_path, article.category_path);
    assert_eq!(german.updated_at.as_deref(), Some("2023-07-08T09:10:11Z"));
    assert!(
        german
            .front_matter
            .as_deref()
            .unwrap()
            .contains("\"outdated\":true")
    );
    assert_eq!(
        dump.article("360003001", Some("pt-BR")).status.as_deref(),
        Some("draft")
    );
    assert_eq!(
        dump.article("360003003", None).audience.as_deref(),
        Some("internal")
    );
    assert_eq!(
        dump.article("360003004", None).status.as_deref(),
        Some("draft")
    );
}

#[test]
fn bodies_keep_their_words_links_and_files() {
    let dump = read(&fixture("zendesk"), None);
    for file in ["articles.json", "articles-2.json"] {
        let text = std::fs::read_to_string(fixture("zendesk").join(file)).unwrap();
        let value: Value = serde_json::from_str(&text).unwrap();
        for record in value["articles"].as_array().unwrap() {
            let id = record["id"].to_string();
            if id != "360003009" {
                let text = text_between_tags(record["body"].as_str().unwrap());
                assert_keeps_words(&text, dump.article(&id, Some("en-US")));
            }
        }
    }
    let body = &dump.article("360003001", Some("en-US")).body;
    for part in [
        "[Change an order](https://northwind.zendesk.com/hc/en-us/articles/360003002-Change-an-order)",
        "[the fees](#h_01HFEES)",
        "## What it costs {#h_01HFEES}",
        "> [!WARNING]\n> \n> **Gift cards**",
        "   - On the web: <kbd>Ctrl</kbd>+<kbd>K</kbd>",
        "![The return button](../../attachments/360001001/return-button.png)",
        "| Weight | Fee \\| tax |\n| --- | --- |\n| \\< 2 kg | free |",
        "[How to pack a return](https://www.youtube.com/watch?v=dQw4w9WgXcQ)",
        "- [return form.pdf](../../attachments/360001002/return%20form.pdf)\n",
    ] {
        assert!(body.contains(part), "{part}\nis not in\n{body}");
    }
    let body = &dump.article("360003002", None).body;
    assert!(
        body.contains("```bash\ncurl -X PATCH") && body.contains("<here>\"}'\n```"),
        "{body}"
    );
}

#[test]
fn files_are_read_and_categories_keep_order_and_addresses() {
    let mut dump = read(&fixture("zendesk"), None);
    let files = dump.source.files();
    let names: Vec<_> = files
        .iter()
        .map(|f| (f.path.as_str(), f.name.as_str()))
        .collect();
    assert_eq!(
        names,
        [
            (
                "attachments/360001001/return-button.png",
                "return-button.png"
            ),
            ("attachments/360001002/return form.pdf", "return form.pdf"),
        ]
    );
    assert!(
        dump.source
            .read_file("attachments/360001001/return-button.png")
            .unwrap()
            .starts_with(b"\x89PNG")
    );
    assert!(dump.source.read_file("../zendesk/README.md").is_err());
    let portal = dump.source.portal();
    assert_eq!(portal.locales, ["en-US", "de", "pt-BR"]);
    let paths: Vec<_> = portal
        .categories
        .iter()
        .map(|c| c.path.join(" > "))
        .collect();
    assert_eq!(
        paths,
        [
            "Developers",
            "Developers > API",
            "Using Northwind",
            "Using Northwind > Orders",
            "Using Northwind > Orders > Returns"
        ]
    );
    assert_eq!(
        portal.categories[3].description,
        "Placing, changing and returning"
    );
    let old: Vec<_> = dump.source.old_addresses();
    let leads = |url: &str| {
        old.iter()
            .find(|o| o.old_url == url)
            .map(|o| o.target.clone())
    };
    let returns = Some("category:Using Northwind/Orders/Returns".to_owned());
    assert_eq!(leads("/hc/en-us/sections/360012-Returns"), returns);
    assert_eq!(leads("/hc/de/sections/360012"), returns);
    assert_eq!(
        leads("/hc/en-us/categories/360002-Developers"),
        Some("category:Developers".to_owned())
    );
}

#[test]
fn a_record_that_is_none_is_named_and_stops_nothing() {
    let dump = read(&fixture("zendesk"), None);
    let said: Vec<_> = dump.faults.iter().map(ToString::to_string).collect();
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(
        said[0].starts_with("articles-2.json:1: article 360003009: `created_at` is \"yesterday\""),
        "{}",
        said[0]
    );
    let home = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(home.path().join(name), text).unwrap();
    write(
        "articles-1.json",
        r#"{"articles": [1, {"id": 5}, {"id": 6, "title": 7, "locale": "en"},
        {"id": 7, "title": "t", "locale": "nowhere-at-all", "body": "x"}, {"id": 8, "title": "Good", "locale": "en", "body": null,
        "section_id": 99, "html_url": null}]}"#,
    );
    write("articles-2.json", "{\"articles\": [\n{");
    write(
        "translations.json",
        r#"[{"source_id": 404, "source_type": "Article", "locale": "de", "title": "x"}, {"locale": "de"}]"#,
    );
    let dump = read(home.path(), Some("zendesk"));
    assert_eq!(dump.articles.len(), 1);
    let said: Vec<_> = dump.faults.iter().map(ToString::to_string).collect();
    for part in [
        "articles-2.json:2: it is not JSON",
        "one article is a number",
        "article 5: `locale` is missing",
        "article 6: `title` is a number",
        "article 7: `locale` is \"nowhere-at-all\"",
        "its article 404 is not in the dump",
        "`source_id` is missing",
    ] {
        assert!(
            said.iter().any(|said| said.contains(part)),
            "{part} in {said:#?}"
        );
    }
    assert_eq!(said.len(), 7, "{said:#?}");
    assert!(
        dump.source.remarks()[0]
            .reason
            .contains("section 99 is not in the dump")
    );
}

#[test]
fn an_archive_of_the_dump_says_the_same() {
    let home = tempfile::tempdir().unwrap();
    let folder = read(&fixture("zendesk"), None);
    let archive = read(&zipped(&fixture("zendesk"), home.path()), None);
    assert_eq!(archive.articles, folder.articles);
    assert_eq!(archive.faults, folder.faults);
}
