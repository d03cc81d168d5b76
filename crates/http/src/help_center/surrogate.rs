//! The one header by which a CDN knows what an answer shows, so that it can be purged by that.
//!
//! A token is a letter and the last twelve hexadecimal digits of an id: `p-` the portal, `a-` an article,
//! `c-` a category. The portal's stands first on every answer, so that what does not fit, and what no
//! token names, goes with it.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use cairn_domain::ids::PortalId;
use cairn_service::app::Dependency;

/// Longest value, in bytes: about 130 tokens. With the other headers it stays below the 4 KB that
/// proxies give the head of an answer by default.
pub(crate) const SURROGATE_KEY_BYTES_MAX: usize = 2_000;
/// Digits of an id in a token.
const DIGITS: usize = 12;

/// What stands between two tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeySeparator {
    /// As in `Surrogate-Key` and `xkey`.
    Space,
    /// As in `Cache-Tag` and `CDN-Tag`.
    Comma,
}

/// The header that carries the tokens.
#[derive(Debug, Clone)]
pub struct SurrogateKeyHeader {
    /// Its name.
    pub name: HeaderName,
    /// What stands between two tokens.
    pub separator: KeySeparator,
}

impl Default for SurrogateKeyHeader {
    fn default() -> Self {
        Self {
            name: HeaderName::from_static("surrogate-key"),
            separator: KeySeparator::Space,
        }
    }
}

impl SurrogateKeyHeader {
    /// The header of this name; nothing when no header can be called so.
    pub fn of(name: &str, separator: KeySeparator) -> Option<Self> {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        Some(Self { name, separator })
    }

    /// Says of an answer of a portal what it shows.
    pub(crate) fn put(&self, headers: &mut HeaderMap, portal: PortalId, shown: &[Dependency]) {
        let separator = match self.separator {
            KeySeparator::Space => ' ',
            KeySeparator::Comma => ',',
        };
        let mut tokens = vec![token('p', &portal.to_string())];
        let mut bytes = tokens[0].len();
        for dependency in shown {
            let token = match dependency {
                Dependency::Article(id) => token('a', &id.to_string()),
                Dependency::Category(id) => token('c', &id.to_string()),
                // What no id of an article or category names goes with the portal.
                Dependency::Portal(_)
                | Dependency::Uncategorised(_)
                | Dependency::Articles(_)
                | Dependency::Translations(_)
                | Dependency::LinksOf(_)
                | Dependency::Links(_)
                | Dependency::Popular(_) => continue,
            };
            bytes += token.len() + 1;
            if bytes > SURROGATE_KEY_BYTES_MAX {
                break;
            }
            if tokens.contains(&token) {
                bytes -= token.len() + 1;
            } else {
                tokens.push(token);
            }
        }
        let value = tokens.join(&separator.to_string());
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(self.name.clone(), value);
        }
    }
}

fn token(kind: char, id: &str) -> String {
    let tail = id.get(id.len().saturating_sub(DIGITS)..).unwrap_or(id);
    format!("{kind}-{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_domain::ids::{ArticleId, CategoryId};
    use uuid::Uuid;

    fn value(header: &SurrogateKeyHeader, shown: &[Dependency]) -> String {
        let mut headers = HeaderMap::new();
        header.put(&mut headers, PortalId::from_uuid(Uuid::from_u128(1)), shown);
        headers[&header.name].to_str().unwrap().to_owned()
    }

    #[test]
    fn the_portal_stands_first_and_nothing_twice() {
        let article = Dependency::Article(ArticleId::from_uuid(Uuid::from_u128(0xabc)));
        let category = Dependency::Category(CategoryId::from_uuid(Uuid::from_u128(7)));
        let shown = [article, category, article];
        assert_eq!(
            value(&SurrogateKeyHeader::default(), &shown),
            "p-000000000001 a-000000000abc c-000000000007"
        );
        let other = SurrogateKeyHeader::of("Cache-Tag", KeySeparator::Comma).unwrap();
        assert_eq!(value(&other, &shown[..1]), "p-000000000001,a-000000000abc");
        assert!(SurrogateKeyHeader::of("no header", KeySeparator::Comma).is_none());
    }

    #[test]
    fn the_value_ends_before_its_limit() {
        let article = |n| Dependency::Article(ArticleId::from_uuid(Uuid::from_u128(n)));
        let shown: Vec<_> = (0..1_000).map(article).collect();
        let value = value(&SurrogateKeyHeader::default(), &shown);
        assert!(value.len() <= SURROGATE_KEY_BYTES_MAX);
        assert!(value.len() > SURROGATE_KEY_BYTES_MAX - 15);
        assert!(value.starts_with("p-000000000001 a-"));
    }
}
