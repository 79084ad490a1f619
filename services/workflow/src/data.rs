//! The data that comes with the program, compiled in; `data/README.md` has
//! the columns. Read once, at start-up, by the seeding use-case.

use std::collections::BTreeMap;

use domain::ids::UnitId;
use domain::process::{NodeKind, PrintedStep};
use domain::text::{fold, nfc};
use domain::working_time::{DEFAULT_CUTOFF, Limit};
use serde::{Deserialize, Serialize};

/// The key of the process that a case without a published one follows.
pub const STANDARD: &str = "tieu-chuan";

/// The provincial People's Committee, as decisions print it, and its unit.
const PROVINCE_COMMITTEE: &str = "Ủy ban nhân dân tỉnh";
const PROVINCE: &str = "42";

const PROCEDURES: &str = include_str!("../data/procedures.csv");
const WORKFLOWS: &str = include_str!("../data/workflows.csv");
const UNITS: &str = include_str!("../data/units.csv");

/// A data file that cannot be used; it stops the start.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// Not CSV, or a column is missing.
    #[error("the data file is malformed")]
    Csv(#[from] csv::Error),
    /// A row says something that cannot be.
    #[error("row {key}: {why}")]
    Row {
        /// The key of the row.
        key: String,
        /// What is wrong with it.
        why: &'static str,
    },
}

/// Who decides a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// The commune that takes the dossier in.
    Commune,
    /// A department of the province.
    Province,
}

impl Level {
    /// As columns and the contract have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Commune => "commune",
            Self::Province => "province",
        }
    }
}

/// How certain a datum is; ordered from uncertain to certain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// To be checked before use.
    Low,
    /// Seen in one source or derived.
    Medium,
    /// Seen in the publication.
    High,
}

impl Confidence {
    /// As columns and the contract have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// A procedure case (*trường hợp của thủ tục hành chính*).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// Our own key.
    pub id: String,
    /// The national code; may be empty.
    pub code: String,
    /// Title, with the variant.
    pub title: String,
    /// Lĩnh vực.
    pub field: String,
    /// Who decides.
    pub level: Level,
    /// The deciding unit; none: the receiving commune.
    pub decider: Option<UnitId>,
    /// The published limit; none: no appointment.
    pub limit: Option<Limit>,
    /// The parts to hand in.
    pub parts: Vec<String>,
    /// The result's name.
    pub result: String,
    /// The fee as published.
    pub fee: String,
    /// How certain the data are, the decider included.
    pub confidence: Confidence,
    /// The process that it follows.
    pub process: String,
}

impl Case {
    /// What words are searched in.
    pub fn folded(&self) -> String {
        fold(&format!("{} {} {}", self.code, self.title, self.field))
    }
}

/// A published process (*quy trình nội bộ*) as printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// Our key.
    pub id: String,
    /// Its title.
    pub title: String,
    /// The decision.
    pub source: String,
    /// The steps in order.
    pub steps: Vec<PrintedStep>,
}

/// A unit that dossiers pass through.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Unit {
    /// Its id.
    pub unit: String,
    /// commune, department, …
    pub kind: String,
    /// Whether dossiers are taken in there.
    #[serde(deserialize_with = "yes")]
    pub receives: bool,
}

fn yes<'de, D: serde::Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    match String::deserialize(from)?.as_str() {
        "yes" => Ok(true),
        "no" => Ok(false),
        other => Err(serde::de::Error::unknown_variant(other, &["yes", "no"])),
    }
}

#[derive(Deserialize)]
struct CaseRow {
    case: String,
    national_code: String,
    title: String,
    variant: String,
    field: String,
    level: Level,
    decider: String,
    decider_confidence: Option<Confidence>,
    limit: String,
    parts: String,
    result: String,
    fee: String,
    confidence: Confidence,
    process: String,
}

impl TryFrom<CaseRow> for Case {
    type Error = DataError;

    fn try_from(row: CaseRow) -> Result<Self, DataError> {
        let wrong = |why| DataError::Row {
            key: row.case.clone(),
            why,
        };
        let limit = match row.limit.as_str() {
            "" => None,
            "same-day" => Some(Limit::SameDay {
                cutoff: DEFAULT_CUTOFF,
            }),
            text => Some(text.parse().map_err(|_| wrong("limit"))?),
        };
        let decider = (!row.decider.is_empty()).then(|| UnitId(row.decider.clone()));
        if decider.is_some() != (row.level == Level::Province) {
            return Err(wrong("a case of the province has a decider, others none"));
        }
        let title = match row.variant.as_str() {
            "" => nfc(&row.title),
            variant => nfc(&format!("{} ({variant})", row.title)),
        };
        Ok(Self {
            id: row.case.clone(),
            code: row.national_code,
            title,
            field: nfc(&row.field),
            level: row.level,
            decider,
            limit,
            parts: row
                .parts
                .split(';')
                .map(str::trim)
                .filter(|p| !p.is_empty())
                .map(nfc)
                .collect(),
            result: nfc(&row.result),
            fee: nfc(&row.fee),
            confidence: row
                .decider_confidence
                .map_or(row.confidence, |c| c.min(row.confidence)),
            process: row.process,
        })
    }
}

/// Every procedure case.
pub fn cases() -> Result<Vec<Case>, DataError> {
    cases_of(PROCEDURES)
}

fn cases_of(text: &str) -> Result<Vec<Case>, DataError> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader
        .deserialize::<CaseRow>()
        .map(|row| Case::try_from(row?))
        .collect()
}

#[derive(Deserialize)]
struct StepRow {
    process: String,
    title: String,
    label: String,
    kind: NodeKind,
    action: String,
    actor: String,
    minutes: u32,
    source: String,
}

/// Every published process, by key.
pub fn published() -> Result<Vec<Published>, DataError> {
    let mut found: BTreeMap<String, Published> = BTreeMap::new();
    let mut reader = csv::Reader::from_reader(WORKFLOWS.as_bytes());
    for row in reader.deserialize::<StepRow>() {
        let row = row?;
        let one = found
            .entry(row.process.clone())
            .or_insert_with(|| Published {
                id: row.process,
                title: nfc(&row.title),
                source: nfc(&row.source),
                steps: Vec::new(),
            });
        // A department's case that the provincial committee approves.
        let province = row.actor == PROVINCE_COMMITTEE;
        one.steps.push(PrintedStep {
            label: row.label,
            kind: row.kind,
            action: nfc(&row.action),
            actor: nfc(&row.actor),
            minutes: row.minutes,
            unit: province.then(|| UnitId::from(PROVINCE)),
        });
    }
    Ok(found.into_values().collect())
}

/// Every unit that dossiers pass through.
pub fn units() -> Result<Vec<Unit>, DataError> {
    let mut reader = csv::Reader::from_reader(UNITS.as_bytes());
    reader
        .deserialize()
        .map(|row| row.map_err(DataError::from))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_case_has_its_own_key_and_a_known_process() {
        let cases = cases().unwrap();
        let keys: BTreeSet<_> = cases.iter().map(|c| &c.id).collect();
        assert_eq!((cases.len(), keys.len()), (121, 121));
        let processes: BTreeSet<_> = published().unwrap().into_iter().map(|p| p.id).collect();
        assert_eq!(processes.len(), 6);
        let used: BTreeSet<_> = cases
            .iter()
            .map(|c| c.process.clone())
            .filter(|p| p != STANDARD)
            .collect();
        assert_eq!(used, processes);
    }

    #[test]
    fn ninety_three_procedures_are_for_communes_and_twenty_seven_for_departments() {
        let cases = cases().unwrap();
        let commune = cases.iter().filter(|c| c.level == Level::Commune).count();
        assert_eq!(commune, 93);
        // One procedure of the province has two cases.
        assert_eq!(cases.len() - commune, 28);
        let units: BTreeSet<_> = units().unwrap().into_iter().map(|u| u.unit).collect();
        for decider in cases.iter().filter_map(|c| c.decider.as_ref()) {
            assert!(units.contains(decider.as_str()), "{decider}");
        }
    }

    #[test]
    fn dossiers_are_taken_in_at_sixty_nine_communes_and_the_provincial_centre() {
        assert_eq!(units().unwrap().iter().filter(|u| u.receives).count(), 70);
    }

    #[test]
    fn birth_is_due_the_same_day_and_a_case_without_value_has_no_limit() {
        let cases = cases().unwrap();
        let birth = cases.iter().find(|c| c.code == "1.001193").unwrap();
        assert_eq!(
            birth.limit,
            Some(Limit::SameDay {
                cutoff: DEFAULT_CUTOFF
            })
        );
        assert_eq!(cases.iter().filter(|c| c.limit.is_none()).count(), 22);
    }

    #[test]
    fn a_malformed_row_is_named() {
        let head = PROCEDURES.lines().next().unwrap();
        let row = "tt-9999,,x,,y,commune,,,ten days,,,,high,tieu-chuan";
        let error = cases_of(&format!("{head}\n{row}\n")).unwrap_err();
        assert_eq!(error.to_string(), "row tt-9999: limit");
        assert!(cases_of(&format!("{head}\ntt-1,2\n")).is_err());
    }
}
