//! Files that articles show: brought, kept once, handed out whole and in parts, and taken away.

mod kinds;
mod names;
mod public;
mod s3;

use std::time::Duration;

use cairn_service::attachments::{Swept, sweep};
use cairn_tests::{TestApp, png};
use serde_json::{Value, json};

/// Below which everything was written before; the clock of tests stands still.
const A_HUNDRED_YEARS: Duration = Duration::from_secs(100 * 365 * 24 * 3_600);

fn id(attachment: &Value) -> &str {
    attachment["id"].as_str().expect("an id")
}

/// Every file that is kept, by its path below the directory.
fn kept(app: &TestApp) -> Vec<String> {
    let root = app.files_dir();
    let mut files = Vec::new();
    for portal in std::fs::read_dir(&root).into_iter().flatten().flatten() {
        for file in std::fs::read_dir(portal.path())
            .expect("a directory")
            .flatten()
        {
            let path = file.path();
            let below = path.strip_prefix(&root).expect("below the root");
            files.push(below.to_string_lossy().into_owned());
        }
    }
    files.sort();
    files
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_picture_comes_back_to_the_byte_with_what_is_known_of_it() {
    let app = TestApp::spawn().await;
    let bytes = png(1_000, 500);
    let made = app.attach("a picture.png", bytes.clone()).await;
    let id = id(&made);
    assert_eq!(made["media_type"], "image/png");
    assert_eq!(
        (&made["width"], &made["height"]),
        (&json!(1_000), &json!(500))
    );
    assert_eq!(made["byte_length"], bytes.len());
    assert_eq!(made["portal"], "help");
    assert_eq!(made["warnings"], json!([]));
    let address = format!("/attachments/{id}/a%20picture.png");
    assert_eq!(made["address"], address);
    assert_eq!(made["markdown"], format!("![a picture]({address})"));
    assert_eq!(made["url"], format!("http://127.0.0.1:8080/help{address}"));
    let widths = made["variant_widths"].as_array().expect("widths").clone();
    assert!(
        widths.iter().all(|w| *w == 480 || *w == 960) && !widths.is_empty(),
        "{widths:?}"
    );

    let rest = app.rest(&app.key);
    let content = rest
        .get(&format!("/attachments/{id}/content"))
        .await
        .expect(200);
    assert_eq!(content.body, bytes);
    assert_eq!(content.header("content-type"), "image/png");
    assert_eq!(
        content.header("content-disposition"),
        "inline; filename=\"a picture.png\""
    );
    let tag = content.header("etag").to_owned();
    assert_eq!(
        tag,
        format!("\"{}\"", made["digest"].as_str().expect("a digest"))
    );
    let again = rest
        .request("GET", &format!("/attachments/{id}/content"))
        .header("if-none-match", &tag)
        .send()
        .await
        .expect(304);
    assert!(again.body.is_empty());
    let head = rest
        .request("HEAD", &format!("/attachments/{id}/content"))
        .send()
        .await
        .expect(200);
    assert_eq!(head.header("content-length"), bytes.len().to_string());
    assert!(head.body.is_empty());

    let read = rest
        .get(&format!("/attachments/{id}"))
        .await
        .expect(200)
        .json();
    assert_eq!(read["paths"], json!([]));
    assert_eq!(read["digest"], made["digest"]);
    let listed = rest
        .get("/attachments?portal=help")
        .await
        .expect(200)
        .json();
    assert_eq!(listed["items"][0]["id"], made["id"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parts_are_handed_out_as_they_are_asked_for() {
    let app = TestApp::spawn().await;
    let bytes: Vec<u8> = (0..700_000_u32).flat_map(u32::to_be_bytes).collect();
    let made = app.attach("numbers.bin", bytes.clone()).await;
    let path = format!("/attachments/{}/content", id(&made));
    let ask = async |range: &str| {
        app.rest(&app.key)
            .request("GET", &path)
            .header("range", range)
            .send()
            .await
    };
    let end = bytes.len();
    for (range, want) in [
        ("bytes=0-0", 0..1),
        ("bytes=100-299", 100..300),
        ("bytes=1000000-", 1_000_000..end),
        ("bytes=-5", end - 5..end),
    ] {
        let part = ask(range).await.expect(206);
        assert_eq!(part.body, bytes[want.clone()], "{range}");
        assert_eq!(
            part.header("content-range"),
            format!("bytes {}-{}/{end}", want.start, want.end - 1)
        );
        assert_eq!(part.header("content-length"), want.len().to_string());
    }
    let outside = ask(&format!("bytes={end}-")).await;
    outside.problem(416, "range_not_satisfiable");
    assert_eq!(outside.header("content-range"), format!("bytes */{end}"));
    assert_eq!(ask("bytes=0-1,5-6").await.expect(200).body, bytes);
    let whole = app.rest(&app.key).get(&path).await.expect(200);
    assert_eq!(whole.body, bytes);
    assert_eq!(whole.header("accept-ranges"), "bytes");
    assert_eq!(whole.header("content-type"), "application/octet-stream");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_bytes_are_one_attachment_however_often_and_by_whomever_they_come() {
    let app = TestApp::spawn().await;
    let bytes = png(600, 300);
    let racers: Vec<_> = (0..8)
        .map(|n| app.bring(if n % 2 == 0 { "a.png" } else { "b.png" }, bytes.clone()))
        .collect();
    let mut made = Vec::new();
    let mut new = 0;
    for answer in join(racers).await {
        assert!(matches!(answer.status, 200 | 201), "{}", answer.text());
        new += usize::from(answer.status == 201);
        made.push(answer.json()["id"].clone());
    }
    assert_eq!(new, 1, "one of the racers made it");
    made.dedup();
    assert_eq!(made.len(), 1, "all of them were told of the same one");
    assert_eq!(app.rows("attachments").await.len(), 1);
    let of_attachments = |rows: Vec<Value>| {
        rows.into_iter()
            .filter(|row| row["subject_kind"] == "attachment")
            .count()
    };
    assert_eq!(of_attachments(app.rows("audit").await), 1);
    assert_eq!(of_attachments(app.rows("outbox").await), 1);

    app.portal("other").create().await;
    let other = app
        .rest(&app.key)
        .request("POST", "/attachments?portal=other&name=a.png")
        .raw(bytes)
        .send()
        .await
        .expect(201)
        .json();
    assert_ne!(other["id"], made[0], "portals share nothing");
}

/// Waits for futures that run side by side.
async fn join<T>(futures: Vec<impl Future<Output = T>>) -> Vec<T> {
    let mut futures: Vec<_> = futures.into_iter().map(Box::pin).collect();
    let mut done: Vec<Option<T>> = futures.iter().map(|_| None).collect();
    std::future::poll_fn(|cx| {
        for (future, slot) in futures.iter_mut().zip(&mut done) {
            if slot.is_none()
                && let std::task::Poll::Ready(value) = future.as_mut().poll(cx)
            {
                *slot = Some(value);
            }
        }
        if done.iter().all(Option::is_some) {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    done.into_iter().flatten().collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_path_of_a_source_is_remembered_and_leads_to_what_came_last() {
    let app = TestApp::spawn().await;
    let send = async |bytes: &[u8]| {
        app.rest(&app.key)
            .request(
                "POST",
                "/attachments?portal=help&source=docs&path=media/a%20b.txt",
            )
            .raw(bytes.to_vec())
            .send()
            .await
    };
    let first = send(b"one").await.expect(201).json();
    assert_eq!(first["name"], "a b.txt");
    send(b"one").await.expect(200);
    let events = app.rows("outbox").await.len();
    let second = send(b"two").await.expect(201).json();
    let paths = async |attachment: &Value| {
        let path = format!("/attachments/{}", id(attachment));
        app.rest(&app.key).get(&path).await.expect(200).json()["paths"].clone()
    };
    assert_eq!(paths(&first).await, json!([]));
    assert_eq!(
        paths(&second).await,
        json!([{"source": "docs", "path": "media/a b.txt"}])
    );
    // Back to what it was: the file is known, the path is news.
    send(b"one").await.expect(200);
    assert_eq!(paths(&first).await.as_array().map(Vec::len), Some(1));
    assert_eq!(app.rows("outbox").await.len(), events + 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retry_with_the_same_key_is_told_the_same() {
    let app = TestApp::spawn().await;
    let send = async |bytes: &[u8], key: &str| {
        app.rest(&app.key)
            .request("POST", "/attachments?portal=help&name=a.txt")
            .header("idempotency-key", key)
            .raw(bytes.to_vec())
            .send()
            .await
    };
    let first = send(b"one", "k").await.expect(201).json();
    assert_eq!(send(b"one", "k").await.expect(201).json(), first);
    send(b"two", "k").await.problem(422, "idempotency_mismatch");
    send(b"one", "other").await.expect(200);
    send(b"one", "other").await.expect(200);
    assert_eq!(app.rows("attachments").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_too_large_or_says_too_little_is_refused_by_name() {
    let app = TestApp::spawn().await;
    let post = async |query: &str, bytes: Vec<u8>| {
        app.rest(&app.key)
            .request("POST", &format!("/attachments?portal=help{query}"))
            .raw(bytes)
            .send()
            .await
    };
    let most = cairn_domain::limits::ATTACHMENT_BYTES_MAX;
    post("&name=a.bin", vec![0; most + 1])
        .await
        .problem(413, "too_large");
    post("&name=a.bin", vec![0; most]).await.expect(201);
    for (query, bytes, field, code) in [
        ("&name=a", &b""[..], "body", "required"),
        ("", b"x", "name", "required"),
        ("&name=a%2Fb", b"x", "name", "invalid_name"),
        ("&name=a&source=s", b"x", "path", "required"),
        ("&name=a&path=s", b"x", "source", "required"),
        ("&source=s&path=../a", b"x", "path", "invalid_path"),
    ] {
        let answer = post(query, bytes.to_vec()).await;
        answer.problem(400, "invalid_fields");
        assert_eq!(
            answer.faults(),
            [(field.to_owned(), code.to_owned())],
            "{query}"
        );
    }
    app.rest(&app.key)
        .request("POST", "/attachments?portal=help&name=a")
        .header("content-encoding", "gzip")
        .raw(b"x".to_vec())
        .send()
        .await
        .problem(415, "unsupported_media_type");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_unreferenced_ones_are_listed_and_readers_see_only_what_is_published() {
    let app = TestApp::spawn().await;
    let mut made = Vec::new();
    for n in 0..5 {
        made.push(app.attach(&format!("{n}.txt"), format!("file {n}")).await);
    }
    let published = app.article().published().create().await;
    let draft = app.article().create().await;
    public::link(&app, &published.id, id(&made[0])).await;
    public::link(&app, &draft.id, id(&made[1])).await;

    let names = |items: Vec<Value>| -> Vec<String> {
        items
            .iter()
            .map(|i| i["name"].as_str().expect("a name").to_owned())
            .collect()
    };
    let rest = app.rest(&app.key);
    let (all, pages) = rest.all("/attachments?portal=help", 2).await;
    assert_eq!(
        (names(all), pages),
        (
            ["4.txt", "3.txt", "2.txt", "1.txt", "0.txt"]
                .map(str::to_owned)
                .to_vec(),
            3
        )
    );
    let (free, _) = rest
        .all("/attachments?portal=help&unreferenced=true", 2)
        .await;
    assert_eq!(names(free), ["4.txt", "3.txt", "2.txt"]);

    let reader = app.key_with(&["articles:read"]).await;
    let rest = app.rest(&reader);
    let (seen, _) = rest.all("/attachments?portal=help", 2).await;
    assert_eq!(names(seen), ["0.txt"]);
    rest.get(&format!("/attachments/{}/content", id(&made[0])))
        .await
        .expect(200);
    for hidden in &made[1..3] {
        rest.get(&format!("/attachments/{}", id(hidden)))
            .await
            .problem(404, "not_found");
        rest.get(&format!("/attachments/{}/content", id(hidden)))
            .await
            .problem(404, "not_found");
    }
    let refused = rest.get("/attachments?portal=help&unreferenced=true").await;
    assert_eq!(
        refused.problem(403, "missing_scope")["missing_scope"],
        "attachments:write"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bytes_that_no_attachment_has_are_swept_after_a_day_and_lost_ones_are_kept_again() {
    let app = TestApp::spawn().await;
    let bytes = png(600, 300);
    let made = app.attach("a.png", bytes.clone()).await;
    let before = kept(&app);
    assert_eq!(
        before.len(),
        1 + made["variant_widths"].as_array().map_or(0, Vec::len)
    );

    let (portal, _) = before[0].split_once('/').expect("a portal");
    let orphan = app.files_dir().join(portal).join("ab".repeat(32));
    std::fs::write(&orphan, b"of a write that failed").expect("a file");
    std::fs::write(app.files_dir().join(portal).join("README"), b"not ours").expect("a file");
    let is_young = written(&orphan) + 24 * 3_600 >= app.app.now().as_second();
    sweep(&app.app).await.expect("the files are swept");
    assert_eq!(orphan.exists(), is_young, "a file is left alone for a day");
    app.clock.advance(A_HUNDRED_YEARS);
    let swept = sweep(&app.app).await.expect("the files are swept");
    assert!(!orphan.exists());
    assert!(swept.deleted <= 1, "{swept:?}");
    let left: Vec<_> = kept(&app)
        .into_iter()
        .filter(|f| !f.ends_with("README"))
        .collect();
    assert_eq!(
        left, before,
        "what an attachment has stays, and what is not ours is not touched"
    );
    let again = sweep(&app.app).await.expect("the files are swept");
    assert_eq!(
        again,
        Swept {
            seen: before.len(),
            deleted: 0
        }
    );

    for file in &before {
        std::fs::remove_file(app.files_dir().join(file)).expect("a file");
    }
    let path = format!("/attachments/{}/content", id(&made));
    app.rest(&app.key).get(&path).await.problem(500, "internal");
    app.bring("a.png", bytes.clone()).await.expect(200);
    assert_eq!(app.rest(&app.key).get(&path).await.expect(200).body, bytes);
    let left: Vec<_> = kept(&app)
        .into_iter()
        .filter(|f| !f.ends_with("README"))
        .collect();
    assert_eq!(left, before, "its variants are back as well");
}

fn written(path: &std::path::Path) -> i64 {
    let at = std::fs::metadata(path).and_then(|m| m.modified());
    let since = at.map(|at| at.duration_since(std::time::UNIX_EPOCH).unwrap_or_default());
    let seconds = since.expect("the file is there").as_secs();
    i64::try_from(seconds).expect("a time of ours")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_was_erased_is_not_taken_again() {
    let app = TestApp::spawn().await;
    let made = app.attach("a.txt", "secret").await;
    let set = format!(
        "update attachments set purged_at = now() where id = '{}'",
        id(&made)
    );
    app.execute(&set).await;
    let refused = app.bring("b.txt", "secret").await;
    refused.problem(409, "conflict");
    let path = format!("/attachments/{}", id(&made));
    app.rest(&app.key).get(&path).await.problem(410, "purged");
    assert_eq!(
        app.rest(&app.key)
            .get("/attachments?portal=help")
            .await
            .json()["items"],
        json!([])
    );
}
