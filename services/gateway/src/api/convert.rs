//! Messages to values and back. Every wrong field of a request is told at once.

use chrono::{DateTime, NaiveDate, Utc};
use domain::dossier::DossierCode;
use domain::text::nfc;
use proto::dossier::v1::FileOnlineRequest;
use proto::gateway::v1 as pb;
use proto::warehouse::v1 as wh;
use runtime::FieldViolation;
use serde::de::DeserializeOwned;
use storage::page;
use uuid::Uuid;

use crate::app::jobs::{Kind, Wanted};
use crate::app::partner::Filing;
use crate::app::reconcile::Difference;
use crate::error::Error;
use crate::store::facts::Filter;
use crate::store::indicators::Indicators;
use crate::store::jobs::{self, Job};
use crate::store::trials::Trial;

/// The largest page.
const LARGEST: i32 = 200;
/// A partner's own id is no longer than this.
const PARTNER_ID: usize = 100;
/// Lines of a rehearsal, and characters of a line.
const MISSES: usize = 20;
const MISS: usize = 500;

/// Gathers what is wrong.
#[derive(Default)]
pub(super) struct Wrong(Vec<FieldViolation>);

impl Wrong {
    fn say(&mut self, field: &str, why: impl Into<String>) {
        self.0.push(FieldViolation::new(field, why));
    }

    /// Nothing was wrong, or everything that was.
    pub(super) fn end(self) -> Result<(), Error> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(Error::Fields(self.0))
        }
    }

    pub(super) fn uuid(&mut self, field: &str, text: &str) -> Uuid {
        text.parse().unwrap_or_else(|_| {
            self.say(field, "phải là một UUID");
            Uuid::nil()
        })
    }

    /// The id behind a resource name.
    pub(super) fn resource(&mut self, field: &str, prefix: &str, name: &str) -> Uuid {
        name.strip_prefix(prefix)
            .and_then(|id| id.parse().ok())
            .unwrap_or_else(|| {
                self.say(field, format!("phải có dạng {prefix}<UUID>"));
                Uuid::nil()
            })
    }

    /// The unit of a name: letters, digits, dots and dashes.
    fn unit(&mut self, field: &str, name: &str) -> String {
        let key = name.strip_prefix("units/").unwrap_or_default();
        let fine = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
        if !(1..=64).contains(&key.len()) || !key.chars().all(fine) {
            self.say(field, "phải có dạng units/<mã>");
        }
        key.to_owned()
    }

    fn unit_if_any(&mut self, field: &str, name: &str) -> Option<String> {
        (!name.is_empty()).then(|| self.unit(field, name))
    }

    fn day(&mut self, field: &str, text: &str) -> NaiveDate {
        NaiveDate::parse_from_str(text, "%Y-%m-%d")
            .ok()
            .filter(|day| day.to_string() == text)
            .unwrap_or_else(|| {
                self.say(field, "phải là ngày dạng YYYY-MM-DD");
                NaiveDate::default()
            })
    }

    fn day_if_any(&mut self, field: &str, text: &str) -> Option<NaiveDate> {
        (!text.is_empty()).then(|| self.day(field, text))
    }

    fn in_order(&mut self, from: Option<NaiveDate>, to: Option<NaiveDate>) {
        if from.zip(to).is_some_and(|(from, to)| to < from) {
            self.say("to_day", "không được trước from_day");
        }
    }

    fn instant(&mut self, field: &str, at: Option<prost_types::Timestamp>) -> DateTime<Utc> {
        let at = at.and_then(|t| DateTime::from_timestamp(t.seconds, u32::try_from(t.nanos).ok()?));
        if at.is_none() {
            self.say(field, "phải là một thời điểm");
        }
        at.map(domain::clock::to_micros).unwrap_or_default()
    }

    /// How many a page has; 0 asks for the usual number.
    pub(super) fn size(&mut self, asked: i32, usual: u64) -> u64 {
        match asked {
            0 => usual,
            1..=LARGEST => u64::from(asked.unsigned_abs()),
            _ => {
                self.say("page_size", format!("phải từ 1 đến {LARGEST}"));
                usual
            }
        }
    }

    /// The key that a page begins after.
    pub(super) fn after<K: DeserializeOwned>(&mut self, list: &str, token: &str) -> Option<K> {
        page::decode(list, token).unwrap_or_else(|_| {
            self.say("page_token", "không thuộc danh sách này");
            None
        })
    }
}

/// What a partner files, checked as far as it is the gateway's to check: key,
/// partner's id and revision.
pub(super) fn filing(m: pb::FileDossierRequest) -> Result<Filing, Error> {
    let mut wrong = Wrong::default();
    let request_id = wrong.uuid("request_id", &m.request_id);
    let partner_id = nfc(m.partner_id.trim());
    if !(1..=PARTNER_ID).contains(&partner_id.chars().count()) {
        wrong.say("partner_id", format!("phải có từ 1 đến {PARTNER_ID} ký tự"));
    }
    if m.partner_revision < 1 {
        wrong.say("partner_revision", "phải từ 1");
    }
    wrong.end()?;
    let request = FileOnlineRequest {
        request_id: String::new(),
        partner: String::new(),
        partner_id,
        partner_revision: m.partner_revision,
        receiver: m.receiver,
        case: m.case,
        applicant: m.applicant,
        parts: m.parts,
    };
    Ok(Filing {
        request_id,
        request,
    })
}

/// Code and second factor.
pub(super) fn look_up(m: &pb::LookUpRequest) -> Result<(String, String), Error> {
    let mut wrong = Wrong::default();
    let code = nfc(m.code.trim());
    if !(1..=DossierCode::LONGEST).contains(&code.chars().count()) {
        let longest = DossierCode::LONGEST;
        wrong.say("code", format!("phải có từ 1 đến {longest} ký tự"));
    }
    let factor = m.second_factor.trim().to_owned();
    if factor.len() != 4 || !factor.bytes().all(|b| b.is_ascii_digit()) {
        wrong.say("second_factor", "phải có đúng 4 chữ số");
    }
    wrong.end()?;
    Ok((code, factor))
}

/// Which dossiers are reconciled.
pub(super) fn filter(m: &wh::ReconcileRequest) -> Result<(Filter, Option<NaiveDate>), Error> {
    let mut wrong = Wrong::default();
    let filter = Filter {
        unit: wrong.unit_if_any("unit", &m.unit),
        from: wrong.day_if_any("from_day", &m.from_day),
        to: wrong.day_if_any("to_day", &m.to_day),
    };
    wrong.in_order(filter.from, filter.to);
    let after = wrong.day_if_any("page_token", &m.page_token);
    wrong.end()?;
    Ok((filter, after))
}

/// The first and the last day of a period.
pub(super) fn period(m: &wh::GetIndicatorsRequest) -> Result<(NaiveDate, NaiveDate), Error> {
    let mut wrong = Wrong::default();
    let from = wrong.day("from_day", &m.from_day);
    let to = wrong.day("to_day", &m.to_day);
    if wrong.0.is_empty() {
        wrong.in_order(Some(from), Some(to));
    }
    wrong.end()?;
    Ok((from, to))
}

/// A job that is asked for, with its key.
pub(super) fn wanted(m: &pb::StartJobRequest) -> Result<(Uuid, Wanted), Error> {
    let mut wrong = Wrong::default();
    let request_id = wrong.uuid("request_id", &m.request_id);
    let kind = match m.kind() {
        pb::JobKind::Reconcile => Kind::Reconcile,
        pb::JobKind::RebuildWarehouse => Kind::RebuildWarehouse,
        pb::JobKind::Unspecified => {
            wrong.say("kind", "phải chọn loại công việc");
            Kind::Reconcile
        }
    };
    let wanted = Wanted {
        kind,
        unit: wrong.unit_if_any("unit", &m.unit),
        from: wrong.day_if_any("from_day", &m.from_day),
        to: wrong.day_if_any("to_day", &m.to_day),
    };
    wrong.in_order(wanted.from, wanted.to);
    if kind == Kind::RebuildWarehouse {
        for (field, text) in [
            ("unit", &m.unit),
            ("from_day", &m.from_day),
            ("to_day", &m.to_day),
        ] {
            if !text.is_empty() {
                wrong.say(field, "nạp lại kho luôn nạp toàn bộ");
            }
        }
    }
    wrong.end()?;
    Ok((request_id, wanted))
}

/// A rehearsal with its key.
pub(super) fn recorded(m: &pb::RecordTrialRequest) -> Result<(Uuid, Trial), Error> {
    let mut wrong = Wrong::default();
    let request_id = wrong.uuid("request_id", &m.request_id);
    let unit = wrong.unit("unit", &m.unit);
    if m.dossiers < 0 {
        wrong.say("dossiers", "không được âm");
    }
    if m.misses.len() > MISSES || m.misses.iter().any(|line| line.chars().count() > MISS) {
        let limit = format!("không được quá {MISSES} dòng, mỗi dòng không quá {MISS} ký tự");
        wrong.say("misses", limit);
    }
    let at = wrong.instant("at", m.at);
    wrong.end()?;
    let misses: Vec<String> = m.misses.iter().map(|line| nfc(line)).collect();
    let trial = Trial {
        unit,
        passed: m.passed,
        dossiers: m.dossiers,
        misses: serde_json::to_string(&misses).unwrap_or_default(),
        at,
    };
    Ok((request_id, trial))
}

/// A rehearsal on the wire.
pub(super) fn trial(trial: &Trial) -> pb::Trial {
    pb::Trial {
        unit: format!("units/{}", trial.unit),
        passed: trial.passed,
        dossiers: trial.dossiers,
        misses: serde_json::from_str(&trial.misses).unwrap_or_default(),
        at: Some(stamp(trial.at)),
    }
}

/// A job on the wire.
pub(super) fn job(job: Job) -> pb::Job {
    let day = |day: Option<NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
    let unit = (!job.unit.is_empty()).then(|| format!("units/{}", job.unit));
    pb::Job {
        name: format!("jobs/{}", job.id),
        kind: kind(&job).into(),
        unit: unit.unwrap_or_default(),
        from_day: day(job.from_day),
        to_day: day(job.to_day),
        state: state(&job).into(),
        done: job.done,
        total: job.total,
        // Of a waiting job the column says when it may be taken again.
        lease_until: job
            .lease_until
            .filter(|_| job.state == jobs::RUNNING)
            .map(stamp),
        owner: job.owner,
        fence: job.fence,
        outcome: job.outcome,
        requested_by: job.requested_by,
        created: Some(stamp(job.created)),
        started: job.started.map(stamp),
        finished: job.finished.map(stamp),
    }
}

fn kind(job: &Job) -> pb::JobKind {
    match Kind::of(&job.kind) {
        Some(Kind::Reconcile) => pb::JobKind::Reconcile,
        Some(Kind::RebuildWarehouse) => pb::JobKind::RebuildWarehouse,
        None => pb::JobKind::Unspecified,
    }
}

fn state(job: &Job) -> pb::JobState {
    match job.state.as_str() {
        jobs::WAITING => pb::JobState::Waiting,
        jobs::RUNNING => pb::JobState::Running,
        jobs::DONE => pb::JobState::Done,
        jobs::FAILED => pb::JobState::Failed,
        _ => pb::JobState::Unspecified,
    }
}

/// A difference on the wire.
pub(super) fn difference(one: Difference) -> wh::Difference {
    wh::Difference {
        unit: format!("units/{}", one.unit),
        day: one.day,
        source_rows: one.source_rows,
        warehouse_rows: one.warehouse_rows,
        source_checksum: one.source_checksum,
        warehouse_checksum: one.warehouse_checksum,
    }
}

/// A unit's numbers on the wire.
pub(super) fn indicators(one: &Indicators) -> wh::UnitIndicators {
    wh::UnitIndicators {
        unit: format!("units/{}", one.receiver),
        received: one.received,
        carried: one.carried,
        early: one.early,
        on_time: one.on_time,
        late: one.late,
        open_in_time: one.open_in_time,
        open_late: one.open_late,
    }
}

fn stamp(at: DateTime<Utc>) -> prost_types::Timestamp {
    prost_types::Timestamp {
        seconds: at.timestamp(),
        nanos: i32::try_from(at.timestamp_subsec_nanos()).unwrap_or_default(),
    }
}
