//! A private cluster on this machine's Postgres: lives, is killed in every way, and comes back.
//!
//! Postgres runs as another account when these tests run as root; what only root can arrange is
//! asserted only then. The owners that get killed are processes of `examples/owner.rs`.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot arrange its scene has failed"
)]

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use cairn_cluster::{Cluster, ClusterError, ClusterOptions, Outcome, find, lock_data_dir, probe};
use rustix::process::{Pid, Signal, kill_process};

const WAIT: Duration = Duration::from_secs(40);

#[test]
fn cairn_pg_exec_child() {
    cairn_cluster::pg_exec_child_of_test();
}

/// A directory whose inside the account of Postgres can reach.
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o711)).unwrap();
        Self(dir)
    }

    fn data_dir(&self) -> PathBuf {
        self.0.path().join("cairn")
    }

    fn data(&self) -> PathBuf {
        self.data_dir().join("postgres/data")
    }

    fn options(&self) -> ClusterOptions {
        let mut options = ClusterOptions::new(self.data_dir(), std::env::current_exe().unwrap());
        options.durable = false;
        options.start_timeout = WAIT;
        options
    }

    fn start(&self) -> Result<Cluster, ClusterError> {
        Cluster::start_in_test(self.options())
    }

    /// The processes of this cluster, found by their working directory.
    fn processes(&self) -> Vec<i32> {
        let data = fs::canonicalize(self.data()).unwrap();
        let all = fs::read_dir("/proc").unwrap().flatten();
        all.filter_map(|entry| entry.file_name().to_string_lossy().parse().ok())
            .filter(|pid: &i32| {
                fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd == data)
            })
            .collect()
    }
}

impl Drop for Home {
    /// A failed test leaves no server behind: those started by hand here have no owner.
    fn drop(&mut self) {
        if self.data().exists() {
            self.processes().into_iter().for_each(kill);
        }
    }
}

/// A process that owns the cluster, to be killed.
struct Owner {
    child: Child,
    postmaster: i32,
    socket_dir: String,
    identifier: String,
    adopted: bool,
}

impl Owner {
    fn start(data_dir: &Path) -> Self {
        let mut child = owner(data_dir).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap())
            .read_line(&mut line)
            .unwrap();
        let words: Vec<&str> = line.split_whitespace().collect();
        let [pid, socket_dir, _, identifier, adopted] = words[..] else {
            let mut error = String::new();
            child
                .stderr
                .take()
                .unwrap()
                .read_to_string(&mut error)
                .unwrap();
            panic!("the owner said {line:?} and {error}");
        };
        Self {
            postmaster: pid.parse().unwrap(),
            socket_dir: socket_dir.to_owned(),
            identifier: identifier.to_owned(),
            adopted: adopted == "true",
            child,
        }
    }

    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    fn stop(mut self) {
        drop(self.child.stdin.take());
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn owner_program() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    let program = own
        .parent()
        .unwrap()
        .parent()
        .unwrap()
        .join("examples/owner");
    assert!(
        program.exists(),
        "build it: cargo build -p cairn-cluster --example owner"
    );
    program
}

fn owner(data_dir: &Path) -> Command {
    let mut command = Command::new(owner_program());
    command
        .arg(data_dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn kill(pid: i32) {
    let _ = kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL);
}

fn is_alive(pid: i32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ")
        .is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}

fn eventually(claim: &str, mut holds: impl FnMut() -> bool) {
    let give_up = Instant::now() + WAIT;
    while !holds() {
        assert!(Instant::now() < give_up, "not within {WAIT:?}: {claim}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn psql(socket_dir: &Path, password: &str, sql: &str) -> Output {
    let bin = find(None, Path::new("/nonexistent")).unwrap().bin_dir;
    Command::new(bin.join("psql"))
        .args([
            "-X",
            "-w",
            "-A",
            "-t",
            "-v",
            "ON_ERROR_STOP=1",
            "-U",
            "cairn_admin",
            "-p",
            "5432",
        ])
        .args(["-d", "postgres", "-c", sql, "-h"])
        .arg(socket_dir)
        .env("PGPASSWORD", password)
        .output()
        .unwrap()
}

fn query(home: &Home, socket_dir: &Path, sql: &str) -> String {
    let password = fs::read_to_string(home.data_dir().join("postgres.password")).unwrap();
    let output = psql(socket_dir, password.trim(), sql);
    assert!(
        output.status.success(),
        "{sql}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn the_first_start_makes_a_cluster_and_the_second_finds_it() {
    let home = Home::new();
    let first = home.start().unwrap();
    assert!(!first.was_adopted() && first.is_running() && first.pid() > 0);
    assert_eq!((first.port(), first.superuser()), (5432, "cairn_admin"));
    let identifier = first.system_identifier().unwrap();
    let control = "select system_identifier from pg_control_system()";
    assert_eq!(
        query(&home, first.socket_dir(), control),
        identifier.to_string()
    );
    query(&home, first.socket_dir(), "create table kept (n int)");
    let (pid, password) = (first.pid(), first.password().to_owned());
    first.stop().unwrap();
    assert!(!is_alive(pid));
    assert!(!home.data().join("postmaster.pid").exists());

    let second = home.start().unwrap();
    assert_eq!(second.system_identifier().unwrap(), identifier);
    assert_eq!(second.password(), password);
    assert_eq!(
        query(&home, second.socket_dir(), "select count(*) from kept"),
        "0"
    );
    let major = query(&home, second.socket_dir(), "show server_version_num");
    assert!(
        major.starts_with(&second.version().major.to_string()),
        "{major}"
    );
    second.stop().unwrap();
}

#[test]
fn nobody_comes_in_without_the_password_or_from_the_network() {
    let home = Home::new();
    let cluster = home.start().unwrap();
    for password in ["", "wrong"] {
        let refused = psql(cluster.socket_dir(), password, "select 1");
        assert!(!refused.status.success(), "{password:?}");
    }
    assert_eq!(
        query(&home, cluster.socket_dir(), "show listen_addresses"),
        ""
    );
    let private = |path: &Path, mode: u32| {
        let found = fs::metadata(path).unwrap().mode() & 0o777;
        assert_eq!(found, mode, "{}", path.display());
    };
    private(&home.data_dir().join("postgres.password"), 0o600);
    private(&home.data_dir().join("postgres.log"), 0o600);
    private(&home.data_dir().join("postgres"), 0o700);
    private(cluster.socket_dir(), 0o700);
    assert!(!home.data_dir().join("postgres/password.tmp").exists());
    private(&home.data_dir(), if is_root() { 0o710 } else { 0o700 });
    cluster.stop().unwrap();
}

#[test]
fn only_a_test_cluster_is_careless_about_crashes_and_the_callers_settings_win() {
    let home = Home::new();
    let careless = ["fsync", "full_page_writes", "synchronous_commit"];
    let mut options = home.options();
    options
        .settings
        .push(("max_connections".to_owned(), "17".to_owned()));
    let cluster = Cluster::start_in_test(options).unwrap();
    for name in careless {
        assert_eq!(
            query(&home, cluster.socket_dir(), &format!("show {name}")),
            "off",
            "{name}"
        );
    }
    assert_eq!(
        query(&home, cluster.socket_dir(), "show max_connections"),
        "17"
    );
    cluster.stop().unwrap();

    let cluster = Cluster::start_in_test(ClusterOptions {
        durable: true,
        ..home.options()
    })
    .unwrap();
    for name in careless {
        assert_eq!(
            query(&home, cluster.socket_dir(), &format!("show {name}")),
            "on",
            "{name}"
        );
    }
    cluster.stop().unwrap();
}

#[test]
fn values_and_statements_stay_out_of_the_log() {
    let home = Home::new();
    let cluster = home.start().unwrap();
    query(
        &home,
        cluster.socket_dir(),
        "create table t (body text primary key)",
    );
    query(
        &home,
        cluster.socket_dir(),
        "insert into t values ('a-secret-body')",
    );
    let password = cluster.password().to_owned();
    let twice = psql(
        cluster.socket_dir(),
        &password,
        "insert into t values ('a-secret-body')",
    );
    assert!(!twice.status.success());
    let log = fs::read_to_string(cluster.log_file()).unwrap();
    assert!(
        log.contains("ERROR:  duplicate key value violates unique constraint"),
        "{log}"
    );
    assert!(!log.contains("a-secret-body"), "{log}");
    cluster.stop().unwrap();
}

#[test]
fn the_server_outlives_the_thread_that_started_it() {
    let home = Home::new();
    let cluster = std::thread::scope(|scope| scope.spawn(|| home.start().unwrap()).join().unwrap());
    // A server tied to that thread shut down at once; the query comes well after the signal would.
    std::thread::sleep(Duration::from_millis(300));
    assert!(cluster.is_running());
    assert_eq!(query(&home, cluster.socket_dir(), "select 1"), "1");
    cluster.stop().unwrap();
}

#[test]
fn a_dropped_cluster_is_stopped() {
    let home = Home::new();
    let cluster = home.start().unwrap();
    let pid = cluster.pid();
    drop(cluster);
    assert!(!is_alive(pid));
}

#[test]
fn a_killed_owner_takes_its_server_with_it() {
    let home = Home::new();
    let mut owner = Owner::start(&home.data_dir());
    query(
        &home,
        Path::new(&owner.socket_dir),
        "create table kept as select 7 as n",
    );
    owner.kill();
    eventually("the server ends", || !is_alive(owner.postmaster));
    assert!(
        !home.data().join("postmaster.pid").exists(),
        "it shut down rather than died"
    );
    let next = Owner::start(&home.data_dir());
    assert_eq!(
        query(&home, Path::new(&next.socket_dir), "select n from kept"),
        "7"
    );
    assert_eq!(next.identifier, owner.identifier);
    next.stop();
}

#[test]
fn an_owner_started_the_moment_the_last_was_killed_gets_a_server_that_stays() {
    let home = Home::new();
    let mut owner = Owner::start(&home.data_dir());
    for _ in 0..8 {
        owner.kill();
        let next = Owner::start(&home.data_dir());
        assert!(!next.adopted && next.postmaster != owner.postmaster);
        assert!(is_alive(next.postmaster));
        assert_eq!(query(&home, Path::new(&next.socket_dir), "select 1"), "1");
        owner = next;
    }
    owner.stop();
}

#[test]
fn acknowledged_rows_survive_when_owner_and_server_are_killed_together() {
    let home = Home::new();
    let mut owner = Owner::start(&home.data_dir());
    query(
        &home,
        Path::new(&owner.socket_dir),
        "create table rows (n int)",
    );
    for round in 1..=4 {
        let rows = "insert into rows select generate_series(1, 1000)";
        query(&home, Path::new(&owner.socket_dir), rows);
        home.processes().into_iter().for_each(kill);
        owner.kill();
        let next = Owner::start(&home.data_dir());
        let count = query(
            &home,
            Path::new(&next.socket_dir),
            "select count(*) from rows",
        );
        assert_eq!(count, (round * 1000).to_string());
        owner = next;
    }
    owner.stop();
}

#[test]
fn a_server_that_dies_alone_is_noticed_and_can_be_started_again() {
    let home = Home::new();
    let mut cluster = home.start().unwrap();
    assert!(!cluster.restart_if_ended().unwrap());
    let pid = cluster.pid();
    kill(pid);
    eventually("its end is noticed", || !cluster.is_running());
    assert!(cluster.restart_if_ended().unwrap());
    assert_ne!(cluster.pid(), pid);
    assert_eq!(query(&home, cluster.socket_dir(), "select 1"), "1");
    kill(cluster.pid());
    eventually("its end is noticed again", || !cluster.is_running());
    cluster.stop().unwrap();
    let next = home.start().unwrap();
    assert_eq!(query(&home, next.socket_dir(), "select 1"), "1");
    next.stop().unwrap();
}

/// Starts the server by hand, as an administrator would, and waits until it is ready.
fn start_by_hand(home: &Home, more: &[&str]) -> Child {
    let run = home.data_dir().join("postgres/run");
    let owner = fs::metadata(home.data()).unwrap();
    let bin = find(None, &home.data_dir()).unwrap().bin_dir;
    let mut command = Command::new(bin.join("postgres"));
    command
        .arg("-D")
        .arg(home.data())
        .arg("-k")
        .arg(&run)
        .args(["-c", "listen_addresses="]);
    command
        .args(more)
        .current_dir("/")
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    if is_root() {
        command.uid(owner.uid()).gid(owner.gid());
    }
    let child = command.spawn().unwrap();
    let file = home.data().join("postmaster.pid");
    eventually("the server by hand is ready", || {
        let text = fs::read_to_string(&file).unwrap_or_default();
        text.lines()
            .nth(7)
            .is_some_and(|status| status.trim() == "ready")
    });
    child
}

#[test]
fn a_server_that_runs_already_is_adopted_and_stopped_in_the_end() {
    let home = Home::new();
    home.start().unwrap().stop().unwrap();
    let mut by_hand = start_by_hand(&home, &[]);
    let cluster = home.start().unwrap();
    assert!(cluster.was_adopted() && cluster.is_running());
    assert_eq!(cluster.pid(), by_hand.id() as i32);
    assert_eq!(query(&home, cluster.socket_dir(), "select 1"), "1");
    cluster.stop().unwrap();
    assert!(by_hand.wait().unwrap().success());
    assert!(!home.data().join("postmaster.pid").exists());
}

#[test]
fn a_server_on_its_way_out_is_not_adopted_though_it_says_it_is_ready() {
    let home = Home::new();
    home.start().unwrap().stop().unwrap();
    let mut by_hand = start_by_hand(&home, &["-c", "cairn.ends_with_owner=on"]);
    let pid = Pid::from_child(&by_hand);
    // Frozen with the signal pending: what a busy machine does for some milliseconds.
    kill_process(pid, Signal::STOP).unwrap();
    kill_process(pid, Signal::INT).unwrap();
    let cluster = std::thread::scope(|scope| {
        let starting = scope.spawn(|| home.start().unwrap());
        std::thread::sleep(Duration::from_millis(500));
        kill_process(pid, Signal::CONT).unwrap();
        starting.join().unwrap()
    });
    assert!(by_hand.wait().unwrap().success());
    assert!(!cluster.was_adopted() && cluster.is_running());
    assert_eq!(query(&home, cluster.socket_dir(), "select 1"), "1");
    cluster.stop().unwrap();
}

#[test]
fn a_server_that_should_have_ended_and_did_not_is_adopted_after_all() {
    let home = Home::new();
    home.start().unwrap().stop().unwrap();
    let mut by_hand = start_by_hand(&home, &["-c", "cairn.ends_with_owner=on"]);
    let cluster = home.start().unwrap();
    assert!(cluster.was_adopted());
    cluster.stop().unwrap();
    by_hand.wait().unwrap();
}

#[test]
fn an_interrupted_initdb_leaves_nothing_that_looks_initialised() {
    for after_ms in [5, 60, 150, 250, 350] {
        let home = Home::new();
        let mut child = owner(&home.data_dir()).spawn().unwrap();
        let tmp = home.data_dir().join("postgres/data.tmp");
        eventually("initdb has begun", || tmp.exists() || home.data().exists());
        std::thread::sleep(Duration::from_millis(after_ms));
        child.kill().unwrap();
        child.wait().unwrap();
        if home.data().exists() {
            assert!(
                home.data().join("global/pg_control").exists(),
                "renamed only when whole"
            );
        }
        let next = Owner::start(&home.data_dir());
        assert_eq!(query(&home, Path::new(&next.socket_dir), "select 1"), "1");
        assert!(!tmp.exists());
        next.stop();
    }
}

#[test]
fn a_path_too_long_for_a_socket_gets_a_short_private_one() {
    let home = Home::new();
    let deep = home.data_dir().join("long".repeat(30));
    let options = ClusterOptions {
        data_dir: deep.clone(),
        ..home.options()
    };
    if is_root() {
        fs::create_dir_all(home.data_dir()).unwrap();
        fs::set_permissions(home.data_dir(), fs::Permissions::from_mode(0o711)).unwrap();
    }
    let cluster = Cluster::start_in_test(options.clone()).unwrap();
    let dir = cluster.socket_dir().to_owned();
    assert!(
        !dir.starts_with(&deep) && dir.as_os_str().len() < 80,
        "{}",
        dir.display()
    );
    assert_eq!(fs::metadata(&dir).unwrap().mode() & 0o777, 0o700);
    let output = psql(&dir, cluster.password(), "select 1");
    assert!(output.status.success());
    cluster.stop().unwrap();
    let again = Cluster::start_in_test(options).unwrap();
    assert_eq!(again.socket_dir(), dir, "the same directory every time");
    again.stop().unwrap();
    fs::remove_dir_all(dir).unwrap();
}

#[test]
fn a_path_with_spaces_commas_and_quotes_works() {
    let home = Home::new();
    let options = ClusterOptions {
        data_dir: home.0.path().join("a b,c\"d'ä"),
        ..home.options()
    };
    let cluster = Cluster::start_in_test(options).unwrap();
    // Ready means the socket was reached. psql would split this path at the comma.
    assert!(cluster.socket_dir().join(".s.PGSQL.5432").exists());
    cluster.stop().unwrap();
}

#[test]
fn a_second_start_is_refused_with_the_pid_of_the_first() {
    let home = Home::new();
    let owner = Owner::start(&home.data_dir());
    let refused = home.start().unwrap_err();
    assert_eq!(refused.code(), "CAIRN-DB-008");
    assert!(
        refused
            .to_string()
            .contains(&format!("pid {}", owner.child.id())),
        "{refused}"
    );
    assert!(is_alive(owner.postmaster));
    owner.stop();
}

#[test]
fn the_lock_of_the_data_directory_does_not_stand_in_the_clusters_way() {
    let home = Home::new();
    let _lock = lock_data_dir(&home.data_dir()).unwrap();
    home.start().unwrap().stop().unwrap();
}

#[test]
fn a_stranger_behind_the_old_pid_is_neither_signalled_nor_is_the_file_deleted() {
    let home = Home::new();
    home.start().unwrap().stop().unwrap();
    let found = fs::metadata(home.data()).unwrap();
    let mut command = Command::new("sleep");
    command.arg("60");
    if is_root() {
        command.uid(found.uid()).gid(found.gid());
    }
    let mut stranger = command.spawn().unwrap();
    let file = home.data().join("postmaster.pid");
    let data = fs::canonicalize(home.data()).unwrap();
    let text = format!(
        "{}\n{}\n1763690000\n5432\n/nowhere\n\n  1 2\nready   \n",
        stranger.id(),
        data.display()
    );
    fs::write(&file, &text).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    chown(&file, Some(found.uid()), Some(found.gid())).unwrap();
    let options = ClusterOptions {
        start_timeout: Duration::from_secs(1),
        ..home.options()
    };
    let refused = Cluster::start_in_test(options).unwrap_err();
    assert_eq!(refused.code(), "CAIRN-DB-008", "{}", refused.report());
    assert!(
        refused
            .to_string()
            .contains(&format!("pid {}", stranger.id())),
        "{refused}"
    );
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
    assert!(stranger.try_wait().unwrap().is_none(), "still alive");

    // Once that process is gone, Postgres sees by itself that the file is stale.
    stranger.kill().unwrap();
    stranger.wait().unwrap();
    home.start().unwrap().stop().unwrap();
}

#[test]
fn a_lost_password_is_named_before_anything_is_started() {
    let home = Home::new();
    home.start().unwrap().stop().unwrap();
    fs::remove_file(home.data_dir().join("postgres.password")).unwrap();
    let refused = home.start().unwrap_err();
    assert_eq!(refused.code(), "CAIRN-DB-012");
    assert!(
        refused.to_string().contains("postgres.password"),
        "{refused}"
    );
}

#[test]
fn a_server_that_cannot_start_says_why_in_its_own_words() {
    let home = Home::new();
    let mut options = home.options();
    options
        .settings
        .push(("max_connections".to_owned(), "many".to_owned()));
    let refused = Cluster::start_in_test(options).unwrap_err();
    assert_eq!(refused.code(), "CAIRN-DB-010");
    assert!(refused.to_string().contains("max_connections"), "{refused}");
}

#[test]
fn an_installation_given_but_empty_is_not_silently_replaced() {
    let home = Home::new();
    let options = ClusterOptions {
        bin_dir: Some(home.data_dir()),
        ..home.options()
    };
    let refused = Cluster::start_in_test(options).unwrap_err();
    assert_eq!(refused.code(), "CAIRN-DB-001");
    assert!(!home.data_dir().join("postgres").exists());
}

#[test]
fn the_doctor_sees_what_a_start_would_see() {
    let home = Home::new();
    let outcome = |name: &str| {
        let probes = probe(None, &home.data_dir());
        let found = probes.into_iter().find(|probe| probe.name == name);
        found.map(|probe| (probe.outcome, probe.code)).unwrap()
    };
    for name in [
        "installation",
        "account",
        "cluster",
        "socket",
        "disk",
        "server",
    ] {
        assert_ne!(outcome(name).0, Outcome::Fail, "{name}");
    }
    assert!(!home.data_dir().exists(), "probing makes nothing");
    let cluster = home.start().unwrap();
    assert_eq!(outcome("server"), (Outcome::Pass, None));
    cluster.stop().unwrap();
    fs::remove_file(home.data_dir().join("postgres.password")).unwrap();
    assert_eq!(outcome("cluster"), (Outcome::Fail, Some("CAIRN-DB-012")));
    fs::write(home.data().join("PG_VERSION"), "13\n").unwrap();
    assert_eq!(
        outcome("installation"),
        (Outcome::Fail, Some("CAIRN-DB-004"))
    );
}

#[test]
fn root_is_told_which_directory_is_closed_and_which_is_not_its_own() {
    if !is_root() {
        return; // An ordinary user runs Postgres as themselves; nothing is closed to them.
    }
    let home = Home::new();
    fs::set_permissions(home.0.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let refused = home.start().unwrap_err();
    assert_eq!(refused.code(), "CAIRN-DB-003");
    let closed = format!("cannot enter {} (mode 0700)", home.0.path().display());
    assert!(refused.to_string().contains(&closed), "{refused}");
    assert!(
        !home.data_dir().join("postgres").exists(),
        "nothing was made"
    );

    fs::set_permissions(home.0.path(), fs::Permissions::from_mode(0o711)).unwrap();
    home.start().unwrap().stop().unwrap();
    chown(home.data(), Some(1), None).unwrap();
    let refused = home.start().unwrap_err();
    assert_eq!(refused.code(), "CAIRN-DB-009", "{}", refused.report());
    assert!(
        refused.to_string().contains("belongs to uid 1"),
        "{refused}"
    );
}

#[test]
fn the_program_itself_may_lie_where_the_account_cannot_reach_it() {
    let home = Home::new();
    let hidden = home.0.path().join("hidden");
    fs::create_dir(&hidden).unwrap();
    fs::copy(owner_program(), hidden.join("owner")).unwrap();
    fs::set_permissions(&hidden, fs::Permissions::from_mode(0o700)).unwrap();
    let options = ClusterOptions {
        reexec: hidden.join("owner"),
        ..home.options()
    };
    let cluster = Cluster::start(options).unwrap();
    assert_eq!(query(&home, cluster.socket_dir(), "select 1"), "1");
    cluster.stop().unwrap();
}

#[test]
fn an_ordinary_user_runs_a_cluster_of_their_own() {
    if !is_root() {
        return; // Then every other test here is that user.
    }
    let home = Home::new();
    let nobody = 65534;
    let (program, data_dir) = (home.0.path().join("owner"), home.data_dir());
    fs::copy(owner_program(), &program).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    fs::create_dir(&data_dir).unwrap();
    chown(&data_dir, Some(nobody), Some(nobody)).unwrap();
    let output = Command::new(program)
        .arg(&data_dir)
        .uid(nobody)
        .gid(nobody)
        .stdin(Stdio::null())
        .current_dir("/")
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(fs::metadata(home.data()).unwrap().uid(), nobody);
}
