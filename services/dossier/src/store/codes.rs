//! The running number of a series on a day, taken in the unit of work that gives
//! the code: none is skipped by a rollback and none is given twice.

use sea_orm::{ConnectionTrait, EntityTrait as _, Statement};
use storage::{StorageError, Tx};
use uuid::Uuid;

use super::entity::code_counter::Entity;
use super::kept;
use crate::error::corrupt;

/// The next serial, from 1; or the one that the dossier had before a restore.
pub(crate) async fn next(
    tx: &Tx,
    series: &str,
    day: &str,
    dossier: Uuid,
) -> Result<u32, StorageError> {
    // The row stays locked until the unit of work ends: two acceptances of one
    // unit wait for each other.
    const NEXT: &str = "INSERT INTO code_counter (series, day, last) SELECT $1, $2, 1 \
        WHERE NOT EXISTS (SELECT 1 FROM code_kept WHERE dossier = $3) \
        ON CONFLICT (series, day) DO UPDATE SET last = code_counter.last + 1 RETURNING last";
    let conn = tx.conn();
    let values = [series.into(), day.into(), dossier.into()];
    let next = Statement::from_sql_and_values(conn.get_database_backend(), NEXT, values);
    let none = || corrupt("code_counter", series, "no serial");
    let last: i64 = match conn.query_one_raw(next).await? {
        Some(row) => row.try_get_by_index(0)?,
        None => kept::serial(conn, dossier).await?.ok_or_else(none)?,
    };
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
