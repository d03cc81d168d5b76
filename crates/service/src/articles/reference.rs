//! How callers name an article: its id, `portal~number`, or (for agents) its public address.

use cairn_domain::field_error::FieldError;
use cairn_domain::ids::ArticleId;

/// A way to name one article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArticleRef {
    /// By id.
    Id(ArticleId),
    /// By portal slug and number.
    Number {
        /// Slug of the portal.
        portal: String,
        /// Number in it.
        number: i64,
    },
    /// By what stands in a public address.
    Slug {
        /// Slug of the portal, when the address names it.
        portal: Option<String>,
        /// Locale.
        locale: String,
        /// Current or old slug.
        slug: String,
    },
}

impl ArticleRef {
    /// Reads an id or `portal~number`.
    pub fn parse(field: &str, text: &str) -> Result<Self, FieldError> {
        if text.is_empty() {
            return Err(FieldError::new(
                field,
                "required",
                format!("{field} is empty; give an article's UUID or portal~number"),
            ));
        }
        if let Ok(id) = text.parse() {
            return Ok(Self::Id(id));
        }
        if let Some((portal, number)) = text.split_once('~')
            && !portal.is_empty()
            && let Ok(number) = number.parse()
            && number > 0
        {
            return Ok(Self::Number {
                portal: portal.to_owned(),
                number,
            });
        }
        Err(FieldError::new(
            field,
            "invalid_id",
            format!("{field} is neither an article's UUID nor portal~number such as help~42"),
        ))
    }

    /// Reads what [`ArticleRef::parse`] reads, and the public address of an article.
    pub fn parse_or_url(field: &str, text: &str) -> Result<Self, FieldError> {
        let path = match text.split_once("://") {
            Some(("http" | "https", rest)) => rest.find('/').map(|at| &rest[at..]),
            _ if text.starts_with('/') => Some(text),
            _ => None,
        };
        let Some(path) = path else {
            return Self::parse(field, text);
        };
        let path = path.split(['?', '#']).next().unwrap_or(path);
        let segments: Vec<_> = path
            .split('/')
            .filter(|s| !s.is_empty())
            .map(percent_decode)
            .collect();
        let (portal, locale, slug) = match segments.as_slice() {
            [portal, locale, word, slug] if word == "articles" => {
                (Some(portal.clone()), locale, slug)
            }
            [locale, word, slug] if word == "articles" => (None, locale, slug),
            _ => {
                return Err(FieldError::new(
                    field,
                    "invalid_id",
                    format!(
                        "{field} is not the address of an article; give its UUID, portal~number or public address"
                    ),
                ));
            }
        };
        let slug = slug.strip_suffix(".md").unwrap_or(slug).to_owned();
        Ok(Self::Slug {
            portal,
            locale: locale.clone(),
            slug,
        })
    }
}

fn percent_decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = |i: usize| bytes.get(i).and_then(|b| char::from(*b).to_digit(16));
        if bytes[at] == b'%'
            && let (Some(high), Some(low)) = (hex(at + 1), hex(at + 2))
        {
            out.push(u8::try_from(high * 16 + low).expect("two hex digits make a byte"));
            at += 3;
        } else {
            out.push(bytes[at]);
            at += 1;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_article_is_named_by_id_number_or_address() {
        let id = "018f4e2a-7b1c-7c3d-9e4f-0123456789ab";
        assert!(matches!(ArticleRef::parse("id", id), Ok(ArticleRef::Id(_))));
        assert_eq!(
            ArticleRef::parse("id", "help~42"),
            Ok(ArticleRef::Number {
                portal: "help".to_owned(),
                number: 42
            })
        );
        for bad in ["", "help", "help~", "~4", "help~0", "help~-1", "help~4x"] {
            assert!(ArticleRef::parse("id", bad).is_err(), "{bad:?} was taken");
        }
        let want = ArticleRef::Slug {
            portal: Some("help".to_owned()),
            locale: "de".to_owned(),
            slug: "größe".to_owned(),
        };
        assert_eq!(
            ArticleRef::parse_or_url(
                "id",
                "https://kb.example/help/de/articles/gr%C3%B6%C3%9Fe#x"
            ),
            Ok(want.clone())
        );
        assert_eq!(
            ArticleRef::parse_or_url("id", "/help/de/articles/größe.md"),
            Ok(want)
        );
        assert!(ArticleRef::parse_or_url("id", "https://kb.example/").is_err());
    }
}
