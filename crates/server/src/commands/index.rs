//! `cairn reindex` and `cairn verify-index`.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use indicatif::{ProgressBar, ProgressDrawTarget};
use serde_json::{Value, json};

use crate::cli::{Global, OnPortal};
use crate::client::{self, Refused};
use crate::commands::reach::reach;
use crate::config::Config;
use crate::out;

/// Builds the index anew.
pub(super) async fn reindex(config: &Config, global: &Global, args: OnPortal) -> Result<ExitCode> {
    let done = ask(config, global, &args, "/api/v1/reindexes", "reindexing").await?;
    if args.json {
        out::json(&done)?;
    } else {
        let seconds = done["elapsed_ms"].as_f64().unwrap_or_default() / 1000.0;
        out::line(&format!(
            "reindexed {} articles of {} portals in {seconds:.1} s",
            done["articles"], done["portals"]
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What a comparison counts.
const COUNTS: [&str; 4] = ["missing", "extra", "stale", "duplicate"];

/// Compares; exit code 1 when anything differs.
pub(super) async fn verify(config: &Config, global: &Global, args: OnPortal) -> Result<ExitCode> {
    let found = ask(
        config,
        global,
        &args,
        "/api/v1/index-verifications",
        "comparing",
    )
    .await?;
    if args.json {
        out::json(&found)?;
    } else {
        let rows: Vec<Vec<String>> = COUNTS
            .iter()
            .map(|name| vec![(*name).to_owned(), format!("{:>7}", found[*name])])
            .collect();
        let mut text = out::table(&rows);
        for example in found["examples"].as_array().into_iter().flatten() {
            text.push_str(&format!("  {}\n", example.as_str().unwrap_or_default()));
        }
        out::line(text.trim_end())?;
    }
    Ok(if is_right(&found) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn is_right(found: &Value) -> bool {
    COUNTS.iter().all(|name| found[*name] == 0)
}

async fn ask(
    config: &Config,
    global: &Global,
    args: &OnPortal,
    path: &str,
    doing: &'static str,
) -> Result<Value> {
    let reached = reach(config, global).await?;
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()).with_message(doing);
    bar.enable_steady_tick(Duration::from_millis(100));
    let mut body = json!({});
    if let Some(portal) = &args.portal {
        body["portal"] = portal.as_str().into();
    }
    let answer: Result<Value, Refused> = reached
        .client
        .post_index(path, &body, &client::fresh_key())
        .await;
    bar.finish_and_clear();
    reached.release().await?;
    Ok(answer?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_four_zeros_are_right() {
        assert!(is_right(
            &json!({"missing": 0, "extra": 0, "stale": 0, "duplicate": 0, "examples": []})
        ));
        assert!(!is_right(
            &json!({"missing": 0, "extra": 0, "stale": 1, "duplicate": 0})
        ));
        assert!(!is_right(&json!({"missing": 0, "extra": 0, "stale": 0})));
    }
}
