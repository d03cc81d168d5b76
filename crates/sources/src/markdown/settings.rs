//! What a folder says of its help center besides the articles: `portal.toml` and `redirects.csv`.

use cairn_domain::locale::Locale;
use cairn_domain::portal_words::{Contact, Notice};
use serde::Deserialize;

use crate::article::{Fault, OldAddress, SourceCategory, SourcePortal};
use crate::limits::{PORTAL_FILE_BYTES_MAX, REDIRECTS_FILE_BYTES_MAX, REMARKS_MAX};
use crate::source::SourceError;
use crate::tree::Tree;

/// What the help center is called, its languages and its categories.
pub const PORTAL_FILE: &str = "portal.toml";
/// Where old addresses lead: the columns `old_url` and `target`.
pub const REDIRECTS_FILE: &str = "redirects.csv";

/// `portal.toml`; keys that mean nothing here are passed over.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Settings {
    slug: Option<String>,
    name: Option<String>,
    default_locale: Option<String>,
    locales: Vec<String>,
    accent: Option<String>,
    notice: Option<Notice>,
    contact: Option<Contact>,
    /// `all`: every file that is no article comes with them, whatever its kind.
    files: Option<String>,
    categories: Vec<Category>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Category {
    /// Names from the top down.
    path: Vec<String>,
    /// Its name, when it stands at the top.
    name: Option<String>,
    slug: Option<String>,
    description: String,
    position: Option<i32>,
}

/// One line of `redirects.csv`.
#[derive(Debug, Deserialize)]
struct Redirect {
    old_url: String,
    target: String,
}

/// Reads `portal.toml`, if there is one; with it, whether it says that every file comes with the articles.
pub(super) fn portal(tree: &mut Tree) -> Result<(SourcePortal, bool), SourceError> {
    if !tree.contains(PORTAL_FILE) {
        return Ok((SourcePortal::default(), false));
    }
    let malformed = |reason: String| SourceError::Malformed {
        path: PORTAL_FILE.to_owned(),
        reason,
    };
    let text = tree
        .read_text(PORTAL_FILE, PORTAL_FILE_BYTES_MAX)
        .map_err(|fault| malformed(fault.reason))?;
    let settings: Settings = toml::from_str(&text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start));
        let line = before.map_or(1, |before| before.matches('\n').count() + 1);
        malformed(format!("line {line}: {}", error.message()))
    })?;
    let mut locales: Vec<String> = Vec::new();
    for locale in settings.default_locale.into_iter().chain(settings.locales) {
        let locale = Locale::parse("locales", &locale).map_err(|e| malformed(e.message))?;
        let locale = String::from(locale);
        if !locales.contains(&locale) {
            locales.push(locale);
        }
    }
    let mut categories = Vec::with_capacity(settings.categories.len());
    for category in settings.categories {
        let path = match category.name {
            Some(name) if category.path.is_empty() => vec![name],
            _ => category.path,
        };
        if path.is_empty() {
            return Err(malformed(
                "a category has neither a path nor a name".to_owned(),
            ));
        }
        categories.push(SourceCategory {
            path,
            slug: category.slug,
            description: category.description,
            position: category.position,
        });
    }
    // Parents before children.
    categories.sort_by_key(|category| category.path.len());
    let has_all_files = settings.files.as_deref() == Some("all");
    let portal = SourcePortal {
        slug: settings.slug,
        name: settings.name,
        locales,
        accent: settings.accent,
        notice: settings.notice,
        contact: settings.contact,
        categories,
    };
    Ok((portal, has_all_files))
}

/// Reads `redirects.csv`, if there is one; a line that is none is remarked on and passed over.
pub(super) fn redirects(tree: &mut Tree, remarks: &mut Vec<Fault>) -> Vec<OldAddress> {
    if !tree.contains(REDIRECTS_FILE) {
        return Vec::new();
    }
    let text = match tree.read_text(REDIRECTS_FILE, REDIRECTS_FILE_BYTES_MAX) {
        Ok(text) => text,
        Err(fault) => {
            remarks.push(fault);
            return Vec::new();
        }
    };
    let mut rows = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let mut addresses = Vec::new();
    for row in rows.deserialize::<Redirect>() {
        let reason = match row {
            Ok(row) if !row.old_url.is_empty() && !row.target.is_empty() => {
                addresses.push(OldAddress {
                    old_url: row.old_url,
                    target: row.target,
                });
                continue;
            }
            Ok(_) => (1, "a line needs an old_url and a target".to_owned()),
            Err(error) => {
                let line = error.position().map_or(1, csv::Position::line);
                (usize::try_from(line).unwrap_or(1), error.to_string())
            }
        };
        if remarks.len() < REMARKS_MAX {
            remarks.push(Fault::at(REDIRECTS_FILE, reason.0, reason.1));
        }
    }
    addresses
}
