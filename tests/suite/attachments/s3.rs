//! The vault over S3, against moto (the Python library's server), which `pip` installs below the target directory.
//!
//! Ignored unless asked for, because it installs something; `make test-all` requires it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use cairn_attachments::{ObjectName, Put, Vault, VaultError};
use cairn_service::attachments::{Place, S3Place};
use cairn_tests::{TestApp, png, say};

use super::{id, join};

/// What was measured to do everything that is asked of S3 here.
const MOTO: &str = "moto[server]==5.2.5";
/// Names that are raced for, and racers for each.
const NAMES: usize = 50;
const RACERS: usize = 8;

/// A running moto, ended with its owner.
struct Moto {
    server: Child,
    endpoint: String,
}

impl Drop for Moto {
    fn drop(&mut self) {
        self.server.kill().ok();
        self.server.wait().ok();
    }
}

/// The program of moto, installed once; or why not.
fn installed() -> Result<PathBuf, String> {
    static INSTALLING: Mutex<()> = Mutex::new(());
    let _one_at_a_time = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("moto-5.2.5");
    let program = home.join("bin/moto_server");
    let done = home.join("installed");
    if done.is_file() {
        return Ok(program);
    }
    let run = |program: &Path, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).output();
        match output {
            Ok(output) if output.status.success() => Ok(()),
            Ok(output) => Err(format!(
                "{} {arguments:?}: {}",
                program.display(),
                String::from_utf8_lossy(&output.stderr)
            )),
            Err(error) => Err(format!("{}: {error}", program.display())),
        }
    };
    let dir = home.to_string_lossy();
    run(Path::new("python3"), &["-m", "venv", &dir])?;
    run(&home.join("bin/pip"), &["install", "--quiet", MOTO])?;
    std::fs::write(done, b"").map_err(|error| error.to_string())?;
    Ok(program)
}

/// A moto with a bucket `files`; nothing, said plainly, where it cannot be had and is not required.
fn moto() -> Option<Moto> {
    let program = match installed() {
        Ok(program) => program,
        Err(reason) => {
            assert!(
                std::env::var("CAIRN_TEST_ALL").is_err(),
                "make test-all needs moto: {reason}"
            );
            say(&format!("SKIPPED S3: moto cannot be installed: {reason}"));
            return None;
        }
    };
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|l| l.local_addr())
        .expect("a free port")
        .port();
    let mut server = Command::new(program)
        .args(["-H", "127.0.0.1", "-p", &port.to_string()])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("moto starts");
    let mut said = BufReader::new(server.stderr.take().expect("it is piped"));
    let moto = Moto {
        server,
        endpoint: format!("http://127.0.0.1:{port}"),
    };
    let mut line = String::new();
    while !line.contains("Running on") {
        line.clear();
        let read = said.read_line(&mut line).expect("moto says something");
        assert!(read > 0, "moto ended before it was ready");
    }
    // Its log has to go somewhere, or it stops when the pipe is full.
    std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
    let mut line = std::net::TcpStream::connect(("127.0.0.1", port)).expect("moto listens");
    write!(
        line,
        "PUT /files HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    )
    .expect("moto listens");
    let mut answer = String::new();
    line.read_to_string(&mut answer).expect("moto answers");
    assert!(
        answer.starts_with("HTTP/1.1 200"),
        "the bucket is not made: {answer}"
    );
    Some(moto)
}

fn place(moto: &Moto) -> Place {
    Place::S3(S3Place {
        bucket: "files".to_owned(),
        prefix: "kb/one".to_owned(),
        region: None,
        endpoint: Some(moto.endpoint.clone()),
        access_key_id: Some("id".to_owned()),
        secret_access_key: Some("secret".to_owned()),
        session_token: None,
        path_style: true,
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "installs moto: make test-all"]
async fn of_eight_who_put_one_name_into_a_bucket_one_makes_the_file() {
    let Some(moto) = moto() else { return };
    let vault = Arc::new(Vault::open(&place(&moto)).expect("the vault opens"));
    vault.check().await.expect("the bucket answers");
    let mut won = 0;
    for n in 0..NAMES {
        let name = ObjectName::new("p-1", &format!("{n:064x}"));
        let racers: Vec<_> = (0..RACERS)
            .map(|_| {
                let (vault, name) = (Arc::clone(&vault), name.clone());
                tokio::spawn(async move { vault.put(&name, Bytes::from_static(b"the same")).await })
            })
            .collect();
        let mut made = 0;
        for racer in racers {
            made += usize::from(racer.await.expect("no panic").expect("it is put") == Put::Made);
        }
        assert_eq!(made, 1, "name {n}");
        won += made;
    }
    say(&format!(
        "S3: {won} of {NAMES} names were made by one of {RACERS} racers"
    ));

    let name = ObjectName::new("p-1", &"ab".repeat(32));
    let bytes: Bytes = (0..3_000_000_u32).map(|n| n.to_le_bytes()[1]).collect();
    vault.put(&name, bytes.clone()).await.expect("it is put");
    let whole = vault.read(&name, None).await.expect("it is there");
    assert_eq!(whole.collect().await.expect("all of it"), bytes);
    let part = vault
        .read(&name, Some(1_000..2_000_000))
        .await
        .expect("it is there");
    assert_eq!(
        (part.range.clone(), part.total),
        (1_000..2_000_000, 3_000_000)
    );
    assert_eq!(
        part.collect().await.expect("all of it"),
        bytes.slice(1_000..2_000_000)
    );
    assert!(vault.holds(&name, 3_000_000).await.expect("it answers"));
    let mut listing = vault.list("p-1");
    let mut listed = 0;
    while listing.next().await.expect("it answers").is_some() {
        listed += 1;
    }
    assert_eq!(listed, NAMES + 1);
    vault.delete(&name).await.expect("it is deleted");
    vault.delete(&name).await.expect("twice as well");
    let gone = vault.read(&name, None).await;
    assert!(matches!(gone, Err(VaultError::Missing(_))), "{gone:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "installs moto: make test-all"]
async fn everything_about_attachments_works_over_a_bucket() {
    let Some(moto) = moto() else { return };
    let app = TestApp::spawn_keeping_files(Some(place(&moto))).await;
    let bytes = png(1_000, 500);
    let racers: Vec<_> = (0..RACERS)
        .map(|_| app.bring("a.png", bytes.clone()))
        .collect();
    let answers = join(racers).await;
    let new = answers.iter().filter(|a| a.status == 201).count();
    assert_eq!(new, 1);
    assert!(answers.iter().all(|a| matches!(a.status, 200 | 201)));
    let made = answers[0].json();
    let path = format!("/attachments/{}/content", id(&made));
    assert_eq!(app.rest(&app.key).get(&path).await.expect(200).body, bytes);
    let part = app
        .rest(&app.key)
        .request("GET", &path)
        .header("range", "bytes=-10")
        .send()
        .await
        .expect(206);
    assert_eq!(part.body, bytes[bytes.len() - 10..]);
    assert!(
        !app.files_dir().exists(),
        "nothing is kept beside the bucket"
    );

    drop(moto);
    let away = app.rest(&app.key).get(&path).await;
    away.problem(503, "unavailable");
    assert!(!away.header("retry-after").is_empty());
    app.bring("b.txt", "b").await.problem(503, "unavailable");
    assert_eq!(
        app.rows("attachments").await.len(),
        1,
        "no row without its bytes"
    );
}
