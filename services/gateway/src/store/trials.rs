//! The last rehearsal of each unit.

use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, ConnectionTrait, EntityTrait as _,
    IntoActiveModel as _, Iterable as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use storage::{StorageError, Tx};

use super::entity::trial::{Column, Entity};

/// A rehearsal's row.
pub type Trial = super::entity::trial::Model;

/// What is on record for a unit.
pub async fn find<C: ConnectionTrait>(conn: &C, unit: &str) -> Result<Option<Trial>, StorageError> {
    Ok(Entity::find_by_id(unit.to_owned()).one(conn).await?)
}

/// What is on record for a unit, locked until the unit of work ends.
pub async fn lock(tx: &Tx, unit: &str) -> Result<Option<Trial>, StorageError> {
    Ok(Entity::find_by_id(unit.to_owned())
        .lock_exclusive()
        .one(tx.conn())
        .await?)
}

/// Adds or replaces what is on record for a unit.
pub async fn put(tx: &Tx, row: &Trial) -> Result<(), StorageError> {
    let rest = Column::iter().filter(|column| !matches!(column, Column::Unit));
    Entity::insert(row.clone().into_active_model().reset_all())
        .on_conflict(
            OnConflict::column(Column::Unit)
                .update_columns(rest)
                .to_owned(),
        )
        .exec_without_returning(tx.conn())
        .await?;
    Ok(())
}

/// Rehearsals after a unit, by unit.
pub async fn page<C: ConnectionTrait>(
    conn: &C,
    after: &str,
    limit: u64,
) -> Result<Vec<Trial>, StorageError> {
    Ok(Entity::find()
        .filter(Column::Unit.gt(after))
        .order_by_asc(Column::Unit)
        .limit(limit)
        .all(conn)
        .await?)
}
