//! The real program, killed with SIGKILL at random points of an import and of 50 writes a second, every
//! other time with every process of its Postgres: what was acknowledged is there, once.
//!
//! ```text
//! first start, killed once ─► import and writers ─► (kill ─► start again) × N ─► import and writers end
//!     ─► an import that changes nothing ─► index verified ─► every acknowledgement looked up ─► stopped
//! ```
//!
//! Postgres runs durable here, as it does for people. `CAIRN_TEST_KILLS` sets N, `CAIRN_TEST_SEED` repeats
//! a choice of points (not the machine's timing), `CAIRN_TEST_BINARY` names the program.

mod chance;
mod erasing;
mod folder;
mod importing;
mod outage;
mod pictures;
mod reckoning;
mod six;
pub(crate) mod writers;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use cairn_tests::process::{Home, Ready, Server, free_port, program, setting};
use cairn_tests::{root, say, unpacked_collection};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use chance::Chance;
use folder::Folder;
use importing::{Imported, Importing};
use pictures::unreferenced;
use reckoning::reckon;
use six::{Place, Progress, reach};
use writers::{Door, Tally, Writers};

/// Articles of the folder that is made for this.
const GENERATED: usize = 600;
/// Articles of the real one.
const REAL: u64 = 8_471;
/// How long after it is ready a server is killed at the latest: mostly, and once in three times, which
/// is enough for a few batches of an import.
const LIFE_MAX: (Duration, Duration) = (Duration::from_millis(2_500), Duration::from_secs(10));
/// How long after the start a server is killed at the latest that is to die while starting.
const STARTING_MAX: Duration = Duration::from_millis(800);
/// How long nobody starts it again at the latest.
const PAUSE_MAX: Duration = Duration::from_millis(600);
/// How long a killed server may take to be ready again: recovery takes seconds, and whoever takes longer
/// waits for somebody who is dead.
const AGAIN_MAX: Duration = Duration::from_secs(25);
/// How long the writers go on after the last kill.
const AFTERWARDS: Duration = Duration::from_secs(2);

/// When kills come.
struct Plan {
    /// How long a server lives before a kill at the latest: mostly, and once in three times.
    lives: (Duration, Duration),
    /// The place an import is to come to before each kill; none where any time is as good.
    places: fn(u64, &mut Chance) -> Vec<Place>,
    /// How many pictures of the folder no article shows.
    unreferenced: u64,
}

/// Kills that do not ask what the import is at.
const ANY_TIME: Plan = Plan {
    lives: LIFE_MAX,
    places: |_, _| Vec::new(),
    unreferenced: 0,
};

/// Killing needs the machine for itself.
static TURN: Mutex<()> = Mutex::const_new(());

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_outlives_every_kill() {
    let kills = if is_all() { 20 } else { 2 };
    run("made", kills, ANY_TIME, |home, chance| {
        Folder::generated(&home.path("folder"), GENERATED, chance)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes: make test-all and make kill-test run it"]
async fn the_import_of_a_real_help_center_outlives_every_kill() {
    let named = setting(&["CAIRN_TEST_HELPCENTER", "CAIRN_HELPCENTER"]).map(PathBuf::from);
    let unpacked =
        || unpacked_collection("helpcenter-en", &root().join("target")).map(|dir| dir.join("md"));
    let Some(from) = named.or_else(unpacked) else {
        return;
    };
    let folder = |home: &Home, _: &mut Chance| Folder::copied(&from, &home.path("folder"));
    let imported = run("real", 20, ANY_TIME, folder).await;
    assert_eq!(
        imported.created, REAL,
        "the collection is another one than this test knows"
    );
}

fn is_all() -> bool {
    setting(&["CAIRN_TEST_ALL"]).is_some_and(|all| all == "1")
}

fn number(names: &[&str]) -> Option<u64> {
    setting(names).map(|text| {
        text.parse()
            .unwrap_or_else(|_| panic!("{names:?} is {text:?}, which is no number"))
    })
}

async fn run(
    name: &str,
    kills: u64,
    plan: Plan,
    folder: impl FnOnce(&Home, &mut Chance) -> Folder,
) -> Imported {
    let _turn = TURN.lock().await;
    let kills = number(&["CAIRN_TEST_KILLS", "CAIRN_KILLS"]).unwrap_or(kills);
    let seed = number(&["CAIRN_TEST_SEED"]).unwrap_or_else(Chance::any_seed);
    say(&format!(
        "kill {name}: {kills} kills, CAIRN_TEST_SEED={seed}"
    ));
    // A build on the way counts for nobody's time.
    program();
    let mut chance = Chance::new(seed);
    let home = Arc::new(Home::new(&format!("kill-{name}")));
    let folder = Arc::new(folder(&home, &mut chance));
    let places = (plan.places)(kills, &mut chance);
    let course = Course {
        name,
        home: Arc::clone(&home),
        port: free_port(),
        chance,
        lives: plan.lives,
        places,
        unreferenced: plan.unreferenced,
        amid: Amid::default(),
        keys: Vec::new(),
        kills: Kills::default(),
        slowest_start: Duration::ZERO,
    };
    match course.run(folder, kills).await {
        Ok(imported) => imported,
        Err(fault) => panic!(
            "kill {name}, CAIRN_TEST_SEED={seed}: {fault}\nthe server said last:\n{}",
            home.log_tail()
        ),
    }
}

/// One course of the test.
struct Course<'a> {
    name: &'a str,
    home: Arc<Home>,
    port: u16,
    chance: Chance,
    /// How long a server lives before a kill at the latest.
    lives: (Duration, Duration),
    /// Where the import is to be when the kills come; empty where that does not matter.
    places: Vec<Place>,
    unreferenced: u64,
    amid: Amid,
    /// Every first key that was printed.
    keys: Vec<String>,
    kills: Kills,
    /// The longest a start took.
    slowest_start: Duration,
}

impl Course<'_> {
    async fn run(mut self, folder: Arc<Folder>, kills: u64) -> Result<Imported, String> {
        let began = Instant::now();
        let (mut server, ready) = self.first_start().await?;
        let portal = ready
            .portal
            .clone()
            .ok_or("the first start names no portal")?;
        let key = self
            .keys
            .last()
            .cloned()
            .ok_or("the first start printed no key")?;
        let door = Door {
            http: http(),
            url: ready.url.clone(),
            key: key.clone(),
        };

        let writers = Writers::start(&door, &portal, &mut self.chance);
        let (settled, over, round) = (
            Arc::new(Mutex::new(())),
            Arc::new(AtomicBool::new(false)),
            Arc::new(AtomicU64::new(0)),
        );
        let importing = Importing {
            home: Arc::clone(&self.home),
            folder: Arc::clone(&folder),
            portal: portal.clone(),
            url: ready.url,
            key,
            chance: self.chance.split(),
            settled: Arc::clone(&settled),
            over: Arc::clone(&over),
            round: Arc::clone(&round),
        };
        let last = importing.clone();
        let imports = tokio::spawn(importing.run());

        let wrote = Instant::now();
        let places = std::mem::take(&mut self.places);
        let is_placed = !places.is_empty();
        let mut places = places.into_iter();
        for kill in 1..=kills {
            if let Some(place) = places.next() {
                reach(place, &door, &portal, &folder).await?;
                self.look(&door, &portal, &folder).await;
            }
            server = self
                .kill(server, kill, kills, &settled, &writers.tally, &round)
                .await?;
        }
        tokio::time::sleep(AFTERWARDS).await;
        over.store(true, Ordering::Relaxed);
        let tally = Arc::clone(&writers.tally);
        let written = writers.finish().await;
        let wrote = wrote.elapsed();
        let imported = imports.await.map_err(|e| e.to_string())?;

        let mut faults = tally.faults();
        faults.extend(imported.faults.iter().cloned());
        let unchanged = last.import(true).await?;
        if unchanged["unchanged"] != folder.len() || unchanged["failed"] != 0 {
            faults.push(format!(
                "an import of the same files changed something: {unchanged}"
            ));
        }
        if unchanged["files"]["unchanged"] != folder.pictures.len() {
            faults.push(format!(
                "an import of the same pictures brought some: {unchanged}"
            ));
        }
        let verified = self.verify_index().await?;
        let found = reckon(&door, &portal, written).await;
        if is_placed && (self.amid.pictures == 0 || (kills > 1 && self.amid.articles == 0)) {
            faults.push(format!("kills missed the import: {:?}", self.amid));
        }
        let compared = folder.pictures.compare(&door, &portal, &mut faults).await;
        let alone = unreferenced(&door, &portal).await;
        if alone != self.unreferenced {
            faults.push(format!(
                "{alone} pictures are shown by no article, not {}",
                self.unreferenced
            ));
        }
        if is_placed {
            say(&format!(
                "kill {}: {} kills amid articles, {} amid pictures · {compared} of {} pictures there once to the byte, {alone} of them shown by no article",
                self.name,
                self.amid.articles,
                self.amid.pictures,
                folder.pictures.len(),
            ));
        }
        for key in &self.keys {
            // Whichever start printed it: it works.
            Door {
                key: key.clone(),
                ..door.clone()
            }
            .get("/articles?limit=1")
            .await;
        }
        match server.stop().await {
            Ok(status) if status.success() => {}
            other => faults.push(format!("the server did not stop in order: {other:?}")),
        }
        let rate = tally.acknowledged.load(Ordering::Relaxed) as f64 / wrote.as_secs_f64();
        say(&format!(
            "kill {}: {} · {} acknowledged revisions of {} articles ({rate:.1}/s, {} sent again, slowest {:.1} s) · lost {} · doubled {} · {} · verify-index {} · slowest restart {:.1} s · {:.0} s",
            self.name,
            self.kills,
            found.revisions,
            found.articles,
            tally.sent_again.load(Ordering::Relaxed),
            tally.slowest().as_secs_f64(),
            found.lost,
            found.doubled,
            imported,
            json!([
                verified["missing"],
                verified["extra"],
                verified["stale"],
                verified["duplicate"]
            ]),
            self.slowest_start.as_secs_f64(),
            began.elapsed().as_secs_f64(),
        ));
        say(&format!(
            "kill {}: answers that were no acknowledgement: {:?}",
            self.name,
            tally.refusals()
        ));
        if (found.imported, found.imported_revisions)
            != (imported.created, imported.created + imported.updated)
        {
            faults.push(format!(
                "imports say {imported}, but there are {} articles with {} revisions",
                found.imported, found.imported_revisions
            ));
        }
        if !["missing", "extra", "stale", "duplicate"]
            .iter()
            .all(|name| verified[*name] == 0)
        {
            faults.push(format!("verify-index: {verified}"));
        }
        if self.slowest_start > AGAIN_MAX {
            faults.push(format!("a restart took {:?}", self.slowest_start));
        }
        faults.extend(found.faults);
        if faults.is_empty() && found.lost + found.doubled == 0 {
            Ok(imported)
        } else {
            Err(faults.join("\n"))
        }
    }

    /// Notes what the import is at shortly before a kill.
    async fn look(&mut self, door: &Door, portal: &str, folder: &Folder) {
        let Some(progress) = Progress::ask(door, portal).await else {
            return;
        };
        say(&format!(
            "kill {}: {} articles and {} pictures are in",
            self.name, progress.articles, progress.pictures
        ));
        if progress.articles < folder.len() {
            self.amid.articles += 1;
        } else if progress.pictures < folder.pictures.len() {
            self.amid.pictures += 1;
        }
    }

    /// Lets the server live for a while, kills it and starts it again.
    async fn kill(
        &mut self,
        mut server: Server,
        kill: u64,
        kills: u64,
        settled: &Mutex<()>,
        tally: &Tally,
        round: &AtomicU64,
    ) -> Result<Server, String> {
        if self.chance.one_in(3) {
            tokio::time::sleep(self.chance.time(self.lives.0)).await;
            server.kill_postgres();
            self.kills.postgres += 1;
            say(&format!("kill {}: Postgres alone", self.name));
        }
        let longest = if self.chance.one_in(3) {
            self.lives.1
        } else {
            self.lives.0
        };
        let life = self.chance.time(longest);
        tokio::time::sleep(life).await;
        let _down = settled.lock().await;
        if let Some(status) = server.has_ended() {
            return Err(format!("the server ended by itself: {status}"));
        }
        let with_postgres = kill.is_multiple_of(2);
        let processes = server.postgres_processes();
        say(&format!(
            "kill {}: {kill} of {kills}, {}, {:.3} s on; {} writes acknowledged, import round {}",
            self.name,
            if with_postgres {
                format!("with {processes} processes of Postgres")
            } else {
                "the server alone".to_owned()
            },
            life.as_secs_f64(),
            tally.acknowledged.load(Ordering::Relaxed),
            round.load(Ordering::Relaxed),
        ));
        server.kill(with_postgres).await;
        self.kills.server += 1;
        // Killed alone a moment ago, it may have been gone already.
        self.kills.both += u64::from(with_postgres && processes > 0);
        self.again().await
    }

    /// The first start, killed once on its way; whoever is ready has printed a key, now or then.
    async fn first_start(&mut self) -> Result<(Server, Ready), String> {
        let first = self.start();
        tokio::time::sleep(self.chance.time(STARTING_MAX * 3)).await;
        let with_postgres = self.chance.one_in(2);
        let printed = first.kill(with_postgres).await;
        say(&format!(
            "kill {}: the first start, {}",
            self.name,
            if printed.is_some() {
                "when it was ready"
            } else {
                "on its way"
            }
        ));
        self.keys.extend(printed.and_then(|ready| ready.api_key));
        let mut server = self.start();
        let (ready, _) = server.ready().await?;
        self.keys.extend(ready.api_key.clone());
        Ok((server, ready))
    }

    /// Starts until one is ready; some are killed before.
    async fn again(&mut self) -> Result<Server, String> {
        loop {
            if self.chance.one_in(2) {
                tokio::time::sleep(self.chance.time(PAUSE_MAX)).await;
            }
            let mut server = self.start();
            if self.chance.one_in(4) {
                tokio::time::sleep(self.chance.time(STARTING_MAX)).await;
                let with_postgres = self.chance.one_in(2);
                if let Some(status) = server.has_ended() {
                    return Err(format!(
                        "the server ended by itself while starting: {status}"
                    ));
                }
                server.kill(with_postgres).await;
                self.kills.starting += 1;
                continue;
            }
            let (ready, took) = server.ready().await?;
            if ready.api_key.is_some() {
                return Err("a later start printed a first key".to_owned());
            }
            self.slowest_start = self.slowest_start.max(took);
            say(&format!(
                "kill {}: ready again after {:.3} s",
                self.name,
                took.as_secs_f64()
            ));
            return Ok(server);
        }
    }

    fn start(&self) -> Server {
        Server::start(&self.home, self.port)
    }

    async fn verify_index(&self) -> Result<Value, String> {
        let output = self.home.run(&["verify-index", "--json"]).await;
        let text = String::from_utf8_lossy(&output.stdout);
        let line = text.lines().last().unwrap_or_default();
        serde_json::from_str(line).map_err(|_| {
            format!(
                "verify-index: {}: {text}{}",
                output.status,
                String::from_utf8_lossy(&output.stderr)
            )
        })
    }
}

pub(crate) fn http() -> reqwest::Client {
    // Settled once for the process; a second time is no fault.
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
    let http = reqwest::Client::builder()
        .tls_certs_only(std::iter::empty())
        .no_proxy();
    http.build().expect("a client of plain HTTP")
}

/// Kills that came while an import brought something new.
#[derive(Debug, Default)]
struct Amid {
    articles: u64,
    pictures: u64,
}

/// How often what was killed.
#[derive(Debug, Default)]
struct Kills {
    /// The server, once it was ready.
    server: u64,
    /// Of these, together with its Postgres.
    both: u64,
    /// Further ones on the way to being ready.
    starting: u64,
    /// Postgres under a server that lived on.
    postgres: u64,
}

impl fmt::Display for Kills {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            server,
            both,
            starting,
            postgres,
        } = self;
        write!(
            f,
            "{server} kills ({both} with Postgres), {starting} more while starting, {postgres} of Postgres alone"
        )
    }
}
