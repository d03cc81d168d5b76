//! `cairn search WORDS`: what published articles say to them, best first, and on request why.

use std::process::ExitCode;

use anyhow::Result;
use serde_json::Value;

use crate::cli::{Global, SearchWords};
use crate::client::{Client, segment};
use crate::commands::reach::reach;
use crate::config::Config;
use crate::out;

/// Runs it.
pub(super) async fn run(config: &Config, global: &Global, args: SearchWords) -> Result<ExitCode> {
    let reached = reach(config, global).await?;
    let done = search(&reached.client, &args).await;
    reached.release().await?;
    done.map(|()| ExitCode::SUCCESS)
}

/// The address of a search.
pub(super) fn path(portal: &str, locale: Option<&str>, words: &str, limit: u8) -> String {
    let mut path = format!(
        "/api/v1/search?portal={}&q={}&limit={limit}",
        segment(portal),
        segment(words)
    );
    if let Some(locale) = locale {
        path.push_str(&format!("&locale={}", segment(locale)));
    }
    path
}

async fn search(client: &Client, args: &SearchWords) -> Result<()> {
    let words = args.words.join(" ");
    let mut path = path(&args.portal, args.locale.as_deref(), &words, args.limit);
    if args.explain {
        path.push_str("&explain=true");
    }
    let found = client.get(&path).await?;
    if args.json {
        out::json(&found)?;
        return Ok(());
    }
    let total = found["total"].as_u64().unwrap_or_default();
    out::line(&format!("{total} articles"))?;
    if let Some(corrected) = found["corrected"].as_str() {
        out::line(&format!("shown are results for: {corrected}"))?;
    }
    for (name, list) in [("", "items"), ("in other languages:", "elsewhere")] {
        let hits = found[list]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        if !name.is_empty() && !hits.is_empty() {
            out::line(name)?;
        }
        for hit in hits {
            show(hit)?;
        }
    }
    Ok(())
}

fn show(hit: &Value) -> Result<()> {
    let text = |name: &str| hit[name].as_str().unwrap_or_default().to_owned();
    out::line(&format!(
        "{:8.3}  {}  {}",
        hit["score"].as_f64().unwrap_or_default(),
        text("short_id"),
        text("title")
    ))?;
    let snippet = text("snippet_text");
    if !snippet.is_empty() {
        out::line(&format!("          {snippet}"))?;
    }
    let explanation = &hit["explanation"];
    if !explanation.is_null() {
        out::line(&format!(
            "          by words {:.3}, by title share, keywords and the rest {:.3}",
            explanation["by_words"].as_f64().unwrap_or_default(),
            explanation["by_the_rest"].as_f64().unwrap_or_default()
        ))?;
        let parts = explanation["words"].as_array().map(Vec::as_slice);
        for part in parts.unwrap_or_default() {
            out::line(&format!(
                "            {:8.3}  {} in {}",
                part["score"].as_f64().unwrap_or_default(),
                part["word"].as_str().unwrap_or_default(),
                part["field"].as_str().unwrap_or_default()
            ))?;
        }
    }
    Ok(())
}
