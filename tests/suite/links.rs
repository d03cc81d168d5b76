//! Links and pictures of bodies lead to what they mean, wherever it stands now and whenever it came.

use cairn_tests::{TestApp, TestArticle, escaped, png};
use serde_json::{Value, json};

/// One file of a source: its path is its source id.
fn file(path: &str, title: &str, body: &str) -> Value {
    json!({
        "source_id": path, "path": path, "title": title, "body": body, "locale": "en", "status": "published",
    })
}

/// Imports files of the source `docs` into `help`; gives the articles in order.
async fn import(app: &TestApp, run: &str, items: &[Value]) -> Vec<TestArticle> {
    let body = json!({"portal": "help", "source": "docs", "items": items});
    let done = app
        .rest(&app.key)
        .request("POST", "/article-imports")
        .header("idempotency-key", run)
        .json(&body)
        .send()
        .await
        .expect(200);
    let mut articles = Vec::new();
    for result in done.json()["results"].as_array().expect("results") {
        let id = result["id"].as_str().unwrap_or_else(|| panic!("{result}"));
        articles.push(app.found(id).await);
    }
    articles
}

/// Where the links of a page's body lead, by their words.
async fn links(app: &TestApp, article: &TestArticle) -> Vec<(String, String)> {
    app.settle().await;
    let page = app.page(&article.path).await.expect(200).text();
    let (_, prose) = page.split_once("class=\"prose").expect("a body");
    // What is related follows the text and may stand in any order where articles tie.
    let prose = prose.split("<footer class=\"end\"").next().unwrap_or(prose);
    let mut found = Vec::new();
    for piece in prose.split("<a href=\"").skip(1) {
        let (href, rest) = piece.split_once('"').expect("a closed value");
        let (_, rest) = rest.split_once('>').expect("a closed tag");
        let words = rest.split("</a>").next().unwrap_or(rest);
        found.push((words.to_owned(), href.to_owned()));
    }
    found
}

async fn check(app: &TestApp, article: &TestArticle, wanted: &[(&str, &str)]) {
    let found = links(app, article).await;
    let found: Vec<_> = found
        .iter()
        .filter(|(words, _)| wanted.iter().any(|(w, _)| w == words))
        .map(|(words, href)| (words.as_str(), href.as_str()))
        .collect();
    assert_eq!(found, wanted);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn relative_links_between_imported_files_lead_to_their_articles() {
    let app = TestApp::spawn().await;
    let body = "[plain](setup.md) [dots](../guides/./setup.md#First-Step) [case](SETUP.MD) \
                [escaped](%C3%BCber%20uns.md?x=1) [ending](setup) [page](setup.html) [folder](../faq/) \
                [root](/guides/setup.md) [outside](../../setup.md) [absent](gone.md) [own](#here) \
                [mail](mailto:a@b.example)\n";
    let articles = import(
        &app,
        "one",
        &[
            file("guides/start.md", "Start", body),
            file(
                "guides/setup.md",
                "Set up",
                "# <a name=\"First-Step\"></a>First\n",
            ),
            file("guides/über uns.md", "Über uns", "Words.\n"),
            file("faq/README.md", "Questions", "Words.\n"),
        ],
    )
    .await;
    let [start, setup, about, faq] = articles.as_slice() else {
        panic!("four articles");
    };
    let first_step = format!("{}#h-First-Step", setup.path);
    check(
        &app,
        start,
        &[
            ("plain", &setup.path),
            ("dots", &first_step),
            ("case", &setup.path),
            ("escaped", &about.path),
            ("ending", &setup.path),
            ("page", &setup.path),
            ("folder", &faq.path),
            ("root", &setup.path),
            ("outside", "../../setup.md"),
            ("absent", "gone.md"),
            ("own", "#h-here"),
            ("mail", "mailto:a@b.example"),
        ],
    )
    .await;
    let stored = app.rest(&app.key).get(&start.api()).await.json();
    assert_eq!(stored["body"], body, "the body is what was sent");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_waits_for_a_file_of_a_later_batch_and_takes_the_best_that_comes() {
    let app = TestApp::spawn().await;
    let body = "[later](b/later.md) [later again](b/later)\n";
    let first = import(&app, "one", &[file("a.md", "A", body)]).await;
    let a = &first[0];
    let as_written = [("later", "b/later.md"), ("later again", "b/later")];
    check(&app, a, &as_written).await;
    let renderings = app.rows("renderings").await.len();

    let folder = import(&app, "two", &[file("b/Later/index.md", "Folder", "x\n")]).await;
    let wanted = [
        ("later", "b/later.md"),
        ("later again", folder[0].path.as_str()),
    ];
    check(&app, a, &wanted).await;

    let other_case = import(&app, "three", &[file("b/LATER.md", "Loud", "x\n")]).await;
    let loud = other_case[0].path.as_str();
    check(&app, a, &[("later", loud), ("later again", loud)]).await;

    let exact = import(&app, "four", &[file("b/later.md", "Later", "x\n")]).await;
    let later = exact[0].path.as_str();
    check(&app, a, &[("later", later), ("later again", later)]).await;
    assert_eq!(
        app.rows("renderings").await.len(),
        renderings + 3,
        "what came was rendered and nothing else"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_order_of_arrival_leads_to_the_same_targets() {
    let bodies = [
        ("a.md", "[1](B.md) [2](b) [3](/c/) [4](c/d.html) [5](x)"),
        ("b.md", "[1](a) [2](c) [3](C/D)"),
        ("B.md", "[1](b.md) [2](c/index)"),
        ("c/index.md", "[1](../a.md) [2](D.md) [3](..)"),
        ("c/d.markdown", "[1](index.html) [2](./) [3](../B)"),
        ("README.md", "[1](a.MD)"),
    ];
    let mut seen: Option<Vec<Vec<(String, String)>>> = None;
    for (n, order) in [[0, 1, 2, 3, 4, 5], [5, 4, 3, 2, 1, 0], [2, 4, 0, 5, 1, 3]]
        .iter()
        .enumerate()
    {
        let app = TestApp::spawn().await;
        let mut articles = vec![None; bodies.len()];
        // Two in one batch, the others alone.
        for (batch, places) in [&order[..2], &order[2..3], &order[3..5], &order[5..]]
            .iter()
            .enumerate()
        {
            let items: Vec<_> = places
                .iter()
                .map(|at| {
                    let (path, body) = bodies[*at];
                    let mut item = file(path, &format!("T{at}"), body);
                    item["slug"] = json!(format!("t{at}"));
                    item
                })
                .collect();
            let made = import(&app, &format!("{n}-{batch}"), &items).await;
            for (at, article) in places.iter().zip(made) {
                articles[*at] = Some(article);
            }
        }
        let mut found = Vec::new();
        for article in articles.iter().flatten() {
            found.push(links(&app, article).await);
        }
        match &seen {
            None => seen = Some(found),
            Some(seen) => assert_eq!(&found, seen, "order {order:?}"),
        }
    }
    let first = &seen.expect("three orders")[0];
    let hrefs: Vec<_> = first.iter().map(|(_, href)| href.as_str()).collect();
    let t = |n: usize| format!("/help/en/articles/t{n}");
    assert_eq!(hrefs, [&t(2), &t(1), &t(3), &t(4), "x"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_follows_its_target_to_a_new_slug_without_rendering_anything() {
    let app = TestApp::spawn().await;
    let articles = import(
        &app,
        "one",
        &[
            file("a.md", "A", "[b](b.md)\n"),
            file("b.md", "B", "[a](a.md)\n"),
        ],
    )
    .await;
    let [a, b] = articles.as_slice() else {
        panic!("two articles");
    };
    check(&app, a, &[("b", &b.path)]).await;
    let html = app.rows("renderings").await;
    let moved = app.change(b, |c| c.slug = Some("größe".to_owned())).await;
    check(&app, a, &[("b", "/help/en/articles/gr%C3%B6%C3%9Fe")]).await;
    check(&app, &moved, &[("a", &a.path)]).await;
    assert_eq!(app.rows("renderings").await, html);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_target_that_readers_may_not_see_leaves_the_link_as_written() {
    let app = TestApp::spawn().await;
    let mut hidden = file("b.md", "B", "x\n");
    hidden["status"] = json!("draft");
    let articles = import(&app, "one", &[file("a.md", "A", "[b](b.md)\n"), hidden]).await;
    let [a, b] = articles.as_slice() else {
        panic!("two articles");
    };
    check(&app, a, &[("b", "b.md")]).await;
    app.change(b, |c| c.status = Some("published".to_owned()))
        .await;
    check(&app, a, &[("b", &b.path)]).await;
    app.change(b, |c| c.audience = Some("internal".to_owned()))
        .await;
    check(&app, a, &[("b", "b.md")]).await;
    app.change(b, |c| c.audience = Some("public".to_owned()))
        .await;
    check(&app, a, &[("b", &b.path)]).await;
    app.change(b, |c| c.status = Some("archived".to_owned()))
        .await;
    check(&app, a, &[("b", "b.md")]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_written_here_keeps_the_links_of_its_file_and_only_read_revisions_keep_rows() {
    let app = TestApp::spawn().await;
    let articles = import(
        &app,
        "one",
        &[
            file("d/a.md", "A", "[b](b.md)\n"),
            file("d/b.md", "B", "x\n"),
            file("c.md", "C", "x\n"),
        ],
    )
    .await;
    let [a, b, c] = articles.as_slice() else {
        panic!("three articles");
    };
    let edit = |body: &'static str| {
        move |c: &mut cairn_service::articles::UpdateArticle| {
            c.body = Some(body.to_owned());
        }
    };
    app.change(a, edit("[c](../c.md)\n")).await;
    app.change(a, edit("[c](../c.md) [b](b.md)\n")).await;
    check(&app, a, &[("b", &b.path)]).await;
    let revisions = async || {
        let rows = app.rows("links").await;
        let mut found: Vec<_> = rows
            .iter()
            .filter(|row| row["article_id"] == a.id.as_str())
            .map(|row| row["revision"].as_i64().expect("a number"))
            .collect();
        found.sort_unstable();
        found
    };
    assert_eq!(revisions().await, [1, 3, 3], "published and head");
    app.change(a, |c| c.tags = Some(vec!["new".to_owned()]))
        .await;
    assert_eq!(
        revisions().await,
        [1, 4, 4],
        "the same body under other tags"
    );
    app.change(a, |c| c.status = Some("published".to_owned()))
        .await;
    assert_eq!(revisions().await, [4, 4]);
    check(&app, a, &[("c", &c.path), ("b", &b.path)]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn articles_written_here_have_no_file_to_be_relative_to() {
    let app = TestApp::spawn().await;
    import(&app, "one", &[file("b.md", "B", "x\n")]).await;
    let a = app
        .article()
        .title("A")
        .body("[b](b.md) [r](/b.md)\n")
        .published()
        .create()
        .await;
    check(&app, &a, &[("b", "b.md"), ("r", "/b.md")]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn links_of_one_portal_never_lead_into_another() {
    let app = TestApp::spawn().await;
    app.portal("other").create().await;
    let a = import(&app, "one", &[file("a.md", "A", "[b](b.md)\n")]).await;
    let body = json!({"portal": "other", "source": "docs", "items": [file("b.md", "B", "x\n")]});
    app.rest(&app.key)
        .request("POST", "/article-imports")
        .header("idempotency-key", "two")
        .json(&body)
        .send()
        .await
        .expect(200);
    check(&app, &a[0], &[("b", "b.md")]).await;
    let b = import(&app, "three", &[file("b.md", "B", "x\n")]).await;
    check(&app, &a[0], &[("b", &b[0].path)]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_article_body_full_of_links_is_written_and_shown() {
    let app = TestApp::spawn().await;
    let mut body = String::new();
    for n in 0..6_000 {
        body.push_str(&format!("[{n}](f{n}.md)\n"));
    }
    body.push_str(&format!("[long](/{})\n", "x".repeat(3_900)));
    let first = import(&app, "one", &[file("a.md", "A", &body)]).await;
    let target = import(&app, "two", &[file("f7.md", "F", "x\n")]).await;
    let found = links(&app, &first[0]).await;
    assert_eq!(found.len(), 6_001);
    assert_eq!(found[7].1, target[0].path);
    assert_eq!(app.rows("links").await.len(), 5_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_writer_is_told_of_pictures_without_words() {
    let app = TestApp::spawn().await;
    let made = app
        .rest(&app.key)
        .post(
            "/articles",
            json!({"portal": "help", "title": "A", "body": "![](a.png) ![words](b.png)\n"}),
        )
        .await
        .expect(201);
    let warnings = made.json()["warnings"].clone();
    assert_eq!(
        warnings,
        json!(["the picture a.png has no alternative text; say in its ![…] what it shows"])
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_to_an_address_of_the_old_site_leads_where_its_redirect_does() {
    let app = TestApp::spawn().await;
    let body = "[a](/hc/en-us/articles/17-Any-Words#x) [b](https://old.example/kb?id=2&lang=en) \
                [c](https://else.example/kb?id=2) [d](/kb?id=3) [e](/Display/A+Page)";
    let mut first = file("first.md", "First", body);
    first["old_urls"] = json!(["https://old.example/hc/en-us/articles/16"]);
    let first = import(&app, "first", &[first]).await.remove(0);
    let as_written = [
        ("a", "/hc/en-us/articles/17-Any-Words#x"),
        ("b", "https://old.example/kb?id=2&amp;lang=en"),
        ("c", "https://else.example/kb?id=2"),
        ("d", "/kb?id=3"),
        ("e", "/Display/A+Page"),
    ];
    check(&app, &first, &as_written).await;
    // What they mean comes with an import, and by hand.
    let mut second = file("second.md", "Second", "No links.");
    second["old_urls"] = json!(["/hc/en-us/articles/17", "https://old.example/kb?id=2"]);
    let second = import(&app, "second", &[second]).await.remove(0);
    let to = format!("article:{}", second.id);
    app.redirect("help", "/display/a page", &to).await;
    let led = [
        ("a", format!("{}#h-x", second.path)),
        ("b", second.path.clone()),
        ("c", "https://else.example/kb?id=2".to_owned()),
        ("d", "/kb?id=3".to_owned()),
        ("e", second.path.clone()),
    ];
    let led: Vec<_> = led.iter().map(|(w, to)| (*w, to.as_str())).collect();
    check(&app, &first, &led).await;
    // What is written later finds them there; what goes leaves the link as written.
    let third = import(&app, "third", &[file("third.md", "Third", body)]).await;
    check(&app, &third[0], &led).await;
    for old_url in ["/hc/en-us/articles/17", "/display/a%2520page"] {
        app.rest(&app.key)
            .request(
                "DELETE",
                &format!("/redirects?portal=help&old_url={old_url}"),
            )
            .send()
            .await
            .expect(200);
    }
    let (a, e) = (as_written[0], as_written[4]);
    check(&app, &first, &[a, led[1], led[2], led[3], e]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_to_an_old_address_of_a_topic_or_of_another_site_leads_to_its_end() {
    let app = TestApp::spawn().await;
    let body = "[topic](/books/setup) [elsewhere](/old-blog) [part](/old-blog#own) \
                [chain](/first) [nothing](/books/none)\n";
    let mut items = vec![file("a.md", "A", body)];
    items[0]["category_path"] = json!(["Setup"]);
    let articles = import(&app, "1", &items).await;
    let as_written = [
        ("topic", "/books/setup"),
        ("elsewhere", "/old-blog"),
        ("part", "/old-blog#own"),
        ("chain", "/first"),
        ("nothing", "/books/none"),
    ];
    check(&app, &articles[0], &as_written).await;
    app.redirect("help", "/books/setup", "category:Setup").await;
    app.redirect("help", "/old-blog", "https://blog.example.net/all#new")
        .await;
    app.redirect("help", "/first", "/en/articles/a").await;
    let led = [
        ("topic", "/help/en/categories/setup"),
        ("elsewhere", "https://blog.example.net/all#new"),
        ("part", "https://blog.example.net/all#own"),
        ("chain", "/help/en/articles/a"),
        as_written[4],
    ];
    check(&app, &articles[0], &led).await;
    let gone = app
        .rest(&app.key)
        .request("DELETE", "/redirects?portal=help&old_url=/books/setup");
    gone.send().await.expect(200);
    check(
        &app,
        &articles[0],
        &[as_written[0], led[1], led[2], led[3], led[4]],
    )
    .await;
}

/// Brings a file of the source `docs` to `help`; what is known of it.
async fn bring(app: &TestApp, path: &str, bytes: Vec<u8>) -> Value {
    let query = format!(
        "/attachments?portal=help&source=docs&path={}",
        escaped(path)
    );
    let answer = app
        .rest(&app.key)
        .request("POST", &query)
        .raw(bytes)
        .send()
        .await;
    assert!([200, 201].contains(&answer.status), "{}", answer.text());
    answer.json()
}

/// The start tags of the pictures of a page's body.
async fn pictures(app: &TestApp, article: &TestArticle) -> Vec<String> {
    app.settle().await;
    let page = app.page(&article.path).await.expect(200).text();
    let (_, prose) = page.split_once("class=\"prose").expect("a body");
    let pieces = prose.split("<img ").skip(1);
    pieces
        .map(|piece| piece.split('>').next().unwrap_or(piece).to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pictures_show_their_attachments_whenever_those_came() {
    let app = TestApp::spawn().await;
    let before = bring(&app, "media/box.png", png(1_000, 500)).await;
    let body = "![A box](../media/box.png) ![Two](<../Media/Two Boxes.png>) [whole](../media/box.png) \
                ![no](b.md) ![gone](../media/gone.png)\n";
    let files = [
        file("guides/a.md", "A", body),
        file("guides/b.md", "B", "x\n"),
    ];
    let articles = import(&app, "one", &files).await;
    let a = &articles[0];
    let address = |of: &Value| format!("/help{}", of["address"].as_str().expect("an address"));
    let shown = |of: &Value, alt: &str, lazy: &str| {
        let (id, address) = (of["id"].as_str().expect("an id"), address(of));
        let variants = of["variant_widths"].as_array().expect("widths");
        let srcset: String = variants
            .iter()
            .map(|w| format!("/help/attachments/{id}/{w}.webp {w}w, "))
            .collect();
        assert!(!srcset.is_empty(), "the picture has smaller variants");
        let (width, height) = (&of["width"], &of["height"]);
        format!(
            "src=\"{address}\" alt=\"{alt}\"{lazy} decoding=\"async\" width=\"{width}\" height=\"{height}\" \
             srcset=\"{srcset}{address} {width}w\" sizes=\"(min-width: 48rem) 44rem, 100vw\""
        )
    };
    let lazy = " loading=\"lazy\"";
    let waiting =
        "src=\"../Media/Two%20Boxes.png\" alt=\"Two\" loading=\"lazy\" decoding=\"async\"";
    let as_written = [
        "src=\"b.md\" alt=\"no\" loading=\"lazy\" decoding=\"async\"".to_owned(),
        "src=\"../media/gone.png\" alt=\"gone\" loading=\"lazy\" decoding=\"async\"".to_owned(),
    ];
    let wanted = [
        &[shown(&before, "A box", ""), waiting.to_owned()],
        &as_written[..],
    ]
    .concat();
    assert_eq!(pictures(&app, a).await, wanted);
    check(&app, a, &[("whole", &address(&before))]).await;

    let after = bring(&app, "media/two boxes.png", png(1_200, 300)).await;
    let both = [shown(&before, "A box", ""), shown(&after, "Two", lazy)];
    assert_eq!(
        pictures(&app, a).await,
        [&both[..], &as_written[..]].concat()
    );
    for address in [address(&before), address(&after)] {
        app.page(&address).await.expect(200);
    }

    // Another picture under the same path: the page shows it, the old one is not public any more.
    let newer = bring(&app, "media/box.png", png(1_001, 500)).await;
    assert_ne!(newer["id"], before["id"]);
    let both = [shown(&newer, "A box", ""), shown(&after, "Two", lazy)];
    assert_eq!(
        pictures(&app, a).await,
        [&both[..], &as_written[..]].concat()
    );
    app.page(&address(&before)).await.expect(404);
    app.page(&address(&newer)).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_names_an_attachment_by_the_address_it_was_given() {
    let app = TestApp::spawn().await;
    let made = app.attach("a box.png", png(1_000, 500)).await;
    let markdown = made["markdown"].as_str().expect("Markdown");
    let url = made["url"].as_str().expect("an address");
    let body = format!("{markdown} [whole]({url})\n");
    let article = app
        .article()
        .title("A")
        .body(&body)
        .published()
        .create()
        .await;
    let public = format!("/help{}", made["address"].as_str().expect("an address"));
    let found = pictures(&app, &article).await;
    assert!(
        found[0].starts_with(&format!("src=\"{public}\" alt=\"a box\"")),
        "{found:?}"
    );
    assert!(
        found[0].contains(" width=\"1000\" height=\"500\" srcset="),
        "{found:?}"
    );
    check(&app, &article, &[("whole", &public)]).await;
    // Another portal's attachment is none.
    app.portal("other").create().await;
    let stranger = app
        .article()
        .in_portal("other")
        .title("B")
        .body(&body)
        .published()
        .create()
        .await;
    let found = pictures(&app, &stranger).await;
    assert!(found[0].starts_with("src=\"/attachments/"), "{found:?}");
}
