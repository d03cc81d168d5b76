//! Restoring: what a bundle holds goes to the server in its order, a request for each member.
//!
//! Every request may be sent again: its idempotency key is made from the bundle and the member, and
//! what the server has already it compares. So a restoration that was killed goes on when the same
//! bundle is restored again.

use std::collections::HashMap;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use crate::bundle::manifest::{Manifest, Member, hex_digest};
use crate::bundle::pack::Kind;
use crate::bundle::rules;
use crate::bundle::unpack::Unpacked;
use crate::client::{Client, fresh_key, segment};

/// Members read ahead of the one that is being sent.
const READ_AHEAD: usize = 2;

/// What was restored.
#[derive(Debug)]
pub(crate) struct Report {
    portal: String,
    /// Things of this bundle that were written, by attempts before this one too.
    restored: u64,
    /// Things that were there, the same, and are not remembered as written from this bundle.
    unchanged: u64,
    files: u64,
    manifest: Manifest,
    was_finished: bool,
    /// Whether an attempt before this one began.
    went_on: bool,
    seconds: f64,
}

impl Report {
    /// As one JSON object.
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "portal": self.portal,
            "restored": self.restored,
            "unchanged": self.unchanged,
            "files": self.files,
            "counts": self.manifest.counts,
            "was_finished": self.was_finished,
            "went_on": self.went_on,
            "seconds": self.seconds,
        })
    }

    /// For people.
    pub(crate) fn to_text(&self) -> String {
        if self.was_finished {
            return format!(
                "portal {} was restored from this bundle before; nothing was written",
                self.portal
            );
        }
        let counts = &self.manifest.counts;
        format!(
            "portal {} is as it was on {}: {} articles with {} revisions, {} categories, {} attachments, {} redirects ({:.1} s{})",
            self.portal,
            self.manifest.made_at,
            counts.articles,
            counts.revisions,
            counts.categories,
            counts.attachments,
            counts.redirects,
            self.seconds,
            if self.went_on {
                "; an attempt before this one had begun"
            } else {
                ""
            }
        )
    }
}

/// Restores a bundle that was found whole.
///
/// # Errors
/// What the server refuses: a portal that is not empty, or is restored from another bundle.
pub(crate) async fn restore(
    client: &Client,
    bundle: Unpacked,
    slug: Option<&str>,
) -> Result<Report> {
    let began = Instant::now();
    let manifest = bundle.manifest.clone();
    let digest = bundle.digest.clone();
    let mut request = json!({
        "bundle": digest,
        "portal": manifest.portal,
        "next_number": manifest.next_number,
    });
    if let Some(slug) = slug {
        request["slug"] = json!(slug);
    }
    let path = "/api/v1/portal-restorations";
    // Where it stands is asked anew each time: a remembered answer would say what was.
    let begun = client.post(path, &request, &fresh_key()).await?;
    let portal = begun["slug"].as_str().unwrap_or_default().to_owned();
    let mut report = Report {
        portal: portal.clone(),
        restored: 0,
        unchanged: 0,
        files: 0,
        was_finished: begun["standing"] == "finished",
        went_on: begun["standing"] == "goes_on",
        seconds: 0.0,
        manifest,
    };
    if report.was_finished {
        return Ok(report);
    }
    let (give, mut take) = mpsc::channel::<(Member, Vec<u8>)>(READ_AHEAD);
    let reader = spawn_blocking(move || {
        bundle.members(|member, bytes| {
            if give.blocking_send((member.clone(), bytes)).is_err() {
                bail!("nobody takes what is read");
            }
            Ok(())
        })
    });
    let mut sender = Sender {
        client,
        bundle: &digest,
        portal: &portal,
        widths: HashMap::new(),
    };
    let mut sent = Ok(());
    while let Some((member, bytes)) = take.recv().await {
        sent = sender.send(&member, bytes, &mut report).await;
        if sent.is_err() {
            break;
        }
    }
    drop(take);
    let read = reader.await.context("reading the bundle was cut off")?;
    sent?;
    read?;
    request["complete"] = json!(report.manifest.counts);
    client.post(path, &request, &fresh_key()).await?;
    report.seconds = began.elapsed().as_secs_f64();
    Ok(report)
}

struct Sender<'a> {
    client: &'a Client,
    bundle: &'a str,
    portal: &'a str,
    /// Of each file, the widths of the variants this server made.
    widths: HashMap<String, Value>,
}

impl Sender<'_> {
    async fn send(&mut self, member: &Member, bytes: Vec<u8>, report: &mut Report) -> Result<()> {
        let kind = Kind::of(&member.path);
        if kind == Some(Kind::Files) {
            let path = format!(
                "/api/v1/file-restorations?portal={}&digest={}&name={}",
                segment(self.portal),
                segment(&member.sha256),
                segment(member.name.as_deref().unwrap_or("file")),
            );
            let kept = self.client.post_bytes_for(&path, bytes).await?;
            self.widths
                .insert(member.sha256.clone(), kept["variant_widths"].clone());
            report.files += 1;
            return Ok(());
        }
        let mut content: Value = serde_json::from_slice(&bytes)
            .with_context(|| format!("{} of the bundle cannot be read", member.path))?;
        if kind == Some(Kind::SearchRules) {
            for rules in content["search_rules"].as_array().into_iter().flatten() {
                let is_new = rules::restore(self.client, self.portal, rules).await;
                if is_new.with_context(|| format!("{} of the bundle was refused", member.path))? {
                    report.restored += 1;
                } else {
                    report.unchanged += 1;
                }
            }
            return Ok(());
        }
        if kind == Some(Kind::Attachments) {
            self.put_widths(&mut content);
        }
        let body = json!({"portal": self.portal, "bundle": self.bundle, "content": content});
        let key = format!("{} {} {}", self.bundle, self.portal, member.path);
        let done = self
            .client
            .post_long(
                "/api/v1/content-restorations",
                &body,
                &hex_digest(key.as_bytes()),
            )
            .await
            .with_context(|| format!("{} of the bundle was refused", member.path))?;
        report.restored += done["restored"].as_u64().unwrap_or_default();
        report.unchanged += done["unchanged"].as_u64().unwrap_or_default();
        Ok(())
    }

    /// The variants are those of this server, whatever the other one made.
    fn put_widths(&self, content: &mut Value) {
        let rows = content["attachments"].as_array_mut();
        for row in rows.into_iter().flatten() {
            let widths = row["digest"].as_str().and_then(|d| self.widths.get(d));
            if let Some(widths) = widths {
                row["variant_widths"] = widths.clone();
            }
        }
    }
}
