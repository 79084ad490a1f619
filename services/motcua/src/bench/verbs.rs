//! `bench verbs`: what each verb says to the databases while its caller waits:
//! statements, units of work, and the time that the databases take.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write as _};

use serde::Serialize;
use serde_json::json;
use storage::Run;

use super::deployment::Place;
use super::machine::Machine;
use super::record::{self, Recorded, Said};
use super::{Broken, table};
use crate::Outcome;
use crate::cli::VerbsArgs;
use crate::holds;

/// What one verb costs in one store.
#[derive(Clone, Debug, Serialize)]
struct Cost {
    verb: &'static str,
    store: &'static str,
    /// Readings outside a unit of work.
    reads: usize,
    /// Statements of units of work, without their `BEGIN` and `COMMIT`.
    writes: usize,
    /// Units of work: a commit each.
    commits: usize,
    /// What the database took, with the way to it.
    database_micros: u128,
}

pub(super) async fn run(args: VerbsArgs) -> Outcome {
    let place = Place::fresh(args.database.as_deref()).await?;
    let tape = record::life(&place).await?;
    place.remove().await?;
    let costs: Vec<Cost> = tape.acts.iter().flat_map(costs).collect();
    let beside = besides(&tape.beside);
    let mut out = io::stdout().lock();
    if args.json {
        let answer = json!({ "machine": Machine::here(), "verbs": costs, "beside": beside });
        writeln!(out, "{answer}")?;
        return Ok(holds(true));
    }
    let head = ["verb", "store", "reads", "writes", "commits", "database µs"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for cost in &costs {
        rows.push(vec![
            cost.verb.to_owned(),
            cost.store.to_owned(),
            cost.reads.to_string(),
            cost.writes.to_string(),
            cost.commits.to_string(),
            cost.database_micros.to_string(),
        ]);
    }
    table::write(&mut out, &rows)?;
    writeln!(
        out,
        "\nbeside, for the whole life of {} acts",
        tape.acts.len()
    )?;
    let head = [
        "store",
        "unit of work",
        "statements",
        "commits",
        "database µs",
    ];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for beside in &beside {
        rows.push(vec![
            beside.store.to_owned(),
            beside.unit.to_owned(),
            beside.statements.to_string(),
            beside.commits.to_string(),
            beside.database_micros.to_string(),
        ]);
    }
    table::write(&mut out, &rows)?;
    if args.statements {
        for act in &tape.acts {
            statements(&mut out, act)?;
        }
    }
    Ok(holds(true))
}

/// What is said while nobody waits, of one store and one kind of unit of work.
#[derive(Clone, Debug, Serialize)]
struct Beside {
    store: &'static str,
    /// `reading` outside of units of work.
    unit: &'static str,
    statements: usize,
    commits: usize,
    database_micros: u128,
}

fn besides(said: &[Said]) -> Vec<Beside> {
    let mut by_unit: BTreeMap<_, Vec<&Said>> = BTreeMap::new();
    for one in said {
        let unit = one.unit.map_or("reading", |run| run.name);
        by_unit.entry((one.store, unit)).or_default().push(one);
    }
    let beside = |((store, unit), said): ((&'static str, &'static str), Vec<&Said>)| {
        let commits: BTreeSet<u64> = said.iter().filter_map(|s| Some(s.unit?.serial)).collect();
        Beside {
            store,
            unit,
            statements: said.len(),
            commits: commits.len(),
            database_micros: said.iter().map(|s| s.micros).sum(),
        }
    };
    by_unit.into_iter().map(beside).collect()
}

fn costs(act: &Recorded) -> Vec<Cost> {
    let mut by_store: BTreeMap<&'static str, Vec<&Said>> = BTreeMap::new();
    for said in &act.said {
        by_store.entry(said.store).or_default().push(said);
    }
    let cost = |(store, said): (&'static str, Vec<&Said>)| {
        let units: BTreeSet<u64> = said.iter().filter_map(|s| Some(s.unit?.serial)).collect();
        let reads = said.iter().filter(|s| s.unit.is_none()).count();
        Cost {
            verb: act.method,
            store,
            reads,
            writes: said.len() - reads,
            commits: units.len(),
            database_micros: said.iter().map(|s| s.micros).sum(),
        }
    };
    by_store.into_iter().map(cost).collect()
}

fn statements(out: &mut impl io::Write, act: &Recorded) -> Result<(), Broken> {
    writeln!(out, "\n{}", act.method)?;
    let mut last: Option<Run> = None;
    for (said, when) in act
        .said
        .iter()
        .map(|s| (s, ""))
        .chain(act.after.iter().map(|s| (s, "after: ")))
    {
        if let Some(run) = said.unit.filter(|run| last != Some(*run)) {
            writeln!(out, "  {when}{}: unit {}", said.store, run.name)?;
        }
        last = said.unit;
        let indent = if said.unit.is_some() { "    " } else { "  " };
        let sql: String = said.sql.chars().take(150).collect();
        writeln!(
            out,
            "{indent}{when}{} {:>5} µs  {sql}",
            said.store, said.micros
        )?;
    }
    Ok(())
}
