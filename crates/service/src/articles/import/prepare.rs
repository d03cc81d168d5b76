//! Checks, digests and renders the items of a batch before its transaction opens. A bad item becomes
//! its reason. What is known already by its digest is not rendered.

use std::collections::HashSet;
use std::io::{self, Write};

use cairn_domain::article::{Audience, NewArticle, Status};
use cairn_domain::field_error::{FieldError, FieldErrors};
use cairn_domain::limits::{
    CATEGORY_DEPTH_MAX, IMPORT_PATH_BYTES_MAX, NAME_CHARS_MAX, OLD_URL_BYTES_MAX, OLD_URLS_MAX,
    TRANSLATION_KEY_BYTES_MAX,
};
use cairn_domain::locale::Locale;
use cairn_domain::old_address::OldAddress;
use cairn_domain::portal::Portal;
use cairn_domain::revision::Staged;
use cairn_domain::slug::Slug;
use cairn_domain::text::check_required_text;
use cairn_markdown::Rendered;
use jiff::{Timestamp, Unit};
use sha2::{Digest, Sha256};

use crate::articles::create::locales;
use crate::articles::import::item::ImportItem;
use crate::articles::write::render_options;
use crate::indexing::follow::blocking;
use crate::{Error, Result};

/// The dates that can be kept: years 1 to 9999.
const OLDEST: Timestamp = Timestamp::constant(-62_135_596_800, 0);
/// See [`OLDEST`].
const NEWEST: Timestamp = Timestamp::constant(253_402_207_200, 0);

/// An item that can be written.
pub(super) struct Prepared {
    /// The article it would be if it is new.
    pub(super) new: NewArticle,
    /// What the file says about the audience, if anything.
    pub(super) audience: Option<Audience>,
    pub(super) category_path: Vec<String>,
    pub(super) path: String,
    pub(super) translation_key: Option<String>,
    pub(super) created_at: Option<Timestamp>,
    pub(super) updated_at: Option<Timestamp>,
    /// Addresses of the old site, as written.
    pub(super) old_urls: Vec<String>,
    /// The same, as they are looked up.
    pub(super) old_addresses: Vec<OldAddress>,
    /// SHA-256 of what the file says, its path left out: a file that only moved says the same.
    pub(super) digest: [u8; 32],
    /// Absent while its digest is as remembered.
    pub(super) rendered: Option<Rendered>,
}

impl Prepared {
    /// By what an article is found again.
    pub(super) fn name(&self) -> (Locale, String) {
        let source_id = self.new.source_id.clone().unwrap_or_default();
        (self.new.locale.clone(), source_id)
    }
}

/// Checks and digests every item, off the async threads.
pub(super) async fn prepare(
    items: Vec<ImportItem>,
    portal: &Portal,
) -> Result<Vec<Result<Prepared, String>>> {
    let known: Vec<Locale> = portal.locales.clone();
    let listed = locales(portal);
    blocking(move || {
        let mut seen = HashSet::new();
        items
            .into_iter()
            .map(|item| {
                crate::bulk::let_others_in();
                let prepared = check(item, &known, &listed)?;
                if seen.insert(prepared.name()) { Ok(prepared) } else { Err("source_id: the same id and locale stand twice in this batch; give each article its own".to_owned()) }
            })
            .collect()
    })
    .await
}

/// Renders the items that are asked for, off the async threads; one that cannot be shown becomes
/// its reason.
pub(super) async fn render(
    mut items: Vec<Result<Prepared, String>>,
    wanted: impl Fn(&Prepared) -> bool + Send + 'static,
) -> Result<Vec<Result<Prepared, String>>> {
    blocking(move || {
        for slot in &mut items {
            let Ok(item) = slot else { continue };
            crate::bulk::let_others_in();
            if !wanted(item) {
                continue;
            }
            match cairn_markdown::render(
                &item.new.staged.body,
                &render_options(&item.new.staged.title),
            ) {
                Ok(rendered) => item.rendered = Some(rendered),
                Err(limit) => *slot = Err(limit.to_string()),
            }
        }
        items
    })
    .await
}

fn check(mut item: ImportItem, known: &[Locale], listed: &str) -> Result<Prepared, String> {
    let path = item.path.take().unwrap_or_default();
    let digest = digest(&item).map_err(|error| error.message)?;
    let mut errors = FieldErrors::new();
    let locale = errors.take(Locale::parse("locale", &item.locale));
    if let Some(locale) = &locale
        && !known.contains(locale)
    {
        errors.add(
            "locale",
            "unknown_locale",
            format!(
                "locale {locale} is not one of the portal's: {listed}; add it to the portal first"
            ),
        );
    }
    let status = Status::parse(&item.status);
    if status.is_none() {
        errors.add(
            "status",
            "invalid_value",
            "status must be one of draft, published, archived",
        );
    }
    let audience = item.audience.as_deref().map(Audience::parse);
    if audience == Some(None) {
        errors.add(
            "audience",
            "invalid_value",
            "audience must be one of public, internal",
        );
    }
    let slug = item
        .slug
        .as_deref()
        .and_then(|slug| errors.take(Slug::parse("slug", slug)));
    if item.category_path.len() > CATEGORY_DEPTH_MAX {
        errors.add(
            "category_path",
            "too_deep",
            format!(
                "the category path has {} levels, at most {CATEGORY_DEPTH_MAX} are allowed",
                item.category_path.len()
            ),
        );
    }
    for name in &item.category_path {
        check_required_text(&mut errors, "category_path", name, NAME_CHARS_MAX);
    }
    check_path(&mut errors, &path);
    if let Some(key) = &item.translation_key {
        check_bytes(
            &mut errors,
            "translation_key",
            key,
            TRANSLATION_KEY_BYTES_MAX,
        );
    }
    if item.old_urls.len() > OLD_URLS_MAX {
        errors.add(
            "old_urls",
            "too_many",
            format!(
                "old_urls has {} entries, at most {OLD_URLS_MAX} are allowed",
                item.old_urls.len()
            ),
        );
    }
    let mut old_addresses = Vec::with_capacity(item.old_urls.len().min(OLD_URLS_MAX));
    for (n, url) in item.old_urls.iter().enumerate().take(OLD_URLS_MAX) {
        let field = format!("old_urls.{n}");
        check_bytes(&mut errors, &field, url, OLD_URL_BYTES_MAX);
        old_addresses.extend(errors.take(OldAddress::parse(&field, url)));
    }
    let created_at = date(&mut errors, "created_at", item.created_at.as_deref());
    let updated_at = date(&mut errors, "updated_at", item.updated_at.as_deref());
    let new = NewArticle {
        staged: Staged {
            title: item.title,
            body: item.body,
            excerpt: item.excerpt,
            tags: item.tags,
            author: item.author,
            front_matter: item.front_matter,
        },
        locale: locale.unwrap_or_else(|| known[0].clone()),
        slug,
        category: None,
        audience: audience.flatten().unwrap_or(Audience::Public),
        status: status.unwrap_or(Status::Draft),
        source_id: Some(item.source_id),
        message: "Import".to_owned(),
    };
    new.validate(&mut errors);
    errors.finish().map_err(|faults| reason(&faults))?;
    Ok(Prepared {
        new,
        audience: audience.flatten(),
        category_path: item.category_path,
        path,
        translation_key: item.translation_key,
        created_at,
        updated_at,
        old_urls: item.old_urls,
        old_addresses,
        digest,
        rendered: None,
    })
}

/// What the file says, as one number. Fields that are absent leave no trace, so that a new field
/// changes no digest of old.
fn digest(item: &ImportItem) -> Result<[u8; 32]> {
    struct Hashing(Sha256);
    impl Write for Hashing {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.update(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut hash = Hashing(Sha256::new());
    serde_json::to_writer(io::BufWriter::new(&mut hash), item).map_err(Error::internal)?;
    Ok(hash.0.finalize().into())
}

/// A path is relative and says where it is: nothing in it climbs.
fn check_path(errors: &mut FieldErrors, path: &str) {
    if path.is_empty() {
        return;
    }
    check_bytes(errors, "path", path, IMPORT_PATH_BYTES_MAX);
    if path.split('/').any(|part| matches!(part, "" | "." | "..")) {
        errors.add(
            "path",
            "invalid_path",
            "path must be relative to the root of the source, such as guides/start.md, without empty, . or .. parts",
        );
    }
}

/// As [`check_required_text`], with a limit in bytes: what goes into an index is measured so.
fn check_bytes(errors: &mut FieldErrors, field: &str, text: &str, bytes_max: usize) {
    check_required_text(errors, field, text, bytes_max);
    if text.chars().count() <= bytes_max && text.len() > bytes_max {
        errors.add(
            field,
            "too_long",
            format!(
                "{field} has {} bytes, at most {bytes_max} are allowed; shorten it",
                text.len()
            ),
        );
    }
}

/// A date as the database keeps it: to the microsecond.
fn date(errors: &mut FieldErrors, field: &str, text: Option<&str>) -> Option<Timestamp> {
    let text = text?;
    let parsed = text
        .parse::<Timestamp>()
        .ok()
        .and_then(|at| at.round(Unit::Microsecond).ok())
        .filter(|at| (OLDEST..=NEWEST).contains(at));
    if parsed.is_none() {
        errors.add(
            field,
            "invalid_time",
            format!("{field} must be an RFC 3339 time such as 2026-11-14T09:20:00Z, in the years 1 to 9999"),
        );
    }
    parsed
}

fn reason(faults: &[FieldError]) -> String {
    faults
        .iter()
        .map(|f| f.message.as_str())
        .collect::<Vec<_>>()
        .join("; ")
}
