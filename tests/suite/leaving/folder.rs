//! `cairn export DIR`: everything a portal may hold leaves as files, and comes back from them.

use std::fs;

use cairn_tests::root;
use reqwest::Method;
use serde_json::{Value, json};

use super::place::{Place, body, same, tree, write};

/// A picture of the demo.
const PICTURE: &str = "cancel-sailing.webp";

/// Bodies that readers of front matter get wrong.
const BODIES: [(&str, &str); 9] = [
    ("empty", ""),
    ("blank", "\n"),
    ("margins", "\n\n\n# After margins\n\n\n"),
    ("crlf", "# A\r\n\r\nb\r\n"),
    ("fence", "---\nnot: front matter\n---\n\nx\n"),
    ("mark", "\u{feff}# A\n"),
    ("no-end", "no line feed at the end"),
    ("spaces", "  \t x  \n\t\n"),
    ("dots", "...\n---\n"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_leaves_as_a_folder_comes_back_the_same() {
    let here = Place::open("leave").await;
    let fixtures = root().join("fixtures/portals/help");
    here.import("docs", "fixtures", &fixtures).await;

    // Bodies in files of their own, with front matter nobody here knows.
    let odd = here.home.path("odd");
    for (name, text) in BODIES {
        let head = format!(
            "---\nid: odd-{name}\ntitle: \"Odd: {name}\"\nweight: 1.50\nwhen: 2026-01-02\nslug: [not, ours]\n\
             nested: {{\"a\":[1,{{\"b\":null}}],\"ü\":\"\\u0007\"}}\ncreated: 2020-02-30T00:00:00Z\n---\n\n"
        );
        write(
            &odd,
            &format!("en/{name}.md"),
            format!("{head}{text}").as_bytes(),
        );
        let bare = format!("---\n---\n\n{text}");
        write(&odd, &format!("de/{name}.md"), bare.as_bytes());
    }
    let shown = fs::read(fixtures.join("media").join(PICTURE)).expect("a picture");
    write(&odd, "pictures/Twin.webp", &[&shown[..], b"1"].concat());
    write(&odd, "pictures/twin.webp", &[&shown[..], b"2"].concat());
    write(&odd, "pictures/same.webp", &shown);
    here.import("docs", "odd/ones", &odd).await;
    furnish(&here, &shown).await;

    let first = here.home.path("first");
    let report = here.export("docs", &first).await;
    let articles = here.articles("docs").await;
    assert_eq!(report["articles"], articles.len());
    let files = tree(&first);
    let attachments = report["attachments"].as_u64().expect("a number");
    assert!(attachments > 3, "{report}");
    assert_eq!(files.len() as u64, articles.len() as u64 + attachments + 2);
    assert_eq!(files[&format!("fixtures/media/{PICTURE}")], shown);
    assert_eq!(files["odd/ones/pictures/same.webp"], shown);
    assert!(files.contains_key("portal.toml") && files.contains_key("redirects.csv"));
    for (name, text) in BODIES {
        for locale in ["en", "de"] {
            let file = &files[&format!("odd/ones/{locale}/{name}.md")];
            assert_eq!(body(file), text.as_bytes(), "{locale}/{name}");
        }
    }
    for entry in fs::read_dir(&fixtures).expect("fixtures") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(|n| n.to_str()).expect("a name");
        if name.ends_with(".md") {
            let source = fs::read(&path).expect("a file");
            let file = &files[&format!("fixtures/{name}")];
            assert_eq!(body(file), body(&source), "{name}");
        }
    }

    // Nothing is written over unless that is said.
    let to = first.to_str().expect("a plain name");
    let (code, _, err) = here.try_run(&["export", to, "--portal", "docs"]).await;
    assert!(
        code == Some(1) && err.contains("--overwrite"),
        "{code:?} {err}"
    );
    fs::write(first.join("articles/.cairn-export-7.part"), "half").expect("a file");
    here.run(&["export", to, "--portal", "docs", "--overwrite", "--json"])
        .await;
    same(&files, &tree(&first));

    let there = Place::open("arrive").await;
    let imported = there.import("docs", "left", &first).await;
    assert_eq!(imported["created"], report["articles"], "{imported}");
    let second = there.home.path("second");
    there.export("docs", &second).await;
    same(&files, &tree(&second));

    assert_eq!(
        there.door.get("/portals/docs").await["locales"],
        here.door.get("/portals/docs").await["locales"]
    );
    let said = |articles: Vec<Value>| {
        let mut said: Vec<String> = articles.iter().map(what_it_says).collect();
        said.sort();
        said
    };
    let (first_said, second_said) = (said(articles), said(there.articles("docs").await));
    for (first, second) in first_said.iter().zip(&second_said) {
        assert_eq!(first, second);
    }
    assert_eq!(first_said.len(), second_said.len());
    // An old slug leads on, as it did.
    let old = format!(
        "{}/docs/de/articles/gr%C3%B6%C3%9Fe-ma%C3%9Fe",
        there.door.url
    );
    let page = there.door.http.get(&old).send().await.expect("an answer");
    assert!(page.status().is_success(), "{old}: {}", page.status());
    assert!(page.url().path().ends_with("/dritter"), "{}", page.url());

    // Again: nothing is new to the server that has it.
    let again = there.import("docs", "left", &second).await;
    assert_eq!(again["created"], 0, "{again}");
    there.close().await;
    here.close().await;
}

/// Everything of an article that a folder carries.
fn what_it_says(article: &Value) -> String {
    let mut says = json!({});
    for field in [
        "locale",
        "slug",
        "title",
        "body",
        "excerpt",
        "tags",
        "author",
        "status",
        "audience",
        "category_path",
        "created_at",
        "translations",
    ] {
        says[field] = article[field].clone();
    }
    if article["status"] == "published" {
        says["published_at"] = article["published_at"].clone();
    }
    says.to_string()
}

/// What only the API makes: articles without a file, drafts, what was put away, other addresses.
pub(super) async fn furnish(here: &Place, picture: &[u8]) {
    let new = |body: serde_json::Value| {
        let mut all =
            json!({"portal": "docs", "title": "New", "body": "x\n", "status": "published"});
        for (key, value) in body.as_object().expect("an object") {
            all[key] = value.clone();
        }
        all
    };
    let shelf = here
        .call("POST", "/categories", &json!({"portal": "docs", "name": "Either / or", "description": "Two\nlines", "position": 7}))
        .await;
    let inner = here
        .call(
            "POST",
            "/categories",
            &json!({"portal": "docs", "name": "  Inner ", "parent": shelf["id"]}),
        )
        .await;
    let moved = here
        .call("POST", "/articles", &new(json!({"title": "Größe & Maße", "locale": "de", "category": inner["id"], "tags": ["z", "a, b", "true", "7"]})))
        .await;
    let id = moved["id"].as_str().expect("an id");
    here.change(id, &json!({"slug": "zweiter"})).await;
    here.change(id, &json!({"slug": "dritter"})).await;
    here.change(id, &json!({"body": "an unpublished head\n"}))
        .await;
    here.call("POST", "/articles", &new(json!({"title": "English", "locale": "en", "translation_of": id, "audience": "internal", "author": "Ada \"L\""})))
        .await;
    // The same slug in another locale and no translation of it.
    here.call(
        "POST",
        "/articles",
        &new(json!({"title": "Dritter", "locale": "en", "excerpt": "two\nlines: x"})),
    )
    .await;
    here.call(
        "POST",
        "/articles",
        &new(json!({"title": "con", "status": "draft"})),
    )
    .await;
    let put_away = here
        .call("POST", "/articles", &new(json!({"title": "Away"})))
        .await;
    let put_away = put_away["id"].as_str().expect("an id");
    here.change(put_away, &json!({"status": "archived"})).await;
    let upload = here
        .door
        .request(Method::POST, "/attachments?portal=docs&name=CON.bin")
        .body([picture, b"another"].concat())
        .send()
        .await
        .expect("an answer");
    assert_eq!(upload.status().as_u16(), 201);
    let upload: Value = serde_json::from_str(&upload.text().await.expect("text")).expect("JSON");
    let body = format!(
        "[file]({})\n",
        upload["address"].as_str().expect("an address")
    );
    here.call(
        "POST",
        "/articles",
        &new(json!({"title": "With a file", "body": body})),
    )
    .await;
    let redirects: Vec<_> = (0..150)
        .map(|n| json!({"old_url": format!("/hc/{n}-Größe?id={n}"), "target": format!("article:{id}")}))
        .chain([
            json!({"old_url": "/old shelf", "target": format!("category:{}", shelf["slug"].as_str().expect("a slug"))}),
            json!({"old_url": "/elsewhere", "target": "https://example.com/a,b?c=\"d\""}),
        ])
        .collect();
    here.call(
        "POST",
        "/redirects",
        &json!({"portal": "docs", "redirects": redirects}),
    )
    .await;
}
