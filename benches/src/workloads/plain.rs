//! What a search costs in process, part by part, beside the plain ap-1.0 plan over the same texts: the
//! ranking, ten snippets, and suggestions, each on one thread of the server's core.
//!
//! Limits are held against processor time, which the work of others bends least; the wall stands beside
//! it. That the plain plan finds worse is another table's matter (`make relevance`).

use anyhow::{Result, bail};
use serde_json::json;

use super::search::Floor;
use crate::clocks::Timed;
use crate::collection::write_lines;
use crate::floor::engine::Built;
use crate::floor::parts::Parts;
use crate::floor::plain::{Page, PlainMeasured};
use crate::limit::{Judged, Limit, unlimited};
use crate::out;
use crate::process::Watch;
use crate::report::{Report, Section, foreign, ms};
use crate::run::{Bench, output_of};
use crate::server::Server;

/// A whole search's ranking.
const RANKING: Limit = Limit::AtMost(1.0);
/// What ten snippets add.
const SNIPPETS: Limit = Limit::AtMost(0.5);
/// A list of suggestions.
const SUGGEST: Limit = Limit::AtMost(0.3);

pub(crate) fn run(bench: &Bench, server: &Server, report: &mut Report) -> Result<()> {
    let room = Floor::prepare(bench, server)?;
    let built = build(bench)?;
    out::progress("measuring: search in process, beside the plain plan");
    let watch = Watch::begin(&[server.pid()]);
    let (mut cairn, mut plain): (Vec<Parts>, Vec<PlainMeasured>) = Default::default();
    for _ in 0..bench.options.runs {
        plain.push(output_of(
            bench
                .floor("floor-plain")?
                .arg("--dir")
                .arg(dir(bench))
                .arg("--queries")
                .arg(Floor::queries(bench)),
        )?);
        cairn.push(output_of(
            room.ask(&mut bench.floor("floor-parts")?, bench),
        )?);
    }
    let foreign_share = watch.foreign();
    if plain[0].marked == 0 || cairn[0].marked == 0 {
        bail!("no snippet marks a word: what was measured is no snippet");
    }
    let of = |pick: fn(&Parts) -> Timed| Timed::median(&cairn.iter().map(pick).collect::<Vec<_>>());
    let floor = |pick: fn(&PlainMeasured) -> Timed| {
        Timed::median(&plain.iter().map(pick).collect::<Vec<_>>())
    };
    let (ranking, snippets) = (of(|p| p.ranking), of(|p| p.snippets));
    let (suggest, typing) = (of(|p| p.suggest), of(|p| p.typing));
    let base = floor(|p| p.ranking);
    let base_snippets = floor(|p| p.snippets);
    let p99 = |what: &str, one: Timed, limit| {
        let name = format!("{what}, processor p99 to the plain ranking's");
        Judged::new(name, one.cpu.p99, base.cpu.p99, limit)
    };
    let judged = [
        p99("ranking", ranking, RANKING),
        p99("ten snippets", snippets, SNIPPETS),
        p99("suggestions, whole queries", suggest, SUGGEST),
        p99("suggestions, while typing", typing, SUGGEST),
    ];
    let to_snippets = Judged::new(
        "ten snippets, mean processor time to the plain plan's ten snippets",
        snippets.cpu_mean,
        base_snippets.cpu_mean,
        SNIPPETS,
    );
    let none = || unlimited(String::new());
    report.print(&Section {
        title: "Search in process, beside the plain ap-1.0 plan, ms",
        columns: &[
            "what", "CPU p50", "CPU p99", "CPU mean", "wall p50", "wall p99", "p99 ratio", "limit",
        ],
        rows: vec![
            row("ranking of ten", ranking, judged[0].cells()),
            row("what ten snippets add", snippets, judged[1].cells()),
            row("suggestions, whole queries", suggest, judged[2].cells()),
            row("suggestions, while typing", typing, judged[3].cells()),
            row("search with ten snippets", of(|p| p.whole), none()),
            row("plain ap-1.0, ranking of ten", base, unlimited("1".to_owned())),
            row("plain ap-1.0, its ten snippets", base_snippets, none()),
        ],
        notes: vec![
            format!(
                "{} queries of all kinds, each once a run, after a round that warms up. Ratios are CPU p99 to that of the plain ranking.",
                bench.collection.queries.len()
            ),
            format!(
                "Read as the mean cost of ten snippets to that of the plain plan's ten: {} ({}).",
                to_snippets.ratio(),
                to_snippets.verdict()
            ),
            format!(
                "Nothing found: Cairn {}, plain {}. Snippets that mark a word: Cairn {} of {}, plain {} of {}.",
                cairn[0].empty,
                plain[0].empty,
                cairn[0].marked,
                cairn[0].shown,
                plain[0].marked,
                plain[0].shown
            ),
            format!(
                "The plain index: {:.1} MB, built in {:.1} s, one segment.",
                built.bytes as f64 / 1e6,
                built.seconds
            ),
            foreign(foreign_share),
        ],
    });
    report.judge(judged);
    report.judge([to_snippets]);
    report.keep(
        "beside_the_plain_plan",
        json!({"cairn": cairn, "plain": plain, "plain_index": built, "foreign": foreign_share}),
    )
}

fn row(what: &str, timed: Timed, ends: [String; 2]) -> Vec<String> {
    let mut row = vec![
        what.to_owned(),
        ms(timed.cpu.p50),
        ms(timed.cpu.p99),
        ms(timed.cpu_mean),
        ms(timed.wall.p50),
        ms(timed.wall.p99),
    ];
    row.extend(ends);
    row
}

/// Where the plain index stands.
pub(super) fn dir(bench: &Bench) -> std::path::PathBuf {
    bench.scratch.join("plain")
}

/// Builds the plain index of the collection.
pub(super) fn build(bench: &Bench) -> Result<Built> {
    out::progress("building the plain index");
    let texts = bench.scratch.join("plain.jsonl");
    let pages = bench.collection.articles.iter().map(|article| Page {
        id: article.source_id.clone(),
        title: article.title.clone(),
        body: article.body.trim().to_owned(),
    });
    write_lines(&texts, pages)?;
    let mut command = bench.floor("floor-plain")?;
    command
        .arg("--dir")
        .arg(dir(bench))
        .arg("--texts")
        .arg(texts);
    output_of(&mut command)
}
