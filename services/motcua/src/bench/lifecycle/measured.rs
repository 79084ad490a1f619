//! What was measured, and how it is told.

use std::io;

use serde::Serialize;

use super::super::echo::Echo;
use super::super::machine::Machine;
use super::super::{Broken, table};

/// One measurement. `floor_…` is of the same run, just before.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Measured {
    pub(super) database: &'static str,
    pub(super) shape: &'static str,
    pub(super) clients: u32,
    pub(super) seconds: f64,
    pub(super) lifecycles_per_s: f64,
    pub(super) commands_per_s: f64,
    pub(super) p50_ms: f64,
    pub(super) p95_ms: f64,
    pub(super) p99_ms: f64,
    pub(super) floor_lifecycles_per_s: f64,
    pub(super) floor_p50_ms: f64,
    pub(super) floor_p99_ms: f64,
    /// Without sequencers and followers.
    pub(super) floor_alone_lifecycles_per_s: f64,
    pub(super) ratio_to_floor: f64,
    /// Of the whole machine without the load generator.
    pub(super) cpu_s_per_lifecycle: f64,
    pub(super) cpu_ms_per_command: f64,
    /// Of our processes alone.
    pub(super) services_cpu_ms_per_command: f64,
    pub(super) generator_cpu_ms_per_command: f64,
    /// Of the whole machine: the floor's client is what a service is in the product.
    pub(super) floor_cpu_ms_per_command: f64,
    pub(super) cpu_ratio_to_floor: f64,
    /// All processes together, at the end and at each one's most.
    pub(super) rss_mb: u64,
    pub(super) rss_peak_mb: u64,
    pub(super) errors: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) first_error: Option<String>,
    pub(super) by_verb: Vec<Verb>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) by_minute: Vec<Minute>,
}

/// A verb of the life.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Verb {
    pub(super) method: &'static str,
    pub(super) p50_ms: f64,
    pub(super) p99_ms: f64,
}

/// A minute of a long measurement.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Minute {
    pub(super) nth: u32,
    pub(super) commands: usize,
    pub(super) p50_ms: f64,
    pub(super) p99_ms: f64,
    pub(super) rss_mb: u64,
}

/// The tables.
pub(super) fn tell(
    out: &mut impl io::Write,
    machine: &Machine,
    all: &[Measured],
    echo: &[Echo],
) -> Result<(), Broken> {
    let Machine {
        cores,
        model,
        memory_mib,
        kernel,
        load,
        build,
    } = machine;
    writeln!(
        out,
        "{build} build, {cores} × {model}, {memory_mib} MiB, Linux {kernel}, load {load}\n"
    )?;
    table::write(out, &rows(all))?;
    for m in all.iter().filter(|m| m.first_error.is_some()) {
        let first = m.first_error.as_deref().unwrap_or_default();
        writeln!(out, "\nfirst error of {} {}: {first}", m.shape, m.clients)?;
    }
    for m in all {
        writeln!(out, "\n{} {}, verb by verb", m.shape, m.clients)?;
        let mut rows = vec![["verb", "p50 ms", "p99 ms"].map(str::to_owned).to_vec()];
        for one in &m.by_verb {
            let cells = [one.p50_ms, one.p99_ms].map(|ms| format!("{ms:.2}"));
            rows.push([&[one.method.to_owned()][..], &cells].concat());
        }
        table::write(out, &rows)?;
    }
    for m in all.iter().filter(|m| !m.by_minute.is_empty()) {
        writeln!(out, "\n{} {}, minute by minute", m.shape, m.clients)?;
        let head = ["minute", "commands", "p50 ms", "p99 ms", "RSS MB"];
        let mut rows = vec![head.map(str::to_owned).to_vec()];
        for one in &m.by_minute {
            rows.push(vec![
                one.nth.to_string(),
                one.commands.to_string(),
                format!("{:.2}", one.p50_ms),
                format!("{:.2}", one.p99_ms),
                one.rss_mb.to_string(),
            ]);
        }
        table::write(out, &rows)?;
    }
    for one in echo {
        writeln!(
            out,
            "\necho of the same sizes, {} clients: {:.0} calls/s, {:.3} ms CPU a call",
            one.clients, one.calls_per_s, one.cpu_ms_per_call
        )?;
    }
    Ok(())
}

fn rows(all: &[Measured]) -> Vec<Vec<String>> {
    let head = [
        "database",
        "shape",
        "clients",
        "lives/s",
        "floor",
        "floor alone",
        "ratio",
        "commands/s",
        "p50 ms",
        "p95 ms",
        "p99 ms",
        "floor p50",
        "floor p99",
        "CPU ms/command",
        "services",
        "generator",
        "floor's CPU",
        "CPU ratio",
        "RSS MB",
        "peak",
        "errors",
    ];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for m in all {
        let short = |n: f64| format!("{n:.1}");
        let long = |n: f64| format!("{n:.2}");
        rows.push(vec![
            m.database.to_owned(),
            m.shape.to_owned(),
            m.clients.to_string(),
            short(m.lifecycles_per_s),
            short(m.floor_lifecycles_per_s),
            short(m.floor_alone_lifecycles_per_s),
            long(m.ratio_to_floor),
            short(m.commands_per_s),
            long(m.p50_ms),
            long(m.p95_ms),
            long(m.p99_ms),
            long(m.floor_p50_ms),
            long(m.floor_p99_ms),
            long(m.cpu_ms_per_command),
            long(m.services_cpu_ms_per_command),
            long(m.generator_cpu_ms_per_command),
            long(m.floor_cpu_ms_per_command),
            long(m.cpu_ratio_to_floor),
            m.rss_mb.to_string(),
            m.rss_peak_mb.to_string(),
            m.errors.to_string(),
        ]);
    }
    rows
}
