//! The words of the pages: one catalogue per language, English complete, missing keys fall back.
//!
//! A language is added as a file `assets/messages/<tag>.toml` and one line in [`FILES`]. The fields
//! here are typed, so that a template cannot ask for a message that does not exist.

use std::sync::LazyLock;

use cairn_domain::locale::Locale;

const FILES: &[(&str, &str)] = &[
    ("en", include_str!("../../assets/messages/en.toml")),
    ("de", include_str!("../../assets/messages/de.toml")),
    ("ar", include_str!("../../assets/messages/ar.toml")),
];

/// A message with one place for markup: what stands before it and what after.
#[derive(Debug, Clone)]
pub(crate) struct Slot {
    pub(crate) before: String,
    pub(crate) after: String,
}

/// A message that depends on a number, in the forms of CLDR.
#[derive(Debug, Clone)]
pub(crate) struct Plural {
    rule: fn(u64) -> usize,
    forms: [Option<String>; 6],
}

const ZERO: usize = 0;
const ONE: usize = 1;
const TWO: usize = 2;
const FEW: usize = 3;
const MANY: usize = 4;
const OTHER: usize = 5;
const FORM_NAMES: [&str; 6] = ["zero", "one", "two", "few", "many", "other"];

impl Plural {
    /// The form for `n`, with `n` in its place.
    pub(crate) fn of(&self, n: u64) -> String {
        fill(self.form(n), &[&n.to_string()])
    }

    /// The form for `n`, cut where the named place `{q}` is.
    pub(crate) fn around(&self, n: u64) -> Slot {
        let form = self.form(n);
        let (before, after) = form.split_once("{q}").unwrap_or((form, ""));
        let n = n.to_string();
        Slot {
            before: fill(before, &[&n]),
            after: fill(after, &[&n]),
        }
    }

    fn form(&self, n: u64) -> &str {
        self.forms[(self.rule)(n)]
            .as_deref()
            .or(self.forms[OTHER].as_deref())
            .unwrap_or("{}")
    }
}

/// The plural rule of a language for whole numbers (CLDR 46, chart "Language Plural Rules").
fn plural_rule(language: &str) -> fn(u64) -> usize {
    match language {
        "ja" | "zh" | "ko" | "th" | "vi" | "id" | "ms" => |_| OTHER,
        "fr" | "pt" => |n| if n <= 1 { ONE } else { OTHER },
        "ar" => |n| match (n, n % 100) {
            (0, _) => ZERO,
            (1, _) => ONE,
            (2, _) => TWO,
            (_, 3..=10) => FEW,
            (_, 11..=99) => MANY,
            _ => OTHER,
        },
        "ru" | "uk" => |n| match (n % 10, n % 100) {
            (1, rest) if rest != 11 => ONE,
            (2..=4, rest) if !(12..=14).contains(&rest) => FEW,
            _ => MANY,
        },
        "pl" => |n| match (n, n % 10, n % 100) {
            (1, _, _) => ONE,
            (_, 2..=4, rest) if !(12..=14).contains(&rest) => FEW,
            _ => MANY,
        },
        "cs" | "sk" => |n| match n {
            1 => ONE,
            2..=4 => FEW,
            _ => OTHER,
        },
        "he" => |n| match n {
            1 => ONE,
            2 => TWO,
            _ => OTHER,
        },
        _ => |n| if n == 1 { ONE } else { OTHER },
    }
}

/// Puts the values into the `{}` of a message, in order.
pub(crate) fn fill(message: &str, values: &[&str]) -> String {
    let mut out = String::with_capacity(message.len() + 32);
    let mut values = values.iter();
    let mut rest = message;
    while let Some((before, after)) = rest.split_once("{}") {
        out.push_str(before);
        out.push_str(values.next().copied().unwrap_or(""));
        rest = after;
    }
    out.push_str(rest);
    out
}

/// How a kind of message is read from TOML.
trait Message: Sized {
    fn read(value: &toml::Value, language: &str) -> Option<Self>;
}

impl Message for String {
    fn read(value: &toml::Value, _: &str) -> Option<Self> {
        value.as_str().map(str::to_owned)
    }
}

impl Message for Slot {
    fn read(value: &toml::Value, _: &str) -> Option<Self> {
        let (before, after) = value.as_str()?.split_once("{}")?;
        Some(Self {
            before: before.to_owned(),
            after: after.to_owned(),
        })
    }
}

impl Message for Vec<String> {
    fn read(value: &toml::Value, _: &str) -> Option<Self> {
        value
            .as_array()?
            .iter()
            .map(|v| v.as_str().map(str::to_owned))
            .collect()
    }
}

impl Message for [String; 12] {
    fn read(value: &toml::Value, language: &str) -> Option<Self> {
        Vec::<String>::read(value, language)?.try_into().ok()
    }
}

impl Message for Plural {
    fn read(value: &toml::Value, language: &str) -> Option<Self> {
        let table = value.as_table()?;
        let forms = FORM_NAMES.map(|name| table.get(name)?.as_str().map(str::to_owned));
        forms[OTHER].as_ref()?;
        Some(Self {
            rule: plural_rule(language),
            forms,
        })
    }
}

macro_rules! messages {
    ($($name:ident: $kind:ty,)*) => {
        /// All messages in one language.
        #[derive(Debug, Clone)]
        pub(crate) struct Messages {
            $(pub(crate) $name: $kind,)*
        }

        impl Messages {
            /// Reads a catalogue; what it lacks comes from English. Gives the names of what English
            /// lacks as an error, which a test keeps from happening.
            fn read(language: &str, own: &toml::Table, english: &toml::Table) -> Result<Self, &'static str> {
                Ok(Self {
                    $($name: own
                        .get(stringify!($name))
                        .and_then(|v| <$kind>::read(v, language))
                        .or_else(|| english.get(stringify!($name)).and_then(|v| <$kind>::read(v, "en")))
                        .ok_or(stringify!($name))?,)*
                })
            }

            /// Names of all messages.
            #[cfg(test)]
            const NAMES: &'static [&'static str] = &[$(stringify!($name),)*];
        }
    };
}

messages! {
    skip: String,
    home_of: String,
    brand_tails: Vec<String>,
    search_label: String,
    search_placeholder: String,
    search_button: String,
    help_center: String,
    about: String,
    all_articles: String,
    new_articles: String,
    for_assistants: String,
    marked_with: String,
    you_are_here: String,
    crumb_home: String,
    updated: Slot,
    on_this_page: String,
    this_article: String,
    related: String,
    in_this_topic: String,
    back: String,
    next: String,
    view_as_markdown: String,
    not_translated_title: String,
    not_translated: Slot,
    original_changed_title: String,
    original_changed: Slot,
    home_question: String,
    home_description: String,
    home_empty: String,
    topics: String,
    articles: String,
    more_articles: String,
    changed_recently: String,
    read_most: String,
    often_asked: String,
    all_in: String,
    pages: String,
    page_back: String,
    page_next: String,
    page_of: String,
    search_title: String,
    search_page_title: String,
    search_nothing: Slot,
    search_nothing_hint: String,
    search_browse: String,
    search_unknown: Plural,
    quoted: String,
    search_as_typed: String,
    search_exact: String,
    search_cut: String,
    search_in: Slot,
    search_everywhere: String,
    search_since: Slot,
    last_updated: String,
    any_time: String,
    past_week: String,
    past_month: String,
    past_year: String,
    search_narrow: String,
    topic: String,
    all_topics: String,
    language: String,
    results_range: String,
    more_results: String,
    suggestions: Plural,
    widget_start: String,
    widget_outside: String,
    search_elsewhere: String,
    lost_title: String,
    lost_here: String,
    lost_said: Slot,
    lost_said_nearest: Slot,
    lost_start: Slot,
    lost_first_page: String,
    portals_title: String,
    portals_empty: String,
    failed_title: String,
    failed_sentence: String,
    busy_title: String,
    busy_sentence: String,
    request_id: Slot,
    feedback_question: String,
    feedback_yes: String,
    feedback_no: String,
    feedback_reason: String,
    feedback_missing: String,
    feedback_unclear: String,
    feedback_wrong: String,
    feedback_off_topic: String,
    feedback_words: String,
    optional: String,
    feedback_discreet: String,
    feedback_send: String,
    thanks_title: String,
    thanks_sentence: String,
    mistake_report: String,
    mistake_words: String,
    mistake_send: String,
    refused_title: String,
    refused_elsewhere: String,
    refused_form: String,
    refused_long: String,
    refused_empty: String,
    refused_choice: String,
    refused_missing: String,
    refused_many: String,
    refused_back: String,
    notice: String,
    contact_us: String,
    contact_write: String,
    contact_stuck: String,
    contact_person: String,
    contact_still: String,
    months: [String; 12],
    months_short: [String; 12],
    date_long: String,
    date_medium: String,
    reading_time: Plural,
    minutes: Plural,
    all_count: Plural,
    article_count: Plural,
    results_for: Plural,
}

static CATALOGUES: LazyLock<Vec<(&'static str, Messages)>> = LazyLock::new(|| {
    let table = |text: &str| text.parse::<toml::Table>().unwrap_or_default();
    let english = table(FILES[0].1);
    FILES
        .iter()
        .map(|(tag, text)| {
            let own = table(text);
            let read = Messages::read(tag, &own, &english);
            (
                *tag,
                read.expect(
                    "invariant: the English catalogue holds every message: a test reads it",
                ),
            )
        })
        .collect()
});

impl Messages {
    /// The languages that have a catalogue, English first.
    pub(crate) fn locales() -> Vec<Locale> {
        let tags = FILES.iter().map(|(tag, _)| tag);
        tags.filter_map(|tag| Locale::parse("locale", tag).ok())
            .collect()
    }

    /// The messages for a locale: its own catalogue, its language's, or English.
    pub(crate) fn of(locale: &Locale) -> &'static Self {
        let catalogues: &'static [(&str, Messages)] = &CATALOGUES;
        let find = |wanted: &str| catalogues.iter().find(|(tag, _)| *tag == wanted);
        &find(locale.as_str())
            .or_else(|| find(locale.language()))
            .unwrap_or(&catalogues[0])
            .1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(tag: &str) -> &'static Messages {
        Messages::of(&Locale::parse("locale", tag).unwrap())
    }

    #[test]
    fn english_is_complete_and_no_file_has_a_key_that_nothing_reads() {
        for (tag, text) in FILES {
            let table: toml::Table = text.parse().unwrap();
            for key in table.keys() {
                assert!(Messages::NAMES.contains(&key.as_str()), "{tag}: {key}");
            }
        }
        let english: toml::Table = FILES[0].1.parse().unwrap();
        assert!(Messages::read("en", &toml::Table::new(), &english).is_ok());
    }

    #[test]
    fn a_locale_falls_back_to_its_language_then_to_english() {
        assert_eq!(of("de-AT").skip, "Zum Inhalt springen");
        assert_eq!(of("nb").skip, "Skip to content");
        // German leaves this one out.
        assert_eq!(of("de").all_in, of("en").all_in);
        let english: toml::Table = FILES[0].1.parse().unwrap();
        let own: toml::Table = "skip = 'Hopp'\nupdated = 'no place for the date'"
            .parse()
            .unwrap();
        let read = Messages::read("nb", &own, &english).unwrap();
        assert_eq!(read.skip, "Hopp");
        assert_eq!(read.updated.before, "Updated ");
    }

    #[test]
    fn numbers_choose_their_form() {
        assert_eq!(of("en").all_count.of(1), "1 article");
        assert_eq!(of("en").all_count.of(0), "All 0 articles");
        let arabic = &of("ar").reading_time;
        for (n, want) in [
            (1, "قراءة دقيقة واحدة"),
            (2, "قراءة دقيقتين"),
            (3, "قراءة 3 دقائق"),
            (11, "قراءة 11 دقيقة"),
            (102, "قراءة 102 دقيقة"),
        ] {
            assert_eq!(arabic.of(n), want);
        }
        let said = of("ar").results_for.around(1);
        assert_eq!(
            (said.before.as_str(), said.after.as_str()),
            ("مقالة واحدة عن ", "")
        );
        let russian = plural_rule("ru");
        assert_eq!(
            [1, 2, 5, 11, 21, 112].map(russian),
            [ONE, FEW, MANY, MANY, ONE, MANY]
        );
    }

    #[test]
    fn values_take_their_places_and_are_not_read_again() {
        assert_eq!(fill("{}: {}", &["{}", "b"]), "{}: b");
        assert_eq!(fill("a {} b", &[]), "a  b");
    }
}
