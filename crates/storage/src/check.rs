//! One invariant over stored data and how it fared: what `motcua verify` prints.

use serde::{Deserialize, Serialize};

/// How many violations of one invariant are named; all are counted.
const NAMED: usize = 20;

/// One invariant and how it fared.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Its stable name, such as `dossier.replay`.
    pub id: String,
    /// How many things were looked at.
    pub checked: u64,
    /// How many of them break it.
    pub violations: u64,
    /// The first of those, one line each, without personal data.
    pub named: Vec<String>,
}

impl Check {
    /// An invariant that nothing has been held against yet.
    pub fn new(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            ..Self::default()
        }
    }

    /// Looks at one thing; `what` names it when it breaks the invariant.
    pub fn expect(&mut self, holds: bool, what: impl FnOnce() -> String) {
        self.checked = self.checked.saturating_add(1);
        if !holds {
            self.found(what());
        }
    }

    /// Counts a violation beside what was looked at.
    pub fn found(&mut self, what: String) {
        self.violations = self.violations.saturating_add(1);
        if self.named.len() < NAMED {
            self.named.push(what);
        }
    }

    /// Adds a whole count of things, each of which holds unless named.
    #[must_use]
    pub fn of(id: &str, checked: u64, found: Vec<String>) -> Self {
        let mut check = Self {
            checked,
            ..Self::new(id)
        };
        for what in found {
            check.found(what);
        }
        check
    }
}
