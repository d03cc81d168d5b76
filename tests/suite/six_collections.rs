//! Six real help centers in one portal, through the real program: the CLI brings them in, REST is
//! asked every judged query, and a second import changes nothing.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use cairn_service::address::encode;
use cairn_tests::process::{Home, Server, free_port};
use cairn_tests::{say, unpacked_collection};
use reqwest::Method;
use serde_json::Value;

use crate::kill::writers::Door;
use crate::relevance::{Judgements, floors, judgements, ndcg, queries};

/// Locale and number of articles of each.
pub(crate) const COLLECTIONS: [(&str, &str, u64); 6] = [
    ("helpcenter-en", "en", 8_471),
    ("helpcenter-de", "de", 886),
    ("helpcenter-fr", "fr", 846),
    ("helpcenter-pt", "pt", 299),
    ("helpcenter-ja", "ja", 299),
    ("helpcenter-zh", "zh", 299),
];
pub(crate) const PORTAL: &str = "world";
/// Queries under way at once.
const AT_ONCE: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes: make test-all runs it"]
async fn six_help_centers_in_one_portal_are_whole_and_found() {
    let into = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let folders = COLLECTIONS.map(|(name, ..)| unpacked_collection(name, into));
    if folders.iter().any(Option::is_none) {
        return;
    }
    let home = Home::new("six");
    let mut server = Server::start(&home, free_port());
    let (ready, _) = server.ready().await.expect("the server starts");
    let door = Arc::new(Door {
        http: crate::kill::http(),
        url: ready.url,
        key: ready.api_key.expect("a first start prints a key"),
    });

    let mut totals = [0; 3];
    for (round, word) in ["created", "unchanged"].into_iter().enumerate() {
        for ((name, locale, count), folder) in COLLECTIONS.iter().zip(&folders) {
            let folder = folder.as_ref().expect("all are here").join("md");
            let report = import(&home, &folder, locale).await;
            assert_eq!(report[word], *count, "{name}: {report}");
            assert_eq!(report["failed"], 0, "{name}: {report}");
            assert_eq!(report["conflicts"], 0, "{name}: {report}");
            totals[round] += report[word].as_u64().unwrap_or_default();
        }
    }
    say(&format!(
        "six collections in one portal: created {}, then unchanged {}, failed 0",
        totals[0], totals[1]
    ));
    assert_eq!(totals[..2], [11_100, 11_100]);
    let verified = home.run(&["verify-index", "--json"]).await;
    let verified: Value =
        serde_json::from_slice(&verified.stdout).expect("verify-index answers JSON");
    for fault in ["missing", "extra", "stale", "duplicate"] {
        assert_eq!(verified[fault], 0, "{verified}");
    }

    let floors = floors();
    for ((name, locale, _), folder) in COLLECTIONS.iter().zip(&folders) {
        let folder = folder.as_ref().expect("all are here");
        let began = Instant::now();
        let (queries, judged) = (queries(folder), judgements(folder));
        let count = queries.len();
        let found = ask(&door, locale, queries, judged).await;
        let floor = floors[*name].1;
        say(&format!(
            "{name} in one portal of six through REST: {count} queries, nDCG@10 {found:.4} (floor {floor}), {:.0} s",
            began.elapsed().as_secs_f64()
        ));
        assert!(found >= floor, "{name}: {found:.4} is below {floor}");
    }
    let status = server.stop().await.expect("the server stops");
    assert!(status.success(), "{status}");
}

/// One import through the control socket, and its report.
async fn import(home: &Home, folder: &Path, locale: &str) -> Value {
    let folder = folder.to_str().expect("the folder has a plain name");
    let args = [
        "import", folder, "--portal", PORTAL, "--locale", locale, "--json",
    ];
    let output = home.run(&args).await;
    let text = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(text.lines().last().unwrap_or_default()).unwrap_or_else(|_| {
        panic!(
            "{}: {text}{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        )
    })
}

/// Asks every judged query and gives the mean nDCG@10.
async fn ask(
    door: &Arc<Door>,
    locale: &str,
    queries: Vec<(String, String)>,
    judged: Judgements,
) -> f64 {
    let judged = Arc::new(judged);
    let queries: Arc<Vec<_>> = Arc::new(
        queries
            .into_iter()
            .filter(|(id, _)| judged.contains_key(id))
            .collect(),
    );
    let mut tasks = tokio::task::JoinSet::new();
    for first in 0..AT_ONCE {
        let (door, judged, queries) = (Arc::clone(door), Arc::clone(&judged), Arc::clone(&queries));
        let locale = locale.to_owned();
        tasks.spawn(async move {
            let mut sum = 0.0;
            for (id, text) in queries.iter().skip(first).step_by(AT_ONCE) {
                let path = format!(
                    "/search?portal={PORTAL}&locale={locale}&limit=10&q={}",
                    encode(text)
                );
                let page = door.request(Method::GET, &path).send().await;
                let page: Value = match page {
                    Ok(page) => page.json().await.expect("a page of hits"),
                    Err(error) => panic!("{path}: {error}"),
                };
                let hits = page["items"].as_array().expect("items");
                let ranked: Vec<_> = hits
                    .iter()
                    .map(|hit| hit["source_id"].as_str().unwrap_or_default())
                    .collect();
                sum += ndcg(&ranked, &judged[id]);
            }
            sum
        });
    }
    let sum: f64 = tasks.join_all().await.into_iter().sum();
    #[expect(clippy::cast_precision_loss, reason = "a few thousand queries")]
    let count = queries.len() as f64;
    sum / count
}
