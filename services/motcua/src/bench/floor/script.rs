//! The recorded life as a script: steps in order, and how its ids become those
//! of another life.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use sea_query::{Value, Values};
use sea_query_sqlx::SqlxValues;
use storage::Run;
use uuid::Uuid;

use crate::bench::record::{Recorded, Said};
use crate::bench::salt::salt;

/// A statement and what is bound to it.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) sql: Arc<str>,
    pub(super) values: SqlxValues,
}

/// What a client waits for.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// A reading of its own.
    Read(&'static str, Line),
    /// A unit of work.
    Unit(&'static str, Vec<Line>),
}

/// A life as it is said.
pub(super) struct Life {
    /// Its commands.
    pub(super) acts: Vec<Vec<Step>>,
    /// What followers say of it, by store, an event each.
    pub(super) after: BTreeMap<&'static str, Vec<Vec<Line>>>,
}

struct Words {
    sql: Arc<str>,
    values: Vec<Value>,
}

enum Part {
    Read(&'static str, Words),
    Unit(&'static str, Vec<Words>),
}

/// The script.
pub(super) struct Script {
    acts: Vec<Vec<Part>>,
    after: BTreeMap<&'static str, Vec<Vec<Words>>>,
    /// What the life made; all else stays as it is.
    fresh: BTreeSet<Uuid>,
    unit: String,
    codes: Vec<String>,
}

/// The commune whose life is recorded, as its rows name it: replaced, so that
/// lives spread over as many units as in the product.
const UNITS: u64 = 69;

impl Script {
    pub(super) fn of(acts: &[Recorded]) -> Self {
        let said = || {
            acts.iter()
                .flat_map(|act| act.said.iter().chain(&act.after))
        };
        let inserted = said().filter(|s| s.sql.contains("INSERT INTO"));
        let known: BTreeSet<Uuid> = said()
            .filter(|s| s.store == "account")
            .flat_map(|s| uuids(&s.values))
            .collect();
        let fresh = inserted
            .flat_map(|s| uuids(&s.values))
            .filter(|id| !known.contains(id))
            .collect();
        let texts = || said().flat_map(|s| s.values.iter().filter_map(text));
        let codes: BTreeSet<String> = texts().filter(|t| is_code(t)).map(str::to_owned).collect();
        let unit = codes.iter().find_map(|code| unit_of(code));
        let mut after: BTreeMap<_, Vec<Vec<Words>>> = BTreeMap::new();
        for act in acts {
            for (store, unit) in units(&act.after) {
                after.entry(store).or_default().push(unit);
            }
        }
        Self {
            acts: acts.iter().map(|act| parts(&act.said)).collect(),
            after,
            fresh,
            unit: unit.unwrap_or_default(),
            codes: codes.into_iter().collect(),
        }
    }

    /// The nth life: other ids, another code, another commune.
    pub(super) fn life(&self, nth: u64) -> Life {
        let names = Names {
            script: self,
            salt: salt(nth),
            now: now(),
            unit: format!("{:05}", 18000 + nth % UNITS),
            nth,
        };
        let line = |words: &Words| names.line(words);
        let part = |part: &Part| match part {
            Part::Read(store, words) => Step::Read(store, line(words)),
            Part::Unit(store, unit) => Step::Unit(store, unit.iter().map(line).collect()),
        };
        let followed = |units: &Vec<Vec<Words>>| {
            let unit = |unit: &Vec<Words>| unit.iter().map(line).collect();
            units.iter().map(unit).collect()
        };
        let after = self.after.iter();
        Life {
            acts: self
                .acts
                .iter()
                .map(|act| act.iter().map(part).collect())
                .collect(),
            after: after.map(|(store, of)| (*store, followed(of))).collect(),
        }
    }

    /// The stores that followers write to.
    pub(super) fn followed(&self) -> Vec<&'static str> {
        self.after.keys().copied().collect()
    }
}

struct Names<'a> {
    script: &'a Script,
    salt: u128,
    now: u128,
    unit: String,
    nth: u64,
}

impl Names<'_> {
    fn line(&self, words: &Words) -> Line {
        let values = words.values.iter().map(|value| self.value(value)).collect();
        Line {
            sql: Arc::clone(&words.sql),
            values: SqlxValues(Values(values)),
        }
    }

    fn value(&self, value: &Value) -> Value {
        if let Value::Uuid(Some(id)) = value {
            let id = if self.script.fresh.contains(id) {
                self.id(*id)
            } else {
                *id
            };
            return Value::Uuid(Some(id));
        }
        if let Value::String(Some(text)) = value {
            return Value::String(Some(self.text(text)));
        }
        value.clone()
    }

    /// Ids that are in order of time stay in order of time.
    fn id(&self, id: Uuid) -> Uuid {
        let mixed = id.as_u128() ^ self.salt;
        if id.get_version_num() == 7 {
            let low = mixed & ((1 << 80) - 1);
            return Uuid::from_u128((self.now << 80) | low);
        }
        Uuid::from_u128(mixed ^ (self.salt << 64))
    }

    fn text(&self, text: &str) -> String {
        if self.script.codes.iter().any(|code| code == text) {
            return format!("{text}/{}", self.nth);
        }
        if self.script.unit.is_empty() || !text.contains(&self.script.unit) {
            return text.to_owned();
        }
        text.replace(&self.script.unit, &self.unit)
    }
}

fn uuids(values: &[Value]) -> impl Iterator<Item = Uuid> {
    values.iter().filter_map(|value| {
        if let Value::Uuid(id) = value {
            *id
        } else {
            None
        }
    })
}

fn text(value: &Value) -> Option<&str> {
    if let Value::String(text) = value {
        text.as_deref()
    } else {
        None
    }
}

/// `H27.TAM.18583-261124-0001`.
fn is_code(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let digits = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    matches!(parts.as_slice(), [agency, day, serial]
        if agency.contains('.') && day.len() == 6 && digits(day) && digits(serial))
}

fn unit_of(code: &str) -> Option<String> {
    let agency = code.split('-').next()?;
    Some(agency.rsplit('.').next()?.to_owned())
}

/// A statement as it was said.
pub(super) fn as_said(said: &Said) -> Line {
    Line {
        sql: said.sql.as_str().into(),
        values: SqlxValues(Values(said.values.clone())),
    }
}

fn words(said: &Said) -> Words {
    Words {
        sql: said.sql.as_str().into(),
        values: said.values.clone(),
    }
}

/// Statements of one run of a unit of work belong together.
fn parts(said: &[Said]) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut last: Option<(&'static str, Run)> = None;
    for one in said {
        match (one.unit, parts.last_mut()) {
            (None, _) => parts.push(Part::Read(one.store, words(one))),
            (Some(run), Some(Part::Unit(_, unit))) if last == Some((one.store, run)) => {
                unit.push(words(one));
            }
            (Some(_), _) => parts.push(Part::Unit(one.store, vec![words(one)])),
        }
        last = one.unit.map(|run| (one.store, run));
    }
    parts
}

/// The same, where units of several stores come interleaved.
fn units(said: &[Said]) -> Vec<(&'static str, Vec<Words>)> {
    let mut units: Vec<(&'static str, Run, Vec<Words>)> = Vec::new();
    for one in said {
        let Some(run) = one.unit else { continue };
        let open = units
            .iter_mut()
            .find(|(store, known, _)| (*store, *known) == (one.store, run));
        match open {
            Some((_, _, unit)) => unit.push(words(one)),
            None => units.push((one.store, run, vec![words(one)])),
        }
    }
    let unit = |(store, _, words)| (store, words);
    units.into_iter().map(unit).collect()
}

#[expect(
    clippy::disallowed_methods,
    reason = "ids of the floor are in order of real time, as the product's are"
)]
fn now() -> u128 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_told_from_other_texts() {
        assert!(is_code("H27.TAM.18583-261124-0001"));
        assert!(!is_code("2026-11-24"));
        assert_eq!(unit_of("H27.TAM.18583-261124-0001").unwrap(), "18583");
    }

    #[test]
    fn another_life_has_other_ids_of_the_same_kind() {
        let script = Script {
            acts: Vec::new(),
            after: BTreeMap::new(),
            fresh: BTreeSet::new(),
            unit: "18583".to_owned(),
            codes: Vec::new(),
        };
        let names = |nth| Names {
            script: &script,
            salt: salt(nth),
            now: 7,
            unit: "18001".to_owned(),
            nth,
        };
        let old = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001);
        let (one, two) = (names(1).id(old), names(2).id(old));
        assert_ne!(one, two);
        assert_eq!(one.get_version_num(), 7);
        assert_eq!(names(1).text("units/18583"), "units/18001");
    }
}
