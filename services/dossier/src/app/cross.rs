//! A crossing verb: checked here, decided by workflow, applied here.

use domain::actor::Role;
use domain::authority::{self, Action, Decision, Subject};
use domain::dossier::Verb;
use domain::process::Command;
use proto::common::v1::ErrorReason;
use uuid::Uuid;

use super::act::Act;
use super::amendment::{self, Amendment};
use super::notes::{self, Kept, Note};
use super::{App, project, submit};
use crate::error::Error;
use crate::neighbours::{account, workflow};
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
    /// Correct applicant and parts; parts have their numbers only.
    Amend(Amendment),
}

/// Carries a crossing verb out and answers the file afterwards.
pub(crate) async fn run(app: &App, act: Act, crossing: Crossing) -> Result<CaseFile, Error> {
    let carried = carry(app, &act, crossing).await;
    act.refused(app, carried).await
}

async fn carry(app: &App, act: &Act, crossing: Crossing) -> Result<CaseFile, Error> {
    let stored = files::find(app.db.read(), crossing.dossier).await?;
    // What was done has raised the version: under the etag that is there now
    // nothing was done yet.
    let overtaken = stored
        .as_ref()
        .is_none_or(|stored| etag(&stored.file) != crossing.etag);
    if overtaken && let Some(done) = act.answered(app).await? {
        return Ok(done);
    }
    let stored = stored.ok_or(Error::NotFound)?;
    let file = &stored.file;
    // Before authority: who has done it may have handed the dossier on by it.
    if overtaken && crossed(app, act, file).await? {
        return project::apply(app, file.id.0, Vec::new(), Some(act.clone())).await;
    }
    let command = command(file, &crossing.command)?;
    authorise(act, file, &command)?;
    if overtaken {
        return Err(Error::Stale(etag(file)));
    }
    guard(app, file, &command)?;
    fits(app, file, &command).await?;
    let key = act.derived("workflow");
    let kept = keep(app, file, key, &crossing).await?;
    match workflow::cross(app, act, file, &command).await {
        Ok(moved) => project::answered(app, &stored, moved, kept.note, act.clone()).await,
        // It may have crossed all the same: its words wait for the feed.
        Err(Error::Elsewhere(failure)) if failure.is_undecided() => Err(Error::Elsewhere(failure)),
        Err(error) => {
            // What was refused leaves no word behind.
            if kept.wrote {
                notes::drop(app, key).await?;
                amendment::drop(app, key).await?;
            }
            Err(refused(app, file, error).await?)
        }
    }
}

/// Keeps what is said before it crosses.
async fn keep(app: &App, file: &CaseFile, key: Uuid, crossing: &Crossing) -> Result<Kept, Error> {
    if let Asked::Amend(asked) = &crossing.command {
        let case = workflow::case(app, &format!("cases/{}", file.case)).await?;
        let amendment = Amendment {
            applicant: asked.applicant.clone(),
            parts: submit::named(&asked.parts, &case.parts)?,
        };
        return Ok(Kept {
            wrote: amendment::keep(app, file.id.0, key, &amendment).await?,
            note: None,
        });
    }
    notes::keep(app, file.id.0, key, &crossing.note).await
}

/// A refusal as the caller gets it: one that was overtaken is told where the
/// file stands, with all that was missed applied.
async fn refused(app: &App, file: &CaseFile, error: Error) -> Result<Error, Error> {
    if let Error::Elsewhere(failure) = &error
        && failure.reason() == ErrorReason::StaleEtag
    {
        let file = catch_up(app, file).await?;
        return Ok(Error::Stale(etag(&file)));
    }
    Ok(error)
}

/// Whether what overtook the caller is this very request: it crossed, and the
/// process died before it was recorded, and the feed applied it meanwhile.
async fn crossed(app: &App, act: &Act, file: &CaseFile) -> Result<bool, Error> {
    let own = act.derived("workflow").to_string();
    let events = storage::event::load(app.db.read(), file.id.0).await?;
    Ok(events
        .iter()
        .filter_map(|event| feed::envelope::decode(&event.envelope).ok())
        .any(|envelope| envelope.request_id == own))
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
        Asked::Amend(_) => Ok(Command::Amend {}),
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

/// Whoever is assigned works in the unit that has the dossier, in a role that the
/// work asks for: given to anybody else, it would be in nobody's hands.
async fn fits(app: &App, file: &CaseFile, command: &Command) -> Result<(), Error> {
    let (Command::Assign { person }, Some(instance)) = (command, &file.instance) else {
        return Ok(());
    };
    let wanted = match &instance.task {
        // Assigning again: the present step's own roles.
        Some(task) if task.fires != Verb::Assign => task.roles.clone(),
        _ => vec![Role::Processing],
    };
    let roles = account::roles_in(app, &instance.owner, *person).await?;
    let fits = |role: &Role| roles.iter().any(|r| r.as_str_name() == role_name(*role));
    if wanted.iter().any(fits) {
        return Ok(());
    }
    Err(Error::Fields(vec![runtime::FieldViolation::new(
        "person",
        "phải là người có vị trí xử lý bước này tại đơn vị đang giữ hồ sơ",
    )]))
}

/// A role as the account contract names it.
fn role_name(role: Role) -> String {
    format!("ROLE_{}", files::name_of(&role).to_uppercase())
}

/// What the case file itself demands of a verb.
fn guard(app: &App, file: &CaseFile, command: &Command) -> Result<(), Error> {
    if file.instance.is_none() {
        return Err(Error::Refused(
            "NOT_OPEN_YET",
            "hồ sơ đang được mở, xin thử lại sau giây lát",
        ));
    }
    if !matches!(command, Command::Accept {} | Command::AcceptAndSettle {}) {
        return Ok(());
    }
    if app.production && !file.rehearsal {
        return Err(Error::Refused(
            "NO_OFFICIAL_CODE",
            "đơn vị chưa có mã định danh chính thức để cấp mã hồ sơ",
        ));
    }
    Ok(())
}
