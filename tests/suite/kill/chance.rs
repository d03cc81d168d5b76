//! Chance that can be repeated: SplitMix64 from a printed seed (Steele, Lea, Flood 2014).

use std::time::{Duration, Instant};

/// A sequence of numbers.
#[derive(Debug, Clone)]
pub(crate) struct Chance(u64);

impl Chance {
    /// The sequence of a seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A seed nobody chose: addresses and the clock differ from run to run.
    pub(crate) fn any_seed() -> u64 {
        let here = Instant::now();
        let mut mix = Self(
            format!("{here:?} {:p}", &here)
                .bytes()
                .fold(7, |n, b| n * 31 % (1 << 48) + u64::from(b)),
        );
        mix.next() % 1_000_000_000
    }

    /// A sequence of its own for a part of the test.
    pub(crate) fn split(&mut self) -> Self {
        Self(self.next())
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).expect("it is below a usize")
    }

    /// True once in `n` times.
    pub(crate) fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// A time below `end`, to the microsecond.
    pub(crate) fn time(&mut self, end: Duration) -> Duration {
        let micros = u64::try_from(end.as_micros()).expect("a short time").max(1);
        Duration::from_micros(self.next() % micros)
    }
}
