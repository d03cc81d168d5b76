//! `cairn export --bundle` and `cairn restore`: a portal in one signed file, and back with everything
//! it had, whatever is killed on the way. What is refused stands in `tampering`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use cairn_tests::root;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::process::{Child, Command};

use super::folder::furnish;
use super::place::{Place, same, tree};

/// Articles beside the furnished ones: enough for several requests.
const MANY: usize = 1_000;
/// Texts of an article, a revision and a file that are erased before the bundle is made.
const SECRETS: [&str; 3] = ["zyxwsecret5711", "vutssecret5712", "qponsecret5713"];

/// Runs a tool that must succeed.
pub(super) async fn tool(name: &str, args: &[&str]) {
    let output = Command::new(name).args(args).output().await;
    let output = output.unwrap_or_else(|error| panic!("{name}: {error}; install it"));
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name} {args:?}: {err}");
}

/// A pair of keys as openssl makes them: the private and the public file.
pub(super) async fn keys(place: &Place, name: &str) -> (String, String) {
    let path = |kind: &str| text(&place.home.path(&format!("{name}-{kind}.pem")));
    let (private, public) = (path("private"), path("public"));
    tool(
        "openssl",
        &["genpkey", "-algorithm", "ed25519", "-out", &private],
    )
    .await;
    tool(
        "openssl",
        &["pkey", "-in", &private, "-pubout", "-out", &public],
    )
    .await;
    (private, public)
}

pub(super) fn text(path: &Path) -> String {
    path.to_str().expect("a plain name").to_owned()
}

/// Everything exports tell of a portal, revisions and rows.
async fn everything(place: &Place, portal: &str) -> (Vec<Value>, Vec<Value>) {
    let histories = place
        .pages(&format!("revision-exports?portal={portal}&limit=100"))
        .await;
    let (mut pages, mut cursor) = (Vec::new(), String::new());
    loop {
        let mut page = place
            .door
            .get(&format!("/portal-exports?portal={portal}{cursor}"))
            .await;
        match page["next_cursor"].take().as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => {
                pages.push(page);
                return (histories, pages);
            }
        }
        pages.push(page);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bundle_restores_everything_on_an_empty_server_whoever_is_killed_meanwhile() {
    let here = Place::open("bundle").await;
    here.call(
        "POST",
        "/portals",
        &json!({"slug": "docs", "name": "Docs", "locales": ["en", "de"], "accent": "#0a7d5a"}),
    )
    .await;
    let fixtures = root().join("fixtures/portals/help");
    let imported = here.import("docs", "fixtures", &fixtures).await;
    furnish(&here, b"not a picture").await;
    // A link that leads where a redirect says.
    let aside = json!({"portal": "docs", "title": "Aside", "body": "[shelf](/old%20shelf)", "status": "published"});
    here.call("POST", "/articles", &aside).await;
    many(&here).await;
    teach(&here).await;
    let erased = erase(&here).await;
    let (private, public) = keys(&here, "own").await;
    let file = text(&here.home.path("backup.tar.gz"));
    let report = here.run(&signed(&file, &private)).await;
    let (histories, rows) = everything(&here, "docs").await;
    let revisions: usize = histories
        .iter()
        .map(|h| h["revisions"].as_array().map_or(0, Vec::len))
        .sum();
    assert_eq!(report["revisions"], revisions, "{report}");
    assert!(revisions > histories.len(), "{report}");
    for kind in ["article", "attachment", "redirect"] {
        let has = |link: &Value| link["target_kind"] == kind;
        assert!(links(&histories).any(has), "no link leads to {kind}");
    }
    let folder = unpacked(&here, &file, "first").await.0;
    let members = tree(&folder);
    for kind in [
        "categories",
        "files",
        "attachments",
        "redirects",
        "articles",
        "translations",
        "search-rules",
    ] {
        let has = members.keys().any(|path| path.starts_with(kind));
        assert!(has, "{kind}: {:?}", members.keys());
    }
    for (path, bytes) in &members {
        for secret in SECRETS {
            let is_there = bytes.windows(secret.len()).any(|w| w == secret.as_bytes());
            assert!(!is_there, "{path} has {secret}, which was erased");
        }
    }

    // The client is killed, then the server with its Postgres: it goes on.
    let there = Place::open("restored").await;
    let restore = ["restore", &file, "--verify-key", &public, "--json"];
    let mut child = start(&there, &restore);
    until_more_than(&there, &mut child, 0).await;
    child.start_kill().expect("it can be killed");
    child.wait().await.expect("it ends");
    let had = articles(&there).await;
    let mut child = start(&there, &restore);
    until_more_than(&there, &mut child, had).await;
    let there = there.killed().await;
    let output = child.wait_with_output().await.expect("it ends");
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}{err}");
    let done: Value = serde_json::from_str(told.trim()).expect("one line of JSON");
    assert_eq!(done["counts"]["revisions"], revisions, "{done}");
    assert_eq!(done["went_on"], true, "{done}");
    assert_eq!(done["was_finished"], false, "{done}");

    // What it tells is the same, line by line, and so is what leaves it again.
    let (histories_there, rows_there) = everything(&there, "docs").await;
    assert_eq!(histories.len(), histories_there.len());
    for (first, second) in histories.iter().zip(&histories_there) {
        assert_eq!(first, second);
    }
    assert_eq!(rows, rows_there);
    for locale in ["en", "de"] {
        let path = format!("/search-rules?portal=docs&locale={locale}");
        let (mut mine, mut theirs) = (here.door.get(&path).await, there.door.get(&path).await);
        for rules in [&mut mine, &mut theirs] {
            assert!(rules["updated_at"].take().is_string(), "{rules}");
        }
        assert_eq!(mine, theirs);
    }
    let second = text(&there.home.path("second.tar.gz"));
    there.run(&signed(&second, &private)).await;
    let (again, _) = unpacked(&there, &second, "second").await;
    let mut members_there = tree(&again);
    let (mut members, mut manifests) = (members, Vec::new());
    for all in [&mut members, &mut members_there] {
        all.remove("manifest.sig").expect("a signature");
        let manifest = all.remove("manifest.json").expect("a manifest");
        let mut manifest: Value = serde_json::from_slice(&manifest).expect("JSON");
        assert!(manifest["made_at"].take().is_string());
        manifests.push(manifest);
    }
    assert_eq!(manifests[0], manifests[1]);
    same(&members, &members_there);
    let verified = there
        .run(&["verify-index", "--portal", "docs", "--json"])
        .await;
    for fault in ["missing", "extra", "stale", "duplicate"] {
        assert_eq!(verified[fault], 0, "{verified}");
    }
    pages_and_tags(&here, &there, &histories).await;
    stays_erased(&there, &erased).await;

    // The same bundle again has nothing to do, and the folder it was once imported from neither.
    let done = there.run(&restore).await;
    assert_eq!(done["was_finished"], true, "{done}");
    let again = there.import("docs", "fixtures", &fixtures).await;
    assert_eq!(again["unchanged"], imported["created"], "{again}");
    for news in ["created", "updated", "conflicts", "gone"] {
        assert_eq!(again[news], 0, "{again}");
    }
    // Numbers go on above those that were given.
    let last = histories.iter().filter_map(|h| h["number"].as_i64()).max();
    let new = json!({"portal": "docs", "title": "After", "body": "x"});
    let new = there.call("POST", "/articles", &new).await;
    assert!(new["number"].as_i64() > last, "{new}");
    there.close().await;
    here.close().await;
}

/// Rules of search in both locales, with articles in them.
async fn teach(here: &Place) {
    for (locale, article) in [("en", "English"), ("de", "Größe & Maße")] {
        let all = here.articles("docs").await;
        let named = all.iter().find(|a| a["title"] == article);
        let id = &named.expect("it was made")["id"];
        let rules = json!({
            "synonyms": [{"equal": ["fax", "telefax"]}, {"words": "cc", "means": ["carbon copy"]}],
            "stop_words": ["please", locale],
            "pins": [{"query": "size", "articles": [id]}],
            "keywords": [{"article": id, "words": ["width", "höhe"]}],
        });
        let path = format!("/search-rules?portal=docs&locale={locale}");
        let (status, answer) = here.send("PUT", &path, Some("\"1\""), &rules).await;
        assert_eq!(status, 200, "{answer}");
    }
}

/// Every link of every revision.
fn links(histories: &[Value]) -> impl Iterator<Item = &Value> {
    histories
        .iter()
        .flat_map(|h| h["revisions"].as_array().into_iter().flatten())
        .flat_map(|r| r["links"].as_array().into_iter().flatten())
}

/// The command that writes a signed bundle of the portal.
pub(super) fn signed<'a>(file: &'a str, private: &'a str) -> [&'a str; 8] {
    [
        "export",
        file,
        "--bundle",
        "--portal",
        "docs",
        "--sign-key",
        private,
        "--json",
    ]
}

/// An article, a revision and a file with secrets, which are erased: article and file by id.
async fn erase(here: &Place) -> [String; 2] {
    let article = |title: &str, body: &str, source: &str| json!({"portal": "docs", "title": title, "body": body, "status": "published", "source_id": source, "locale": "en"});
    let whole = article(SECRETS[0], SECRETS[0], SECRETS[0]);
    let whole = here.call("POST", "/articles", &whole).await;
    let part = article("Partly", SECRETS[1], "partly");
    let part = here.call("POST", "/articles", &part).await;
    let upload = here
        .door
        .request(Method::POST, "/attachments?portal=docs&name=secret.bin")
        .body(SECRETS[2])
        .send()
        .await
        .expect("an answer");
    let upload: Value = upload.json().await.expect("JSON");
    let id = |of: &Value| of["id"].as_str().expect("an id").to_owned();
    let (whole, part, file) = (id(&whole), id(&part), id(&upload));
    here.change(&part, &json!({"body": "nothing", "status": "published"}))
        .await;
    let why = ["--message", "asked for", "--json"];
    for what in [
        &["article", &whole][..],
        &["revision", &part, "--revision", "1"],
        &["attachment", &file],
    ] {
        here.run(&[&["purge"], what, &why].concat()).await;
    }
    [whole, file]
}

/// What was erased before the bundle was made is not here, and is refused when it comes again.
async fn stays_erased(there: &Place, [article, file]: &[String; 2]) {
    let path = format!("/articles/{article}");
    let (status, tombstone) = there.send("GET", &path, None, &Value::Null).await;
    assert_eq!(status, 410, "{tombstone}");
    assert!(!tombstone.to_string().contains(SECRETS[0]), "{tombstone}");
    let again = json!({"source_id": SECRETS[0], "title": "Again", "body": "x", "locale": "en", "status": "draft"});
    let body = json!({"portal": "docs", "source": "many", "items": [again]});
    let refused = there.call("POST", "/article-imports", &body).await;
    assert_eq!(refused["results"][0]["result"], "failed", "{refused}");
    let upload = there
        .door
        .request(Method::POST, "/attachments?portal=docs&name=secret.bin")
        .body(SECRETS[2])
        .send()
        .await
        .expect("an answer");
    assert_eq!(
        upload.status(),
        409,
        "{}",
        upload.text().await.expect("text")
    );
    let content = format!("/attachments/{file}/content");
    let (status, _) = there.send("GET", &content, None, &Value::Null).await;
    assert_eq!(status, 410);
}

/// Imported articles with a history.
async fn many(here: &Place) {
    for (round, tail) in ["one", "two"].into_iter().enumerate() {
        let items: Vec<Value> = (0..MANY)
            .map(|n| {
                let body = format!("# {n}\n\n[next]({}.md) {tail}\n", n + 1);
                json!({"source_id": format!("{n}"), "title": format!("Article {n}"), "body": body, "locale": "en",
                    "status": "published", "path": format!("{n}.md"), "old_urls": [format!("https://old.example/hc/{n}")]})
            })
            .collect();
        for batch in items.chunks(350) {
            let body = json!({"portal": "docs", "source": "many", "items": batch});
            let done = here.call("POST", "/article-imports", &body).await;
            let word = ["created", "updated"][round];
            assert_eq!(done["results"][0]["result"], word, "{done}");
        }
    }
}

/// Begins a command beside the server.
fn start(there: &Place, args: &[&str]) -> Child {
    there
        .home
        .command(args)
        .arg("--data-dir")
        .arg(there.home.data_dir())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts")
}

/// How many articles the portal has.
async fn articles(there: &Place) -> u64 {
    let (status, page) = there
        .send("GET", "/portal-exports?portal=docs", None, &Value::Null)
        .await;
    let has = page["numbers"]["articles"].as_u64();
    has.filter(|_| status == 200).unwrap_or(0)
}

/// Waits until a restoration that goes on has brought more articles than these.
async fn until_more_than(there: &Place, child: &mut Child, had: u64) {
    while articles(there).await <= had {
        let ended = child.try_wait().expect("it can be asked");
        assert!(
            ended.is_none(),
            "it ended before there were articles: more are needed"
        );
    }
    let ended = child.try_wait().expect("it can be asked");
    assert!(
        ended.is_none(),
        "it ended before it could be killed: more articles are needed"
    );
}

/// Old addresses, entity tags and pages are what they were.
async fn pages_and_tags(here: &Place, there: &Place, histories: &[Value]) {
    let one = histories
        .iter()
        .find(|h| h["source_id"] == "3")
        .expect("it is there");
    let path = format!("/articles/{}", one["id"].as_str().expect("an id"));
    let tag = |place: &Place| {
        let request = place.door.request(reqwest::Method::GET, &path);
        async move {
            let answer = request.send().await.expect("an answer");
            answer.headers()["etag"].to_str().expect("a tag").to_owned()
        }
    };
    assert_eq!(tag(here).await, tag(there).await);
    let page = |place: &Place, path: &str| {
        let (http, url) = (place.door.http.clone(), place.door.url.clone());
        let path = path.to_owned();
        async move {
            let answer = http
                .get(format!("{url}{path}"))
                .send()
                .await
                .expect("an answer");
            assert!(answer.status().is_success(), "{path}: {}", answer.status());
            let html = answer.text().await.expect("text");
            html.replace(&url, "")
        }
    };
    for path in ["/docs/en/articles/article-3", "/docs/hc/3", "/docs/en"] {
        assert_eq!(page(here, path).await, page(there, path).await, "{path}");
    }
    let html = page(there, "/docs/en/articles/article-3").await;
    assert!(
        html.contains("/docs/en/articles/article-4"),
        "links lead on: {html}"
    );
}

/// The members of a bundle in a folder of their own, and their names in order.
pub(super) async fn unpacked(here: &Place, file: &str, name: &str) -> (PathBuf, Vec<String>) {
    let folder = here.home.path(name);
    fs::create_dir_all(&folder).expect("a folder");
    tool("tar", &["-xzf", file, "-C", &text(&folder)]).await;
    let list = Command::new("tar").args(["-tzf", file]).output().await;
    let list = String::from_utf8(list.expect("tar runs").stdout).expect("UTF-8");
    (folder, list.lines().map(str::to_owned).collect())
}

pub(super) async fn packed(here: &Place, folder: &Path, names: &[String]) -> PathBuf {
    let file = here.home.path(&format!(
        "{}.tar.gz",
        folder.file_name().and_then(|n| n.to_str()).expect("a name")
    ));
    let (target, from) = (text(&file), text(folder));
    // A file that is named twice is there twice, not as a link.
    let mut args = vec![
        "--format=ustar",
        "--hard-dereference",
        "-czf",
        &target,
        "-C",
        &from,
    ];
    args.extend(names.iter().map(String::as_str));
    tool("tar", &args).await;
    file
}
