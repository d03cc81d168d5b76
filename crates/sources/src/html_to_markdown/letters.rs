//! An alphabet for what must pass through the converter untouched.
//!
//! The converter cannot know whether a `*` is text or markup once both are in one string, and it
//! escapes by what a piece of text begins with, not by what its line becomes. So punctuation goes
//! in as letters of a private plane, in two alphabets: *text* (escape it where the finished line
//! needs it) and *markup* (write it as it is); marks of emphasis have letters of their own.

/// Text: U+10F000 + its number.
const TEXT: u32 = 0x10_F000;
/// Markup: U+10F080 + its number.
const MARKUP: u32 = 0x10_F080;
/// Marks and separators.
const MARKS: u32 = 0x10_F100;
/// The last letter of the alphabets.
const LAST: u32 = 0x10_F1FF;

/// What a character of converted text stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Letter {
    /// Itself: words, or what the converter wrote.
    Plain(char),
    /// Text that may need escaping.
    Text(char),
    /// Markup to be written as it is.
    Markup(char),
    /// Emphasis begins (true) or ends.
    Mark(Mark, bool),
}

/// What emphasis is written with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// `**`
    Strong,
    /// `*`
    Emphasis,
    /// `~~`
    Strike,
}

impl Mark {
    /// Its Markdown.
    pub(super) fn markdown(self) -> &'static str {
        match self {
            Self::Strong => "**",
            Self::Emphasis => "*",
            Self::Strike => "~~",
        }
    }

    /// Its element.
    pub(super) fn element(self) -> &'static str {
        match self {
            Self::Strong => "strong",
            Self::Emphasis => "em",
            Self::Strike => "del",
        }
    }

    /// The letter that begins or ends it.
    pub(super) fn letter(self, begins: bool) -> char {
        let kind = match self {
            Self::Strong => 0,
            Self::Emphasis => 2,
            Self::Strike => 4,
        };
        letter(MARKS + kind + u32::from(begins))
    }
}

/// Between the rows of a table.
pub(super) const ROW: char = '\u{10F110}';
/// Between the cells of a row.
pub(super) const CELL: char = '\u{10F111}';

fn letter(code: u32) -> char {
    char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// Writes text: its punctuation as letters, what only looks like a letter of ours replaced.
pub(super) fn push_text(text: &str, out: &mut String) {
    for character in text.chars() {
        push_text_char(character, out);
    }
}

/// Writes one character of text.
pub(super) fn push_text_char(character: char, out: &mut String) {
    out.push(match character {
        c if c.is_ascii_punctuation() => letter(TEXT + c as u32),
        '\0' => char::REPLACEMENT_CHARACTER,
        c if (TEXT..=LAST).contains(&(c as u32)) => char::REPLACEMENT_CHARACTER,
        c => c,
    });
}

/// Writes markup, every ASCII character of it as a letter.
pub(super) fn push_markup(markup: &str, out: &mut String) {
    for character in markup.chars() {
        out.push(match character {
            c if c.is_ascii() && c != '\0' => letter(MARKUP + c as u32),
            c if (TEXT..=LAST).contains(&(c as u32)) => char::REPLACEMENT_CHARACTER,
            c => c,
        });
    }
}

/// What a character stands for.
pub(super) fn read(character: char) -> Letter {
    let code = character as u32;
    let ascii = |base: u32| char::from_u32(code - base).unwrap_or(' ');
    match code {
        TEXT..MARKUP => Letter::Text(ascii(TEXT)),
        MARKUP..MARKS => Letter::Markup(ascii(MARKUP)),
        MARKS..=LAST => {
            let kind = match (code - MARKS) / 2 {
                0 => Mark::Strong,
                1 => Mark::Emphasis,
                2 => Mark::Strike,
                _ => return Letter::Plain(' '),
            };
            Letter::Mark(kind, code % 2 == 1)
        }
        _ => Letter::Plain(character),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_comes_back_as_what_it_was() {
        let mut out = String::new();
        push_text("a*é", &mut out);
        push_markup("<b>", &mut out);
        out.push(Mark::Strike.letter(true));
        let read: Vec<_> = out.chars().map(read).collect();
        assert_eq!(
            read,
            [
                Letter::Plain('a'),
                Letter::Text('*'),
                Letter::Plain('é'),
                Letter::Markup('<'),
                Letter::Markup('b'),
                Letter::Markup('>'),
                Letter::Mark(Mark::Strike, true),
            ]
        );
    }

    #[test]
    fn letters_in_the_source_are_not_taken_for_ours() {
        let mut out = String::new();
        push_text("\u{10F080}\u{10F101}\0", &mut out);
        push_markup("\u{10F02A}", &mut out);
        assert_eq!(out, "\u{fffd}\u{fffd}\u{fffd}\u{fffd}");
    }
}
