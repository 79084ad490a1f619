//! Timers as rows: they outlive the process and only notify.

use chrono::{DateTime, Utc};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _,
};
use storage::{StorageError, Tx};
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

/// Replaces the timers of an instance. One that had fired for the same
/// instant stays fired.
pub async fn put(
    tx: &Tx,
    instance: Uuid,
    wanted: &[(&'static str, DateTime<Utc>)],
) -> Result<(), StorageError> {
    let old = timer::Entity::find()
        .filter(timer::Column::Instance.eq(instance))
        .all(tx.conn())
        .await?;
    let gone = old
        .iter()
        .filter(|row| !wanted.iter().any(|(kind, at)| same(row, kind, *at)));
    for row in gone {
        timer::Entity::delete_by_id((instance, row.kind.clone()))
            .exec(tx.conn())
            .await?;
    }
    let new: Vec<timer::ActiveModel> = wanted
        .iter()
        .filter(|(kind, at)| !old.iter().any(|row| same(row, kind, *at)))
        .map(|(kind, at)| timer::ActiveModel {
            instance: Set(instance),
            kind: Set((*kind).to_owned()),
            at: Set(Some(*at)),
            fired: Set(None),
        })
        .collect();
    if !new.is_empty() {
        timer::Entity::insert_many(new)
            .exec_without_returning(tx.conn())
            .await?;
    }
    Ok(())
}

fn same(row: &timer::Model, kind: &str, at: DateTime<Utc>) -> bool {
    row.kind == kind && row.at == Some(at)
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
