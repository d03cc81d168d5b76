//! `cairn import`, the command as people run it, beside a server of its own: again and again over a
//! folder, its archive, and the hostile archives of the corpora.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use cairn_tests::process::{Home, Ready, Server, free_port};
use cairn_tests::{say, shared_dir};
use serde_json::{Value, json};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::kill::http;

/// A server and a folder beside it.
struct Beside {
    home: Home,
    server: Server,
    ready: Ready,
    key: String,
}

impl Beside {
    async fn start(name: &str) -> Self {
        let home = Home::new(name);
        let mut server = Server::start(&home, free_port());
        let (ready, _) = match server.ready().await {
            Ok(ready) => ready,
            Err(why) => panic!("{why}\n{}", home.log_tail()),
        };
        let key = ready.api_key.clone().expect("the first start gives a key");
        Self {
            home,
            server,
            ready,
            key,
        }
    }

    /// `cairn import PATH --json …`: what it printed, and its exit code.
    async fn import(&self, path: &Path, more: &[&str]) -> (Value, i32) {
        let path = path.to_str().expect("a plain name");
        let mut args = vec!["import", path, "--json"];
        args.extend(more);
        let output = self.home.run(&args).await;
        let code = output.status.code().expect("it ended by itself");
        let text = String::from_utf8_lossy(&output.stdout);
        let json = serde_json::from_str(&text)
            .unwrap_or_else(|_| json!({"refused": String::from_utf8_lossy(&output.stderr)}));
        (json, code)
    }

    async fn get(&self, path: &str) -> Value {
        let answer = http()
            .get(format!("{}/api/v1{path}", self.ready.url))
            .header("x-api-key", &self.key)
            .send()
            .await
            .expect("the server answers");
        let text = answer.text().await.expect("text");
        serde_json::from_str(&text).expect("JSON")
    }

    /// Changes an article as an editor would.
    async fn edit(&self, id: &str, change: &Value) {
        let path = format!("{}/api/v1/articles/{id}", self.ready.url);
        let request = || http();
        let read = request().get(&path).header("x-api-key", &self.key);
        let read = read.send().await.expect("the server answers");
        let etag = read.headers()["etag"].clone();
        let changed = request()
            .patch(&path)
            .header("x-api-key", &self.key)
            .header("if-match", etag)
            .header("content-type", "application/json")
            .body(change.to_string());
        let changed = changed.send().await.expect("the server answers");
        assert_eq!(changed.status(), 200);
    }

    /// Number of articles of a portal; none when it is not there.
    async fn count(&self, portal: &str) -> u64 {
        let list = self
            .get(&format!("/articles?portal={portal}&limit=1"))
            .await;
        list["total"].as_u64().unwrap_or(0)
    }

    /// The article with this title.
    async fn article(&self, portal: &str, title: &str) -> Value {
        let list = self
            .get(&format!("/articles?portal={portal}&limit=100"))
            .await;
        let items = list["items"].as_array().expect("items");
        let found = items.iter().find(|item| item["title"] == title);
        found
            .unwrap_or_else(|| panic!("no {title} in {list}"))
            .clone()
    }
}

fn write(dir: &Path, name: &str, bytes: impl AsRef<[u8]>) {
    let path = dir.join(name);
    fs::create_dir_all(path.parent().expect("a folder")).expect("the home takes files");
    fs::write(path, bytes).expect("the home takes files");
}

fn counts(report: &Value) -> [u64; 6] {
    [
        "created",
        "updated",
        "unchanged",
        "failed",
        "conflicts",
        "gone",
    ]
    .map(|key| report[key].as_u64().unwrap_or(u64::MAX))
}

fn zipped(dir: &Path, names: &[&str]) -> Vec<u8> {
    let mut zip = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for name in names {
        zip.start_file(*name, SimpleFileOptions::default())
            .expect("a member");
        let bytes = fs::read(dir.join(name)).expect("the file is there");
        zip.write_all(&bytes).expect("a member");
    }
    zip.finish().expect("an archive").into_inner()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_is_moved_in_again_and_again_until_it_is_left() {
    let beside = Beside::start("import-again").await;
    let dir = beside.home.path("folder/help");
    write(
        &dir,
        "portal.toml",
        "slug = \"moved\"\nname = \"Moved\"\ndefault_locale = \"en\"\n\
         [[categories]]\npath = [\"Guide\"]\nslug = \"the-guide\"\ndescription = \"All of it\"\nposition = 7\n",
    );
    write(
        &dir,
        "en/guide/a.md",
        "---\ntitle: Alpha\ncategory: Guide\n---\n\nfirst ![p](../p.png)\n",
    );
    write(&dir, "de/guide/a.md", "# Alpha auf Deutsch\n");
    write(
        &dir,
        "en/guide/b.md",
        "---\ntitle: Beta\nold_urls: [/hc/1-Beta]\n---\nbeta\n",
    );

    // The first time, with everything the folder says of its portal.
    let (rehearsed, code) = beside.import(&dir, &["--dry-run"]).await;
    assert_eq!(
        (&rehearsed["would_send"], code),
        (&json!(3), 0),
        "{rehearsed}"
    );
    assert_eq!(beside.count("moved").await, 0);
    let (report, code) = beside.import(&dir, &[]).await;
    assert_eq!((counts(&report), code), ([3, 0, 0, 0, 0, 0], 0), "{report}");
    assert_eq!(report["source"], "folder/help");
    assert_eq!(report["warnings"], 1, "the picture is missing: {report}");
    let tree = beside.get("/categories?portal=moved").await;
    assert_eq!(tree["items"][0]["slug"], "the-guide");
    assert_eq!(tree["items"][0]["description"], "All of it");
    let german = beside.article("moved", "Alpha auf Deutsch").await;
    assert_eq!(german["locale"], "de");
    let alpha = beside.article("moved", "Alpha").await;
    assert_eq!(
        alpha["translation_group"], german["translation_group"],
        "parallel paths are translations"
    );

    // Again: nothing to do. And from an archive of the same folder, under the same name.
    let (report, code) = beside.import(&dir, &[]).await;
    assert_eq!((counts(&report), code), ([0, 0, 3, 0, 0, 0], 0), "{report}");
    let names = [
        "portal.toml",
        "en/guide/a.md",
        "de/guide/a.md",
        "en/guide/b.md",
    ];
    let archive = beside.home.path("help.zip");
    fs::write(&archive, zipped(&dir, &names)).expect("the home takes files");
    let (report, code) = beside.import(&archive, &["--source", "folder/help"]).await;
    assert_eq!((counts(&report), code), ([0, 0, 3, 0, 0, 0], 0), "{report}");

    // The file and the article both changed.
    let id = alpha["id"].as_str().expect("an id").to_owned();
    beside.edit(&id, &json!({"body": "changed here"})).await;
    write(
        &dir,
        "en/guide/a.md",
        "---\ntitle: Alpha\ncategory: Guide\n---\n\nchanged there\n",
    );
    let (report, code) = beside.import(&dir, &[]).await;
    assert_eq!((counts(&report), code), ([0, 0, 2, 0, 1, 0], 1), "{report}");
    assert_eq!(report["conflicting"][0]["path"], "en/guide/a.md");
    assert_eq!(report["conflicting"][0]["id"], id.as_str());
    let read = beside.get(&format!("/articles/{id}")).await;
    assert_eq!(read["body"], "changed here");
    let (report, code) = beside.import(&dir, &["--overwrite"]).await;
    assert_eq!((counts(&report), code), ([0, 1, 2, 0, 0, 0], 0), "{report}");
    let read = beside.get(&format!("/articles/{id}")).await;
    assert_eq!(read["body"], "changed there\n");

    // A bad file stops nothing and is not gone.
    write(&dir, "en/guide/a.md", "---\nbroken\n---\n");
    let (report, code) = beside.import(&dir, &[]).await;
    assert_eq!((counts(&report), code), ([0, 0, 2, 1, 0, 0], 1), "{report}");
    assert_eq!(report["errors"][0]["line"], 2);

    // A file that is no longer there.
    fs::remove_file(dir.join("en/guide/b.md")).expect("it was there");
    write(
        &dir,
        "en/guide/a.md",
        "---\ntitle: Alpha\ncategory: Guide\n---\n\nchanged there\n",
    );
    let (report, code) = beside.import(&dir, &[]).await;
    assert_eq!((counts(&report), code), ([0, 0, 2, 0, 0, 1], 0), "{report}");
    assert_eq!(report["gone_files"], json!(["en/guide/b.md"]));
    let (report, code) = beside.import(&dir, &["--prune"]).await;
    assert_eq!((&report["archived"], code), (&json!(1), 0), "{report}");
    assert_eq!(beside.article("moved", "Beta").await["status"], "archived");
    let (report, _) = beside.import(&dir, &["--prune"]).await;
    assert_eq!(
        (counts(&report), &report["archived"]),
        ([0, 0, 2, 0, 0, 0], &json!(0))
    );

    // Another folder is another source: it reports nothing of this one as gone.
    let other = beside.home.path("other");
    write(&other, "x.md", "# X\n");
    let (report, code) = beside
        .import(&other, &["--portal", "moved", "--prune"])
        .await;
    assert_eq!((counts(&report), code), ([1, 0, 0, 0, 0, 0], 0), "{report}");
    beside.server.stop().await.expect("it stops");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_and_old_addresses_come_with_the_articles() {
    let beside = Beside::start("import-files").await;
    let dir = beside.home.path("site");
    let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\0\0\0\nIDATx\x9cc\0\x01\0\0\x05\0\x01\r\n-\xb4\0\0\0\0IEND\xaeB`\x82";
    write(&dir, "a.md", "# A\n![p](img/p.png) [d](data.yml)\n");
    write(&dir, "img/p.png", png);
    write(&dir, "img/same.png", png);
    write(&dir, "data.yml", "a: 1\n");
    write(&dir, "unlinked.yml", "b: 2\n");
    write(
        &dir,
        "redirects.csv",
        "old_url,target\n/hc/9,article:en:a\n/hc/none,article:en:none\n",
    );
    let args = ["--portal", "site", "--locale", "en"];
    let (report, code) = beside.import(&dir, &args).await;
    assert_eq!(counts(&report), [1, 0, 0, 0, 0, 0], "{report}");
    assert_eq!(
        report["files"],
        json!({"uploaded": 2, "unchanged": 1, "failed": 0}),
        "{report}"
    );
    assert_eq!(
        report["redirects"],
        json!({"changed": 1, "unchanged": 0, "failed": 1}),
        "{report}"
    );
    assert_eq!(report["redirect_errors"][0]["path"], "/hc/none");
    assert_eq!(code, 1, "an old address leads nowhere");
    let listed = beside.get("/attachments?portal=site&limit=100").await;
    assert_eq!(listed["items"].as_array().expect("items").len(), 2);
    // Again, nothing is new.
    let (report, _) = beside.import(&dir, &args).await;
    assert_eq!(
        report["files"],
        json!({"uploaded": 0, "unchanged": 3, "failed": 0})
    );
    assert_eq!(report["redirects"]["unchanged"], 1);
    let (report, _) = beside
        .import(&dir, &["--portal", "site", "--no-attachments"])
        .await;
    assert_eq!(report["files"]["unchanged"], 0);
    beside.server.stop().await.expect("it stops");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_that_was_killed_goes_on_when_it_is_run_again() {
    const ARTICLES: u64 = 1_500;
    let beside = Beside::start("import-killed").await;
    let dir = beside.home.path("many");
    for n in 0..ARTICLES {
        let text = format!(
            "---\nid: n{n}\ncategory: C{}\n---\n# Article {n}\n\n{n}\n",
            n % 7
        );
        write(&dir, &format!("{n}.md"), text);
    }
    let args = ["--portal", "many", "--locale", "en"];
    let mut killed = 0;
    for _ in 0..3 {
        let mut command = beside.home.command(&["import"]);
        command
            .arg(&dir)
            .args(args)
            .arg("--data-dir")
            .arg(beside.home.data_dir());
        let mut child = command.spawn().expect("the program starts");
        let before = beside.count("many").await;
        // It dies once it has brought something new, or ends because everything is there.
        while beside.count("many").await == before && matches!(child.try_wait(), Ok(None)) {}
        killed += u64::from(matches!(child.try_wait(), Ok(None)));
        child.kill().await.ok();
    }
    let (report, code) = beside.import(&dir, &args).await;
    let [created, updated, unchanged, failed, conflicts, gone] = counts(&report);
    assert_eq!(
        (updated, failed, conflicts, gone, code),
        (0, 0, 0, 0, 0),
        "{report}"
    );
    assert_eq!(created + unchanged, ARTICLES);
    assert_eq!(beside.count("many").await, ARTICLES);
    assert!(
        killed > 0,
        "every import was over before it could be killed"
    );
    let (report, _) = beside.import(&dir, &args).await;
    assert_eq!(counts(&report), [0, 0, ARTICLES, 0, 0, 0]);
    beside.server.stop().await.expect("it stops");
}

/// What the manifest of the hostile archives allows, and what is imported of each: the number of
/// articles.
const HOSTILE: [(&str, u64); 27] = [
    ("ratio_1000_100MiB.zip", 0),
    ("nested_10x10MiB.zip", 0),
    ("members_100k.zip", 0),
    ("overlap_2000x8MiB.zip", 0),
    ("name_0.zip", 0),
    ("name_1.zip", 0),
    ("name_2.zip", 0),
    ("name_3.zip", 0),
    ("name_4.zip", 0),
    ("name_5.zip", 0),
    ("name_6.zip", 0),
    ("name_7.zip", 0),
    ("name_8.zip", 0),
    ("name_9.zip", 0),
    ("dup_nfc_nfd.zip", 2),
    ("dup_same.zip", 0),
    ("dup_case.zip", 2),
    ("symlink.zip", 0),
    ("truncated.zip", 0),
    ("bad_crc.zip", 0),
    ("encrypted_flag.zip", 0),
    ("lying_size.zip", 0),
    ("bad_utf8_body.zip", 0),
    ("utf16_body.zip", 0),
    ("yaml_bomb.zip", 0),
    ("huge_front_matter.zip", 0),
    ("ok_3.zip", 3),
];

/// Makes the hostile archives.
fn hostile(dir: &Path) -> Option<PathBuf> {
    let script = shared_dir()?.join("corpora/gen_zips.py");
    let made: Output = Command::new("python3")
        .args(["-W", "ignore"])
        .arg(script)
        .arg(dir)
        .output()
        .ok()?;
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    Some(dir.to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_archives_leave_nothing_half_done() {
    let home = tempfile::tempdir().expect("a temporary directory");
    let Some(dir) = hostile(home.path()) else {
        say("no corpora or no python3: the hostile archives were not imported");
        return;
    };
    let beside = Beside::start("import-hostile").await;
    let mut ended = 0;
    for (name, articles) in HOSTILE {
        let portal = name
            .trim_end_matches(".zip")
            .to_lowercase()
            .replace('_', "-");
        let args = ["--portal", &portal, "--locale", "en"];
        let (report, code) = beside.import(&dir.join(name), &args).await;
        assert_eq!(code, i32::from(articles == 0), "{name}: {report}");
        assert_eq!(beside.count(&portal).await, articles, "{name}: {report}");
        let is_refused = report["refused"]
            .as_str()
            .is_some_and(|text| text.starts_with("error: ") && !text.contains("panicked"));
        // Where the archive is fine and its one file is not, the report says so.
        let is_reported = report["failed"] == 1 && report["created"] == 0;
        assert!(
            articles > 0 || is_refused || is_reported,
            "{name}: {report}"
        );
        ended += 1;
    }
    say(&format!(
        "{ended} of {} hostile archives leave nothing half done",
        HOSTILE.len()
    ));
    beside.server.stop().await.expect("it stops");
}
