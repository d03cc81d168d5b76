//! `cairn keys create|list|revoke`.

use std::process::ExitCode;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::cli::{CreateKey, Global, Keys};
use crate::client::{self, Client, segment};
use crate::commands::reach::reach;
use crate::config::Config;
use crate::out;

/// Most keys `list` shows; an instance with more is listed through REST.
const LISTED_MAX: usize = 10_000;

/// Runs one of them.
pub(super) async fn run(config: &Config, global: &Global, command: Keys) -> Result<ExitCode> {
    let reached = reach(config, global).await?;
    let done = match &command {
        Keys::Create(args) => create(&reached.client, args).await,
        Keys::List(args) => list(&reached.client, args.json).await,
        Keys::Revoke(args) => revoke(&reached.client, &args.id, args.json).await,
    };
    reached.release().await?;
    done.map(|()| ExitCode::SUCCESS)
}

async fn create(client: &Client, args: &CreateKey) -> Result<()> {
    let mut body = json!({"name": args.name, "scopes": args.scopes});
    if !args.portals.is_empty() {
        body["portals"] = json!(args.portals);
    }
    if let Some(at) = &args.expires_at {
        body["expires_at"] = at.as_str().into();
    }
    let made = client
        .post("/api/v1/keys", &body, &client::fresh_key())
        .await?;
    let key = made["key"].as_str();
    // A lost answer that was asked for again comes without the secret: it is shown once.
    let key = key.with_context(|| {
        format!(
            "the key {} was made, but its secret was lost on the way; revoke it and make another",
            made["id"]
        )
    })?;
    if args.json {
        out::json(&json!({"id": made["id"], "key": key}))?;
    } else {
        out::line(&format!(
            "{key}\n\nid {}; the key is shown this once",
            text(&made["id"])
        ))?;
    }
    Ok(())
}

async fn list(client: &Client, json: bool) -> Result<()> {
    let mut items: Vec<Value> = Vec::new();
    let mut path = "/api/v1/keys?limit=100".to_owned();
    while items.len() < LISTED_MAX {
        let mut page = client.get(&path).await?;
        items.extend(
            page["items"]
                .as_array_mut()
                .map(std::mem::take)
                .unwrap_or_default(),
        );
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        path = format!("/api/v1/keys?limit=100&cursor={}", segment(cursor));
    }
    if json {
        out::json(&json!({"items": items}))?;
        return Ok(());
    }
    let mut rows = vec![
        ["ID", "NAME", "ENDS IN", "SCOPES", "PORTALS", "STATE"]
            .map(str::to_owned)
            .to_vec(),
    ];
    for key in &items {
        let state = match (key["revoked_at"].as_str(), key["expires_at"].as_str()) {
            (Some(at), _) => format!("revoked {at}"),
            (None, Some(at)) => format!("until {at}"),
            (None, None) => "valid".to_owned(),
        };
        let portals = if key["portals"].is_array() {
            words(&key["portals"])
        } else {
            "all".to_owned()
        };
        rows.push(vec![
            text(&key["id"]),
            text(&key["name"]),
            text(&key["hint"]),
            words(&key["scopes"]),
            portals,
            state,
        ]);
    }
    out::line(out::table(&rows).trim_end())?;
    Ok(())
}

async fn revoke(client: &Client, id: &str, json: bool) -> Result<()> {
    let path = format!("/api/v1/keys/{}", segment(id));
    let revoked = client.delete(&path, &client::fresh_key()).await?;
    if json {
        out::json(&json!({"id": id, "revoked_at": revoked["revoked_at"]}))?;
    } else {
        out::line(&format!("key {id} is refused from now on"))?;
    }
    Ok(())
}

fn text(value: &Value) -> String {
    value.as_str().map(str::to_owned).unwrap_or_default()
}

fn words(value: &Value) -> String {
    let words = value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str);
    words.collect::<Vec<_>>().join(" ")
}
