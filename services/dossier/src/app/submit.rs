//! Taking a dossier in: the file is committed, then its instance is opened. If
//! the process dies in between, the projection job opens it.

use domain::authority::{self, Action, Decision, Subject};
use domain::dossier::State;
use domain::ids::{DossierId, UnitId};
use storage::private_row;
use storage::{Batch, StorageError};

use super::act::{Act, event};
use super::notes::hex;
use super::{App, project};
use crate::error::Error;
use crate::neighbours::workflow;
use crate::store::files::{self, Search};
use domain::case_file::{CaseFile, Channel, Fact, Filing, Part, RowRef};

/// The applicant as converted: the private row's content.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Applicant {
    /// Full name, NFC.
    pub(crate) full_name: String,
    /// Citizen number.
    pub(crate) id_number: String,
    /// YYYY-MM-DD.
    pub(crate) birth_date: String,
    /// Telephone; may be empty.
    pub(crate) phone: String,
    /// E-mail; may be empty.
    pub(crate) email: String,
    /// Address.
    pub(crate) address: String,
}

/// A dossier to be taken in.
#[derive(Clone, Debug)]
pub(crate) struct Submission {
    /// The unit that takes it in.
    pub(crate) receiver: UnitId,
    /// The unit that decides; none: as the procedure case says.
    pub(crate) decider: Option<UnitId>,
    /// The procedure case's key.
    pub(crate) case: String,
    /// The applicant.
    pub(crate) applicant: Applicant,
    /// What is handed in: number, originals, copies; names are the catalogue's.
    pub(crate) parts: Vec<Part>,
    /// How it came in.
    pub(crate) channel: Channel,
    /// A rehearsal.
    pub(crate) rehearsal: bool,
    /// The partner that files it.
    pub(crate) filing: Option<Filing>,
}

/// Carries it out and answers the file, opened if workflow is there.
pub(crate) async fn run(app: &App, act: Act, submission: Submission) -> Result<CaseFile, Error> {
    if let Some(done) = act.answered(app).await? {
        return Ok(done);
    }
    authorise(&act, &submission)?;
    if let Some(filing) = &submission.filing {
        let key = format!("{}/{}/{}", filing.partner, filing.id, filing.revision);
        if let Some(known) = files::by_filing(app.db.read(), &key).await? {
            return Err(Error::AlreadyFiled(format!("dossiers/{}", known.file.id)));
        }
    }
    let (receiver, asked) = (&submission.receiver, submission.decider.as_ref());
    let (decider, case) = workflow::opening(app, &submission.case, receiver, asked).await?;
    let parts = named(&submission.parts, &case.parts)?;
    let file = store(app, &act, submission, case.title, parts, decider).await?;
    open(app, file).await
}

/// Opens the instance of a file that has none.
pub(crate) async fn open(app: &App, file: CaseFile) -> Result<CaseFile, Error> {
    match workflow::open(app, &file).await {
        Ok(moved) => project::apply(app, file.id.0, vec![moved], None).await,
        Err(Error::Elsewhere(failure)) if failure.is_transient() => {
            tracing::warn!(dossier = %file.id, "workflow is away; the instance will be opened later");
            Ok(file)
        }
        Err(error) => Err(error),
    }
}

fn authorise(act: &Act, submission: &Submission) -> Result<(), Error> {
    if submission.filing.is_some() {
        // The gateway has checked the partner's scope; a service calls.
        return Ok(());
    }
    let subject = Subject {
        receiver: &submission.receiver,
        decider: &submission.receiver,
        owner: &submission.receiver,
        state: State::Draft,
        task_roles: &[],
        task_person: None,
        is_party: false,
    };
    match authority::decide(&act.actor, Action::Submit, &subject) {
        Decision::Allow(_) => Ok(()),
        Decision::Deny(rule) => Err(Error::Denied(rule)),
        Decision::Hidden => Err(Error::NotFound),
    }
}

/// Parts by the catalogue's names; one that the case does not have is wrong, and
/// so is none where the case has published some. A case that has published none
/// is taken in without.
pub(super) fn named(parts: &[Part], known: &[String]) -> Result<Vec<Part>, Error> {
    let mut wrong = Vec::new();
    let mut named = Vec::new();
    for part in parts {
        let at = usize::try_from(part.number)
            .ok()
            .and_then(|n| n.checked_sub(1));
        match at.and_then(|at| known.get(at)) {
            Some(name) => named.push(Part {
                name: name.clone(),
                ..part.clone()
            }),
            None => wrong.push(runtime::FieldViolation::new(
                "parts.number",
                format!("thủ tục này không có thành phần số {}", part.number),
            )),
        }
    }
    if parts.is_empty() && !known.is_empty() {
        wrong.push(runtime::FieldViolation::new(
            "parts",
            "phải có ít nhất một thành phần hồ sơ",
        ));
    }
    if wrong.is_empty() {
        Ok(named)
    } else {
        Err(Error::Fields(wrong))
    }
}

/// The search columns of an applicant.
pub(super) fn search(app: &App, applicant: &Applicant) -> Search {
    Search {
        name_folded: domain::text::fold(&applicant.full_name),
        phone_index: (!applicant.phone.is_empty())
            .then(|| app.vault.index("phone", &applicant.phone)),
    }
}

async fn store(
    app: &App,
    act: &Act,
    submission: Submission,
    title: String,
    parts: Vec<Part>,
    decider: UnitId,
) -> Result<CaseFile, Error> {
    let id = DossierId(app.ids.next());
    let (row, event_id) = (app.ids.next(), app.ids.next());
    let plain = serde_json::to_vec(&submission.applicant).map_err(|_| StorageError::Other)?;
    let search = search(app, &submission.applicant);
    let sealed = private_row::seal_first(&app.vault, id.0, "applicant", (row, 1), &plain)?;
    let file = CaseFile {
        id,
        version: 1,
        case: submission.case,
        title,
        receiver: submission.receiver,
        decider,
        channel: submission.channel,
        rehearsal: submission.rehearsal,
        submitted: act.now,
        filing: submission.filing,
        applicant: RowRef {
            row,
            version: 1,
            commitment: hex(&sealed.commitment.0),
        },
        parts,
        drafts: Vec::new(),
        notes: Vec::new(),
        code: None,
        instance: None,
    };
    let facts = [Fact::Submitted {
        file: Box::new(CaseFile {
            version: 0,
            ..file.clone()
        }),
    }];
    let event = event(&file, &act.told(event_id), "submitted", &facts)?;
    let batch = sealed
        .rows
        .into_iter()
        .fold(Batch::new(), Batch::insert)
        .insert(files::insert(&file, &search)?)
        .insert(storage::event::row(&event))
        .insert(act.record(id.0)?);
    match app.db.commit("dossier_submit", batch).await {
        // The same request, or the same filing, was faster elsewhere.
        Err(StorageError::Conflict { .. }) => act
            .answered(app)
            .await?
            .ok_or(StorageError::Unavailable.into()),
        Err(error) => Err(error.into()),
        Ok(_) => Ok(file),
    }
}
