//! Translations: which article one was made from, and that a group has one article a locale.
//!
//! Everything here is decided while the whole group is locked, in the order of ids.

use cairn_domain::article::{Article, ArticleEdit, Status, TranslatedFrom, Translation};
use cairn_domain::field_error::FieldError;
use cairn_domain::ids::{ArticleId, PortalId, TranslationGroupId};
use cairn_domain::locale::Locale;
use cairn_domain::portal::Portal;
use cairn_store::Tx;
use cairn_store::articles::{Face, Which};
use jiff::Timestamp;

use crate::articles::get::find;
use crate::articles::reference::ArticleRef;
use crate::articles::view::face;
use crate::{Context, Error, Result};

/// Which article this one is a translation of, as readers of the API see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TranslationView {
    /// The article it was made from.
    pub of: ArticleId,
    /// Which revision of it.
    pub revision: i32,
    /// Whether that article has moved on since: its head for those who may write, else what is
    /// published of it.
    pub behind: bool,
}

/// What is asked about the translation of an article; what is `None` stays as it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    /// The article it is a translation of; `Some(None)` takes it out of its group.
    pub(crate) of: Option<Option<ArticleId>>,
    /// It is up to date with this revision of that article.
    pub(crate) revision: Option<i32>,
}

impl Asked {
    /// Whether anything is asked.
    fn is_something(self) -> bool {
        self != Self::default()
    }
}

/// Finds the article that is to be translated, within reach and in the same portal.
pub(crate) async fn source(
    ctx: &Context,
    portal: &Portal,
    reference: &ArticleRef,
) -> Result<ArticleId> {
    let (found_in, state) = find(ctx, reference, Some(portal.slug.as_str()), Which::Head).await?;
    if found_in.id != portal.id || state.article.purged_at.is_some() {
        return Err(no_source());
    }
    Ok(state.article.id)
}

fn no_source() -> Error {
    Error::not_found("such article to translate")
}

/// The articles of a translation group, locked.
pub(crate) struct Group(Vec<Article>);

impl Group {
    /// Locks the group of an article, and one that is to join it.
    pub(crate) async fn lock(
        tx: &mut Tx,
        portal: PortalId,
        of: ArticleId,
        joining: Option<ArticleId>,
    ) -> Result<Self> {
        let rows = cairn_store::articles::lock_group(tx, portal, of, joining).await?;
        Ok(Self(rows))
    }

    fn get(&self, id: ArticleId) -> Option<&Article> {
        self.0.iter().find(|a| a.id == id)
    }

    /// The place of a new translation of `of`, made from its head.
    pub(crate) fn place(&self, of: ArticleId, locale: &Locale) -> Result<Translation> {
        let source = self.get(of).ok_or_else(no_source)?;
        self.is_free("translation_of", source.translation_group, locale, None)?;
        Ok(Translation {
            group: source.translation_group,
            from: Some(TranslatedFrom {
                article: of,
                revision: source.head_revision,
            }),
        })
    }

    /// Refuses a second article of one locale in a group; what is put away takes no place.
    fn is_free(
        &self,
        field: &str,
        group: TranslationGroupId,
        locale: &Locale,
        except: Option<ArticleId>,
    ) -> Result<()> {
        let other = self.0.iter().find(|a| {
            a.translation_group == group
                && a.locale == *locale
                && a.status != Status::Archived
                && Some(a.id) != except
        });
        match other {
            None => Ok(()),
            Some(other) => Err(exists(field, locale, other.id)),
        }
    }

    /// Whether following what was translated from what leads from `from` to `to`.
    fn leads_to(&self, from: ArticleId, to: ArticleId) -> bool {
        let mut at = Some(from);
        for _ in 0..=self.0.len() {
            match at {
                None => return false,
                Some(id) if id == to => return true,
                Some(id) => {
                    at = self
                        .get(id)
                        .and_then(|a| a.translated_from)
                        .map(|t| t.article)
                }
            }
        }
        true
    }
}

/// The refusal of a second article of one locale in a group.
pub(crate) fn exists(field: &str, locale: &Locale, other: ArticleId) -> Error {
    fault(
        field,
        "translation_exists",
        format!(
            "there is a translation in {locale} already, article {other}; update that one, or choose another locale"
        ),
    )
}

/// Locks what a change of translation or locale has to look at, before the article itself is locked.
pub(crate) async fn lock(
    tx: &mut Tx,
    current: &Article,
    asked: Asked,
    edit: &ArticleEdit,
) -> Result<Option<Group>> {
    if !asked.is_something() && edit.locale.is_none() {
        return Ok(None);
    }
    let of = asked.of.flatten().unwrap_or(current.id);
    let group = Group::lock(tx, current.portal, of, Some(current.id)).await?;
    Ok(Some(group))
}

/// Decides what becomes of the translation of a locked article: what to write into the edit.
pub(crate) async fn decide(
    ctx: &Context,
    tx: &mut Tx,
    article: &Article,
    group: &Group,
    asked: Asked,
    edit: &ArticleEdit,
    now: Timestamp,
) -> Result<Option<Translation>> {
    let locale = edit.locale.as_ref().unwrap_or(&article.locale);
    let takes_place = edit.status.unwrap_or(article.status) != Status::Archived;
    let decided = match asked.of {
        Some(Some(of)) => Some(joined(article, group, of, asked.revision)?),
        Some(None) if asked.revision.is_some() => {
            return Err(fault(
                "translated_revision",
                "contradiction",
                "translated_revision is given and translation_of is taken away; say one of the two",
            ));
        }
        // The one the others are made from is a translation of none already.
        Some(None) if article.translated_from.is_none() => None,
        Some(None) => Some(Translation {
            group: TranslationGroupId::from_uuid(ctx.app.ids.uuid(now)),
            from: None,
        }),
        None => match asked.revision {
            Some(revision) => Some(up_to_date(article, group, revision)?),
            None => None,
        },
    };
    let is_in = decided.map_or(article.translation_group, |t| t.group);
    if is_in != article.translation_group
        && cairn_store::articles::has_translations_outside(tx, article, is_in).await?
    {
        return Err(fault(
            "translation_of",
            "has_translations",
            "other articles are translations of this one; change their translation_of first",
        ));
    }
    let field = match asked.of {
        Some(_) => "translation_of",
        None => "locale",
    };
    if takes_place && (decided.is_some() || edit.locale.is_some()) {
        group.is_free(field, is_in, locale, Some(article.id))?;
    }
    Ok(decided)
}

fn joined(
    article: &Article,
    group: &Group,
    of: ArticleId,
    revision: Option<i32>,
) -> Result<Translation> {
    let source = group.get(of).ok_or_else(no_source)?;
    if source.purged_at.is_some() {
        return Err(no_source());
    }
    if group.leads_to(of, article.id) {
        return Err(fault(
            "translation_of",
            "circular",
            "translation_of names this article or one that was translated from it; name the one it was made from",
        ));
    }
    let revision = match (revision, article.translated_from) {
        (Some(revision), _) => checked(revision, source)?,
        // Said again: it is as far as before.
        (None, Some(old)) if old.article == of => old.revision,
        (None, _) => source.head_revision,
    };
    Ok(Translation {
        group: source.translation_group,
        from: Some(TranslatedFrom {
            article: of,
            revision,
        }),
    })
}

fn up_to_date(article: &Article, group: &Group, revision: i32) -> Result<Translation> {
    let source = article
        .translated_from
        .and_then(|from| group.get(from.article));
    let Some(source) = source else {
        return Err(fault(
            "translated_revision",
            "not_a_translation",
            "translated_revision is given, but the article is no translation; give translation_of as well",
        ));
    };
    Ok(Translation {
        group: article.translation_group,
        from: Some(TranslatedFrom {
            article: source.id,
            revision: checked(revision, source)?,
        }),
    })
}

fn checked(revision: i32, source: &Article) -> Result<i32> {
    if (1..=source.head_revision).contains(&revision) {
        return Ok(revision);
    }
    Err(fault(
        "translated_revision",
        "out_of_range",
        format!(
            "translated_revision must be a revision of the article it was made from, 1 to {}, got {revision}",
            source.head_revision
        ),
    ))
}

fn fault(field: &str, code: &str, message: impl Into<String>) -> Error {
    Error::invalid_fields(vec![FieldError::new(field, code, message)])
}

/// What an article is a translation of, for those who may see that.
pub(crate) async fn translation_view(
    ctx: &Context,
    article: &Article,
) -> Result<Option<TranslationView>> {
    let Some(from) = article.translated_from else {
        return Ok(None);
    };
    let progress =
        cairn_store::articles::progress(&ctx.app.store, article.portal, from.article).await?;
    let Some(progress) = progress.filter(|p| !p.is_purged) else {
        return Ok(None);
    };
    let reached = match face(ctx) {
        Face::Authoring => Some(progress.head),
        // Readers are not told of an article they cannot see.
        _ => progress.published,
    };
    Ok(reached.map(|reached| TranslationView {
        of: from.article,
        revision: from.revision,
        behind: reached > from.revision,
    }))
}
