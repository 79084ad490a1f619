//! Counts of look-ups.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _,
    IntoActiveModel as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, Select,
};
use storage::{StorageError, Tx};

use super::entity::{lookup_gate, lookup_try};

/// A counted try.
pub type Try = lookup_try::Model;

/// Makes the partner's calls queue until the unit of work ends, so that tries of
/// one instant count each.
pub async fn queue(tx: &Tx, partner: &str, now: DateTime<Utc>) -> Result<(), StorageError> {
    use lookup_gate::{ActiveModel, Column, Entity};
    let row = ActiveModel {
        partner: Set(partner.to_owned()),
        last: Set(now),
    };
    Entity::insert(row)
        .on_conflict(
            OnConflict::column(Column::Partner)
                .update_column(Column::Last)
                .to_owned(),
        )
        .exec_without_returning(tx.conn())
        .await?;
    Ok(())
}

/// So many within so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// How many.
    pub number: u64,
    /// Within how long.
    pub within: TimeDelta,
}

/// When the partner's call was that, once it no longer counts, makes room for
/// this one; none where there is room.
pub async fn filling_call<C: ConnectionTrait>(
    conn: &C,
    one: &Try,
    quota: Quota,
) -> Result<Option<DateTime<Utc>>, StorageError> {
    let found = filling(of(one, quota), quota).one(conn).await?;
    Ok(found.map(|row| row.at))
}

/// The same of the tries for the code that no right one has cleared.
pub async fn filling_try<C: ConnectionTrait>(
    conn: &C,
    one: &Try,
    quota: Quota,
) -> Result<Option<DateTime<Utc>>, StorageError> {
    let tries = of(one, quota)
        .filter(lookup_try::Column::CodeKey.eq(&one.code_key))
        .filter(lookup_try::Column::Cleared.eq(false));
    let found = filling(tries, quota).one(conn).await?;
    Ok(found.map(|row| row.at))
}

fn of(one: &Try, quota: Quota) -> Select<lookup_try::Entity> {
    lookup_try::Entity::find()
        .filter(lookup_try::Column::Partner.eq(&one.partner))
        .filter(lookup_try::Column::At.gt(one.at - quota.within))
}

/// The oldest of the newest that fill the quota.
fn filling(tries: Select<lookup_try::Entity>, quota: Quota) -> Select<lookup_try::Entity> {
    tries
        .order_by_desc(lookup_try::Column::At)
        .offset(quota.number.saturating_sub(1))
        .limit(1)
}

/// Counts a try.
pub async fn add(tx: &Tx, one: &Try) -> Result<(), StorageError> {
    lookup_try::Entity::insert(one.clone().into_active_model().reset_all())
        .exec_without_returning(tx.conn())
        .await?;
    Ok(())
}

/// A try for the code was right: the count starts anew.
pub async fn clear(tx: &Tx, partner: &str, code_key: &str) -> Result<(), StorageError> {
    use lookup_try::{Column, Entity};
    Entity::update_many()
        .col_expr(Column::Cleared, Expr::value(true))
        .filter(Column::Partner.eq(partner))
        .filter(Column::CodeKey.eq(code_key))
        .filter(Column::Cleared.eq(false))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Deletes a partner's tries that count no more.
pub async fn forget(tx: &Tx, partner: &str, until: DateTime<Utc>) -> Result<(), StorageError> {
    use lookup_try::{Column, Entity};
    Entity::delete_many()
        .filter(Column::Partner.eq(partner))
        .filter(Column::At.lte(until))
        .exec(tx.conn())
        .await?;
    Ok(())
}
