//! The load generator: a closed loop over kept-open connections on one thread, every latency kept.
//!
//! A closed loop asks again when it was answered, so a slow server is asked less: rates are what it
//! can do, latencies what its callers feel at that many connections, not at a fixed rate.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde::Serialize;

use crate::latency::{Latencies, Percentiles, median};
use crate::options::LoadArgs;
use crate::wire::{Connection, request};
use crate::{out, process};

/// When a run ends.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Until {
    /// After this time.
    Elapsed(Duration),
    /// After this many requests.
    Requests(usize),
}

/// What a run measured.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Measured {
    pub(crate) connections: usize,
    pub(crate) requests: usize,
    pub(crate) per_s: f64,
    pub(crate) ms: Percentiles,
    pub(crate) body_bytes_mean: f64,
    /// How much of its core the generator used: near 1.0 it measured itself.
    pub(crate) client_busy: f64,
    /// Microseconds of processor time a request cost the server and its Postgres, where watched.
    pub(crate) server_cpu_us: f64,
}

impl Measured {
    /// Adds what the servers used meanwhile.
    pub(crate) fn with_servers_cpu(mut self, seconds: f64) -> Self {
        self.server_cpu_us = seconds * 1e6 / self.requests.max(1) as f64;
        self
    }

    /// The median of each number over the runs.
    pub(crate) fn median(runs: &[Measured]) -> Measured {
        let of = |pick: fn(&Measured) -> f64| median(runs.iter().map(pick));
        Measured {
            connections: runs.first().map_or(0, |run| run.connections),
            requests: runs.iter().map(|run| run.requests).sum(),
            per_s: of(|run| run.per_s),
            ms: Percentiles::median(&runs.iter().map(|run| run.ms).collect::<Vec<_>>()),
            body_bytes_mean: of(|run| run.body_bytes_mean),
            client_busy: of(|run| run.client_busy),
            server_cpu_us: of(|run| run.server_cpu_us),
        }
    }
}

struct Shared {
    requests: Rc<Vec<Vec<u8>>>,
    status: u16,
    next: Cell<usize>,
    count_max: usize,
    deadline: Option<Instant>,
    latencies: RefCell<Latencies>,
    body_bytes: Cell<usize>,
}

/// Sends `requests` in their order, over and over, on so many connections; they are answered with 200.
///
/// # Errors
/// Another answer, or a connection that breaks: a fast wrong answer is no measurement.
pub(crate) async fn run(
    address: SocketAddr,
    requests: &Rc<Vec<Vec<u8>>>,
    connections: usize,
    until: Until,
) -> Result<Measured> {
    run_wanting(200, address, requests, connections, until).await
}

/// The same for requests that are answered with `status`.
///
/// # Errors
/// As [`run`].
pub(crate) async fn run_wanting(
    status: u16,
    address: SocketAddr,
    requests: &Rc<Vec<Vec<u8>>>,
    connections: usize,
    until: Until,
) -> Result<Measured> {
    let mut open = Vec::with_capacity(connections);
    for _ in 0..connections {
        open.push(Connection::open(address).await?);
    }
    let started = Instant::now();
    let (deadline, count_max) = match until {
        Until::Elapsed(time) => (Some(started + time), usize::MAX),
        Until::Requests(count) => (None, count),
    };
    let shared = Rc::new(Shared {
        requests: Rc::clone(requests),
        status,
        next: Cell::new(0),
        count_max,
        deadline,
        latencies: RefCell::default(),
        body_bytes: Cell::new(0),
    });
    let cpu = process::own_cpu();
    let tasks = tokio::task::LocalSet::new();
    let running: Vec<_> = open
        .into_iter()
        .map(|connection| tasks.spawn_local(ask_on(connection, Rc::clone(&shared))))
        .collect();
    tasks.await;
    let elapsed = started.elapsed().as_secs_f64();
    let busy = (process::own_cpu() - cpu).as_secs_f64() / elapsed;
    for task in running {
        task.await.context("a connection's task ended badly")??;
    }
    let latencies = shared.latencies.take();
    let count = latencies.len();
    Ok(Measured {
        connections,
        requests: count,
        per_s: count as f64 / elapsed,
        ms: latencies.percentiles(),
        body_bytes_mean: shared.body_bytes.get() as f64 / count.max(1) as f64,
        client_busy: busy,
        server_cpu_us: 0.0,
    })
}

async fn ask_on(mut connection: Connection, shared: Rc<Shared>) -> Result<()> {
    loop {
        let at = shared.next.get();
        let asked = Instant::now();
        if at >= shared.count_max || shared.deadline.is_some_and(|end| asked >= end) {
            return Ok(());
        }
        shared.next.set(at + 1);
        let request = &shared.requests[at % shared.requests.len()];
        let (status, bytes) = connection.exchange(request).await?;
        if status != shared.status {
            let first = request.split(|b| *b == b'\r').next().unwrap_or_default();
            bail!(
                "{} answered {status} under load",
                String::from_utf8_lossy(first)
            );
        }
        shared.latencies.borrow_mut().push(asked.elapsed());
        shared.body_bytes.set(shared.body_bytes.get() + bytes);
    }
}

/// The generator by hand.
pub(crate) fn command(args: &LoadArgs) -> Result<()> {
    let headers: Option<Vec<(&str, &str)>> = args
        .headers
        .iter()
        .map(|h| Some((h.split_once(':')?.0, h.split_once(':')?.1.trim())))
        .collect();
    let headers = headers.context("--header reads 'Name: value'")?;
    let requests = Rc::new(vec![request("GET", &args.path, &headers, None)]);
    let until = Until::Elapsed(Duration::from_secs_f64(args.seconds.clamp(0.05, 600.0)));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let measured = runtime.block_on(run(args.address, &requests, args.connections, until))?;
    out::line(&serde_json::to_string(&measured)?);
    Ok(())
}
