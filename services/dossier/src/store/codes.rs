//! The running number of a series on a day, taken in the unit of work that gives
//! the code: none is skipped by a rollback and none is given twice.

use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, EntityTrait as _, ExprTrait as _, QueryFilter as _,
};
use storage::{StorageError, Tx};

use super::entity::code_counter::{ActiveModel, Column, Entity};
use crate::error::corrupt;

/// The next serial, from 1.
pub(crate) async fn next(tx: &Tx, series: &str, day: &str) -> Result<u32, StorageError> {
    let first = ActiveModel {
        series: Set(series.to_owned()),
        day: Set(day.to_owned()),
        last: Set(0),
    };
    Entity::insert(first)
        .on_conflict(
            OnConflict::columns([Column::Series, Column::Day])
                .do_nothing()
                .to_owned(),
        )
        .exec_without_returning(tx.conn())
        .await?;
    // The update locks the row: two acceptances of one unit wait for each other.
    Entity::update_many()
        .col_expr(Column::Last, Expr::col(Column::Last).add(1))
        .filter(Column::Series.eq(series))
        .filter(Column::Day.eq(day))
        .exec(tx.conn())
        .await?;
    let row = Entity::find_by_id((series.to_owned(), day.to_owned()))
        .one(tx.conn())
        .await?;
    row.and_then(|row| u32::try_from(row.last).ok())
        .ok_or_else(|| corrupt("code_counter", series, "no serial"))
}

/// Every counter: series, day, last serial.
pub(crate) async fn all<C: sea_orm::ConnectionTrait>(
    conn: &C,
) -> Result<Vec<(String, String, i64)>, StorageError> {
    let rows = Entity::find().all(conn).await?;
    Ok(rows
        .into_iter()
        .map(|r| (r.series, r.day, r.last))
        .collect())
}
