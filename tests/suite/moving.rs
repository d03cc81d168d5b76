//! Moving in from other systems, whole: each fixture of `fixtures/moving` goes through the real
//! program, and afterwards every old address leads to its article in one hop, and every link between
//! moved articles to where its target stands now.

use std::ops::ControlFlow;

use cairn_sources::SourceArticle;
use cairn_tests::process::{Home, Server, free_port};
use cairn_tests::{root, say};
use reqwest::{Client, Method, StatusCode};
use serde_json::Value;

use crate::kill::writers::Door;

/// Folder below `fixtures/moving`, articles, records that cannot become one, and how many old
/// addresses its published articles have.
const EXPORTS: [(&str, u64, u64); 7] = [
    ("zendesk", 6, 1),
    ("intercom", 5, 1),
    ("outline", 4, 0),
    ("bookstack", 3, 1),
    ("bookstack-pages", 2, 1),
    ("html", 4, 0),
    ("confluence", 4, 1),
];

/// Portal and address of the links that lead to something their export does not have.
const LED_NOWHERE_BEFORE: [(&str, &str); 2] = [
    ("bookstack", "/link/999"),
    ("confluence", "/display/PEOPLE/On+call"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "starts the program and brings in seven exports: make test-all runs it"]
async fn seven_exports_move_in_and_no_old_address_dies() {
    let home = Home::new("moving");
    let mut server = Server::start(&home, free_port());
    let (ready, _) = server.ready().await.expect("the server starts");
    let door = Door {
        http: crate::kill::http(),
        url: ready.url.clone(),
        key: ready.api_key.expect("a first start prints a key"),
    };
    let reader = Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .expect("a client");
    for (name, articles, failed) in EXPORTS {
        let folder = root().join("fixtures/moving").join(name);
        for word in ["created", "unchanged"] {
            let report = import(&home, &folder, name).await;
            assert_eq!(report[word], articles, "{name}: {report}");
            assert_eq!(report["failed"], failed, "{name}: {report}");
        }
        let moved = read(&folder);
        let mut hops = 0;
        for article in &moved {
            let is_public = article.status.as_deref() != Some("draft")
                && article.status.as_deref() != Some("archived")
                && article.audience.as_deref() != Some("internal");
            for old in article.old_urls.iter().filter(|_| is_public) {
                let url = format!("{}/{name}{old}", ready.url);
                let answer = reader.get(&url).send().await.expect("an answer");
                assert_eq!(answer.status(), StatusCode::MOVED_PERMANENTLY, "{url}");
                let location = answer.headers()["location"].to_str().expect("text");
                let target = if location.starts_with('/') {
                    format!("{}{location}", ready.url)
                } else {
                    location.to_owned()
                };
                let page = reader.get(&target).send().await.expect("an answer");
                assert_eq!(page.status(), StatusCode::OK, "{url} → {target}");
                let html = page.text().await.expect("text");
                let title = article.title.replace('&', "&amp;").replace('\'', "&#39;");
                let is_there = html.contains(&title) || html.contains(&article.title);
                assert!(is_there, "{url} → {target} does not show {title}");
                hops += 1;
            }
        }
        let dead = dead_links(&door, &reader, &ready.url, name).await;
        say(&format!(
            "{name}: {articles} articles, {failed} faults, {hops} old addresses in one hop, dead links {dead:?}"
        ));
        assert!(dead.is_empty(), "{name}: {dead:?}");
    }
    let status = server.stop().await.expect("the server stops");
    assert!(status.success(), "{status}");
}

async fn import(home: &Home, folder: &std::path::Path, portal: &str) -> Value {
    let folder = folder.to_str().expect("the folder has a plain name");
    let output = home
        .run(&[
            "import", folder, "--portal", portal, "--locale", "en", "--json",
        ])
        .await;
    let text = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(text.lines().last().unwrap_or_default()).unwrap_or_else(|_| {
        let said = String::from_utf8_lossy(&output.stderr);
        panic!("{}: {text}{said}", output.status)
    })
}

/// What the source gives, read by the room itself.
fn read(folder: &std::path::Path) -> Vec<SourceArticle> {
    let (mut source, _) = cairn_sources::open(folder, None).expect("a fixture");
    let mut articles = Vec::new();
    source
        .articles(&mut |found| {
            articles.extend(found);
            ControlFlow::Continue(())
        })
        .expect("a fixture is readable");
    articles
}

/// Addresses in the pages of a portal that lead into the portal and nowhere there.
async fn dead_links(door: &Door, reader: &Client, url: &str, portal: &str) -> Vec<String> {
    let path = format!("/articles?portal={portal}&status=published&limit=100");
    let list = door
        .request(Method::GET, &path)
        .send()
        .await
        .expect("an answer");
    let list: Value = list.json().await.expect("JSON");
    let mut dead = Vec::new();
    for article in list["items"].as_array().expect("items") {
        let Some(page_url) = article["url"].as_str() else {
            continue;
        };
        let page = reader.get(page_url).send().await.expect("an answer");
        if page.status() != StatusCode::OK {
            continue;
        }
        let html = page.text().await.expect("text");
        let (_, prose) = html.split_once("class=\"prose\"").unwrap_or_default();
        let prose = prose
            .split_once("</article>")
            .map_or(prose, |(prose, _)| prose);
        for target in addresses(prose) {
            if LED_NOWHERE_BEFORE.contains(&(portal, target.as_str())) {
                continue;
            }
            let is_local = target.starts_with('/') || target.starts_with(url);
            let is_relative = !target.contains(':') && !target.starts_with('#') && !is_local;
            if is_relative {
                dead.push(format!("{page_url}: {target}"));
            } else if is_local {
                let whole = if target.starts_with('/') {
                    format!("{url}{target}")
                } else {
                    target
                };
                let bare = whole.split('#').next().unwrap_or(&whole);
                let answer = reader.get(bare).send().await.expect("an answer");
                if !answer.status().is_success() {
                    dead.push(format!("{page_url}: {whole} {}", answer.status()));
                }
            }
        }
    }
    dead
}

fn addresses(html: &str) -> Vec<String> {
    let mut found = Vec::new();
    for attribute in ["href=\"", "src=\""] {
        let pieces = html.split(attribute).skip(1);
        let values = pieces.filter_map(|piece| piece.split_once('"').map(|(value, _)| value));
        found.extend(values.map(|value| value.replace("&amp;", "&")));
    }
    found
}
