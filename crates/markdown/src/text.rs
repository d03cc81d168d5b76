//! Bodies as plain text: for search, excerpts and counting words. Also the two small text
//! conversions of HTML that the room needs, escaping and decoding entities.

use crate::events::{Spanned, dialect, is_block, parse};
use crate::limits::LimitExceeded;
use crate::tags::{Token, Tokens};
use pulldown_cmark::{Event, Tag, TagEnd};
use std::borrow::Cow;

/// The body without Markdown marks, tags and link addresses. Code and the words that stand for
/// pictures stay. Blocks are lines.
///
/// # Errors
/// [`LimitExceeded`] as in [`crate::render`], but for what only concerns HTML.
pub fn plain_text(body: &str) -> Result<String, LimitExceeded> {
    Ok(text_of(&parse(body, dialect())?))
}

/// The opening prose of the body as plain text, at most `chars_max` characters: whole sentences
/// where one fits, else whole words and `…`. Headings, code, tables and pictures are passed over
/// unless there is nothing else.
///
/// # Errors
/// [`LimitExceeded`] as in [`plain_text`].
pub fn excerpt(body: &str, chars_max: usize) -> Result<String, LimitExceeded> {
    let events = parse(body, dialect())?;
    let mut prose = String::new();
    let mut depth_skipped = 0_usize;
    let mut depth_paragraph = 0_usize;
    for (event, _) in &events {
        match event {
            Event::Start(
                Tag::Heading { .. }
                | Tag::CodeBlock(_)
                | Tag::Table(_)
                | Tag::Image { .. }
                | Tag::HtmlBlock
                | Tag::FootnoteDefinition(_),
            ) => depth_skipped += 1,
            Event::End(
                TagEnd::Heading(_)
                | TagEnd::CodeBlock
                | TagEnd::Table
                | TagEnd::Image
                | TagEnd::HtmlBlock
                | TagEnd::FootnoteDefinition,
            ) => depth_skipped = depth_skipped.saturating_sub(1),
            Event::Start(Tag::Paragraph | Tag::Item) => depth_paragraph += 1,
            Event::End(TagEnd::Paragraph | TagEnd::Item) => {
                depth_paragraph = depth_paragraph.saturating_sub(1);
                prose.push(' ');
                if prose.len() > chars_max.saturating_mul(4).saturating_add(400) {
                    break;
                }
            }
            Event::Text(words) | Event::Code(words)
                if depth_skipped == 0 && depth_paragraph > 0 =>
            {
                prose.push_str(words);
            }
            Event::SoftBreak | Event::HardBreak => prose.push(' '),
            _ => {}
        }
    }
    let mut prose = one_line(&prose);
    if prose.is_empty() {
        prose = one_line(&text_of(&events));
    }
    Ok(cut(&prose, chars_max))
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Cuts at the last sentence end in the second half of what fits, else at a word.
fn cut(text: &str, chars_max: usize) -> String {
    let Some((limit, _)) = text.char_indices().nth(chars_max) else {
        return text.to_owned();
    };
    let head = &text[..limit];
    let mut ends = head.char_indices().filter(|(at, c)| {
        let after = &text[at + c.len_utf8()..];
        match c {
            '.' | '!' | '?' | '…' | '؟' | '۔' => after.starts_with(' ') || after.is_empty(),
            '。' | '！' | '？' => true,
            _ => false,
        }
    });
    if let Some((at, c)) = ends.next_back()
        && head[..at].chars().count() * 2 >= chars_max
    {
        return head[..at + c.len_utf8()].to_owned();
    }
    // One place is kept for the dots.
    let Some((limit, _)) = text.char_indices().nth(chars_max.saturating_sub(1)) else {
        return text.to_owned();
    };
    let head = &text[..limit];
    let at_word = match head.rfind(' ') {
        Some(space) if space * 2 >= head.len() => &head[..space],
        _ => head,
    };
    if chars_max == 0 {
        return String::new();
    }
    let words = at_word.trim_end_matches(|c: char| c.is_whitespace() || ",;:–-".contains(c));
    format!("{words}…")
}

/// The plain text of parsed events.
pub(crate) fn text_of(events: &[Spanned<'_>]) -> String {
    let mut writer = TextWriter::default();
    for (event, _) in events {
        writer.push(event);
    }
    writer.take()
}

/// What stands behind a cell of a table, but for the last of its row.
const CELL_END: &str = " |";

/// Turns events into text, a line a block, the cells of a table apart.
#[derive(Debug, Default)]
pub(crate) struct TextWriter {
    text: String,
}

impl TextWriter {
    /// Adds what a reader sees of this event.
    pub(crate) fn push(&mut self, event: &Event<'_>) {
        match event {
            Event::Text(words) | Event::Code(words) => self.text.push_str(words),
            Event::InlineMath(words) | Event::DisplayMath(words) => self.text.push_str(words),
            Event::Html(html) => self.html(html),
            Event::InlineHtml(html) if is_break(html) => self.text.push(' '),
            Event::SoftBreak | Event::HardBreak => self.text.push(' '),
            Event::Start(Tag::TableCell) => {}
            Event::End(TagEnd::TableCell) => self.end_cell(),
            Event::Start(tag) if is_block(&tag.to_end()) => self.end_block(),
            Event::End(end) if is_block(end) => self.end_block(),
            _ => {}
        }
    }

    /// The text so far; the writer starts anew.
    pub(crate) fn take(&mut self) -> String {
        let text = std::mem::take(&mut self.text);
        text.trim().to_owned()
    }

    fn end_block(&mut self) {
        self.trim_end();
        let kept = self.text.strip_suffix(CELL_END).map(str::len);
        self.text.truncate(kept.unwrap_or(self.text.len()));
        self.trim_end();
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push('\n');
        }
    }

    /// Keeps the words of two cells apart; empty cells leave nothing.
    fn end_cell(&mut self) {
        self.trim_end();
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            if !self.text.ends_with(CELL_END) {
                self.text.push_str(CELL_END);
            }
            self.text.push(' ');
        }
    }

    fn trim_end(&mut self) {
        let kept = self.text.trim_end_matches(' ').len();
        self.text.truncate(kept);
    }

    fn html(&mut self, html: &str) {
        let mut tokens = Tokens::of(html);
        while let Some(token) = tokens.next() {
            match token {
                Token::Text(words) if words.trim().is_empty() && self.text.ends_with('\n') => {}
                Token::Text(words) => self.text.push_str(&decode_entities(words)),
                Token::Start(tag) => {
                    if crate::policy::DROPPED_WITH_CONTENT.contains(&tag.name.as_str()) {
                        tokens.skip_past_end_of(&tag.name);
                    }
                    if tag.name == "img"
                        && let Some((_, alt)) =
                            tag.attributes.iter().find(|(name, _)| name == "alt")
                    {
                        self.text.push_str(&decode_entities(alt));
                    }
                    self.gap(&tag.name);
                }
                Token::End(name) if name == "td" || name == "th" => self.end_cell(),
                Token::End(name) if name == "tr" || name == "table" => self.end_block(),
                Token::End(name) => self.gap(&name),
                Token::Hidden => {}
            }
        }
    }

    fn gap(&mut self, element: &str) {
        const INLINE: &[&str] = &[
            "a", "abbr", "b", "bdi", "bdo", "cite", "code", "del", "dfn", "em", "font", "i", "ins",
            "kbd", "mark", "q", "s", "samp", "small", "span", "strong", "sub", "sup", "time", "u",
            "var", "wbr",
        ];
        if !INLINE.contains(&element) && !self.text.is_empty() && !self.text.ends_with(['\n', ' '])
        {
            self.text.push(' ');
        }
    }
}

fn is_break(html: &str) -> bool {
    html.get(..3)
        .is_some_and(|head| head.eq_ignore_ascii_case("<br"))
}

/// Words of a text for reading time: runs between blanks; two characters of scripts that do not
/// divide words (Chinese, Japanese, Thai …) count as one.
pub(crate) fn word_count(text: &str) -> usize {
    let undivided = |c: char| {
        matches!(u32::from(c), 0x0e00..=0x0eff | 0x1000..=0x109f | 0x1780..=0x17ff
            | 0x3040..=0x30ff | 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xf900..=0xfaff
            | 0x20000..=0x3ffff)
    };
    let mut words = 0;
    let mut single = 0;
    for run in text.split_whitespace() {
        let found = run.chars().filter(|c| undivided(*c)).count();
        single += found;
        let rest = run.chars().any(|c| c.is_alphanumeric() && !undivided(c));
        words += usize::from(rest);
    }
    words + single.div_ceil(2)
}

/// Writes text so that it is only text, in elements and in quoted attributes alike. No-break spaces
/// are written as the sanitiser's serialiser writes them.
pub(crate) fn escape_into(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find(['&', '<', '>', '"', '\0', '\u{a0}']) {
        let (head, tail) = rest.split_at(at);
        out.push_str(head);
        let mut chars = tail.chars();
        out.push_str(match chars.next() {
            Some('&') => "&amp;",
            Some('<') => "&lt;",
            Some('>') => "&gt;",
            Some('"') => "&quot;",
            Some('\u{a0}') => "&nbsp;",
            _ => "\u{fffd}",
        });
        rest = chars.as_str();
    }
    out.push_str(rest);
}

/// Decodes numeric entities and the few named ones that matter for addresses and for plain text.
pub(crate) fn decode_entities(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        let (head, tail) = rest.split_at(at);
        out.push_str(head);
        let (decoded, length) = entity(tail).unwrap_or(('&', 1));
        out.push(decoded);
        rest = &tail[length..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}

fn entity(text: &str) -> Option<(char, usize)> {
    const NAMED: &[(&str, char)] = &[
        ("&amp;", '&'),
        ("&lt;", '<'),
        ("&gt;", '>'),
        ("&quot;", '"'),
        ("&apos;", '\''),
        ("&nbsp;", '\u{a0}'),
        ("&colon;", ':'),
        ("&Tab;", '\t'),
        ("&NewLine;", '\n'),
        ("&copy;", '©'),
        ("&ndash;", '–'),
        ("&mdash;", '—'),
        ("&hellip;", '…'),
        ("&rarr;", '→'),
    ];
    if let Some((name, c)) = NAMED.iter().find(|(name, _)| text.starts_with(name)) {
        return Some((*c, name.len()));
    }
    let number = text.strip_prefix("&#")?;
    let (digits, radix, prefix) = match number.strip_prefix(['x', 'X']) {
        Some(hex) => (hex, 16, 3),
        None => (number, 10, 2),
    };
    let length = digits
        .bytes()
        .take_while(|byte| (*byte as char).is_digit(radix))
        .count();
    let c = u32::from_str_radix(digits.get(..length)?, radix)
        .ok()
        .and_then(char::from_u32)?;
    let semicolon = usize::from(digits[length..].starts_with(';'));
    let c = if c == '\0' { '\u{fffd}' } else { c };
    Some((c, prefix + length + semicolon))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_and_addresses_go_and_words_stay() {
        let check = |body: &str, wanted: &str| {
            assert_eq!(plain_text(body).unwrap(), wanted, "{body}");
        };
        check("# A *b*\n\nc [d](https://e.example) `f`", "A b\nc d f");
        check("- a\n- b\n\n> c", "a\nb\nc");
        check("|a|b|\n|-|-|\n|c|d|", "a | b\nc | d");
        check("|a||b|\n|-|-|-|\n||c<br>||\n\ne", "a | b\nc\ne");
        check(
            "<table><tr><td>a</td><td>b</td></tr></table>\n\nc",
            "a | b\nc",
        );
        check("```rust\nfn a() {}\n```", "fn a() {}");
        check("![the box](x.png)", "the box");
        check("<div>a &amp; <b>b</b></div>", "a & b");
        check("<script>x</script>\n\na<br>b", "a b");
    }

    #[test]
    fn an_excerpt_is_the_first_prose_cut_at_a_sentence() {
        let check = |body: &str, chars_max: usize, wanted: &str| {
            assert_eq!(excerpt(body, chars_max).unwrap(), wanted, "{body}");
        };
        check(
            "# Title\n\nFirst one. Second one.\n",
            200,
            "First one. Second one.",
        );
        check("First one here. Second one.", 20, "First one here.");
        check("One long sentence without end", 15, "One long…");
        check("```\ncode\n```\n\nThen *words*.", 50, "Then words.");
        check("```\nonly code\n```", 50, "only code");
        check("", 50, "");
        check("abc", 0, "");
        check(
            "返金はできます。詳しくは次の手順をご覧ください。",
            10,
            "返金はできます。",
        );
    }

    #[test]
    fn words_are_counted_in_scripts_without_blanks_too() {
        assert_eq!(word_count("one two - three"), 3);
        assert_eq!(word_count("返金手順"), 2);
        assert_eq!(word_count(""), 0);
    }

    #[test]
    fn entities_decode_and_odd_ones_stay() {
        assert_eq!(decode_entities("a&amp;b&#x3C;&#106;&colon;"), "a&b<j:");
        assert_eq!(
            decode_entities("&unknown; & &#;&#xFFFFFFFF;"),
            "&unknown; & &#;&#xFFFFFFFF;"
        );
    }
}
