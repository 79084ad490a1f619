//! Invariants of the stored warehouse, for `motcua verify`.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use domain::dossier::State;
use domain::working_time::local;
use storage::{Check, Db, StorageError};
use uuid::Uuid;

use super::follow::CONSUMER;
use crate::store::facts::{self, DossierFact, Step};

/// How many dossiers are read at a time.
const PAGE: u64 = 200;
/// How many events that were set aside are named.
const NAMED: u64 = 20;

/// Checks every fact: nothing was set aside, the days are those of the instants,
/// and the steps of each dossier tile its life.
pub async fn verify(db: &Db) -> Result<Vec<Check>, StorageError> {
    let (parked, first) = facts::parked(db.read(), CONSUMER, NAMED).await?;
    let mut loaded = Check::new("gateway.warehouse_loaded");
    loaded.expect(parked == 0, || {
        format!("{parked} events of the dossier feed are set aside, first {first:?}")
    });
    let mut days = Check::new("gateway.days");
    let mut tiled = Check::new("gateway.steps");
    let mut after = None;
    loop {
        let page = facts::page(db.read(), after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        let mut steps: BTreeMap<Uuid, Vec<Step>> = BTreeMap::new();
        for step in facts::steps(db.read(), page.iter().map(|row| row.id)).await? {
            steps.entry(step.dossier).or_default().push(step);
        }
        for row in &page {
            days.expect(has_its_days(row), || {
                format!("{}: a day is not that of its instant", row.id)
            });
            let own = steps.remove(&row.id).unwrap_or_default();
            let mut fault = untiled(row, &own);
            if fault.is_some()
                && let Some(again) = facts::find(db.read(), row.id).await?
            {
                // The follower may have moved it between the two looks.
                fault = untiled(&again, &facts::steps(db.read(), [row.id]).await?);
            }
            tiled.expect(fault.is_none(), || {
                format!("{}: {}", row.id, fault.unwrap_or_default())
            });
        }
    }
    Ok(vec![loaded, days, tiled])
}

fn has_its_days(row: &DossierFact) -> bool {
    let same = |at: Option<DateTime<Utc>>, day: Option<NaiveDate>| {
        at.and_then(|at| local(at).ok()).map(|wall| wall.date()) == day
    };
    same(Some(row.submitted), Some(row.day))
        && same(row.accepted, row.accepted_day)
        && same(row.due, row.due_day)
        && same(row.finished, row.finished_day)
}

/// What is wrong with the steps of a dossier: each begins when the one before
/// ended, and the last is open exactly while there is something to be done.
fn untiled(row: &DossierFact, steps: &[Step]) -> Option<&'static str> {
    let terminal = State::ALL
        .into_iter()
        .find(|state| state.name() == row.state)
        .is_some_and(State::is_terminal);
    let wanted = usize::from(row.instance_version.is_some() && !terminal);
    if steps.iter().filter(|step| step.closed.is_none()).count() != wanted {
        return Some(if terminal {
            "it has ended and a step is open"
        } else {
            "not exactly one step is open"
        });
    }
    let touch = steps
        .iter()
        .zip(steps.iter().skip(1))
        .all(|(one, next)| one.closed == Some(next.opened));
    (!touch).then_some("a step does not begin where the one before ended")
}
