//! Putting rules of search: the whole document, against the version it was read at.

use cairn_domain::event::Subject;
use cairn_domain::field_error::{FieldError, FieldErrors};
use cairn_domain::ids::{ArticleId, EventId};
use cairn_domain::limits::{PINNED_ARTICLES_MAX, SEARCH_RULES_MAX};
use cairn_domain::locale::Locale;
use cairn_domain::operation::Operation;
use cairn_domain::portal::Portal;
use cairn_domain::search_rules::{KeywordsRule, PinRule, RuleSet, SynonymRule};
use cairn_store::outbox::NewEvent;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::authorize::Purpose;
use crate::idempotency::Idempotent;
use crate::search_rules::article::{Named, resolve};
use crate::search_rules::locale_of;
use crate::text_input::Input;
use crate::{Context, Error, ErrorCode, Result, audit, authorize};

/// Most articles that rules within their limits name.
const NAMED_MAX: usize = SEARCH_RULES_MAX * (PINNED_ARTICLES_MAX + 1);

/// Rules of search to be put; all four lists are needed, because they replace what is there.
#[derive(Debug, Clone, Default, Serialize)]
pub struct PutSearchRules {
    /// Portal slug or id.
    pub portal: Option<String>,
    /// One of the portal's locales.
    pub locale: Option<String>,
    /// Words that mean other words.
    pub synonyms: Option<Vec<NewSynonym>>,
    /// Words that say nothing here.
    pub stop_words: Option<Vec<String>>,
    /// Articles that stand first for a query.
    pub pins: Option<Vec<PinRule<String>>>,
    /// Words by which an article is found although it does not say them.
    pub keywords: Option<Vec<KeywordsRule<String>>>,
    /// The version the rules were read at; required.
    pub expected_version: Option<i64>,
    /// Retrying with the same key gives the same outcome.
    #[serde(skip)]
    pub idempotency_key: Option<String>,
}

/// A synonym as a caller writes it: either `equal`, or `words` and `means`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct NewSynonym {
    /// Words that all mean the same.
    pub equal: Option<Vec<String>>,
    /// Words that also mean others.
    pub words: Option<String>,
    /// What they also mean.
    pub means: Option<Vec<String>>,
}

/// What became of rules that were put.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PutOutcome {
    /// Whether they differ from those that were there.
    pub is_changed: bool,
    /// The locale in its one spelling.
    pub locale: Locale,
    /// The version they are at.
    pub row_version: i64,
    /// When they last changed, if ever.
    pub updated_at: Option<Timestamp>,
    /// How many there are.
    pub counts: RuleCounts,
}

/// How many rules there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleCounts {
    /// Groups of equal words, and words that mean others.
    pub synonyms: usize,
    /// Stop words.
    pub stop_words: usize,
    /// Queries with articles that stand first.
    pub pins: usize,
    /// Articles with hidden keywords.
    pub keywords: usize,
}

/// Replaces the rules of a portal and locale. The next search of this process is planned with them,
/// that of another once it read the event.
///
/// # Errors
/// `precondition_required`, `revision_conflict`, `invalid_fields` (also for unknown articles),
/// `missing_scope`, `not_found`, the idempotency ones.
pub async fn put(ctx: &Context, command: PutSearchRules) -> Result<PutOutcome> {
    authorize::operation(ctx, Operation::PutSearchRules)?;
    let portal = authorize::portal(ctx, command.portal.as_deref(), Purpose::Write)?;
    let Some(expected) = command.expected_version else {
        return Err(Error::new(
            ErrorCode::PreconditionRequired,
            "rules of search are replaced against the version they were read at; send their ETag as If-Match",
        ));
    };
    let mut input = Input::default();
    input.idempotency_key(command.idempotency_key.as_deref());
    let key_is_fine = input.errors.is_empty();
    let locale = locale_of(&mut input, command.locale.as_deref(), &portal);
    let written = read(&mut input.errors, &command);
    written.validate(&mut input.errors);
    let Some(locale) = locale.filter(|_| key_is_fine) else {
        input.finish()?;
        return Err(Error::internal("a locale without faults is there"));
    };
    let named = names(&mut input.errors, &written, &portal, &locale);
    if named.len() > NAMED_MAX {
        input.finish()?;
        return Err(Error::internal(
            "rules within their limits name fewer articles",
        ));
    }
    let idempotent = Idempotent::new(
        command.idempotency_key.as_deref(),
        portal.id,
        Operation::PutSearchRules,
        &command,
    )?;
    let now = ctx.app.now();
    let mut tx = ctx.app.store.begin().await?;
    if let Some(outcome) = idempotent.claim::<PutOutcome>(ctx, &mut tx).await? {
        return Ok(outcome);
    }
    // Also when something is wrong already: all faults come in one answer. The articles are held before
    // the portal, as whoever writes an article does.
    let mut is_readable = named
        .iter()
        .map(Option::is_some)
        .collect::<Vec<_>>()
        .into_iter();
    let named: Vec<Named> = named.into_iter().flatten().collect();
    let mut found = resolve(&mut tx, &portal, &locale, &named)
        .await?
        .into_iter();
    let rules = resolved(&mut input.errors, written, || {
        if is_readable.next()? {
            found.next()
        } else {
            None
        }
    });
    if let Some(rules) = &rules {
        rules.validate_articles(&mut input.errors);
    }
    input.finish()?;
    let rules = rules.ok_or_else(|| Error::internal("rules without faults are there"))?;

    cairn_store::portals::lock(&mut tx, portal.id).await?;
    let before = cairn_store::search_rules::get_in(&mut tx, portal.id, &locale).await?;
    if before.row_version != expected {
        let mut error = Error::stale(0, 0, before.row_version);
        error.message = format!(
            "version {expected} was expected but the rules of {locale} are at {}; read them again and reapply your change",
            before.row_version
        );
        return Err(error);
    }
    let is_changed = before.rules != rules;
    let outcome = PutOutcome {
        is_changed,
        row_version: before.row_version + i64::from(is_changed),
        updated_at: if is_changed {
            Some(now)
        } else {
            before.updated_at
        },
        counts: RuleCounts {
            synonyms: rules.synonyms.len(),
            stop_words: rules.stop_words.len(),
            pins: rules.pins.len(),
            keywords: rules.keywords.len(),
        },
        locale,
    };
    if is_changed {
        let (store, version) = (&outcome.locale, outcome.row_version);
        cairn_store::search_rules::put(&mut tx, portal.id, store, &rules, version, now).await?;
        let entry = audit::Entry {
            portal: portal.id,
            operation: Operation::PutSearchRules,
            subject: Subject::Portal(portal.id),
            revision: None,
            before: Some(audit_value(&outcome.locale, &before.rules.without(&rules))?),
            after: Some(audit_value(&outcome.locale, &rules.without(&before.rules))?),
            message: "",
            at: now,
        };
        audit::append(ctx, &mut tx, entry).await?;
    }
    idempotent.finish(ctx, &mut tx, &outcome).await?;
    if is_changed {
        let row = Operation::PutSearchRules.row();
        let event = NewEvent {
            id: EventId::from_uuid(ctx.app.ids.uuid(now)),
            kind: row.event.unwrap_or(row.name).to_owned(),
            subject: Subject::Portal(portal.id),
            revision: None,
            at: now,
        };
        cairn_store::outbox::append(&mut tx, portal.id, &[event]).await?;
    }
    tx.commit().await?;
    ctx.app.forget_search_rules(portal.id);
    ctx.app.wake.notify_one();
    Ok(outcome)
}

/// The rules as they are written, every list of them.
fn read(errors: &mut FieldErrors, command: &PutSearchRules) -> RuleSet<String> {
    let synonyms = needed(errors, "synonyms", command.synonyms.as_ref());
    let synonyms = (0..).zip(synonyms.into_iter().flatten());
    let synonyms = synonyms.map(|(at, new)| synonym(errors, at, new)).collect();
    RuleSet {
        synonyms,
        stop_words: needed(errors, "stop_words", command.stop_words.as_ref())
            .cloned()
            .unwrap_or_default(),
        pins: needed(errors, "pins", command.pins.as_ref())
            .cloned()
            .unwrap_or_default(),
        keywords: needed(errors, "keywords", command.keywords.as_ref())
            .cloned()
            .unwrap_or_default(),
    }
}

fn needed<'a, T>(
    errors: &mut FieldErrors,
    field: &str,
    list: Option<&'a Vec<T>>,
) -> Option<&'a Vec<T>> {
    if list.is_none() {
        errors.add(
            field,
            "required",
            format!("{field} is missing; all rules are replaced, so give an empty list when there are none"),
        );
    }
    list
}

fn synonym(errors: &mut FieldErrors, at: usize, new: &NewSynonym) -> SynonymRule {
    match (&new.equal, &new.words, &new.means) {
        (Some(equal), None, None) => SynonymRule::Equal {
            equal: equal.clone(),
        },
        (None, Some(words), Some(means)) => SynonymRule::OneWay {
            words: words.clone(),
            means: means.clone(),
        },
        _ => {
            let field = format!("synonyms.{at}");
            let why = format!(
                "{field} must have either equal (words that all mean the same) or words and means (one way)"
            );
            errors.add(field, "invalid_synonym", why);
            // Holds the place, so that the faults of those behind it are named where they stand.
            SynonymRule::Equal {
                equal: ["a", "b"].map(str::to_owned).to_vec(),
            }
        }
    }
}

/// The articles that pins, then keywords name; those that cannot be read are faults and none.
fn names(
    errors: &mut FieldErrors,
    rules: &RuleSet<String>,
    portal: &Portal,
    locale: &Locale,
) -> Vec<Option<Named>> {
    let mut named = Vec::new();
    let mut read = |field: String, text: &str| {
        named.push(errors.take(Named::parse(&field, text, portal, locale)));
    };
    for (at, pin) in rules.pins.iter().enumerate() {
        for (n, text) in pin.articles.iter().enumerate() {
            read(format!("pins.{at}.articles.{n}"), text);
        }
    }
    for (at, keywords) in rules.keywords.iter().enumerate() {
        read(format!("keywords.{at}.article"), &keywords.article);
    }
    named
}

/// The rules with the articles that were found, in the order of [`names`]; none when any is a fault.
fn resolved(
    errors: &mut FieldErrors,
    written: RuleSet<String>,
    mut next: impl FnMut() -> Option<Result<ArticleId, FieldError>>,
) -> Option<RuleSet<ArticleId>> {
    let mut is_whole = true;
    let mut article = || {
        let id = next().and_then(|found| errors.take(found));
        is_whole &= id.is_some();
        id
    };
    let mut pins = Vec::with_capacity(written.pins.len());
    for pin in written.pins {
        let articles = pin.articles.iter().filter_map(|_| article()).collect();
        pins.push(PinRule {
            query: pin.query,
            articles,
        });
    }
    let mut keywords = Vec::with_capacity(written.keywords.len());
    for rule in written.keywords {
        keywords.extend(article().map(|article| KeywordsRule {
            article,
            words: rule.words,
        }));
    }
    is_whole.then_some(RuleSet {
        synonyms: written.synonyms,
        stop_words: written.stop_words,
        pins,
        keywords,
    })
}

/// What the audit says: the rules that are gone, or those that came.
fn audit_value(locale: &Locale, rules: &RuleSet<ArticleId>) -> Result<Value> {
    let mut value = serde_json::to_value(rules).map_err(Error::internal)?;
    value["locale"] = json!(locale);
    Ok(value)
}
