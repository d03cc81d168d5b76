//! Idempotency: the same key with the same request gives the same outcome, once.
//!
//! The outcome is written in the transaction of the write itself, so it exists exactly when the
//! write does. A key is the actor's own, per portal (draft-ietf-httpapi-idempotency-key-header-07).

use cairn_domain::ids::PortalId;
use cairn_domain::operation::Operation;
use cairn_store::Tx;
use cairn_store::idempotency::{Claim, claim, finish};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::{Context, Error, ErrorCode, Result};

/// A key together with what it stands for.
pub(crate) struct Idempotent<'a> {
    key: Option<&'a str>,
    portal: PortalId,
    operation: Operation,
    fingerprint: [u8; 32],
}

impl<'a> Idempotent<'a> {
    /// Ties the key to the command; `command` is everything that makes it this request.
    pub(crate) fn new(
        key: Option<&'a str>,
        portal: PortalId,
        operation: Operation,
        command: &impl Serialize,
    ) -> Result<Self> {
        let mut hash = Sha256::new();
        hash.update(operation.row().name.as_bytes());
        if key.is_some() {
            hash.update(serde_json::to_vec(command).map_err(Error::internal)?);
        }
        Ok(Self {
            key,
            portal,
            operation,
            fingerprint: hash.finalize().into(),
        })
    }

    /// Claims the key: the outcome of the first time, or nothing when this is the first time.
    pub(crate) async fn claim<T: DeserializeOwned>(
        &self,
        ctx: &Context,
        tx: &mut Tx,
    ) -> Result<Option<T>> {
        let Some(key) = self.key else { return Ok(None) };
        let actor = ctx.caller.actor.id;
        let name = self.operation.row().name;
        match claim(
            tx,
            self.portal,
            actor,
            key,
            &self.fingerprint,
            name,
            ctx.app.clock.now(),
        )
        .await?
        {
            Claim::Fresh => Ok(None),
            Claim::Replay(outcome) => serde_json::from_value(outcome)
                .map(Some)
                .map_err(Error::internal),
            Claim::Mismatch => Err(Error::new(
                ErrorCode::IdempotencyMismatch,
                "this idempotency key was used for another request; use a new key for a new request",
            )),
        }
    }

    /// Writes the outcome, to be committed with the write.
    pub(crate) async fn finish(
        &self,
        ctx: &Context,
        tx: &mut Tx,
        outcome: &impl Serialize,
    ) -> Result<()> {
        let Some(key) = self.key else { return Ok(()) };
        let outcome = serde_json::to_value(outcome).map_err(Error::internal)?;
        finish(tx, self.portal, ctx.caller.actor.id, key, &outcome).await?;
        Ok(())
    }
}
