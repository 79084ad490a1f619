//! How far a consumer has come, saved with the effect of what it consumed.

use std::collections::BTreeMap;

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ConnectionTrait, EntityTrait};
use uuid::Uuid;

use crate::entity::{cursor, parked};
use crate::error::StorageError;
use crate::tx::Tx;

/// Before the name of a service that is pinned.
const PIN: &str = "pin:";

/// Where a consumer stands in its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The last position whose effect is stored.
    pub position: i64,
    /// The incarnation of the source at that time.
    pub incarnation: Uuid,
}

/// The consumer's cursor; none before its first event.
pub async fn load<C: ConnectionTrait>(
    conn: &C,
    consumer: &str,
) -> Result<Option<Cursor>, StorageError> {
    let row = cursor::Entity::find_by_id(consumer.to_owned())
        .one(conn)
        .await?;
    Ok(row.map(|r| Cursor {
        position: r.position,
        incarnation: r.incarnation,
    }))
}

/// The consumer's cursor, locked until the unit of work ends: replicas that follow
/// under one name take each event once.
pub async fn lock(tx: &Tx, consumer: &str) -> Result<Option<Cursor>, StorageError> {
    use sea_orm::QuerySelect as _;
    let row = cursor::Entity::find_by_id(consumer.to_owned())
        .lock_exclusive()
        .one(tx.conn())
        .await?;
    Ok(row.map(|r| Cursor {
        position: r.position,
        incarnation: r.incarnation,
    }))
}

/// Saves the cursor in the unit of work that applied the event.
pub async fn save(
    tx: &Tx,
    consumer: &str,
    position: i64,
    incarnation: Uuid,
) -> Result<(), StorageError> {
    let row = cursor::ActiveModel {
        consumer: Set(consumer.to_owned()),
        position: Set(position),
        incarnation: Set(incarnation),
    };
    cursor::Entity::insert(row)
        .on_conflict(
            OnConflict::column(cursor::Column::Consumer)
                .update_columns([cursor::Column::Position, cursor::Column::Incarnation])
                .to_owned(),
        )
        .exec_without_returning(tx.conn())
        .await?;
    Ok(())
}

/// The incarnations that callers are pinned to, by service: kept beside the
/// cursors, since they say the same of a source, under `pin:<service>`.
pub async fn pins<C: ConnectionTrait>(conn: &C) -> Result<BTreeMap<String, Uuid>, StorageError> {
    use sea_orm::{ColumnTrait as _, QueryFilter as _};
    let rows = cursor::Entity::find()
        .filter(cursor::Column::Consumer.starts_with(PIN))
        .all(conn)
        .await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| Some((row.consumer.strip_prefix(PIN)?.to_owned(), row.incarnation)))
        .collect())
}

/// Every cursor and pin, with the service whose feed it follows or whom it pins: for
/// whoever compares the sides after a restore. A consumer is `<follower>.<source>`.
pub async fn sources<C: ConnectionTrait>(
    conn: &C,
) -> Result<Vec<(String, String, Cursor)>, StorageError> {
    let rows = cursor::Entity::find().all(conn).await?;
    let source = |consumer: &str| {
        let pinned = consumer.strip_prefix(PIN);
        let followed = consumer.rsplit_once('.').map(|(_, source)| source);
        pinned.or(followed).map(str::to_owned)
    };
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            let at = Cursor {
                position: row.position,
                incarnation: row.incarnation,
            };
            Some((source(&row.consumer)?, row.consumer, at))
        })
        .collect())
}

/// Pins a caller unless it is pinned; answers the incarnation that stands.
pub async fn pin(tx: &Tx, service: &str, incarnation: Uuid) -> Result<Uuid, StorageError> {
    let consumer = format!("{PIN}{service}");
    let row = cursor::ActiveModel {
        consumer: Set(consumer.clone()),
        position: Set(0),
        incarnation: Set(incarnation),
    };
    cursor::Entity::insert(row)
        .on_conflict(
            OnConflict::column(cursor::Column::Consumer)
                .do_nothing()
                .to_owned(),
        )
        .exec_without_returning(tx.conn())
        .await?;
    let stored = load(tx.conn(), &consumer).await?;
    Ok(stored.ok_or(StorageError::Stale)?.incarnation)
}

/// Sets an event aside that a consumer could not apply, so that the others do
/// not wait for it. The cause is the operator's to mend; then it is tried again.
pub async fn park(
    tx: &Tx,
    consumer: &str,
    position: i64,
    aggregate_id: Uuid,
    reason: &str,
    envelope: &[u8],
) -> Result<(), StorageError> {
    let row = parked::ActiveModel {
        consumer: Set(consumer.to_owned()),
        position: Set(position),
        aggregate_id: Set(aggregate_id),
        reason: Set(reason.to_owned()),
        envelope: Set(envelope.to_vec()),
    };
    parked::Entity::insert(row)
        .exec_without_returning(tx.conn())
        .await?;
    Ok(())
}

/// Whether an earlier event of the aggregate is parked: later ones wait behind.
pub async fn is_parked<C: ConnectionTrait>(
    conn: &C,
    consumer: &str,
    aggregate_id: Uuid,
) -> Result<bool, StorageError> {
    use sea_orm::{ColumnTrait as _, QueryFilter as _};
    Ok(parked::Entity::find()
        .filter(parked::Column::Consumer.eq(consumer))
        .filter(parked::Column::AggregateId.eq(aggregate_id))
        .one(conn)
        .await?
        .is_some())
}

/// Whether an event of any of the aggregates is parked.
pub async fn any_parked<C: ConnectionTrait>(
    conn: &C,
    consumer: &str,
    aggregates: &[Uuid],
) -> Result<bool, StorageError> {
    use sea_orm::{ColumnTrait as _, QueryFilter as _, QuerySelect as _};
    Ok(parked::Entity::find()
        .filter(parked::Column::Consumer.eq(consumer))
        .filter(parked::Column::AggregateId.is_in(aggregates.iter().copied()))
        .limit(1)
        .one(conn)
        .await?
        .is_some())
}

/// An event that waits for its cause to be mended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parked {
    /// Where it stands in its feed.
    pub position: i64,
    /// It as it came.
    pub envelope: Vec<u8>,
}

/// The aggregates with a parked event, by the position of their first one, from
/// those after `after` on. Events that name no aggregate (nil) are not among them.
pub async fn parked_heads<C: ConnectionTrait>(
    conn: &C,
    consumer: &str,
    after: i64,
    limit: u64,
) -> Result<Vec<(Uuid, i64)>, StorageError> {
    use sea_orm::{
        ColumnTrait as _, ExprTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    };
    let first = || parked::Column::Position.min();
    Ok(parked::Entity::find()
        .select_only()
        .column(parked::Column::AggregateId)
        .column_as(first(), "first")
        .filter(parked::Column::Consumer.eq(consumer))
        .filter(parked::Column::AggregateId.ne(Uuid::nil()))
        .group_by(parked::Column::AggregateId)
        .having(first().gt(after))
        .order_by_asc(first())
        .limit(limit)
        .into_tuple()
        .all(conn)
        .await?)
}

/// The first parked event of an aggregate.
pub async fn first_parked<C: ConnectionTrait>(
    conn: &C,
    consumer: &str,
    aggregate_id: Uuid,
) -> Result<Option<Parked>, StorageError> {
    use sea_orm::{ColumnTrait as _, QueryFilter as _, QueryOrder as _};
    let row = parked::Entity::find()
        .filter(parked::Column::Consumer.eq(consumer))
        .filter(parked::Column::AggregateId.eq(aggregate_id))
        .order_by_asc(parked::Column::Position)
        .one(conn)
        .await?;
    Ok(row.map(|r| Parked {
        position: r.position,
        envelope: r.envelope,
    }))
}

/// Takes a parked event off the list, in the unit of work that applied it.
pub async fn unpark(tx: &Tx, consumer: &str, position: i64) -> Result<(), StorageError> {
    let gone = parked::Entity::delete_by_id((consumer.to_owned(), position))
        .exec(tx.conn())
        .await?;
    if gone.rows_affected == 1 {
        Ok(())
    } else {
        Err(StorageError::Stale)
    }
}

/// How many events are parked, of all consumers.
pub async fn parked_count<C: ConnectionTrait>(conn: &C) -> Result<u64, StorageError> {
    use sea_orm::PaginatorTrait as _;
    Ok(parked::Entity::find().count(conn).await?)
}
