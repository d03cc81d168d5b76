//! Attachments for readers: there while a published, public article shows them.

use cairn_tests::{TestApp, png};
use serde_json::{Value, json};

use super::id;

/// Makes the head of an article name an attachment, as saving its body does.
pub(super) async fn link(app: &TestApp, article: &str, attachment: &str) {
    let sql = format!(
        "insert into links (portal_id, article_id, revision, address, source, path, is_image, target_kind, target_id)
         select portal_id, id, head_revision, '/attachments/{attachment}/x', null, '', true, 'attachment', '{attachment}'
         from articles where id = '{article}'
         on conflict (portal_id, article_id, revision, address) do nothing"
    );
    app.execute(&sql).await;
}

fn public_path(attachment: &Value) -> String {
    let address = attachment["address"].as_str().expect("an address");
    format!("/help{address}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_is_public_while_a_published_public_article_shows_it() {
    let app = TestApp::spawn().await;
    let bytes = png(1_000, 500);
    let made = app.attach("a b.png", bytes.clone()).await;
    let path = public_path(&made);
    let lost = app.page(&path).await.expect(404);
    assert!(lost.header("content-type").starts_with("text/html"));

    let body = format!("See {}\n", made["markdown"].as_str().expect("Markdown"));
    let article = app.article().body(&body).create().await;
    app.page(&path).await.expect(404);
    let publish = json!({"status": "published"});
    let published = app
        .rest(&app.key)
        .patch(&article.api(), "\"1\"", publish)
        .await
        .expect(200)
        .json();
    app.settle().await;
    let shown = app.page(&path).await.expect(200);
    assert_eq!(shown.body, bytes);
    for (name, want) in [
        ("content-type", "image/png"),
        ("content-disposition", "inline; filename=\"a b.png\""),
        ("content-security-policy", "sandbox; default-src 'none'"),
        ("x-content-type-options", "nosniff"),
        ("cross-origin-resource-policy", "same-site"),
        (
            "cache-control",
            "public, max-age=86400, stale-while-revalidate=86400, stale-if-error=86400",
        ),
        ("accept-ranges", "bytes"),
    ] {
        assert_eq!(shown.header(name), want);
    }
    assert!(shown.header("set-cookie").is_empty() && shown.header("vary").is_empty());
    let tag = shown.header("etag").to_owned();
    app.request("GET", &path)
        .header("if-none-match", &tag)
        .send()
        .await
        .expect(304);
    let part = app
        .request("GET", &path)
        .header("range", "bytes=1-3")
        .send()
        .await
        .expect(206);
    assert_eq!(part.body, bytes[1..4]);
    let outside = app
        .request("GET", &path)
        .header("range", "bytes=99999999-")
        .send()
        .await
        .expect(416);
    assert!(outside.body.is_empty());
    let head = app.request("HEAD", &path).send().await.expect(200);
    assert_eq!(head.header("content-length"), bytes.len().to_string());

    let base = format!("/help/attachments/{}", id(&made));
    for width in made["variant_widths"].as_array().expect("widths") {
        let variant = app.page(&format!("{base}/{width}.webp")).await.expect(200);
        assert_eq!(variant.header("content-type"), "image/webp");
        let picture = image::load_from_memory(&variant.body).expect("a picture");
        assert_eq!(
            u64::from(picture.width()),
            width.as_u64().expect("a number")
        );
        assert!(variant.body.len() < bytes.len());
        assert_ne!(variant.header("etag"), tag);
    }
    for other in [
        "other.png",
        "a%20b.png/",
        "0480.webp",
        "+480.webp",
        "1440.webp",
        "480",
        "",
        "a%2520b.png",
        "..%2fa%20b.png",
    ] {
        app.page(&format!("{base}/{other}")).await.expect(404);
    }
    app.portal("abcd").create().await;
    app.page(&path.replace("/help/", "/abcd/"))
        .await
        .expect(404);

    let tag = format!(
        "\"{}.{}\"",
        published["head_revision"], published["row_version"]
    );
    let internal = json!({"audience": "internal"});
    app.rest(&app.key)
        .patch(&article.api(), &tag, internal)
        .await
        .expect(200);
    app.page(&path).await.expect(404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_comes_later_is_found_by_the_path_its_article_names() {
    let app = TestApp::spawn().await;
    let item = json!({
        "source_id": "a", "title": "A", "body": "![x](../media/a%20b.png)\n", "locale": "en", "status": "published",
        "path": "guides/a.md",
    });
    let batch = json!({"portal": "help", "source": "docs", "items": [item]});
    app.rest(&app.key)
        .request("POST", "/article-imports")
        .header("idempotency-key", "k")
        .json(&batch)
        .send()
        .await
        .expect(200);
    app.settle().await;
    let page = app.page("/help/en/articles/a").await.expect(200).text();
    assert!(
        page.contains("../media/a%20b.png"),
        "as written while nothing is there"
    );
    let made = app
        .rest(&app.key)
        .request(
            "POST",
            "/attachments?portal=help&source=docs&path=media/a%20b.png",
        )
        .raw(png(1_000, 500))
        .send()
        .await
        .expect(201)
        .json();
    app.settle().await;
    let page = app.page("/help/en/articles/a").await.expect(200).text();
    let path = public_path(&made);
    assert!(page.contains(&path), "{path} is not in {page}");
    app.page(&path).await.expect(200);
    let unreferenced = app
        .rest(&app.key)
        .get("/attachments?portal=help&unreferenced=true")
        .await
        .expect(200)
        .json();
    assert_eq!(unreferenced["items"], json!([]));
}
