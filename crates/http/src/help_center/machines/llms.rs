//! `llms.txt` (llmstxt.org) and `llms-full.txt`: a portal for programs that read.
//!
//! The first is a list of links to Markdown, by category. The second is the Markdown of every article,
//! each behind a line of hyphens, its title as a heading and its address.

use cairn_domain::locale::Locale;
use cairn_service::Error;
use cairn_service::help_center::{ArticleLink, HelpCenter, TextList};

use super::flow::Pieces;
use super::xml::moment;
use crate::help_center::messages::{Messages, fill};

/// Path of the list of a portal's articles in a language.
pub(crate) fn path(base: &str, locale: &Locale) -> String {
    format!("{base}/{locale}/llms.txt")
}

/// The list of articles in a language.
pub(crate) fn list(center: &HelpCenter, locale: &Locale, page: &TextList) -> String {
    let mut out = opening(center, locale);
    for (names, articles) in &page.sections {
        let names: Vec<String> = names.iter().map(|n| one_line(n)).collect();
        section(center, &mut out, &names.join(" › "), articles);
    }
    if !page.uncategorised.is_empty() {
        let title = &Messages::of(locale).articles;
        section(center, &mut out, title, &page.uncategorised);
    }
    let root = center.root();
    out.push_str("\n## Optional\n\n");
    out.push_str(&format!(
        "- [llms-full.txt]({root}/{locale}/llms-full.txt): the text of every article in one file\n"
    ));
    if page.is_cut {
        out.push_str(&format!(
            "- [sitemap.xml]({root}/sitemap.xml): the addresses of all articles; this list is cut\n"
        ));
    }
    for other in center.portal().locales.iter().filter(|l| *l != locale) {
        out.push_str(&format!(
            "- [llms.txt in {other}]({root}/{other}/llms.txt)\n"
        ));
    }
    out
}

fn opening(center: &HelpCenter, locale: &Locale) -> String {
    let name = one_line(&center.portal().name);
    let said = fill(&Messages::of(locale).home_description, &[&name]);
    format!("# {name}\n\n> {said}\n")
}

fn section(center: &HelpCenter, out: &mut String, title: &str, articles: &[ArticleLink]) {
    out.push_str(&format!("\n## {title}\n\n"));
    for article in articles {
        let url = center.absolute(&article.path);
        out.push_str(&format!("- [{}]({url}.md)", label(&article.title)));
        let excerpt = one_line(&article.excerpt);
        if !excerpt.is_empty() {
            out.push_str(&format!(": {excerpt}"));
        }
        out.push('\n');
    }
}

/// Text on one line, without control characters.
fn one_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    words
        .filter(|w| !w.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Text as the label of a link: nothing in it ends the label or begins markup of its own.
fn label(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in one_line(text).chars() {
        if matches!(c, '\\' | '[' | ']' | '<' | '`' | '*' | '_') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// The text of every article, page by page.
pub(crate) struct Texts {
    center: HelpCenter,
    locale: Locale,
    at: At,
}

enum At {
    Opening,
    After(i64),
}

impl Texts {
    pub(crate) fn begin(center: HelpCenter, locale: Locale) -> Self {
        Self {
            center,
            locale,
            at: At::Opening,
        }
    }
}

impl Pieces for Texts {
    async fn next(self) -> Result<Option<(String, Self)>, Error> {
        let after = match self.at {
            At::Opening => {
                let text = opening(&self.center, &self.locale);
                let at = At::After(0);
                return Ok(Some((text, Self { at, ..self })));
            }
            At::After(number) => number,
        };
        let texts = self.center.texts(&self.locale, after).await?;
        let Some(last) = texts.last() else {
            return Ok(None);
        };
        let at = At::After(last.number);
        let mut out = String::new();
        for text in texts {
            out.push_str(&format!(
                "\n---\n\n# {}\n\nSource: {}\nUpdated: {}\n\n{}",
                one_line(&text.title),
                text.url,
                moment(text.updated_at),
                text.body
            ));
            if !text.body.ends_with('\n') {
                out.push('\n');
            }
        }
        Ok(Some((out, Self { at, ..self })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_stays_on_its_line_and_in_its_label() {
        assert_eq!(one_line(" a\nb\u{0}\tc "), "a b c");
        assert_eq!(label("[x](y) <b>`"), "\\[x\\](y) \\<b>\\`");
        assert_eq!(label("a\\"), "a\\\\");
    }
}
