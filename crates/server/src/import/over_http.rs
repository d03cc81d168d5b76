//! An import into a server, through its REST API.

use anyhow::{Result, anyhow, bail};
use cairn_service::articles::{ImportItem, ImportOutcome, ImportResult};
use cairn_sources::{OldAddress, SourceCategory, SourceFile, SourcePortal};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::client::{Client, Refused, fresh_key, segment};
use crate::import::target::{
    Aftermath, Category, Destination, Envelope, Imported, NotTaken, Target, Uploaded, with,
};

/// A server.
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
    source: &'a str,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    overwrite: bool,
    items: &'a [ImportItem],
}

/// A page of any list.
#[derive(Debug, Deserialize)]
struct Page<T> {
    items: Vec<T>,
    next_cursor: Option<String>,
}

/// What this program needs of an outcome of several results.
#[derive(Debug, Deserialize)]
struct Results {
    results: Vec<Outcome>,
}

#[derive(Debug, Deserialize)]
struct Outcome {
    result: String,
    #[serde(default)]
    reason: String,
}

/// How often a portal that others change at the same time is read again.
const PORTAL_TRIES: usize = 5;

impl OverHttp<'_> {
    /// All pages of a list; None when the server has no such list.
    async fn all<T: DeserializeOwned>(&self, path: &str) -> Result<Option<Vec<T>>> {
        let mut all = Vec::new();
        let mut cursor = String::new();
        loop {
            let Some(answer) = self.0.get_if_there(&format!("{path}{cursor}")).await? else {
                return Ok(None);
            };
            let page: Page<T> = readable(answer)?;
            all.extend(page.items);
            match page.next_cursor {
                Some(next) => cursor = format!("&cursor={}", segment(&next)),
                None => return Ok(Some(all)),
            }
        }
    }

    /// Whether the server has this list.
    async fn has(&self, list: &str, to: &Destination) -> Result<bool> {
        let path = format!("/api/v1/{list}?portal={}&limit=1", segment(&to.slug));
        Ok(self.0.get_if_there(&path).await?.is_some())
    }
}

impl Target for OverHttp<'_> {
    async fn portal(&self, slug: &str) -> Result<Option<Destination>> {
        let path = format!("/api/v1/portals/{}", segment(slug));
        let answer = self.0.get_if_there(&path).await?;
        answer.map(|answer| destination(&answer)).transpose()
    }

    async fn make_portal(
        &self,
        slug: &str,
        like: &SourcePortal,
        locales: &[String],
    ) -> Result<Destination> {
        let mut body = json!({
            "slug": slug,
            "name": like.name.as_deref().unwrap_or(slug),
            "locales": locales,
        });
        if let Some(accent) = &like.accent {
            body["accent"] = json!(accent);
        }
        if let Some(notice) = &like.notice {
            body["notice"] = json!(notice);
        }
        if let Some(contact) = &like.contact {
            body["contact"] = json!(contact);
        }
        match self.0.post("/api/v1/portals", &body, &fresh_key()).await {
            Ok(answer) => destination(&answer),
            // Another import made it in between.
            Err(error) => match self.portal(slug).await? {
                Some(there) => Ok(there),
                None => Err(error.into()),
            },
        }
    }

    async fn add_locales(&self, to: &mut Destination, locales: &[String]) -> Result<()> {
        let path = format!("/api/v1/portals/{}", segment(&to.slug));
        for _ in 0..PORTAL_TRIES {
            let (answer, etag) = self.0.get_with_etag(&path).await?;
            let there = destination(&answer)?;
            let wanted = with(there.locales.clone(), locales);
            if wanted == there.locales {
                *to = there;
                return Ok(());
            }
            let body = json!({"locales": wanted});
            match self.0.patch(&path, &body, &etag, &fresh_key()).await {
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

    async fn categories(&self, to: &Destination) -> Result<Vec<Category>> {
        let path = format!("/api/v1/categories?portal={}&limit=100", segment(&to.slug));
        Ok(self.all(&path).await?.unwrap_or_default())
    }

    async fn make_category(
        &self,
        to: &Destination,
        like: &SourceCategory,
        parent: Option<&str>,
    ) -> Result<Category> {
        let mut body = json!({
            "portal": to.slug,
            "name": like.path.last(),
            "parent": parent,
            "description": like.description,
        });
        if let Some(slug) = &like.slug {
            body["slug"] = json!(slug);
        }
        if let Some(position) = like.position {
            body["position"] = json!(position);
        }
        let made = self.0.post("/api/v1/categories", &body, &fresh_key()).await;
        let made = made.map_err(|refused| {
            anyhow!(refused).context(format!(
                "cannot make the category {}",
                like.path.join(" / ")
            ))
        })?;
        readable(made)
    }

    async fn send(
        &self,
        to: &Destination,
        envelope: Envelope<'_>,
        items: &[ImportItem],
        key: &str,
    ) -> Result<Vec<ImportResult>, NotTaken> {
        let request = Request {
            portal: &to.slug,
            source: envelope.source,
            overwrite: envelope.overwrite,
            items,
        };
        let answer = self
            .0
            .post_long("/api/v1/article-imports", &request, key)
            .await
            .map_err(not_taken)?;
        let outcome: ImportOutcome = readable(answer).map_err(NotTaken::Fatal)?;
        Ok(outcome.results)
    }
}

impl Aftermath for OverHttp<'_> {
    async fn takes_files(&self, to: &Destination) -> Result<bool> {
        self.has("attachments", to).await
    }

    async fn upload(
        &self,
        to: &Destination,
        source: &str,
        file: &SourceFile,
        bytes: Vec<u8>,
    ) -> Result<Uploaded, NotTaken> {
        let path = format!(
            "/api/v1/attachments?portal={}&name={}&source={}&path={}",
            segment(&to.slug),
            segment(&file.name),
            segment(source),
            segment(&file.path)
        );
        let status = self.0.post_bytes(&path, bytes).await.map_err(not_taken)?;
        Ok(if status == 201 {
            Uploaded::New
        } else {
            Uploaded::Known
        })
    }

    async fn takes_redirects(&self, to: &Destination) -> Result<bool> {
        self.has("redirects", to).await
    }

    async fn redirect(
        &self,
        to: &Destination,
        addresses: &[OldAddress],
        key: &str,
    ) -> Result<u64, NotTaken> {
        let redirects: Vec<Value> = addresses
            .iter()
            .map(|address| json!({"old_url": address.old_url, "target": address.target}))
            .collect();
        let body = json!({"portal": to.slug, "redirects": redirects});
        let answer = self.0.post("/api/v1/redirects", &body, key).await;
        let answer = answer.map_err(not_taken)?;
        let outcome: Results = readable(answer).map_err(NotTaken::Fatal)?;
        let changed = outcome.results.iter().filter(|r| r.result != "unchanged");
        Ok(changed.count() as u64)
    }

    async fn imported(&self, to: &Destination, source: &str) -> Result<Option<Vec<Imported>>> {
        self.all(&format!(
            "/api/v1/imported-files?portal={}&source={}&limit=100",
            segment(&to.slug),
            segment(source)
        ))
        .await
    }

    async fn archive(
        &self,
        to: &Destination,
        articles: &[Imported],
        key: &str,
    ) -> Result<Vec<Option<String>>> {
        let operations: Vec<Value> = articles
            .iter()
            .map(|article| {
                json!({
                    "id": article.article_id,
                    "expected_revision": article.head_revision,
                    "status": "archived",
                })
            })
            .collect();
        let body = json!({"portal": to.slug, "operations": operations});
        let answer = self
            .0
            .post_long("/api/v1/article-batches", &body, key)
            .await?;
        let outcome: Results = readable(answer)?;
        if outcome.results.len() != articles.len() {
            bail!(
                "the server answered for another number of articles; its version may differ from this one's"
            );
        }
        let results = outcome.results.into_iter();
        Ok(results
            .map(|outcome| (outcome.result == "failed").then_some(outcome.reason))
            .collect())
    }
}

/// What is refused for its content concerns one thing, everything else the whole import.
fn not_taken(refused: Refused) -> NotTaken {
    match refused.status {
        Some(400 | 413 | 422) => NotTaken::Content(refused.to_string()),
        _ => NotTaken::Fatal(refused.into()),
    }
}

fn readable<T: DeserializeOwned>(answer: Value) -> Result<T> {
    serde_json::from_value(answer)
        .map_err(|error| anyhow!(error).context("the server's answer is not readable"))
}

fn destination(answer: &Value) -> Result<Destination> {
    let portal = PortalAnswer::deserialize(answer)
        .map_err(|error| anyhow!(error).context("the server's answer is not a portal"))?;
    Ok(Destination {
        slug: portal.slug,
        locales: portal.locales,
    })
}
