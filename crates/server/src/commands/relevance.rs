//! `cairn relevance FILE`: how well search finds what an operator says it should.

use std::collections::BTreeMap;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use cairn_search::relevance::{ndcg_at, recall_at, reciprocal_rank};
use serde_json::{Value, json};

use super::search::path;
use crate::cli::{Global, Relevance};
use crate::client::Client;
use crate::commands::reach::reach;
use crate::config::Config;
use crate::out;

/// The depth at which a list is judged.
const DEPTH: usize = 10;
/// Most judged queries of one file.
const QUERIES_MAX: usize = 10_000;
/// Queries without any wanted article that are named.
const MISSES_SHOWN: usize = 20;

/// Query → article as the file names it → worth.
type Judged = BTreeMap<String, BTreeMap<String, u32>>;

/// Runs it.
pub(super) async fn run(config: &Config, global: &Global, args: Relevance) -> Result<ExitCode> {
    let text = std::fs::read_to_string(&args.file)
        .with_context(|| format!("{} cannot be read", args.file.display()))?;
    let judged = read(&text)?;
    let reached = reach(config, global).await?;
    let done = judge(&reached.client, &args, &judged).await;
    reached.release().await?;
    done.map(|()| ExitCode::SUCCESS)
}

/// Reads lines `query <tab> article [<tab> worth]`.
fn read(text: &str) -> Result<Judged> {
    let mut judged = Judged::new();
    for (at, line) in text.lines().enumerate() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let mut columns = line.split('\t').map(str::trim);
        let (Some(query), Some(article)) = (columns.next(), columns.next()) else {
            bail!(
                "line {}: a query, a tab and an article are expected",
                at + 1
            );
        };
        let worth = match columns.next() {
            None | Some("") => 1,
            Some(worth) => worth.parse().with_context(|| {
                format!("line {}: {worth:?} is no whole number from 0 up", at + 1)
            })?,
        };
        if query.is_empty() || article.is_empty() {
            bail!("line {}: query or article is empty", at + 1);
        }
        let articles = judged.entry(query.to_owned()).or_default();
        articles.insert(article.to_owned(), worth);
    }
    if judged.is_empty() {
        bail!("there is no judged query in the file");
    }
    if judged.len() > QUERIES_MAX {
        bail!(
            "the file has {} queries; at most {QUERIES_MAX} are judged at once",
            judged.len()
        );
    }
    Ok(judged)
}

async fn judge(client: &Client, args: &Relevance, judged: &Judged) -> Result<()> {
    let (mut ndcg, mut recall, mut mrr) = (0.0, 0.0, 0.0);
    let (mut nothing, mut missed) = (0, Vec::new());
    for (query, wanted) in judged {
        let path = path(&args.portal, args.locale.as_deref(), query, DEPTH as u8);
        let found = client.get(&path).await?;
        let hits = found["items"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        nothing += usize::from(hits.is_empty());
        // A hit goes by the name under which the file wants it.
        let ranked: Vec<&str> = hits.iter().map(|hit| wanted_as(hit, wanted)).collect();
        ndcg += ndcg_at(DEPTH, &ranked, wanted);
        recall += recall_at(DEPTH, &ranked, wanted);
        let reciprocal = reciprocal_rank(&ranked, wanted);
        mrr += reciprocal;
        if reciprocal == 0.0 {
            missed.push(query.as_str());
        }
    }
    let count = judged.len() as f64;
    if args.json {
        out::json(&json!({
            "queries": judged.len(),
            "ndcg_at_10": ndcg / count,
            "recall_at_10": recall / count,
            "mrr": mrr / count,
            "nothing_found": nothing,
            "missed": missed,
        }))?;
        return Ok(());
    }
    out::line(&format!(
        "{} queries: nDCG@10 {:.3}, recall@10 {:.3}, MRR {:.3}; {nothing} found nothing",
        judged.len(),
        ndcg / count,
        recall / count,
        mrr / count
    ))?;
    if !missed.is_empty() {
        out::line(&format!(
            "{} find none of their articles among the first {DEPTH}:",
            missed.len()
        ))?;
        for query in missed.iter().take(MISSES_SHOWN) {
            out::line(&format!("  {query}"))?;
        }
    }
    Ok(())
}

fn wanted_as<'a>(hit: &'a Value, wanted: &'a BTreeMap<String, u32>) -> &'a str {
    let names = ["id", "short_id", "slug", "source_id"];
    let mut names = names.iter().filter_map(|name| hit[*name].as_str());
    let first = hit["id"].as_str().unwrap_or_default();
    names
        .find(|name| wanted.contains_key(*name))
        .unwrap_or(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_line_is_named() {
        let judged = read("# mine\nreset\ta\nreset\tb\t2\n").expect("two lines");
        assert_eq!(judged["reset"]["b"], 2);
        for (text, line) in [
            ("reset", "line 1"),
            ("a\tb\nc\td\tmuch", "line 2"),
            ("\tb", "line 1"),
        ] {
            let error = read(text).expect_err(text).to_string();
            assert!(error.contains(line), "{error}");
        }
        assert!(read("\n").is_err());
    }
}
