//! Partner systems.

use sea_orm::{ActiveModelTrait as _, ConnectionTrait, EntityTrait as _, IntoActiveModel as _};
use storage::{StorageError, Tx};

use super::entity::partner::Entity;

/// A partner's row.
pub(crate) type Partner = super::entity::partner::Model;

/// A partner by its client id.
pub(crate) async fn find<C: ConnectionTrait>(
    conn: &C,
    client: &str,
) -> Result<Option<Partner>, StorageError> {
    Ok(Entity::find_by_id(client.to_owned()).one(conn).await?)
}

/// Adds a partner.
pub(crate) async fn add(tx: &Tx, partner: Partner) -> Result<(), StorageError> {
    Entity::insert(partner.into_active_model().reset_all())
        .exec_without_returning(tx.conn())
        .await?;
    Ok(())
}
