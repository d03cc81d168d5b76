//! The promises of the public pages that a browser can count: nobody shut out, nothing sideways, nothing refused by the
//! policy, nothing loaded beside the page but one script. Each prints its figure.

use cairn_tests::say;

use super::axe;
use super::demo::Demo;
use super::pages::ARTICLE;
use super::stress::Stress;
use super::webdriver::Browser;

const MEASURE: &str = include_str!("../../../fixtures/browser/measure.js");
/// Telephones, tablets and desks, in CSS pixels.
const WIDTHS: [u32; 6] = [320, 375, 768, 1024, 1280, 1600];
/// A desk and a phone.
const JUDGED_WIDTHS: [u32; 2] = [1280, 375];
const THEMES: [&str; 2] = ["light", "dark"];
const HEIGHT: u32 = 1200;
/// Notes what the policy of a page refuses, before anything of the page runs.
pub(super) const LISTEN: &str = "window.refused = [];
document.addEventListener('securitypolicyviolation', (event) =>
  window.refused.push(`${event.effectiveDirective} ${event.blockedURI} ${event.sample}`));";

/// Every kind of page, set from left to right and from right to left.
const KINDS: [(&str, &str); 15] = [
    ("home", "/help/en"),
    ("category", "/help/en/categories/refunds-and-payments"),
    ("article", ARTICLE),
    (
        "article-tasks",
        "/help/en/articles/your-first-hour-with-ferrybook",
    ),
    ("search", "/help/en/search?q=refund%20cancelled"),
    ("search-corrected", "/help/en/search?q=refund%20canceld"),
    (
        "search-topic",
        "/help/en/search?q=refund&topic=refunds-and-payments",
    ),
    ("search-nothing", "/help/en/search?q=zzqxv"),
    (
        "notfound",
        "/help/en/articles/refund-when-a-sailing-is-gone",
    ),
    ("portals", "/"),
    ("nobody", "/nobody/en"),
    ("home-rtl", "/musaada/ar"),
    (
        "search-rtl",
        "/musaada/ar/search?q=%D8%AA%D8%B0%D9%83%D8%B1%D8%A9",
    ),
    ("search-nothing-rtl", "/musaada/ar/search?q=zzqxv"),
    ("notfound-rtl", "/musaada/ar/articles/none"),
];

/// What the policy refused on the page that is open.
async fn refused(browser: &Browser) -> Vec<String> {
    let said = browser.evaluate("window.refused").await;
    serde_json::from_value(said).expect("the listener was put before the page")
}

/// What the page loaded beside itself, pictures left out.
async fn loaded(browser: &Browser) -> Vec<String> {
    let entries = "performance.getEntriesByType('resource').filter((e) => e.initiatorType !== 'img').map((e) => new URL(e.name).pathname)";
    serde_json::from_value(browser.evaluate(entries).await).expect("a list of paths")
}

/// Every kind of page in both themes, both directions and at both widths: axe, the policy and the requests.
pub(super) async fn shut_nobody_out_and_load_one_script() {
    let demo = Demo::start("budgets").await;
    let browser = Browser::start().await;
    let axe = axe::script();
    browser.before_every_page(LISTEN).await;
    if let Some(axe) = &axe {
        browser.before_every_page(axe).await;
    }
    let mut kinds: Vec<(String, String)> = KINDS
        .map(|(name, path)| (name.to_owned(), path.to_owned()))
        .to_vec();
    // Their addresses are in Arabic: they are taken from the home page.
    browser.go(&format!("{}/musaada/ar", demo.url)).await;
    for (name, folder) in [("article-rtl", "articles"), ("category-rtl", "categories")] {
        let link = format!(
            "new URL(document.querySelector(\"a[href^='/musaada/ar/{folder}/']\").href).pathname"
        );
        let path = browser.evaluate(&link).await;
        let path = path.as_str().expect("the home page leads there").to_owned();
        kinds.push((name.to_owned(), path));
    }
    let (mut runs, mut passes) = (0, 0);
    let (mut decided, mut lowest) = (0, f64::INFINITY);
    let (mut faults, mut reports) = (Vec::new(), 0);
    for width in JUDGED_WIDTHS {
        browser.resize(width, HEIGHT).await;
        for theme in THEMES {
            browser.prefer(theme).await;
            for (name, path) in &kinds {
                browser.go(&format!("{}{path}", demo.url)).await;
                let at = format!("{name}, {width} px, {theme}");
                let direction = browser.evaluate("document.documentElement.dir").await;
                let wanted = if name.ends_with("-rtl") { "rtl" } else { "ltr" };
                assert_eq!(direction, wanted, "{at}");
                if axe.is_some() {
                    let judged = axe::judge(&browser).await;
                    runs += 1;
                    passes += judged.passes;
                    for one in judged.undecided {
                        match one.contrast {
                            Some(contrast) if contrast.worst >= contrast.needed => {
                                decided += 1;
                                lowest = lowest.min(contrast.worst);
                            }
                            open => faults.push(format!(
                                "{at}: {} leaves {} open ({}): {open:?}",
                                one.rule, one.at, one.why
                            )),
                        }
                    }
                    faults.extend(judged.violations.iter().map(|v| format!("{at}: {v}")));
                }
                let refused = refused(&browser).await;
                reports += refused.len();
                faults.extend(refused.iter().map(|r| format!("{at}: refused {r}")));
                let others = loaded(&browser).await;
                let scripts = others
                    .iter()
                    .filter(|p| p.starts_with("/assets/suggest."))
                    .count();
                if others.len() != scripts || scripts > 1 {
                    faults.push(format!("{at}: loads {others:?}"));
                }
            }
        }
    }
    say(&format!(
        "axe: {runs} runs, {passes} rules held; {decided} contrasts that it left open are {lowest} or more; \
         policy reports: {reports}; faults: {}",
        faults.len()
    ));
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The stress content at every width: nothing sideways, suggestions open or not.
pub(super) async fn never_scroll_sideways() {
    let stress = Stress::start().await;
    let browser = Browser::start().await;
    let mut looked = 0;
    let mut faults = Vec::new();
    for width in WIDTHS {
        browser.resize(width, HEIGHT).await;
        for (name, path) in &stress.pages {
            browser.go(&format!("{}{path}", stress.served.url)).await;
            faults.extend(sideways(&browser, name, width).await);
            looked += 1;
            if width == WIDTHS[0] || width == JUDGED_WIDTHS[0] {
                let file = super::shots().join(format!("stress-{name}-{width}.png"));
                browser.shoot(&file).await;
            }
        }
        browser
            .go(&format!("{}/stress/en", stress.served.url))
            .await;
        browser
            .evaluate("document.querySelector('input[type=search]').focus()")
            .await;
        browser.type_text("stress").await;
        let open = browser
            .wait_until(
                "document.querySelectorAll('.suggest:not([hidden]) [role=option]').length > 0",
            )
            .await;
        open.unwrap_or_else(|e| panic!("no suggestions at {width} px: {e}"));
        faults.extend(sideways(&browser, "home with suggestions", width).await);
        looked += 1;
    }
    say(&format!(
        "sideways: {} of {looked} stressed pages at {WIDTHS:?} px",
        faults.len()
    ));
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

async fn sideways(browser: &Browser, name: &str, width: u32) -> Option<String> {
    let measured = browser.evaluate(MEASURE).await;
    let wide = measured["scroll_width"].as_u64().unwrap_or(u64::MAX);
    (wide > u64::from(width)).then(|| {
        format!(
            "{name}, {width} px: {wide} px wide, by {:#}",
            measured["too_wide"]
        )
    })
}
