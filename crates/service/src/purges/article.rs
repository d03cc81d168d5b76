//! Erase an article: every revision, every rendering, every address made from its title.

use cairn_domain::article::{Article, Status};
use cairn_domain::event::Subject;
use cairn_domain::old_address::OldAddress;
use cairn_domain::operation::Operation;
use cairn_domain::purge::PurgeSubject;
use cairn_domain::redirect::RedirectTarget;
use cairn_domain::slug::Slug;
use cairn_store::Tx;
use cairn_store::articles::Saved;
use jiff::Timestamp;

use crate::articles::create::candidates;
use crate::articles::get::{not_found, not_purged};
use crate::articles::reference::ArticleRef;
use crate::articles::write;
use crate::idempotency::Idempotent;
use crate::purges::sources::tombstone_source;
use crate::purges::{
    NewPurge, Outcome, PurgeRequest, PurgeView, conclude, located, outcomes, reason,
};
use crate::{Context, Error, Result, audit, authorize};

/// Erases an article. From the answer on nobody reads it; whether its bytes are gone from the index
/// as well is said by the erasure, once they are.
///
/// # Errors
/// `not_found`, `missing_scope`, `invalid_fields` (a reason is needed), `purged` when it was erased
/// already, the idempotency ones.
pub async fn purge_article(
    ctx: &Context,
    reference: &ArticleRef,
    request: PurgeRequest,
) -> Result<PurgeView> {
    authorize::operation(ctx, Operation::PurgeArticle)?;
    let (portal, current) = located(ctx, reference).await?;
    let message = reason(&request)?;
    let idempotent = Idempotent::new(
        request.idempotency_key.as_deref(),
        portal.id,
        Operation::PurgeArticle,
        &(current.id, &request),
    )?;
    let mut tx = ctx.app.store.begin().await?;
    if let Some(outcome) = idempotent.claim::<Outcome>(ctx, &mut tx).await? {
        drop(tx);
        return outcome.replay(ctx, portal).await;
    }
    let Some(locked) = cairn_store::articles::lock(&mut tx, portal.id, current.id).await? else {
        return Err(not_found());
    };
    not_purged(&locked)?;
    let now = ctx.app.now();
    cairn_store::purges::blank_revisions(&mut tx, &locked, None, now).await?;
    cairn_store::purges::blank_audit(&mut tx, portal.id, locked.id.as_uuid(), None).await?;
    let old_slugs = cairn_store::purges::old_slugs(&mut tx, portal.id, locked.id).await?;
    let old = cairn_store::purges::old_addresses(&mut tx, portal.id, locked.id).await?;
    let mut names: Vec<String> = old.iter().map(OldAddress::to_url).collect();
    let target = RedirectTarget::Article(locked.id);
    cairn_store::purges::blank_audit_redirects(&mut tx, portal.id, &target, &names).await?;
    names.extend(old_slugs.iter().map(|(_, slug)| slug.clone()));
    names.push(locked.slug.as_str().to_owned());
    names.extend(locked.source_id.clone());
    cairn_store::purges::drop_old_slugs(&mut tx, portal.id, locked.id, &old_slugs).await?;
    cairn_store::purges::drop_origin(&mut tx, portal.id, locked.id).await?;
    cairn_store::search_rules::forget_article(&mut tx, portal.id, locked.id, now).await?;
    cairn_store::feedback::forget_article(&mut tx, portal.id, locked.id).await?;
    outcomes::redact(&mut tx, portal.id, locked.id.as_uuid(), &names).await?;
    let tombstone = entomb(&mut tx, &locked, now).await?;
    audit::append(
        ctx,
        &mut tx,
        audit::Entry {
            portal: portal.id,
            operation: Operation::PurgeArticle,
            subject: Subject::Article(locked.id),
            revision: None,
            before: None,
            after: None,
            message: &message,
            at: now,
        },
    )
    .await?;
    let event = write::event(ctx, Operation::PurgeArticle, &tombstone, now);
    let new = NewPurge {
        subject: PurgeSubject::Article(locked.id),
        message,
        at: now,
    };
    conclude(ctx, tx, portal, &idempotent, new, event).await
}

/// Makes the row a tombstone: archived, in no category, under a slug and a source id that tell nothing.
async fn entomb(tx: &mut Tx, locked: &Article, now: Timestamp) -> Result<Article> {
    let base = Slug::parse("slug", &format!("purged-{}", locked.number))
        .map_err(|fault| Error::internal(fault.message))?;
    let mut tombstone = Article {
        status: Status::Archived,
        published_revision: None,
        category: None,
        source_id: locked
            .source_id
            .as_deref()
            .map(|source| tombstone_source(locked.portal, source)),
        row_version: locked.row_version + 1,
        updated_at: now,
        purged_at: Some(now),
        ..locked.clone()
    };
    for slug in candidates(&base) {
        tombstone.slug = slug;
        match cairn_store::articles::save(tx, &tombstone, locked.row_version).await? {
            Saved::SlugTaken => {}
            Saved::Yes => {
                cairn_store::slug_history::release(
                    tx,
                    tombstone.portal,
                    &tombstone.locale,
                    tombstone.slug.as_str(),
                )
                .await?;
                return Ok(tombstone);
            }
        }
    }
    Err(Error::internal(
        "every number of a tombstone's slug is taken",
    ))
}
