//! `cairn redirects list|put|delete`: a table that people edit, `old_url,target` a line.

use std::fs::File;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use cairn_domain::limits::REDIRECT_BATCH_MAX;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::cli::{DeleteRedirect, Global, ListRedirects, PutRedirects, Redirects};
use crate::client::{self, Client, Refused, segment};
use crate::commands::reach::reach;
use crate::config::Config;
use crate::out;

/// The heading of the table.
const HEADING: [&str; 2] = ["old_url", "target"];

/// One line of the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Row {
    old_url: String,
    target: String,
}

/// Runs one of them.
pub(super) async fn run(config: &Config, global: &Global, command: Redirects) -> Result<ExitCode> {
    let reached = reach(config, global).await?;
    let done = match &command {
        Redirects::List(args) => list(&reached.client, args).await,
        Redirects::Put(args) => put(&reached.client, args).await,
        Redirects::Delete(args) => delete(&reached.client, args).await,
    };
    reached.release().await?;
    done.map(|()| ExitCode::SUCCESS)
}

async fn list(client: &Client, args: &ListRedirects) -> Result<()> {
    let path = format!(
        "/api/v1/redirects?limit=100&portal={}",
        segment(&args.portal)
    );
    let mut next = path.clone();
    if !args.json {
        out::line(&HEADING.join(","))?;
    }
    loop {
        let page = client.get(&next).await?;
        for item in page["items"].as_array().into_iter().flatten() {
            if args.json {
                out::json(item)?;
            } else {
                out::line(line(item)?.trim_end())?;
            }
        }
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        next = format!("{path}&cursor={}", segment(cursor));
    }
    Ok(())
}

/// A redirect as a line of the table.
fn line(item: &Value) -> Result<String> {
    let row: Row = serde_json::from_value(item.clone())
        .context("the server answered with a redirect this program cannot read")?;
    let mut writer = csv::WriterBuilder::new()
        .has_headers(false)
        .from_writer(Vec::new());
    writer.serialize(row)?;
    let bytes = writer.into_inner().map_err(|e| e.into_error())?;
    Ok(String::from_utf8(bytes)?)
}

async fn put(client: &Client, args: &PutRedirects) -> Result<()> {
    let mut counts = [("created", 0), ("updated", 0), ("unchanged", 0)];
    let mut batch: Vec<(u64, Row)> = Vec::with_capacity(REDIRECT_BATCH_MAX);
    let mut reader = open(&args.file)?;
    let mut rows = reader.deserialize::<Row>();
    loop {
        let row = rows.next();
        let is_last = row.is_none();
        if let Some(row) = row {
            let row = row.with_context(|| format!("{} cannot be read", args.file.display()))?;
            let at = rows.reader().position().line();
            // The position is behind the row that was read.
            batch.push((at.saturating_sub(1), row));
        }
        if (is_last && !batch.is_empty()) || batch.len() == REDIRECT_BATCH_MAX {
            let results = send(client, &args.portal, &batch).await?;
            for result in results["results"].as_array().into_iter().flatten() {
                for (word, count) in &mut counts {
                    *count += usize::from(result["result"] == *word);
                }
            }
            batch.clear();
        }
        if is_last {
            break;
        }
    }
    let [(_, created), (_, updated), (_, unchanged)] = counts;
    if args.json {
        out::json(&json!({"created": created, "updated": updated, "unchanged": unchanged}))?;
    } else {
        out::line(&format!(
            "{created} redirects created, {updated} updated, {unchanged} unchanged"
        ))?;
    }
    Ok(())
}

fn open(file: &Path) -> Result<csv::Reader<File>> {
    let opened = File::open(file).with_context(|| format!("cannot open {}", file.display()))?;
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(opened);
    let heading = reader
        .headers()
        .with_context(|| format!("{} cannot be read", file.display()))?;
    // A byte order mark is what spreadsheets leave.
    let first = heading.get(0).map(|h| h.trim_start_matches('\u{feff}'));
    if first != Some(HEADING[0]) || heading.get(1) != Some(HEADING[1]) || heading.len() != 2 {
        bail!(
            "the first line of {} is {:?}; it must be {}",
            file.display(),
            heading.iter().collect::<Vec<_>>().join(","),
            HEADING.join(",")
        );
    }
    reader.set_headers(csv::StringRecord::from(HEADING.to_vec()));
    Ok(reader)
}

async fn send(client: &Client, portal: &str, batch: &[(u64, Row)]) -> Result<Value> {
    let rows: Vec<&Row> = batch.iter().map(|(_, row)| row).collect();
    let body = json!({"portal": portal, "redirects": rows});
    let sent = client
        .post("/api/v1/redirects", &body, &client::fresh_key())
        .await;
    sent.map_err(|refused| in_lines(refused, batch))
}

/// The refusal in words of the file: `redirects.3.target` is a line of it.
fn in_lines(refused: Refused, batch: &[(u64, Row)]) -> anyhow::Error {
    let mut message = refused.to_string();
    for (at, (line, _)) in batch.iter().enumerate() {
        message = message.replace(&format!("redirects.{at}."), &format!("line {line} "));
    }
    let lines = batch.first().zip(batch.last());
    let (first, last) = lines.map_or((0, 0), |(first, last)| (first.0, last.0));
    anyhow::Error::new(refused).context(format!(
        "lines {first} to {last} were not put, those before them were: {message}"
    ))
}

async fn delete(client: &Client, args: &DeleteRedirect) -> Result<()> {
    let (portal, old_url) = (segment(&args.portal), segment(&args.old_url));
    let path = format!("/api/v1/redirects?portal={portal}&old_url={old_url}");
    let gone = client.delete(&path, &client::fresh_key()).await?;
    if args.json {
        out::json(&gone)?;
    } else {
        out::line(&format!(
            "{} led to {} and leads nowhere now",
            gone["old_url"].as_str().unwrap_or_default(),
            gone["target"].as_str().unwrap_or_default()
        ))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Row>> {
        let file = tempfile::NamedTempFile::new()?;
        std::fs::write(file.path(), text)?;
        let rows: Result<Vec<Row>, _> = open(file.path())?.deserialize().collect();
        Ok(rows?)
    }

    #[test]
    fn a_table_is_read_as_spreadsheets_write_it() {
        let want = vec![
            Row {
                old_url: "/kb?id=1,2".to_owned(),
                target: "article:en:a \"b\"".to_owned(),
            },
            Row {
                old_url: "/b".to_owned(),
                target: "/c".to_owned(),
            },
        ];
        let text =
            "\u{feff}old_url,target\r\n\"/kb?id=1,2\",\"article:en:a \"\"b\"\"\"\r\n /b , /c\r\n";
        assert_eq!(read(text).unwrap(), want);
        for bad in [
            "",
            "a,b\n",
            "/a,/b\n",
            "old_url\n/a\n",
            "old_url,target\n/a,/b,/c\n",
        ] {
            assert!(read(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn what_is_listed_can_be_put() {
        let item =
            json!({"old_url": "/a,b", "target": "/c \"d\"", "created_at": "2026-11-14T09:20:00Z"});
        let text = format!("old_url,target\n{}", line(&item).unwrap());
        let row: Row = serde_json::from_value(item).unwrap();
        assert_eq!(read(&text).unwrap(), [row]);
    }
}
