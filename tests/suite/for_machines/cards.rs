//! The picture beside a shared link.

use cairn_tests::{Answer, HOST, TestApp};
use image::GenericImageView as _;
use serde_json::json;

use super::{ferry, meta, page_at};

fn picture(answer: &Answer) -> image::DynamicImage {
    assert_eq!(answer.header("content-type"), "image/png");
    let picture = image::load_from_memory(&answer.body).expect("a picture");
    assert_eq!(picture.dimensions(), (1_200, 630));
    picture
}

/// How many of the pixels in the middle are not of the colour of the corner.
fn drawn(picture: &image::DynamicImage) -> usize {
    let ground = picture.get_pixel(0, 0);
    let middle = (300..900)
        .step_by(10)
        .flat_map(|x| (50..580).step_by(10).map(move |y| (x, y)));
    middle
        .filter(|(x, y)| picture.get_pixel(*x, *y) != ground)
        .count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_has_a_picture_of_its_stones_on_the_colour_of_the_portal() {
    let app = TestApp::spawn().await;
    let fares = app.category("Fares").create().await;
    let article = app.article().title("Refunds").in_category("Fares");
    let article = article.published().create().await;
    app.settle().await;
    let at = |path: &str| format!("http://{HOST}{path}");
    let of_fares = format!("/help/cards/{}.png", fares.id);
    for (path, image) in [
        ("/help/en", "/help/cards/portal.png"),
        ("/help/en/categories/fares", of_fares.as_str()),
        (article.path.as_str(), of_fares.as_str()),
    ] {
        let html = app.page(path).await.expect(200).text();
        assert_eq!(meta(&html, "og:image"), Some(at(image)), "{path}");
        assert_eq!(meta(&html, "og:image:width").as_deref(), Some("1200"));
        assert_eq!(
            meta(&html, "twitter:card").as_deref(),
            Some("summary_large_image")
        );
    }
    let first = app.page("/help/cards/portal.png").await.expect(200);
    assert_eq!(first.header("cross-origin-resource-policy"), "cross-origin");
    assert!(first.header("cache-control").starts_with("public"));
    let portal = picture(&first);
    assert!(
        (400..3_000).contains(&drawn(&portal)),
        "{} points",
        drawn(&portal)
    );
    let other = app.page(&of_fares).await.expect(200);
    assert!(drawn(&picture(&other)) > 400);
    assert_ne!(first.body, other.body, "each has stones of its own");
    assert!(first.body.len() < 120_000, "{} bytes", first.body.len());
    // The same again, from memory, until the portal changes its colour.
    let again = app
        .request("GET", "/help/cards/portal.png")
        .header("if-none-match", first.header("etag"));
    again.send().await.expect(304);
    let green = portal.get_pixel(0, 0).0;
    assert!(green[1] > green[0] && green[1] > green[2], "{green:?}");
    app.rest(&app.key)
        .patch("/portals/help", "\"1\"", json!({"accent": "#8b1a3a"}))
        .await
        .expect(200);
    app.settle().await;
    let red = picture(&app.page("/help/cards/portal.png").await.expect(200));
    let red = red.get_pixel(0, 0).0;
    assert!(red[0] > red[1] && red[0] > red[2], "{red:?}");
    for path in [
        "/help/cards/00000000-0000-0000-0000-000000000000.png",
        "/help/cards/fares.png",
        "/help/cards/",
        "/cards/portal.png",
        "/help/cards/portal.webp",
    ] {
        app.page(path).await.expect(404);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_portals_picture_is_no_other_portals() {
    let app = TestApp::spawn().await;
    let fares = app.category("Fares").create().await;
    ferry(&app).await;
    let html = page_at(&app, "help.ferry.example", "/en").await.text();
    let image = "http://help.ferry.example/cards/portal.png";
    assert_eq!(meta(&html, "og:image").as_deref(), Some(image));
    let own = page_at(&app, "help.ferry.example", "/cards/portal.png").await;
    picture(&own.expect(200));
    let other = format!("/cards/{}.png", fares.id);
    page_at(&app, "help.ferry.example", &other)
        .await
        .expect(404);
}
