//! A dump of an Intercom help center becomes articles with everything they had.

use crate::support::{assert_keeps_words, fixture, read, text_between_tags, zipped};
use serde_json::Value;

#[test]
fn every_article_and_language_keeps_what_it_had() {
    let dump = read(&fixture("intercom"), None);
    assert_eq!(dump.source.kind(), "Intercom articles");
    let order: Vec<_> = dump
        .articles
        .iter()
        .map(|a| format!("{} {}", a.source_id, a.locale.as_deref().unwrap()))
        .collect();
    assert_eq!(order, ["7 en", "7 de", "7 pt-BR", "12 en", "20 en"]);
    let article = dump.article("7", Some("en"));
    assert_eq!(article.title, "Join a team");
    assert_eq!(article.excerpt, "How to accept an invitation");
    assert_eq!(article.category_path, ["Kite for teams", "First steps"]);
    assert_eq!(article.tags, ["onboarding"]);
    assert_eq!(article.author.as_deref(), Some("Ines Okafor"));
    assert_eq!(article.created_at.as_deref(), Some("2023-01-05T14:19:19Z"));
    assert_eq!(article.updated_at.as_deref(), Some("2024-01-05T10:30:10Z"));
    assert_eq!(
        article.old_urls,
        ["/en/articles/7-join-a-team", "/en/articles/7"]
    );
    assert!(
        article
            .front_matter
            .as_deref()
            .unwrap()
            .contains("\"happy_reaction_percentage\":75.0")
    );
    let german = dump.article("7", Some("de"));
    assert_eq!(german.author.as_deref(), Some("Jonas Weber"));
    assert_eq!(german.translation_key, article.translation_key);
    assert_eq!(german.old_urls[0], "/de/articles/7-einem-team-beitreten");
    assert_eq!(german.status.as_deref(), Some("published"));
    let portuguese = dump.article("7", Some("pt-BR"));
    assert_eq!(portuguese.status.as_deref(), Some("draft"));
    assert_eq!(portuguese.old_urls, [""; 0]);
    let alone = dump.article("20", None);
    assert_eq!((alone.category_path.len(), &alone.author), (0, &None));
    let said: Vec<_> = dump.faults.iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        ["articles.json:1: article 39: `title` is missing; an article needs it"]
    );
}

#[test]
fn bodies_keep_their_words_and_shape() {
    let dump = read(&fixture("intercom"), None);
    let text = std::fs::read_to_string(fixture("intercom/articles.json")).unwrap();
    let value: Value = serde_json::from_str(&text).unwrap();
    for record in value["data"].as_array().unwrap().iter().take(3) {
        let id = record["id"].as_str().unwrap();
        assert_keeps_words(
            &text_between_tags(record["body"].as_str().unwrap()),
            dump.article(id, Some("en")),
        );
        for (locale, content) in record["translated_content"]
            .as_object()
            .into_iter()
            .flatten()
        {
            if let Some(body) = content["body"].as_str() {
                assert_keeps_words(&text_between_tags(body), dump.article(id, Some(locale)));
            }
        }
    }
    let body = &dump.article("7", Some("en")).body;
    for part in [
        "# Before you start {#h_6a1}",
        "Ask your **admin** for an *invitation*.",
        "![An invitation](https://downloads.intercomcdn.com/i/o/12345/invite.png)",
        "> [!NOTE]\n> \n> Invitations end after 7 days.",
        "- Mobile\n  - iOS\n  - Android\n- Web",
        "| Plan | Seats |\n| Team | 10 |",
        "```\nkite login --team my_team\n```",
        "(https://www.youtube.com/watch?v=aqz-KE-bpKQ)",
        "[Roles](https://help.kite.example/en/articles/12-roles)",
    ] {
        assert!(body.contains(part), "{part}\nis not in\n{body}");
    }
}

#[test]
fn collections_are_categories_with_their_addresses() {
    let dump = read(&fixture("intercom"), None);
    let portal = dump.source.portal();
    assert_eq!(portal.name.as_deref(), Some("Kite Help"));
    assert_eq!(portal.locales, ["en", "de", "pt-BR"]);
    let paths: Vec<_> = portal
        .categories
        .iter()
        .map(|c| c.path.join(" > "))
        .collect();
    assert_eq!(
        paths,
        ["Billing", "Kite for teams", "Kite for teams > First steps"]
    );
    let old = dump.source.old_addresses();
    let leads = |url: &str| {
        old.iter()
            .find(|o| o.old_url == url)
            .map(|o| o.target.as_str())
    };
    assert_eq!(
        leads("/en/collections/6871119-first-steps"),
        Some("category:Kite for teams/First steps")
    );
    assert_eq!(leads("/en/collections/6871120"), Some("category:Billing"));
}

#[test]
fn what_is_wrong_is_named_and_stops_nothing() {
    let home = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(home.path().join(name), text).unwrap();
    write(
        "articles.json",
        r#"{"type": "list", "data": [
        {"id": "1", "title": "a", "state": "gone"},
        {"id": "2", "title": "a", "state": "draft", "created_at": "soon"},
        {"id": "3", "title": "a", "translated_content": {"xx-nowhere-1": {"title": "b"}}},
        {"id": "4", "title": "a", "translated_content": "none"},
        {"id": "5", "title": "Good", "parent_id": 404, "url": 5}, {"id": "6", "title": "Good", "parent_id": 404}]}"#,
    );
    write(
        "collections.json",
        r#"{"data": [{"id": 1, "name": "Ring", "parent_id": 2}, {"id": 2, "name": "Round", "parent_id": 1}, {"id": 3}]}"#,
    );
    write("admins.json", "nonsense");
    let dump = read(home.path(), Some("intercom"));
    let said: Vec<_> = dump.faults.iter().map(ToString::to_string).collect();
    for part in [
        "admins.json:1: it is not JSON",
        "collection 3: `name` is missing",
        "article 1: `state` is \"gone\"",
        "article 2: `created_at` is \"soon\"",
        "article 3: its language \"xx-nowhere-1\"",
        "article 4: `translated_content` is a text",
        "article 5: `url` is a number",
    ] {
        assert!(
            said.iter().any(|said| said.contains(part)),
            "{part} in {said:#?}"
        );
    }
    assert_eq!(dump.articles.len(), 1, "{said:#?}");
    assert!(
        dump.source
            .remarks()
            .iter()
            .any(|r| r.reason.contains("collection 404 is not in the dump"))
    );
    assert_eq!(dump.source.portal().categories.len(), 2);
}

#[test]
fn an_archive_of_the_dump_says_the_same() {
    let home = tempfile::tempdir().unwrap();
    let archive = read(&zipped(&fixture("intercom"), home.path()), None);
    assert_eq!(archive.articles, read(&fixture("intercom"), None).articles);
}
