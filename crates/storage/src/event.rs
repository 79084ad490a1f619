//! The event log: written with the business change, read by everyone else.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::{Condition, ExprTrait as _, InsertStatement};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect as _,
    QueryTrait as _,
};
use uuid::Uuid;

use crate::entity::{event, feed_head};
use crate::error::StorageError;
use crate::tx::Tx;

pub use crate::entity::event::Model as StoredEvent;

/// An event to be written. The columns are copies of what `envelope` says, for
/// queries; `verify` compares them.
#[derive(Clone, Debug)]
pub struct NewEvent {
    /// `UUIDv7`.
    pub id: Uuid,
    /// `dossier`, `instance`, `person`, …
    pub aggregate_kind: String,
    /// The aggregate.
    pub aggregate_id: Uuid,
    /// Its version after this event.
    pub aggregate_version: i64,
    /// `dossier.accepted`, …
    pub event_type: String,
    /// Version of the facts' schema.
    pub schema_version: i32,
    /// The actor's label.
    pub actor: String,
    /// The unit in whose name it was done.
    pub unit: String,
    /// When it was decided.
    pub at: DateTime<Utc>,
    /// The encoded `motcua.event.v1.Envelope`.
    pub envelope: Vec<u8>,
}

/// The row of an event, for a [`crate::Batch`]. A conflict with an event of the
/// same version names the index `event_of_aggregate`.
pub fn row(new: &NewEvent) -> InsertStatement {
    event::Entity::insert(model(new)).into_query()
}

/// Writes an event inside the unit of work that it tells of.
///
/// # Errors
/// [`StorageError::Stale`] when the aggregate has an event of this version.
pub async fn append(tx: &Tx, new: &NewEvent) -> Result<(), StorageError> {
    match event::Entity::insert(model(new))
        .exec_without_returning(tx.conn())
        .await
        .map_err(StorageError::from)
    {
        Ok(_) => Ok(()),
        Err(StorageError::Conflict { constraint }) if constraint.contains("aggregate") => {
            Err(StorageError::Stale)
        }
        Err(error) => Err(error),
    }
}

fn model(new: &NewEvent) -> event::ActiveModel {
    event::ActiveModel {
        seq: NotSet,
        id: Set(new.id),
        aggregate_kind: Set(new.aggregate_kind.clone()),
        aggregate_id: Set(new.aggregate_id),
        aggregate_version: Set(new.aggregate_version),
        event_type: Set(new.event_type.clone()),
        schema_version: Set(new.schema_version),
        actor: Set(new.actor.clone()),
        unit: Set(new.unit.clone()),
        at: Set(domain::clock::to_micros(new.at)),
        envelope: Set(new.envelope.clone()),
        position: Set(None),
        prev_hash: Set(None),
        hash: Set(None),
    }
}

/// The events of an aggregate, oldest first.
pub async fn load<C: ConnectionTrait>(
    conn: &C,
    aggregate_id: Uuid,
) -> Result<Vec<StoredEvent>, StorageError> {
    load_after(conn, aggregate_id, 0).await
}

/// The events of aggregates, each oldest first.
pub async fn load_all<C: ConnectionTrait>(
    conn: &C,
    aggregates: &BTreeSet<Uuid>,
) -> Result<BTreeMap<Uuid, Vec<StoredEvent>>, StorageError> {
    let events = event::Entity::find()
        .filter(event::Column::AggregateId.is_in(aggregates.iter().copied()))
        .order_by_asc(event::Column::AggregateId)
        .order_by_asc(event::Column::AggregateVersion)
        .all(conn)
        .await?;
    let mut by_aggregate: BTreeMap<Uuid, Vec<StoredEvent>> = BTreeMap::new();
    for event in events {
        by_aggregate
            .entry(event.aggregate_id)
            .or_default()
            .push(event);
    }
    Ok(by_aggregate)
}

/// The events of an aggregate after a version, oldest first.
pub async fn load_after<C: ConnectionTrait>(
    conn: &C,
    aggregate_id: Uuid,
    version: i64,
) -> Result<Vec<StoredEvent>, StorageError> {
    Ok(event::Entity::find()
        .filter(event::Column::AggregateId.eq(aggregate_id))
        .filter(event::Column::AggregateVersion.gt(version))
        .order_by_asc(event::Column::AggregateVersion)
        .all(conn)
        .await?)
}

/// When aggregates came to these versions, each named once; without those that did
/// not.
pub async fn instants<C: ConnectionTrait>(
    conn: &C,
    versions: &[(Uuid, i64)],
) -> Result<BTreeMap<Uuid, DateTime<Utc>>, StorageError> {
    if versions.is_empty() {
        return Ok(BTreeMap::new());
    }
    let any = versions
        .iter()
        .fold(Condition::any(), |any, (id, version)| {
            let one = event::Column::AggregateId.eq(*id);
            any.add(one.and(event::Column::AggregateVersion.eq(*version)))
        });
    let found: Vec<(Uuid, DateTime<Utc>)> = event::Entity::find()
        .select_only()
        .columns([event::Column::AggregateId, event::Column::At])
        .filter(any)
        .into_tuple()
        .all(conn)
        .await?;
    Ok(found.into_iter().collect())
}

/// Every event in order of insertion, after `seq`, at most `limit`.
pub async fn scan<C: ConnectionTrait>(
    conn: &C,
    seq: i64,
    limit: u64,
) -> Result<Vec<StoredEvent>, StorageError> {
    Ok(event::Entity::find()
        .filter(event::Column::Seq.gt(seq))
        .order_by_asc(event::Column::Seq)
        .limit(limit)
        .all(conn)
        .await?)
}

/// The incarnation of this store; made at the first call on a fresh database.
pub async fn incarnation<C: ConnectionTrait>(conn: &C) -> Result<Uuid, StorageError> {
    Ok(head(conn).await?.incarnation)
}

/// The end of the feed.
pub async fn head<C: ConnectionTrait>(conn: &C) -> Result<feed_head::Model, StorageError> {
    feed_head::Entity::find_by_id(1)
        .one(conn)
        .await?
        .ok_or_else(|| StorageError::Corrupt {
            table: "feed_head",
            id: "1".to_owned(),
            why: "the row is missing".to_owned(),
        })
}

pub use feed::{Numbered, Unnumbered, number, numbered_after, unnumbered};

mod feed {
    //! What the sequencer and the feed server need.

    use sea_orm::sea_query::{Expr, LockType};
    use sea_orm::{DbBackend, QuerySelect, Statement, UpdateMany, Value};

    use super::{
        ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, StorageError, Tx,
        event, feed_head,
    };

    /// A committed event that has no position yet.
    pub type Unnumbered = event::Model;

    /// A position and the two hashes of an event.
    #[derive(Clone, Debug)]
    pub struct Numbered {
        /// The event's `seq`.
        pub seq: i64,
        /// Its position.
        pub position: i64,
        /// Hash of the entry before.
        pub prev_hash: Vec<u8>,
        /// Its own hash.
        pub hash: Vec<u8>,
    }

    /// Locks the head, so that one sequencer numbers at a time, and answers it
    /// with the events to number.
    pub async fn unnumbered(
        tx: &Tx,
        limit: u64,
    ) -> Result<(feed_head::Model, Vec<Unnumbered>), StorageError> {
        let head = feed_head::Entity::find_by_id(1)
            .lock(LockType::Update)
            .one(tx.conn())
            .await?
            .ok_or_else(|| StorageError::Corrupt {
                table: "feed_head",
                id: "1".to_owned(),
                why: "the row is missing".to_owned(),
            })?;
        let events = event::Entity::find()
            .filter(event::Column::Position.is_null())
            .order_by_asc(event::Column::Seq)
            .limit(limit)
            .all(tx.conn())
            .await?;
        Ok((head, events))
    }

    /// Gives positions and moves the head.
    pub async fn number(tx: &Tx, numbered: &[Numbered]) -> Result<(), StorageError> {
        let Some(last) = numbered.last() else {
            return Ok(());
        };
        if tx.conn().get_database_backend() == DbBackend::Postgres {
            return at_once(tx, numbered, last).await;
        }
        one_by_one(tx, numbered).await?;
        feed_head::Entity::update_many()
            .col_expr(feed_head::Column::Position, Expr::value(last.position))
            .col_expr(feed_head::Column::Hash, Expr::value(last.hash.clone()))
            .filter(feed_head::Column::Id.eq(1))
            .exec(tx.conn())
            .await?;
        Ok(())
    }

    /// On PostgreSQL a statement is a way to the server: one for all.
    async fn at_once(tx: &Tx, numbered: &[Numbered], last: &Numbered) -> Result<(), StorageError> {
        const NUMBER: &str = "WITH done AS (\
            UPDATE event \
            SET position = n.position, prev_hash = n.prev_hash, hash = n.hash \
            FROM unnest($1::bigint[], $2::bigint[], $3::bytea[], $4::bytea[]) \
            AS n(seq, position, prev_hash, hash) \
            WHERE event.seq = n.seq AND event.position IS NULL RETURNING 1\
            ), head AS (UPDATE feed_head SET position = $5, hash = $6 WHERE id = 1) \
            SELECT count(*) FROM done";
        let all = || numbered.iter();
        let values: [Value; 6] = [
            all().map(|one| one.seq).collect::<Vec<_>>().into(),
            all().map(|one| one.position).collect::<Vec<_>>().into(),
            all()
                .map(|one| one.prev_hash.clone())
                .collect::<Vec<_>>()
                .into(),
            all().map(|one| one.hash.clone()).collect::<Vec<_>>().into(),
            last.position.into(),
            last.hash.clone().into(),
        ];
        let update = Statement::from_sql_and_values(DbBackend::Postgres, NUMBER, values);
        let row = tx.conn().query_one_raw(update).await?;
        let done: i64 = row.ok_or(StorageError::Stale)?.try_get_by_index(0)?;
        if usize::try_from(done) == Ok(numbered.len()) {
            Ok(())
        } else {
            Err(StorageError::Stale)
        }
    }

    async fn one_by_one(tx: &Tx, numbered: &[Numbered]) -> Result<(), StorageError> {
        for one in numbered {
            let update: UpdateMany<event::Entity> = event::Entity::update_many()
                .col_expr(event::Column::Position, Expr::value(one.position))
                .col_expr(event::Column::PrevHash, Expr::value(one.prev_hash.clone()))
                .col_expr(event::Column::Hash, Expr::value(one.hash.clone()))
                .filter(event::Column::Seq.eq(one.seq))
                .filter(event::Column::Position.is_null());
            if update.exec(tx.conn()).await?.rows_affected != 1 {
                return Err(StorageError::Stale);
            }
        }
        Ok(())
    }

    /// Numbered events after a position, in order.
    pub async fn numbered_after<C: ConnectionTrait>(
        conn: &C,
        position: i64,
        limit: u64,
    ) -> Result<Vec<event::Model>, StorageError> {
        Ok(event::Entity::find()
            .filter(event::Column::Position.gt(position))
            .order_by_asc(event::Column::Position)
            .limit(limit)
            .all(conn)
            .await?)
    }
}
