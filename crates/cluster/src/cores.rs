//! Which cores work for many articles keeps off, so that a reader finds one free.
//!
//! A priority alone is not enough: whoever has a core keeps it until the system's next tick, up to 4 ms. What the
//! process was given is respected: this only ever takes cores away.

use rustix::process::Pid;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// One core in so many is left to readers, and one where there are two or three.
const CORES_TO_ONE_LEFT: usize = 4;

/// Keeps a thread, or the calling one, off the cores of readers; threads that it starts later stay off them too.
/// Where the system does not allow it, nothing changes.
pub(crate) fn leave_some_to_readers(thread: Option<Pid>) {
    let Ok(cores) = sched_getaffinity(thread) else {
        return;
    };
    let Some(fewer) = without_those_of_readers(&cores) else {
        return;
    };
    if let Err(error) = sched_setaffinity(thread, &fewer) {
        tracing::debug!(%error, "a thread of bulk work keeps all cores");
    }
}

/// The cores that remain when readers have theirs; nothing when there is only one.
fn without_those_of_readers(cores: &CpuSet) -> Option<CpuSet> {
    let all = usize::try_from(cores.count()).ok().filter(|all| *all > 1)?;
    let left = all.div_ceil(CORES_TO_ONE_LEFT);
    let mut fewer = CpuSet::new();
    let own = (0..CpuSet::MAX_CPU).filter(|core| cores.is_set(*core));
    for core in own.skip(left) {
        fewer.set(core);
    }
    Some(fewer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(cores: &[usize]) -> CpuSet {
        let mut set = CpuSet::new();
        for core in cores {
            set.set(*core);
        }
        set
    }

    #[test]
    fn readers_always_have_a_core_and_bulk_work_too() {
        assert_eq!(without_those_of_readers(&set(&[3])), None);
        let cases: [(&[usize], &[usize]); 4] = [
            (&[0, 1], &[1]),
            (&[1, 5, 6], &[5, 6]),
            (&[0, 1, 2, 3], &[1, 2, 3]),
            (&[0, 1, 2, 3, 4, 5, 6, 7], &[2, 3, 4, 5, 6, 7]),
        ];
        for (all, left) in cases {
            assert_eq!(without_those_of_readers(&set(all)), Some(set(left)));
        }
    }

    #[test]
    fn threads_of_a_thread_that_stands_back_stay_off_the_cores_of_readers() {
        let all = sched_getaffinity(None).unwrap();
        let (own, inherited) = std::thread::spawn(|| {
            crate::stand_back(None).unwrap();
            let of_child = || sched_getaffinity(None).unwrap();
            (of_child(), std::thread::spawn(of_child).join().unwrap())
        })
        .join()
        .unwrap();
        let expected = without_those_of_readers(&all).unwrap_or(all);
        assert_eq!((own, inherited), (expected, expected));
        assert_eq!(sched_getaffinity(None).unwrap(), all);
    }
}
