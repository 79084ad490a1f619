//! Reading: one dossier, lists, counts, history, private rows, the public state.

use domain::actor::Actor;
use domain::authority::{self, Action, Subject};
use storage::access_log::{self, Access};
use storage::event::StoredEvent;
use storage::private_row::{self, Opened};
use uuid::Uuid;

use super::App;
use super::cross::unopened;
use super::local::DraftText;
use super::submit::Applicant;
use crate::error::Error;
use crate::neighbours::workflow;
use crate::store::files::{self, Stored};
use crate::store::list::{self, Filter, Key};
use domain::case_file::{CaseFile, Draft};
use proto::workflow::v1::ExplainDueResponse;

/// Which dossier is meant.
#[derive(Clone, Debug)]
pub(crate) enum Which {
    /// By id.
    Id(Uuid),
    /// By code.
    Code(String),
}

/// A dossier that the actor may see; any other is not found.
pub(crate) async fn one(app: &App, actor: &Actor, which: &Which) -> Result<CaseFile, Error> {
    let stored = match which {
        Which::Id(id) => files::find(app.db.read(), *id).await?,
        Which::Code(code) => files::by_code(app.db.read(), code).await?,
    };
    let file = stored.ok_or(Error::NotFound)?.file;
    if may_read(actor, &file) {
        Ok(file)
    } else {
        Err(Error::NotFound)
    }
}

/// Whether an actor may see a file.
pub(crate) fn may_read(actor: &Actor, file: &CaseFile) -> bool {
    let subject = file
        .instance
        .as_ref()
        .map_or_else(|| unopened(file), Subject::of);
    authority::decide(actor, Action::Read, &subject).is_allowed()
}

/// A page of what the actor may see, and the key of the next one.
pub(crate) async fn page(
    app: &App,
    actor: &Actor,
    filter: &Filter,
    after: Option<Key>,
    size: u64,
) -> Result<(Vec<CaseFile>, Option<Key>), Error> {
    let mut rows = list::page(app.db.read(), actor, filter, after, size.saturating_add(1)).await?;
    let more = u64::try_from(rows.len()).is_ok_and(|n| n > size);
    if more {
        rows.pop();
    }
    let next = rows.last().filter(|_| more).map(key);
    Ok((rows.into_iter().map(|r| r.file).collect(), next))
}

fn key(row: &Stored) -> Key {
    (files::due_key(&row.file), row.file.id.0)
}

/// How many the actor may see of a filter.
pub(crate) async fn count(app: &App, actor: &Actor, filter: &Filter) -> Result<i32, Error> {
    let n = list::count(app.db.read(), actor, filter).await?;
    Ok(i32::try_from(n).unwrap_or(i32::MAX))
}

/// The events of a dossier that the actor may see.
pub(crate) async fn history(
    app: &App,
    actor: &Actor,
    which: &Which,
    after: i64,
) -> Result<Vec<StoredEvent>, Error> {
    let file = one(app, actor, which).await?;
    Ok(storage::event::load_after(app.db.read(), file.id.0, after).await?)
}

/// Why a dossier is due when it is; empty before its instance is open.
pub(crate) async fn explanation(app: &App, file: &CaseFile) -> Result<ExplainDueResponse, Error> {
    if file.instance.is_none() {
        return Ok(ExplainDueResponse::default());
    }
    workflow::explain(app, file.id.0).await
}

/// A draft of a file with its text, none once erased; the read is on record
/// before the text is handed out.
pub(crate) async fn draft(
    app: &App,
    actor: &Actor,
    file: &CaseFile,
    draft: Uuid,
) -> Result<(Draft, Option<DraftText>), Error> {
    let found = file.drafts.iter().find(|d| d.row.row == draft);
    let draft = found.ok_or(Error::NotFound)?.clone();
    let access = Access {
        at: app.clock.now(),
        actor: actor.label(),
        unit: actor
            .post
            .as_ref()
            .map(|post| post.unit.0.clone())
            .unwrap_or_default(),
        action: "draft.read".to_owned(),
        resource: format!("dossiers/{}/drafts/{}", file.id, draft.row.row),
        purpose: String::new(),
        outcome: "allowed".to_owned(),
    };
    access_log::record(&app.db, access).await?;
    let (row, version) = (draft.row.row, draft.row.version);
    let opened = private_row::get(app.db.read(), &app.vault, row, version).await?;
    let text = opened.and_then(|opened| serde_json::from_slice(&opened.plain).ok());
    Ok((draft, text))
}

/// The applicant of a file; none once erased.
pub(crate) async fn applicant(app: &App, file: &CaseFile) -> Result<Option<Applicant>, Error> {
    let row = &file.applicant;
    let opened = private_row::get(app.db.read(), &app.vault, row.row, row.version).await?;
    Ok(opened.and_then(|opened| serde_json::from_slice(&opened.plain).ok()))
}

/// A private row for another service's stated purpose; the read is on record
/// before the row is handed out.
pub(crate) async fn private(
    app: &App,
    actor: &Actor,
    (row, version): (Uuid, i64),
    purpose: &str,
) -> Result<Opened, Error> {
    let access = Access {
        at: app.clock.now(),
        actor: actor.label(),
        unit: String::new(),
        action: "private_row.read".to_owned(),
        resource: format!("private_rows/{row}/{version}"),
        purpose: purpose.to_owned(),
        outcome: "allowed".to_owned(),
    };
    access_log::record(&app.db, access).await?;
    private_row::get(app.db.read(), &app.vault, row, version)
        .await?
        .ok_or(Error::NotFound)
}

/// The dossier of a code, if the second factor is right: the last four digits of
/// the applicant's ID number or telephone. A wrong one and an unknown code are
/// the same answer.
pub(crate) async fn look_up(app: &App, code: &str, factor: &str) -> Result<CaseFile, Error> {
    let file = files::by_code(app.db.read(), code)
        .await?
        .ok_or(Error::NotFound)?
        .file;
    // A rehearsal is for officers alone.
    if file.rehearsal {
        return Err(Error::NotFound);
    }
    let applicant = applicant(app, &file).await?.ok_or(Error::NotFound)?;
    let ends = |number: &str| {
        let last: String = number
            .chars()
            .skip(number.chars().count().saturating_sub(4))
            .collect();
        // The keyed index compares without telling by time where they differ.
        last.len() == 4 && app.vault.index("factor", &last) == app.vault.index("factor", factor)
    };
    if ends(&applicant.id_number) || ends(&applicant.phone) {
        Ok(file)
    } else {
        Err(Error::NotFound)
    }
}
