//! What a rehearsal found, for people and for programs.

use std::collections::BTreeMap;

use serde::Serialize;

use super::kinds::Kind;

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
    /// Dossiers by kind.
    pub(crate) kinds: BTreeMap<Kind, usize>,
    /// Whether the warehouse equals its sources.
    pub(crate) warehouse_equal: bool,
    /// Violations that `verify` found.
    pub(crate) violations: u64,
    /// How long it took.
    pub(crate) seconds: f64,
    /// What went wrong, one line a life, the first of each unit.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) misses: Vec<String>,
}

impl Report {
    /// Whether everything held.
    pub(crate) fn passed(&self) -> bool {
        self.units == self.units_passed && self.warehouse_equal && self.violations == 0
    }
}
