//! Erase the text of one old revision.

use cairn_domain::article::Article;
use cairn_domain::event::Subject;
use cairn_domain::operation::Operation;
use cairn_domain::purge::PurgeSubject;
use cairn_domain::slug::Slug;

use crate::articles::get::{not_found, not_purged};
use crate::articles::reference::ArticleRef;
use crate::articles::write;
use crate::idempotency::Idempotent;
use crate::purges::{
    NewPurge, Outcome, PurgeRequest, PurgeView, conclude, located, outcomes, reason,
};
use crate::{Context, Error, ErrorCode, Result, audit, authorize};

/// Erases what an article said in one revision. The number stays, with who saved it and when. Old
/// addresses made from its title go; the present one stays, because readers use it.
///
/// # Errors
/// `conflict` for the head and the published revision, with the way out; `not_found`,
/// `missing_scope`, `invalid_fields`, `purged`, the idempotency ones.
pub async fn purge_revision(
    ctx: &Context,
    reference: &ArticleRef,
    number: i32,
    request: PurgeRequest,
) -> Result<PurgeView> {
    authorize::operation(ctx, Operation::PurgeRevision)?;
    let (portal, current) = located(ctx, reference).await?;
    let message = reason(&request)?;
    let idempotent = Idempotent::new(
        request.idempotency_key.as_deref(),
        portal.id,
        Operation::PurgeRevision,
        &(current.id, number, &request),
    )?;
    let found = cairn_store::revisions::get(&ctx.app.store, portal.id, current.id, number).await?;
    let mut tx = ctx.app.store.begin().await?;
    if let Some(outcome) = idempotent.claim::<Outcome>(ctx, &mut tx).await? {
        drop(tx);
        return outcome.replay(ctx, portal).await;
    }
    let Some(locked) = cairn_store::articles::lock(&mut tx, portal.id, current.id).await? else {
        return Err(not_found());
    };
    not_purged(&locked)?;
    let Some(revision) = found else {
        return Err(Error::not_found(format!(
            "revision {number} of this article"
        )));
    };
    is_old(&locked, number)?;
    if cairn_store::purges::is_blank(&mut tx, portal.id, locked.id, number).await? {
        return Err(Error::purged(format!("revision {number}")));
    }
    let now = ctx.app.now();
    cairn_store::purges::blank_revisions(&mut tx, &locked, Some(number), now).await?;
    cairn_store::purges::blank_audit(&mut tx, portal.id, locked.id.as_uuid(), Some(number)).await?;
    let mut old_slugs = cairn_store::purges::old_slugs(&mut tx, portal.id, locked.id).await?;
    old_slugs.retain(|(_, slug)| is_made_from(slug, &revision.staged.title));
    let names: Vec<String> = old_slugs.iter().map(|(_, slug)| slug.clone()).collect();
    cairn_store::purges::drop_old_slugs(&mut tx, portal.id, locked.id, &old_slugs).await?;
    if !names.is_empty() {
        outcomes::redact(&mut tx, portal.id, locked.id.as_uuid(), &names).await?;
    }
    audit::append(
        ctx,
        &mut tx,
        audit::Entry {
            portal: portal.id,
            operation: Operation::PurgeRevision,
            subject: Subject::Article(locked.id),
            revision: Some(number),
            before: None,
            after: None,
            message: &message,
            at: now,
        },
    )
    .await?;
    let event = write::event(ctx, Operation::PurgeRevision, &locked, now);
    let new = NewPurge {
        subject: PurgeSubject::Revision(locked.id, number),
        message,
        at: now,
    };
    conclude(ctx, tx, portal, &idempotent, new, event).await
}

/// What is shown or worked on cannot be blanked under those who do.
fn is_old(article: &Article, number: i32) -> Result<()> {
    let conflict = |text: String| Err(Error::new(ErrorCode::Conflict, text));
    if article.published_revision == Some(number) {
        return conflict(format!(
            "revision {number} is what readers see; publish a newer revision without the text or take the article down first, or erase the whole article"
        ));
    }
    if article.head_revision == number {
        return conflict(format!(
            "revision {number} is the head; save a new revision without the text first, or erase the whole article"
        ));
    }
    Ok(())
}

/// Whether a slug was made from a title, with or without a number behind it.
fn is_made_from(slug: &str, title: &str) -> bool {
    let base = Slug::from_title(title, "article");
    let Some(rest) = slug.strip_prefix(base.as_str()) else {
        return false;
    };
    rest.is_empty()
        || rest
            .strip_prefix('-')
            .is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_is_made_from_a_title_or_is_not() {
        for slug in ["about-bob", "about-bob-2", "about-bob-17"] {
            assert!(is_made_from(slug, "About Bob"), "{slug}");
        }
        for slug in ["about-bobby", "about-bob-two", "about-bob-", "about", "bob"] {
            assert!(!is_made_from(slug, "About Bob"), "{slug}");
        }
    }
}
