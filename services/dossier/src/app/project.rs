//! Projecting the workflow onto the file: one total function, the same whether
//! the event comes in the answer or through the feed.

use std::sync::Arc;

use domain::dossier::Verb;
use domain::working_time;
use futures::future::BoxFuture;
use storage::{Batch, StorageError, Tx};
use uuid::Uuid;

use super::act::{Act, Told, event};
use super::{App, amendment, notes, submit};
use crate::error::{Error, corrupt};
use crate::neighbours::workflow::Moved;
use crate::store::codes;
use crate::store::files::{self, Stored};
use domain::case_file::{self, CaseFile, Fact, RowRef};

/// Applies the event that a command has just brought about, to the file that the
/// command was decided on: a batch, where nobody was faster; else as any event is
/// applied. What comes of it is the same.
pub(crate) async fn answered(
    app: &App,
    seen: &Stored,
    moved: Moved,
    note: Option<RowRef>,
    act: Act,
) -> Result<CaseFile, Error> {
    let next = moved.advanced.version == seen.file.instance_version().saturating_add(1);
    if next
        && moved.advanced.verb != Verb::Amend
        && let Some(file) = at_once(app, seen, &moved, note, &act).await?
    {
        return Ok(file);
    }
    apply(app, seen.file.id.0, vec![moved], Some(act)).await
}

/// None when the file is not as it was seen any more.
async fn at_once(
    app: &App,
    seen: &Stored,
    moved: &Moved,
    note: Option<RowRef>,
    act: &Act,
) -> Result<Option<CaseFile>, Error> {
    let mut facts = vec![Fact::Moved {
        advanced: Box::new(moved.advanced.clone()),
    }];
    facts.extend(note.map(|note| Fact::NoteKept { note }));
    let id = app.ids.next();
    let done = if is_acceptance(moved) && seen.file.code.is_none() {
        let (seen, moved, act) = (Arc::new(seen.clone()), Arc::new(moved.clone()), act.clone());
        app.db
            .run(
                "dossier_accept",
                move |tx: &Tx| -> BoxFuture<'_, Result<CaseFile, Error>> {
                    let mut facts = facts.clone();
                    let (seen, moved, act) = (Arc::clone(&seen), Arc::clone(&moved), act.clone());
                    Box::pin(async move {
                        facts.push(code(tx, &seen.file, &moved).await?);
                        let (file, batch) = batch(&seen, &moved, &facts, id, &act)?;
                        if batch.write(tx).await? {
                            Ok(file)
                        } else {
                            // The serial is given back with the rest.
                            Err(StorageError::Stale.into())
                        }
                    })
                },
            )
            .await
    } else {
        let (file, batch) = batch(seen, moved, &facts, id, act)?;
        match app.db.commit("dossier_project", batch).await {
            Ok(true) => Ok(file),
            Ok(false) => Err(StorageError::Stale.into()),
            Err(error) => Err(error.into()),
        }
    };
    match done {
        Ok(file) => Ok(Some(file)),
        Err(Error::Storage(StorageError::Stale | StorageError::Conflict { .. })) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The file after the facts, and all that is written of it.
fn batch(
    seen: &Stored,
    moved: &Moved,
    facts: &[Fact],
    id: Uuid,
    act: &Act,
) -> Result<(CaseFile, Batch), StorageError> {
    let dossier = seen.file.id.0;
    let file = seen.file.apply(seen.file.version.saturating_add(1), facts);
    let event = event(
        &file,
        &told(moved, dossier, id)?,
        moved.advanced.verb.name(),
        facts,
    )?;
    let batch = Batch::new()
        .guarded(files::update(&file, &seen.search)?)
        .insert(storage::event::row(&event))
        .insert(act.record(dossier)?);
    Ok((file, batch))
}

/// Applies events of one instance in a unit of work, with the record of the
/// request that caused the last of them.
pub(crate) async fn apply(
    app: &App,
    dossier: Uuid,
    events: Vec<Moved>,
    act: Option<Act>,
) -> Result<CaseFile, Error> {
    let (events, act) = (Arc::new(events), act.map(Arc::new));
    let mut applied = apply_once(app, dossier, &events, act.as_ref()).await;
    if let Err(Error::Storage(StorageError::Stale)) = applied {
        // Somebody applied them meanwhile: then they are known at the second look.
        applied = apply_once(app, dossier, &events, act.as_ref()).await;
    }
    match (applied, act) {
        // The same request was faster in another task, and is on record.
        (Err(error @ Error::Storage(StorageError::Conflict { .. })), Some(act)) => {
            act.answered(app).await?.ok_or(error)
        }
        (other, _) => other,
    }
}

async fn apply_once(
    app: &App,
    dossier: Uuid,
    events: &Arc<Vec<Moved>>,
    act: Option<&Arc<Act>>,
) -> Result<CaseFile, Error> {
    let (app2, events, act) = (app.clone(), Arc::clone(events), act.cloned());
    let ids: Arc<Vec<Uuid>> = Arc::new(events.iter().map(|_| app.ids.next()).collect());
    app.db
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
        .await
}

/// Applies one event. One that is already in changes nothing.
///
/// # Errors
/// `Stale` when events before it are missing, or when somebody applied it during
/// this very unit of work; never because of a state.
pub(crate) async fn one(
    app: &App,
    tx: &Tx,
    dossier: Uuid,
    moved: &Moved,
    id: Uuid,
) -> Result<CaseFile, StorageError> {
    let absent = || corrupt("dossier", dossier, "an instance without a file");
    // The counter before the file, as where a command is answered: two that wait for
    // each other would otherwise be one too many.
    let coded = if is_acceptance(moved) {
        let seen = files::find(tx.conn(), dossier).await?.ok_or_else(absent)?;
        if moved.advanced.version > seen.file.instance_version() && seen.file.code.is_none() {
            Some(code(tx, &seen.file, moved).await?)
        } else {
            None
        }
    } else {
        None
    };
    let stored = files::lock(tx, dossier).await?.ok_or_else(absent)?;
    let known = stored.file.instance_version();
    if moved.advanced.version <= known {
        // Who was faster has taken a serial too: this one is given back.
        return if coded.is_some() {
            Err(StorageError::Stale)
        } else {
            Ok(stored.file)
        };
    }
    if moved.advanced.version != known.saturating_add(1) {
        return Err(StorageError::Stale);
    }
    let mut facts = facts(app, tx, moved).await?;
    facts.extend(coded);
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
    let event = event(
        &file,
        &told(moved, dossier, id)?,
        moved.advanced.verb.name(),
        &facts,
    )?;
    let batch = Batch::new()
        .guarded(files::update(&file, &search)?)
        .insert(storage::event::row(&event));
    if batch.write(tx).await? {
        Ok(file)
    } else {
        Err(StorageError::Stale)
    }
}

/// Who did what workflow tells of, when, under which key.
fn told(moved: &Moved, dossier: Uuid, id: Uuid) -> Result<Told, StorageError> {
    Ok(Told {
        id,
        actor: moved.envelope.actor.clone(),
        unit: moved.envelope.unit.clone(),
        at: feed::envelope::at(&moved.envelope)
            .map_err(|_| corrupt("workflow.event", dossier, "no instant"))?,
        request_id: moved.envelope.request_id.clone(),
    })
}

/// What an event of the workflow means for the file.
async fn facts(app: &App, tx: &Tx, moved: &Moved) -> Result<Vec<Fact>, StorageError> {
    let mut facts = vec![Fact::Moved {
        advanced: Box::new(moved.advanced.clone()),
    }];
    if let Ok(request) = moved.envelope.request_id.parse() {
        let note = notes::reference(tx.conn(), &app.vault, request).await?;
        facts.extend(note.map(|note| Fact::NoteKept { note }));
    }
    Ok(facts)
}

/// Whether an event accepts the dossier, which then gets its code.
fn is_acceptance(moved: &Moved) -> bool {
    matches!(moved.advanced.verb, Verb::Accept | Verb::AcceptAndSettle)
}

/// The next code of (unit, day).
async fn code(tx: &Tx, file: &CaseFile, moved: &Moved) -> Result<Fact, StorageError> {
    let at = feed::envelope::at(&moved.envelope)
        .map_err(|_| corrupt("workflow.event", file.id, "no instant"))?;
    let day = working_time::local(at)
        .map_err(|_| corrupt("workflow.event", file.id, "an instant out of range"))?
        .date();
    let series = case_file::provisional_agency(&file.receiver, file.rehearsal);
    let serial = codes::next(tx, &series, &day.to_string(), file.id.0).await?;
    let code = case_file::code(&file.receiver, file.rehearsal, day, serial)
        .map_err(|_| corrupt("code_counter", series, "makes no code"))?;
    Ok(Fact::CodeGiven { code })
}
