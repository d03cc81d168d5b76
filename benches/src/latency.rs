//! Latencies: every one is kept, percentiles are by nearest rank, and several runs become one by
//! the median of each number.

use serde::{Deserialize, Serialize};

/// Every latency of a run, in nanoseconds.
#[derive(Debug, Default, Clone)]
pub(crate) struct Latencies(Vec<u64>);

/// Percentiles in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Percentiles {
    pub(crate) p50: f64,
    pub(crate) p95: f64,
    pub(crate) p99: f64,
    pub(crate) p999: f64,
    pub(crate) max: f64,
}

impl Latencies {
    pub(crate) fn push(&mut self, took: std::time::Duration) {
        self.0
            .push(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The percentiles; all zero of nothing.
    pub(crate) fn percentiles(mut self) -> Percentiles {
        self.0.sort_unstable();
        let at = |share: f64| nearest_rank(&self.0, share) as f64 / 1e6;
        Percentiles {
            p50: at(0.50),
            p95: at(0.95),
            p99: at(0.99),
            p999: at(0.999),
            max: at(1.0),
        }
    }
}

impl Percentiles {
    /// The median of each number over the runs.
    pub(crate) fn median(runs: &[Percentiles]) -> Percentiles {
        let of = |pick: fn(&Percentiles) -> f64| median(runs.iter().map(pick));
        Percentiles {
            p50: of(|p| p.p50),
            p95: of(|p| p.p95),
            p99: of(|p| p.p99),
            p999: of(|p| p.p999),
            max: of(|p| p.max),
        }
    }
}

/// The smallest value that at least `share` of all values do not exceed.
fn nearest_rank(sorted: &[u64], share: f64) -> u64 {
    if sorted.is_empty() {
        return 0;
    }
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted[rank.clamp(1, sorted.len()) - 1]
}

/// The middle value; of an even number the lower of the two, so that it was really measured.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    if values.is_empty() {
        return 0.0;
    }
    values[(values.len() - 1) / 2]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_by_nearest_rank() {
        let hundred: Vec<u64> = (1..=100).collect();
        assert_eq!(nearest_rank(&hundred, 0.50), 50);
        assert_eq!(nearest_rank(&hundred, 0.99), 99);
        assert_eq!(nearest_rank(&hundred, 0.999), 100);
        assert_eq!(nearest_rank(&hundred, 1.0), 100);
        // The textbook's five values: 15 20 35 40 50.
        let five = [15, 20, 35, 40, 50];
        assert_eq!(nearest_rank(&five, 0.30), 20);
        assert_eq!(nearest_rank(&five, 0.40), 20);
        assert_eq!(nearest_rank(&[7], 0.01), 7);
        assert_eq!(nearest_rank(&[], 0.5), 0);
    }

    #[test]
    fn a_median_was_measured() {
        assert_eq!(median([3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median([4.0, 1.0, 2.0, 3.0]), 2.0);
        assert_eq!(median([]), 0.0);
    }
}
