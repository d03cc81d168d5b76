//! `cairn feedback [all|helpful|unhelpful|mistake|articles]`: what readers said of articles, as a table or as JSON.

use std::process::ExitCode;

use anyhow::Result;
use cairn_service::clock::{Clock, SystemClock};
use jiff::SignedDuration;
use serde_json::Value;

use crate::cli::{Feedback, FeedbackList, Global};
use crate::client::{Client, segment};
use crate::commands::listing::{Listing, cell};
use crate::commands::reach::reach;
use crate::config::Config;
use crate::out;

/// Runs it.
pub(super) async fn run(config: &Config, global: &Global, args: Feedback) -> Result<ExitCode> {
    let reached = reach(config, global).await?;
    let done = show(&reached.client, &args).await;
    reached.release().await?;
    done.map(|()| ExitCode::SUCCESS)
}

async fn show(client: &Client, args: &Feedback) -> Result<()> {
    let list = Listing::read(client, &path(args), args.limit).await?;
    if args.json {
        out::json(&list.into_json())?;
        return Ok(());
    }
    if let Some(notice) = list.head["notice"].as_str() {
        out::line(notice)?;
    }
    if list.items.is_empty() {
        out::line("no reader said anything")?;
        return Ok(());
    }
    let rows = if args.kind == FeedbackList::Articles {
        articles(&list.items)
    } else {
        answers(&list.items)
    };
    out::line(out::table(&rows).trim_end())?;
    Ok(())
}

fn path(args: &Feedback) -> String {
    let ago = SignedDuration::from_hours(24 * i64::from(args.days));
    let since = SystemClock.now() - ago;
    let list = match args.kind {
        FeedbackList::Articles => "feedback-reports",
        _ => "feedback",
    };
    let mut path = format!(
        "/api/v1/{list}?portal={}&since={since}",
        segment(&args.portal)
    );
    let filters = [
        ("kind", args.kind.kind()),
        ("article", args.article.as_deref()),
        ("locale", args.locale.as_deref()),
    ];
    for (name, value) in filters {
        if let Some(value) = value {
            path.push_str(&format!("&{name}={}", segment(value)));
        }
    }
    path
}

/// One answer a row; the words stand last and on one line, because they are of any width.
fn answers(items: &[Value]) -> Vec<Vec<String>> {
    let heading = ["when", "kind", "reason", "article", "words"];
    let mut rows = vec![heading.map(str::to_owned).to_vec()];
    for item in items {
        let when = cell(&item["created_at"]);
        let words = cell(&item["words"]);
        let words: Vec<_> = words.split_whitespace().collect();
        rows.push(vec![
            when.get(..16).unwrap_or(&when).replace('T', " "),
            cell(&item["kind"]),
            cell(&item["reason"]),
            cell(&item["title"]),
            words.join(" "),
        ]);
    }
    rows
}

/// One article a row; the title stands last.
fn articles(items: &[Value]) -> Vec<Vec<String>> {
    let heading = ["helped", "did not", "mistakes", "locale", "article"];
    let mut rows = vec![heading.map(str::to_owned).to_vec()];
    for item in items {
        let sums = &item["answers"];
        rows.push(vec![
            cell(&sums["helpful"]),
            cell(&sums["unhelpful"]),
            cell(&sums["mistakes"]),
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
    fn answers_read_as_a_table_with_the_words_on_one_line() {
        let items = [
            json!({"created_at": "2026-11-14T09:20:00.000000Z", "kind": "unhelpful", "reason": "unclear",
            "title": "Refunds", "words": "Step 3\nis missing"}),
        ];
        let table = out::table(&answers(&items));
        let line = table.lines().nth(1).unwrap();
        assert!(
            line.starts_with("2026-11-14 09:20  unhelpful  unclear"),
            "{table}"
        );
        assert!(line.ends_with("Refunds  Step 3 is missing"), "{table}");
    }

    #[test]
    fn articles_read_as_a_table_with_their_sums() {
        let items = [
            json!({"answers": {"helpful": 12, "unhelpful": 3, "mistakes": 1}, "locale": "en", "title": "Refunds"}),
        ];
        let table = out::table(&articles(&items));
        assert!(table.lines().nth(1).unwrap().starts_with("12 "), "{table}");
        assert!(table.trim_end().ends_with("en      Refunds"), "{table}");
    }
}
