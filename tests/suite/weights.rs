//! What the public pages weigh on the wire. The style block is in the page, so that a page is one request.

use cairn_tests::{TestApp, read, root, say};

/// A long article.
const WORDS: usize = 1_500;
/// What its page may weigh in gzip, pictures left out: what a connection carries before it waits for the first answer.
const ARTICLE_BYTES_MAX: usize = 14 * 1024;
/// What a script may weigh.
const SCRIPT_BYTES_MAX: usize = 3 * 1024;

/// So many words of the demo's articles, with all that stands between them; no pictures.
fn words(count: usize) -> String {
    let dir = root().join("fixtures/portals/help");
    let mut files: Vec<_> = std::fs::read_dir(&dir)
        .expect("the demo is there")
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|e| e == "md"))
        .collect();
    files.sort();
    let mut out = String::new();
    let mut words = 0;
    for file in files {
        let text = read(&file);
        let body = text
            .splitn(3, "---")
            .nth(2)
            .expect("front matter, then the body");
        for line in body.lines().filter(|line| !line.contains("![")) {
            words += line
                .split_whitespace()
                .filter(|w| w.contains(char::is_alphanumeric))
                .count();
            out.push_str(line);
            out.push('\n');
            if words >= count && line.is_empty() {
                return out;
            }
        }
    }
    panic!("the demo has fewer than {count} words");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_article_of_1500_words_is_one_answer_of_14_kilobytes() {
    let app = TestApp::spawn().await;
    app.category("Refunds and payments").create().await;
    let article = app
        .article()
        .title("Refund passengers when a sailing is cancelled")
        .in_category("Refunds and payments")
        .body(&words(WORDS))
        .published()
        .create()
        .await;
    for n in 1..=12 {
        let other = app
            .article()
            .title(&format!("Refund of trip {n} that was cancelled"));
        other
            .in_category("Refunds and payments")
            .published()
            .create()
            .await;
    }
    app.settle().await;
    let coded = async |path: &str, coding: &str| {
        let asked = app.request("GET", path).header("accept-encoding", coding);
        let answer = asked.send().await.expect(200);
        assert_eq!(answer.header("content-encoding"), coding, "{path}");
        answer.body.len()
    };
    let html = app.page(&article.path).await.expect(200).text();
    let (gzip, brotli) = (
        coded(&article.path, "gzip").await,
        coded(&article.path, "br").await,
    );
    let script = html
        .split_once("<script src=\"")
        .and_then(|(_, rest)| rest.split_once('"'))
        .map(|(path, _)| path.to_owned())
        .expect("a page with a search field names its script");
    let script = coded(&script, "gzip").await;
    say(&format!(
        "an article of {WORDS} words: {} bytes, {gzip} in gzip, {brotli} in brotli; its script {script}",
        html.len()
    ));
    for path in [
        "/help/en",
        "/help/en/search?q=refund",
        "/help/en/categories/refunds-and-payments",
    ] {
        say(&format!(
            "{path}: {} bytes in gzip",
            coded(path, "gzip").await
        ));
    }
    assert!(gzip <= ARTICLE_BYTES_MAX, "{gzip} bytes");
    assert!(script <= SCRIPT_BYTES_MAX, "{script} bytes");
    // Nothing else is loaded: no sheet, no font, no picture that is not the article's.
    assert!(!html.contains("rel=\"stylesheet\"") && !html.contains("rel=\"preload\""));
    assert_eq!(html.matches(" src=\"").count(), 1, "the script alone");
}
