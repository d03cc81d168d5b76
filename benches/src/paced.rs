//! An open loop: so many requests a second, whether the server keeps up or not. Latencies count from
//! the moment a request was due, so that a server that stalls cannot hide it by being asked less.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde::Serialize;
use tokio::sync::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::latency::{Latencies, Percentiles};
use crate::wire::Connection;

/// Connections to one target that take turns; more requests than these are never under way.
const CONNECTIONS: usize = 32;

/// Who is asked, and what.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    /// Asked in their order, over and over.
    pub(crate) requests: Rc<Vec<Vec<u8>>>,
}

/// What an open loop measured.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Paced {
    pub(crate) requests: usize,
    pub(crate) per_s: f64,
    pub(crate) ms: Percentiles,
}

/// Every answer of a stretch, or of several.
#[derive(Debug, Default, Clone)]
pub(crate) struct Heard {
    latencies: Latencies,
    elapsed: Duration,
}

impl Heard {
    /// Counts another stretch as part of this one.
    pub(crate) fn add(&mut self, other: Self) {
        self.latencies.add(other.latencies);
        self.elapsed += other.elapsed;
    }

    pub(crate) fn paced(self) -> Paced {
        let requests = self.latencies.len();
        Paced {
            requests,
            per_s: requests as f64 / self.elapsed.as_secs_f64(),
            ms: self.latencies.percentiles(),
        }
    }
}

/// Asks one target `per_s` times a second until `is_over` says so; it is given the time since the start.
///
/// # Errors
/// An answer other than 200, or a connection that breaks.
pub(crate) async fn run(
    target: &Target,
    per_s: f64,
    is_over: impl Fn(Duration) -> bool + Send + 'static,
) -> Result<Paced> {
    let [heard] = run_each([target], per_s, is_over).await?;
    Ok(heard.paced())
}

/// Asks each target `per_s` times a second, one after the other at even distances, until `is_over` says so.
///
/// # Errors
/// An answer other than 200, or a connection that breaks.
pub(crate) async fn run_each<const N: usize>(
    targets: [&Target; N],
    per_s: f64,
    is_over: impl Fn(Duration) -> bool + Send + 'static,
) -> Result<[Heard; N]> {
    let tasks = tokio::task::LocalSet::new();
    let mut running = Vec::new();
    let mut tells = Vec::new();
    let heard: [Rc<RefCell<Latencies>>; N] = std::array::from_fn(|_| Rc::default());
    for (target, latencies) in targets.into_iter().zip(&heard) {
        let (tell, due) = unbounded_channel();
        tells.push(tell);
        let due = Rc::new(Mutex::new(due));
        for _ in 0..CONNECTIONS {
            let connection = Connection::open(target.address).await?;
            let ask = ask_on(
                connection,
                Rc::clone(&target.requests),
                Rc::clone(&due),
                Rc::clone(latencies),
            );
            running.push(tasks.spawn_local(ask));
        }
    }
    let started = Instant::now();
    let clock = std::thread::spawn(move || call_out(&tells, started, per_s, is_over));
    tasks.await;
    let elapsed = started.elapsed();
    for task in running {
        task.await.context("a connection's task ended badly")??;
    }
    clock.join().ok().context("the clock ended badly")?;
    Ok(heard.map(|latencies| Heard {
        latencies: latencies.take(),
        elapsed,
    }))
}

/// The number of a request and the moment at which it is due.
type Due = (usize, Instant);

/// Says when each request is due. A thread of its own, because timers of the runtime round up to whole milliseconds,
/// several times what is measured here.
fn call_out(
    tells: &[UnboundedSender<Due>],
    started: Instant,
    per_s: f64,
    is_over: impl Fn(Duration) -> bool,
) {
    let step = 1.0 / (per_s * tells.len() as f64);
    for (at, (number, tell)) in (0..)
        .flat_map(|number| tells.iter().map(move |tell| (number, tell)))
        .enumerate()
    {
        let since = Duration::from_secs_f64(step * at as f64);
        if is_over(since) {
            return;
        }
        let due = started + since;
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        // Whoever listened has failed, and says so itself.
        if tell.send((number, due)).is_err() {
            return;
        }
    }
}

/// Takes the next request that is due and asks.
async fn ask_on(
    mut connection: Connection,
    requests: Rc<Vec<Vec<u8>>>,
    due: Rc<Mutex<UnboundedReceiver<Due>>>,
    latencies: Rc<RefCell<Latencies>>,
) -> Result<()> {
    loop {
        let next = due.lock().await.recv().await;
        let Some((number, due)) = next else {
            return Ok(());
        };
        let request = &requests[number % requests.len()];
        let (status, _) = connection.exchange(request).await?;
        if status != 200 {
            bail!("a request was answered with {status} under load");
        }
        latencies.borrow_mut().push(due.elapsed());
    }
}
