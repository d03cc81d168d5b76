//! A help center at the edge of what is allowed: nine languages, two hundred topics, titles of 255 characters, words of
//! sixty-three letters, a table of fifteen columns. What does not break here breaks nowhere.

use std::fmt::Write as _;

use cairn_domain::limits::TITLE_CHARS_MAX;
use cairn_tests::{Served, TestApp};

/// The longest word of the languages we know of, and longer than any telephone is wide.
const WORD: &str = "rindfleischetikettierungsueberwachungsaufgabenuebertragungsgese";
const LOCALES: [&str; 9] = ["en", "de", "ar", "ja", "fi", "pt-BR", "zh-Hant", "ru", "he"];
const TOPICS: usize = 200;
const COLUMNS: usize = 15;

/// The help center, and the addresses of its kinds of pages.
pub(super) struct Stress {
    /// Where it is.
    pub(super) served: Served,
    /// Name and path of each page.
    pub(super) pages: Vec<(String, String)>,
    _app: TestApp,
}

/// A title as long as one may be, of words as long as one finds.
fn title(first: &str) -> String {
    let mut title = first.to_owned();
    while title.chars().count() < TITLE_CHARS_MAX {
        write!(title, " {WORD}").expect("memory");
    }
    title.chars().take(TITLE_CHARS_MAX).collect()
}

/// A body with everything that is wide.
fn body() -> String {
    let cells = |text: &str| format!("|{}\n", format!(" {text} |").repeat(COLUMNS));
    let mut body = format!(
        "An {WORD}{WORD} begins, https://example.com/{WORD}/{WORD}?{WORD}={WORD} follows.\n\n"
    );
    for n in 1..=12 {
        writeln!(
            body,
            "## {n} {WORD} {WORD}\n\nText with `{WORD}{WORD}` in it.\n"
        )
        .expect("memory");
    }
    body.push_str(&cells(WORD));
    body.push_str(&cells("---"));
    for _ in 0..3 {
        body.push_str(&cells("a value"));
    }
    write!(
        body,
        "\n```text\n{}\n```\n\n> [!WARNING]\n> {WORD}{WORD}\n\n1. {WORD}\n\n   - {WORD}\n\n     - {WORD}{WORD}\n\n2. Note[^1]\n\n[^1]: {WORD}{WORD}\n",
        WORD.repeat(8)
    )
    .expect("memory");
    body
}

impl Stress {
    pub(super) async fn start() -> Self {
        let app = TestApp::spawn().await;
        app.portal("stress").locales(&LOCALES).create().await;
        let mut above = None;
        let deep = title("Deep");
        for n in 0..4 {
            let name = format!("{n} {deep}")
                .chars()
                .take(TITLE_CHARS_MAX)
                .collect::<String>();
            let topic = app.category(&name).in_portal("stress");
            let topic = match &above {
                Some(parent) => topic.below(parent),
                None => topic,
            };
            above = Some(topic.create().await);
        }
        let deepest = above.expect("four were made");
        let name = |n: usize| {
            if n.is_multiple_of(20) {
                format!("{WORD}{n}")
            } else {
                format!("Topic {n}")
            }
        };
        for n in 1..TOPICS {
            app.category(&name(n)).in_portal("stress").create().await;
            let article = app.article().in_portal("stress").in_category(&name(n));
            let article = article
                .title(&format!("Article of topic {n}"))
                .body("Ordinary words.");
            article.published().create().await;
        }
        let long = title("Stress");
        let article = |title: &str| {
            app.article()
                .in_portal("stress")
                .in_category(&deepest.name)
                .title(title)
                .body(&body())
                .author(&WORD.repeat(3))
                .published()
        };
        let first = article(&long).create().await;
        for n in 1..4 {
            article(
                &format!("{n} {long}")
                    .chars()
                    .take(TITLE_CHARS_MAX)
                    .collect::<String>(),
            )
            .create()
            .await;
        }
        app.settle().await;
        let pages = [
            ("home", "/stress/en".to_owned()),
            ("article", first.path.clone()),
            (
                "category",
                format!("/stress/en/categories/{}", deepest.slug),
            ),
            ("search", format!("/stress/en/search?q=stress+{WORD}")),
            (
                "search-topic",
                format!("/stress/en/search?q=stress&topic={}", deepest.slug),
            ),
            (
                "search-nothing",
                format!("/stress/en/search?q={}", "zq".repeat(60)),
            ),
            (
                "notfound",
                format!("/stress/en/articles/{}", WORD.repeat(3)),
            ),
            ("home-rtl", "/stress/ar".to_owned()),
            ("fallback-rtl", first.path.replace("/en/", "/ar/")),
            ("portals", "/".to_owned()),
        ];
        Self {
            served: app.serve().await,
            pages: pages.map(|(name, path)| (name.to_owned(), path)).to_vec(),
            _app: app,
        }
    }
}
