//! The public pages of the demo as a browser shows them: nothing sideways, nothing refused, nothing
//! missing; and the same with scripts switched off. Pictures for people go to `target/screenshots`.

use cairn_tests::say;
use serde::Deserialize;

use super::demo::Demo;
use super::webdriver::Browser;

const MEASURE: &str = include_str!("../../../fixtures/browser/measure.js");
/// A desk and a phone, in CSS pixels; the height shows as much as the pictures of the design.
const WIDTHS: [u32; 2] = [1280, 375];
const HEIGHT: u32 = 1500;
/// Mean of red, green and blue: paper is above in the light and below in the dark.
const PAPER_LIGHT_MIN: u32 = 230;
const PAPER_DARK_MAX: u32 = 60;

/// A page: the name of its picture, its address, whether it is set from right to left, its status.
struct Page {
    name: &'static str,
    path: &'static str,
    is_rtl: bool,
    status: u16,
}

const fn page(name: &'static str, path: &'static str) -> Page {
    Page {
        name,
        path,
        is_rtl: false,
        status: 200,
    }
}

pub(super) const ARTICLE: &str = "/help/en/articles/refund-passengers-when-a-sailing-is-cancelled";
const PAGES: [Page; 11] = [
    page("article", ARTICLE),
    page(
        "article-tasks",
        "/help/en/articles/your-first-hour-with-ferrybook",
    ),
    page("home", "/help/en"),
    page("category", "/help/en/categories/refunds-and-payments"),
    page("search", "/help/en/search?q=refund%20cancelled"),
    page("search-nothing", "/help/en/search?q=zzqxv"),
    Page {
        status: 404,
        ..page(
            "notfound",
            "/help/en/articles/refund-when-a-sailing-is-gone",
        )
    },
    page("home-german", "/hilfe/de"),
    Page {
        is_rtl: true,
        ..page("home-rtl", "/musaada/ar")
    },
    Page {
        is_rtl: true,
        ..page(
            "search-rtl",
            "/musaada/ar/search?q=%D8%AA%D8%B0%D9%83%D8%B1%D8%A9",
        )
    },
    Page {
        status: 404,
        is_rtl: true,
        ..page("notfound-rtl", "/musaada/ar/articles/none")
    },
];

/// What `measure.js` says of a page.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Measured {
    title: String,
    width: u32,
    scroll_width: u32,
    h1: u32,
    direction: String,
    paper: u32,
    too_wide: Vec<String>,
    broken_images: Vec<String>,
    unsized_images: Vec<String>,
    nameless_images: Vec<String>,
    repeated_ids: Vec<String>,
    dead_fragments: Vec<String>,
    scripts: Vec<String>,
}

/// Every page at every width in both themes.
pub(super) async fn stand_at_every_width_and_in_both_themes() {
    let demo = Demo::start("pages").await;
    let browser = Browser::start().await;
    let shots = super::shots();
    let mut faults = Vec::new();
    for width in WIDTHS {
        browser.resize(width, HEIGHT).await;
        for theme in ["light", "dark"] {
            browser.prefer(theme).await;
            for page in &PAGES {
                browser.go(&format!("{}{}", demo.url, page.path)).await;
                look(&browser, page, page.name, width, theme, &mut faults).await;
                browser
                    .shoot(&shots.join(format!("{}-{width}-{theme}.png", page.name)))
                    .await;
            }
            // Its address is in Arabic: it is taken from the home page.
            browser.go(&format!("{}/musaada/ar", demo.url)).await;
            let link = "document.querySelector(\"a[href^='/musaada/ar/articles/']\").href";
            let address = browser.evaluate(link).await;
            browser
                .go(address.as_str().expect("the home page leads to an article"))
                .await;
            let page = Page {
                is_rtl: true,
                ..self::page("article-rtl", "/musaada/ar")
            };
            look(&browser, &page, "article-rtl", width, theme, &mut faults).await;
            browser
                .shoot(&shots.join(format!("article-rtl-{width}-{theme}.png")))
                .await;
        }
    }
    // The rest of the article, below what the design shows.
    browser.prefer("light").await;
    browser.resize(WIDTHS[0], HEIGHT).await;
    browser.go(&format!("{}{ARTICLE}", demo.url)).await;
    let height = browser
        .evaluate("document.documentElement.scrollHeight")
        .await;
    let height = height
        .as_u64()
        .and_then(|height| u32::try_from(height).ok());
    browser
        .resize(WIDTHS[0], height.expect("a page has a height"))
        .await;
    browser
        .wait_until("[...document.images].every((image) => image.complete)")
        .await
        .expect("pictures");
    browser.shoot(&shots.join("article-whole.png")).await;
    say(&format!("pictures are in {}", shots.display()));
    assert!(
        faults.is_empty(),
        "{}\n{}",
        faults.join("\n"),
        demo.log_tail()
    );
}

async fn look(
    browser: &Browser,
    page: &Page,
    name: &str,
    width: u32,
    theme: &str,
    faults: &mut Vec<String>,
) {
    let measured = browser.evaluate(MEASURE).await;
    let m: Measured = serde_json::from_value(measured).expect("measure.js and this agree");
    let mut fault = |what: String| faults.push(format!("{name}, {width} px, {theme}: {what}"));
    if m.scroll_width > width || m.width != width {
        fault(format!("{} px wide, by {:#?}", m.scroll_width, m.too_wide));
    }
    if m.h1 != 1 {
        fault(format!("{} h1", m.h1));
    }
    if m.title.trim().is_empty() {
        fault("no title".to_owned());
    }
    if m.direction != if page.is_rtl { "rtl" } else { "ltr" } {
        fault(format!("set {}", m.direction));
    }
    let is_dark = theme == "dark";
    if is_dark && m.paper > PAPER_DARK_MAX || !is_dark && m.paper < PAPER_LIGHT_MIN {
        fault(format!("paper of brightness {}", m.paper));
    }
    for (what, list) in [
        ("broken images", &m.broken_images),
        (
            "images that move the text when they come",
            &m.unsized_images,
        ),
        ("images without alt", &m.nameless_images),
        ("ids used twice", &m.repeated_ids),
        ("links to nothing in the page", &m.dead_fragments),
        ("scripts", &m.scripts),
    ] {
        if !list.is_empty() {
            fault(format!("{what}: {list:#?}"));
        }
    }
    let mut complaints = browser.complaints().await;
    if page.status != 200 {
        // The page itself came with its status, which the browser remarks once.
        let remark = format!("the server responded with a status of {}", page.status);
        let at = complaints.iter().position(|said| said.contains(&remark));
        match at {
            Some(at) => drop(complaints.remove(at)),
            None => fault(format!("not answered with {}", page.status)),
        }
    }
    if !complaints.is_empty() {
        fault(format!("the browser complains: {complaints:#?}"));
    }
}

/// Searching by keyboard, unfolding the contents on a phone, following a hit: without a script.
pub(super) async fn work_with_scripts_switched_off() {
    let demo = Demo::start("no-script").await;
    let browser = Browser::start().await;
    browser.resize(WIDTHS[1], HEIGHT).await;
    browser.switch_scripts_off().await;
    browser
        .go("data:text/html,<title>off</title><script>document.title = 'on'</script>")
        .await;
    assert_eq!(
        browser.evaluate("document.title").await,
        "off",
        "scripts are still on"
    );

    browser.go(&format!("{}/help/en", demo.url)).await;
    browser
        .evaluate("document.querySelector('input[type=search]').focus()")
        .await;
    browser.type_text("refund cancelled").await;
    browser.press("Enter", "\r", 13).await;
    let arrived = "location.pathname === '/help/en/search' && document.readyState === 'complete'";
    browser
        .wait_until(arrived)
        .await
        .unwrap_or_else(|e| panic!("no search by Enter: {e}"));
    let said = browser
        .evaluate("document.querySelector('input[type=search]').value")
        .await;
    assert_eq!(said, "refund cancelled", "the page repeats what was asked");

    // Results carry a mark, by which the opening of one is counted.
    let hit = format!("document.querySelector(\"main a[href^='{ARTICLE}?']\")");
    assert_eq!(
        browser.evaluate(&format!("{hit} !== null")).await,
        true,
        "the article is found"
    );
    browser.evaluate(&format!("{hit}.focus()")).await;
    browser.press("Enter", "\r", 13).await;
    let arrived =
        format!("location.pathname === '{ARTICLE}' && document.readyState === 'complete'");
    browser
        .wait_until(&arrived)
        .await
        .unwrap_or_else(|e| panic!("the hit leads nowhere: {e}"));
    assert_eq!(
        browser
            .evaluate("document.querySelectorAll('h1').length")
            .await,
        1
    );

    let contents = "document.querySelector('main details:has(a[href^=\"#\"])')";
    assert_eq!(
        browser.evaluate(&format!("{contents}.open")).await,
        false,
        "contents are folded"
    );
    browser
        .evaluate(&format!("{contents}.querySelector('summary').focus()"))
        .await;
    browser.press("Enter", "\r", 13).await;
    let unfolded = browser.wait_until(&format!("{contents}.open")).await;
    unfolded.unwrap_or_else(|e| panic!("the contents do not unfold: {e}"));

    // A No opens the reasons, and what is sent leads back to the thanks.
    let no = "document.querySelector('#helpful [value=unhelpful]')";
    let seen = |what: &str| {
        format!("getComputedStyle(document.querySelector('{what}')).display !== 'none'")
    };
    for later in ["#helpful .why", "#thanks", "#mistake"] {
        assert_eq!(browser.evaluate(&seen(later)).await, false, "{later} waits");
    }
    browser.evaluate(&format!("{no}.focus()")).await;
    browser.press(" ", " ", 32).await;
    let opened = format!("{no}.checked && {}", seen("#helpful .why"));
    let opened = browser.wait_until(&opened).await;
    opened.unwrap_or_else(|e| panic!("a No opens nothing: {e}"));
    browser
        .evaluate("document.querySelector('#helpful button').focus()")
        .await;
    browser.press("Enter", "\r", 13).await;
    let thanked = format!(
        "location.pathname === '{ARTICLE}' && location.hash === '#thanks' && document.readyState === 'complete' && {}",
        seen("#thanks")
    );
    let thanked = browser.wait_until(&thanked).await;
    thanked.unwrap_or_else(|e| panic!("nobody says thanks: {e}"));
    let complaints = browser.complaints().await;
    assert!(
        complaints.is_empty(),
        "the browser complains: {complaints:#?}"
    );
}
