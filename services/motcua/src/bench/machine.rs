//! The machine that was measured on, and how busy it was. Linux only: everything
//! is read from `/proc`.

use std::fs;

use serde::Serialize;

/// Ticks a second of the counters below: fixed on Linux.
const TICKS: f64 = 100.0;

/// What a figure was measured on.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Machine {
    /// Processors.
    pub(crate) cores: usize,
    /// The model, as the kernel names it.
    pub(crate) model: String,
    /// Memory, in MiB.
    pub(crate) memory_mib: u64,
    /// The kernel.
    pub(crate) kernel: String,
    /// Load average over a minute, before anything was measured.
    pub(crate) load: String,
    /// `release` or `debug`.
    pub(crate) build: &'static str,
}

impl Machine {
    /// This one, now.
    pub(crate) fn here() -> Self {
        let read = |path| fs::read_to_string(path).unwrap_or_default();
        let field = |text: &str, name: &str| {
            let line = text.lines().find(|line| line.starts_with(name));
            let value = line.and_then(|line| line.split_once(':'));
            value.map(|(_, v)| v.trim().to_owned()).unwrap_or_default()
        };
        let memory = field(&read("/proc/meminfo"), "MemTotal");
        let kib: u64 = first(&memory).unwrap_or_default();
        let load = read("/proc/loadavg");
        Self {
            cores: std::thread::available_parallelism().map_or(0, usize::from),
            model: field(&read("/proc/cpuinfo"), "model name"),
            memory_mib: kib / 1024,
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            load: load.split(' ').next().unwrap_or_default().to_owned(),
            build: if cfg!(debug_assertions) {
                "debug"
            } else {
                "release"
            },
        }
    }
}

fn first<T: std::str::FromStr>(text: &str) -> Option<T> {
    text.split_whitespace().next()?.parse().ok()
}

/// Processor time spent until now, in seconds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Spent {
    /// By the whole machine.
    pub(crate) machine: f64,
    /// By this process.
    pub(crate) own: f64,
}

impl Spent {
    /// Until now.
    pub(crate) fn now() -> Self {
        Self {
            machine: machine().unwrap_or_default(),
            own: of("self"),
        }
    }

    /// Between an earlier instant and this one.
    pub(crate) fn since(self, earlier: Self) -> Self {
        Self {
            machine: self.machine - earlier.machine,
            own: self.own - earlier.own,
        }
    }
}

fn machine() -> Option<f64> {
    let text = fs::read_to_string("/proc/stat").ok()?;
    let line = text.lines().next()?;
    let ticks: Vec<u64> = line
        .split_whitespace()
        .skip(1)
        .filter_map(|n| n.parse().ok())
        .collect();
    let [user, nice, system, _idle, _wait, irq, soft, ..] = ticks.as_slice() else {
        return None;
    };
    Some(seconds(user + nice + system + irq + soft))
}

/// Processor time of a process, in seconds; none when it is gone.
pub(crate) fn of(process: &str) -> f64 {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // The name in parentheses may hold spaces; the numbers come after it.
    let rest = text.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks: u64 = rest
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|n| n.parse::<u64>().ok())
        .sum();
    seconds(ticks)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "ticks of a machine that was started this year"
)]
fn seconds(ticks: u64) -> f64 {
    ticks as f64 / TICKS
}

/// Memory of a process, in MiB: now, and at most until now.
pub(crate) fn memory(process: &str) -> (u64, u64) {
    let text = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let field = |name: &str| -> u64 {
        let line = text.lines().find(|line| line.starts_with(name));
        let value = line.and_then(|line| line.split_once(':'));
        value.and_then(|(_, v)| first(v)).unwrap_or_default()
    };
    (field("VmRSS") / 1024, field("VmHWM") / 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_and_its_machine_can_be_measured() {
        let before = Spent::now();
        let mut n = 0_u64;
        while Spent::now().since(before).own < 0.02 {
            n = std::hint::black_box(n + 1);
        }
        let spent = Spent::now().since(before);
        assert!(spent.machine > 0.0, "{spent:?}");
        let (now, most) = memory("self");
        assert!(0 < now && now <= most, "{now} {most}");
        assert!(Machine::here().cores > 0);
    }
}
