//! A crossing verb: checked here, decided by workflow, applied here.

use domain::authority::{self, Action, Decision, Subject};
use domain::process::Command;
use proto::common::v1::ErrorReason;
use uuid::Uuid;

use super::act::Act;
use super::notes::{self, Note};
use super::{App, project, workflow};
use crate::error::Error;
use crate::store::files;
use domain::case_file::CaseFile;

/// A crossing verb on a dossier at the etag that the caller saw.
pub(crate) struct Crossing {
    /// The dossier.
    pub(crate) dossier: Uuid,
    /// The etag.
    pub(crate) etag: String,
    /// What is asked of workflow.
    pub(crate) command: Asked,
    /// What is said in words.
    pub(crate) note: Note,
}

/// A command, or one that the file must complete.
pub(crate) enum Asked {
    /// As it is.
    Command(Command),
    /// Submit this draft: the file knows its digest.
    Draft(Uuid),
}

/// Carries a crossing verb out and answers the file afterwards.
pub(crate) async fn run(app: &App, act: Act, crossing: Crossing) -> Result<CaseFile, Error> {
    if let Some(done) = act.recall(app).await? {
        return Ok(files::find(app.db.read(), done)
            .await?
            .ok_or(Error::NotFound)?
            .file);
    }
    let file = files::find(app.db.read(), crossing.dossier)
        .await?
        .ok_or(Error::NotFound)?
        .file;
    let command = command(&file, &crossing.command)?;
    authorise(&act, &file, &command)?;
    if etag(&file) != crossing.etag {
        return finish_or_stale(app, act, file).await;
    }
    guard(app, &file, &command)?;
    notes::keep(
        app,
        crossing.dossier,
        act.derived("workflow"),
        &crossing.note,
    )
    .await?;
    match workflow::cross(app, &act, &file, &command).await {
        Ok(moved) => project::apply(app, crossing.dossier, vec![moved], Some(act)).await,
        Err(Error::Elsewhere(failure)) if failure.reason() == ErrorReason::StaleEtag => {
            let file = catch_up(app, &file).await?;
            Err(Error::Stale(etag(&file)))
        }
        Err(error) => Err(error),
    }
}

/// A stale etag may be this very request's own doing: it crossed, and the process
/// died before it was recorded, and the feed applied it meanwhile.
async fn finish_or_stale(app: &App, act: Act, file: CaseFile) -> Result<CaseFile, Error> {
    let own = act.derived("workflow").to_string();
    let events = storage::event::load(app.db.read(), file.id.0).await?;
    let crossed = events
        .iter()
        .filter_map(|event| feed::envelope::decode(&event.envelope).ok())
        .any(|envelope| envelope.request_id == own);
    if crossed {
        return project::apply(app, file.id.0, Vec::new(), Some(act)).await;
    }
    Err(Error::Stale(etag(&file)))
}

/// Pulls and applies what workflow knows and the file does not.
pub(crate) async fn catch_up(app: &App, file: &CaseFile) -> Result<CaseFile, Error> {
    let missed = workflow::events(app, file.id.0, file.instance_version()).await?;
    project::apply(app, file.id.0, missed, None).await
}

/// The opaque pair of file version and instance version.
pub(crate) fn etag(file: &CaseFile) -> String {
    use base64::Engine as _;
    let pair = format!("{}.{}", file.version, file.instance_version());
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(pair)
}

fn command(file: &CaseFile, asked: &Asked) -> Result<Command, Error> {
    match asked {
        Asked::Command(command) => Ok(command.clone()),
        Asked::Draft(id) => {
            let draft = file.drafts.iter().find(|d| d.row.row == *id);
            let unknown = || {
                Error::Fields(vec![runtime::FieldViolation::new(
                    "draft",
                    "không có dự thảo này",
                )])
            };
            let digest = draft.ok_or_else(unknown)?.digest.clone();
            Ok(Command::SubmitForSignature { digest })
        }
    }
}

fn authorise(act: &Act, file: &CaseFile, command: &Command) -> Result<(), Error> {
    let decision = match &file.instance {
        Some(instance) => authority::decide(
            &act.actor,
            Action::Cross(command.verb()),
            &Subject::of(instance),
        ),
        None => authority::decide(&act.actor, Action::Read, &unopened(file)),
    };
    match decision {
        Decision::Allow(_) => Ok(()),
        Decision::Deny(rule) => Err(Error::Denied(rule)),
        Decision::Hidden => Err(Error::NotFound),
    }
}

/// A file without an instance yet, as the authority sees it.
pub(crate) fn unopened(file: &CaseFile) -> Subject<'_> {
    Subject {
        receiver: &file.receiver,
        decider: &file.decider,
        owner: &file.receiver,
        state: domain::dossier::State::Draft,
        task_roles: &[],
        task_person: None,
        is_party: false,
    }
}

/// What the case file itself demands of a verb.
fn guard(app: &App, file: &CaseFile, command: &Command) -> Result<(), Error> {
    if file.instance.is_none() {
        return Err(Error::Refused(
            "NOT_OPEN_YET",
            "hồ sơ đang được mở, xin thử lại sau giây lát",
        ));
    }
    match command {
        Command::Accept {} | Command::AcceptAndSettle {} if app.production && !file.rehearsal => {
            Err(Error::Refused(
                "NO_OFFICIAL_CODE",
                "đơn vị chưa có mã định danh chính thức để cấp mã hồ sơ",
            ))
        }
        Command::Accept {} | Command::AcceptAndSettle {} if file.parts.is_empty() => {
            Err(Error::Refused("NO_PARTS", "hồ sơ chưa có thành phần nào"))
        }
        _ => Ok(()),
    }
}
