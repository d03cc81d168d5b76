//! The one style block of a page: Cairn's tokens and parts, minified once at start, and the portal's
//! colour; with the Content-Security-Policy that allows exactly this block by its hash.

use std::sync::Arc;

use axum::http::HeaderValue;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::html::Css;

const TOKENS: &str = include_str!("../../assets/tokens.css");
const SITE: &str = include_str!("../../assets/site.css");
/// Most colours whose sheets are kept ready.
const SHEETS_MAX: u64 = 1_024;

/// A style block and the policy that allows it.
#[derive(Debug)]
pub(crate) struct Sheet {
    pub(crate) css: Css,
    pub(crate) policy: HeaderValue,
}

/// The sheets of all portals.
#[derive(Debug)]
pub(crate) struct Sheets {
    shared: String,
    by_accent: moka::sync::Cache<String, Arc<Sheet>>,
}

impl Sheets {
    pub(crate) fn new() -> Self {
        Self {
            shared: format!("{}{}", minify(TOKENS), minify(SITE)),
            by_accent: moka::sync::Cache::new(SHEETS_MAX),
        }
    }

    /// The sheet for a portal's colour; a colour that is not `#rgb` or `#rrggbb` is left out.
    pub(crate) fn of(&self, accent: Option<&str>) -> Arc<Sheet> {
        let accent = accent.filter(|a| is_hex_colour(a)).unwrap_or("");
        self.by_accent.get_with(accent.to_owned(), || {
            let mut css = self.shared.clone();
            if !accent.is_empty() {
                // Outside every layer, so it wins over the token.
                css.push_str(&format!(":root{{--brand:{accent}}}"));
            }
            let hash = STANDARD.encode(Sha256::digest(css.as_bytes()));
            let policy = format!(
                "default-src 'none'; style-src 'sha256-{hash}'; script-src 'self'; connect-src 'self'; img-src 'self' https:; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
            );
            Arc::new(Sheet {
                css: Css(css.into()),
                policy: HeaderValue::from_str(&policy)
                    .expect("invariant: base64 and constants are visible ASCII"),
            })
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
        for css in [TOKENS, SITE] {
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
        let sheets = Sheets::new();
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
