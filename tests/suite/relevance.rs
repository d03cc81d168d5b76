//! The floors of `index/relevance/`, measured through REST on the judged collections.
//!
//! helpcenter-en runs whole on every run, all 8,471 articles and 4,001 queries; the other
//! collections in `make test-all`. A floor rises only in the commit that earned it.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use cairn_service::address::encode;
use cairn_service::articles::{self, ImportBatch, ImportItem, ImportResult};
use cairn_tests::{TestApp, read, root, say, unpacked_collection};
use serde_json::Value;

/// Articles in one batch; far below the limit of the batch's bytes.
const BATCH: usize = 250;
/// The depth at which a list is judged.
const DEPTH: usize = 10;

/// Query id → document id → gain.
pub(crate) type Judgements = HashMap<String, HashMap<String, f64>>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn helpcenter_en_keeps_its_floor() {
    let imported = keeps_its_floor("helpcenter-en").await;
    assert!(
        imported.is_none_or(|n| n == 8_471),
        "{imported:?} articles came in"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes; make test-all runs it"]
async fn every_other_collection_keeps_its_floor() {
    let floors = floors();
    for name in floors.keys().filter(|n| *n != "helpcenter-en") {
        keeps_its_floor(name).await;
    }
}

/// Locale and least nDCG@10 through REST of each collection.
pub(crate) fn floors() -> HashMap<String, (String, f64)> {
    let table: toml::Table = read(&root().join("index/relevance/floors.toml"))
        .parse()
        .expect("floors.toml is TOML");
    let collections = table["collections"].as_table().expect("collections");
    let floor = |entry: &toml::Value| {
        let locale = entry["locale"].as_str().expect("a locale").to_owned();
        let least = entry.get("through_rest").unwrap_or(&entry["ndcg_at_10"]);
        (locale, least.as_float().expect("a number"))
    };
    collections
        .iter()
        .map(|(name, entry)| (name.clone(), floor(entry)))
        .collect()
}

/// Imports a collection, asks every query through REST and compares. Gives the number of articles;
/// none when there are no collections here.
async fn keeps_its_floor(name: &str) -> Option<usize> {
    let dir = unpacked_collection(name, Path::new(env!("CARGO_TARGET_TMPDIR")))?;
    let (locale, floor) = floors()
        .get(name)
        .unwrap_or_else(|| panic!("{name} has no floor"))
        .clone();
    let started = Instant::now();
    let app = Arc::new(TestApp::spawn().await);
    app.portal("judged")
        .locales(&[locale.as_str()])
        .create()
        .await;
    let imported = import(&app, documents(&dir, &locale)).await;
    app.settle().await;
    let ready = started.elapsed();
    let (queries, judged) = (queries(&dir), judgements(&dir));
    let count = queries.len();
    let mean = ask(&app, &locale, queries, judged).await;
    say(&format!(
        "{name} through REST: {imported} articles, {count} queries, nDCG@10 {mean:.4} (floor {floor}), {:.0} s to import and index, {:.0} s in all",
        ready.as_secs_f64(),
        started.elapsed().as_secs_f64(),
    ));
    assert!(
        mean >= floor,
        "{name}: nDCG@10 is {mean:.4}, the floor is {floor}"
    );
    Some(imported)
}

/// The documents of a collection, ready to be imported.
fn documents(dir: &Path, locale: &str) -> Vec<ImportItem> {
    let list = dir.join("docs.jsonl");
    // The folder where there is one, as a team would bring it: it tells paths.
    if list.is_file() && !dir.join("md").is_dir() {
        let lines = read(&list);
        let documents = lines
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).expect("a document"));
        return documents
            .map(|d| item(&d, d["body"].as_str().unwrap_or_default(), locale))
            .collect();
    }
    let mut files = Vec::new();
    let mut open = vec![dir.join("md")];
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(&dir).expect("a folder").flatten() {
            let path: PathBuf = entry.path();
            if path.is_dir() {
                open.push(path)
            } else {
                files.push(path)
            }
        }
    }
    files.sort();
    let root = dir.join("md");
    files
        .iter()
        .map(|path| {
            let within = path.strip_prefix(&root).expect("it lies in the folder");
            ImportItem {
                path: Some(within.to_string_lossy().into_owned()),
                ..markdown(path, locale)
            }
        })
        .collect()
}

/// A file whose front matter has one JSON value a line.
fn markdown(path: &Path, locale: &str) -> ImportItem {
    let text = read(path);
    let (head, body) = text
        .strip_prefix("---\n")
        .and_then(|t| t.split_once("\n---\n"))
        .expect("front matter");
    let field = |line: &str| -> Option<(String, Value)> {
        let (key, value) = line.split_once(": ")?;
        Some((key.to_owned(), serde_json::from_str(value).ok()?))
    };
    let fields: serde_json::Map<_, _> = head.lines().filter_map(field).collect();
    item(
        &Value::Object(fields),
        body.trim_start_matches('\n'),
        locale,
    )
}

fn item(document: &Value, body: &str, locale: &str) -> ImportItem {
    let text = |name: &str| document[name].as_str().unwrap_or_default().to_owned();
    let path = [text("category"), text("section")];
    let title = text("title");
    ImportItem {
        source_id: text("id"),
        // Some judged documents have no title; an article must have one.
        title: if title.trim().is_empty() {
            first_words(body)
        } else {
            title.chars().take(255).collect()
        },
        body: body.to_owned(),
        category_path: path
            .iter()
            .flat_map(|p| p.split('/'))
            .map(str::trim)
            .filter(|p| !p.is_empty())
            .map(str::to_owned)
            .collect(),
        locale: locale.to_owned(),
        status: "published".to_owned(),
        ..ImportItem::default()
    }
}

fn first_words(body: &str) -> String {
    let words: Vec<_> = body.split_whitespace().take(8).collect();
    if words.is_empty() {
        "untitled".to_owned()
    } else {
        words.join(" ").chars().take(255).collect()
    }
}

async fn import(app: &Arc<TestApp>, mut items: Vec<ImportItem>) -> usize {
    let mut created = 0;
    let mut n = 0;
    while !items.is_empty() {
        let rest = items.split_off(items.len().min(BATCH));
        let batch = ImportBatch {
            portal: Some("judged".to_owned()),
            items,
            idempotency_key: Some(format!("batch-{n}")),
            ..ImportBatch::default()
        };
        let outcome = articles::import(&app.operator(), batch)
            .await
            .expect("the batch comes in");
        for result in outcome.results {
            match result {
                ImportResult::Created { .. } => created += 1,
                other => panic!("an article did not come in: {other:?}"),
            }
        }
        items = rest;
        n += 1;
    }
    created
}

pub(crate) fn queries(dir: &Path) -> Vec<(String, String)> {
    let text = |v: &Value, name: &str| v[name].as_str().unwrap_or_default().to_owned();
    let lines = read(&dir.join("queries.dev.jsonl"));
    lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("a query"))
        .map(|q| (text(&q, "id"), text(&q, "text")))
        .collect()
}

pub(crate) fn judgements(dir: &Path) -> Judgements {
    let mut judged = Judgements::new();
    for line in read(&dir.join("qrels.dev.tsv")).lines().skip(1) {
        let mut columns = line.split('\t');
        if let (Some(query), Some(document), Some(gain)) =
            (columns.next(), columns.next(), columns.next())
        {
            let gain = gain.trim().parse().unwrap_or(0.0);
            judged
                .entry(query.to_owned())
                .or_default()
                .insert(document.to_owned(), gain);
        }
    }
    judged
}

/// Asks every judged query, two at a time, and gives the mean nDCG@10.
async fn ask(
    app: &Arc<TestApp>,
    locale: &str,
    queries: Vec<(String, String)>,
    judged: Judgements,
) -> f64 {
    let judged = Arc::new(judged);
    let queries: Vec<_> = queries
        .into_iter()
        .filter(|(id, _)| judged.contains_key(id))
        .collect();
    let count = queries.len();
    let halves: Vec<Vec<_>> = {
        let mut first = queries;
        let second = first.split_off(first.len() / 2);
        vec![first, second]
    };
    let mut tasks = tokio::task::JoinSet::new();
    for half in halves {
        let (app, judged, locale) = (Arc::clone(app), Arc::clone(&judged), locale.to_owned());
        tasks.spawn(async move {
            let mut sum = 0.0;
            for (id, text) in half {
                let path = format!(
                    "/search?portal=judged&locale={locale}&limit={DEPTH}&q={}",
                    encode(&text)
                );
                let page = app.rest(&app.key).get(&path).await.expect(200).json();
                let hits = page["items"].as_array().expect("items");
                let ranked: Vec<_> = hits
                    .iter()
                    .map(|h| h["source_id"].as_str().unwrap_or_default())
                    .collect();
                sum += ndcg(&ranked, &judged[&id]);
            }
            sum
        });
    }
    let sum: f64 = tasks.join_all().await.into_iter().sum();
    #[expect(clippy::cast_precision_loss, reason = "a few thousand queries")]
    let count = count as f64;
    sum / count
}

/// nDCG@10 with linear gain, as trec_eval's `ndcg_cut.10`.
pub(crate) fn ndcg(ranked: &[&str], gains: &HashMap<String, f64>) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "ranks below ten")]
    let discounted = |gains: &mut dyn Iterator<Item = f64>| -> f64 {
        gains
            .take(DEPTH)
            .enumerate()
            .map(|(rank, gain)| gain / (rank as f64 + 2.0).log2())
            .sum()
    };
    let mut ideal: Vec<f64> = gains.values().copied().collect();
    ideal.sort_by(|a, b| b.total_cmp(a));
    let best = discounted(&mut ideal.into_iter());
    let found = discounted(
        &mut ranked
            .iter()
            .map(|id| gains.get(*id).copied().unwrap_or(0.0)),
    );
    if best == 0.0 { 0.0 } else { found / best }
}

#[test]
pub(crate) fn ndcg_is_one_for_the_ideal_order_and_less_for_any_other() {
    let gains = HashMap::from([("a".to_owned(), 2.0), ("b".to_owned(), 1.0)]);
    assert!((ndcg(&["a", "b", "c"], &gains) - 1.0).abs() < 1e-9);
    assert!(
        (ndcg(&["c", "a"], &gains) - (2.0 / 3.0_f64.log2()) / (2.0 + 1.0 / 3.0_f64.log2())).abs()
            < 1e-9
    );
    assert!(ndcg(&["c"], &gains).abs() < 1e-9);
}
