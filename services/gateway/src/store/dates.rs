//! Days of the calendar, whole years of them.

use chrono::NaiveDate;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveModelTrait as _, ConnectionTrait, EntityTrait as _, IntoActiveModel as _};
use storage::{StorageError, Tx};

use super::entity::dim_date::{Column, Entity};

/// A day's row.
pub type Day = super::entity::dim_date::Model;

/// A day's row; none when its year is not there yet.
pub async fn find<C: ConnectionTrait>(
    conn: &C,
    day: NaiveDate,
) -> Result<Option<Day>, StorageError> {
    Ok(Entity::find_by_id(day).one(conn).await?)
}

/// Adds days; those that are there stay as they are.
pub async fn add(tx: &Tx, days: Vec<Day>) -> Result<(), StorageError> {
    let rows = days
        .into_iter()
        .map(|day| day.into_active_model().reset_all());
    Entity::insert_many(rows)
        .on_conflict(OnConflict::column(Column::Day).do_nothing().to_owned())
        .exec_without_returning(tx.conn())
        .await?;
    Ok(())
}
