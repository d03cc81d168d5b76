//! What of a query is an instruction, and what is words.
//!
//! ```text
//! "exact words"      must follow each other in the text
//! -word  -"words"    must not stand in it
//! title:word         must stand in the title
//! category:name      only what hangs below the category     taken out by [`take_filters`]
//! tag:name           only what has the tag
//! ```
//!
//! In a text of more than twelve words quotation marks quote and hyphens join: all of it is words.
//! Everything else is words too: a lone quotation mark, a hyphen inside a word, a colon after anything
//! else, a single letter after a hyphen (people ask for `tar -x`). Nothing is ever an error.

use std::ops::Range;

/// Most quoted or excluded or title parts that are followed; what comes after is words.
const PARTS_MAX: usize = 16;

/// A query of more words is prose.
const PROSE_WORDS: usize = 12;

/// A query taken apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// What is looked for by words: the query without what is excluded.
    pub(crate) words: String,
    /// What must follow each other, word by word.
    pub(crate) phrases: Vec<String>,
    /// What must not stand in the text.
    pub(crate) excluded: Vec<String>,
    /// What must stand in the title.
    pub(crate) title: Vec<String>,
}

/// A query without its filters, and the filters by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NamedFilters {
    /// What is left to be searched.
    pub text: String,
    /// What stood after `category:`.
    pub category: Option<String>,
    /// What stood after `tag:`.
    pub tag: Option<String>,
}

/// Takes `category:` and `tag:` out of a query; the last of each counts.
pub fn take_filters(query: &str) -> NamedFilters {
    let mut named = NamedFilters::default();
    let mut kept = String::with_capacity(query.len());
    for piece in pieces(query) {
        match piece.field {
            Some(Field::Category) => named.category = Some(piece.text(query).to_owned()),
            Some(Field::Tag) => named.tag = Some(piece.text(query).to_owned()),
            _ => kept.push_str(&query[piece.whole]),
        }
    }
    named.text = kept.trim().to_owned();
    named
}

/// Takes a query apart. Without any word to look for, all of it is words.
pub(crate) fn wanted(query: &str) -> Wanted {
    if query.split_whitespace().nth(PROSE_WORDS).is_some() {
        return Wanted {
            words: query.to_owned(),
            ..Wanted::default()
        };
    }
    let mut wanted = Wanted::default();
    let mut parts = 0;
    for piece in pieces(query) {
        let text = piece.text(query);
        let is_part = piece.is_quoted || piece.is_excluded || piece.field == Some(Field::Title);
        parts += usize::from(is_part);
        if is_part && parts > PARTS_MAX {
            wanted.words.push_str(&query[piece.whole]);
            continue;
        }
        if piece.is_excluded {
            wanted.excluded.push(text.to_owned());
            wanted.words.push(' ');
            continue;
        }
        match piece.field {
            Some(Field::Title) => {
                wanted.title.push(text.to_owned());
                wanted.words.push_str(text);
                wanted.words.push(' ');
            }
            _ if piece.is_quoted => {
                wanted.phrases.push(text.to_owned());
                wanted.words.push_str(text);
                wanted.words.push(' ');
            }
            _ => wanted.words.push_str(&query[piece.whole]),
        }
    }
    if !wanted.words.contains(char::is_alphanumeric) {
        return Wanted {
            words: query.to_owned(),
            ..Wanted::default()
        };
    }
    wanted
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Title,
    Category,
    Tag,
}

const FIELDS: [(&str, Field); 3] = [
    ("title:", Field::Title),
    ("category:", Field::Category),
    ("tag:", Field::Tag),
];

/// A stretch of a query; all of them together are the query.
#[derive(Debug)]
struct Piece {
    whole: Range<usize>,
    inner: Range<usize>,
    field: Option<Field>,
    is_quoted: bool,
    is_excluded: bool,
}

impl Piece {
    fn text<'q>(&self, query: &'q str) -> &'q str {
        query[self.inner.clone()].trim()
    }

    fn words(whole: Range<usize>) -> Self {
        Self {
            inner: whole.clone(),
            whole,
            field: None,
            is_quoted: false,
            is_excluded: false,
        }
    }
}

/// Cuts a query at white space and quotation marks; white space goes with what stands before it.
fn pieces(query: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut at = 0;
    while at < query.len() {
        let rest = &query[at..];
        let piece = instruction(query, at);
        let mut piece = piece.unwrap_or_else(|| {
            let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
            // A quotation mark inside a word begins nothing, one after a bracket does.
            let quote = rest[..end]
                .char_indices()
                .skip(1)
                .find(|(from, c)| *c == '"' && !rest[..*from].ends_with(char::is_alphanumeric))
                .map_or(end, |(from, _)| from);
            Piece::words(at..at + quote.max(1))
        });
        // A cut never falls into a character.
        while !query.is_char_boundary(piece.whole.end) {
            piece.whole.end += 1;
            piece.inner.end = piece.inner.end.max(piece.whole.end);
        }
        let gap = query[piece.whole.end..]
            .find(|c: char| !c.is_whitespace())
            .unwrap_or(query.len() - piece.whole.end);
        piece.whole.end += gap;
        at = piece.whole.end;
        pieces.push(piece);
    }
    pieces
}

/// The instruction that begins here, if one does.
fn instruction(query: &str, at: usize) -> Option<Piece> {
    let rest = &query[at..];
    let before = query[..at].chars().next_back();
    let is_start = before.is_none_or(|c| c.is_whitespace() || c == '(');
    if let Some(bare) = rest.strip_prefix('-').filter(|_| is_start) {
        let (inner, is_quoted) = value(query, query.len() - bare.len())?;
        let letters = query[inner.clone()].chars().filter(|c| c.is_alphanumeric());
        if letters.count() < 2 || bare.starts_with('-') {
            return None;
        }
        return Some(Piece {
            whole: at..inner.end + usize::from(is_quoted),
            inner,
            field: None,
            is_quoted,
            is_excluded: true,
        });
    }
    if is_start {
        for (name, field) in FIELDS {
            let Some(head) = rest.get(..name.len()) else {
                continue;
            };
            if head.eq_ignore_ascii_case(name)
                && let Some((inner, is_quoted)) = value(query, at + name.len())
            {
                return Some(Piece {
                    whole: at..inner.end + usize::from(is_quoted),
                    inner,
                    field: Some(field),
                    is_quoted,
                    is_excluded: false,
                });
            }
        }
    }
    if rest.starts_with('"') {
        let (inner, _) = value(query, at).filter(|(_, is_quoted)| *is_quoted)?;
        return Some(Piece {
            whole: at..inner.end + 1,
            inner,
            field: None,
            is_quoted: true,
            is_excluded: false,
        });
    }
    None
}

/// What stands here as one thing: what is quoted, or a word up to white space. It has a letter or a
/// digit.
fn value(query: &str, at: usize) -> Option<(Range<usize>, bool)> {
    let rest = &query[at..];
    let (inner, is_quoted) = match rest.strip_prefix('"') {
        Some(quoted) => (at + 1..at + 1 + quoted.find('"')?, true),
        None => {
            let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
            (at..at + end, false)
        }
    };
    let has_word = query[inner.clone()].contains(char::is_alphanumeric);
    has_word.then_some((inner, is_quoted))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(query: &str) -> (String, Vec<String>, Vec<String>, Vec<String>) {
        let w = wanted(query);
        let words: Vec<_> = w.words.split_whitespace().collect();
        (words.join(" "), w.phrases, w.excluded, w.title)
    }

    fn of(words: &[&str]) -> Vec<String> {
        words.iter().map(|w| (*w).to_owned()).collect()
    }

    #[test]
    fn instructions_are_followed() {
        assert_eq!(
            look(r#"reset "my password" -admin title:vpn -"two factor""#),
            (
                "reset my password vpn".to_owned(),
                of(&["my password"]),
                of(&["admin", "two factor"]),
                of(&["vpn"]),
            )
        );
        assert_eq!(
            look(r#"TITLE:"set up" now"#),
            ("set up now".to_owned(), of(&[]), of(&[]), of(&["set up"]))
        );
    }

    #[test]
    fn everything_else_is_words() {
        for query in [
            "tar -x",
            "well-known words",
            "a - b",
            "--force it",
            "5\" disk",
            "say \"hello",
            "http://a.example title: x",
            "subtitle:x",
            "\"\" \" \" -\"\"",
            "-only",
            "-\"only this\"",
            "error:404",
            "💥\" \"💥",
            "when the \"first part\" of a long text -says title:things it only tells what it tells",
        ] {
            let (words, phrases, excluded, title) = look(query);
            assert_eq!(
                words,
                query.split_whitespace().collect::<Vec<_>>().join(" "),
                "{query}"
            );
            assert!(
                phrases.is_empty() && excluded.is_empty() && title.is_empty(),
                "{query}"
            );
        }
    }

    #[test]
    fn filters_are_taken_out_by_name() {
        let named = take_filters(r#"vpn category:"Getting started" tag:mac setup"#);
        assert_eq!(named.text, "vpn setup");
        assert_eq!(named.category.as_deref(), Some("Getting started"));
        assert_eq!(named.tag.as_deref(), Some("mac"));
        let none = take_filters("the category: of tag:");
        assert_eq!(none.text, "the category: of tag:");
        assert_eq!((none.category, none.tag), (None, None));
    }

    #[test]
    fn any_text_is_taken_apart() {
        for unit in [
            "\"",
            "-",
            "title:",
            "é\"",
            "字-\"",
            " \u{3000}-a",
            "tag:\"",
            "(\"a\")",
        ] {
            for times in 1..40 {
                let query = unit.repeat(times);
                let whole: usize = pieces(&query).iter().map(|p| p.whole.len()).sum();
                assert_eq!(whole, query.len());
                wanted(&query);
                take_filters(&query);
            }
        }
    }
}
