//! The case file: a pure value, folded from its events. It holds no personal
//! data and no free text, only references to private rows.

use crate::dossier::DossierCode;
use crate::ids::{DossierId, UnitId};
use crate::process::{Advanced, Instance};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// A private row as an event may name it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowRef {
    /// The row.
    pub row: Uuid,
    /// Its version.
    pub version: i64,
    /// Its keyed commitment, hexadecimal.
    pub commitment: String,
}

/// A part that was handed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Its number in the procedure's case, from 1.
    pub number: i32,
    /// Its name, as the catalogue has it.
    pub name: String,
    /// Originals.
    pub originals: i32,
    /// Copies.
    pub copies: i32,
}

/// A draft result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// Title and text.
    pub row: RowRef,
    /// SHA-256 of the text, hexadecimal.
    pub digest: String,
}

/// How it came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// Trực tiếp.
    Counter,
    /// Trực tuyến.
    Online,
    /// Bưu chính công ích.
    Post,
}

/// The partner that filed it, with its own key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filing {
    /// The partner's client id.
    pub partner: String,
    /// The partner's own id.
    pub id: String,
    /// The partner's own revision.
    pub revision: i32,
}

/// The case file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseFile {
    /// The dossier.
    pub id: DossierId,
    /// 1..n, one an event.
    pub version: i64,
    /// The procedure case.
    pub case: String,
    /// Its title when it was submitted.
    pub title: String,
    /// The unit that took it in.
    pub receiver: UnitId,
    /// The unit that decides, as it was submitted.
    pub decider: UnitId,
    /// How it came in.
    pub channel: Channel,
    /// A rehearsal.
    pub rehearsal: bool,
    /// When it was submitted.
    pub submitted: DateTime<Utc>,
    /// Who filed it, where that was a partner.
    pub filing: Option<Filing>,
    /// The applicant's private row.
    pub applicant: RowRef,
    /// What was handed in.
    pub parts: Vec<Part>,
    /// The drafts, oldest first.
    pub drafts: Vec<Draft>,
    /// Reasons, grounds and notes of the verbs, oldest first.
    pub notes: Vec<RowRef>,
    /// The code, once accepted.
    pub code: Option<String>,
    /// The workflow's instance, projected; none until it is open.
    pub instance: Option<Instance>,
}

/// One fact of a case file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "fact")]
pub enum Fact {
    /// It began like this.
    Submitted {
        /// The file.
        file: Box<CaseFile>,
    },
    /// Applicant or parts were corrected.
    Corrected {
        /// The applicant's new row.
        applicant: RowRef,
        /// The parts, all of them.
        parts: Vec<Part>,
    },
    /// A draft was attached.
    DraftAttached {
        /// The draft.
        draft: Draft,
    },
    /// The workflow moved.
    Moved {
        /// Its event, whole.
        advanced: Box<Advanced>,
    },
    /// The code was given.
    CodeGiven {
        /// The code.
        code: String,
    },
    /// A verb left a note.
    NoteKept {
        /// The note.
        note: RowRef,
    },
}

impl CaseFile {
    /// Folds facts into the file and makes it `version`. Total.
    #[must_use]
    pub fn apply(&self, version: i64, facts: &[Fact]) -> CaseFile {
        let mut next = self.clone();
        next.version = version;
        for fact in facts {
            next.take(fact);
        }
        next
    }

    fn take(&mut self, fact: &Fact) {
        match fact {
            Fact::Submitted { file } => {
                *self = CaseFile {
                    version: self.version,
                    ..(**file).clone()
                }
            }
            Fact::Corrected { applicant, parts } => {
                self.applicant = applicant.clone();
                self.parts.clone_from(parts);
            }
            Fact::DraftAttached { draft } => self.drafts.push(draft.clone()),
            Fact::Moved { advanced } => self.instance = folded(self.instance.as_ref(), advanced),
            Fact::CodeGiven { code } => {
                self.code.get_or_insert_with(|| code.clone());
            }
            Fact::NoteKept { note } => self.notes.push(note.clone()),
        }
    }

    /// The projected instance's version; 0 before it is open.
    pub fn instance_version(&self) -> i64 {
        self.instance.as_ref().map_or(0, |i| i.version)
    }
}

/// The first event of an instance says how it began.
fn folded(known: Option<&Instance>, advanced: &Advanced) -> Option<Instance> {
    if let Some(known) = known {
        return Some(known.apply(advanced));
    }
    let opened = advanced.facts.iter().find_map(|fact| {
        if let crate::process::Fact::Opened(first) = fact {
            Some(first)
        } else {
            None
        }
    });
    opened.map(|first| first.apply(advanced))
}

/// The agency part of codes that this unit gives. The official identifiers of the
/// new communes are not known; until they are configured, ours say `TAM`
/// (*tạm*), and a rehearsal's say `TN` (*thử nghiệm*).
pub fn provisional_agency(unit: &UnitId, rehearsal: bool) -> String {
    let unit: String = unit
        .as_str()
        .to_uppercase()
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect();
    format!("H27.{}.{unit}", if rehearsal { "TN" } else { "TAM" })
}

/// The code of the `serial`th dossier that a unit accepts on a day.
pub fn code(
    unit: &UnitId,
    rehearsal: bool,
    day: chrono::NaiveDate,
    serial: u32,
) -> Result<String, crate::dossier::CodeError> {
    DossierCode::new(&provisional_agency(unit, rehearsal), day, serial).map(|code| code.to_string())
}

/// What a warehouse must have of a dossier, as one canonical line: the source
/// computes it from the file, the warehouse from its own columns. Instants are
/// microseconds since 1970, absent ones empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Digestible {
    /// The dossier.
    pub id: String,
    /// Its code.
    pub code: String,
    /// The procedure case.
    pub case: String,
    /// The unit that took it in.
    pub receiver: String,
    /// The unit that decides.
    pub decider: String,
    /// The state, in snake case; `draft` before it is open.
    pub state: String,
    /// Submitted.
    pub submitted: Option<i64>,
    /// Accepted.
    pub accepted: Option<i64>,
    /// Due.
    pub due: Option<i64>,
    /// Settlement ended.
    pub finished: Option<i64>,
}

impl Digestible {
    /// The canonical line.
    pub fn line(&self) -> String {
        let at = |at: Option<i64>| at.map(|at| at.to_string()).unwrap_or_default();
        [
            self.id.as_str(),
            &self.code,
            &self.case,
            &self.receiver,
            &self.decider,
            &self.state,
            &at(self.submitted),
            &at(self.accepted),
            &at(self.due),
            &at(self.finished),
        ]
        .join("|")
    }

    /// The first 16 bytes of the line's SHA-256. Checksums of many are added
    /// modulo 2^128, so that their order does not matter.
    pub fn checksum(&self) -> u128 {
        Sha256::digest(self.line().as_bytes())
            .iter()
            .take(16)
            .fold(0, |sum, byte| sum << 8 | u128::from(*byte))
    }
}

impl CaseFile {
    /// What the warehouse must have of this file.
    pub fn digestible(&self) -> Digestible {
        let instance = self.instance.as_ref();
        let clock = instance.map(|i| i.clock.clone()).unwrap_or_default();
        let micros = |at: Option<DateTime<Utc>>| at.map(|at| at.timestamp_micros());
        Digestible {
            id: self.id.to_string(),
            code: self.code.clone().unwrap_or_default(),
            case: self.case.clone(),
            receiver: self.receiver.0.clone(),
            decider: instance.map_or(&self.decider, |i| &i.decider).0.clone(),
            state: instance.map_or("draft", |i| i.state.name()).to_owned(),
            submitted: micros(Some(self.submitted)),
            accepted: micros(clock.accepted),
            due: micros(clock.due),
            finished: micros(clock.stopped),
        }
    }
}
