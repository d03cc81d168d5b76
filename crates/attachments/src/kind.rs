//! What a file is, found by looking at its bytes, and how it may be handed out.
//!
//! A name decides between kinds of harmless text and nothing else. Whatever a browser could run (markup, scripts,
//! styles) is told by its own look, not by what it is called; a file that begins like a picture is a picture to every
//! browser that is told not to guess, whatever follows.

/// Text, by the ending of its name.
const TEXTS: &[(&str, &str)] = &[
    ("csv", "text/csv"),
    ("md", "text/markdown"),
    ("markdown", "text/markdown"),
    ("json", "application/json"),
    ("js", "text/javascript"),
    ("mjs", "text/javascript"),
    ("css", "text/css"),
];

/// Handed out under their own names; everything else goes out as bytes without a meaning. A browser runs none of these,
/// an SVG only when it is opened by itself, which the headers prevent.
const EXACT: &[&str] = &[
    "image/png",
    "image/jpeg",
    "image/gif",
    "image/webp",
    "image/avif",
    "image/svg+xml",
    "application/pdf",
    "application/zip",
    "application/gzip",
    "application/json",
    "application/msword",
    "application/vnd.ms-excel",
    "application/vnd.ms-powerpoint",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "application/vnd.oasis.opendocument.text",
    "application/vnd.oasis.opendocument.spreadsheet",
    "application/vnd.oasis.opendocument.presentation",
    "audio/mpeg",
    "audio/m4a",
    "audio/ogg",
    "audio/x-wav",
    "text/csv",
    "text/markdown",
    "text/plain",
    "video/mp4",
    "video/quicktime",
    "video/webm",
];

/// Shown in place, when somebody opens them by themselves; everything else is downloaded.
const INLINE: &[&str] = &[
    "image/png",
    "image/jpeg",
    "image/gif",
    "image/webp",
    "image/avif",
];

/// A file without a meaning.
pub const BYTES: &str = "application/octet-stream";
/// Markup that browsers run.
pub const HTML: &str = "text/html";
/// A drawing that can hold scripts.
pub const SVG: &str = "image/svg+xml";
/// Other markup, which browsers run when it names a namespace they know.
pub const XML: &str = "application/xml";

/// The media type of a file. `name` only tells kinds of text apart.
pub fn of(bytes: &[u8], name: &str) -> &'static str {
    let magic = infer::get(bytes).map(|kind| kind.mime_type());
    if let Some(kind) = magic
        && EXACT.contains(&kind)
        && !kind.starts_with("text/")
        && !is_doubtful(kind, bytes)
    {
        return kind;
    }
    if let Some(text) = as_text(bytes) {
        return markup(text).unwrap_or_else(|| text_by_name(name));
    }
    match magic {
        Some(kind) if !kind.starts_with("text/") && !is_doubtful(kind, bytes) => kind,
        _ => BYTES,
    }
}

/// The media type a file is handed out under, and whether it may be shown in place.
pub fn offered(media_type: &str) -> (&'static str, bool) {
    let exact = EXACT.iter().find(|kind| **kind == media_type);
    let Some(exact) = exact.copied() else {
        return (BYTES, false);
    };
    let sent = match exact {
        "text/plain" => "text/plain; charset=utf-8",
        "text/csv" => "text/csv; charset=utf-8",
        "text/markdown" => "text/markdown; charset=utf-8",
        other => other,
    };
    (sent, INLINE.contains(&exact))
}

/// Kinds whose mark is three letters that any text may begin with.
fn is_doubtful(kind: &str, bytes: &[u8]) -> bool {
    match kind {
        "image/gif" => !(bytes.starts_with(b"GIF87a") || bytes.starts_with(b"GIF89a")),
        "audio/mpeg" => as_text(bytes).is_some(),
        _ => false,
    }
}

/// The file as text: UTF-8 without control characters that no text has.
fn as_text(bytes: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(bytes).ok()?;
    let is_binary = |b: u8| matches!(b, 0x00..=0x08 | 0x0B | 0x0E..=0x1A | 0x1C..=0x1F | 0x7F);
    (!text.is_empty() && !text.bytes().any(is_binary)).then_some(text)
}

fn text_by_name(name: &str) -> &'static str {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    TEXTS
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(ending))
        .map_or("text/plain", |(_, kind)| kind)
}

/// Which markup a text is, if it begins like one: past byte order marks, white space, comments and declarations.
fn markup(text: &str) -> Option<&'static str> {
    let mut rest = text;
    let mut kind = None;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{FEFF}');
        if let Some(comment) = rest.strip_prefix("<!--") {
            kind = kind.or(Some(HTML));
            rest = comment.split_once("-->")?.1;
        } else if let Some(declaration) = rest.strip_prefix("<?") {
            kind = Some(XML);
            rest = match declaration.split_once("?>") {
                Some((_, after)) => after,
                None => return kind,
            };
        } else if let Some(doctype) = rest.strip_prefix("<!") {
            match of_doctype(doctype) {
                Some((named, _)) if named != XML => return Some(named),
                Some((_, after)) => {
                    kind = Some(XML);
                    rest = after;
                }
                None => return Some(kind.unwrap_or(HTML)),
            }
        } else {
            break;
        }
    }
    let Some(tag) = rest.strip_prefix('<') else {
        // A comment or a declaration before plain words: a browser that guesses would call it markup.
        return kind;
    };
    let end = tag.find(|c: char| c.is_whitespace() || matches!(c, '>' | '/'));
    let name = &tag[..end.unwrap_or(tag.len())];
    let local = name.rsplit_once(':').map_or(name, |(_, local)| local);
    if local.eq_ignore_ascii_case("svg") {
        return Some(SVG);
    }
    let is_tag = tag.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
    match kind {
        Some(XML) if !local.eq_ignore_ascii_case("html") => kind,
        Some(_) => Some(HTML),
        None => is_tag.then_some(HTML),
    }
}

/// What a document type names, and what stands behind the declaration; `rest` begins behind `<!`.
fn of_doctype(rest: &str) -> Option<(&'static str, &str)> {
    const WORD: &str = "doctype";
    let named = rest
        .get(..WORD.len())
        .filter(|word| word.eq_ignore_ascii_case(WORD))
        .map(|_| rest[WORD.len()..].trim_start())?;
    let end = named.find(|c: char| c.is_whitespace() || matches!(c, '>' | '['));
    let name = &named[..end?];
    if name.eq_ignore_ascii_case("svg") {
        return Some((SVG, ""));
    }
    if name.eq_ignore_ascii_case("html") {
        return Some((HTML, ""));
    }
    let after = match named.find('[') {
        Some(open) if named.find('>').is_none_or(|close| open < close) => {
            named[open..].split_once("]")?.1
        }
        _ => named,
    };
    Some((XML, after.split_once('>')?.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn magic_bytes_tell_what_it_is_whatever_it_is_called() {
        let cases: &[(&[u8], &str)] = &[
            (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "image/png"),
            (b"\xff\xd8\xff\xe0\0\x10JFIF\0", "image/jpeg"),
            (b"GIF89a\x01\0\x01\0", "image/gif"),
            (b"RIFF\x24\0\0\0WEBPVP8 ", "image/webp"),
            (b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf", "image/avif"),
            (b"%PDF-1.7\n%\xe2\xe3", "application/pdf"),
            (b"PK\x03\x04\x14\0\0\0\x08\0", "application/zip"),
            (b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2", "video/mp4"),
            (
                b"MZ\x90\0\x03\0\0\0",
                "application/vnd.microsoft.portable-executable",
            ),
            (b"\0\x01\x02\x03", BYTES),
            (b"", BYTES),
        ];
        for (bytes, want) in cases {
            assert_eq!(of(bytes, "page.html"), *want, "{bytes:?}");
        }
    }

    #[test]
    fn markup_is_told_by_its_look_and_never_by_its_name() {
        let html = [
            "<!DOCTYPE html><p>",
            "  \n<html>",
            "\u{FEFF}<script>alert(1)</script>",
            "<!-- x --><b>y</b>",
            "<!-- x -->words",
            "<x-own>",
            "</p>",
            "<!doctype HTML PUBLIC \"x\">",
            "<?xml version=\"1.0\"?><html xmlns=\"http://www.w3.org/1999/xhtml\">",
            "<IMG SRC=x onerror=alert(1)>",
            "<!anything",
        ];
        let svg = [
            "<svg xmlns=\"http://www.w3.org/2000/svg\"/>",
            "<?xml version=\"1.0\"?>\n<!-- made by hand -->\n<svg>",
            "<!DOCTYPE svg PUBLIC \"-//W3C//DTD SVG 1.1//EN\" \"x\"><svg>",
            "<?xml version=\"1.0\"?><s:svg xmlns:s=\"http://www.w3.org/2000/svg\">",
            "<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY a \"b\">]><svg onload=\"alert(1)\">",
        ];
        let xml = [
            "<?xml version=\"1.0\"?><rss>",
            "<?xml",
            "<!DOCTYPE rss><rss>",
        ];
        for (texts, want) in [(&html[..], HTML), (&svg, SVG), (&xml, XML)] {
            for text in texts {
                assert_eq!(of(text.as_bytes(), "picture.png"), want, "{text}");
            }
        }
    }

    #[test]
    fn text_has_a_kind_by_its_ending_and_is_otherwise_plain() {
        for (text, name, want) in [
            ("a,b\n1,2\n", "t.CSV", "text/csv"),
            ("# x", "x.md", "text/markdown"),
            ("{}", "x.json", "application/json"),
            ("alert(1)", "x.js", "text/javascript"),
            ("alert(1)", "x.png", "text/plain"),
            ("GIF is said with a soft g", "x.gif", "text/plain"),
            ("ID3 tags are old", "x", "text/plain"),
            ("BMW", "x.bmp", "text/plain"),
            ("2 < 3 and <- this", "x", "text/plain"),
            ("#!/bin/sh\necho", "x", "text/plain"),
        ] {
            assert_eq!(of(text.as_bytes(), name), want, "{text}");
        }
    }

    #[test]
    fn nothing_that_runs_is_offered_under_a_name_that_runs_or_in_place() {
        for kind in [
            HTML,
            XML,
            "text/javascript",
            "text/css",
            "application/wasm",
            "x",
        ] {
            assert_eq!(offered(kind), (BYTES, false), "{kind}");
        }
        assert_eq!(offered(SVG), (SVG, false));
        assert_eq!(offered("application/pdf"), ("application/pdf", false));
        assert_eq!(offered("text/plain"), ("text/plain; charset=utf-8", false));
        for kind in INLINE {
            assert_eq!(offered(kind), (*kind, true));
        }
        for kind in INLINE {
            assert!(EXACT.contains(kind));
        }
    }
}
