//! The dimensions that other services own: units and procedure cases. A row that
//! its owner no longer tells of stays, since facts may name it.

use std::collections::BTreeMap;

use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait as _, ConnectionTrait, EntityTrait as _, IntoActiveModel as _, Iterable as _,
};
use storage::{StorageError, Tx};

use super::entity::{dim_procedure, dim_unit};

/// A unit's row.
pub type Unit = dim_unit::Model;
/// A procedure case's row.
pub type Procedure = dim_procedure::Model;

/// Every unit, by id.
pub async fn units<C: ConnectionTrait>(conn: &C) -> Result<BTreeMap<String, Unit>, StorageError> {
    let rows = dim_unit::Entity::find().all(conn).await?;
    Ok(rows.into_iter().map(|row| (row.id.clone(), row)).collect())
}

/// Every procedure case, by id.
pub async fn procedures<C: ConnectionTrait>(
    conn: &C,
) -> Result<BTreeMap<String, Procedure>, StorageError> {
    let rows = dim_procedure::Entity::find().all(conn).await?;
    Ok(rows.into_iter().map(|row| (row.id.clone(), row)).collect())
}

/// Adds or replaces a unit.
pub async fn put_unit(tx: &Tx, row: &Unit) -> Result<(), StorageError> {
    use dim_unit::{Column, Entity};
    let rest = Column::iter().filter(|column| !matches!(column, Column::Id));
    Entity::insert(row.clone().into_active_model().reset_all())
        .on_conflict(
            OnConflict::column(Column::Id)
                .update_columns(rest)
                .to_owned(),
        )
        .exec_without_returning(tx.conn())
        .await?;
    Ok(())
}

/// Adds or replaces a procedure case.
pub async fn put_procedure(tx: &Tx, row: &Procedure) -> Result<(), StorageError> {
    use dim_procedure::{Column, Entity};
    let rest = Column::iter().filter(|column| !matches!(column, Column::Id));
    Entity::insert(row.clone().into_active_model().reset_all())
        .on_conflict(
            OnConflict::column(Column::Id)
                .update_columns(rest)
                .to_owned(),
        )
        .exec_without_returning(tx.conn())
        .await?;
    Ok(())
}
