//! What every page has around its content: language, title, links for machines, style, top and foot.

use cairn_domain::locale::Locale;
use cairn_domain::portal::Portal;
use cairn_service::help_center::HelpCenter;

use super::assets::MARK_PATH;
use super::css::Sheet;
use super::html::{Css, Data, Drawing};
use super::icons;
use super::machines::head::{Head, HeadLink};
use super::machines::{atom, llms};
use super::messages::{Messages, fill};
use super::scripts::SUGGEST;
use super::words::{ContactLink, NoticeLine};

/// The frame of a page; the templates call it `frame`.
pub(crate) struct Frame {
    pub(crate) m: &'static Messages,
    pub(crate) lang: String,
    pub(crate) dir: &'static str,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) noindex: bool,
    pub(crate) icon: &'static str,
    pub(crate) canonical: Option<String>,
    pub(crate) alternates: Vec<Alternate>,
    pub(crate) markdown: Option<String>,
    pub(crate) head: Option<Head>,
    pub(crate) links: Vec<HeadLink>,
    pub(crate) data: Option<Data>,
    pub(crate) style: Css,
    pub(crate) home: String,
    pub(crate) search: String,
    pub(crate) show_find: bool,
    /// The script of pages with a search field; each works without.
    pub(crate) script: Option<&'static str>,
    pub(crate) brand: String,
    pub(crate) brand_tail: String,
    pub(crate) brand_label: String,
    pub(crate) language: String,
    pub(crate) languages: Vec<Language>,
    pub(crate) notice: Option<NoticeLine>,
    pub(crate) contact: Option<ContactLink>,
    /// Ways to follow the help center below every page: address and words.
    pub(crate) follow: Vec<(String, &'static str)>,
    pub(crate) sprite: Drawing,
}

/// The page in another language, for machines.
#[derive(Debug)]
pub(crate) struct Alternate {
    pub(crate) lang: String,
    pub(crate) url: String,
}

/// A row of the language menu.
#[derive(Debug)]
pub(crate) struct Language {
    pub(crate) lang: String,
    pub(crate) name: String,
    pub(crate) path: String,
    pub(crate) current: bool,
}

/// Where a page is shown: portal, base and locale, and what follows from them.
pub(crate) struct Place<'a> {
    pub(crate) center: &'a HelpCenter,
    pub(crate) portal: &'a Portal,
    pub(crate) base: &'a str,
    pub(crate) locale: &'a Locale,
    pub(crate) m: &'static Messages,
    /// Whether readers are asked if an article helped.
    pub(crate) takes_feedback: bool,
}

impl<'a> Place<'a> {
    pub(crate) fn new(center: &'a HelpCenter, locale: &'a Locale) -> Self {
        Self {
            center,
            portal: center.portal(),
            base: center.base(),
            locale,
            m: Messages::of(locale),
            takes_feedback: center.takes_feedback(),
        }
    }

    /// The first page in this locale.
    pub(crate) fn home(&self, locale: &Locale) -> String {
        format!("{}/{locale}", self.base)
    }

    /// A frame with nothing of the page itself yet. `chrome` names the icons its template shows.
    pub(crate) fn frame(&self, sheet: &Sheet, title: &str, chrome: &[&str], body: &str) -> Frame {
        let name = &self.portal.name;
        let (brand, brand_tail) = split_brand(name, &self.m.brand_tails);
        let mut used: Vec<&str> = chrome.to_vec();
        used.push("search");
        if self.portal.locales.len() > 1 {
            used.push("globe");
        }
        // The first page has no title of its own.
        let notice = NoticeLine::of(self.portal, title.is_empty());
        used.extend(notice.as_ref().map(NoticeLine::icon));
        let contact = ContactLink::of(self.portal, self.m);
        if contact.is_some() {
            used.push("mail");
        }
        Frame {
            m: self.m,
            lang: self.locale.to_string(),
            dir: direction(self.locale),
            title: if title.is_empty() {
                name.clone()
            } else {
                format!("{title} – {name}")
            },
            description: String::new(),
            noindex: false,
            icon: MARK_PATH,
            canonical: None,
            alternates: Vec::new(),
            markdown: None,
            head: None,
            links: self.head_links(),
            data: None,
            style: sheet.css.clone(),
            home: self.home(self.locale),
            search: format!("{}/{}/search", self.base, self.locale),
            show_find: true,
            script: Some(SUGGEST.path.as_str()),
            brand,
            brand_tail,
            brand_label: fill(&self.m.home_of, &[name]),
            language: language_name(self.locale),
            languages: self.languages(&[]),
            notice,
            contact,
            follow: vec![
                (
                    atom::path(self.base, self.locale),
                    self.m.new_articles.as_str(),
                ),
                (
                    llms::path(self.base, self.locale),
                    self.m.for_assistants.as_str(),
                ),
            ],
            sprite: icons::sprite(&used, body),
        }
    }

    /// The language menu: to the same article where it is translated, else to the first page.
    pub(crate) fn languages(&self, translations: &[(Locale, String)]) -> Vec<Language> {
        let row = |locale: &Locale| Language {
            lang: locale.to_string(),
            name: language_name(locale),
            path: translations
                .iter()
                .find(|(l, _)| l == locale)
                .map_or_else(|| self.home(locale), |(_, path)| path.clone()),
            current: locale == self.locale,
        };
        self.portal.locales.iter().map(row).collect()
    }

    /// Links between the languages of a page, itself among them; none when there is but one.
    pub(crate) fn alternates(&self, pages: &[(Locale, String)]) -> Vec<Alternate> {
        if pages.len() < 2 {
            return Vec::new();
        }
        let link = |lang: String, path: &str| Alternate {
            lang,
            url: self.center.absolute(path),
        };
        let mut out: Vec<Alternate> = pages.iter().map(|(l, p)| link(l.to_string(), p)).collect();
        let default = self.portal.default_locale();
        if let Some((_, path)) = pages.iter().find(|(l, _)| l == default) {
            out.push(link("x-default".to_owned(), path));
        }
        out
    }
}

/// The frame of a page that belongs to no portal.
pub(crate) fn frame_of_nobody(sheet: &Sheet, locale: &Locale, title: &str) -> Frame {
    let m = Messages::of(locale);
    Frame {
        m,
        lang: locale.to_string(),
        dir: direction(locale),
        title: title.to_owned(),
        description: String::new(),
        noindex: true,
        icon: MARK_PATH,
        canonical: None,
        alternates: Vec::new(),
        markdown: None,
        head: None,
        links: Vec::new(),
        data: None,
        style: sheet.css.clone(),
        home: "/".to_owned(),
        search: String::new(),
        show_find: false,
        script: None,
        brand: m.help_center.clone(),
        brand_tail: String::new(),
        brand_label: fill(&m.home_of, &[&m.help_center]),
        language: String::new(),
        languages: Vec::new(),
        notice: None,
        contact: None,
        follow: Vec::new(),
        sprite: icons::sprite(&[], ""),
    }
}

/// Takes the quiet word off the end of a name: "Ferrybook Help" is Ferrybook, and Help.
fn split_brand(name: &str, tails: &[String]) -> (String, String) {
    tails
        .iter()
        .find_map(|tail| {
            let head = name.strip_suffix(tail.as_str())?;
            let head = head.strip_suffix(' ')?.trim_end();
            (!head.is_empty()).then(|| (format!("{head} "), tail.clone()))
        })
        .unwrap_or_else(|| (name.to_owned(), String::new()))
}

/// How a language is set.
pub(crate) fn direction(locale: &Locale) -> &'static str {
    if locale.is_rtl() { "rtl" } else { "ltr" }
}

/// What speakers call their language; the tag itself where we do not know.
pub(crate) fn language_name(locale: &Locale) -> String {
    const NAMES: &[(&str, &str)] = &[
        ("ar", "العربية"),
        ("bg", "Български"),
        ("bn", "বাংলা"),
        ("ca", "Català"),
        ("cs", "Čeština"),
        ("da", "Dansk"),
        ("de", "Deutsch"),
        ("el", "Ελληνικά"),
        ("en", "English"),
        ("es", "Español"),
        ("et", "Eesti"),
        ("fa", "فارسی"),
        ("fi", "Suomi"),
        ("fr", "Français"),
        ("he", "עברית"),
        ("hi", "हिन्दी"),
        ("hr", "Hrvatski"),
        ("hu", "Magyar"),
        ("id", "Bahasa Indonesia"),
        ("it", "Italiano"),
        ("ja", "日本語"),
        ("ko", "한국어"),
        ("lt", "Lietuvių"),
        ("lv", "Latviešu"),
        ("nb", "Norsk bokmål"),
        ("nl", "Nederlands"),
        ("nn", "Norsk nynorsk"),
        ("no", "Norsk"),
        ("pl", "Polski"),
        ("pt", "Português"),
        ("pt-BR", "Português (Brasil)"),
        ("ro", "Română"),
        ("ru", "Русский"),
        ("sk", "Slovenčina"),
        ("sl", "Slovenščina"),
        ("sr", "Српски"),
        ("sv", "Svenska"),
        ("th", "ไทย"),
        ("tr", "Türkçe"),
        ("uk", "Українська"),
        ("ur", "اردو"),
        ("vi", "Tiếng Việt"),
        ("zh", "中文"),
        ("zh-Hans", "简体中文"),
        ("zh-CN", "简体中文"),
        ("zh-Hant", "繁體中文"),
        ("zh-TW", "繁體中文"),
    ];
    let find = |tag: &str| NAMES.iter().find(|(t, _)| *t == tag).map(|(_, name)| *name);
    if let Some(name) = find(locale.as_str()) {
        return name.to_owned();
    }
    match find(locale.language()) {
        // The rest of the tag tells two of a language apart.
        Some(name) => format!(
            "{name} ({})",
            &locale.as_str()[locale.language().len() + 1..]
        ),
        None => locale.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quiet_word_of_a_name_is_told_apart() {
        let tails = ["Help Center".to_owned(), "Help".to_owned()];
        for (name, want) in [
            ("Ferrybook Help", ("Ferrybook ", "Help")),
            ("Acme Help Center", ("Acme ", "Help Center")),
            ("Help", ("Help", "")),
            ("WeHelp", ("WeHelp", "")),
            ("Acme", ("Acme", "")),
        ] {
            let (head, tail) = split_brand(name, &tails);
            assert_eq!((head.as_str(), tail.as_str()), want);
        }
    }

    #[test]
    fn languages_are_named_in_their_own_words() {
        for (tag, want) in [
            ("ar", "العربية"),
            ("de-AT", "Deutsch (AT)"),
            ("pt-BR", "Português (Brasil)"),
            ("eo", "eo"),
        ] {
            assert_eq!(language_name(&Locale::parse("locale", tag).unwrap()), want);
        }
    }
}
