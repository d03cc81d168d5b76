//! `cairn reads`: how often readers opened each article of a portal, as a table or as JSON.

use std::process::ExitCode;

use anyhow::Result;
use serde_json::Value;

use crate::cli::{Global, Reads};
use crate::client::{Client, segment};
use crate::commands::listing::{Listing, cell, days_back};
use crate::commands::reach::reach;
use crate::config::Config;
use crate::out;

/// Runs it.
pub(super) async fn run(config: &Config, global: &Global, args: Reads) -> Result<ExitCode> {
    let reached = reach(config, global).await?;
    let done = report(&reached.client, &args).await;
    reached.release().await?;
    done.map(|()| ExitCode::SUCCESS)
}

async fn report(client: &Client, args: &Reads) -> Result<()> {
    let mut path = format!(
        "/api/v1/read-reports?portal={}&{}",
        segment(&args.portal),
        days_back(args.days)
    );
    if let Some(locale) = &args.locale {
        path.push_str(&format!("&locale={}", segment(locale)));
    }
    let list = Listing::read(client, &path, args.limit).await?;
    if args.json {
        out::json(&list.into_json())?;
        return Ok(());
    }
    out::line(&summary(&list.head))?;
    if !list.items.is_empty() {
        out::line("")?;
        out::line(out::table(&rows(&list.items)).trim_end())?;
    }
    Ok(())
}

/// What is true of all articles together.
fn summary(report: &Value) -> String {
    let all = format!(
        "{} reads from {} to {}",
        report["totals"]["reads"],
        cell(&report["from"]),
        cell(&report["to"]),
    );
    match report["notice"].as_str() {
        Some(notice) => format!("{all}\n{notice}"),
        None => all,
    }
}

/// One article a row; the title stands last.
fn rows(items: &[Value]) -> Vec<Vec<String>> {
    let heading = ["reads", "locale", "article"];
    let mut rows = vec![heading.map(str::to_owned).to_vec()];
    for item in items {
        rows.push(vec![
            cell(&item["reads"]),
            cell(&item["locale"]),
            cell(&item["title"]),
        ]);
    }
    rows
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_report_reads_as_a_sentence_and_a_table() {
        let head = json!({"from": "2026-11-01", "to": "2026-11-14", "totals": {"reads": 15},
            "notice": "reads are not counted"});
        assert_eq!(
            summary(&head),
            "15 reads from 2026-11-01 to 2026-11-14\nreads are not counted"
        );
        let items = [json!({"reads": 12, "locale": "en", "title": "Refunds"})];
        let table = out::table(&rows(&items));
        assert!(table.lines().nth(1).unwrap().starts_with("12 "), "{table}");
        assert!(table.trim_end().ends_with("en      Refunds"), "{table}");
    }
}
