//! People and their passwords.

use chrono::{DateTime, Utc};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, ExprTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _,
};
use storage::{StorageError, Tx};
use uuid::Uuid;

use super::entity::person::{Column, Entity};

/// A person's row.
pub(crate) type Person = super::entity::person::Model;

/// A person by sign-in name.
pub(crate) async fn by_login<C: ConnectionTrait>(
    conn: &C,
    login: &str,
) -> Result<Option<Person>, StorageError> {
    Ok(Entity::find()
        .filter(Column::Login.eq(login))
        .one(conn)
        .await?)
}

/// A person by id.
pub(crate) async fn find<C: ConnectionTrait>(
    conn: &C,
    id: Uuid,
) -> Result<Option<Person>, StorageError> {
    Ok(Entity::find_by_id(id).one(conn).await?)
}

/// A person by id, locked until the unit of work ends.
pub(crate) async fn lock(tx: &Tx, id: Uuid) -> Result<Option<Person>, StorageError> {
    let person = Entity::find_by_id(id).lock_exclusive().one(tx.conn());
    Ok(person.await?)
}

/// People by id.
pub(crate) async fn many<C: ConnectionTrait>(
    conn: &C,
    ids: Vec<Uuid>,
) -> Result<Vec<Person>, StorageError> {
    Ok(Entity::find()
        .filter(Column::Id.is_in(ids))
        .order_by_asc(Column::Login)
        .all(conn)
        .await?)
}

/// Counts an attempt before it is evaluated, so that guesses in the same instant
/// count each. False when the account must wait.
pub(crate) async fn attempt(
    tx: &Tx,
    id: Uuid,
    now: DateTime<Utc>,
    next: DateTime<Utc>,
) -> Result<bool, StorageError> {
    let done = Entity::update_many()
        .col_expr(Column::Failures, Expr::col(Column::Failures).add(1))
        .col_expr(Column::WaitUntil, Expr::value(next))
        .filter(Column::Id.eq(id))
        .filter(Column::WaitUntil.is_null().or(Column::WaitUntil.lte(now)))
        .exec(tx.conn())
        .await?;
    Ok(done.rows_affected == 1)
}

/// The password was right: the count starts anew.
pub(crate) async fn forgive(tx: &Tx, id: Uuid) -> Result<(), StorageError> {
    Entity::update_many()
        .col_expr(Column::Failures, Expr::value(0))
        .col_expr(
            Column::WaitUntil,
            Expr::value(Option::<DateTime<Utc>>::None),
        )
        .filter(Column::Id.eq(id))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Sets a password; only for a person who has none. False when there is one.
pub(crate) async fn set_first_password(
    tx: &Tx,
    id: Uuid,
    hash: &str,
    version: i64,
) -> Result<bool, StorageError> {
    let done = Entity::update_many()
        .col_expr(Column::Password, Expr::value(hash))
        .col_expr(Column::Version, Expr::value(version.saturating_add(1)))
        .filter(Column::Id.eq(id))
        .filter(Column::Version.eq(version))
        .filter(Column::Password.is_null())
        .exec(tx.conn())
        .await?;
    Ok(done.rows_affected == 1)
}
