//! The running number of a series on a day, taken in the unit of work that gives
//! the code: none is skipped by a rollback and none is given twice.

use sea_orm::{ConnectionTrait, EntityTrait as _, Statement};
use storage::{StorageError, Tx};

use super::entity::code_counter::Entity;
use crate::error::corrupt;

/// The next serial, from 1.
pub(crate) async fn next(tx: &Tx, series: &str, day: &str) -> Result<u32, StorageError> {
    // The row stays locked until the unit of work ends: two acceptances of one
    // unit wait for each other.
    const NEXT: &str = "INSERT INTO code_counter (series, day, last) VALUES ($1, $2, 1) \
        ON CONFLICT (series, day) DO UPDATE SET last = code_counter.last + 1 RETURNING last";
    let conn = tx.conn();
    let values = [series.into(), day.into()];
    let next = Statement::from_sql_and_values(conn.get_database_backend(), NEXT, values);
    let none = || corrupt("code_counter", series, "no serial");
    let row = conn.query_one_raw(next).await?.ok_or_else(none)?;
    let last: i64 = row.try_get_by_index(0)?;
    u32::try_from(last).map_err(|_| none())
}

/// Every counter: series, day, last serial.
pub(crate) async fn all<C: ConnectionTrait>(
    conn: &C,
) -> Result<Vec<(String, String, i64)>, StorageError> {
    let rows = Entity::find().all(conn).await?;
    Ok(rows
        .into_iter()
        .map(|r| (r.series, r.day, r.last))
        .collect())
}
