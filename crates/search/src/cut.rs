//! Cuts text into words, and runs of scripts without spaces into bigrams. Knows no language.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Scripts that write no spaces between words; each two neighbouring characters become a token.
pub(crate) fn is_unspaced(c: char) -> bool {
    matches!(c as u32,
        0x3040..=0x30ff // kana
        | 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xf900..=0xfaff | 0x20000..=0x3ffff // Han
        | 0xac00..=0xd7af // Hangul
        | 0x0e01..=0x0e3a | 0x0e40..=0x0e4e // Thai
        | 0x0e81..=0x0eba | 0x0ebc..=0x0ece // Lao
        | 0x1000..=0x1049 // Myanmar
        | 0x1780..=0x17d3 // Khmer
    )
}

/// Characters that mean something each by itself, where swapping or leaving out one leaves no bigram
/// whole.
pub(crate) fn is_han(c: char) -> bool {
    matches!(c as u32, 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xf900..=0xfaff | 0x20000..=0x3ffff)
}

/// Letters and digits, and what stands inside a word without ending it: marks, soft hyphens and
/// joiners.
fn is_inside(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric();
    }
    (c.is_alphanumeric() && !is_unspaced(c)) || is_invisible(c) || is_combining_mark(c)
}

/// Characters a reader cannot see and a searcher does not type.
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}'
    )
}

/// The tokens of a text, as byte ranges; in order, bigrams overlapping.
pub(crate) struct Cutter<'a> {
    text: &'a str,
    at: usize,
    run_end: usize,
}

/// One token: its bytes, and whether it is a bigram (or a lone character) of an unspaced script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cut {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) unspaced: bool,
}

impl<'a> Cutter<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            run_end: 0,
        }
    }

    fn char_at(&self, at: usize) -> Option<char> {
        // ASCII is most of what passes here.
        match self.text.as_bytes().get(at) {
            None => None,
            Some(byte) if byte.is_ascii() => Some(char::from(*byte)),
            Some(_) => self.text[at..].chars().next(),
        }
    }

    fn run_while(&self, mut at: usize, belongs: impl Fn(char) -> bool) -> usize {
        while let Some(c) = self.char_at(at) {
            if !belongs(c) {
                break;
            }
            at += c.len_utf8();
        }
        at
    }
}

impl Iterator for Cutter<'_> {
    type Item = Cut;

    fn next(&mut self) -> Option<Cut> {
        loop {
            let from = self.at;
            let c = self.char_at(from)?;
            let second = from + c.len_utf8();
            if from < self.run_end {
                if second >= self.run_end {
                    self.at = self.run_end;
                    return Some(Cut {
                        from,
                        to: second,
                        unspaced: true,
                    });
                }
                let to = second + self.char_at(second).map_or(0, char::len_utf8);
                self.at = if to >= self.run_end {
                    self.run_end
                } else {
                    second
                };
                return Some(Cut {
                    from,
                    to,
                    unspaced: true,
                });
            }
            if !c.is_ascii() && is_unspaced(c) {
                self.run_end = self.run_while(second, |c| !c.is_ascii() && is_unspaced(c));
                continue;
            }
            if !c.is_alphanumeric() {
                self.at = second;
                continue;
            }
            self.at = self.run_while(second, is_inside);
            return Some(Cut {
                from,
                to: self.at,
                unspaced: false,
            });
        }
    }
}

/// Compatibility forms made plain (NFKC), so that all Unicode spellings of a word are one.
///
/// Trade marks become spaces first: NFKC would glue `TM` to the word before.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || unicode_normalization::is_nfkc_quick(text.chars()) == YES {
        return Cow::Borrowed(text);
    }
    Cow::Owned(
        text.chars()
            .map(|c| if matches!(c, '™' | '℠') { ' ' } else { c })
            .nfkc()
            .collect(),
    )
}

const YES: unicode_normalization::IsNormalized = unicode_normalization::IsNormalized::Yes;

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Vec<&str> {
        Cutter::new(text).map(|c| &text[c.from..c.to]).collect()
    }

    #[test]
    fn words_end_at_what_is_neither_letter_nor_digit() {
        assert_eq!(
            cut("Don't (re)set x_1, naïve."),
            ["Don", "t", "re", "set", "x", "1", "naïve"]
        );
        assert_eq!(cut(""), Vec::<&str>::new());
        assert_eq!(cut(" \u{0}\u{200b}\u{300}"), Vec::<&str>::new());
    }

    #[test]
    fn unspaced_scripts_become_bigrams_in_any_text() {
        assert_eq!(cut("東京都に"), ["東京", "京都", "都に"]);
        assert_eq!(cut("の"), ["の"]);
        assert_eq!(
            cut("Outlookで新規 a字b"),
            ["Outlook", "で新", "新規", "a", "字", "b"]
        );
    }

    #[test]
    fn marks_and_soft_hyphens_do_not_cut_a_word() {
        assert_eq!(
            cut("co\u{ad}operate e\u{301}te\u{301} हिन्दी"),
            ["co\u{ad}operate", "e\u{301}te\u{301}", "हिन्दी"]
        );
    }

    #[test]
    fn compatibility_forms_become_plain() {
        assert_eq!(plain("ﬁle Ｗｏｒｄ ｶﾞ Windows™"), "file Word ガ Windows ");
        assert!(matches!(plain("plain été"), Cow::Borrowed(_)));
    }
}
