//! Present addresses put into finished HTML, and nothing else changed.
//!
//! Bodies keep their links as written. Where a link leads now is known when a page is composed: then
//! the addresses that stand in a map are replaced in `<a href>` and `<img src>`, and pictures of
//! known size get their size and their smaller variants. Every new address is judged as those of
//! authors are; what may not stand leaves the link as it was. All other bytes stay.
//!
//! The pass relies on what the assembly writes: `<` and `>` stand in tags only, every value is in
//! double quotes. It reads each byte once.

use crate::links::{self, Verdict};
use crate::safe_html::SafeHtml;
use crate::serialised::Serialised;
use crate::text::{decode_entities, escape_into};
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Write as _;

/// Which widths of a picture a page asks for: the reading column, or the whole of a narrow screen.
const SIZES: &str = "(min-width: 48rem) 44rem, 100vw";

/// Where an address of a body leads on the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A page. The fragment of the link is put behind its address, in place of one that stands there.
    Page(String),
    /// A file, which may be shown as a picture.
    File(FileTarget),
}

/// A file that links lead to and pictures show.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileTarget {
    /// Its address.
    pub address: String,
    /// Width and height in pixels, of pictures.
    pub size: Option<(u32, u32)>,
    /// Smaller variants of the picture: width in pixels and address, ascending.
    pub variants: Vec<(u32, String)>,
}

/// An address taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressParts<'a> {
    /// What stands before the fragment.
    pub whole: &'a str,
    /// What stands before query and fragment.
    pub path: &'a str,
    /// The query, without `?`; empty when there is none.
    pub query: &'a str,
    /// The fragment with its `#`; empty when there is none.
    pub fragment: &'a str,
}

impl<'a> AddressParts<'a> {
    /// Takes an address apart. Any text is one.
    pub fn of(address: &'a str) -> Self {
        let (whole, fragment) = match address.find('#') {
            Some(at) => address.split_at(at),
            None => (address, ""),
        };
        let (path, query) = whole.split_once('?').unwrap_or((whole, ""));
        Self {
            whole,
            path,
            query,
            fragment,
        }
    }
}

impl SafeHtml {
    /// The same HTML with the addresses of `targets` put in. Keys are addresses as they stand in
    /// [`crate::Rendered::links`], without fragment; one without its query stands for all queries.
    /// A picture is never given a page.
    #[must_use]
    pub fn with_targets(self, targets: &HashMap<String, Target>) -> SafeHtml {
        if targets.is_empty() {
            return self;
        }
        let html = self.as_str();
        let mut out = String::with_capacity(html.len() + html.len() / 8);
        let mut rest = html;
        while let Some(open) = rest.find('<') {
            let (text, tail) = rest.split_at(open);
            out.push_str(text);
            let end = tail.find('>').map_or(tail.len(), |end| end + 1);
            let (tag, tail) = tail.split_at(end);
            rest = tail;
            if !written(tag, targets, &mut out) {
                out.push_str(tag);
            }
        }
        out.push_str(rest);
        SafeHtml::sealed(out)
    }
}

/// Writes the tag with its new address; `false`, and nothing written, when it has none.
fn written(tag: &str, targets: &HashMap<String, Target>, out: &mut String) -> bool {
    let name = match tag.get(..3) {
        Some("<a ") => "href",
        Some("<im") => "src",
        _ => return false,
    };
    let tag = Serialised::of(tag);
    if !matches!(tag.name, "a" | "img") {
        return false;
    }
    let Some(address) = tag.value(name).map(decode_entities) else {
        return false;
    };
    let parts = AddressParts::of(&address);
    let target = targets.get(parts.whole).or_else(|| targets.get(parts.path));
    match (tag.name, target) {
        ("a", Some(target)) => link(&tag, target, parts.fragment, out),
        ("img", Some(Target::File(file))) => picture(&tag, file, out),
        _ => false,
    }
}

fn link(tag: &Serialised<'_>, target: &Target, fragment: &str, out: &mut String) -> bool {
    let (address, fragment) = match target {
        // The part of the page that the link itself names goes before that of the redirect.
        Target::Page(address) if !fragment.is_empty() => {
            (AddressParts::of(address).whole, fragment)
        }
        Target::Page(address) => (address.as_str(), ""),
        Target::File(file) => (file.address.as_str(), ""),
    };
    let Some(address) = kept(links::judge(address)) else {
        return false;
    };
    let mut whole = String::new();
    escape_into(&address, &mut whole);
    // Ids have the prefix on pages of this renderer only.
    let fragment = match links::is_external(&address) {
        true => Cow::Borrowed(fragment),
        false => links::prefix_fragment(Cow::Borrowed(fragment)),
    };
    links::escape_address_into(&fragment, &mut whole);
    out.push_str("<a");
    for (name, value) in tag.attributes() {
        match name {
            "href" => attribute("href", &whole, out),
            // Said of the address that stood here.
            "rel" => {}
            _ => attribute(name, value, out),
        }
    }
    if links::is_external(&address) {
        out.push_str(" rel=\"noopener\"");
    }
    out.push('>');
    true
}

fn picture(tag: &Serialised<'_>, file: &FileTarget, out: &mut String) -> bool {
    let Some(address) = kept(links::judge_image(&file.address)) else {
        return false;
    };
    out.push_str("<img");
    for (name, value) in tag.attributes() {
        match name {
            "src" => attribute_of("src", &address, out),
            _ => attribute(name, value, out),
        }
    }
    let own_width = tag.value("width");
    if let Some((width, height)) = file.size {
        // An author who gave one of them wants the other to follow.
        if own_width.is_none() && tag.value("height").is_none() {
            attribute("width", &width.to_string(), out);
            attribute("height", &height.to_string(), out);
        }
        let mut srcset = String::new();
        let whole = (width, file.address.clone());
        for (width, address) in file.variants.iter().chain([&whole]) {
            // There a comma ends the candidate.
            let address = kept(links::judge_image(address)).filter(|a| !a.contains(','));
            if let Some(address) = address {
                let comma = if srcset.is_empty() { "" } else { ", " };
                // Writing to a string cannot fail.
                let _ = write!(srcset, "{comma}{address} {width}w");
            }
        }
        if !file.variants.is_empty() && !srcset.is_empty() {
            attribute_of("srcset", &srcset, out);
            match own_width {
                Some(width) => attribute("sizes", &format!("{width}px"), out),
                None => attribute("sizes", SIZES, out),
            }
        }
    }
    out.push('>');
    true
}

/// An address that may stand, made of what may stand in a URL and nothing else.
fn kept(verdict: Verdict<'_>) -> Option<Cow<'_, str>> {
    let Verdict::Keep(address) = verdict else {
        return None;
    };
    let plain =
        |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&byte);
    (!address.is_empty() && address.bytes().all(plain)).then_some(address)
}

fn attribute(name: &str, escaped: &str, out: &mut String) {
    out.push(' ');
    out.push_str(name);
    out.push_str("=\"");
    out.push_str(escaped);
    out.push('"');
}

fn attribute_of(name: &str, plain: &str, out: &mut String) {
    let mut escaped = String::with_capacity(plain.len());
    escape_into(plain, &mut escaped);
    attribute(name, &escaped, out);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{RenderOptions, render};

    fn targets(list: &[(&str, Target)]) -> HashMap<String, Target> {
        let entries = list.iter().cloned();
        entries
            .map(|(key, target)| (key.to_owned(), target))
            .collect()
    }

    fn check(body: &str, list: &[(&str, Target)], wanted: &str) {
        let html = render(body, &RenderOptions::default()).unwrap().html;
        let html = html.with_targets(&targets(list));
        assert_eq!(html.as_str().trim(), wanted, "{body}");
    }

    fn page(address: &str) -> Target {
        Target::Page(address.to_owned())
    }

    fn file(address: &str) -> FileTarget {
        FileTarget {
            address: address.to_owned(),
            ..FileTarget::default()
        }
    }

    #[test]
    fn a_link_leads_to_its_target_and_keeps_its_place_in_it() {
        let setup = [("../setup.md", page("/help/en/articles/set-up"))];
        check(
            "[a](../setup.md) [b](../setup.md#Step-1 \"t\") [c](other.md)",
            &setup,
            "<p><a href=\"/help/en/articles/set-up\">a</a> \
             <a href=\"/help/en/articles/set-up#h-Step-1\" title=\"t\">b</a> \
             <a href=\"other.md\">c</a></p>",
        );
        check(
            "[a](../setup.md?x=1#) `../setup.md`",
            &setup,
            "<p><a href=\"/help/en/articles/set-up#\">a</a> <code>../setup.md</code></p>",
        );
        let by_query = [("/x?id=5&b", page("/five")), ("/x", page("/any"))];
        check(
            "[a](/x?id=5&b) [b](/x?id=6)",
            &by_query,
            "<p><a href=\"/five\">a</a> <a href=\"/any\">b</a></p>",
        );
    }

    #[test]
    fn rel_is_said_of_the_new_address() {
        let list = [
            ("https://old.example/a", page("/a")),
            ("b.pdf", Target::File(file("https://files.example/b.pdf"))),
        ];
        check(
            "[a](https://old.example/a) [b](b.pdf)",
            &list,
            "<p><a href=\"/a\">a</a> <a href=\"https://files.example/b.pdf\" rel=\"noopener\">b</a></p>",
        );
    }

    #[test]
    fn a_picture_gets_its_size_and_its_variants_unless_the_author_set_one() {
        let list = [(
            "m/a.png",
            Target::File(FileTarget {
                address: "/attachments/1/a.png".into(),
                size: Some((1200, 800)),
                variants: vec![
                    (480, "/attachments/1/480.webp".into()),
                    (960, "/attachments/1/9,60.webp".into()),
                ],
            }),
        )];
        check(
            "![words](m/a.png)",
            &list,
            "<p><img src=\"/attachments/1/a.png\" alt=\"words\" decoding=\"async\" width=\"1200\" height=\"800\" \
             srcset=\"/attachments/1/480.webp 480w, /attachments/1/a.png 1200w\" \
             sizes=\"(min-width: 48rem) 44rem, 100vw\"></p>",
        );
        check(
            "<img src=\"m/a.png\" width=200>",
            &list,
            "<img src=\"/attachments/1/a.png\" width=\"200\" alt=\"\" decoding=\"async\" \
             srcset=\"/attachments/1/480.webp 480w, /attachments/1/a.png 1200w\" sizes=\"200px\">",
        );
        check(
            "![words](m/a.png)",
            &[("m/a.png", Target::File(file("/a.svg")))],
            "<p><img src=\"/a.svg\" alt=\"words\" decoding=\"async\"></p>",
        );
        check(
            "![words](m/a.png)",
            &[("m/a.png", page("/no-picture"))],
            "<p><img src=\"m/a.png\" alt=\"words\" decoding=\"async\"></p>",
        );
    }

    #[test]
    fn no_target_makes_html_that_is_not_safe() {
        for hostile in [
            "javascript:alert(1)",
            " java\nscript:alert(1)",
            "data:text/html,x",
            "\\\\host",
            "/\\host",
            "a\u{1}b",
            "/\"><script>x</script>&amp;",
        ] {
            let list = [("a", page(hostile)), ("b", Target::File(file(hostile)))];
            check(
                "[a](a) ![b](b)",
                &list,
                "<p><a href=\"a\">a</a> <img src=\"b\" alt=\"b\" decoding=\"async\"></p>",
            );
        }
        check(
            "[a](a#<b>)",
            &[("a", page("/?a&amp=b"))],
            "<p><a href=\"/?a&amp;amp=b#h-%3Cb%3E\">a</a></p>",
        );
    }

    #[test]
    fn addresses_are_taken_apart_whatever_they_are() {
        let parts = AddressParts::of("a/b?c?d#e?f#g");
        assert_eq!(
            (parts.whole, parts.path, parts.query, parts.fragment),
            ("a/b?c?d", "a/b", "c?d", "#e?f#g")
        );
        assert_eq!(AddressParts::of("#?").path, "");
    }
}
