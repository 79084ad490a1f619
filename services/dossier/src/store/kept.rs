//! What was known of before a restore: codes on paper, and files that are gone.

use chrono::{DateTime, Utc};
use domain::dossier::DossierCode;
use sea_orm::sea_query::{Expr, ExprTrait as _, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _,
    QuerySelect as _,
};
use storage::{StorageError, Tx};
use uuid::Uuid;

use super::entity::{code_counter, code_kept, file_lost};

/// Keeps the code of a dossier: nobody else gets it, and its counter goes past it.
/// False when it was kept before.
pub(crate) async fn keep(tx: &Tx, dossier: Uuid, code: &DossierCode) -> Result<bool, StorageError> {
    let (series, day) = (code.agency.clone(), code.day.to_string());
    let serial = i64::from(code.serial);
    let row = code_kept::ActiveModel {
        code: Set(code.to_string()),
        dossier: Set(dossier),
        series: Set(series.clone()),
        day: Set(day.clone()),
        serial: Set(serial),
    };
    let kept = code_kept::Entity::insert(row)
        .on_conflict(
            OnConflict::column(code_kept::Column::Code)
                .do_nothing()
                .to_owned(),
        )
        .exec_without_returning(tx.conn())
        .await?;
    let last = Expr::col((code_counter::Entity, code_counter::Column::Last));
    let further = Expr::case(last.clone().lt(serial), serial).finally(last);
    let counter = code_counter::ActiveModel {
        series: Set(series),
        day: Set(day),
        last: Set(serial),
    };
    code_counter::Entity::insert(counter)
        .on_conflict(
            OnConflict::columns([code_counter::Column::Series, code_counter::Column::Day])
                .value(code_counter::Column::Last, further)
                .to_owned(),
        )
        .exec_without_returning(tx.conn())
        .await?;
    Ok(kept > 0)
}

/// The serial that a dossier had before a restore.
pub(crate) async fn serial<C: ConnectionTrait>(
    conn: &C,
    dossier: Uuid,
) -> Result<Option<i64>, StorageError> {
    Ok(code_kept::Entity::find()
        .select_only()
        .column(code_kept::Column::Serial)
        .filter(code_kept::Column::Dossier.eq(dossier))
        .into_tuple()
        .one(conn)
        .await?)
}

/// A kept code.
pub(crate) type Kept = code_kept::Model;

/// Every kept code.
pub(crate) async fn codes<C: ConnectionTrait>(conn: &C) -> Result<Vec<Kept>, StorageError> {
    Ok(code_kept::Entity::find().all(conn).await?)
}

/// Notes that a file is gone; false when it was noted before.
pub(crate) async fn lose(
    tx: &Tx,
    dossier: Uuid,
    receiver: &str,
    at: DateTime<Utc>,
) -> Result<bool, StorageError> {
    let row = file_lost::ActiveModel {
        dossier: Set(dossier),
        receiver: Set(receiver.to_owned()),
        noticed: Set(at),
    };
    let lost = file_lost::Entity::insert(row)
        .on_conflict(
            OnConflict::column(file_lost::Column::Dossier)
                .do_nothing()
                .to_owned(),
        )
        .exec_without_returning(tx.conn())
        .await?;
    Ok(lost > 0)
}

/// Whether a file is known to be gone.
pub(crate) async fn is_lost<C: ConnectionTrait>(
    conn: &C,
    dossier: Uuid,
) -> Result<bool, StorageError> {
    Ok(file_lost::Entity::find_by_id(dossier)
        .one(conn)
        .await?
        .is_some())
}
