//! Search in process at some 70,000, 250,000 and 1,000,000 sections, made of copies of the collection, and
//! what bounds it. Only when it is named: the largest index takes minutes and a gigabyte.

use anyhow::Result;
use serde_json::json;

use crate::clocks::Timed;
use crate::collection::write_lines;
use crate::floor::curve::CurveBuilt;
use crate::floor::parts::Parts;
use crate::out;
use crate::process::Watch;
use crate::report::{Report, Section, foreign, ms, percent, ratio};
use crate::room::{CutArticle, cut};
use crate::run::{Bench, LOCALE, output_of};

const SECTIONS: [usize; 3] = [70_000, 250_000, 1_000_000];
/// Any portal: the index stands apart.
const CURVE_PORTAL: &str = "00000000-0000-7000-8000-000000000001";
/// From this share of wall time on the processor on, the processor is what bounds a search.
const BOUND_BY_CPU: f64 = 0.9;

/// One point of the curve.
struct Point {
    built: CurveBuilt,
    ranking: Timed,
    whole: Timed,
    suggest: Timed,
    last: Parts,
}

pub(crate) fn run(bench: &Bench, report: &mut Report) -> Result<()> {
    let texts = bench.scratch.join("curve.jsonl");
    let articles = bench.collection.articles.iter().map(|article| CutArticle {
        title: article.title.clone(),
        sections: cut(&article.body),
    });
    write_lines(&texts, articles)?;
    let queries = bench.scratch.join("queries.txt");
    std::fs::write(&queries, bench.collection.queries.join("\n"))?;
    let watch = Watch::begin(&[]);
    let mut points = Vec::new();
    for sections in SECTIONS {
        points.push(point(bench, sections)?);
    }
    let foreign_share = watch.foreign();
    print(bench, report, &points, foreign_share);
    let kept: Vec<_> = points
        .iter()
        .map(|p| json!({"built": p.built, "ranking": p.ranking, "whole": p.whole, "suggest": p.suggest, "last_run": p.last}))
        .collect();
    report.keep("curve", json!({"points": kept, "foreign": foreign_share}))
}

/// Builds an index, measures it in a process of its own, removes it.
fn point(bench: &Bench, sections: usize) -> Result<Point> {
    let dir = bench.scratch.join("curve");
    out::progress(&format!("building an index of {sections} sections"));
    let mut command = bench.floor("floor-curve")?;
    command
        .arg("--texts")
        .arg(bench.scratch.join("curve.jsonl"))
        .arg("--index")
        .arg(&dir)
        .args(["--sections", &sections.to_string()])
        .args(["--portal", CURVE_PORTAL, "--locale", LOCALE]);
    let built: CurveBuilt = output_of(&mut command)?;
    out::progress("measuring it");
    let mut parts = Vec::new();
    for _ in 0..bench.options.runs {
        let mut command = bench.floor("floor-parts")?;
        command
            .arg("--index")
            .arg(&dir)
            .args(["--portal", CURVE_PORTAL, "--locale", LOCALE])
            .arg("--queries")
            .arg(bench.scratch.join("queries.txt"));
        parts.push(output_of::<Parts>(&mut command)?);
    }
    std::fs::remove_dir_all(&dir)?;
    let of = |pick: fn(&Parts) -> Timed| Timed::median(&parts.iter().map(pick).collect::<Vec<_>>());
    Ok(Point {
        built,
        ranking: of(|p| p.ranking),
        whole: of(|p| p.whole),
        suggest: of(|p| p.suggest),
        last: parts.swap_remove(parts.len() - 1),
    })
}

fn print(bench: &Bench, report: &Report, points: &[Point], foreign_share: f64) {
    let rows = points.iter().map(|p| {
        vec![
            format!(
                "{} sections of {} articles",
                p.built.sections, p.built.articles
            ),
            ms(p.ranking.cpu.p50),
            ms(p.ranking.cpu.p99),
            ms(p.whole.wall.p50),
            ms(p.whole.wall.p99),
            ms(p.suggest.cpu.p99),
            format!("{:.0}", p.built.bytes as f64 / 1e6),
            format!("{:.0}", p.last.memory.rss_mb),
            format!("{:.0}", p.last.memory.anonymous_mb),
            format!("{:.0}", p.built.seconds),
            percent(p.whole.cpu_mean / p.whole.wall_mean),
        ]
    });
    let rows = rows.collect();
    let mut notes = vec![
        format!(
            "{} queries, each once a run, one thread, ten hits; whole is with ten snippets. Copies share their words: lists grow, the dictionary hardly does.",
            bench.collection.queries.len()
        ),
        "RSS holds the mapped index files that were read, anonymous is what the program keeps; on CPU is the share of a whole search's time that it computes.".to_owned(),
    ];
    notes.extend(points.windows(2).map(|pair| growth(&pair[0], &pair[1])));
    notes.extend(points.last().map(bound));
    notes.push(foreign(foreign_share));
    report.print(&Section {
        title: "Search as the collection grows, in process",
        columns: &[
            "index of",
            "ranking CPU p50",
            "p99",
            "whole p50",
            "p99",
            "suggest CPU p99",
            "MB",
            "RSS",
            "anonymous",
            "build s",
            "on CPU",
        ],
        rows,
        notes,
    });
}

fn growth(from: &Point, to: &Point) -> String {
    let of = |pick: &dyn Fn(&Point) -> f64| ratio(pick(to), pick(from));
    format!(
        "To {} sections ({} times): ranking CPU p50 {}, p99 {}, index {}, resident {} times.",
        to.built.sections,
        of(&|p| p.built.sections as f64),
        of(&|p| p.ranking.cpu.p50),
        of(&|p| p.ranking.cpu.p99),
        of(&|p| p.built.bytes as f64),
        of(&|p| p.last.memory.rss_mb),
    )
}

/// What bounds the largest: from the numbers, no guess.
fn bound(point: &Point) -> String {
    let share = point.whole.cpu_mean / point.whole.wall_mean;
    let faults = point.last.major_faults;
    let by = match (share >= BOUND_BY_CPU, faults) {
        (true, _) => "the processor",
        (false, 0) => "the wait for a processor that others have",
        (false, _) => "the wait for pages from the disk",
    };
    format!(
        "What bounds the largest: {by} ({} of a search on the processor, {faults} pages waited for in the last run).",
        percent(share)
    )
}
