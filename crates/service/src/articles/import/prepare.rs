//! Checks and renders the items of a batch before its transaction opens. A bad item becomes its
//! reason; nothing here looks into the database.

use std::collections::HashSet;

use cairn_domain::article::{Audience, NewArticle, Status};
use cairn_domain::field_error::{FieldError, FieldErrors};
use cairn_domain::limits::{CATEGORY_DEPTH_MAX, NAME_CHARS_MAX};
use cairn_domain::locale::Locale;
use cairn_domain::portal::Portal;
use cairn_domain::revision::Staged;
use cairn_domain::text::check_required_text;
use cairn_markdown::{RenderOptions, Rendered};

use crate::Result;
use crate::articles::create::locales;
use crate::articles::import::item::ImportItem;
use crate::indexing::follow::blocking;

/// An item that can be written, rendered before the transaction opens.
pub(super) struct Prepared {
    pub(super) new: NewArticle,
    pub(super) category_path: Vec<String>,
    pub(super) rendered: Rendered,
}

/// Checks and renders every item off the async threads; a bad one becomes its reason.
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
                let prepared = check(item, &known, &listed)?;
                let key = (prepared.new.locale.clone(), prepared.new.source_id.clone());
                if seen.insert(key) { Ok(prepared) } else { Err("source_id: the same id and locale stand twice in this batch; give each article its own".to_owned()) }
            })
            .collect()
    })
    .await
}

fn check(item: ImportItem, known: &[Locale], listed: &str) -> Result<Prepared, String> {
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
        slug: None,
        category: None,
        audience: Audience::Public,
        status: status.unwrap_or(Status::Draft),
        translation_group: None,
        source_id: Some(item.source_id),
        message: "Import".to_owned(),
    };
    new.validate(&mut errors);
    errors.finish().map_err(|faults| reason(&faults))?;
    let rendered = cairn_markdown::render(&new.staged.body, &RenderOptions::default())
        .map_err(|limit| limit.to_string())?;
    Ok(Prepared {
        new,
        category_path: item.category_path,
        rendered,
    })
}

fn reason(faults: &[FieldError]) -> String {
    faults
        .iter()
        .map(|f| f.message.as_str())
        .collect::<Vec<_>>()
        .join("; ")
}
