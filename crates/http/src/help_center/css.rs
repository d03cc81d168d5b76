//! The one style block of a page: Cairn's tokens and parts, minified once at start, and the portal's
//! colour; with the Content-Security-Policy that allows exactly this block by its hash.

use std::sync::Arc;

use axum::http::HeaderValue;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::html::Css;
use super::widget::ancestors;

const TOKENS: &str = include_str!("../../assets/tokens.css");
const SITE: &str = include_str!("../../assets/site.css");
/// What all pages but the article's have beside.
const PAGES: &str = include_str!("../../assets/pages.css");
/// What the pages of the widget have beside.
const FRAMED: &str = include_str!("../../assets/framed.css");
/// Most colours whose sheets are kept ready.
const SHEETS_MAX: u64 = 1_024;

/// What a page with a search field may load beside its style block.
const WITH_SCRIPT: &str =
    "script-src 'self'; connect-src 'self'; img-src 'self' https:; font-src 'self'";
/// The same of a page without one.
const WITHOUT_SCRIPT: &str = "connect-src 'self'; img-src 'self' https:; font-src 'self'";

/// A style block and the policy that allows it.
#[derive(Debug)]
pub(crate) struct Sheet {
    pub(crate) css: Css,
    pub(crate) policy: HeaderValue,
}

impl Sheet {
    fn new(shared: &str, accent: &str, may_load: &str, framed_by: &str) -> Self {
        let mut css = shared.to_owned();
        if !accent.is_empty() {
            // Outside every layer, so it wins over the token.
            css.push_str(&format!(":root{{--brand:{accent}}}"));
        }
        let hash = STANDARD.encode(Sha256::digest(css.as_bytes()));
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{hash}'; {may_load}; form-action 'self'; base-uri 'none'; frame-ancestors {framed_by}"
        );
        Self {
            css: Css(css.into()),
            policy: HeaderValue::from_str(&policy)
                .expect("invariant: base64 and constants are visible ASCII"),
        }
    }
}

/// What a sheet is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    /// The page of an article: the one that is read most carries least.
    Article,
    /// Any other page.
    Page,
    /// A page in the frame of the widget.
    Framed,
}

/// The sheets of all portals.
#[derive(Debug)]
pub(crate) struct Sheets {
    /// By [`Kind`], in its order.
    shared: [String; 3],
    by_accent: moka::sync::Cache<(Kind, String), Arc<Sheet>>,
    without_script: Arc<Sheet>,
    ancestors: String,
}

impl Sheets {
    /// `widget_origins` are those that may frame the pages of the widget.
    pub(crate) fn new(widget_origins: &[String]) -> Self {
        let article = format!("{}{}", minify(TOKENS), minify(SITE));
        let page = format!("{article}{}", minify(PAGES));
        Self {
            without_script: Arc::new(Sheet::new(&page, "", WITHOUT_SCRIPT, "'none'")),
            by_accent: moka::sync::Cache::new(SHEETS_MAX),
            ancestors: ancestors(widget_origins),
            shared: [article, page.clone(), format!("{page}{}", minify(FRAMED))],
        }
    }

    /// The sheet for a portal's colour; a colour that is not `#rgb` or `#rrggbb` is left out.
    pub(crate) fn of(&self, accent: Option<&str>) -> Arc<Sheet> {
        self.get(Kind::Page, accent)
    }

    /// The same for the page of an article.
    pub(crate) fn of_article(&self, accent: Option<&str>) -> Arc<Sheet> {
        self.get(Kind::Article, accent)
    }

    /// The same for the pages of the widget: these may be framed.
    pub(crate) fn framed(&self, accent: Option<&str>) -> Arc<Sheet> {
        self.get(Kind::Framed, accent)
    }

    /// The sheet of pages that load no script, because they have no search field.
    pub(crate) fn without_script(&self) -> Arc<Sheet> {
        Arc::clone(&self.without_script)
    }

    fn get(&self, kind: Kind, accent: Option<&str>) -> Arc<Sheet> {
        let accent = accent.filter(|a| is_hex_colour(a)).unwrap_or("");
        self.by_accent.get_with((kind, accent.to_owned()), || {
            let [article, page, framed] = &self.shared;
            let (shared, framed_by) = match kind {
                Kind::Article => (article, "'none'"),
                Kind::Page => (page, "'none'"),
                Kind::Framed => (framed, self.ancestors.as_str()),
            };
            Arc::new(Sheet::new(shared, accent, WITH_SCRIPT, framed_by))
        })
    }
}

fn is_hex_colour(text: &str) -> bool {
    text.strip_prefix('#')
        .is_some_and(|hex| matches!(hex.len(), 3 | 6) && hex.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// Drops comments and the white space that means nothing.
///
/// Strings are kept to the byte. A space stays where it can mean something: before `:` (a descendant
/// in a selector), round `+`, `-` and `*` (sums), before `(` and after `)`.
fn minify(css: &str) -> String {
    let mut out = String::with_capacity(css.len());
    let mut chars = css.chars().peekable();
    let mut space = false;
    while let Some(c) = chars.next() {
        match c {
            '/' if chars.peek() == Some(&'*') => {
                chars.next();
                let mut star = false;
                for c in chars.by_ref() {
                    if star && c == '/' {
                        break;
                    }
                    star = c == '*';
                }
                space = true;
            }
            c if c.is_ascii_whitespace() => space = true,
            quote @ ('"' | '\'') => {
                put(&mut out, &mut space, quote);
                let mut escaped = false;
                for c in chars.by_ref() {
                    out.push(c);
                    if !escaped && c == quote {
                        break;
                    }
                    escaped = !escaped && c == '\\';
                }
            }
            '}' => {
                space = false;
                if out.ends_with(';') {
                    out.pop();
                }
                out.push('}');
            }
            c => put(&mut out, &mut space, c),
        }
    }
    out
}

fn put(out: &mut String, space: &mut bool, c: char) {
    let glued_before = matches!(c, '{' | ';' | ',' | '>' | '!' | ')' | '=' | '<');
    let glued_after = matches!(
        out.chars().next_back(),
        None | Some('{' | '}' | ';' | ',' | ':' | '>' | '(' | '=' | '<')
    );
    if *space && !glued_before && !glued_after {
        out.push(' ');
    }
    *space = false;
    out.push(c);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_nothing_goes_and_what_means_something_stays() {
        for (given, want) in [
            ("a { color: red; }\n", "a{color:red}"),
            ("/* x */ a , b > c { }", "a,b>c{}"),
            (".a :hover, .b:hover { x: 1 }", ".a :hover,.b:hover{x:1}"),
            (
                "a { w: calc(1px + 2 * ( 3px - 1px )) !important }",
                "a{w:calc(1px + 2 * (3px - 1px))!important}",
            ),
            (
                r#"a::before { content: " /* } ' \" " }"#,
                r#"a::before{content:" /* } ' \" "}"#,
            ),
            (
                "@container page (width >= 46rem) { .a { b: c } }",
                "@container page (width>=46rem){.a{b:c}}",
            ),
            (
                ".helpful:not(:has(:checked)) .then { d: none }",
                ".helpful:not(:has(:checked)) .then{d:none}",
            ),
            ("a/**/b { --x: 1 }", "a b{--x:1}"),
            ("/* never closed", ""),
        ] {
            assert_eq!(minify(given), want);
        }
    }

    #[test]
    fn minifying_twice_changes_nothing_and_no_brace_is_lost() {
        for css in [TOKENS, SITE, PAGES, FRAMED] {
            let once = minify(css);
            assert_eq!(minify(&once), once);
            assert_eq!(once.matches('{').count(), once.matches('}').count());
            assert_eq!(once.matches('{').count(), css.matches('{').count());
            assert!(
                !once.contains("</"),
                "the block would end the style element"
            );
        }
    }

    #[test]
    fn a_colour_reaches_the_block_only_as_hex_and_the_policy_names_its_hash() {
        let sheets = Sheets::new(&[]);
        let plain = sheets.of(None);
        assert!(Arc::ptr_eq(
            &plain,
            &sheets.of(Some("red}</style><script>"))
        ));
        let green = sheets.of(Some("#0b7a63"));
        assert!(green.css.to_string().ends_with(":root{--brand:#0b7a63}"));
        let hash = STANDARD.encode(Sha256::digest(green.css.to_string().as_bytes()));
        assert!(
            green
                .policy
                .to_str()
                .unwrap()
                .contains(&format!("'sha256-{hash}'"))
        );
        assert_ne!(green.policy, plain.policy);
    }
}
