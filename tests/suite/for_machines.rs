//! What machines are told of the public pages: heads, sitemaps, feeds, texts, and how caches keep them.

mod caching;
mod cards;
mod feeds;
mod heads;
mod sitemaps;
mod texts;
mod xml;

use cairn_domain::portal::Portal;
use cairn_tests::{Answer, TestApp, corpus};
use serde_json::{Value, json};

/// Titles that would break a careless document.
const HOSTILE: &[&str] = &[
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "]]></title><x>&amp;&lt;&#0;",
    "\"><meta property=\"og:title\" content=\"x",
    "Größe & 'Maß' <b>\u{202e}txt\u{2028}\u{2029}",
    "[a](javascript:1) *b* `c`\\",
    "返金 🧾 \u{feff}",
];

/// How many lines of the collection of texts are taken: one of so many.
const TEXT_STEP: usize = 12;

/// The hostile titles above and some of the collection, as far as an article may be called so.
fn hostile_titles() -> Vec<String> {
    let mut titles: Vec<String> = HOSTILE.iter().map(|t| (*t).to_owned()).collect();
    for name in ["text.jsonl", "unicode.jsonl"] {
        for line in corpus(name).unwrap_or_default().iter().step_by(TEXT_STEP) {
            titles.push(line.input().to_owned());
        }
    }
    titles
}

/// Publishes an article of this title, when one may be called so; gives its path and the title as kept.
async fn publish_titled(app: &TestApp, number: usize, title: &str) -> Option<(String, String)> {
    let body = json!({
        "portal": "help", "title": title, "excerpt": title, "body": "Some words.\n", "status": "published",
        "slug": format!("hostile-{number}"),
    });
    let made = app.rest(&app.key).post("/articles", body).await;
    if made.status >= 400 {
        assert!(made.status < 500, "{title:?}: {}", made.text());
        return None;
    }
    let title = made.json()["title"].as_str().expect("a title").to_owned();
    Some((format!("/help/en/articles/hostile-{number}"), title))
}

/// A page at a host of its own.
async fn page_at(app: &TestApp, host: &str, path: &str) -> Answer {
    app.request("GET", path).header("host", host).send().await
}

/// A portal that answers at `help.ferry.example`, with one article.
async fn ferry(app: &TestApp) -> std::sync::Arc<Portal> {
    let portal = app
        .portal("ferry")
        .hostnames(&["help.ferry.example", "old.ferry.example"])
        .create()
        .await;
    let article = app.article().in_portal("ferry").title("Ferries");
    article.published().create().await;
    app.settle().await;
    portal
}

/// The `href` of each `link` of this `rel`, in order.
fn links(html: &str, rel: &str) -> Vec<String> {
    let tags = html.split("<link ").skip(1).map(|t| {
        let end = t.find('>').unwrap_or(t.len());
        &t[..end]
    });
    tags.filter(|tag| attribute(tag, "rel").as_deref() == Some(rel))
        .filter_map(|tag| attribute(tag, "href"))
        .collect()
}

/// The content of a `meta` element, by its `name` or `property`.
fn meta(html: &str, name: &str) -> Option<String> {
    let tags = html.split("<meta ").skip(1);
    let mut tags = tags.map(|t| &t[..t.find('>').unwrap_or(t.len())]);
    let tag = tags.find(|tag| {
        [attribute(tag, "name"), attribute(tag, "property")].contains(&Some(name.to_owned()))
    })?;
    attribute(tag, "content")
}

/// An attribute in double quotes, its references resolved.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!("{name}=\""))?;
    let (value, _) = rest.split_once('"')?;
    let value = quick_xml::escape::unescape(value).expect("references of attributes resolve");
    Some(value.into_owned())
}

/// What the block of JSON-LD says, one value for each thing.
fn linked_data(html: &str) -> Vec<Value> {
    let (_, rest) = html
        .split_once("<script type=\"application/ld+json\">")
        .expect("there is a block of data");
    let (data, _) = rest.split_once("</script>").expect("it ends");
    let data: Value = serde_json::from_str(data).unwrap_or_else(|e| panic!("{e}: {data}"));
    assert_eq!(data["@context"], "https://schema.org");
    data["@graph"].as_array().expect("a graph").clone()
}

/// The thing of this type.
#[track_caller]
fn thing<'a>(graph: &'a [Value], kind: &str) -> &'a Value {
    let found = graph.iter().find(|v| v["@type"] == kind);
    found.unwrap_or_else(|| panic!("there is no {kind} in {graph:?}"))
}
