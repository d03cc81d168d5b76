//! `cairn searches [top|zero|low|unclicked]`: what was searched for in a portal, as a table or as JSON.

use std::process::ExitCode;

use anyhow::Result;
use serde_json::Value;

use crate::cli::{Global, SearchKind, Searches};
use crate::client::{Client, segment};
use crate::commands::listing::{Listing, cell, days_back};
use crate::commands::reach::reach;
use crate::config::Config;
use crate::out;

/// Runs it.
pub(super) async fn run(config: &Config, global: &Global, args: Searches) -> Result<ExitCode> {
    let reached = reach(config, global).await?;
    let done = report(&reached.client, &args).await;
    reached.release().await?;
    done.map(|()| ExitCode::SUCCESS)
}

async fn report(client: &Client, args: &Searches) -> Result<()> {
    let list = Listing::read(client, &path(args), args.limit).await?;
    if args.json {
        out::json(&list.into_json())?;
        return Ok(());
    }
    out::line(summary(&list.head).trim_end())?;
    if list.items.is_empty() {
        out::line(match args.kind {
            SearchKind::Top => "no query was searched for",
            SearchKind::Zero => "no query found nothing",
            SearchKind::Low => "no query found as little as one or two articles",
            SearchKind::Unclicked => "no query that found something was left without a click",
        })?;
        return Ok(());
    }
    out::line("")?;
    out::line(out::table(&rows(&list.items)).trim_end())?;
    Ok(())
}

fn path(args: &Searches) -> String {
    let mut path = format!(
        "/api/v1/search-reports?portal={}&kind={}&{}",
        segment(&args.portal),
        args.kind.as_str(),
        days_back(args.days)
    );
    if let Some(locale) = &args.locale {
        path.push_str(&format!("&locale={}", segment(locale)));
    }
    if let Some(source) = &args.source {
        path.push_str(&format!("&source={}", segment(source)));
    }
    path
}

/// What is true of all searches together, in sentences.
fn summary(report: &Value) -> String {
    let totals = &report["totals"];
    let mut lines = vec![
        format!(
            "{} searches from {} to {}: {} found nothing, {} found one or two articles, {} on average",
            totals["searches"],
            cell(&report["from"]),
            cell(&report["to"]),
            totals["zero_results"],
            totals["low_results"],
            cell(&totals["average_results"]),
        ),
        format!(
            "{} results opened on the search page ({} a search); the words of {} searches are not kept",
            totals["clicks"],
            cell(&totals["click_share"]),
            totals["withheld"],
        ),
    ];
    lines.extend(report["notice"].as_str().map(str::to_owned));
    lines.join("\n")
}

/// The queries as rows; the words stand last, because they are of any width.
fn rows(items: &[Value]) -> Vec<Vec<String>> {
    let heading = [
        "searches", "nothing", "little", "average", "opened", "a search", "query",
    ];
    let mut rows = vec![heading.map(str::to_owned).to_vec()];
    for item in items {
        let number = |name: &str| cell(&item[name]);
        rows.push(vec![
            number("searches"),
            number("zero_results"),
            number("low_results"),
            number("average_results"),
            number("clicks"),
            number("click_share"),
            item["query"].as_str().unwrap_or_default().to_owned(),
        ]);
    }
    rows
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_report_reads_as_a_table_with_the_words_at_the_end() {
        let items = [
            json!({"query": "返金 方法", "searches": 12, "zero_results": 0, "low_results": 1,
                "average_results": 4.5, "clicks": 3, "click_share": 0.25}),
            json!({"query": "vpn", "searches": 3, "zero_results": 3, "low_results": 0,
                "average_results": 0.0, "clicks": 0, "click_share": null}),
        ];
        let table = out::table(&rows(&items));
        let lines: Vec<_> = table.lines().collect();
        assert!(lines[0].starts_with("searches  nothing") && lines[0].ends_with("query"));
        assert!(lines[1].ends_with("0.25      返金 方法"), "{table}");
        assert!(lines[2].ends_with("-         vpn"), "{table}");
    }
}
