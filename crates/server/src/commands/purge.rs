//! `cairn purge article|revision|attachment`: asks for an erasure and waits until it is finished.
//!
//! The text is gone for readers as soon as the server has answered; the command then waits, for a
//! limited time, until no file of the index holds it, and says which of the two it saw.

use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::cli::{Global, Purge, PurgeArgs};
use crate::client::{self, Client, segment};
use crate::commands::reach::reach;
use crate::config::Config;
use crate::limits::{PURGE_POLL, PURGE_WAIT};
use crate::out;

/// Runs one of them; exit code 1 when it is not finished in time.
pub(super) async fn run(config: &Config, global: &Global, command: Purge) -> Result<ExitCode> {
    let reached = reach(config, global).await?;
    let done = purge(&reached.client, &command).await;
    reached.release().await?;
    done
}

async fn purge(client: &Client, command: &Purge) -> Result<ExitCode> {
    let (args, path) = match command {
        Purge::Article(args) => {
            let id = article_id(client, &args.id).await?;
            (args, format!("/api/v1/articles/{id}/purges"))
        }
        Purge::Revision { args, revision } => {
            let id = article_id(client, &args.id).await?;
            let path = format!("/api/v1/articles/{id}/revisions/{revision}/purges");
            (args, path)
        }
        Purge::Attachment(args) => {
            let id = segment(&args.id);
            (args, format!("/api/v1/attachments/{id}/purges"))
        }
    };
    let asked = client
        .post(
            &path,
            &json!({"message": args.message}),
            &client::fresh_key(),
        )
        .await?;
    let purge = finished(client, asked).await?;
    let is_finished = purge["finished_at"].is_string();
    if args.json {
        out::json(&purge)?;
    } else {
        out::line(&told(&purge, args, is_finished))?;
    }
    Ok(if is_finished {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn told(purge: &Value, args: &PurgeArgs, is_finished: bool) -> String {
    let (kind, id) = (text(&purge["kind"]), text(&purge["id"]));
    if is_finished {
        format!(
            "the {kind} {} is erased: no table and no index file of this server holds it\nerasure {id}; docs/operating.md says what is outside (dead rows until a vacuum, the log, backups)",
            args.id
        )
    } else {
        format!(
            "the {kind} {} is erased for readers, but after {} s the index still holds bytes of it; the server goes on by itself\nlook again with GET /api/v1/purges/{id} until finished_at is set",
            args.id,
            PURGE_WAIT.as_secs()
        )
    }
}

/// The erasure once it is finished, or as it stands when the time is over.
async fn finished(client: &Client, mut purge: Value) -> Result<Value> {
    let give_up = Instant::now() + PURGE_WAIT;
    let path = format!("/api/v1/purges/{}", segment(text(&purge["id"])));
    while !purge["finished_at"].is_string() && Instant::now() < give_up {
        tokio::time::sleep(PURGE_POLL).await;
        purge = client.get(&path).await?;
    }
    Ok(purge)
}

/// The UUID of an article that is named by it or by `portal~number`.
async fn article_id(client: &Client, named: &str) -> Result<String> {
    if !named.contains('~') {
        return Ok(segment(named));
    }
    let article = client
        .get(&format!("/api/v1/articles/{}", segment(named)))
        .await?;
    let id = article["id"].as_str();
    Ok(id
        .context("the server answered without the article's id")?
        .to_owned())
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
