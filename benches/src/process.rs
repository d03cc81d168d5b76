//! What the kernel says about processes: memory of a tree, processor time of a tree, and how much
//! time others took meanwhile. All of it from /proc, as text.

use std::collections::HashMap;
use std::fs;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// Clock ticks a second in /proc, the same on every Linux.
const TICKS_PER_S: f64 = 100.0;

/// Memory of a server, in MB (10^6 bytes).
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct Memory {
    /// Of the program itself: what is mapped and present.
    pub(crate) rss_mb: f64,
    /// The same with shared pages counted by share.
    pub(crate) pss_mb: f64,
    /// Of the program itself: what is neither a file's nor shared.
    pub(crate) anonymous_mb: f64,
    /// Of Postgres and all its processes, by share.
    pub(crate) postgres_pss_mb: f64,
}

/// Memory of a process and, apart, of everything below it.
pub(crate) fn memory(pid: u32) -> Memory {
    let own = rollup(pid);
    let below = tree(pid).into_iter().filter(|p| *p != pid);
    Memory {
        rss_mb: own.0,
        pss_mb: own.1,
        anonymous_mb: own.2,
        postgres_pss_mb: below.map(|p| rollup(p).1).sum(),
    }
}

/// Lets the kernel count a process's peak anew. Where that is not allowed the peak is that of its life.
pub(crate) fn forget_peak(pid: u32) {
    fs::write(format!("/proc/{pid}/clear_refs"), "5").ok();
}

/// The largest resident memory of a process since [`forget_peak`], in MB.
pub(crate) fn peak_mb(pid: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|l| l.trim().strip_suffix(" kB")?.trim().parse::<f64>().ok());
    kib.unwrap_or_default() * 1024.0 / 1e6
}

fn rollup(pid: u32) -> (f64, f64, f64) {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
    let of = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        let kib = line.and_then(|l| l.trim().strip_suffix(" kB")?.trim().parse::<f64>().ok());
        kib.unwrap_or_default() * 1024.0 / 1e6
    };
    (of("Rss:"), of("Pss:"), of("Anonymous:"))
}

/// A process and all below it.
pub(crate) fn tree(root: u32) -> Vec<u32> {
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|n| n.parse().ok()) else {
            continue;
        };
        if let Some(stat) = stat(pid) {
            children.entry(stat.parent).or_default().push(pid);
        }
    }
    let mut found = vec![root];
    let mut at = 0;
    while at < found.len() {
        found.extend(children.remove(&found[at]).unwrap_or_default());
        at += 1;
    }
    found
}

struct Stat {
    parent: u32,
    /// Its own, and those of children that have ended and were waited for: nothing is lost when a floor ends.
    ticks: u64,
}

fn stat(pid: u32) -> Option<Stat> {
    parse_stat(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// The name of a process may hold anything, a bracket too: fields begin after the last one.
fn parse_stat(text: &str) -> Option<Stat> {
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at)?.parse::<u64>().ok();
    Some(Stat {
        parent: fields.get(1)?.parse().ok()?,
        ticks: (11..=14).map(ticks).sum::<Option<u64>>()?,
    })
}

/// Processor time of this process's main thread, to the nanosecond.
pub(crate) fn own_cpu() -> Duration {
    let text = fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let nanos = text.split_whitespace().next().and_then(|n| n.parse().ok());
    Duration::from_nanos(nanos.unwrap_or_default())
}

/// How often this process has waited for a page from the disk.
pub(crate) fn own_major_faults() -> u64 {
    let text = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = text.rsplit_once(')').map(|(_, fields)| fields);
    let faults = fields.and_then(|f| f.split_whitespace().nth(9)?.parse().ok());
    faults.unwrap_or_default()
}

/// Processors of the machine, and their ticks so far that were not idle.
fn busy_ticks() -> (usize, u64) {
    let text = fs::read_to_string("/proc/stat").unwrap_or_default();
    let cores = text
        .lines()
        .filter(|l| l.starts_with("cpu") && !l.starts_with("cpu "))
        .count();
    let all: Vec<u64> = text
        .lines()
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .skip(1)
        .filter_map(|n| n.parse().ok())
        .collect();
    // user nice system idle iowait irq softirq steal
    let busy = [0, 1, 2, 5, 6, 7];
    (
        cores,
        busy.iter().filter_map(|at| all.get(*at)).sum::<u64>(),
    )
}

/// A stretch of time in which foreign work is counted.
pub(crate) struct Watch {
    servers: Vec<u32>,
    began: Instant,
    busy: u64,
    of_servers: u64,
    of_self: u64,
}

impl Watch {
    /// Begins; the trees of `servers` and this process are not foreign.
    pub(crate) fn begin(servers: &[u32]) -> Self {
        Self {
            servers: servers.to_vec(),
            began: Instant::now(),
            busy: busy_ticks().1,
            of_servers: ticks_of(servers),
            of_self: ticks_of(&[std::process::id()]),
        }
    }

    /// The share of the whole machine that others used meanwhile, 0 to 1.
    pub(crate) fn foreign(&self) -> f64 {
        let (cores, busy) = busy_ticks();
        let all = self.began.elapsed().as_secs_f64() * TICKS_PER_S * cores.max(1) as f64;
        let busy = busy.saturating_sub(self.busy);
        // The servers are children of this process.
        let own = ticks_of(&[std::process::id()]).saturating_sub(self.of_self);
        (busy.saturating_sub(own) as f64 / all).clamp(0.0, 1.0)
    }

    /// Seconds of processor time that the servers used meanwhile, Postgres included: what is left of
    /// a measurement on a busy machine, where rates and latencies tell about the others.
    pub(crate) fn servers_cpu_s(&self) -> f64 {
        ticks_of(&self.servers).saturating_sub(self.of_servers) as f64 / TICKS_PER_S
    }
}

fn ticks_of(roots: &[u32]) -> u64 {
    let mut pids: Vec<u32> = roots.iter().flat_map(|root| tree(*root)).collect();
    pids.sort_unstable();
    pids.dedup();
    pids.into_iter()
        .filter_map(|pid| Some(stat(pid)?.ticks))
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_does_not_shift_the_fields() {
        let text = "42 (a) b (c) S 7 1 1 0 -1 4194560 1 2 3 4 11 22 300 4000 20 0 1 0 100 0 0";
        let stat = parse_stat(text).unwrap();
        assert_eq!((stat.parent, stat.ticks), (7, 4_333));
    }

    #[test]
    fn this_process_has_memory_and_is_in_its_own_tree() {
        let pid = std::process::id();
        assert!(memory(pid).rss_mb > 0.1);
        assert!(tree(pid).contains(&pid));
    }
}
