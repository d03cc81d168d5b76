//! Wall time and processor time of calls on this thread. On a busy machine the wall tells about the
//! others; the processor's time is what can be compared.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

use crate::latency::{Latencies, Percentiles, median};

/// What one call took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Took {
    pub(crate) wall: Duration,
    pub(crate) cpu: Duration,
}

/// What many calls took.
#[derive(Debug, Default)]
pub(crate) struct Clocks {
    wall: Latencies,
    cpu: Latencies,
    wall_sum: Duration,
    cpu_sum: Duration,
}

/// Percentiles of many calls, in milliseconds.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Timed {
    pub(crate) wall: Percentiles,
    pub(crate) cpu: Percentiles,
    /// Mean wall time of a call.
    pub(crate) wall_mean: f64,
    /// Mean processor time of a call.
    pub(crate) cpu_mean: f64,
}

/// Calls once and says what it took.
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (Took, T) {
    let cpu = thread_cpu();
    let wall = Instant::now();
    let done = std::hint::black_box(work());
    let wall = wall.elapsed();
    let cpu = thread_cpu().saturating_sub(cpu);
    (Took { wall, cpu }, done)
}

/// Processor time of this thread so far, to the nanosecond.
fn thread_cpu() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(now).unwrap_or_default()
}

impl Took {
    /// What this took more than the other; nothing where noise made it less.
    pub(crate) fn beyond(self, other: Took) -> Took {
        Took {
            wall: self.wall.saturating_sub(other.wall),
            cpu: self.cpu.saturating_sub(other.cpu),
        }
    }
}

impl Clocks {
    pub(crate) fn push(&mut self, took: Took) {
        self.wall.push(took.wall);
        self.cpu.push(took.cpu);
        self.wall_sum += took.wall;
        self.cpu_sum += took.cpu;
    }

    pub(crate) fn percentiles(self) -> Timed {
        let calls = self.cpu.len().max(1) as f64;
        let mean = |sum: Duration| sum.as_secs_f64() * 1e3 / calls;
        Timed {
            wall_mean: mean(self.wall_sum),
            cpu_mean: mean(self.cpu_sum),
            wall: self.wall.percentiles(),
            cpu: self.cpu.percentiles(),
        }
    }
}

impl Timed {
    /// The median of each number over the runs.
    pub(crate) fn median(runs: &[Timed]) -> Timed {
        let of = |pick: fn(&Timed) -> Percentiles| {
            Percentiles::median(&runs.iter().map(pick).collect::<Vec<_>>())
        };
        Timed {
            wall: of(|t| t.wall),
            cpu: of(|t| t.cpu),
            wall_mean: median(runs.iter().map(|t| t.wall_mean)),
            cpu_mean: median(runs.iter().map(|t| t.cpu_mean)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sleeping_takes_wall_time_and_no_processor() {
        let nap = Duration::from_millis(30);
        let (slept, ()) = timed(|| std::thread::sleep(nap));
        assert!(slept.wall >= nap);
        assert!(slept.cpu < nap / 2, "{:?}", slept.cpu);
        let (worked, sum) = timed(|| (0..5_000_000_u64).map(std::hint::black_box).sum::<u64>());
        assert!(sum > 0 && worked.cpu > Duration::ZERO);
        assert_eq!(slept.beyond(slept).wall, Duration::ZERO);
    }
}
