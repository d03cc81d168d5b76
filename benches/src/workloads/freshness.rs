//! From a write to the first search that finds it, beside a bare commit and reload of one document.
//!
//! One writer, one write after the other. A write is a real article with one new word; it is polled
//! for by that word every two milliseconds, as a client would that waits for its own write.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::json;

use crate::floor::engine::Committed;
use crate::latency::{Latencies, Percentiles};
use crate::limit::{Judged, Limit};
use crate::out;
use crate::process::Watch;
use crate::report::{Report, Section, foreign, ms, ratio};
use crate::run::{Bench, LOCALE, PORTAL, output_of};
use crate::server::Server;
use crate::wire::Connection;
use crate::workloads::indexing;

const POLL: Duration = Duration::from_millis(2);
const GIVE_UP: Duration = Duration::from_secs(30);
/// Of the way to the first search, to the bare commit.
const P50: Limit = Limit::AtMost(3.0);
const P99: Limit = Limit::AtMost(6.0);

pub(crate) fn run(bench: &Bench, server: &Server, report: &mut Report) -> Result<()> {
    out::progress("measuring: write to searchable");
    let watch = Watch::begin(&[server.pid()]);
    let (accepted, searchable) = bench.runtime.block_on(write_all(bench, server))?;
    let foreign_share = watch.foreign();
    let mut command = bench.floor("floor-commit")?;
    command
        .arg("--texts")
        .arg(indexing::texts(bench))
        .arg("--dir")
        .arg(indexing::engine_dir(bench))
        .args(["--count", &bench.options.writes.to_string()]);
    let bare: Committed = output_of(&mut command)?;
    let bare_ms = [bare.p50, bare.p95, bare.p99, bare.max];
    let row = |what: &str, p: [f64; 4]| {
        let mut row = vec![what.to_owned()];
        row.extend(p.map(ms));
        row.extend([ratio(p[0], bare.p50), ratio(p[2], bare.p99), String::new()]);
        row
    };
    let judged = [
        Judged::new(
            "write to searchable, p50 to the bare commit",
            searchable.p50,
            bare.p50,
            P50,
        ),
        Judged::new(
            "write to searchable, p99 to the bare commit",
            searchable.p99,
            bare.p99,
            P99,
        ),
    ];
    let verdict = format!("p50 {}, p99 {}", judged[0].verdict(), judged[1].verdict());
    let of = |p: Percentiles| [p.p50, p.p95, p.p99, p.max];
    let mut found = row("POST to the first search that finds it", of(searchable));
    if let Some(limit) = found.last_mut() {
        *limit = verdict;
    }
    report.print(&Section {
        title: "Write to searchable, ms",
        columns: &["what", "p50", "p95", "p99", "max", "ratio of p50", "of p99", "limit"],
        rows: vec![
            row("POST to 201", of(accepted)),
            found,
            row("bare tantivy, one-document commit + reload", bare_ms),
        ],
        notes: vec![
            format!(
                "{} writes, one after the other, polled every {} ms; here a ratio above 1 is slower.",
                bench.options.writes,
                POLL.as_millis()
            ),
            foreign(foreign_share),
        ],
    });
    report.judge(judged);
    report.keep(
        "write_to_searchable",
        json!({"accepted": accepted, "searchable": searchable, "bare": bare, "foreign": foreign_share}),
    )
}

async fn write_all(bench: &Bench, server: &Server) -> Result<(Percentiles, Percentiles)> {
    let key = ("x-api-key", bench.key.as_str());
    let mut connection = Connection::open(server.address).await?;
    let mut accepted = Latencies::default();
    let mut searchable = Latencies::default();
    let count = bench.options.writes;
    let articles = bench.collection.typical(count);
    for number in 0..count {
        let article = articles[number % articles.len()];
        let word = word(number);
        let body = json!({
            "portal": PORTAL, "locale": LOCALE, "status": "published",
            "title": format!("{} {word}", short(&article.title)),
            "body": format!("{}\n\nKnown as {word}.\n", article.body),
        });
        let once = format!("bench-write-{number}");
        let headers = [key, ("idempotency-key", once.as_str())];
        let began = Instant::now();
        let made = connection
            .ask("POST", "/api/v1/articles", &headers, Some(&body))
            .await?;
        accepted.push(began.elapsed());
        let made = made.json(201)?;
        let id = made["id"].as_str().context("an article has an id")?;
        let id = format!("\"id\":\"{id}\"");
        let path = format!("/api/v1/search?portal={PORTAL}&locale={LOCALE}&limit=3&q={word}");
        loop {
            let answer = connection.ask("GET", &path, &[key], None).await?;
            if answer.status != 200 {
                bail!("search answered {}", answer.status);
            }
            if String::from_utf8_lossy(&answer.body).contains(&id) {
                break;
            }
            if began.elapsed() > GIVE_UP {
                bail!("a write was not found within {} s", GIVE_UP.as_secs());
            }
            tokio::time::sleep(POLL).await;
        }
        searchable.push(began.elapsed());
    }
    Ok((accepted.percentiles(), searchable.percentiles()))
}

pub(super) fn short(title: &str) -> String {
    title.chars().take(200).collect()
}

/// A word of consonants that no text has, unlike the others by more than typing mistakes.
pub(super) fn word(number: usize) -> String {
    const LETTERS: &[u8] = b"bcdfghjklmnpqrtvwxz";
    let mut state = (number as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (0..12)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            char::from(LETTERS[usize::try_from(state % LETTERS.len() as u64).unwrap_or_default()])
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_far_apart() {
        let words: Vec<String> = (0..500).map(word).collect();
        for (at, one) in words.iter().enumerate() {
            for other in &words[at + 1..] {
                let alike = one.bytes().zip(other.bytes()).filter(|(a, b)| a == b);
                assert!(alike.count() < 8, "{one} {other}");
            }
        }
    }
}
