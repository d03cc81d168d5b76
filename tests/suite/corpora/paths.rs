//! `path.jsonl` as addresses of every door: nothing, or a way back on this site; never a file.

use cairn_tests::{Answer, TestApp, corpus, say};

/// What files of an operating system begin with or hold.
const OF_FILES: [&str; 6] = [
    "root:x:",
    "root:*:",
    "daemon:",
    "[boot loader]",
    "[extensions]",
    "127.0.0.1\tlocalhost",
];

/// The text as it can stand in a request line: what no client could send raw is escaped.
fn sendable(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_graphic()
            && !matches!(
                byte,
                b'"' | b'<' | b'>' | b'`' | b'{' | b'}' | b'^' | b'|' | b'\\' | b'#'
            )
        {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

fn check(path: &str, answer: &Answer, good: &[u16]) {
    let status = answer.status;
    assert!(good.contains(&status), "{path}: {status} {}", answer.text());
    let text = answer.text();
    for sign in OF_FILES {
        assert!(!text.contains(sign), "{path} shows a file: {text}");
    }
    if (300..400).contains(&status) {
        let to = answer.header("location");
        assert!(
            to.starts_with('/') && !to.starts_with("//") && !to.contains('\\'),
            "{path} leads to {to}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_path_leads_to_a_file_an_error_of_ours_or_another_site() {
    let Some(lines) = corpus("path.jsonl") else {
        return;
    };
    let app = TestApp::spawn().await;
    app.category("Shelf").create().await;
    app.article()
        .in_category("Shelf")
        .published()
        .create()
        .await;
    app.settle().await;
    for line in &lines {
        let hostile = sendable(line.input());
        for place in [
            "/",
            "/assets/",
            "/assets/demo/",
            "/help/",
            "/help/en/",
            "/help/en/articles/",
            "/help/en/categories/",
            "/problems/",
        ] {
            let path = format!("{place}{hostile}");
            // A request line that does not parse is refused before any door sees it.
            if path.parse::<axum::http::Uri>().is_err() {
                continue;
            }
            check(
                &path,
                &app.page(&path).await,
                &[301, 302, 308, 400, 401, 404, 405],
            );
        }
        for place in [
            "/articles/",
            "/portals/",
            "/articles/help~1/revisions/",
            "/keys/",
            "/",
        ] {
            let path = format!("{place}{hostile}");
            if format!("/api/v1{path}").parse::<axum::http::Uri>().is_err() {
                continue;
            }
            check(
                &path,
                &app.rest(&app.key).get(&path).await,
                &[400, 404, 405],
            );
        }
        let path = format!("/mcp/{hostile}");
        if path.parse::<axum::http::Uri>().is_ok() {
            check(&path, &app.page(&path).await, &[301, 302, 400, 404, 405]);
        }
    }
    say(&format!("path.jsonl as addresses: {} lines", lines.len()));
    assert_eq!(lines.len(), 919);
}
