//! The portal of a restoration: made or found empty, and closed when everything is there.

use cairn_domain::actor::Reach;
use cairn_domain::event::Subject;
use cairn_domain::field_error::FieldErrors;
use cairn_domain::ids::{EventId, PortalId};
use cairn_domain::locale::Locale;
use cairn_domain::operation::Operation;
use cairn_domain::portal::{Portal, PortalFields};
use cairn_domain::scope::Scope;
use cairn_domain::slug::Slug;
use cairn_store::Tx;
use cairn_store::export::PortalNumbers;
use cairn_store::outbox::NewEvent;
use cairn_store::portals::PortalWritten;
use serde::{Deserialize, Serialize};

use super::content::{PortalItem, fault};
use super::{conflict, digest};
use crate::idempotency::Idempotent;
use crate::text_input::Input;
use crate::{Context, Error, Result, audit, authorize};

/// A portal to restore.
#[derive(Debug, Clone, Serialize)]
pub struct RestorePortal {
    /// SHA-256 of the bundle's manifest, in hexadecimal digits.
    pub bundle: String,
    /// The portal as it was.
    pub portal: PortalItem,
    /// Another slug for it.
    pub slug: Option<String>,
    /// The next article number, above every number of the bundle.
    pub next_number: i64,
    /// How much the bundle has: everything was sent, so close the restoration. None: begin it.
    pub complete: Option<Counts>,
    /// Retrying with the same key gives the same outcome.
    #[serde(skip)]
    pub idempotency_key: Option<String>,
}

/// How much a bundle has of everything.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// Articles, tombstones included.
    pub articles: i64,
    /// Their revisions.
    pub revisions: i64,
    /// Categories.
    pub categories: i64,
    /// Attachments, the erased ones too.
    pub attachments: i64,
    /// Redirects.
    pub redirects: i64,
    /// Articles that remember the file they came from.
    pub imported_files: i64,
    /// Slugs that articles had.
    pub old_slugs: i64,
}

/// Where a restoration stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It begins.
    Begun,
    /// It was begun before and goes on.
    GoesOn,
    /// Everything is there.
    Finished,
}

impl Standing {
    /// The stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Begun => "begun",
            Self::GoesOn => "goes_on",
            Self::Finished => "finished",
        }
    }
}

/// What became of the request.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RestoredPortal {
    /// The portal.
    pub portal: Portal,
    /// Where the restoration stands.
    pub standing: Standing,
}

/// Begins a restoration, finds one that was begun, or closes it.
///
/// # Errors
/// `conflict` when somebody wrote into the portal, it is restored from another bundle, or something is
/// missing at the end; `invalid_fields`, `missing_scope` (the credential must reach all portals), the
/// idempotency ones.
pub async fn restore_portal(ctx: &Context, command: RestorePortal) -> Result<RestoredPortal> {
    authorize::operation(ctx, Operation::RestorePortal)?;
    if ctx.caller.reach != Reach::All {
        let mut error = Error::missing_scope(Scope::PortalsRestore);
        error.message = "this credential is restricted to some portals, so it cannot restore one; use a key without that restriction".to_owned();
        return Err(error);
    }
    let bundle = digest(&command.bundle)?;
    let mut input = Input::default();
    input.idempotency_key(command.idempotency_key.as_deref());
    let fields = fields(&mut input.errors, &command);
    input.finish()?;
    let Some(fields) = fields else {
        return Err(Error::internal("a portal without faults has fields"));
    };
    if command.next_number < 1 || command.portal.row_version < 1 {
        return Err(fault("next_number", "and row_version are 1 or more"));
    }
    let idempotent = Idempotent::new(
        command.idempotency_key.as_deref(),
        PortalId::INSTANCE,
        Operation::RestorePortal,
        &command,
    )?;
    let mut tx = ctx.app.store.begin().await?;
    if let Some(outcome) = idempotent.claim(ctx, &mut tx).await? {
        return Ok(outcome);
    }
    let work = Work {
        ctx,
        command: &command,
        bundle,
        fields,
    };
    let (outcome, is_new) = work.decide(&mut tx).await?;
    let portal = &outcome.portal;
    let at = ctx.app.now();
    let feed = if is_new {
        PortalId::INSTANCE
    } else {
        portal.id
    };
    audit::append(
        ctx,
        &mut tx,
        audit::Entry {
            portal: feed,
            operation: Operation::RestorePortal,
            subject: Subject::Portal(portal.id),
            revision: None,
            before: None,
            after: Some(serde_json::json!({
                "slug": portal.slug,
                "bundle": command.bundle,
                "standing": outcome.standing.as_str(),
            })),
            message: "",
            at,
        },
    )
    .await?;
    idempotent.finish(ctx, &mut tx, &outcome).await?;
    let row = Operation::RestorePortal.row();
    let event = NewEvent {
        id: EventId::from_uuid(ctx.app.ids.uuid(at)),
        kind: row.event.unwrap_or(row.name).to_owned(),
        subject: Subject::Portal(portal.id),
        revision: None,
        at,
    };
    cairn_store::outbox::append(&mut tx, feed, &[event]).await?;
    tx.commit().await?;
    ctx.app.reload_portals().await?;
    ctx.app.wake.notify_one();
    Ok(outcome)
}

fn fields(errors: &mut FieldErrors, command: &RestorePortal) -> Option<PortalFields> {
    let item = &command.portal;
    let slug = command.slug.as_ref().unwrap_or(&item.slug);
    let slug = errors.take(Slug::parse("slug", slug));
    let locales = item.locales.iter().enumerate();
    let locales: Vec<Locale> = locales
        .filter_map(|(n, text)| errors.take(Locale::parse(&format!("portal.locales.{n}"), text)))
        .collect();
    let fields = PortalFields {
        slug: slug?,
        name: item.name.clone(),
        hostnames: item.hostnames.clone(),
        locales,
        accent: item.accent.clone(),
        notice: item.notice.clone(),
        contact: item.contact.clone(),
    };
    fields.validate(errors);
    Some(fields)
}

struct Work<'a> {
    ctx: &'a Context,
    command: &'a RestorePortal,
    bundle: [u8; 32],
    fields: PortalFields,
}

impl Work<'_> {
    /// What becomes of the portal, and whether it is new.
    async fn decide(&self, tx: &mut Tx) -> Result<(RestoredPortal, bool)> {
        let known = self.ctx.app.reload_portals().await?;
        let Some(known) = known.by_slug(self.fields.slug.as_str()) else {
            if self.command.complete.is_some() {
                return Err(conflict("there is no such portal to be completed"));
            }
            return Ok((self.begin_new(tx).await?, true));
        };
        let portal = cairn_store::portals::lock(tx, known.id)
            .await?
            .ok_or_else(|| Error::not_found("such portal"))?;
        let begun = cairn_store::restorations::lock(tx, portal.id).await?;
        let standing = match (begun, &self.command.complete) {
            (Some(there), _) if there.bundle != self.bundle => {
                return Err(conflict(format!(
                    "portal \"{}\" is restored from another bundle",
                    portal.slug
                )));
            }
            (Some(there), _) if there.finished_at.is_some() => Standing::Finished,
            (Some(_), Some(counts)) => {
                self.close(tx, &portal, counts).await?;
                Standing::Finished
            }
            (Some(_), None) => Standing::GoesOn,
            (None, Some(_)) => {
                return Err(conflict(format!(
                    "portal \"{}\" is not being restored",
                    portal.slug
                )));
            }
            (None, None) => {
                return Ok((self.begin_empty(tx, portal).await?, false));
            }
        };
        Ok((RestoredPortal { portal, standing }, false))
    }

    /// Makes the portal with the id it had.
    async fn begin_new(&self, tx: &mut Tx) -> Result<RestoredPortal> {
        let item = &self.command.portal;
        let id = PortalId::from_uuid(item.id);
        if let Some(slug) = cairn_store::restorations::portal_slug(tx, id).await? {
            return Err(conflict(format!(
                "this portal is here already, as \"{slug}\""
            )));
        }
        let portal = self.portal(id, item.row_version, item.created_at);
        written(cairn_store::portals::insert(tx, &portal).await?)?;
        self.begin(tx, portal).await
    }

    /// Takes a portal in which nobody wrote yet.
    async fn begin_empty(&self, tx: &mut Tx, there: Portal) -> Result<RestoredPortal> {
        if !cairn_store::restorations::is_empty(tx, there.id).await? {
            return Err(conflict(format!(
                "portal \"{}\" is here and not empty",
                there.slug
            )));
        }
        let mut portal = self.portal(there.id, there.row_version + 1, there.created_at);
        for hostname in there.hostnames {
            if !portal.hostnames.contains(&hostname) {
                portal.hostnames.push(hostname);
            }
        }
        portal.updated_at = self.ctx.app.now();
        written(cairn_store::portals::update(tx, &portal).await?)?;
        self.begin(tx, portal).await
    }

    fn portal(&self, id: PortalId, row_version: i64, created_at: jiff::Timestamp) -> Portal {
        Portal {
            id,
            slug: self.fields.slug.clone(),
            name: self.fields.name.clone(),
            hostnames: self.fields.hostnames.clone(),
            locales: self.fields.locales.clone(),
            accent: self.fields.accent.clone(),
            notice: self.fields.notice.clone(),
            contact: self.fields.contact.clone(),
            row_version,
            created_at,
            updated_at: self.command.portal.updated_at,
        }
    }

    /// No number of the bundle is ever given to another article.
    async fn begin(&self, tx: &mut Tx, portal: Portal) -> Result<RestoredPortal> {
        let now = self.ctx.app.now();
        cairn_store::restorations::raise_numbers(tx, portal.id, self.command.next_number).await?;
        cairn_store::restorations::begin(tx, portal.id, &self.bundle, now).await?;
        Ok(RestoredPortal {
            portal,
            standing: Standing::Begun,
        })
    }

    /// Closes the restoration when nothing is missing.
    async fn close(&self, tx: &mut Tx, portal: &Portal, counts: &Counts) -> Result<()> {
        let there: PortalNumbers = cairn_store::restorations::numbers(tx, portal.id).await?;
        let missing = [
            ("articles", counts.articles, there.articles),
            ("revisions", counts.revisions, there.revisions),
            ("categories", counts.categories, there.categories),
            ("attachments", counts.attachments, there.attachments),
            ("redirects", counts.redirects, there.redirects),
            (
                "imported files",
                counts.imported_files,
                there.imported_files,
            ),
            ("old slugs", counts.old_slugs, there.old_slugs),
        ]
        .into_iter()
        .find(|(_, wanted, there)| there < wanted);
        if let Some((what, wanted, there)) = missing {
            return Err(conflict(format!(
                "the bundle has {wanted} {what} and the portal {there}"
            )));
        }
        cairn_store::restorations::finish(tx, portal.id, self.ctx.app.now()).await?;
        Ok(())
    }
}

fn written(outcome: PortalWritten) -> Result<()> {
    match outcome {
        PortalWritten::Yes => Ok(()),
        PortalWritten::SlugTaken => Err(conflict("the slug is taken by another portal")),
        PortalWritten::HostnameTaken(hostname) => Err(conflict(format!(
            "hostname {hostname} is taken by another portal"
        ))),
    }
}
