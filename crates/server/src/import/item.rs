//! One article of a source becomes one item of an import, with what the operator said added to it.

use std::collections::HashMap;

use cairn_domain::locale::Locale;
use cairn_service::articles::ImportItem;
use cairn_sources::{Fault, SourceArticle};

/// Changes a body on its way in: the demo's links. Gets the path and the body.
pub(crate) type Rewrite<'a> = dyn Fn(&str, &str) -> String + 'a;

/// What an import is told.
pub(crate) struct Options<'a> {
    /// Slug of the portal; none: what the source says.
    pub(crate) portal: Option<String>,
    /// Locale of articles that name none; none: the first of the source, or of the portal.
    pub(crate) locale: Option<Locale>,
    /// Status of articles that name none.
    pub(crate) status: String,
    /// The name the source is remembered under.
    pub(crate) source: String,
    /// Whether the file wins where file and article both changed.
    pub(crate) overwrite: bool,
    /// Changes bodies; an import of a person's files never does.
    pub(crate) rewrite: Option<Box<Rewrite<'a>>>,
}

/// Makes items and notices when two articles claim to be the same one.
pub(crate) struct Items<'a> {
    options: &'a Options<'a>,
    locale: String,
    /// Which file a (locale, source id) stands for.
    seen: HashMap<(String, String), String>,
    /// The languages of each translation key: of two articles in one language the second stands alone.
    keys: HashMap<String, Vec<String>>,
}

impl<'a> Items<'a> {
    /// Items in `locale` unless they say another.
    pub(crate) fn new(options: &'a Options<'a>, locale: &str) -> Self {
        Self {
            options,
            locale: locale.to_owned(),
            seen: HashMap::new(),
            keys: HashMap::new(),
        }
    }

    /// The item of an article.
    ///
    /// # Errors
    /// That another file has its id.
    pub(crate) fn item(&mut self, article: SourceArticle) -> Result<ImportItem, Fault> {
        let locale = article.locale.unwrap_or_else(|| self.locale.clone());
        let identity = (locale.clone(), article.source_id.clone());
        if let Some(other) = self.seen.get(&identity) {
            return Err(Fault::at(
                &article.path,
                1,
                format!(
                    "{other} has the same id {:?} in locale {locale}; ids are unique",
                    article.source_id
                ),
            ));
        }
        self.seen.insert(identity, article.path.clone());
        let translation_key = article
            .translation_key
            .filter(|key| self.join(key, &locale));
        let body = match &self.options.rewrite {
            Some(rewrite) => rewrite(&article.path, &article.body),
            None => article.body,
        };
        Ok(ImportItem {
            source_id: article.source_id,
            title: article.title,
            body,
            excerpt: article.excerpt,
            tags: article.tags,
            author: article.author,
            category_path: article.category_path,
            locale,
            status: article
                .status
                .unwrap_or_else(|| self.options.status.clone()),
            front_matter: article.front_matter,
            path: Some(article.path),
            audience: article.audience,
            slug: article.slug,
            translation_key,
            created_at: article.created_at,
            updated_at: article.updated_at,
            old_urls: article.old_urls,
        })
    }

    /// Whether a translation key has room for this language.
    fn join(&mut self, key: &str, locale: &str) -> bool {
        let locales = self.keys.entry(key.to_owned()).or_default();
        let is_free = locales.iter().all(|taken| taken != locale);
        if is_free {
            locales.push(locale.to_owned());
        }
        is_free
    }

    /// How many articles are there in more than one language.
    pub(crate) fn translated(&self) -> u64 {
        let groups = self.keys.values();
        groups.filter(|locales| locales.len() > 1).count() as u64
    }

    /// Whether an article with this locale and id was there.
    pub(crate) fn has(&self, locale: &str, source_id: &str) -> bool {
        self.seen
            .contains_key(&(locale.to_owned(), source_id.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> Options<'static> {
        Options {
            portal: None,
            locale: None,
            status: "draft".to_owned(),
            source: "s".to_owned(),
            overwrite: false,
            rewrite: None,
        }
    }

    fn article(path: &str, id: &str, locale: Option<&str>) -> SourceArticle {
        SourceArticle {
            path: path.to_owned(),
            source_id: id.to_owned(),
            locale: locale.map(str::to_owned),
            translation_key: Some("k".to_owned()),
            ..SourceArticle::default()
        }
    }

    #[test]
    fn two_articles_with_one_id_are_told_apart() {
        let options = options();
        let mut items = Items::new(&options, "en");
        items.item(article("a.md", "same", None)).unwrap();
        let fault = items.item(article("b.md", "same", Some("en"))).unwrap_err();
        assert!(fault.reason.contains("a.md"), "{fault}");
        items.item(article("c.md", "same", Some("de"))).unwrap();
        assert!(items.has("de", "same") && !items.has("fr", "same"));
    }

    #[test]
    fn what_the_source_leaves_open_the_operator_says() {
        let options = options();
        let mut items = Items::new(&options, "en");
        let item = items.item(article("a.md", "1", None)).unwrap();
        assert_eq!(
            (item.locale.as_str(), item.status.as_str()),
            ("en", "draft")
        );
        assert_eq!(item.path.as_deref(), Some("a.md"));
    }

    #[test]
    fn of_two_translations_in_one_language_the_second_stands_alone() {
        let options = options();
        let mut items = Items::new(&options, "en");
        let mut key = |path, locale| {
            let item = items.item(article(path, path, locale)).unwrap();
            item.translation_key
        };
        assert_eq!(key("a", None), Some("k".to_owned()));
        assert_eq!(key("b", Some("en")), None);
        assert_eq!(key("c", Some("de")), Some("k".to_owned()));
        assert_eq!(items.translated(), 1);
    }
}
