//! An open loop: so many requests a second, whether the server keeps up or not. Latencies count from
//! the moment a request was due, so that a server that stalls cannot hide it by being asked less.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde::Serialize;

use crate::latency::{Latencies, Percentiles};
use crate::wire::Connection;

/// Connections that take turns; more requests than these are never under way.
const CONNECTIONS: usize = 32;

/// What an open loop measured.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Paced {
    pub(crate) requests: usize,
    pub(crate) per_s: f64,
    pub(crate) ms: Percentiles,
}

struct Shared {
    requests: Rc<Vec<Vec<u8>>>,
    started: Instant,
    /// Time between two requests.
    step: Duration,
    next: Cell<u32>,
    is_over: Box<dyn Fn(Duration) -> bool>,
    latencies: RefCell<Latencies>,
}

/// Sends `requests` in their order at `per_s` until `is_over` says so; it is given the time since the
/// start.
///
/// # Errors
/// An answer other than 200, or a connection that breaks.
pub(crate) async fn run(
    address: SocketAddr,
    requests: &Rc<Vec<Vec<u8>>>,
    per_s: f64,
    is_over: impl Fn(Duration) -> bool + 'static,
) -> Result<Paced> {
    let mut open = Vec::with_capacity(CONNECTIONS);
    for _ in 0..CONNECTIONS {
        open.push(Connection::open(address).await?);
    }
    let shared = Rc::new(Shared {
        requests: Rc::clone(requests),
        started: Instant::now(),
        step: Duration::from_secs_f64(1.0 / per_s),
        next: Cell::new(0),
        is_over: Box::new(is_over),
        latencies: RefCell::default(),
    });
    let tasks = tokio::task::LocalSet::new();
    let running: Vec<_> = open
        .into_iter()
        .map(|connection| tasks.spawn_local(ask_on(connection, Rc::clone(&shared))))
        .collect();
    tasks.await;
    for task in running {
        task.await.context("a connection's task ended badly")??;
    }
    let elapsed = shared.started.elapsed().as_secs_f64();
    let latencies = shared.latencies.take();
    let requests = latencies.len();
    Ok(Paced {
        requests,
        per_s: requests as f64 / elapsed,
        ms: latencies.percentiles(),
    })
}

/// Takes the next request that is due, waits for its moment, asks.
async fn ask_on(mut connection: Connection, shared: Rc<Shared>) -> Result<()> {
    loop {
        let number = shared.next.get();
        let due = shared.started + shared.step * number;
        if (shared.is_over)(due.saturating_duration_since(shared.started)) {
            return Ok(());
        }
        shared.next.set(number + 1);
        tokio::time::sleep_until(due.into()).await;
        let request = &shared.requests[number as usize % shared.requests.len()];
        let (status, _) = connection.exchange(request).await?;
        if status != 200 {
            bail!("a request was answered with {status} under load");
        }
        shared.latencies.borrow_mut().push(due.elapsed());
    }
}
