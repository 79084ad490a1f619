//! What may fall due, and whom to tell.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use domain::case_file::Fact;
use domain::process::Fact as Step;
use sea_orm::sea_query::{Condition, Expr, OnConflict};
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, ConnectionTrait, EntityTrait as _,
    IntoActiveModel as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, QueryTrait as _,
};
use storage::{Insert, StorageError, Tx, Update};
use uuid::Uuid;

use super::entity::watched::{Column, Entity};
use crate::app::choose::recipients;

/// A watched dossier.
pub(crate) type Watched = super::entity::watched::Model;

/// No dossier is due as late as this.
const NEVER: i64 = i64::MAX;

/// Watched dossiers, by their ids.
pub(crate) async fn find<C: ConnectionTrait>(
    conn: &C,
    dossiers: &BTreeSet<Uuid>,
) -> Result<BTreeMap<Uuid, Watched>, StorageError> {
    let rows = Entity::find()
        .filter(Column::Dossier.is_in(dossiers.iter().copied()))
        .all(conn)
        .await?;
    Ok(rows.into_iter().map(|row| (row.dossier, row)).collect())
}

/// Deletes the rows of dossiers.
pub(crate) async fn forget(tx: &Tx, dossiers: &BTreeSet<Uuid>) -> Result<(), StorageError> {
    Entity::delete_many()
        .filter(Column::Dossier.is_in(dossiers.iter().copied()))
        .exec(tx.conn())
        .await?;
    Ok(())
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

/// Adds or replaces rows, of different dossiers, one at least.
pub(crate) fn put<'r>(rows: impl IntoIterator<Item = &'r Watched>) -> Insert {
    let rows = rows.into_iter().cloned();
    Entity::insert_many(rows.map(|row| row.into_active_model().reset_all()))
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

/// What the partial index `watched_untold` holds, in its very words: a database
/// takes an index only where the query says no less.
const UNTOLD: &str = r#""open" AND "told" < 2"#;

/// Open dossiers that are late, or due before `tomorrow`, and not told of so.
pub(crate) async fn untold<C: ConnectionTrait>(
    conn: &C,
    now: DateTime<Utc>,
    tomorrow: i64,
    limit: u64,
) -> Result<Vec<Watched>, StorageError> {
    let late = Column::DueKey.lt(now.timestamp_micros());
    Ok(Entity::find()
        .filter(Expr::cust(UNTOLD))
        .filter(Column::DueKey.lt(tomorrow))
        .filter(Condition::any().add(late).add(Column::Told.lt(1)))
        .order_by_asc(Column::DueKey)
        .limit(limit)
        .all(conn)
        .await?)
}

/// Remembers what was told of dossiers.
pub(crate) fn told(dossiers: impl IntoIterator<Item = Uuid>, told: i32) -> Update {
    Entity::update_many()
        .col_expr(Column::Told, Expr::value(told))
        .filter(Column::Dossier.is_in(dossiers))
        .into_query()
}
