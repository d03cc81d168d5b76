//! The judged collections through the room, against the floors of `index/relevance/floors.toml`.
//!
//! Documents are indexed as the service hands them over. Where the shared measuring ground is missing the test says so and passes.
#![expect(clippy::print_stderr, reason = "the table is what one runs this for")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use cairn_search::relevance::{Qrels, ndcg_at, recall_at, reciprocal_rank};
use cairn_search::{Face, IndexDocument, SearchRequest, SearchRoom, SectionText};
use serde_json::Value;

use crate::support::{PORTAL, at, collection, document, locale, open, published, request};

#[derive(serde::Deserialize)]
struct Floors {
    collections: BTreeMap<String, Floor>,
}

#[derive(serde::Deserialize)]
struct Floor {
    locale: String,
    ndcg_at_10: f64,
    #[serde(default)]
    kinds: BTreeMap<String, f64>,
}

struct Query {
    id: String,
    text: String,
    kind: String,
}

/// A document of a collection, as the product would index it.
struct Judged {
    id: String,
    title: String,
    body: String,
    /// The file without its ending.
    stem: String,
    /// The topic above all, then the one below it.
    topics: Vec<String>,
}

fn documents(folder: &Path) -> Vec<Judged> {
    let field = |v: &Value, name: &str| v[name].as_str().unwrap_or_default().to_owned();
    // The Markdown folder where there is one: it tells paths and topics.
    if !folder.join("md").is_dir() {
        return fs::read_to_string(folder.join("docs.jsonl"))
            .expect("documents")
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).expect("a JSON line"))
            .map(|v| Judged {
                id: field(&v, "id"),
                title: field(&v, "title"),
                body: field(&v, "body"),
                stem: String::new(),
                topics: Vec::new(),
            })
            .collect();
    }
    let mut files = Vec::new();
    let mut folders = vec![folder.join("md")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of Markdown") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path)
            } else {
                files.push(path)
            }
        }
    }
    files.sort();
    files
        .into_iter()
        .map(|path| {
            let text = fs::read_to_string(&path).expect("a Markdown file");
            let (head, body) = text[4..].split_once("\n---\n").expect("front matter");
            let value = |name: &str| {
                head.lines()
                    .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
                    .map(|json| serde_json::from_str::<String>(json).expect("a JSON string"))
                    .unwrap_or_default()
            };
            let mut topics = vec![value("category")];
            topics.extend(value("section").split('/').map(str::to_owned));
            topics.retain(|topic| !topic.is_empty());
            Judged {
                id: value("id"),
                title: value("title"),
                body: body.trim().to_owned(),
                stem: path
                    .file_stem()
                    .map(|s| s.to_string_lossy().into_owned())
                    .unwrap_or_default(),
                topics,
            }
        })
        .collect()
}

/// The document that the service would hand over.
fn indexed(n: u128, judged: &Judged, tag: &str) -> IndexDocument {
    let words = |text: &str| {
        let words = text.split(|c: char| !c.is_alphanumeric());
        let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
        words.join(" ")
    };
    let mut d = document(n, &judged.title, &judged.body);
    // The collections without a folder are plain text.
    if !judged.stem.is_empty() {
        let sections = cairn_markdown::sections(&judged.body).expect("sections");
        d.sections = sections
            .into_iter()
            .map(|s| SectionText {
                heading: s.heading,
                heading_path: s.heading_path,
                anchor: s.anchor,
                text: s.text,
            })
            .collect();
        let anchors = cairn_markdown::anchors(&judged.body).unwrap_or_default();
        d.anchor_words = words(&anchors.join(" "));
    }
    d.address_words = words(&judged.stem);
    d.category_names = judged.topics.iter().rev().cloned().collect();
    d.source_id = Some(judged.id.clone());
    d.locale = locale(tag);
    d
}

fn queries(folder: &Path) -> Vec<Query> {
    fs::read_to_string(folder.join("queries.dev.jsonl"))
        .expect("queries")
        .lines()
        .map(|line| {
            let v: Value = serde_json::from_str(line).expect("a JSON line");
            Query {
                id: v["id"].as_str().expect("an id").to_owned(),
                text: v["text"].as_str().expect("a text").to_owned(),
                kind: v["kind"].as_str().unwrap_or("all").to_owned(),
            }
        })
        .collect()
}

fn build(room: &SearchRoom, documents: &[Judged], tag: &str) -> Duration {
    let started = Instant::now();
    let mut generation = room.begin_generation(PORTAL).expect("begin");
    for (chunk_at, chunk) in documents.chunks(500).enumerate() {
        let changes: Vec<_> = chunk
            .iter()
            .enumerate()
            .map(|(i, judged)| published(indexed((chunk_at * 500 + i + 1) as u128, judged, tag)))
            .collect();
        generation.add(&changes).expect("add");
    }
    generation.finish(at(1)).expect("finish");
    started.elapsed()
}

fn percentile(times: &mut [Duration], share: f64) -> f64 {
    times.sort_unstable();
    let at = ((times.len() as f64 * share) as usize).min(times.len() - 1);
    times[at].as_secs_f64() * 1e3
}

fn judge(name: &str) {
    let Some(folder) = collection(name) else {
        eprintln!("{name}: the shared collections are not at hand, nothing was judged");
        return;
    };
    let floors_path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../index/relevance/floors.toml");
    let floors: Floors =
        toml::from_str(&fs::read_to_string(floors_path).expect("floors")).expect("floors");
    let floor = &floors.collections[name];
    let documents = documents(&folder);
    let queries = queries(&folder);
    let qrels = Qrels::parse(&fs::read_to_string(folder.join("qrels.dev.tsv")).expect("qrels"))
        .expect("qrels");

    let dir = tempfile::tempdir().expect("a directory");
    let room = open(dir.path());
    let built = build(&room, &documents, &floor.locale);
    let ask = |text: &str, limit: usize, snippets: bool| SearchRequest {
        locales: vec![locale(&floor.locale)],
        limit,
        snippets,
        ..request(Face::Public, text)
    };

    let mut by_kind: BTreeMap<&str, (f64, f64, f64, usize)> = BTreeMap::new();
    let (mut nothing, mut slips) = (0, 0);
    for query in &queries {
        let Some(grades) = qrels.of(&query.id) else {
            continue;
        };
        let answer = room
            .search(&ask(&query.text, 100, false))
            .expect("an answer");
        slips += usize::from(query.kind == "typo");
        if answer.total == 0 {
            nothing += 1;
        }
        let ranked: Vec<&str> = answer
            .hits
            .iter()
            .filter_map(|h| h.source_id.as_deref())
            .collect();
        for kind in [query.kind.as_str(), "ALL"] {
            let sum = by_kind.entry(kind).or_default();
            sum.0 += ndcg_at(10, &ranked, grades);
            sum.1 += recall_at(10, &ranked, grades);
            sum.2 += reciprocal_rank(&ranked, grades);
            sum.3 += 1;
        }
    }

    // The best of five for each query: a busy machine adds to a time, it never takes away.
    let (mut bare, mut shown) = (Vec::new(), Vec::new());
    for query in queries.iter().step_by((queries.len() / 300).max(1)) {
        for (times, snippets) in [(&mut bare, false), (&mut shown, true)] {
            let best = (0..5).map(|_| {
                let started = Instant::now();
                room.search(&ask(&query.text, 10, snippets))
                    .expect("an answer");
                started.elapsed()
            });
            times.push(best.min().expect("five times"));
        }
    }
    assert!(
        nothing * 200 < slips.max(200),
        "{name}: {nothing} queries found nothing"
    );
    let stats = room.stats(PORTAL).expect("stats");
    eprintln!(
        "{name}: {} documents in {:.2} s ({:.0}/s), {} segments, {:.1} MB; search of 10: p50 {:.2} p99 {:.2} ms, with snippets: p50 {:.2} p99 {:.2} ms; nothing found: {nothing}",
        documents.len(),
        built.as_secs_f64(),
        documents.len() as f64 / built.as_secs_f64(),
        stats[0].segments,
        stats[0].bytes as f64 / 1e6,
        percentile(&mut bare, 0.5),
        percentile(&mut bare, 0.99),
        percentile(&mut shown, 0.5),
        percentile(&mut shown, 0.99),
    );
    for (kind, (ndcg, recall, mrr, n)) in &by_kind {
        let n_f = *n as f64;
        eprintln!(
            "{name} {kind:9} n={n:5} nDCG@10={:.4} R@10={:.4} MRR={:.4}",
            ndcg / n_f,
            recall / n_f,
            mrr / n_f
        );
    }
    let mean = |kind: &str| {
        by_kind
            .get(kind)
            .map_or(0.0, |(ndcg, _, _, n)| ndcg / *n as f64)
    };
    assert!(
        mean("ALL") >= floor.ndcg_at_10,
        "{name}: {:.4} is below {}",
        mean("ALL"),
        floor.ndcg_at_10
    );
    for (kind, least) in &floor.kinds {
        assert!(
            mean(kind) >= *least,
            "{name} {kind}: {:.4} is below {least}",
            mean(kind)
        );
    }
}

macro_rules! collections {
    ($($test:ident: $name:literal,)*) => {
        $(#[test]
        fn $test() {
            judge($name);
        })*

        #[test]
        fn every_floor_is_judged() {
            let names = [$($name),*];
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../index/relevance/floors.toml");
            let floors: Floors = toml::from_str(&fs::read_to_string(path).expect("floors")).expect("floors");
            assert_eq!(floors.collections.len(), names.len());
            assert!(names.iter().all(|n| floors.collections.contains_key(*n)));
        }
    };
}

collections! {
    helpcenter_en_holds_its_floor: "helpcenter-en",
    helpcenter_de_holds_its_floor: "helpcenter-de",
    helpcenter_fr_holds_its_floor: "helpcenter-fr",
    helpcenter_pt_holds_its_floor: "helpcenter-pt",
    helpcenter_ja_holds_its_floor: "helpcenter-ja",
    helpcenter_zh_holds_its_floor: "helpcenter-zh",
    scifact_holds_its_floor: "scifact",
    stackfaq_holds_its_floor: "stackfaq",
    cranfield_holds_its_floor: "cranfield",
    cisi_holds_its_floor: "cisi",
}
