//! `cairn searches [top|zero|low|unclicked]`: what was searched for in a portal, as a table or as JSON.

use std::process::ExitCode;

use anyhow::Result;
use cairn_service::clock::{Clock, SystemClock};
use jiff::tz::Offset;
use serde_json::{Value, json};

use crate::cli::{Global, SearchKind, Searches};
use crate::client::{Client, segment};
use crate::commands::reach::reach;
use crate::config::Config;
use crate::out;

/// Queries asked for at once.
const PAGE: usize = 100;

/// Runs it.
pub(super) async fn run(config: &Config, global: &Global, args: Searches) -> Result<ExitCode> {
    let reached = reach(config, global).await?;
    let done = report(&reached.client, &args).await;
    reached.release().await?;
    done.map(|()| ExitCode::SUCCESS)
}

async fn report(client: &Client, args: &Searches) -> Result<()> {
    let path = path(args);
    let mut next = path.clone();
    let mut items = Vec::new();
    let (mut first, last_cursor) = loop {
        let mut page = client.get(&next).await?;
        if let Value::Array(more) = page["items"].take() {
            items.extend(more);
        }
        match page["next_cursor"].as_str() {
            Some(cursor) if items.len() < args.limit => {
                next = format!("{path}&cursor={}", segment(cursor));
            }
            cursor => {
                let has_more = cursor.is_some() || items.len() > args.limit;
                break (page, has_more);
            }
        }
    };
    items.truncate(args.limit);
    if args.json {
        first["items"] = Value::Array(items);
        if let Some(members) = first.as_object_mut() {
            members.remove("next_cursor");
            members.insert("has_more".to_owned(), json!(last_cursor));
        }
        out::json(&first)?;
        return Ok(());
    }
    out::line(summary(&first).trim_end())?;
    if items.is_empty() {
        out::line(match args.kind {
            SearchKind::Top => "no query was searched for",
            SearchKind::Zero => "no query found nothing",
            SearchKind::Low => "no query found as little as one or two articles",
            SearchKind::Unclicked => "no query that found something was left without a click",
        })?;
        return Ok(());
    }
    out::line("")?;
    out::line(out::table(&rows(&items)).trim_end())?;
    Ok(())
}

fn path(args: &Searches) -> String {
    let today = Offset::UTC.to_datetime(SystemClock.now()).date();
    let days = i64::from(args.days.max(1)) - 1;
    let from = today.saturating_sub(jiff::Span::new().days(days));
    let mut path = format!(
        "/api/v1/search-reports?portal={}&kind={}&from={from}&to={today}&limit={}",
        segment(&args.portal),
        args.kind.as_str(),
        args.limit.min(PAGE)
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
    let (totals, text) = (&report["totals"], |v: &Value| match v {
        Value::String(text) => text.clone(),
        Value::Null => "-".to_owned(),
        other => other.to_string(),
    });
    let mut lines = vec![
        format!(
            "{} searches from {} to {}: {} found nothing, {} found one or two articles, {} on average",
            totals["searches"],
            text(&report["from"]),
            text(&report["to"]),
            totals["zero_results"],
            totals["low_results"],
            text(&totals["average_results"]),
        ),
        format!(
            "{} results opened on the search page ({} a search); the words of {} searches are not kept",
            totals["clicks"],
            text(&totals["click_share"]),
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
        let number = |name: &str| match &item[name] {
            Value::Null => "-".to_owned(),
            number => number.to_string(),
        };
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
