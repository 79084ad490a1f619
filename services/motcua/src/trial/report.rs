//! What a rehearsal found, for people and for programs.

use std::collections::BTreeMap;
use std::io;

use serde::Serialize;
use storage::Check;

use super::cast::Commune;
use super::driver::Miss;
use super::kinds::{End, Kind};
use crate::operator::OperatorError;

/// The outcome of a rehearsal; its JSON is the command's contract.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    /// Units rehearsed.
    pub(crate) units: usize,
    /// Units all of whose lives ended as they must.
    pub(crate) units_passed: usize,
    /// Dossiers begun.
    pub(crate) dossiers: usize,
    /// Dossiers whose result was handed out.
    pub(crate) returned: usize,
    /// Of those with an appointment, how many were ready in time.
    pub(crate) on_time: usize,
    /// Dossiers by kind.
    pub(crate) kinds: BTreeMap<Kind, usize>,
    /// Whether the warehouse equals its sources.
    pub(crate) warehouse_equal: bool,
    /// Violations that `verify` found.
    pub(crate) violations: u64,
    /// How long it took.
    pub(crate) seconds: f64,
    /// What `verify` found, where it found something.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) findings: Vec<Check>,
    /// Unit by unit.
    pub(crate) by_unit: Vec<UnitReport>,
}

/// One unit.
#[derive(Debug, Default, Serialize)]
pub(crate) struct UnitReport {
    /// Its code.
    pub(crate) code: String,
    /// Its name.
    pub(crate) name: String,
    /// Dossiers begun.
    pub(crate) dossiers: usize,
    /// Lives that ended as they must.
    pub(crate) passed: usize,
    /// Of those with an appointment, how many were ready in time.
    pub(crate) on_time: usize,
    /// What went wrong, one line a life.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) misses: Vec<String>,
}

impl Report {
    /// Before any life has ended.
    pub(crate) fn of(communes: &[Commune]) -> Self {
        let unit = |commune: &Commune| UnitReport {
            code: commune.code.clone(),
            name: commune.name.clone(),
            ..UnitReport::default()
        };
        Self {
            units: communes.len(),
            by_unit: communes.iter().map(unit).collect(),
            ..Self::default()
        }
    }

    /// Counts a life of a unit.
    pub(crate) fn count(
        &mut self,
        unit: usize,
        kind: Kind,
        outcome: Result<(End, Option<bool>), Miss>,
    ) {
        self.dossiers += 1;
        *self.kinds.entry(kind).or_default() += 1;
        let Some(of_unit) = self.by_unit.get_mut(unit) else {
            return;
        };
        of_unit.dossiers += 1;
        match outcome {
            Ok((end, on_time)) => {
                of_unit.passed += 1;
                self.returned += usize::from(end == End::Returned);
                let on_time = usize::from(on_time == Some(true));
                of_unit.on_time += on_time;
                self.on_time += on_time;
            }
            Err(miss) => of_unit.misses.push(format!("{kind:?}: {miss}")),
        }
    }

    /// Takes what `verify` says.
    pub(crate) fn judge(&mut self, checked: Result<Vec<Check>, OperatorError>) {
        let passed = |unit: &&UnitReport| unit.dossiers > 0 && unit.misses.is_empty();
        self.units_passed = self.by_unit.iter().filter(passed).count();
        let checks = checked.unwrap_or_else(|error| {
            // What was walked is told even if nobody could look at it.
            vec![Check::of("trial.verify_ran", 1, vec![error.to_string()])]
        });
        self.violations = checks.iter().map(|check| check.violations).sum();
        let warehouse = checks
            .iter()
            .find(|check| check.id == "gateway.warehouse_equals_sources");
        self.warehouse_equal = warehouse.is_some_and(|check| check.violations == 0);
        let broken = checks.iter().filter(|check| check.violations > 0);
        self.findings = broken.cloned().collect();
    }

    /// Whether everything held.
    pub(crate) fn passed(&self) -> bool {
        self.units == self.units_passed && self.warehouse_equal && self.violations == 0
    }

    /// The table of units, then the sums.
    pub(crate) fn tell(&self, out: &mut impl io::Write) -> io::Result<()> {
        writeln!(
            out,
            "{:<7} {:<28} {:>6} {:>9} {:>9}",
            "mã", "đơn vị", "đạt", "hồ sơ", "đúng hạn"
        )?;
        for unit in &self.by_unit {
            let verdict = if unit.misses.is_empty() {
                "đạt"
            } else {
                "HỎNG"
            };
            writeln!(
                out,
                "{:<7} {:<28} {verdict:>6} {:>9} {:>9}",
                unit.code, unit.name, unit.dossiers, unit.on_time
            )?;
            for miss in &unit.misses {
                writeln!(out, "        {miss}")?;
            }
        }
        for (kind, count) in &self.kinds {
            writeln!(out, "{kind:?}: {count}")?;
        }
        crate::commands::verify::tell(out, &self.findings)?;
        writeln!(
            out,
            "{}/{} units passed, {} dossiers, {} returned, warehouse {}, {} violations, {:.1} s",
            self.units_passed,
            self.units,
            self.dossiers,
            self.returned,
            if self.warehouse_equal {
                "equal"
            } else {
                "DIFFERENT"
            },
            self.violations,
            self.seconds
        )
    }
}
