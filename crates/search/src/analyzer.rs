//! Turns a word into what the index knows: lower case, without its ending, in plain letters.
//!
//! One analyzer per locale, chosen by the locale of the article and never guessed from the text.
//! The order is lower case → stop words → stem → fold: stemmers need the accents that folding
//! removes. Who types without accents gets the stem of the plain word, which may be another one
//! (`configurações` → `configur`, `configuracoes` → `configuraco`), so a stored word has both.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use tantivy::tokenizer::{
    AsciiFoldingFilter, Language, RawTokenizer, Stemmer, TextAnalyzer, Token, TokenStream,
    Tokenizer,
};

use crate::compounds::Compounds;
use crate::cut::{Cutter, is_han, is_invisible, plain};
use crate::definition::{AnalyzerShape, LowerCase};
use crate::memory::{Memory, Shelf};

/// The analyzer of one locale. A clone starts with an empty memory of stems.
pub(crate) struct Analyzer {
    stop_words: Arc<HashSet<String>>,
    compounds: Option<Arc<Compounds>>,
    stemmer: Option<TextAnalyzer>,
    fold: TextAnalyzer,
    lower_case: LowerCase,
    token_bytes_max: usize,
    stems: Memory<Option<Stem>>,
    /// Where searches leave what they remember.
    shelf: Arc<Shelf<Option<Stem>>>,
}

/// What a word is called in the scored fields.
#[derive(Clone)]
struct Stem {
    main: Box<str>,
    /// The stem of the word typed without accents, where that is another one.
    unaccented: Option<Box<str>>,
    /// The stems of its parts, of a compound.
    parts: Box<[Box<str>]>,
}

impl Clone for Analyzer {
    fn clone(&self) -> Self {
        Self {
            stop_words: Arc::clone(&self.stop_words),
            compounds: self.compounds.clone(),
            stemmer: self.stemmer.clone(),
            fold: self.fold.clone(),
            lower_case: self.lower_case,
            token_bytes_max: self.token_bytes_max,
            stems: Memory::default(),
            shelf: Arc::clone(&self.shelf),
        }
    }
}

/// A word of a query: where it stands and what the index calls it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct QueryWord {
    pub(crate) from: usize,
    pub(crate) to: usize,
    /// Lower-cased and folded, as in the dictionary.
    pub(crate) raw: String,
    /// As in the scored fields; `None` for a stop word.
    pub(crate) stem: Option<String>,
    /// The stems of its parts, of a compound.
    pub(crate) parts: Vec<String>,
    /// A bigram of a script without spaces: never repaired, never completed.
    pub(crate) unspaced: bool,
}

impl Analyzer {
    pub(crate) fn new(
        shape: &AnalyzerShape,
        stop_words: &BTreeSet<String>,
        compounds: &BTreeSet<String>,
        token_bytes_max: usize,
    ) -> Result<Self, String> {
        let stemmer = match shape.stemmer.as_deref() {
            None => None,
            Some(name) => {
                let language = language(name).ok_or_else(|| {
                    format!(
                        "there is no stemmer {name:?}; known are {}",
                        LANGUAGES.map(|l| l.0).join(", ")
                    )
                })?;
                Some(
                    TextAnalyzer::builder(RawTokenizer::default())
                        .filter(Stemmer::new(language))
                        .build(),
                )
            }
        };
        let mut analyzer = Self {
            stop_words: Arc::new(stop_words.iter().cloned().collect()),
            compounds: None,
            stemmer,
            fold: TextAnalyzer::builder(RawTokenizer::default())
                .filter(AsciiFoldingFilter)
                .build(),
            lower_case: shape.lower_case,
            token_bytes_max,
            stems: Memory::default(),
            shelf: Arc::default(),
        };
        if !compounds.is_empty() {
            let mut known = Compounds::default();
            for word in compounds {
                let mut folded = word.clone();
                analyzer.fold(&mut folded);
                let stem = analyzer.plain_stem(word);
                known.add(word, folded, stem);
            }
            analyzer.compounds = Some(Arc::new(known));
        }
        Ok(analyzer)
    }

    /// A clone for one search: it remembers the stems that searches before it found.
    pub(crate) fn for_search(&self) -> Self {
        Self {
            stems: self.shelf.take(),
            ..self.clone()
        }
    }

    /// Forgets the words of all searches.
    pub(crate) fn forget(&self) {
        self.shelf.clear();
    }

    /// Whether words are taken apart: a match may stand in the middle of one.
    pub(crate) fn takes_apart(&self) -> bool {
        self.compounds.is_some()
    }

    /// Lower-cases a word and drops what cannot be seen.
    fn lower(&self, word: &str, out: &mut String) {
        out.clear();
        if word.is_ascii() && self.lower_case == LowerCase::Plain {
            out.push_str(word);
            out.make_ascii_lowercase();
            return;
        }
        for c in word.chars() {
            match (c, self.lower_case) {
                ('I', LowerCase::Turkish) => out.push('ı'),
                ('İ', LowerCase::Turkish) => out.push('i'),
                _ if is_invisible(c) => {}
                _ => out.extend(c.to_lowercase()),
            }
        }
    }

    /// Folds a lower-cased word to plain letters, in place.
    fn fold(&mut self, word: &mut String) {
        if word.is_ascii() {
            return;
        }
        let folded = self
            .fold
            .token_stream(word)
            .next()
            .map(|token| token.text.chars().filter_map(fold_char).collect());
        if let Some(folded) = folded {
            *word = folded;
        }
    }

    /// The stem of a lower-cased word; `None` for a stop word.
    fn stem(&mut self, word: &str) -> Option<&Stem> {
        if self.stems.of(word).is_none() {
            let stem = self.make_stem(word);
            self.stems.learn(word, stem);
        }
        self.stems.of(word).and_then(Option::as_ref)
    }

    fn make_stem(&mut self, word: &str) -> Option<Stem> {
        if self.stop_words.contains(word) {
            return None;
        }
        let main = self.plain_stem(word);
        let parts = self.parts_of(word, &main);
        let mut unaccented = None;
        if !word.is_ascii() {
            let mut plain = word.to_owned();
            self.fold(&mut plain);
            let stem = self.snowball(&plain);
            if stem != main && !stem.is_empty() {
                unaccented = Some(stem.into());
            }
        }
        (!main.is_empty()).then_some(Stem {
            main: main.into(),
            unaccented,
            parts,
        })
    }

    /// The stem of any lower-cased word, in plain letters.
    fn plain_stem(&mut self, word: &str) -> String {
        let mut stem = self.snowball(word);
        self.fold(&mut stem);
        stem
    }

    /// The stems of the parts of a compound: each once, none that is the whole.
    fn parts_of(&mut self, word: &str, whole: &str) -> Box<[Box<str>]> {
        let Some(compounds) = self.compounds.clone() else {
            return Box::default();
        };
        let mut stems: Vec<Box<str>> = Vec::new();
        for part in compounds.split(word, &mut |tail| self.plain_stem(tail)) {
            let stem = self.plain_stem(part).into_boxed_str();
            if !stem.is_empty() && *stem != *whole && !stems.contains(&stem) {
                stems.push(stem);
            }
        }
        stems.into()
    }

    fn snowball(&mut self, word: &str) -> String {
        let stem = self.stemmer.as_mut().and_then(|stemmer| {
            stemmer
                .token_stream(word)
                .next()
                .map(|token| token.text.clone())
        });
        stem.unwrap_or_else(|| word.to_owned())
    }

    /// The stem of a word as the dictionary spells it (folded, lower-cased).
    pub(crate) fn stem_of(&mut self, raw: &str) -> Option<String> {
        self.stem(raw).map(|stem| stem.main.to_string())
    }

    /// The stems of the parts of a word as the dictionary spells it.
    pub(crate) fn parts_of_raw(&mut self, raw: &str) -> Vec<String> {
        let stem = self.stem(raw);
        stem.map_or_else(Vec::new, |stem| texts(&stem.parts))
    }

    /// The words of a query, at most `max` of them (two bigrams count as one word), and whether some
    /// were left out.
    pub(crate) fn query_words(&mut self, text: &str, max: usize) -> (Vec<QueryWord>, bool) {
        let mut words = Vec::new();
        let mut halves = 2 * max;
        let mut lowered = String::new();
        for cut in Cutter::new(text) {
            if cut.to - cut.from >= self.token_bytes_max {
                continue;
            }
            let cost = if cut.unspaced { 1 } else { 2 };
            if halves < cost {
                return (words, true);
            }
            halves -= cost;
            self.lower(&text[cut.from..cut.to], &mut lowered);
            let mut raw = lowered.clone();
            self.fold(&mut raw);
            let stem = self.stem(&lowered);
            let parts = stem.map_or_else(Vec::new, |stem| texts(&stem.parts));
            let stem = stem.map(|stem| stem.main.to_string());
            if raw.is_empty() {
                continue;
            }
            words.push(QueryWord {
                from: cut.from,
                to: cut.to,
                raw,
                stem,
                parts,
                unspaced: cut.unspaced,
            });
        }
        (words, false)
    }

    /// Looks one word of a stored text up by what the scored fields call it; stop words and
    /// over-long tokens are called nothing.
    pub(crate) fn look_up<T: Copy>(
        &mut self,
        word: &str,
        buffer: &mut String,
        known: &HashMap<String, T>,
    ) -> Option<T> {
        if word.len() >= self.token_bytes_max {
            return None;
        }
        if word.is_ascii() {
            self.lower(word, buffer);
        } else {
            self.lower(&plain(word), buffer);
        }
        let stem = self.stem(buffer)?;
        known
            .get(&*stem.main)
            .or_else(|| known.get(stem.unaccented.as_deref()?))
            .or_else(|| stem.parts.iter().find_map(|part| known.get(&**part)))
            .copied()
    }

    /// The tokenizer of the scored fields.
    pub(crate) fn stem_tokenizer(&self) -> TextAnalyzer {
        TextAnalyzer::from(AnalyzerTokenizer {
            analyzer: self.clone(),
            cuts: Cuts::Stems,
        })
    }

    /// The tokenizer of the dictionary.
    pub(crate) fn raw_tokenizer(&self) -> TextAnalyzer {
        TextAnalyzer::from(AnalyzerTokenizer {
            analyzer: self.clone(),
            cuts: Cuts::Raw,
        })
    }

    /// The tokenizer of single Han characters.
    pub(crate) fn han_tokenizer(&self) -> TextAnalyzer {
        TextAnalyzer::from(AnalyzerTokenizer {
            analyzer: self.clone(),
            cuts: Cuts::Han,
        })
    }
}

fn texts(parts: &[Box<str>]) -> Vec<String> {
    parts.iter().map(|part| part.to_string()).collect()
}

/// Folding that the engine's table lacks: Cyrillic ё, Greek tonos, Arabic and Hebrew vowel signs.
fn fold_char(c: char) -> Option<char> {
    match c {
        '\u{300}'..='\u{36f}' | '\u{591}'..='\u{5c7}' | '\u{64b}'..='\u{65f}' | '\u{670}' | 'ـ' => {
            None
        }
        'ё' => Some('е'),
        'ά' => Some('α'),
        'έ' => Some('ε'),
        'ή' => Some('η'),
        'ί' | 'ϊ' | 'ΐ' => Some('ι'),
        'ό' => Some('ο'),
        'ύ' | 'ϋ' | 'ΰ' => Some('υ'),
        'ώ' => Some('ω'),
        'ς' => Some('σ'),
        'آ' | 'أ' | 'إ' => Some('ا'),
        'ى' => Some('ي'),
        'ة' => Some('ه'),
        _ => Some(c),
    }
}

const LANGUAGES: [(&str, Language); 18] = [
    ("arabic", Language::Arabic),
    ("danish", Language::Danish),
    ("dutch", Language::Dutch),
    ("english", Language::English),
    ("finnish", Language::Finnish),
    ("french", Language::French),
    ("german", Language::German),
    ("greek", Language::Greek),
    ("hungarian", Language::Hungarian),
    ("italian", Language::Italian),
    ("norwegian", Language::Norwegian),
    ("portuguese", Language::Portuguese),
    ("romanian", Language::Romanian),
    ("russian", Language::Russian),
    ("spanish", Language::Spanish),
    ("swedish", Language::Swedish),
    ("tamil", Language::Tamil),
    ("turkish", Language::Turkish),
];

fn language(name: &str) -> Option<Language> {
    LANGUAGES
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, language)| *language)
}

/// What a tokenizer makes of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cuts {
    /// Stems, and beside them what else a word is called.
    Stems,
    /// Words, lower-cased and folded.
    Raw,
    /// Han characters, one by one; nothing else.
    Han,
}

/// The analyzer as the engine wants it.
#[derive(Clone)]
struct AnalyzerTokenizer {
    analyzer: Analyzer,
    cuts: Cuts,
}

impl Tokenizer for AnalyzerTokenizer {
    type TokenStream<'a> = AnalyzerStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> AnalyzerStream<'a> {
        AnalyzerStream {
            analyzer: &mut self.analyzer,
            cuts: self.cuts,
            text,
            cutter: Cutter::new(text),
            at: 0,
            position: 0,
            token: Token::default(),
            lowered: String::new(),
            others: Vec::new(),
        }
    }
}

struct AnalyzerStream<'a> {
    analyzer: &'a mut Analyzer,
    cuts: Cuts,
    text: &'a str,
    cutter: Cutter<'a>,
    /// How far single characters were read.
    at: usize,
    position: usize,
    token: Token,
    lowered: String,
    /// The other names of the word just answered, the next one last.
    others: Vec<Box<str>>,
}

impl AnalyzerStream<'_> {
    fn advance_han(&mut self) -> bool {
        let Some(rest) = self.text.get(self.at..) else {
            return false;
        };
        let Some((offset, c)) = rest.char_indices().find(|(_, c)| is_han(*c)) else {
            self.at = self.text.len();
            return false;
        };
        self.token.text.clear();
        self.token.text.push(c);
        self.token.offset_from = self.at + offset;
        self.token.offset_to = self.token.offset_from + c.len_utf8();
        self.token.position = self.position;
        self.token.position_length = 1;
        self.position += 1;
        self.at = self.token.offset_to;
        true
    }
}

impl TokenStream for AnalyzerStream<'_> {
    fn advance(&mut self) -> bool {
        if self.cuts == Cuts::Han {
            return self.advance_han();
        }
        if let Some(other) = self.others.pop() {
            self.token.text.clear();
            self.token.text.push_str(&other);
            return true;
        }
        for cut in self.cutter.by_ref() {
            let position = self.position;
            self.position += 1;
            if cut.to - cut.from >= self.analyzer.token_bytes_max {
                continue;
            }
            let word = &self.text[cut.from..cut.to];
            if self.cuts == Cuts::Stems {
                self.analyzer.lower(word, &mut self.lowered);
                let Some(stem) = self.analyzer.stem(&self.lowered) else {
                    continue;
                };
                self.token.text.clear();
                self.token.text.push_str(&stem.main);
                self.others.extend(stem.parts.iter().rev().cloned());
                self.others.extend(stem.unaccented.clone());
            } else {
                self.analyzer.lower(word, &mut self.token.text);
                self.analyzer.fold(&mut self.token.text);
                if self.token.text.is_empty() {
                    continue;
                }
            }
            self.token.offset_from = cut.from;
            self.token.offset_to = cut.to;
            self.token.position = position;
            self.token.position_length = 1;
            return true;
        }
        false
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::Definition;

    fn stems(locale: &str, text: &str) -> Vec<String> {
        let definition = Definition::read(None).unwrap();
        let mut analyzer = definition.analyzer(&locale.parse().unwrap());
        let (words, _) = analyzer.query_words(&plain(text), 100);
        words.into_iter().filter_map(|w| w.stem).collect()
    }

    #[test]
    fn words_lose_their_endings_and_accents() {
        assert_eq!(stems("en", "The Running of DATABASES"), ["run", "databas"]);
        assert_eq!(stems("fr", "les Paramètres"), stems("fr", "parametres"));
        assert_eq!(stems("de", "Häusern"), stems("de", "häuser"));
    }

    #[test]
    fn a_locale_without_a_file_takes_its_language_then_the_default() {
        assert_eq!(stems("en-GB", "networks"), ["network"]);
        assert_eq!(stems("cs", "Sítě"), ["site"]);
    }

    #[test]
    fn all_unicode_spellings_of_a_word_are_one() {
        for (one, other) in [
            ("été", "e\u{301}te\u{301}"),
            ("ﬁle", "file"),
            ("Ｗｏｒｄ", "word"),
            ("뗏", "\u{1104}\u{1166}\u{11ba}"),
        ] {
            assert_eq!(stems("en", one), stems("en", other), "{one}");
        }
    }

    #[test]
    fn a_stored_word_is_also_called_what_it_is_without_accents() {
        let definition = Definition::read(None).unwrap();
        for (locale, accented, plain) in [
            ("pt-BR", "Configurações", "configuracoes"),
            ("en", "réglages", "reglages"),
            ("fr", "éviter", "eviter"),
            ("de", "größere", "grossere"),
        ] {
            let mut tokenizer = definition
                .analyzer(&locale.parse().unwrap())
                .stem_tokenizer();
            let mut stream = tokenizer.token_stream(accented);
            let mut names = Vec::new();
            while let Some(token) = stream.next() {
                assert_eq!(token.position, 0);
                names.push(token.text.clone());
            }
            for typed in [accented, plain] {
                assert!(
                    names.contains(&stems(locale, typed)[0]),
                    "{typed}: {names:?}"
                );
            }
        }
    }

    #[test]
    fn turkish_keeps_its_two_kinds_of_i() {
        assert_eq!(stems("tr", "IŞIK"), stems("tr", "ışık"));
        assert_eq!(stems("tr", "İzin"), stems("tr", "izin"));
    }

    #[test]
    fn a_query_has_a_longest_length() {
        let definition = Definition::read(None).unwrap();
        let mut analyzer = definition.analyzer(&"en".parse().unwrap());
        let (words, cut) = analyzer.query_words(&"word ".repeat(40), 32);
        assert_eq!((words.len(), cut), (32, true));
        let (words, cut) = analyzer.query_words(&"東京".repeat(40), 32);
        assert_eq!((words.len(), cut), (64, true));
        let (words, cut) = analyzer.query_words(&"word ".repeat(32), 32);
        assert_eq!((words.len(), cut), (32, false));
    }
}
