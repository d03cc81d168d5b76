//! `cairn portal notice|contact`: what readers of a portal are told beside the articles.

use std::process::ExitCode;

use anyhow::Result;
use serde_json::{Value, json};

use crate::cli::{Global, PortalWords};
use crate::client::{self, Client, segment};
use crate::commands::reach::reach;
use crate::config::Config;
use crate::out;

/// How often a change is made again that another one came before.
const TRIES: usize = 5;

/// Runs one of them.
pub(super) async fn run(
    config: &Config,
    global: &Global,
    command: PortalWords,
) -> Result<ExitCode> {
    let reached = reach(config, global).await?;
    let done = change(&reached.client, &command).await;
    reached.release().await?;
    done.map(|()| ExitCode::SUCCESS)
}

async fn change(client: &Client, command: &PortalWords) -> Result<()> {
    let (portal, json, body, said) = match command {
        PortalWords::Notice {
            text,
            portal,
            level,
            more,
            everywhere,
            json,
            ..
        } => {
            let notice = text.as_ref().map(
                |text| json!({"text": text, "level": level, "url": more, "everywhere": everywhere}),
            );
            let said = match (&notice, everywhere) {
                (None, _) => "there is no notice any more",
                (Some(_), true) => "the notice stands above every page",
                (Some(_), false) => "the notice stands above the first page",
            };
            (portal, json, json!({"notice": notice}), said)
        }
        PortalWords::Contact {
            address,
            portal,
            label,
            json,
            ..
        } => {
            let contact = address
                .as_ref()
                .map(|url| json!({"url": url, "label": label}));
            let said = match contact {
                None => "the pages name no contact any more",
                Some(_) => "the pages lead to the contact",
            };
            (portal, json, json!({"contact": contact}), said)
        }
    };
    let changed = patch(client, portal, &body).await?;
    if *json {
        out::json(&changed)?;
    } else {
        out::line(said)?;
    }
    Ok(())
}

async fn patch(client: &Client, portal: &str, body: &Value) -> Result<Value> {
    let path = format!("/api/v1/portals/{}", segment(portal));
    let mut tries = 0;
    loop {
        tries += 1;
        let (_, etag) = client.get_with_etag(&path).await?;
        match client.patch(&path, body, &etag, &client::fresh_key()).await {
            Ok(changed) => return Ok(changed),
            Err(refused) if refused.status == Some(412) && tries < TRIES => {}
            Err(refused) => return Err(refused.into()),
        }
    }
}
