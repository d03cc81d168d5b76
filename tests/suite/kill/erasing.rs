//! The real program, killed with SIGKILL right after an erasure was acknowledged: the next start
//! finishes it, and what it then says is true of its files.

use std::path::Path;
use std::time::{Duration, Instant};

use cairn_search::{SearchConfig, SearchRoom};
use cairn_tests::process::{Home, Server, free_port};
use cairn_tests::say;
use reqwest::Method;
use serde_json::{Value, json};

use super::chance::Chance;
use super::folder::Folder;
use super::writers::Door;
use super::{TURN, http};

/// Articles beside those that are erased.
const BESIDE: usize = 300;
/// How long an erasure may take after a start.
const FINISHED_MAX: Duration = Duration::from_secs(60);
/// Two words no other text holds: one is erased over REST and a kill, one by the command.
const SECRETS: [&str; 2] = ["zyxwsecret4711", "vutssecret4712"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erasure_outlives_a_kill_and_is_true_of_the_files_when_it_says_finished() {
    let _turn = TURN.lock().await;
    let home = Home::new("kill-erasing");
    let mut chance = Chance::new(4711);
    let dir = home.path("folder");
    Folder::generated(&dir, BESIDE, &mut chance);
    for secret in SECRETS {
        let text = format!(
            "---\nid: {secret}\ntitle: About {secret}\ntags: [{secret}]\n---\nIt says {secret}.\n"
        );
        std::fs::write(dir.join(format!("{secret}.md")), text).expect("the home takes files");
    }
    let port = free_port();
    let mut server = Server::start(&home, port);
    let (ready, _) = server.ready().await.expect("it starts");
    let portal = ready.portal.clone().expect("a portal");
    let imported = home
        .run(&[
            "import",
            path(&dir),
            "--portal",
            &portal,
            "--locale",
            "en",
            "--json",
        ])
        .await;
    assert!(imported.status.success(), "{imported:?}");
    let door = Door {
        http: http(),
        url: ready.url.clone(),
        key: ready.api_key.clone().expect("a key"),
    };
    let [first, second] = [
        find(&door, &portal, SECRETS[0]).await,
        find(&door, &portal, SECRETS[1]).await,
    ];

    let asked = door
        .request(Method::POST, &format!("/articles/{first}/purges"))
        .json(&json!({"message": "asked for"}))
        .send()
        .await
        .expect("an answer");
    // Acknowledged, and dead before anybody could finish it.
    server.kill(true).await;
    assert_eq!(asked.status(), 201);
    let erasure: Value = asked.json().await.expect("JSON");
    assert_eq!(erasure["finished_at"], Value::Null);

    let mut server = Server::start(&home, port);
    server.ready().await.expect("it starts again");
    let id = erasure["id"].as_str().expect("an id");
    let since = Instant::now();
    while !door.get(&format!("/purges/{id}")).await["finished_at"].is_string() {
        assert!(since.elapsed() < FINISHED_MAX, "{}", home.log_tail());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    say(&format!(
        "kill erasing: finished {:.1} s after the start",
        since.elapsed().as_secs_f64()
    ));

    // The command waits, and says what it saw.
    let purged = home
        .run(&[
            "purge",
            "article",
            &second,
            "--message",
            "asked for",
            "--json",
        ])
        .await;
    assert!(purged.status.success(), "{purged:?}");
    let told: Value = serde_json::from_slice(&purged.stdout).expect("one line of JSON");
    assert!(told["finished_at"].is_string(), "{told}");
    let again = home
        .run(&["purge", "article", &second, "--message", "once more"])
        .await;
    assert!(!again.status.success());
    assert!(
        String::from_utf8_lossy(&again.stderr).contains("was erased"),
        "{again:?}"
    );
    // An import of the same files brings nothing back.
    let imported = home
        .run(&[
            "import",
            path(&dir),
            "--portal",
            &portal,
            "--locale",
            "en",
            "--json",
        ])
        .await;
    let imported: Value = serde_json::from_slice(&imported.stdout).expect("one line of JSON");
    assert_eq!(
        (&imported["failed"], &imported["created"]),
        (&json!(2), &json!(0)),
        "{imported}"
    );
    let status = server.stop().await.expect("it stops");
    assert!(status.success());

    let index = home.data_dir().join("index");
    let room = SearchRoom::open(&index, SearchConfig::default()).expect("the index opens");
    let portals = std::fs::read_dir(&index).expect("a directory").flatten();
    let portals: Vec<_> = portals
        .filter_map(|e| e.file_name().to_str()?.parse().ok())
        .collect();
    assert!(!portals.is_empty());
    for portal in portals {
        for secret in SECRETS {
            let traces = room.traces(portal, secret).expect("the index is read");
            assert!(traces.is_empty(), "{traces:?}");
        }
    }
}

fn path(dir: &Path) -> &str {
    dir.to_str()
        .expect("temporary directories have plain names")
}

async fn find(door: &Door, portal: &str, secret: &str) -> String {
    let found = door
        .get(&format!("/articles?portal={portal}&source_id={secret}"))
        .await;
    let id = found["items"][0]["id"].as_str();
    id.unwrap_or_else(|| panic!("{found}")).to_owned()
}
