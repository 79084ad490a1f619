//! Projecting the workflow onto the file: one total function, the same whether
//! the event comes in the answer or through the feed.

use std::sync::Arc;

use domain::dossier::Verb;
use domain::working_time;
use futures::future::BoxFuture;
use storage::{StorageError, Tx};
use uuid::Uuid;

use super::act::{Act, Told, event, publish};
use super::{App, amendment, notes, submit};
use crate::error::{Error, corrupt};
use crate::neighbours::workflow::Moved;
use crate::store::{codes, files};
use domain::case_file::{self, CaseFile, Fact};

/// Applies events of one instance in a unit of work, with the record of the
/// request that caused the last of them.
pub(crate) async fn apply(
    app: &App,
    dossier: Uuid,
    events: Vec<Moved>,
    act: Option<Act>,
) -> Result<CaseFile, Error> {
    let (app2, events, act) = (app.clone(), Arc::new(events), act.map(Arc::new));
    let asked = act.clone();
    let ids: Arc<Vec<Uuid>> = Arc::new(events.iter().map(|_| app.ids.next()).collect());
    let applied = app
        .db
        .run(
            "dossier_project",
            move |tx: &Tx| -> BoxFuture<'_, Result<CaseFile, Error>> {
                let (app, events, act, ids) = (
                    app2.clone(),
                    Arc::clone(&events),
                    act.clone(),
                    Arc::clone(&ids),
                );
                Box::pin(async move {
                    let mut last = None;
                    for (moved, id) in events.iter().zip(ids.iter()) {
                        last = Some(one(&app, tx, dossier, moved, *id).await?);
                    }
                    if let Some(act) = &act {
                        act.remember(tx, dossier).await?;
                    }
                    match last {
                        Some(file) => Ok(file),
                        None => Ok(files::find(tx.conn(), dossier)
                            .await?
                            .ok_or(Error::NotFound)?
                            .file),
                    }
                })
            },
        )
        .await;
    match (applied, asked) {
        // The same request was faster in another task, and is on record.
        (Err(error @ Error::Storage(StorageError::Conflict { .. })), Some(act)) => {
            act.answered(app).await?.ok_or(error)
        }
        (other, _) => other,
    }
}

/// Applies one event. One that is already in changes nothing.
///
/// # Errors
/// `Stale` when events before it are missing; never because of a state.
pub(crate) async fn one(
    app: &App,
    tx: &Tx,
    dossier: Uuid,
    moved: &Moved,
    id: Uuid,
) -> Result<CaseFile, StorageError> {
    let stored = files::lock(tx, dossier).await?;
    let stored = stored.ok_or_else(|| corrupt("dossier", dossier, "an instance without a file"))?;
    let known = stored.file.instance_version();
    if moved.advanced.version <= known {
        return Ok(stored.file);
    }
    if moved.advanced.version != known.saturating_add(1) {
        return Err(StorageError::Stale);
    }
    let mut facts = facts(app, tx, &stored.file, moved).await?;
    let mut search = stored.search;
    if moved.advanced.verb == Verb::Amend
        && let Ok(request) = moved.envelope.request_id.parse()
        && let Some((fact, applicant)) = amendment::fact(app, tx, request).await?
    {
        search = submit::search(app, &applicant);
        facts.push(fact);
    }
    let file = stored
        .file
        .apply(stored.file.version.saturating_add(1), &facts);
    let told = Told {
        id,
        actor: moved.envelope.actor.clone(),
        unit: moved.envelope.unit.clone(),
        at: feed::envelope::at(&moved.envelope)
            .map_err(|_| corrupt("workflow.event", dossier, "no instant"))?,
        request_id: moved.envelope.request_id.clone(),
    };
    files::update(tx, &file, &search).await?;
    publish(
        tx,
        &event(&file, &told, moved.advanced.verb.name(), &facts)?,
    )
    .await?;
    Ok(file)
}

/// What an event of the workflow means for the file.
async fn facts(
    app: &App,
    tx: &Tx,
    file: &CaseFile,
    moved: &Moved,
) -> Result<Vec<Fact>, StorageError> {
    let mut facts = vec![Fact::Moved {
        advanced: Box::new(moved.advanced.clone()),
    }];
    if let Ok(request) = moved.envelope.request_id.parse() {
        let note = notes::reference(app, tx, request).await?;
        facts.extend(note.map(|note| Fact::NoteKept { note }));
    }
    let accepted = matches!(moved.advanced.verb, Verb::Accept | Verb::AcceptAndSettle);
    if accepted && file.code.is_none() {
        let at = feed::envelope::at(&moved.envelope)
            .map_err(|_| corrupt("workflow.event", file.id, "no instant"))?;
        let day = working_time::local(at)
            .map_err(|_| corrupt("workflow.event", file.id, "an instant out of range"))?
            .date();
        let series = case_file::provisional_agency(&file.receiver, file.rehearsal);
        let serial = codes::next(tx, &series, &day.to_string()).await?;
        let code = case_file::code(&file.receiver, file.rehearsal, day, serial)
            .map_err(|_| corrupt("code_counter", series, "makes no code"))?;
        facts.push(Fact::CodeGiven { code });
    }
    Ok(facts)
}
