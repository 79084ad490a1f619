//! What may fall due, and whom to tell.

use chrono::{DateTime, Utc};
use domain::case_file::Fact;
use domain::process::Fact as Step;
use sea_orm::sea_query::{Condition, Expr, OnConflict};
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, ConnectionTrait, EntityTrait as _,
    IntoActiveModel as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, QueryTrait as _,
};
use storage::{Insert, StorageError, Update};
use uuid::Uuid;

use super::entity::watched::{Column, Entity};
use crate::app::choose::recipients;

/// A watched dossier.
pub(crate) type Watched = super::entity::watched::Model;

/// No dossier is due as late as this.
const NEVER: i64 = i64::MAX;

/// A watched dossier by its id.
pub(crate) async fn find<C: ConnectionTrait>(
    conn: &C,
    dossier: Uuid,
) -> Result<Option<Watched>, StorageError> {
    Ok(Entity::find_by_id(dossier).one(conn).await?)
}

/// The row after an event's facts; none when its beginning was never seen.
pub(crate) fn after(known: Option<Watched>, dossier: Uuid, facts: &[Fact]) -> Option<Watched> {
    let begun = facts.iter().find_map(|fact| {
        let Fact::Submitted { file } = fact else {
            return None;
        };
        Some(Watched {
            dossier,
            due_key: NEVER,
            open: false,
            rehearsal: file.rehearsal,
            recipients: String::new(),
            told: 0,
        })
    });
    let mut row = known.or(begun)?;
    for fact in facts {
        let Fact::Moved { advanced } = fact else {
            continue;
        };
        // A clock that stands still makes nobody late.
        row.open = advanced.to.is_open_after_acceptance() && !advanced.to.is_paused();
        for step in &advanced.facts {
            if let Step::DueChanged { new, .. } = step {
                row.due_key = new.map_or(NEVER, |due| due.timestamp_micros());
                row.told = 0;
            } else if let Step::TaskOpened { task } = step {
                hand(&mut row, recipients(task).join(" "));
            } else if let Step::Assigned { person } = step {
                hand(&mut row, format!("person:{person}"));
            }
        }
    }
    Some(row)
}

/// Who has it from now on has not been told yet. Nobody is told the same twice:
/// a message is one for each recipient and due date.
fn hand(row: &mut Watched, recipients: String) {
    if row.recipients != recipients {
        row.recipients = recipients;
        row.told = 0;
    }
}

/// Replaces a row.
pub(crate) fn put(row: &Watched) -> Insert {
    Entity::insert(row.clone().into_active_model().reset_all())
        .on_conflict(
            OnConflict::column(Column::Dossier)
                .update_columns([
                    Column::DueKey,
                    Column::Open,
                    Column::Rehearsal,
                    Column::Recipients,
                    Column::Told,
                ])
                .to_owned(),
        )
        .into_query()
}

/// Open dossiers that are late, or due before `tomorrow`, and not told of so.
pub(crate) async fn untold<C: ConnectionTrait>(
    conn: &C,
    now: DateTime<Utc>,
    tomorrow: i64,
    limit: u64,
) -> Result<Vec<Watched>, StorageError> {
    let late = Condition::all()
        .add(Column::DueKey.lt(now.timestamp_micros()))
        .add(Column::Told.lt(2));
    let today = Condition::all()
        .add(Column::DueKey.lt(tomorrow))
        .add(Column::Told.lt(1));
    Ok(Entity::find()
        .filter(Column::Open.eq(true))
        .filter(Condition::any().add(late).add(today))
        .order_by_asc(Column::DueKey)
        .limit(limit)
        .all(conn)
        .await?)
}

/// Remembers what was told.
pub(crate) fn told(dossier: Uuid, told: i32) -> Update {
    Entity::update_many()
        .col_expr(Column::Told, Expr::value(told))
        .filter(Column::Dossier.eq(dossier))
        .into_query()
}
