//! Finding an article with the keyboard alone, with suggestions and without.

use cairn_tests::say;

use super::axe;
use super::budgets::LISTEN;
use super::demo::Demo;
use super::pages::ARTICLE;
use super::webdriver::Browser;

const FIELD: &str = "document.querySelector('input[type=search]')";
const LIST: &str = "document.querySelector('[role=listbox]')";
const WIDTHS: [u32; 2] = [1280, 375];

/// The pressed keys of a journey, counted.
struct Keyboard<'a> {
    browser: &'a Browser,
    pressed: u32,
}

impl Keyboard<'_> {
    async fn press(&mut self, key: &str) {
        let (text, code) = match key {
            "Enter" => ("\r", 13),
            " " => (" ", 32),
            "Tab" => ("", 9),
            "Escape" => ("", 27),
            "End" => ("", 35),
            "Home" => ("", 36),
            "ArrowUp" => ("", 38),
            "ArrowDown" => ("", 40),
            _ => panic!("no such key: {key}"),
        };
        self.browser.press(key, text, code).await;
        self.pressed += 1;
    }

    /// Tabs until the expression is true.
    async fn tab_to(&mut self, wanted: &str) {
        const TABS_MAX: u32 = 100;
        for _ in 0..TABS_MAX {
            if self.is(wanted).await {
                let ring = "getComputedStyle(document.activeElement).outlineStyle";
                let ring = self.browser.evaluate(ring).await;
                assert_ne!(ring, "none", "{wanted}: the focus is not seen");
                return;
            }
            self.press("Tab").await;
        }
        panic!("{TABS_MAX} tabs do not lead to {wanted}");
    }

    async fn is(&self, expression: &str) -> bool {
        self.browser.evaluate(expression).await == true
    }

    async fn becomes(&self, expression: &str) {
        let waited = self.browser.wait_until(expression).await;
        waited.unwrap_or_else(|e| panic!("{e}"));
    }
}

fn active(at: &str) -> String {
    format!(
        "(() => {{ const all = [...{LIST}.children]; const one = all.at({at}); \
         return {FIELD}.getAttribute('aria-activedescendant') === one.id \
         && one.getAttribute('aria-selected') === 'true' \
         && {LIST}.querySelectorAll('[aria-selected=true]').length === 1; }})()"
    )
}

/// From the first page to an article: by a suggestion, then by the results; every key of the pattern on the way.
pub(super) async fn leads_to_an_article_by_keys_alone() {
    let demo = Demo::start("typing").await;
    let browser = Browser::start().await;
    browser.before_every_page(LISTEN).await;
    let axe = axe::script();
    if let Some(axe) = &axe {
        browser.before_every_page(axe).await;
    }
    let mut keys = Keyboard {
        browser: &browser,
        pressed: 0,
    };
    browser.resize(WIDTHS[0], 900).await;
    browser.go(&format!("{}/help/en", demo.url)).await;
    keys.press("Tab").await;
    assert!(
        keys.is("document.activeElement.matches('a.skip')").await,
        "the first stop leads past the top"
    );
    keys.tab_to(&format!("document.activeElement === {FIELD}"))
        .await;
    assert!(keys.is(&format!("{FIELD}.getAttribute('role') === 'combobox' && {FIELD}.getAttribute('aria-expanded') === 'false' && {FIELD}.getAttribute('aria-controls') === {LIST}.id && {LIST}.hidden")).await);
    browser.type_text("refund").await;
    keys.becomes(&format!("!{LIST}.hidden && {LIST}.children.length > 1"))
        .await;
    assert!(keys.is(&format!("{FIELD}.getAttribute('aria-expanded') === 'true' && !{FIELD}.hasAttribute('aria-activedescendant')")).await);
    let said = browser
        .evaluate("document.querySelector('form [role=status]').textContent")
        .await;
    assert!(
        said.as_str().is_some_and(|s| s.ends_with("suggestions")),
        "a screen reader hears {said}"
    );
    for width in WIDTHS {
        browser.resize(width, 900).await;
        if axe.is_some() {
            let judged = axe::judge(&browser).await;
            assert!(judged.violations.is_empty(), "{:#?}", judged.violations);
        }
        let file = super::shots().join(format!("suggestions-{width}-light.png"));
        browser.shoot(&file).await;
    }
    browser.resize(WIDTHS[0], 900).await;
    for (key, at) in [
        ("ArrowDown", "0"),
        ("ArrowDown", "1"),
        ("ArrowUp", "0"),
        ("ArrowUp", "-1"),
        ("ArrowDown", "0"),
        ("End", "-1"),
        ("Home", "0"),
    ] {
        keys.press(key).await;
        assert!(keys.is(&active(at)).await, "{key} leads to {at}");
        assert!(
            keys.is(&format!("document.activeElement === {FIELD}"))
                .await,
            "the focus stays in the field"
        );
    }
    keys.press("Escape").await;
    assert!(
        keys.is(&format!("{LIST}.hidden && {FIELD}.value === 'refund' && {FIELD}.getAttribute('aria-expanded') === 'false'")).await,
        "the first Escape closes and keeps what was typed"
    );
    keys.press("ArrowDown").await;
    let chosen = browser
        .evaluate(&format!("new URL({LIST}.children[0].href).pathname"))
        .await;
    keys.press("Enter").await;
    keys.becomes(&format!(
        "location.pathname === {chosen} && document.readyState === 'complete'"
    ))
    .await;

    // The same by Enter alone: the page of results, and a hit.
    keys.tab_to(&format!("document.activeElement === {FIELD}"))
        .await;
    browser.type_text("refund canceld").await;
    keys.press("Enter").await;
    keys.becomes("location.pathname === '/help/en/search' && document.readyState === 'complete'")
        .await;
    keys.tab_to("document.activeElement.textContent === 'Search for it anyway'")
        .await;
    keys.tab_to(&format!(
        "document.activeElement.matches(\"main h2 a[href^='{ARTICLE}']\")"
    ))
    .await;
    keys.press("Enter").await;
    keys.becomes(&format!(
        "location.pathname === '{ARTICLE}' && document.readyState === 'complete'"
    ))
    .await;
    keys.tab_to("document.activeElement.matches('#helpful [value=helpful]')")
        .await;
    keys.press(" ").await;
    keys.tab_to("document.activeElement.matches('#helpful button')")
        .await;
    keys.press("Enter").await;
    keys.becomes(&format!(
        "location.pathname === '{ARTICLE}' && location.hash === '#thanks' && document.readyState === 'complete'"
    ))
    .await;
    let refused = browser.evaluate("window.refused.length").await;
    assert_eq!(refused, 0, "the policy refuses something");
    let complaints = browser.complaints().await;
    assert!(
        complaints.is_empty(),
        "the browser complains: {complaints:#?}"
    );
    say(&format!(
        "keyboard alone: two articles and an opinion by {} keys",
        keys.pressed
    ));
}

/// A server that is busy or gone: no suggestion, no word in the console of the page, and Enter still sends the form.
pub(super) async fn stays_silent_when_suggestions_fail() {
    let demo = Demo::start("silent").await;
    let browser = Browser::start().await;
    let failing = "window.fetch = () => Promise.reject(new TypeError('gone'));";
    browser.before_every_page(failing).await;
    browser.go(&format!("{}/help/en", demo.url)).await;
    browser.evaluate(&format!("{FIELD}.focus()")).await;
    browser.type_text("refund").await;
    // Longer than the script waits for the next letter: it has asked and was refused.
    browser
        .evaluate_to_the_end("new Promise((done) => setTimeout(done, 400))")
        .await;
    assert_eq!(browser.evaluate(&format!("{LIST}.hidden")).await, true);
    browser.press("Enter", "\r", 13).await;
    let arrived = "location.pathname === '/help/en/search' && document.readyState === 'complete'";
    let waited = browser.wait_until(arrived).await;
    waited.unwrap_or_else(|e| panic!("Enter sends nothing: {e}"));
    let complaints = browser.complaints().await;
    assert!(
        complaints.is_empty(),
        "the browser complains: {complaints:#?}"
    );
}
