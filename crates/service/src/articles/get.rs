//! Get one article.

use std::sync::Arc;

use cairn_domain::article::Article;
use cairn_domain::locale::Locale;
use cairn_domain::operation::Operation;
use cairn_domain::portal::Portal;
use cairn_domain::scope::Scope;
use cairn_domain::slug::lookup_form;
use cairn_store::articles::{ArticleKey, ArticleState, Face, Which};

use crate::articles::reference::ArticleRef;
use crate::articles::view::{ArticleView, face, view};
use crate::authorize::Purpose;
use crate::{Context, Error, Result, authorize};

/// Which state of the article.
#[derive(Debug, Clone, Default)]
pub struct GetArticle {
    /// The article; for [`ArticleRef::Slug`] without portal the caller's portal is used.
    pub portal: Option<String>,
    /// A certain revision (needs `articles:write`); else head for writers, published for readers.
    pub revision: Option<i32>,
    /// Ask for what readers see even though the caller may write.
    pub published: bool,
}

/// Gets one article.
///
/// # Errors
/// `not_found` for everything the caller may not see, `missing_scope`.
pub async fn get(ctx: &Context, reference: &ArticleRef, query: GetArticle) -> Result<ArticleView> {
    authorize::operation(ctx, Operation::GetArticle)?;
    let which = match query.revision {
        Some(revision) => {
            authorize::scope(ctx, Scope::ArticlesWrite)?;
            Which::Revision(revision)
        }
        None if !query.published && face(ctx) == Face::Authoring => Which::Head,
        None => Which::Published,
    };
    let (portal, state) = find(ctx, reference, query.portal.as_deref(), which).await?;
    view(ctx, portal, state.article, state.staged, state.revision).await
}

/// Finds an article within reach; what is out of reach reads like what does not exist.
pub(crate) async fn find(
    ctx: &Context,
    reference: &ArticleRef,
    portal: Option<&str>,
    which: Which,
) -> Result<(Arc<Portal>, ArticleState)> {
    let (portal, key) = locate(ctx, reference, portal).await?;
    if let Some(state) = cairn_store::articles::get(&ctx.app.store, portal.id, &key, which).await? {
        not_purged(&state.article)?;
        if state.text_purged_at.is_some() {
            return Err(Error::purged(format!("revision {}", state.revision)));
        }
        return Ok((portal, state));
    }
    // An address may carry an old slug.
    if let ArticleKey::Slug { locale, slug } = &key
        && let Some(id) =
            cairn_store::slug_history::find(&ctx.app.store, portal.id, locale, slug).await?
        && let Some(state) =
            cairn_store::articles::get(&ctx.app.store, portal.id, &ArticleKey::Id(id), which)
                .await?
    {
        return Ok((portal, state));
    }
    Err(not_found())
}

/// The portal within reach and the key to look with.
pub(crate) async fn locate(
    ctx: &Context,
    reference: &ArticleRef,
    portal: Option<&str>,
) -> Result<(Arc<Portal>, ArticleKey)> {
    let named = |portal: Option<&str>| {
        authorize::portal(ctx, portal, Purpose::Read)
            .map_err(|e| if portal.is_some() { not_found() } else { e })
    };
    match reference {
        ArticleRef::Id(id) => {
            let portal = ctx
                .app
                .portal_of(*id)
                .await?
                .and_then(|p| ctx.app.portals().by_id(p));
            let portal = portal
                .filter(|p| ctx.caller.reach.contains(p.id))
                .ok_or_else(not_found)?;
            Ok((portal, ArticleKey::Id(*id)))
        }
        ArticleRef::Number { portal, number } => {
            Ok((named(Some(portal))?, ArticleKey::Number(*number)))
        }
        ArticleRef::Slug {
            portal: in_address,
            locale,
            slug,
        } => {
            let portal = named(in_address.as_deref().or(portal))?;
            let locale = Locale::parse("locale", locale).map_err(|_| not_found())?;
            Ok((
                portal,
                ArticleKey::Slug {
                    locale,
                    slug: lookup_form(slug),
                },
            ))
        }
    }
}

/// Refuses a tombstone. Readers never come so far: it is not published.
pub(crate) fn not_purged(article: &Article) -> Result<()> {
    match article.purged_at {
        Some(_) => Err(Error::purged("this article")),
        None => Ok(()),
    }
}

pub(crate) fn not_found() -> Error {
    Error::not_found("such article")
}
