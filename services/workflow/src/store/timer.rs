//! Timers as rows: they outlive the process and only notify.

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Alias, Expr, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _, ExprTrait as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _, QueryTrait as _,
};
use storage::{Batch, StorageError, Tx};
use uuid::Uuid;

use super::entity::timer;

/// The check of a submitted dossier: 8 working hours.
pub const CHECK: &str = "check";
/// The present step.
pub const STEP: &str = "step";
/// One working day before the due date.
pub const SOON: &str = "soon";
/// The due date.
pub const OVERDUE: &str = "overdue";

/// Replaces the timers of an instance. One that had fired for the same instant
/// stays fired.
pub fn put(batch: Batch, instance: Uuid, wanted: &[(&'static str, DateTime<Utc>)]) -> Batch {
    let kinds = wanted.iter().map(|(kind, _)| *kind);
    let gone = timer::Entity::delete_many()
        .filter(timer::Column::Instance.eq(instance))
        .filter(timer::Column::Kind.is_not_in(kinds));
    let batch = batch.delete(gone.into_query());
    if wanted.is_empty() {
        return batch;
    }
    let rows = wanted.iter().map(|(kind, at)| timer::ActiveModel {
        instance: Set(instance),
        kind: Set((*kind).to_owned()),
        at: Set(Some(*at)),
        fired: Set(None),
    });
    let excluded = Expr::col((Alias::new("excluded"), timer::Column::At));
    let unmoved = Expr::col((timer::Entity, timer::Column::At)).eq(excluded.clone());
    let fired = Expr::case(unmoved, Expr::col((timer::Entity, timer::Column::Fired)));
    let conflict = OnConflict::columns([timer::Column::Instance, timer::Column::Kind])
        .value(timer::Column::At, excluded)
        .value(timer::Column::Fired, fired)
        .to_owned();
    let put = timer::Entity::insert_many(rows).on_conflict(conflict);
    batch.insert(put.into_query())
}

/// Timers that should have fired by `now` and have not, oldest first.
pub async fn waiting<C: ConnectionTrait>(
    conn: &C,
    now: DateTime<Utc>,
    limit: u64,
) -> Result<Vec<timer::Model>, StorageError> {
    let rows = timer::Entity::find()
        .filter(timer::Column::Fired.is_null())
        .filter(timer::Column::At.lte(now))
        .order_by_asc(timer::Column::At)
        .limit(limit)
        .all(conn)
        .await?;
    Ok(rows)
}

/// Marks a timer as fired; tells whether this call did it.
pub async fn fire(tx: &Tx, row: &timer::Model, now: DateTime<Utc>) -> Result<bool, StorageError> {
    let done = timer::Entity::update_many()
        .col_expr(timer::Column::Fired, Expr::value(Some(now)))
        .filter(timer::Column::Instance.eq(row.instance))
        .filter(timer::Column::Kind.eq(&row.kind))
        .filter(timer::Column::Fired.is_null())
        .exec(tx.conn())
        .await?;
    Ok(done.rows_affected == 1)
}
