//! The last step: letters become characters, escaped where the finished line needs it, and each
//! pair of emphasis marks becomes Markdown where Markdown would read it as such, else an element.

use super::letters::{Letter, Mark, read};

/// What a line of Markdown may begin with, written by the converter: quotes, list markers, indents.
const PREFIX_CHARS_MAX: usize = 400;

/// Markdown with all letters settled.
pub(super) fn settle(converted: &str) -> String {
    let mut out = String::with_capacity(converted.len());
    for (number, line) in converted.split('\n').enumerate() {
        if number > 0 {
            out.push('\n');
        }
        Line::of(line).write(&mut out);
    }
    let end = out.trim_end().len();
    out.truncate(end);
    out
}

struct Line {
    letters: Vec<Letter>,
    /// How many letters the converter put in front.
    prefix: usize,
    is_heading: bool,
}

impl Line {
    fn of(line: &str) -> Self {
        let letters: Vec<Letter> = line.chars().map(read).collect();
        let mut at = 0;
        let mut is_heading = false;
        while at < PREFIX_CHARS_MAX {
            let width = match plain(&letters, at) {
                Some(' ' | '>') => 1,
                Some('-') if plain(&letters, at + 1) == Some(' ') => 2,
                Some('#') => {
                    let run = (at..)
                        .take_while(|i| plain(&letters, *i) == Some('#'))
                        .count();
                    is_heading = true;
                    run
                }
                Some(c) if c.is_ascii_digit() => {
                    let digit = |i: &usize| plain(&letters, *i).is_some_and(|c| c.is_ascii_digit());
                    let run = (at..).take_while(digit).count();
                    let is_marker = plain(&letters, at + run) == Some('.')
                        && plain(&letters, at + run + 1) == Some(' ');
                    if is_marker { run + 2 } else { break }
                }
                _ => break,
            };
            at += width;
        }
        Self {
            letters,
            prefix: at,
            is_heading,
        }
    }

    fn write(&self, out: &mut String) {
        let marks = self.marks();
        let continuation = self.continuation();
        let mut line_start = self.prefix;
        for (at, letter) in self.letters.iter().enumerate() {
            match letter {
                Letter::Plain(c) => out.push(*c),
                Letter::Markup('\n') => {
                    let blank = continuation.trim_end().is_empty();
                    out.push('\n');
                    out.push_str(if blank && at + 1 == self.letters.len() {
                        ""
                    } else {
                        &continuation
                    });
                    line_start = at + 1;
                }
                Letter::Markup(c) => out.push(*c),
                Letter::Mark(mark, begins) => match marks.get(at) {
                    Some(true) => out.push_str(mark.markdown()),
                    _ => {
                        out.push_str(if *begins { "<" } else { "</" });
                        out.push_str(mark.element());
                        out.push('>');
                    }
                },
                Letter::Text(c) => {
                    if self.needs_escape(at, *c, line_start) {
                        out.push('\\');
                    }
                    out.push(*c);
                }
            }
        }
    }

    /// What further lines of the same block begin with: quote marks stay, list markers are blanks.
    fn continuation(&self) -> String {
        let prefix = self.letters.iter().take(self.prefix);
        let keep = |letter: &Letter| match letter {
            Letter::Plain('>') => '>',
            _ => ' ',
        };
        prefix.map(keep).collect()
    }

    fn needs_escape(&self, at: usize, c: char, line_start: usize) -> bool {
        match c {
            '\\' | '`' | '*' | '[' | ']' | '<' | '~' => true,
            '_' => !(self.is_word(at.wrapping_sub(1)) && self.is_word(at + 1)),
            '&' => self.is_entity(at),
            '!' => self.letters.get(at + 1) == Some(&Letter::Markup('[')),
            '#' => {
                let from_start = self.letters.get(line_start..at).unwrap_or_default();
                let opens = from_start.is_empty() && !self.is_word(at + self.run(at, '#'));
                opens || (self.is_heading && self.is_end(at + self.run(at, '#')))
            }
            '>' | '+' => at == line_start,
            '-' | '=' | ':' | '|' => {
                at == line_start && (self.is_rule(at) || (c == '-' && self.is_blank(at + 1)))
            }
            '.' | ')' => {
                let digits = self.letters.get(line_start..at).unwrap_or_default();
                let is_digit =
                    |letter: &Letter| matches!(letter, Letter::Plain(c) if c.is_ascii_digit());
                (1..=9).contains(&digits.len())
                    && digits.iter().all(is_digit)
                    && self.is_blank(at + 1)
            }
            _ => false,
        }
    }

    fn is_word(&self, at: usize) -> bool {
        matches!(self.letters.get(at), Some(Letter::Plain(c)) if c.is_alphanumeric())
    }

    fn is_blank(&self, at: usize) -> bool {
        match self.letters.get(at) {
            None | Some(Letter::Markup('\n' | '\\')) => true,
            Some(Letter::Plain(c)) => c.is_whitespace(),
            _ => false,
        }
    }

    fn is_end(&self, at: usize) -> bool {
        let rest = self.letters.get(at..).unwrap_or_default();
        rest.iter()
            .all(|letter| matches!(letter, Letter::Plain(' ')))
    }

    fn run(&self, at: usize, c: char) -> usize {
        let rest = self.letters.get(at..).unwrap_or_default();
        rest.iter()
            .take_while(|letter| **letter == Letter::Text(c))
            .count()
    }

    /// Whether the line from here on is nothing but what rules, underlines and table heads are made of.
    fn is_rule(&self, at: usize) -> bool {
        let rest = self.letters.get(at..).unwrap_or_default();
        let mut line = rest
            .iter()
            .take_while(|letter| !matches!(letter, Letter::Markup('\n')));
        line.all(|letter| {
            matches!(
                letter,
                Letter::Plain(' ')
                    | Letter::Text('-' | '=' | ':' | '|' | '_' | '*')
                    | Letter::Markup('\\')
            )
        })
    }

    /// Whether `&` here would be read as a character reference.
    fn is_entity(&self, at: usize) -> bool {
        let rest = self.letters.get(at + 1..).unwrap_or_default();
        let name = rest.iter().take(40).take_while(|letter| {
            matches!(letter, Letter::Plain(c) if c.is_ascii_alphanumeric())
                || **letter == Letter::Text('#')
        });
        let length = name.count();
        length > 0 && rest.get(length) == Some(&Letter::Text(';'))
    }

    /// For each letter: whether it is a mark that Markdown can write.
    fn marks(&self) -> Vec<bool> {
        if !self
            .letters
            .iter()
            .any(|letter| matches!(letter, Letter::Mark(..)))
        {
            return Vec::new();
        }
        let mut written = vec![false; self.letters.len()];
        let mut open: Vec<(Mark, usize)> = Vec::new();
        for (at, letter) in self.letters.iter().enumerate() {
            let Letter::Mark(mark, begins) = letter else {
                continue;
            };
            if *begins {
                open.push((*mark, at));
                continue;
            }
            let Some((_, opening)) = open.pop_if(|(opened, _)| opened == mark) else {
                continue;
            };
            let is_written = self.can_open(opening) && self.can_close(at);
            written[opening] = is_written;
            written[at] = is_written;
        }
        written
    }

    /// CommonMark's left-flanking, told without the tables of Unicode: what is no letter or digit
    /// counts as punctuation behind the mark, and only ASCII counts as punctuation before it.
    fn can_open(&self, at: usize) -> bool {
        let before = at.checked_sub(1).filter(|at| *at >= self.prefix);
        let before = before.and_then(|at| self.letters.get(at));
        match self.letters.get(at + 1) {
            None | Some(Letter::Mark(..)) => false,
            Some(_) if matches!(before, Some(Letter::Mark(..))) => false,
            Some(letter) => match kind(letter) {
                Kind::Blank => false,
                Kind::Word => true,
                Kind::Other | Kind::Ascii => {
                    matches!(before.map(kind), None | Some(Kind::Blank | Kind::Ascii))
                }
            },
        }
    }

    fn can_close(&self, at: usize) -> bool {
        let after = self.letters.get(at + 1);
        match at.checked_sub(1).and_then(|at| self.letters.get(at)) {
            None | Some(Letter::Mark(..)) => false,
            Some(_) if matches!(after, Some(Letter::Mark(..))) => false,
            Some(letter) => match kind(letter) {
                Kind::Blank => false,
                Kind::Word => true,
                Kind::Other | Kind::Ascii => {
                    matches!(after.map(kind), None | Some(Kind::Blank | Kind::Ascii))
                }
            },
        }
    }
}

enum Kind {
    Blank,
    Word,
    Ascii,
    Other,
}

fn kind(letter: &Letter) -> Kind {
    match letter {
        Letter::Plain(c) | Letter::Text(c) | Letter::Markup(c) => match c {
            c if c.is_whitespace() => Kind::Blank,
            c if c.is_alphanumeric() => Kind::Word,
            c if c.is_ascii_punctuation() => Kind::Ascii,
            _ => Kind::Other,
        },
        Letter::Mark(..) => Kind::Other,
    }
}

fn plain(letters: &[Letter], at: usize) -> Option<char> {
    match letters.get(at) {
        Some(Letter::Plain(c)) => Some(*c),
        _ => None,
    }
}
