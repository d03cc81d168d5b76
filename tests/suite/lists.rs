//! Lists of articles: every filter, every order, paging without gaps or doubles.

use std::time::Duration;

use cairn_domain::article::Status;
use cairn_tests::TestApp;
use serde_json::{Value, json};

/// What a test knows of an article it made.
struct Known {
    id: String,
    number: i64,
    title: String,
    status: &'static str,
    locale: &'static str,
    tag: &'static str,
    author: &'static str,
    audience: &'static str,
    category: usize,
}

const STATUSES: [&str; 3] = ["draft", "published", "archived"];
const LOCALES: [&str; 2] = ["en", "de"];
const TAGS: [&str; 2] = ["billing", "Zahlung & Co"];
const AUTHORS: [&str; 3] = ["Ada", "Grace Hopper", "Ðíð"];
const AUDIENCES: [&str; 2] = ["public", "internal"];
/// Top, Below (of Top), Other; 3 is none.
const CATEGORIES: [&str; 3] = ["Top", "Below", "Other"];

/// Thirty-six articles in which every pair of values meets, some with equal titles and times.
async fn shelf(app: &TestApp) -> Vec<Known> {
    let top = app.category("Top").create().await;
    app.category("Below").below(&top).create().await;
    app.category("Other").create().await;
    let mut shelf = Vec::new();
    for n in 0..36_usize {
        let known = Known {
            id: String::new(),
            number: 0,
            title: format!("title {}", n % 7),
            status: STATUSES[n % 3],
            locale: LOCALES[n % 2],
            tag: TAGS[(n / 2) % 2],
            author: AUTHORS[(n / 3) % 3],
            audience: AUDIENCES[(n / 4) % 2],
            category: (n / 2) % 4,
        };
        if n % 5 == 0 {
            app.clock.advance(Duration::from_secs(60));
        }
        let mut builder = app
            .article()
            .title(&known.title)
            .in_locale(known.locale)
            .tags(&[known.tag, "all"])
            .author(known.author);
        if let Some(category) = CATEGORIES.get(known.category) {
            builder = builder.in_category(category);
        }
        if known.audience == "internal" {
            builder = builder.internal();
        }
        let made = match known.status {
            "published" => builder.published().create().await,
            "archived" => builder.create_archived().await,
            _ => builder.create().await,
        };
        shelf.push(Known {
            id: made.id,
            number: made.number,
            ..known
        });
    }
    shelf
}

fn ids(items: &[Value]) -> Vec<String> {
    items
        .iter()
        .map(|i| i["id"].as_str().expect("an id").to_owned())
        .collect()
}

fn sorted(mut ids: Vec<String>) -> Vec<String> {
    ids.sort();
    ids
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_filter_gives_exactly_what_it_says() {
    let app = TestApp::spawn().await;
    let shelf = shelf(&app).await;
    let rest = app.rest(&app.key);
    type Filter = fn(&Known) -> bool;
    let filters: &[(&str, Filter)] = &[
        ("", |_| true),
        ("&status=draft", |k| k.status == "draft"),
        ("&status=published", |k| k.status == "published"),
        ("&status=archived", |k| k.status == "archived"),
        ("&locale=de", |k| k.locale == "de"),
        ("&locale=EN", |k| k.locale == "en"),
        ("&tag=billing", |k| k.tag == "billing"),
        ("&tag=Zahlung+%26+Co", |k| k.tag == TAGS[1]),
        ("&tag=all", |_| true),
        ("&tag=bill", |_| false),
        ("&author=Ada", |k| k.author == "Ada"),
        ("&author=%C3%90%C3%AD%C3%B0", |k| k.author == AUTHORS[2]),
        ("&audience=internal", |k| k.audience == "internal"),
        ("&category=top", |k| k.category < 2),
        ("&category=BELOW", |k| k.category == 1),
        ("&category=Other", |k| k.category == 2),
        ("&status=published&locale=en&tag=billing", |k| {
            k.status == "published" && k.locale == "en" && k.tag == "billing"
        }),
        ("&category=Top&audience=public&author=Ada", |k| {
            k.category < 2 && k.audience == "public" && k.author == "Ada"
        }),
    ];
    for (query, wanted) in filters {
        let want: Vec<_> = shelf
            .iter()
            .filter(|k| wanted(k))
            .map(|k| k.id.clone())
            .collect();
        let first = rest
            .get(&format!("/articles?portal=help{query}"))
            .await
            .expect(200)
            .json();
        assert_eq!(first["total"], want.len(), "{query}");
        let (items, _) = rest.all(&format!("/articles?portal=help{query}"), 7).await;
        assert_eq!(sorted(ids(&items)), sorted(want), "{query}");
        assert!(
            items.iter().all(|i| i.get("body").is_none()),
            "a list never holds bodies"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_category_is_named_by_id_slug_or_name_and_ambiguity_is_said() {
    let app = TestApp::spawn().await;
    let top = app.category("Größe Eins").create().await;
    app.category("Twin").create().await;
    app.category("Twin").below(&top).create().await;
    let article = app
        .article()
        .in_category(&top.id.to_string())
        .create()
        .await;
    let rest = app.rest(&app.key);
    for name in [
        top.id.to_string(),
        "gr%C3%B6%C3%9Fe-eins".to_owned(),
        "GR%C3%96%C3%9FE+EINS".to_owned(),
    ] {
        let (items, _) = rest
            .all(&format!("/articles?portal=help&category={name}"), 100)
            .await;
        assert_eq!(ids(&items), std::slice::from_ref(&article.id), "{name}");
    }
    let refused = rest.get("/articles?portal=help&category=TWIN").await;
    assert_eq!(
        refused.problem(400, "invalid_fields")["errors"][0]["code"],
        "ambiguous_category"
    );
    let refused = rest.get("/articles?portal=help&category=nowhere").await;
    assert_eq!(
        refused.problem(400, "invalid_fields")["errors"][0]["code"],
        "unknown_category"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_order_is_total_and_pages_have_neither_gaps_nor_doubles() {
    let app = TestApp::spawn().await;
    let shelf = shelf(&app).await;
    let rest = app.rest(&app.key);
    let text = |i: &Value, field: &str| i[field].as_str().unwrap_or_default().to_owned();
    let number = |i: &Value| format!("{:08}", i["number"].as_i64().unwrap_or_default());
    let micros = |i: &Value, field: &str| {
        let time: jiff::Timestamp = text(i, field).parse().expect("a time");
        format!("{:020}", time.as_microsecond())
    };
    for sort in ["updated_at", "created_at", "title", "number"] {
        for sign in ["", "-"] {
            let path = format!("/articles?portal=help&sort={sign}{sort}");
            let (whole, _) = rest.all(&path, 100).await;
            assert_eq!(
                sorted(ids(&whole)),
                sorted(shelf.iter().map(|k| k.id.clone()).collect()),
                "{path}"
            );
            for limit in [1, 7, 36] {
                let (paged, _) = rest.all(&path, limit).await;
                assert_eq!(ids(&paged), ids(&whole), "{path} by {limit}");
            }
            let key = |i: &Value| match sort {
                "number" => number(i),
                "title" => text(i, sort),
                _ => micros(i, sort),
            };
            let keys: Vec<_> = whole.iter().map(key).collect();
            let mut ordered = keys.clone();
            ordered.sort();
            if sign == "-" {
                ordered.reverse();
            }
            assert_eq!(keys, ordered, "{path}");
        }
    }
    let (default, _) = rest.all("/articles?portal=help", 100).await;
    let (newest, _) = rest
        .all("/articles?portal=help&sort=-updated_at", 100)
        .await;
    assert_eq!(ids(&default), ids(&newest));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn updated_since_takes_what_changed_at_or_after_it() {
    let app = TestApp::spawn().await;
    let mut made = Vec::new();
    for n in 0..4 {
        app.clock.advance(Duration::from_secs(60));
        made.push(app.article().title(&format!("a{n}")).create().await);
    }
    let rest = app.rest(&app.key);
    let (all, _) = rest.all("/articles?portal=help&sort=updated_at", 100).await;
    for (n, item) in all.iter().enumerate() {
        let since = item["updated_at"].as_str().expect("a time");
        let (later, _) = rest
            .all(
                &format!("/articles?portal=help&sort=updated_at&updated_since={since}"),
                2,
            )
            .await;
        assert_eq!(ids(&later), ids(&all[n..]), "{since}");
    }
    rest.get("/articles?portal=help&updated_since=yesterday")
        .await
        .problem(400, "invalid_fields");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_written_while_paging_neither_repeats_nor_hides_the_rest() {
    let app = TestApp::spawn().await;
    let shelf = shelf(&app).await;
    let rest = app.rest(&app.key);
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = rest
            .get(&format!(
                "/articles?portal=help&sort=number&limit=5{cursor}"
            ))
            .await
            .expect(200)
            .json();
        seen.extend(ids(page["items"].as_array().expect("items")));
        // Every page is followed by a new article and a change to one that was seen.
        app.article().title("meanwhile").create().await;
        let one = shelf.iter().find(|k| k.id == seen[0]).expect("it was seen");
        assert!(one.number > 0);
        match page["next_cursor"].as_str() {
            Some(next) if seen.len() < 200 => cursor = format!("&cursor={next}"),
            _ => break,
        }
    }
    let known: Vec<_> = shelf.iter().map(|k| k.id.clone()).collect();
    let of_shelf: Vec<_> = seen
        .iter()
        .filter(|id| known.contains(id))
        .cloned()
        .collect();
    assert_eq!(of_shelf, known, "in the order of their numbers, each once");
    let mut unique = seen.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), seen.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn limits_and_cursors_are_checked() {
    let app = TestApp::spawn().await;
    shelf(&app).await;
    let rest = app.rest(&app.key);
    assert_eq!(
        rest.get("/articles?portal=help").await.json()["items"]
            .as_array()
            .map(Vec::len),
        Some(20)
    );
    for bad in ["0", "101", "-1", "ten", "", "1.5", "99999999999999999999"] {
        rest.get(&format!("/articles?portal=help&limit={bad}"))
            .await
            .problem(400, "invalid_fields");
    }
    let page = rest
        .get("/articles?portal=help&status=draft&limit=3")
        .await
        .expect(200);
    let cursor = page.json()["next_cursor"]
        .as_str()
        .expect("there is more")
        .to_owned();
    let link = page.header("link").to_owned();
    assert_eq!(
        link,
        format!(
            "</api/v1/articles?portal=help&status=draft&limit=3&cursor={cursor}>; rel=\"next\""
        )
    );
    let next = app
        .request("GET", link[1..].split('>').next().expect("an address"))
        .header("x-api-key", &app.key.secret)
        .send()
        .await;
    assert_eq!(
        next.expect(200).json()["items"].as_array().map(Vec::len),
        Some(3)
    );
    for elsewhere in [
        "&status=published&limit=3",
        "&limit=3",
        "&status=draft&limit=3&sort=title",
        "&status=draft&limit=3&q=title",
    ] {
        rest.get(&format!("/articles?portal=help{elsewhere}&cursor={cursor}"))
            .await
            .problem(400, "invalid_cursor");
    }
    for garbage in ["x", "AAAA", "~1~", &"A".repeat(3_000)] {
        rest.get(&format!("/articles?portal=help&cursor={garbage}"))
            .await
            .problem(400, "invalid_cursor");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_faulty_filter_is_named_at_once() {
    let app = TestApp::spawn().await;
    let answer = app.rest(&app.key)
        .get("/articles?portal=help&status=live&locale=e&audience=x&sort=size&limit=0&updated_since=x&category=nowhere")
        .await;
    answer.problem(400, "invalid_fields");
    let fields: Vec<_> = answer.faults().into_iter().map(|(f, _)| f).collect();
    for field in [
        "status",
        "locale",
        "audience",
        "sort",
        "limit",
        "updated_since",
        "category",
    ] {
        assert!(
            fields.iter().any(|f| f == field),
            "{field} is not among {fields:?}"
        );
    }
    for status in Status::ALL {
        assert!(answer.text().contains(status.as_str()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_list_published_articles_only_whatever_they_ask_for() {
    let app = TestApp::spawn().await;
    let shelf = shelf(&app).await;
    let reader = app.key_with(&["articles:read"]).await;
    let rest = app.rest(&reader);
    let (items, _) = rest.all("/articles?portal=help", 7).await;
    let want: Vec<_> = shelf
        .iter()
        .filter(|k| k.status == "published")
        .map(|k| k.id.clone())
        .collect();
    assert_eq!(sorted(ids(&items)), sorted(want));
    for status in ["draft", "archived"] {
        let page = rest
            .get(&format!("/articles?portal=help&status={status}"))
            .await
            .expect(200)
            .json();
        assert_eq!(
            (&page["items"], &page["total"]),
            (&json!([]), &json!(0)),
            "{status}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_article_is_looked_up_by_slug_or_source_id() {
    let app = TestApp::spawn().await;
    let one = app
        .article()
        .title("Größe")
        .source_id("kb/1 ä")
        .create()
        .await;
    app.article()
        .title("Größe")
        .in_locale("de")
        .source_id("kb/1 ä")
        .create()
        .await;
    let rest = app.rest(&app.key);
    for query in [
        "slug=gr%C3%B6%C3%9Fe",
        "slug=GR%C3%96%C3%9FE&locale=en",
        "source_id=kb/1+%C3%A4",
    ] {
        let page = rest
            .get(&format!("/articles?portal=help&{query}"))
            .await
            .expect(200)
            .json();
        assert_eq!(
            (
                ids(page["items"].as_array().expect("items")),
                &page["total"]
            ),
            (vec![one.id.clone()], &json!(1)),
            "{query}"
        );
    }
    let none = rest
        .get("/articles?portal=help&slug=nothing")
        .await
        .expect(200)
        .json();
    assert_eq!((&none["items"], &none["total"]), (&json!([]), &json!(0)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn words_in_a_list_search_with_all_filters_by_relevance() {
    let app = TestApp::spawn().await;
    let shelf = shelf(&app).await;
    app.settle().await;
    let rest = app.rest(&app.key);
    let count = async |query: &str| {
        let (items, _) = rest
            .all(&format!("/articles?portal=help&q=title{query}"), 5)
            .await;
        let total = rest
            .get(&format!("/articles?portal=help&q=title{query}"))
            .await
            .expect(200)
            .json()["total"]
            .clone();
        let unique = sorted(ids(&items));
        assert_eq!(total, unique.len(), "{query}");
        unique
    };
    let want = |wanted: fn(&Known) -> bool| {
        sorted(
            shelf
                .iter()
                .filter(|k| wanted(k))
                .map(|k| k.id.clone())
                .collect::<Vec<_>>(),
        )
    };
    assert_eq!(count("").await, want(|_| true));
    assert_eq!(count("&status=draft").await, want(|k| k.status == "draft"));
    assert_eq!(
        count("&locale=de&tag=billing").await,
        want(|k| k.locale == "de" && k.tag == "billing")
    );
    assert_eq!(
        count("&category=top&author=Ada").await,
        want(|k| k.category < 2 && k.author == "Ada")
    );
    assert_eq!(
        count("&audience=internal").await,
        want(|k| k.audience == "internal")
    );
    rest.get("/articles?portal=help&q=title&sort=title")
        .await
        .problem(400, "invalid_fields");
    let reader = app.key_with(&["articles:read"]).await;
    let (items, _) = app
        .rest(&reader)
        .all("/articles?portal=help&q=title", 5)
        .await;
    assert_eq!(sorted(ids(&items)), want(|k| k.status == "published"));
}
