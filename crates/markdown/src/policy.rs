//! The closed list of what an article's HTML may hold, and the sanitiser that enforces it.
//!
//! Never in the list: svg, math, style, iframe, form controls, `style`, `name`, `cite`, `data-*`,
//! `on*`, and any class or id that is not of our own making. Every advisory against the sanitiser
//! of the last year needed one of them.

use crate::headings::{NOTE_MARK_PREFIX, NOTE_PREFIX, PREFIX};
use crate::links::{self, Verdict};
use ammonia::Builder;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

/// Elements that may stand, and the attributes each may carry beside [`GENERIC`].
pub(crate) const ELEMENTS: &[(&str, &[&str])] = &[
    ("a", &["href", "hreflang"]),
    ("abbr", &[]),
    ("aside", &["class"]),
    ("b", &[]),
    ("bdi", &[]),
    ("bdo", &[]),
    ("blockquote", &[]),
    ("br", &[]),
    ("caption", &[]),
    ("cite", &[]),
    ("code", &["class"]),
    ("col", &["span"]),
    ("colgroup", &["span"]),
    ("dd", &[]),
    ("del", &["datetime"]),
    ("details", &["open"]),
    ("dfn", &[]),
    ("div", &[]),
    ("dl", &[]),
    ("dt", &[]),
    ("em", &[]),
    ("figcaption", &[]),
    ("figure", &["class"]),
    ("h1", &[]),
    ("h2", &[]),
    ("h3", &[]),
    ("h4", &[]),
    ("h5", &[]),
    ("h6", &[]),
    ("hr", &[]),
    ("i", &[]),
    ("img", &["src", "alt", "width", "height"]),
    ("ins", &["datetime"]),
    ("kbd", &[]),
    ("li", &["value", "class"]),
    ("mark", &[]),
    ("ol", &["start", "reversed", "type"]),
    ("p", &[]),
    ("pre", &[]),
    ("q", &[]),
    ("rp", &[]),
    ("rt", &[]),
    ("ruby", &[]),
    ("s", &[]),
    ("samp", &[]),
    ("section", &["class"]),
    ("small", &[]),
    ("span", &["class"]),
    ("strong", &[]),
    ("sub", &[]),
    ("summary", &[]),
    ("sup", &["class"]),
    ("table", &[]),
    ("tbody", &[]),
    ("td", &["colspan", "rowspan", "class"]),
    ("tfoot", &[]),
    ("th", &["colspan", "rowspan", "scope", "class"]),
    ("thead", &[]),
    ("time", &["datetime"]),
    ("tr", &[]),
    ("u", &[]),
    ("ul", &["class"]),
    ("var", &[]),
    ("wbr", &[]),
];

/// Attributes every element may carry.
pub(crate) const GENERIC: &[&str] = &["aria-label", "dir", "id", "lang", "title"];

/// Elements that vanish with everything in them; all others only lose their tags.
pub(crate) const DROPPED_WITH_CONTENT: &[&str] = &[
    "iframe", "noembed", "noframes", "script", "style", "svg", "template", "title",
];

/// Classes of the renderer itself, by element. Authors may write them too: what they mean is harmless.
const CLASSES: &[(&str, &[&str])] = &[
    (
        "aside",
        &[
            "alert note",
            "alert tip",
            "alert important",
            "alert warning",
            "alert caution",
        ],
    ),
    ("figure", &["code"]),
    ("li", &["task open", "task done"]),
    ("section", &["notes"]),
    ("span", &["tk", "ts", "tn", "tp", "tc"]),
    ("sup", &["fn"]),
    ("td", &["a-mid", "a-end"]),
    ("th", &["a-mid", "a-end"]),
    ("ul", &["tasks"]),
];

/// The listed element of this name.
pub(crate) fn element(name: &str) -> Option<(&'static str, &'static [&'static str])> {
    let at = ELEMENTS.binary_search_by(|(listed, _)| listed.cmp(&name));
    at.ok().and_then(|at| ELEMENTS.get(at)).copied()
}

/// Longest `alt`, `title` or `aria-label`, in bytes; longer ones are cut.
const WORDS_BYTES_MAX: usize = 2_000;

/// The value an attribute may have, or `None` when it has to go. Applied twice it changes nothing.
pub(crate) fn value<'a>(element: &str, attribute: &str, value: &'a str) -> Option<Cow<'a, str>> {
    match attribute {
        "href" => match links::judge(value) {
            Verdict::Keep(kept) => Some(links::prefix_fragment(kept)),
            Verdict::Refuse(_) => None,
        },
        "src" => match links::judge_image(value) {
            Verdict::Keep(kept) if !kept.is_empty() => Some(kept),
            _ => None,
        },
        "id" => links::prefix_id(value),
        "class" => class(element, value),
        "width" | "height" => digits(value, 5),
        "colspan" | "rowspan" | "span" => digits(value, 2),
        "start" | "value" => {
            let number = value.strip_prefix('-').unwrap_or(value);
            digits(number, 9).map(|_| value.into())
        }
        "dir" => ["ltr", "rtl", "auto"]
            .contains(&value)
            .then(|| value.into()),
        "scope" => ["col", "row", "colgroup", "rowgroup"]
            .contains(&value)
            .then(|| value.into()),
        "type" => ["1", "a", "A", "i", "I"]
            .contains(&value)
            .then(|| value.into()),
        "open" | "reversed" => Some("".into()),
        _ if value.len() > WORDS_BYTES_MAX => {
            let mut end = WORDS_BYTES_MAX;
            while !value.is_char_boundary(end) {
                end -= 1;
            }
            value.get(..end).map(Cow::Borrowed)
        }
        _ => Some(value.into()),
    }
}

fn digits(value: &str, digits_max: usize) -> Option<Cow<'_, str>> {
    let plain = !value.is_empty()
        && value.len() <= digits_max
        && value.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| value.into())
}

fn class<'a>(element: &str, value: &'a str) -> Option<Cow<'a, str>> {
    if element == "code" {
        return is_language_class(value).then(|| value.into());
    }
    let (_, classes) = CLASSES.iter().find(|(listed, _)| *listed == element)?;
    classes.contains(&value).then(|| value.into())
}

/// `language-` and 1 to 31 of the characters that names of languages are made of.
pub(crate) fn is_language_class(class: &str) -> bool {
    class.strip_prefix("language-").is_some_and(|name| {
        (1..=31).contains(&name.len())
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"+#_.-".contains(&byte))
    })
}

/// Whether the renderer itself may have made this id.
pub(crate) fn is_footnote_id(id: &str) -> bool {
    debug_assert_ne!(PREFIX, NOTE_PREFIX);
    id.starts_with(NOTE_PREFIX) || id.starts_with(NOTE_MARK_PREFIX)
}

static CLEANER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = Builder::empty();
    builder
        .tags(ELEMENTS.iter().map(|(name, _)| *name).collect())
        .clean_content_tags(HashSet::from_iter(DROPPED_WITH_CONTENT.iter().copied()))
        .generic_attributes(HashSet::from_iter(GENERIC.iter().copied()))
        .tag_attributes(HashMap::from_iter(ELEMENTS.iter().map(
            |(name, attributes)| (*name, HashSet::from_iter(attributes.iter().copied())),
        )))
        .url_schemes(HashSet::from(["http", "https", "mailto", "tel"]))
        .link_rel(None) // the assembly writes rel, on links that leave the site only
        .strip_comments(true)
        .attribute_filter(value);
    builder
});

/// One pass of the sanitiser.
pub(crate) fn clean(html: &str) -> String {
    without_newline_in_pre(CLEANER.clean(&with_short_texts(html)).to_string())
}

/// Longest run of text that is serialised as one, in bytes.
const TEXT_RUN_BYTES: usize = 4096;

/// The serialiser searches the whole rest of a text once for every `&` and no-break space in it
/// (measured: 2 MB of `&` took a minute). Comments, which the sanitiser takes out again, cut long
/// texts into nodes that are written one by one. A cut stands right before an `&` or a character
/// of two bytes, never inside an entity, and only in text: in what we write and in what the
/// serialiser writes, `<` and `>` stand in tags only.
fn with_short_texts(html: &str) -> Cow<'_, str> {
    let mut cuts = Vec::new();
    let mut run_start = 0;
    let mut in_tag = false;
    for (at, byte) in html.bytes().enumerate() {
        match byte {
            b'<' => in_tag = true,
            b'>' => (in_tag, run_start) = (false, at),
            b'&' | 0xc2 if !in_tag && at - run_start >= TEXT_RUN_BYTES => {
                cuts.push(at);
                run_start = at;
            }
            _ => {}
        }
    }
    if cuts.is_empty() {
        return Cow::Borrowed(html);
    }
    let mut out = String::with_capacity(html.len() + cuts.len() * 7);
    let mut done = 0;
    for cut in cuts {
        out.push_str(html.get(done..cut).unwrap_or_default());
        out.push_str("<!---->");
        done = cut;
    }
    out.push_str(html.get(done..).unwrap_or_default());
    Cow::Owned(out)
}

/// Cleans until nothing changes any more: what a browser parses is then what we wrote, which is the
/// one property that every mutation attack needs broken. `None` when three rounds do not settle it.
pub(crate) fn clean_until_stable(html: &str) -> Option<String> {
    let mut last = clean(html);
    for _ in 0..3 {
        let next = clean(&last);
        if next == last {
            return Some(last);
        }
        last = next;
    }
    None
}

/// A parser skips one line end after `<pre>` and the serialiser does not write it back, so each
/// round would eat one more of them: they go at once.
fn without_newline_in_pre(html: String) -> String {
    if !html.contains("<pre") {
        return html;
    }
    let mut out = String::with_capacity(html.len());
    let mut rest = html.as_str();
    while let Some(at) = rest.find("<pre") {
        let Some(length) = rest[at..].find('>') else {
            break;
        };
        let (head, tail) = rest.split_at(at + length + 1);
        out.push_str(head);
        rest = tail.trim_start_matches('\n');
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(html: &str, wanted: &str) {
        assert_eq!(clean_until_stable(html).as_deref(), Some(wanted), "{html}");
    }

    #[test]
    fn the_list_is_sorted_for_its_search() {
        assert!(ELEMENTS.is_sorted_by_key(|(name, _)| *name));
        assert_eq!(element("kbd").map(|(name, _)| name), Some("kbd"));
        assert_eq!(element("svg"), None);
    }

    #[test]
    fn nothing_outside_the_list_stands() {
        check("<svg><use href=#a></use></svg>b", "b");
        check("<math><mi>a</mi></math>b", "b");
        check("<p onclick=x style=y name=z data-a=b>a", "<p>a</p>");
        check("<q cite='javascript:x'>a</q>", "<q>a</q>");
        check("<iframe srcdoc='<script>x</script>'></iframe>", "");
        check("<a href='javascript:alert(1)'>a</a>", "<a>a</a>");
        check("<a href='java&#10;script:alert(1)'>a</a>", "<a>a</a>");
        check(
            "<img src=data:image/png;base64,xx alt=a>",
            "<img alt=\"a\">",
        );
    }

    #[test]
    fn classes_and_ids_are_ours_or_gone() {
        check("<div class=modal>a</div>", "<div>a</div>");
        check("<span class='tk x'>a</span>", "<span>a</span>");
        check("<span class=tk>a</span>", "<span class=\"tk\">a</span>");
        check(
            "<code class=language-c++>a</code>",
            "<code class=\"language-c++\">a</code>",
        );
        check("<code class='language-a b'>a</code>", "<code>a</code>");
        check("<p id=search>a", "<p id=\"h-search\">a</p>");
        check("<a href=#search>a</a>", "<a href=\"#h-search\">a</a>");
        check("<td colspan=9999>", "");
        check(
            "<ol start=-3><li>a</ol>",
            "<ol start=\"-3\"><li>a</li></ol>",
        );
    }

    #[test]
    fn long_texts_are_cut_for_the_serialiser_and_come_out_whole() {
        for word in ["&amp;", "\u{a0}", "é", "a"] {
            let html = format!("<p>{}</p>", word.repeat(20_000));
            let out = clean_until_stable(&html).map(|out| out.replace("&nbsp;", "\u{a0}"));
            assert_eq!(out.as_deref(), Some(html.as_str()));
        }
        let long = format!("<img alt=\"{}é\">", "a".repeat(WORDS_BYTES_MAX - 1));
        assert!(clean(&long).len() < long.len());
    }

    #[test]
    fn line_ends_at_the_start_of_pre_do_not_keep_the_cleaner_busy() {
        check("<pre>\n\n\n\n\n\n\na</pre>", "<pre>a</pre>");
    }
}
