//! Refresh tokens by their hashes.

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, ConnectionTrait, EntityTrait as _,
    IntoActiveModel as _, QueryFilter as _, QuerySelect as _,
};
use storage::{StorageError, Tx};
use uuid::Uuid;

use super::entity::session::{Column, Entity};

/// A refresh token's row.
pub(crate) type Session = super::entity::session::Model;

/// A token by its hash.
pub(crate) async fn find<C: ConnectionTrait>(
    conn: &C,
    hash: &[u8],
) -> Result<Option<Session>, StorageError> {
    Ok(Entity::find_by_id(hash.to_vec()).one(conn).await?)
}

/// A token by its hash, locked until the unit of work ends: whoever ends its
/// family waits, or was first.
pub(crate) async fn lock(tx: &Tx, hash: &[u8]) -> Result<Option<Session>, StorageError> {
    let session = Entity::find_by_id(hash.to_vec()).lock_exclusive();
    Ok(session.one(tx.conn()).await?)
}

/// Adds a token; the same one is already there.
pub(crate) async fn add(tx: &Tx, session: &Session) -> Result<(), StorageError> {
    Entity::insert(session.clone().into_active_model().reset_all())
        .on_conflict(
            OnConflict::column(Column::RefreshHash)
                .do_nothing()
                .to_owned(),
        )
        .exec_without_returning(tx.conn())
        .await?;
    Ok(())
}

/// Uses a token: one atomic statement, so that of two only one is first.
pub(crate) async fn use_up(tx: &Tx, hash: &[u8], now: DateTime<Utc>) -> Result<bool, StorageError> {
    let done = Entity::update_many()
        .col_expr(Column::Used, Expr::value(now))
        .filter(Column::RefreshHash.eq(hash.to_vec()))
        .filter(Column::Used.is_null())
        .filter(Column::Revoked.eq(false))
        .exec(tx.conn())
        .await?;
    Ok(done.rows_affected == 1)
}

/// Ends a whole family.
pub(crate) async fn revoke(tx: &Tx, family: Uuid) -> Result<(), StorageError> {
    Entity::update_many()
        .col_expr(Column::Revoked, Expr::value(true))
        .filter(Column::Family.eq(family))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// The family of each token that is neither used nor revoked.
pub(crate) async fn live_families<C: ConnectionTrait>(conn: &C) -> Result<Vec<Uuid>, StorageError> {
    let live = Entity::find()
        .filter(Column::Used.is_null())
        .filter(Column::Revoked.eq(false))
        .all(conn)
        .await?;
    Ok(live.into_iter().map(|token| token.family).collect())
}
