//! Rules of search: synonyms, stop words, pins and hidden keywords of one portal and locale.
//!
//! A small document that is read and replaced as a whole, against the version it was read at. It is
//! no content: nothing is indexed anew, the next search is planned with it. Rules only lead to what
//! a searcher may see anyway.

mod article;
pub(crate) mod kept;
mod put;

use std::collections::BTreeSet;
use std::sync::Arc;

use cairn_domain::ids::ArticleId;
use cairn_domain::locale::Locale;
use cairn_domain::operation::Operation;
use cairn_domain::portal::Portal;
use cairn_domain::search_rules::RuleSet;
use jiff::Timestamp;

use crate::articles::create::locales;
use crate::authorize::Purpose;
use crate::text_input::Input;
use crate::{Context, Error, Result, authorize};

pub use kept::RulesOfPortal;
pub use put::{NewSynonym, PutOutcome, PutSearchRules, RuleCounts, put};

/// Which rules.
#[derive(Debug, Clone, Default)]
pub struct GetSearchRules {
    /// Portal slug or id; may be absent when the credential reaches one portal.
    pub portal: Option<String>,
    /// One of the portal's locales.
    pub locale: Option<String>,
}

/// The rules of one portal and locale.
#[derive(Debug, Clone)]
pub struct SearchRulesView {
    /// Whose.
    pub portal: Arc<Portal>,
    /// In which locale.
    pub locale: Locale,
    /// The rules; articles by their ids.
    pub rules: RuleSet<ArticleId>,
    /// The version a change is made against; 1 while nobody wrote any.
    pub row_version: i64,
    /// When they last changed, if ever.
    pub updated_at: Option<Timestamp>,
    /// The articles that the rules name, with their numbers, lowest first.
    pub articles: Vec<(ArticleId, i64)>,
}

/// Gets the rules of a portal and locale; where nobody wrote any they are empty.
///
/// # Errors
/// `portal_required`, `not_found`, `missing_scope`, `invalid_fields`.
pub async fn get(ctx: &Context, query: GetSearchRules) -> Result<SearchRulesView> {
    authorize::operation(ctx, Operation::GetSearchRules)?;
    let portal = authorize::portal(ctx, query.portal.as_deref(), Purpose::Read)?;
    let mut input = Input::default();
    let locale = locale_of(&mut input, query.locale.as_deref(), &portal);
    input.finish()?;
    let locale = locale.ok_or_else(|| Error::internal("a locale without faults is there"))?;
    let stored = cairn_store::search_rules::get(&ctx.app.store, portal.id, &locale).await?;
    let pinned = stored.rules.pins.iter().flat_map(|pin| &pin.articles);
    let with_keywords = stored.rules.keywords.iter().map(|k| &k.article);
    let named: BTreeSet<ArticleId> = pinned.chain(with_keywords).copied().collect();
    let named: Vec<ArticleId> = named.into_iter().collect();
    let articles = if named.is_empty() {
        Vec::new()
    } else {
        cairn_store::search_rules::numbers(&ctx.app.store, portal.id, &named).await?
    };
    Ok(SearchRulesView {
        portal,
        locale,
        rules: stored.rules,
        row_version: stored.row_version,
        updated_at: stored.updated_at,
        articles,
    })
}

/// The locale that is named; it must be one of the portal's, so that rules nobody searches by are
/// not written by mistake.
fn locale_of(input: &mut Input, named: Option<&str>, portal: &Portal) -> Option<Locale> {
    if named.is_none() {
        input.errors.add(
            "locale",
            "required",
            format!(
                "locale is missing; rules of search are of one locale: {}",
                locales(portal)
            ),
        );
    }
    let locale = input.locale(named)?;
    if !portal.locales.contains(&locale) {
        input.errors.add(
            "locale",
            "unknown_locale",
            format!(
                "locale {locale} is not one of the portal's: {}; add it to the portal first",
                locales(portal)
            ),
        );
        return None;
    }
    Some(locale)
}
