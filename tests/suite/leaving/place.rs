//! A server of its own, and trees of files to compare.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use cairn_tests::process::{Home, Server};
use reqwest::Method;
use serde_json::Value;

use crate::kill::writers::Door;

/// Calls so far: each has an idempotency key of its own.
static CALLS: AtomicU64 = AtomicU64::new(0);

/// A running server with its own data.
pub(super) struct Place {
    pub(super) home: Home,
    pub(super) door: Door,
    server: Server,
}

impl Place {
    /// An empty one.
    pub(super) async fn open(name: &str) -> Self {
        let home = Home::new(name);
        let mut server = Server::start(&home, 0);
        let (ready, _) = server.ready().await.unwrap_or_else(|error| {
            panic!("{error}\n{}", home.log_tail());
        });
        let door = Door {
            http: crate::kill::http(),
            url: ready.url,
            key: ready.api_key.expect("a first start prints a key"),
        };
        Self { home, door, server }
    }

    /// Runs a command that must succeed and gives its one line of JSON.
    pub(super) async fn run(&self, args: &[&str]) -> Value {
        let (code, out, err) = self.try_run(args).await;
        assert_eq!(code, Some(0), "{args:?}: {out}{err}");
        let line = out.lines().last().unwrap_or_default();
        serde_json::from_str(line).unwrap_or_else(|error| panic!("{args:?}: {error}: {out}{err}"))
    }

    /// Runs a command and gives its exit code, output and errors.
    pub(super) async fn try_run(&self, args: &[&str]) -> (Option<i32>, String, String) {
        let output = self.home.run(args).await;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (
            output.status.code(),
            text(&output.stdout),
            text(&output.stderr),
        )
    }

    /// Exports a portal into a folder of the home.
    pub(super) async fn export(&self, portal: &str, to: &Path) -> Value {
        let to = to.to_str().expect("a plain name");
        self.run(&["export", to, "--portal", portal, "--json"])
            .await
    }

    /// Imports a folder under a name.
    pub(super) async fn import(&self, portal: &str, source: &str, from: &Path) -> Value {
        let from = from.to_str().expect("a plain name");
        let args = [
            "import", from, "--portal", portal, "--source", source, "--json",
        ];
        let report = self.run(&args).await;
        assert_eq!(report["failed"], 0, "{report}");
        assert_eq!(report["files"]["failed"], 0, "{report}");
        assert_eq!(report["redirects"]["failed"], 0, "{report}");
        report
    }

    /// A REST call that must succeed.
    pub(super) async fn call(&self, method: &str, path: &str, body: &Value) -> Value {
        let answer = self.send(method, path, None, body).await;
        assert!(
            (200..300).contains(&answer.0),
            "{method} {path}: {} {}",
            answer.0,
            answer.1
        );
        answer.1
    }

    /// A REST call with an idempotency key where it writes; the status and the answer.
    pub(super) async fn send(
        &self,
        method: &str,
        path: &str,
        if_match: Option<&str>,
        body: &Value,
    ) -> (u16, Value) {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let mut request = self.door.request(method, path);
        if !body.is_null() {
            request = request
                .header(
                    "idempotency-key",
                    format!("call-{}", CALLS.fetch_add(1, Ordering::Relaxed)),
                )
                .json(body);
        }
        if let Some(tag) = if_match {
            request = request.header("if-match", tag);
        }
        let answer = request
            .send()
            .await
            .unwrap_or_else(|error| panic!("{path}: {error}"));
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap_or_default();
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// Changes an article whatever its state is.
    pub(super) async fn change(&self, id: &str, body: &Value) -> Value {
        let path = format!("/articles/{id}");
        let article = self.door.get(&path).await;
        let tag = format!("\"{}\"", article["head_revision"]);
        let (status, answer) = self.send("PATCH", &path, Some(&tag), body).await;
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }

    /// Every article as an export gives it.
    pub(super) async fn articles(&self, portal: &str) -> Vec<Value> {
        self.pages(&format!("article-exports?portal={portal}&limit=100"))
            .await
    }

    /// Every item of a list.
    pub(super) async fn pages(&self, list: &str) -> Vec<Value> {
        let (mut items, mut cursor) = (Vec::new(), String::new());
        loop {
            let mut page = self.door.get(&format!("/{list}{cursor}")).await;
            items.append(page["items"].as_array_mut().expect("items"));
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return items,
            }
        }
    }

    /// Kills the server with every process of its Postgres, and starts it again.
    pub(super) async fn killed(self) -> Self {
        let Self {
            home,
            mut door,
            server,
        } = self;
        server.kill(true).await;
        let mut server = Server::start(&home, 0);
        let (ready, _) = server.ready().await.unwrap_or_else(|error| {
            panic!("{error}\n{}", home.log_tail());
        });
        door.url = ready.url;
        Self { home, door, server }
    }

    /// Ends the server.
    pub(super) async fn close(self) {
        let status = self.server.stop().await.expect("the server stops");
        assert!(status.success(), "{status}");
    }
}

/// Every file below a folder by its path.
pub(super) fn tree(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let entry = entry.expect("an entry");
            let kind = entry.file_type().expect("a kind");
            if kind.is_dir() {
                folders.push(entry.path());
                continue;
            }
            assert!(kind.is_file(), "{:?} is no file", entry.path());
            let path = entry.path();
            let below = path.strip_prefix(root).expect("below the root");
            let name = below.to_str().expect("UTF-8").to_owned();
            files.insert(name, fs::read(&path).expect("a file"));
        }
    }
    files
}

/// Fails at the first file that is missing on one side or differs.
pub(super) fn same(first: &BTreeMap<String, Vec<u8>>, second: &BTreeMap<String, Vec<u8>>) {
    for (path, bytes) in first {
        let Some(other) = second.get(path) else {
            panic!("{path} is gone; there: {:?}", near(second, path));
        };
        assert!(
            bytes == other,
            "{path} differs:\n{}\n----\n{}",
            shown(bytes),
            shown(other)
        );
    }
    for path in second.keys() {
        assert!(first.contains_key(path), "{path} came from nowhere");
    }
}

fn shown(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(1_500)]).into_owned()
}

fn near<'a>(files: &'a BTreeMap<String, Vec<u8>>, path: &str) -> Vec<&'a String> {
    files
        .range(path.to_owned()..)
        .map(|(p, _)| p)
        .take(3)
        .collect()
}

/// The body in an exported file.
pub(super) fn body(file: &[u8]) -> &[u8] {
    const END: &[u8] = b"\n---\n\n";
    let at = file.windows(END.len()).position(|w| w == END);
    &file[at.expect("the block ends") + END.len()..]
}

/// Writes a file and its folders.
pub(super) fn write(root: &Path, path: &str, bytes: &[u8]) {
    let place = root.join(path);
    fs::create_dir_all(place.parent().expect("a folder")).expect("folders");
    fs::write(place, bytes).expect("a file");
}
