//! The articles that rules name, as callers name them, and which of the portal they are.

use std::collections::{HashMap, HashSet};

use cairn_domain::field_error::FieldError;
use cairn_domain::ids::ArticleId;
use cairn_domain::locale::Locale;
use cairn_domain::portal::Portal;
use cairn_domain::slug::lookup_form;
use cairn_store::Tx;

use crate::Result;
use crate::articles::ArticleRef;

/// An article as a caller names it; the field stays with it, for what is only found out later.
pub(super) struct Named {
    field: String,
    what: What,
}

enum What {
    Id(ArticleId),
    Number(i64),
    Source(Locale, String),
    Slug(Locale, String),
    /// Of another portal.
    Elsewhere,
}

impl Named {
    /// Reads an id, `portal~number`, a slug of this locale, `LOCALE:SOURCE_ID` or a public address;
    /// `article:` may stand before each.
    pub(super) fn parse(
        field: &str,
        text: &str,
        portal: &Portal,
        locale: &Locale,
    ) -> Result<Self, FieldError> {
        let named = text.strip_prefix("article:").unwrap_or(text);
        if named.trim().is_empty() || named.contains('\0') {
            return Err(FieldError::new(
                field,
                "required",
                format!("{field} names no article; give its id, portal~number or slug"),
            ));
        }
        let what = if named.starts_with('/') || named.contains("://") {
            of_reference(ArticleRef::parse_or_url(field, named)?, field, portal)?
        } else if let Some((locale, source_id)) = named.split_once(':') {
            What::Source(Locale::parse(field, locale)?, source_id.to_owned())
        } else if let Ok(reference) = ArticleRef::parse(field, named) {
            of_reference(reference, field, portal)?
        } else {
            What::Slug(locale.clone(), lookup_form(named))
        };
        Ok(Self {
            field: field.to_owned(),
            what,
        })
    }
}

fn of_reference(reference: ArticleRef, field: &str, portal: &Portal) -> Result<What, FieldError> {
    let is_own = |named: &str| named == portal.slug.as_str();
    Ok(match reference {
        ArticleRef::Id(id) => What::Id(id),
        ArticleRef::Number { portal, number } if is_own(&portal) => What::Number(number),
        ArticleRef::Slug {
            portal,
            locale,
            slug,
        } if portal.as_deref().is_none_or(is_own) => {
            What::Slug(Locale::parse(field, &locale)?, lookup_form(&slug))
        }
        ArticleRef::Number { .. } | ArticleRef::Slug { .. } => What::Elsewhere,
    })
}

/// The articles, in order: those of the portal and locale that were not erased. They stay so until
/// the end of the transaction. A handful of reads for all of them.
pub(super) async fn resolve(
    tx: &mut Tx,
    portal: &Portal,
    locale: &Locale,
    named: &[Named],
) -> Result<Vec<Result<ArticleId, FieldError>>> {
    let (mut numbers, mut sources, mut slugs) = (Vec::new(), Vec::new(), Vec::new());
    for named in named {
        match &named.what {
            What::Number(number) => numbers.push(*number),
            What::Source(locale, id) => sources.push((locale.clone(), id.clone())),
            What::Slug(locale, slug) => slugs.push((locale.clone(), slug.clone())),
            What::Id(_) | What::Elsewhere => {}
        }
    }
    use cairn_store::redirects as store;
    let mut by_number = HashMap::new();
    let mut by_source = HashMap::new();
    let mut by_slug = HashMap::new();
    if !numbers.is_empty() {
        by_number.extend(store::articles_by_number(tx, portal.id, &numbers).await?);
    }
    if !sources.is_empty() {
        let found = store::articles_by_source(tx, portal.id, &sources).await?;
        by_source.extend(found.into_iter().map(|(l, s, id)| ((l, s), id)));
    }
    if !slugs.is_empty() {
        // Present slugs come before those of the past.
        for (locale, slug, id) in store::articles_by_slug(tx, portal.id, &slugs).await? {
            by_slug.entry((locale, slug)).or_insert(id);
        }
    }
    let ids: Vec<Option<ArticleId>> = named
        .iter()
        .map(|named| match &named.what {
            What::Id(id) => Some(*id),
            What::Number(number) => by_number.get(number).copied(),
            What::Source(locale, id) => by_source.get(&(locale.clone(), id.clone())).copied(),
            What::Slug(locale, slug) => by_slug.get(&(locale.clone(), slug.clone())).copied(),
            What::Elsewhere => None,
        })
        .collect();
    let asked: Vec<ArticleId> = ids.iter().flatten().copied().collect();
    let there: HashSet<ArticleId> = if asked.is_empty() {
        HashSet::new()
    } else {
        let there =
            cairn_store::search_rules::articles_in_locale(tx, portal.id, locale, &asked).await?;
        there.into_iter().collect()
    };
    let of = |(named, id): (&Named, Option<ArticleId>)| {
        id.filter(|id| there.contains(id)).ok_or_else(|| {
            let field = &named.field;
            FieldError::new(
                field,
                "unknown_article",
                format!(
                    "{field} names no article of this portal in {locale}; give its id, portal~number or slug"
                ),
            )
        })
    };
    Ok(named.iter().zip(ids).map(of).collect())
}
