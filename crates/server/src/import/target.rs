//! Where an import goes: into the application of this process, or to a server through its REST API.

use std::future::Future;
use std::sync::Arc;

use anyhow::{Result, anyhow, bail};
use cairn_domain::portal::Portal;
use cairn_service::articles::{self, ImportBatch, ImportItem, ImportOutcome, ImportResult};
use cairn_service::portals::{self, WritePortal};
use cairn_service::{Context, ErrorCode};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::client::{Client, Refused};

/// Why a batch was not taken.
#[derive(Debug)]
pub(crate) enum NotTaken {
    /// Something in it; a smaller batch may go through. Why, as a sentence.
    Content(String),
    /// The whole import cannot go on.
    Fatal(anyhow::Error),
}

/// The portal an import goes to.
#[derive(Debug, Clone)]
pub(crate) struct Destination {
    pub(crate) slug: String,
    pub(crate) locales: Vec<String>,
}

/// Takes articles.
pub(crate) trait Target {
    /// Finds the portal, or makes it with this name and locale.
    fn portal(
        &self,
        slug: &str,
        name: &str,
        locale: &str,
    ) -> impl Future<Output = Result<Destination>>;

    /// Makes sure the portal has these locales.
    fn add_locales(
        &self,
        to: &mut Destination,
        locales: &[String],
    ) -> impl Future<Output = Result<()>>;

    /// Sends one batch under an idempotency key.
    fn send(
        &self,
        to: &Destination,
        items: &[ImportItem],
        key: &str,
    ) -> impl Future<Output = Result<Vec<ImportResult>, NotTaken>>;
}

/// The application of this process, as Cairn itself.
pub(crate) struct InProcess(pub(crate) Context);

impl InProcess {
    fn destination(portal: &Arc<Portal>) -> Destination {
        Destination {
            slug: portal.slug.to_string(),
            locales: portal.locales.iter().map(ToString::to_string).collect(),
        }
    }
}

impl Target for InProcess {
    async fn portal(&self, slug: &str, name: &str, locale: &str) -> Result<Destination> {
        match portals::get(&self.0, slug).await {
            Ok(portal) => return Ok(Self::destination(&portal)),
            Err(error) if error.code == ErrorCode::NotFound => {}
            Err(error) => return Err(error.into()),
        }
        let command = WritePortal {
            slug: Some(slug.to_owned()),
            name: Some(name.to_owned()),
            locales: Some(vec![locale.to_owned()]),
            ..WritePortal::default()
        };
        Ok(Self::destination(&portals::create(&self.0, command).await?))
    }

    async fn add_locales(&self, to: &mut Destination, locales: &[String]) -> Result<()> {
        let portal = portals::get(&self.0, &to.slug).await?;
        let command = WritePortal {
            locales: Some(with(Self::destination(&portal).locales, locales)),
            expected_version: Some(portal.row_version),
            ..WritePortal::default()
        };
        *to = Self::destination(&portals::update(&self.0, &to.slug, command).await?);
        Ok(())
    }

    async fn send(
        &self,
        to: &Destination,
        items: &[ImportItem],
        key: &str,
    ) -> Result<Vec<ImportResult>, NotTaken> {
        let batch = ImportBatch {
            portal: Some(to.slug.clone()),
            items: items.to_vec(),
            idempotency_key: Some(key.to_owned()),
            ..ImportBatch::default()
        };
        match articles::import(&self.0, batch).await {
            Ok(outcome) => Ok(outcome.results),
            Err(error) => Err(NotTaken::Fatal(error.into())),
        }
    }
}

/// What is there already, then what is missing, each once.
fn with(mut there: Vec<String>, more: &[String]) -> Vec<String> {
    for locale in more {
        if !there.contains(locale) {
            there.push(locale.clone());
        }
    }
    there
}

/// A server, through its REST API.
pub(crate) struct OverHttp<'a>(pub(crate) &'a Client);

/// What this program needs of a portal.
#[derive(Debug, Deserialize)]
struct PortalAnswer {
    slug: String,
    locales: Vec<String>,
}

#[derive(Serialize)]
struct Request<'a> {
    portal: &'a str,
    items: &'a [ImportItem],
}

/// How often a portal that others change at the same time is read again.
const PORTAL_TRIES: usize = 5;

impl Target for OverHttp<'_> {
    async fn portal(&self, slug: &str, name: &str, locale: &str) -> Result<Destination> {
        let path = format!("/api/v1/portals/{}", crate::client::segment(slug));
        if let Some(answer) = self.0.get_if_there(&path).await? {
            return destination(&answer);
        }
        let body = json!({"slug": slug, "name": name, "locales": [locale]});
        match self
            .0
            .post("/api/v1/portals", &body, &crate::client::fresh_key())
            .await
        {
            Ok(answer) => destination(&answer),
            // Another import made it in between.
            Err(error) => match self.0.get_if_there(&path).await? {
                Some(answer) => destination(&answer),
                None => Err(error.into()),
            },
        }
    }

    async fn add_locales(&self, to: &mut Destination, locales: &[String]) -> Result<()> {
        let path = format!("/api/v1/portals/{}", crate::client::segment(&to.slug));
        for _ in 0..PORTAL_TRIES {
            let (answer, etag) = self.0.get_with_etag(&path).await?;
            let there = destination(&answer)?;
            let wanted = with(there.locales.clone(), locales);
            if wanted == there.locales {
                *to = there;
                return Ok(());
            }
            let body = json!({"locales": wanted});
            match self
                .0
                .patch(&path, &body, &etag, &crate::client::fresh_key())
                .await
            {
                Ok(answer) => {
                    *to = destination(&answer)?;
                    return Ok(());
                }
                Err(refused) if refused.status == Some(412) => {}
                Err(refused) => return Err(refused.into()),
            }
        }
        bail!(
            "portal {} is changed by others all the time; try again",
            to.slug
        )
    }

    async fn send(
        &self,
        to: &Destination,
        items: &[ImportItem],
        key: &str,
    ) -> Result<Vec<ImportResult>, NotTaken> {
        let request = Request {
            portal: &to.slug,
            items,
        };
        let answer = self
            .0
            .post_long("/api/v1/article-imports", &request, key)
            .await;
        let answer = answer.map_err(|refused| match refused {
            Refused {
                status: Some(400 | 413 | 422),
                ..
            } => NotTaken::Content(refused.to_string()),
            refused => NotTaken::Fatal(refused.into()),
        })?;
        let outcome: ImportOutcome = serde_json::from_value(answer).map_err(|error| {
            NotTaken::Fatal(anyhow!(error).context("the answer is not readable"))
        })?;
        Ok(outcome.results)
    }
}

fn destination(answer: &serde_json::Value) -> Result<Destination> {
    let portal = PortalAnswer::deserialize(answer)
        .map_err(|error| anyhow!(error).context("the server's answer is not a portal"))?;
    Ok(Destination {
        slug: portal.slug,
        locales: portal.locales,
    })
}
