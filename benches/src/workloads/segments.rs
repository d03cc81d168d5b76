//! What single-article commits leave behind: 1,000 of them in turns over 40 units, in process. Fewer
//! writers stay open than there are units, so writers are closed and opened again between commits.

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use cairn_domain::ids::PortalId;
use cairn_domain::locale::Locale;
use cairn_search::{SearchConfig, SearchRoom, UnitStats};
use serde::Serialize;
use serde_json::json;

use crate::latency::Latencies;
use crate::limit::{Judged, Limit, unlimited};
use crate::out;
use crate::report::{Report, Section, ms};
use crate::room::{self, at};
use crate::run::Bench;

/// Article after article, one commit each.
const COMMITS: u32 = 1_000;
const PORTALS: u32 = 8;
/// Languages with analyzers of their own.
const LOCALES: [&str; 5] = ["en", "de", "fr", "pt", "es"];
/// Segments a unit may have.
const LIMIT: Limit = Limit::AtMost(12.0);

/// Segments of the units.
#[derive(Debug, Serialize)]
struct Left {
    most: usize,
    fewest: usize,
    mean: f64,
}

pub(crate) fn run(bench: &Bench, report: &mut Report) -> Result<()> {
    out::progress("measuring: segments after single-article commits");
    let articles = bench.collection.typical(COMMITS as usize);
    let config = SearchConfig::default();
    let writers = config.writers_open_max;
    let room = SearchRoom::open(&bench.scratch.join("segments"), config)?;
    let units = units()?;
    for portal in 0..PORTALS {
        room.begin_generation(portal_id(portal)?)?.finish(at(0))?;
    }
    let mut largest_meanwhile = 0;
    let mut latencies = Latencies::default();
    let began = Instant::now();
    for number in 0..COMMITS {
        let (portal, locale) = &units[number as usize % units.len()];
        let article = articles[number as usize % articles.len()];
        let sections = room::cut(&article.body);
        let change = room::published(number, locale, &article.title, &sections)?;
        let commit = Instant::now();
        room.apply(*portal, &[change], at(i64::from(number) + 1))?;
        latencies.push(commit.elapsed());
        largest_meanwhile = largest_meanwhile.max(largest(&room.stats(*portal)?));
    }
    let seconds = began.elapsed().as_secs_f64();
    // Merges under way are part of what the commits leave.
    room.close_writers();
    let left = left_in(&room, units.len())?;
    drop(room);
    let dir = bench.scratch.join("segments");
    let reopened = left_in(
        &SearchRoom::open(&dir, SearchConfig::default())?,
        units.len(),
    )?;
    let commits = latencies.percentiles();
    let judged = Judged::new(
        "segments of the unit that has most",
        left.most as f64,
        1.0,
        LIMIT,
    );
    std::fs::remove_dir_all(&dir)?;
    let row = |what: &str, count: String, ends: String| vec![what.to_owned(), count, ends];
    let [_, none] = unlimited(String::new());
    report.print(&Section {
        title: "Segments after 1,000 single-article commits",
        columns: &["what", "segments", "limit"],
        rows: vec![
            row("the unit that has most", left.most.to_string(), judged.verdict()),
            row("the unit that has fewest", left.fewest.to_string(), none.clone()),
            row("mean", format!("{:.1}", left.mean), none.clone()),
            row("most at any moment between commits", largest_meanwhile.to_string(), none.clone()),
            row("most after the room was opened again", reopened.most.to_string(), none),
        ],
        notes: vec![format!(
            "{COMMITS} commits in turns over {} units ({PORTALS} portals of {} locales), {writers} writers kept open, in process, {seconds:.1} s; a commit p50 {}, p99 {}, max {} ms.",
            units.len(),
            LOCALES.len(),
            ms(commits.p50),
            ms(commits.p99),
            ms(commits.max)
        )],
    });
    report.keep(
        "segments",
        json!({"left": left, "most_meanwhile": largest_meanwhile, "reopened": reopened, "commit": commits, "seconds": seconds}),
    )?;
    report.judge([judged]);
    Ok(())
}

fn units() -> Result<Vec<(PortalId, Locale)>> {
    let mut units = Vec::new();
    for portal in 0..PORTALS {
        for tag in LOCALES {
            let locale = tag.parse();
            let locale = locale.map_err(|_| anyhow::anyhow!("{tag:?} is no locale"))?;
            units.push((portal_id(portal)?, locale));
        }
    }
    Ok(units)
}

fn portal_id(number: u32) -> Result<PortalId> {
    let id = format!("00000000-0000-7000-8000-{number:012x}");
    id.parse().context("a portal's id")
}

fn largest(stats: &[UnitStats]) -> usize {
    stats.iter().map(|stats| stats.segments).max().unwrap_or(0)
}

/// Counts the segments of every unit; each commit must stand in one.
fn left_in(room: &SearchRoom, units: usize) -> Result<Left> {
    let mut found: Vec<UnitStats> = Vec::new();
    for portal in 0..PORTALS {
        found.extend(room.stats(portal_id(portal)?)?);
    }
    let documents: u64 = found.iter().map(|stats| stats.documents).sum();
    ensure!(
        documents == u64::from(COMMITS) && found.len() == units,
        "{documents} documents stand in {} units after {COMMITS} commits",
        found.len()
    );
    let counts = found.iter().map(|stats| stats.segments);
    Ok(Left {
        most: counts.clone().max().unwrap_or(0),
        fewest: counts.clone().min().unwrap_or(0),
        mean: counts.sum::<usize>() as f64 / units as f64,
    })
}
