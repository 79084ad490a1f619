//! What must hold of every stored instance.

use domain::process::{Fact, Instance};
use storage::Check;
use storage::event::{self, StoredEvent};

use super::App;
use super::cross::calendars;
use super::instance::{canonical, facts};
use crate::error::Error;
use crate::store;

/// How many instances are read at once.
const PAGE: u64 = 200;
/// Reads every instance. Writes that go on meanwhile do not disturb it: an
/// instance that moves between two looks is looked at again.
pub async fn run(app: &App) -> Result<Vec<Check>, Error> {
    let mut checks = [
        Check::new("workflow.fold_equals_row"),
        Check::new("workflow.columns_equal_body"),
        Check::new("workflow.one_task_or_terminal"),
        Check::new("workflow.due_equals_recomputed"),
    ];
    let mut after = None;
    loop {
        let rows = store::instance::page(app.db.read(), after, PAGE).await?;
        let Some(last) = rows.last() else {
            return Ok(checks.to_vec());
        };
        after = Some(last.id);
        let ids = rows.iter().map(|row| row.id).collect();
        let mut events = event::load_all(app.db.read(), &ids).await?;
        let mut tasks = store::instance::tasks_of_all(app.db.read(), &ids).await?;
        for row in rows {
            let id = row.id;
            let events = events.remove(&id).unwrap_or_default();
            let open = tasks.remove(&id).unwrap_or_default();
            let mut held = look(app, row, &events, &open).await?;
            if held.contains(&false)
                && let Some(again) = store::instance::find(app.db.read(), id).await?
            {
                let events = event::load(app.db.read(), id).await?;
                let open = store::instance::tasks(app.db.read(), id).await?;
                held = look(app, again, &events, &open).await?;
            }
            for (check, holds) in checks.iter_mut().zip(held) {
                check.expect(holds, || id.to_string());
            }
        }
    }
}

/// Whether each invariant holds of one row with its events and its open tasks.
async fn look(
    app: &App,
    row: store::instance::Row,
    events: &[StoredEvent],
    open: &[store::instance::Task],
) -> Result<[bool; 4], Error> {
    let Some(instance) = fold(events, row.version) else {
        return Ok([false; 4]);
    };
    let equal = canonical(&instance)? == row.body;
    let copy = store::instance::row(&instance, &row.case_id, row.file_version, row.body.clone())?;
    let wanted: Vec<_> = store::instance::task(&instance).into_iter().collect();
    let tasked = open == wanted && instance.task.is_none() == instance.state.is_terminal();
    let due = due_holds(app, &instance).await?;
    Ok([equal, copy == row, tasked, due])
}

/// The instance as its events make it; none where they have a hole.
fn fold(events: &[StoredEvent], version: i64) -> Option<Instance> {
    let mut instance: Option<Instance> = None;
    let mut seen = 0;
    for event in events {
        if event.aggregate_version > version {
            break;
        }
        let advanced = facts(&event.envelope)?;
        if event.aggregate_version != seen + 1 || advanced.version != event.aggregate_version {
            return None;
        }
        seen = event.aggregate_version;
        let first = advanced.facts.iter().find_map(|fact| {
            let Fact::Opened(first) = fact else {
                return None;
            };
            Some((**first).clone())
        });
        instance = Some(instance.or(first)?.apply(&advanced));
    }
    instance.filter(|_| seen == version)
}

/// A started clock is due when it is computed to be; a re-appointment is what
/// was appointed, or later.
async fn due_holds(app: &App, instance: &Instance) -> Result<bool, Error> {
    let clock = &instance.clock;
    // A promise that waits for receipt was counted by the calendars of its day.
    let at = clock.accepted.unwrap_or(app.clock.now());
    let reference = app.references.now(app.db.read()).await?;
    let (receiving, deciding) = calendars(&reference, instance, at)?;
    let Some(explained) = instance.explain(&receiving, &deciding)? else {
        return Ok(clock.due.is_none() || clock.extended);
    };
    let counted = Some(explained.promise.due);
    Ok(if clock.extended {
        clock.due >= counted
    } else {
        clock.due == counted
    })
}
