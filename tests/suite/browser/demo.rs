//! The real program with the help centers a first start loads.

use std::process::Stdio;
use std::time::Duration;

use cairn_tests::process::{Home, Ready, free_port};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, ChildStdout};
use tokio::time::timeout;

/// A first start with the demo may take so long.
const READY_WAIT: Duration = Duration::from_secs(300);

/// A running `cairn up` with its demo; it, its Postgres and its files go with it.
pub(super) struct Demo {
    /// Where it is.
    pub(super) url: String,
    _child: Child,
    _stdout: BufReader<ChildStdout>,
    home: Home,
}

impl Demo {
    /// Starts it and waits until it is ready.
    pub(super) async fn start(name: &str) -> Self {
        let home = Home::new(name);
        let listen = format!("127.0.0.1:{}", free_port());
        let log = std::fs::File::create(home.path("server.log")).expect("the home takes files");
        let mut child = home
            .command(&["up", "--json", "--listen", &listen])
            .arg("--data-dir")
            .arg(home.data_dir())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("the program starts");
        let mut stdout = BufReader::new(child.stdout.take().expect("its output is piped"));
        let mut line = String::new();
        let read = timeout(READY_WAIT, stdout.read_line(&mut line)).await;
        match (read, serde_json::from_str::<Ready>(&line)) {
            (Ok(Ok(_)), Ok(ready)) => Self {
                url: ready.url,
                _child: child,
                _stdout: stdout,
                home,
            },
            (read, _) => panic!(
                "cairn up is not ready: {read:?} {line:?}\n{}",
                home.log_tail()
            ),
        }
    }

    /// What it said last.
    pub(super) fn log_tail(&self) -> String {
        self.home.log_tail()
    }
}
