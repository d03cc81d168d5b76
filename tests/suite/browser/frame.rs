//! The widget on a page of another origin, which has a strict policy of its own: opened, searched, read and closed by
//! keyboard; and on a page that nobody named, where the frame stays empty.

use axum::Router;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::routing::get;
use cairn_tests::{TestApp, say};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::axe;
use super::budgets::LISTEN;
use super::webdriver::Browser;

const ROOT: &str = "document.querySelector('cairn-widget').shadowRoot";
/// What the widget may weigh for the page it stands on, before anybody opens it.
const SCRIPT_BYTES_MAX: usize = 3 * 1024;

/// A page of somebody else.
struct Foreign {
    url: String,
    serving: JoinHandle<()>,
}

impl Foreign {
    async fn bind() -> (TcpListener, String) {
        let listener = TcpListener::bind(("127.0.0.1", 0))
            .await
            .expect("a port is free");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        (listener, url)
    }

    /// A page with the widget of this help center.
    fn serve((listener, url): (TcpListener, String), help: &str) -> Self {
        let policy = format!("default-src 'none'; script-src {help}; frame-src {help}");
        let page = format!(
            "<!doctype html><html lang=\"en\"><head><title>Product</title>\
             <script src=\"{help}/widget.js\" data-portal=\"help\" data-locale=\"en\" data-label=\"Get help\" defer></script>\
             </head><body><main><h1>A product</h1><p><a href=\"#x\">A link</a></p></main></body></html>"
        );
        let answer = move || async move {
            let html = (CONTENT_TYPE, "text/html; charset=utf-8".to_owned());
            ([html, (CONTENT_SECURITY_POLICY, policy)], page)
        };
        let router = Router::new().route("/", get(answer));
        let serving = tokio::spawn(async move {
            axum::serve(listener, router)
                .await
                .expect("it serves until it is told to end");
        });
        Self { url, serving }
    }
}

impl Drop for Foreign {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// Opened by keyboard on a foreign page: search, suggestion, article, link, Escape; the focus comes back.
pub(super) async fn opens_reads_and_closes_on_a_page_of_another_origin() {
    let bound = Foreign::bind().await;
    let app = TestApp::spawn_showing_widget_on(&[&bound.1]).await;
    let second = app.article().title("Walrus feeding").body("Fish.");
    let second = second.published().create().await;
    let body = format!("Words. [More]({}).\n\n## Part\n\nWords.\n", second.path);
    let first = app
        .article()
        .title("Walrus manners")
        .body(&body)
        .published()
        .create()
        .await;
    app.settle().await;
    let served = app.serve().await;
    let foreign = Foreign::serve(bound, &served.url);
    let browser = Browser::start().await;
    browser.before_every_page(LISTEN).await;
    let axe = axe::script();
    if let Some(axe) = &axe {
        browser.before_every_page(axe).await;
    }
    browser.resize(1280, 800).await;
    browser.go(&format!("{}/", foreign.url)).await;
    let ready = browser
        .wait_until("document.querySelector('cairn-widget') !== null")
        .await;
    ready.unwrap_or_else(|e| panic!("no button: {e}"));
    assert_eq!(
        browser
            .evaluate(&format!("{ROOT}.querySelector('iframe') === null"))
            .await,
        true,
        "the frame waits until somebody opens it"
    );
    // The link of the page, then the button.
    browser.press("Tab", "", 9).await;
    browser.press("Tab", "", 9).await;
    assert_eq!(
        browser
            .evaluate(&format!("{ROOT}.activeElement.textContent"))
            .await,
        "Get help"
    );
    browser.press("Enter", "\r", 13).await;
    let open = format!(
        "!{ROOT}.querySelector('[role=dialog]').hidden && {ROOT}.querySelector('button').getAttribute('aria-expanded') === 'true'"
    );
    browser
        .wait_until(&open)
        .await
        .unwrap_or_else(|e| panic!("{e}"));

    let moves = format!("getComputedStyle({ROOT}.querySelector('[role=dialog]')).animationName");
    assert_eq!(browser.evaluate(&moves).await, "a", "it fades in");
    browser.prefer_stillness().await;
    assert_eq!(browser.evaluate(&moves).await, "none", "it stands still");
    let frame = json!(format!("return {ROOT}.querySelector('iframe')"));
    browser.enter_frame(&frame).await;
    browser
        .wait_in_frame(
            "return document.activeElement === document.querySelector('input[type=search]')",
        )
        .await;
    browser.type_text("walrus").await;
    browser
        .wait_in_frame(
            "return document.querySelectorAll('.suggest:not([hidden]) [role=option]').length === 2",
        )
        .await;
    browser.leave_frame().await;
    browser.shoot(&super::shots().join("widget-1280.png")).await;
    browser.enter_frame(&frame).await;
    browser.press("Enter", "\r", 13).await;
    browser
        .wait_in_frame("return location.pathname === '/help/en/widget/search' && document.readyState === 'complete'")
        .await;
    let inside = |path: &str| path.replace("/articles/", "/widget/articles/");
    let hit = format!("main h2 a[href^='{}']", inside(&first.path));
    browser
        .in_frame(&format!("document.querySelector(\"{hit}\").focus()"))
        .await;
    browser.press("Enter", "\r", 13).await;
    let arrived = |path: &str| {
        format!("return location.pathname === '{path}' && document.readyState === 'complete'")
    };
    browser.wait_in_frame(&arrived(&inside(&first.path))).await;
    browser.leave_frame().await;
    browser
        .shoot(&super::shots().join("widget-article-1280.png"))
        .await;
    browser.enter_frame(&frame).await;
    browser
        .in_frame("document.querySelector('.prose a[target=_self]').focus()")
        .await;
    browser.press("Enter", "\r", 13).await;
    browser.wait_in_frame(&arrived(&inside(&second.path))).await;
    let out = browser
        .in_frame("const a = document.querySelector('body > footer a:last-child'); return [new URL(a.href).pathname, a.target || document.querySelector('base').target]")
        .await;
    assert_eq!(out, json!([second.path, "_blank"]), "the way out leads out");
    let refused = browser.in_frame("return window.refused").await;
    assert_eq!(
        refused,
        json!([]),
        "the policy of the frame refuses something"
    );
    browser.press("Escape", "", 27).await;
    browser.leave_frame().await;
    let shut = format!(
        "{ROOT}.querySelector('[role=dialog]').hidden && document.activeElement.tagName === 'CAIRN-WIDGET' && {ROOT}.activeElement.className === 'open'"
    );
    browser
        .wait_until(&shut)
        .await
        .unwrap_or_else(|e| panic!("Escape inside does not close: {e}"));
    // Again, and closed from outside; what was read is still there.
    browser.press("Enter", "\r", 13).await;
    browser
        .wait_until(&open)
        .await
        .unwrap_or_else(|e| panic!("{e}"));
    browser
        .evaluate(&format!("{ROOT}.querySelector('.shut').focus()"))
        .await;
    browser.press("Escape", "", 27).await;
    browser
        .wait_until(&shut)
        .await
        .unwrap_or_else(|e| panic!("Escape outside does not close: {e}"));
    assert_eq!(
        browser.evaluate("window.refused").await,
        json!([]),
        "the page's policy refuses something"
    );
    let complaints = browser.complaints().await;
    assert!(
        complaints.is_empty(),
        "the browser complains: {complaints:#?}"
    );
    judge(
        &browser,
        axe.is_some(),
        &served.url,
        &[
            &inside(&first.path),
            "/help/en/widget",
            "/help/ar/widget",
            "/help/en/widget/search?q=walrus",
        ],
    )
    .await;

    let script = app
        .request("GET", "/widget.js")
        .header("accept-encoding", "gzip");
    let bytes = script.send().await.expect(200).body.len();
    say(&format!(
        "widget: {bytes} bytes on the page it stands on, nothing else until it is opened"
    ));
    assert!(bytes <= SCRIPT_BYTES_MAX, "{bytes} bytes");
}

/// The pages of the frame by themselves: axe and no overflow in a narrow frame.
async fn judge(browser: &Browser, has_axe: bool, url: &str, paths: &[&str]) {
    const NARROW: u32 = 320;
    let mut faults = Vec::new();
    for theme in ["light", "dark"] {
        browser.prefer(theme).await;
        browser.resize(NARROW, 600).await;
        for path in paths {
            browser.go(&format!("{url}{path}")).await;
            let wide = browser
                .evaluate("document.documentElement.scrollWidth")
                .await;
            if wide.as_u64() > Some(u64::from(NARROW)) {
                faults.push(format!("{path}: {wide} px wide"));
            }
            if has_axe {
                let judged = axe::judge(browser).await;
                faults.extend(
                    judged
                        .violations
                        .iter()
                        .map(|v| format!("{path}, {theme}: {v}")),
                );
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// A page whose origin nobody named: the browser keeps the frame empty.
pub(super) async fn stays_empty_where_nobody_named_the_page() {
    let bound = Foreign::bind().await;
    let app = TestApp::spawn_showing_widget_on(&["https://app.example"]).await;
    app.article().title("Walrus").published().create().await;
    app.settle().await;
    let served = app.serve().await;
    let foreign = Foreign::serve(bound, &served.url);
    let browser = Browser::start().await;
    browser.go(&format!("{}/", foreign.url)).await;
    let ready = browser.wait_until("window.CairnWidget !== undefined").await;
    ready.unwrap_or_else(|e| panic!("no button: {e}"));
    browser.evaluate("window.CairnWidget.open()").await;
    let frame = json!(format!("return {ROOT}.querySelector('iframe')"));
    let mut said = Vec::new();
    while !said
        .iter()
        .any(|line: &String| line.contains("frame-ancestors"))
    {
        browser.wait_until("true").await.expect("the page is there");
        said.extend(browser.complaints().await);
        assert!(said.len() < 50, "{said:#?}");
    }
    browser.enter_frame(&frame).await;
    let text = browser
        .in_frame("return document.body ? document.body.innerText : ''")
        .await;
    assert!(
        !text.as_str().unwrap_or_default().contains("Walrus"),
        "{text}"
    );
    assert_ne!(browser.in_frame("return location.href").await, Value::Null);
}
