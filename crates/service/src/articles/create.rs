//! Create an article: a draft, unless asked otherwise and allowed.

use cairn_domain::article::{Article, Audience, NewArticle, Status};
use cairn_domain::category::Category;
use cairn_domain::ids::{ArticleId, TranslationGroupId};
use cairn_domain::operation::Operation;
use cairn_domain::portal::Portal;
use cairn_domain::revision::Staged;
use cairn_domain::scope::Scope;
use cairn_domain::slug::Slug;
use cairn_store::Tx;
use cairn_store::articles::Inserted;
use serde::Serialize;

use crate::articles::reference::ArticleRef;
use crate::articles::translations::{Group, source};
use crate::articles::view::{ArticleView, view};
use crate::articles::write::{self, ArticleOutcome};
use crate::authorize::Purpose;
use crate::idempotency::Idempotent;
use crate::links::{self, Written};
use crate::text_input::Input;
use crate::{Context, Error, ErrorCode, Result, authorize, purges};

/// How many numbers are tried for a slug before something is wrong.
const SLUG_TRIES_MAX: u64 = 100_000;

/// A new article, as the caller wrote it.
#[derive(Debug, Clone, Default, Serialize)]
pub struct CreateArticle {
    /// Portal slug or id; may be absent when the credential reaches one portal.
    pub portal: Option<String>,
    /// Required.
    pub title: Option<String>,
    /// Required, Markdown.
    pub body: Option<String>,
    /// Summary for lists.
    pub excerpt: Option<String>,
    /// Tags.
    pub tags: Option<Vec<String>>,
    /// Author's name.
    pub author: Option<String>,
    /// Category id, slug or name.
    pub category: Option<String>,
    /// Locale; the portal's default when absent.
    pub locale: Option<String>,
    /// Slug; made from the title when absent.
    pub slug: Option<String>,
    /// `draft` (default) or `published` (needs `articles:publish`).
    pub status: Option<String>,
    /// `public` (default) or `internal`.
    pub audience: Option<String>,
    /// Id or `portal~number` of an article this one translates.
    pub translation_of: Option<String>,
    /// Its id in the system it came from.
    pub source_id: Option<String>,
    /// Why, for the revision list.
    pub message: Option<String>,
    /// Retrying with the same key gives the same outcome.
    #[serde(skip)]
    pub idempotency_key: Option<String>,
}

/// Creates an article.
///
/// # Errors
/// `invalid_fields`, `portal_required`, `missing_scope`, `slug_taken`, `content_limit`,
/// `idempotency_mismatch`, `idempotency_in_flight`.
pub async fn create(ctx: &Context, command: CreateArticle) -> Result<ArticleView> {
    authorize::operation(ctx, Operation::CreateArticle)?;
    let portal = authorize::portal(ctx, command.portal.as_deref(), Purpose::Write)?;
    let idempotency_key = command.idempotency_key.clone();
    let idempotent = Idempotent::new(
        idempotency_key.as_deref(),
        portal.id,
        Operation::CreateArticle,
        &command,
    )?;
    let tree = ctx.app.tree(portal.id).await?;
    let (new, translation_of) = parse(ctx, command, &portal, &tree).await?;
    if new.status == Status::Published {
        authorize::scope(ctx, Scope::ArticlesPublish)?;
    }
    let rendered = write::render(&new.staged).await?;
    let number = ctx.app.article_number(portal.id).await?;
    let now = ctx.app.now();
    let id = ArticleId::from_uuid(ctx.app.ids.uuid(now));
    let mut article = Article {
        portal: portal.id,
        id,
        number,
        locale: new.locale,
        translation_group: TranslationGroupId::from_uuid(id.as_uuid()),
        slug: Slug::from_title(&new.staged.title, "article"),
        category: new.category,
        audience: new.audience,
        status: new.status,
        head_revision: 1,
        published_revision: (new.status == Status::Published).then_some(1),
        row_version: 1,
        source_id: new.source_id,
        created_at: now,
        updated_at: now,
        published_at: (new.status == Status::Published).then_some(now),
        translated_from: None,
        purged_at: None,
    };

    let mut tx = ctx.app.store.begin().await?;
    if let Some(outcome) = idempotent.claim::<ArticleOutcome>(ctx, &mut tx).await? {
        drop(tx);
        return Ok(outcome.replay(ctx, portal).await?.view);
    }
    if let Some(source) = article.source_id.clone() {
        let sources = [(article.locale.clone(), source)];
        if !purges::erased_among(&mut tx, portal.id, &sources)
            .await?
            .is_empty()
        {
            return Err(Error::new(ErrorCode::Conflict, purges::refusal()));
        }
    }
    if let Some(of) = translation_of {
        let place = Group::lock(&mut tx, portal.id, of, None).await?;
        let place = place.place(of, &article.locale)?;
        (article.translation_group, article.translated_from) = (place.group, place.from);
    }
    insert(&mut tx, &mut article, new.slug).await?;
    cairn_store::revisions::append(
        &mut tx,
        &write::revision(ctx, &article, new.staged.clone(), &new.message),
    )
    .await?;
    if let Some(rendering) = write::rendering(&article, &rendered)? {
        cairn_store::renderings::put(&mut tx, &rendering).await?;
    }
    let written = Written {
        article: article.id,
        revision: article.head_revision,
        links: rendered.links.clone(),
        origin: None,
    };
    links::note_many(ctx, &mut tx, portal.id, &[written]).await?;
    write::record(
        ctx,
        &mut tx,
        Operation::CreateArticle,
        None,
        &article,
        &[],
        &new.message,
    )
    .await?;
    idempotent
        .finish(
            ctx,
            &mut tx,
            &ArticleOutcome {
                article: article.clone(),
                changed: Vec::new(),
            },
        )
        .await?;
    cairn_store::outbox::append(
        &mut tx,
        portal.id,
        &[write::event(ctx, Operation::CreateArticle, &article, now)],
    )
    .await?;
    tx.commit().await?;
    ctx.app.wake.notify_one();
    let mut view = view(ctx, portal, article, new.staged, 1).await?;
    view.warnings = write::warnings(rendered);
    Ok(view)
}

/// Inserts the row under the slug it was given, or the first free number of the slug its title makes.
async fn insert(tx: &mut Tx, article: &mut Article, chosen: Option<Slug>) -> Result<()> {
    if let Some(slug) = chosen {
        article.slug = slug;
        return match cairn_store::articles::insert(tx, article).await? {
            Inserted::Yes => release_old(tx, article).await,
            Inserted::SlugTaken => Err(slug_taken(&article.slug)),
            Inserted::SourceTaken => Err(source_taken()),
        };
    }
    let base = article.slug.clone();
    let taken =
        cairn_store::articles::taken_slugs(tx, article.portal, &article.locale, base.as_str())
            .await?;
    for slug in candidates(&base) {
        if taken.iter().any(|t| t == slug.as_str()) {
            continue;
        }
        article.slug = slug;
        // Another writer may take it between the look and the insert: then the next number.
        match cairn_store::articles::insert(tx, article).await? {
            Inserted::Yes => return release_old(tx, article).await,
            Inserted::SlugTaken => {}
            Inserted::SourceTaken => return Err(source_taken()),
        }
    }
    Err(slug_taken(&base))
}

/// The slug and its numbers: `x`, `x-2`, `x-3`…
pub(crate) fn candidates(base: &Slug) -> impl Iterator<Item = Slug> {
    std::iter::once(base.clone()).chain((2..SLUG_TRIES_MAX).map(|n| base.numbered(n)))
}

/// A live slug wins over a remembered one.
async fn release_old(tx: &mut Tx, article: &Article) -> Result<()> {
    cairn_store::slug_history::release(tx, article.portal, &article.locale, article.slug.as_str())
        .await?;
    Ok(())
}

pub(crate) fn slug_taken(slug: &Slug) -> Error {
    Error::new(
        ErrorCode::SlugTaken,
        format!(
            "slug \"{slug}\" is taken by another article of this portal and locale; choose another, or leave slug out to have one made"
        ),
    )
}

fn source_taken() -> Error {
    Error::new(
        ErrorCode::Conflict,
        "source_id is taken by another article of this portal and locale; update that one instead",
    )
}

async fn parse(
    ctx: &Context,
    command: CreateArticle,
    portal: &Portal,
    tree: &[Category],
) -> Result<(NewArticle, Option<ArticleId>)> {
    let mut input = Input::default();
    input.idempotency_key(command.idempotency_key.as_deref());
    if command.body.is_none() {
        input.errors.add(
            "body",
            "required",
            "body is missing; give the article's Markdown, or an empty text",
        );
    }
    let locale = input
        .locale(command.locale.as_deref())
        .unwrap_or_else(|| portal.default_locale().clone());
    if !portal.locales.contains(&locale) {
        input.errors.add(
            "locale",
            "unknown_locale",
            format!(
                "locale {locale} is not one of the portal's: {}; add it to the portal first",
                locales(portal)
            ),
        );
    }
    let mut translation_of = None;
    if let Some(text) = input.not_empty("translation_of", command.translation_of.as_deref()) {
        translation_of = input
            .errors
            .take(ArticleRef::parse_or_url("translation_of", text));
    }
    let new = NewArticle {
        staged: Staged {
            title: command.title.unwrap_or_default(),
            body: command.body.unwrap_or_default(),
            excerpt: command.excerpt.unwrap_or_default(),
            tags: command.tags.unwrap_or_default(),
            author: command.author,
            front_matter: None,
        },
        slug: input.slug(command.slug.as_deref()),
        category: input.category("category", command.category.as_deref(), tree),
        audience: input
            .audience(command.audience.as_deref())
            .unwrap_or(Audience::Public),
        status: input
            .status(command.status.as_deref())
            .unwrap_or(Status::Draft),
        locale,
        source_id: command.source_id,
        message: command.message.unwrap_or_default(),
    };
    new.validate(&mut input.errors);
    input.finish()?;
    let translation_of = match translation_of {
        Some(reference) => Some(source(ctx, portal, &reference).await?),
        None => None,
    };
    Ok((new, translation_of))
}

pub(crate) fn locales(portal: &Portal) -> String {
    portal
        .locales
        .iter()
        .map(|l| l.as_str())
        .collect::<Vec<_>>()
        .join(", ")
}
