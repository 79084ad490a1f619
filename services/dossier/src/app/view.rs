//! A file as it is shown: labels, days left, and what this officer may do now.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::actor::Actor;
use domain::authority::{self, Action, Subject};
use domain::dossier::Verb;
use domain::process::Instance;
use domain::working_time;
use proto::dossier::v1 as pb;
use storage::StorageError;
use storage::private_row::{self, Opened};
use uuid::Uuid;

use super::App;
use super::cross::etag;
use super::local::DraftText;
use super::notes;
use super::submit::Applicant;
use crate::error::Error;
use crate::neighbours::workflow::timestamp;
use domain::case_file::{CaseFile, Channel, Draft, RowRef};

/// How much of the applicant is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Detail {
    /// All, to officers who work on it.
    Whole,
    /// Name whole, numbers masked: lists.
    Masked,
    /// Nothing of the person: the public state.
    Bare,
}

/// Dossiers on the wire, in the order of the files: two readings for all of them.
pub(crate) async fn dossiers(
    app: &App,
    files: &[CaseFile],
    detail: Detail,
) -> Result<Vec<pb::Dossier>, Error> {
    let rows = private(app, files, detail).await?;
    let returned = returned(app, files).await?;
    let told = files.iter().map(|file| {
        let returned = returned.get(&file.id.0).copied();
        shown(app, file, detail, (&rows, returned))
    });
    Ok(told.collect())
}

/// The dossier on the wire.
pub(crate) async fn dossier(
    app: &App,
    file: &CaseFile,
    detail: Detail,
) -> Result<pb::Dossier, Error> {
    let one = std::slice::from_ref(file);
    let told = dossiers(app, one, detail).await?.pop();
    told.ok_or(Error::NotFound)
}

fn shown(
    app: &App,
    file: &CaseFile,
    detail: Detail,
    (rows, returned): (&Rows, Option<DateTime<Utc>>),
) -> pb::Dossier {
    let instance = file.instance.as_ref();
    let clock = instance.map(|i| &i.clock);
    let stamp = |at: Option<DateTime<Utc>>| at.map(timestamp);
    pb::Dossier {
        name: format!("dossiers/{}", file.id),
        code: file.code.clone().unwrap_or_default(),
        etag: etag(file),
        state: state(instance).into(),
        state_label: instance
            .map_or("Đang mở hồ sơ", |i| i.state.vi())
            .to_owned(),
        case: format!("cases/{}", file.case),
        case_title: file.title.clone(),
        receiver: format!("units/{}", file.receiver),
        decider: format!("units/{}", instance.map_or(&file.decider, |i| &i.decider)),
        owner: format!("units/{}", instance.map_or(&file.receiver, |i| &i.owner)),
        assignee: instance
            .and_then(|i| i.task.as_ref()?.person)
            .map(|p| format!("people/{p}"))
            .unwrap_or_default(),
        channel: channel(file.channel).into(),
        applicant: applicant(rows, file, detail),
        parts: file.parts.iter().map(part).collect(),
        submitted: stamp(Some(file.submitted)),
        accepted: stamp(clock.and_then(|c| c.accepted)),
        due: stamp(clock.and_then(|c| c.due)),
        finished: stamp(clock.and_then(|c| c.stopped)),
        returned: stamp(returned),
        days_left: instance.and_then(|i| days_left(app, i)),
        step_label: instance
            .and_then(|i| i.task.as_ref())
            .map(|t| format!("{}: {}", t.label, t.action))
            .unwrap_or_default(),
        drafts: if detail == Detail::Whole {
            drafts(rows, file)
        } else {
            Vec::new()
        },
        rehearsal: file.rehearsal,
        actions: Vec::new(),
        result_number: if detail == Detail::Whole {
            number(rows, file)
        } else {
            String::new()
        },
    }
}

/// What the actor may do with the file now.
pub(crate) fn actions(actor: &Actor, file: &CaseFile) -> Vec<pb::AvailableAction> {
    let Some(instance) = &file.instance else {
        return Vec::new();
    };
    let subject = Subject::of(instance);
    let may = |action| authority::decide(actor, action, &subject).is_allowed();
    let drafting = may(Action::AttachDraft).then(|| pb::AvailableAction {
        method: "AttachDraft".to_owned(),
        label: "Đính kèm dự thảo".to_owned(),
    });
    let verbs = instance
        .possible()
        .into_iter()
        .filter(|verb| may(Action::Cross(*verb)));
    let crossing = verbs.filter_map(|verb| {
        let method = method(verb)?;
        let unready = verb == Verb::SubmitForSignature && file.drafts.is_empty()
            || verb == Verb::AskSupplement && instance.supplements > 0
            || verb == Verb::AskIntakeSupplement && instance.intake_supplements > 0
            || verb == Verb::Extend && (instance.clock.extended || instance.clock.due.is_none());
        (!unready).then(|| pb::AvailableAction {
            method: method.to_owned(),
            label: verb.vi().to_owned(),
        })
    });
    crossing.chain(drafting).collect()
}

/// The RPC of a verb; none for verbs that have no RPC yet.
fn method(verb: Verb) -> Option<&'static str> {
    Some(match verb {
        Verb::AskIntakeSupplement => "AskIntakeSupplement",
        Verb::ReceiveIntakeSupplement => "ReceiveIntakeSupplement",
        Verb::RefuseIntake => "RefuseIntake",
        Verb::Accept => "Accept",
        Verb::Transfer => "Transfer",
        Verb::Receive => "Receive",
        Verb::ReturnMisrouted => "ReturnMisrouted",
        Verb::Assign => "Assign",
        Verb::Amend => "UpdateApplicant",
        Verb::ExpireIntakeSupplement => "ExpireIntakeSupplement",
        Verb::ExpireSupplement => "ExpireSupplement",
        Verb::SendBack => "SendBack",
        Verb::CompleteStep => "CompleteStep",
        Verb::AskSupplement => "AskSupplement",
        Verb::CompleteSupplement => "CompleteSupplement",
        Verb::SubmitForSignature => "SubmitForSignature",
        Verb::Sign => "Sign",
        Verb::RefuseToSign => "RefuseToSign",
        Verb::RefuseSettlement => "RefuseSettlement",
        Verb::Issue => "Issue",
        Verb::ReturnResult => "ReturnResult",
        Verb::Withdraw => "Withdraw",
        Verb::Stop => "Stop",
        Verb::Extend => "Extend",
        Verb::SubmitOnline
        | Verb::SubmitAtCounter
        | Verb::RequireFee
        | Verb::ConfirmFee
        | Verb::AcceptAndSettle
        | Verb::AskOpinion
        | Verb::CloseOpinion
        | Verb::RequireFinancialDuty
        | Verb::CompleteFinancialDuty
        | Verb::Suspend
        | Verb::Resume
        | Verb::RequireResultFee
        | Verb::ConfirmResultFee
        | Verb::HandToPost
        | Verb::ConfirmDelivery
        | Verb::ReturnDelivery
        | Verb::Correct
        | Verb::Recall
        | Verb::HandOverUnit => return None,
    })
}

fn state(instance: Option<&Instance>) -> pb::State {
    use domain::dossier::State as S;
    match instance.map(|i| i.state) {
        None | Some(S::Draft) => pb::State::Draft,
        Some(S::AwaitingReception) => pb::State::AwaitingReception,
        Some(S::Checking) => pb::State::Checking,
        Some(S::AwaitingIntakeSupplement) => pb::State::AwaitingIntakeSupplement,
        Some(S::IntakeRefused) => pb::State::IntakeRefused,
        Some(S::AwaitingFee) => pb::State::AwaitingFee,
        Some(S::Accepted) => pb::State::Accepted,
        Some(S::InTransit) => pb::State::InTransit,
        Some(S::AwaitingAssignment) => pb::State::AwaitingAssignment,
        Some(S::Processing) => pb::State::Processing,
        Some(S::AwaitingOpinion) => pb::State::AwaitingOpinion,
        Some(S::AwaitingSupplement) => pb::State::AwaitingSupplement,
        Some(S::AwaitingFinancialDuty) => pb::State::AwaitingFinancialDuty,
        Some(S::Suspended) => pb::State::Suspended,
        Some(S::AwaitingSignature) => pb::State::AwaitingSignature,
        Some(S::AwaitingIssue) => pb::State::AwaitingIssue,
        Some(S::ResultReady) => pb::State::ResultReady,
        Some(S::AwaitingResultFee) => pb::State::AwaitingResultFee,
        Some(S::Delivering) => pb::State::Delivering,
        Some(S::Returned) => pb::State::Returned,
        Some(S::Withdrawn) => pb::State::Withdrawn,
        Some(S::Stopped) => pb::State::Stopped,
    }
}

fn channel(channel: Channel) -> pb::Channel {
    match channel {
        Channel::Counter => pb::Channel::Counter,
        Channel::Online => pb::Channel::Online,
        Channel::Post => pb::Channel::Post,
    }
}

fn part(part: &domain::case_file::Part) -> pb::Part {
    pb::Part {
        number: part.number,
        name: part.name.clone(),
        originals: part.originals,
        copies: part.copies,
    }
}

/// Private rows by (row, version).
type Rows = BTreeMap<(Uuid, i64), Opened>;

/// The private rows that are shown, in one reading.
async fn private(app: &App, files: &[CaseFile], detail: Detail) -> Result<Rows, StorageError> {
    let mut wanted = Vec::new();
    for file in files {
        if detail != Detail::Bare {
            wanted.push(&file.applicant);
        }
        if detail == Detail::Whole {
            wanted.extend(file.drafts.iter().map(|draft| &draft.row));
            wanted.extend(&file.notes);
        }
    }
    let wanted: Vec<_> = wanted.iter().map(|r| (r.row, r.version)).collect();
    private_row::get_all(app.db.read(), &app.vault, &wanted).await
}

fn row<'a>(rows: &'a Rows, of: &RowRef) -> Option<&'a Opened> {
    rows.get(&(of.row, of.version))
}

fn applicant(rows: &Rows, file: &CaseFile, detail: Detail) -> Option<pb::Applicant> {
    let opened = row(rows, &file.applicant)?;
    let a: Applicant = serde_json::from_slice(&opened.plain).ok()?;
    let masked = |text: String| {
        if detail == Detail::Whole {
            text
        } else {
            mask(&text)
        }
    };
    Some(pb::Applicant {
        full_name: a.full_name,
        id_number: masked(a.id_number),
        birth_date: if detail == Detail::Whole {
            a.birth_date
        } else {
            String::new()
        },
        phone: masked(a.phone),
        email: if detail == Detail::Whole {
            a.email
        } else {
            String::new()
        },
        address: if detail == Detail::Whole {
            a.address
        } else {
            String::new()
        },
    })
}

/// All but the last three characters.
fn mask(text: &str) -> String {
    let shown = text.chars().count().saturating_sub(3);
    text.chars()
        .enumerate()
        .map(|(n, c)| if n < shown { '•' } else { c })
        .collect()
}

fn drafts(rows: &Rows, file: &CaseFile) -> Vec<pb::Draft> {
    let draft = |draft: &Draft| {
        let opened = row(rows, &draft.row);
        let text = opened.and_then(|o| serde_json::from_slice::<DraftText>(&o.plain).ok());
        pb::Draft {
            id: draft.row.row.to_string(),
            title: text.map(|t| t.title).unwrap_or_default(),
            digest: draft.digest.clone(),
        }
    };
    file.drafts.iter().map(draft).collect()
}

fn number(rows: &Rows, file: &CaseFile) -> String {
    let notes = file.notes.iter().rev();
    let mut notes = notes.filter_map(|note| notes::of(row(rows, note)?));
    let numbered = notes.find(|note| !note.number.is_empty());
    numbered.map(|note| note.number).unwrap_or_default()
}

/// When results were handed out: what ends so ends by the event of its version.
async fn returned(
    app: &App,
    files: &[CaseFile],
) -> Result<BTreeMap<Uuid, DateTime<Utc>>, StorageError> {
    let handed = |i: &Instance| i.state == domain::dossier::State::Returned;
    let ended = files
        .iter()
        .filter(|file| file.instance.as_ref().is_some_and(handed));
    let versions: Vec<_> = ended.map(|file| (file.id.0, file.version)).collect();
    storage::event::instants(app.db.read(), &versions).await
}

fn days_left(app: &App, instance: &Instance) -> Option<i32> {
    let due = instance.clock.running_due()?;
    let now = app.clock.now();
    let (today, day) = (
        working_time::local(now).ok()?.date(),
        working_time::local(due).ok()?.date(),
    );
    let days = i32::try_from(app.calendar.working_days_between(today, day).ok()?).ok()?;
    // Past the hour of the due day it is late by the day that began.
    Some(if days == 0 && now > due { -1 } else { days })
}
