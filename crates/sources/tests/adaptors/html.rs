//! A mirrored site becomes articles of its main columns.

use crate::support::{assert_keeps_words, fixture, read, text_between_tags, words, zipped};

const HOST: &str = "help.lantern.example";

fn page(name: &str) -> String {
    let bytes =
        std::fs::read(fixture("html").join(HOST).join(name)).expect("a page of the fixture");
    String::from_utf8(bytes)
        .unwrap_or_else(|e| e.into_bytes().into_iter().map(char::from).collect())
}

#[test]
fn a_page_keeps_what_it_says_of_itself() {
    let mut site = read(&fixture("html"), None);
    assert_eq!(site.source.kind(), "HTML pages");
    let article = site.article("help.lantern.example/lamps/pairing.html", None);
    assert_eq!(article.title, "Pair a lamp with your phone");
    assert_eq!(article.locale.as_deref(), Some("en-GB"));
    assert_eq!(article.excerpt, "Make a lamp and a phone know each other.");
    assert_eq!(article.author.as_deref(), Some("Greta Sommer"));
    assert_eq!(article.created_at.as_deref(), Some("2022-01-02T02:04:05Z"));
    assert_eq!(article.updated_at.as_deref(), Some("2024-04-05T00:00:00Z"));
    assert_eq!(article.tags, ["bluetooth"]);
    assert_eq!(article.category_path, ["Lamps", "Setting up"]);
    assert_eq!(article.old_urls, ["/lamps/pairing", "/lamps/pairing.html"]);
    let reset = site.article("help.lantern.example/lamps/reset.html", None);
    assert_eq!(
        (reset.title.as_str(), reset.category_path.join("/")),
        ("Reset a lamp", "Lamps".to_owned())
    );
    let account = site.article("help.lantern.example/account/index.html", None);
    assert_eq!(
        (account.category_path.len(), account.old_urls.as_slice()),
        (0, &["/account/".to_owned()][..])
    );
    assert_eq!(site.articles.len(), 4);
    assert_eq!(site.faults, []);
    let remarks: Vec<_> = site
        .source
        .remarks()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(remarks.len(), 1);
    assert!(
        remarks[0].contains("lamps/index.html:1: it is a list of links")
            || remarks[0].contains("lamps/index.html:1: it has no text"),
        "{remarks:?}"
    );
    let files: Vec<_> = site.source.files().into_iter().map(|f| f.path).collect();
    assert_eq!(
        files,
        [
            "help.lantern.example/files/leaflet.pdf",
            "help.lantern.example/images/blink pattern.png"
        ]
    );
    assert!(
        site.source
            .read_file(&files[1])
            .unwrap()
            .starts_with(b"\x89PNG")
    );
}

#[test]
fn the_column_keeps_every_word_and_the_navigation_stays_behind() {
    let site = read(&fixture("html"), None);
    for name in [
        "lamps/pairing.html",
        "lamps/reset.html",
        "account/index.html",
    ] {
        let html = page(name);
        let (_, column) = html.split_once("<article class=\"article\">").unwrap();
        let (column, _) = column.split_once("</article>").unwrap();
        let article = site.article(&format!("{HOST}/{name}"), None);
        // The title stands in the title; readability knows it as such.
        let (_, column) = column.split_once("</h1>").unwrap();
        assert_keeps_words(&text_between_tags(column), article);
        for left_behind in [
            "Imprint",
            "Next page",
            "All lamps",
            "not words",
            "In this section",
        ] {
            assert!(
                !article.body.contains(left_behind),
                "{left_behind} in {}",
                article.body
            );
        }
    }
    let body = &site
        .article("help.lantern.example/lamps/pairing.html", None)
        .body;
    for part in [
        "   - On Android: allow `Nearby devices`",
        "![Three short blinks](../images/blink%20pattern.png)",
        "> [!TIP]\n> \n> **Tip**\n> \n> Lamps remember",
        "[hard reset](reset.html#hard)",
        "- [Reset a lamp](reset.html)\n- [Get the app](https://vendor.example/app)\n- [The leaflet](../files/leaflet.pdf)",
        "| Light | Meaning | Seconds |",
        "```sh\nlantern pair --verbose\n```",
        "## With the app {#app}",
    ] {
        assert!(body.contains(part), "{part}\nis not in\n{body}");
    }
    let reset = &site
        .article("help.lantern.example/lamps/reset.html", None)
        .body;
    assert!(
        reset.contains("<details><summary>It stays dark</summary>")
            && reset.contains("[us](../account/index.html)"),
        "{reset}"
    );
}

#[test]
fn old_encodings_and_tags_left_out_are_read() {
    let site = read(&fixture("html"), None);
    let german = site.article("help.lantern.example/lamps/zuruecksetzen.html", None);
    assert_eq!(
        (german.title.as_str(), german.locale.as_deref()),
        ("Lampe zurücksetzen", Some("de"))
    );
    assert!(german.body.contains("je eine Sekunde, und warten, bis sie blau leuchtet.\\\nDann [neu verbinden](pairing.html)."), "{}", german.body);
    assert!(words(&german.body).contains(&"rückgängig".to_owned()));
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("a.html"), b"<p>\xff\xfe").unwrap();
    std::fs::write(home.path().join("b.html"), "<p>too short").unwrap();
    std::fs::write(home.path().join("c.html"), "").unwrap();
    let site = read(home.path(), None);
    assert_eq!(site.articles.len(), 0);
    assert!(
        site.faults[0]
            .to_string()
            .starts_with("a.html:1: it is not UTF-8 from byte 3"),
        "{:?}",
        site.faults
    );
    assert_eq!(site.source.remarks().len(), 2);
}

#[test]
fn an_archive_of_the_site_says_the_same() {
    let home = tempfile::tempdir().unwrap();
    let archive = read(&zipped(&fixture("html"), home.path()), None);
    assert_eq!(archive.articles, read(&fixture("html"), None).articles);
}
