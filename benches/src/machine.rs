//! Facts of the machine, for whoever compares two tables. What cannot be read is called unknown.

use std::fs;
use std::process::Command;

/// One line each.
pub(crate) fn facts() -> Vec<(&'static str, String)> {
    let cpuinfo = read("/proc/cpuinfo");
    let field = |name: &str| {
        let line = cpuinfo.lines().find(|line| line.starts_with(name));
        line.and_then(|l| Some(l.split_once(':')?.1.trim().to_owned()))
    };
    let cores = cpuinfo
        .lines()
        .filter(|l| l.starts_with("processor"))
        .count();
    let memory = read("/proc/meminfo");
    let memory = memory.lines().find_map(|l| l.strip_prefix("MemTotal:"));
    let memory = memory.and_then(|m| m.trim().strip_suffix(" kB")?.trim().parse::<f64>().ok());
    let governor = read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
    vec![
        ("processor", known(field("model name").unwrap_or_default())),
        ("cores", known(cores.to_string())),
        (
            "memory",
            memory.map_or_else(
                || known(String::new()),
                |m| format!("{:.1} GB", m * 1024.0 / 1e9),
            ),
        ),
        ("governor", known(governor)),
        ("kernel", known(read("/proc/sys/kernel/osrelease"))),
        ("load average at the start", load_average()),
        ("revision", known(revision())),
    ]
}

/// Of one, five and fifteen minutes.
pub(crate) fn load_average() -> String {
    let text = read("/proc/loadavg");
    known(
        text.split_whitespace()
            .take(3)
            .collect::<Vec<_>>()
            .join(" "),
    )
}

/// Of the sources, with a mark when they are changed.
fn revision() -> String {
    let git = Command::new("git")
        .args(["describe", "--always", "--dirty"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output();
    git.map(|done| String::from_utf8_lossy(&done.stdout).into_owned())
        .unwrap_or_default()
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

fn known(text: String) -> String {
    match text.trim() {
        "" => "unknown".to_owned(),
        text => text.to_owned(),
    }
}
