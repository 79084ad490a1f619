//! Who looked at what, who was denied, who signed in: chained like the feed, but
//! outside it, since reads are no business facts.

use chrono::{DateTime, Utc};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use sha2::{Digest as _, Sha256};

use crate::connect::{Db, Engine};
use crate::entity::access_log;
use crate::error::StorageError;
use crate::tx::Tx;

/// Lines read at a time.
const PAGE: u64 = 1000;

/// A line of the log. Nothing in it is personal data.
#[derive(Clone, Debug)]
pub struct Access {
    /// When.
    pub at: DateTime<Utc>,
    /// The actor's label.
    pub actor: String,
    /// The actor's unit.
    pub unit: String,
    /// `private_row.read`, `sign_in`, `denied`, …
    pub action: String,
    /// What was touched, by resource name.
    pub resource: String,
    /// Why, where a reason is asked.
    pub purpose: String,
    /// `allowed`, `denied`, `failed`.
    pub outcome: String,
}

/// Writes a line in a unit of work of its own.
pub async fn record(db: &Db, access: Access) -> Result<(), StorageError> {
    let engine = db.engine();
    db.run("access_log_record", move |tx| {
        let access = access.clone();
        Box::pin(async move { write(tx, engine, &access).await })
    })
    .await
}

/// Writes a line in the caller's unit of work.
pub async fn write(tx: &Tx, engine: Engine, access: &Access) -> Result<(), StorageError> {
    use sea_orm::ConnectionTrait as _;
    if engine == Engine::Postgres {
        // One line at a time: each names the one before.
        tx.conn()
            .execute_unprepared("SELECT pg_advisory_xact_lock(7066002)")
            .await?;
    }
    let last = access_log::Entity::find()
        .order_by_desc(access_log::Column::Seq)
        .one(tx.conn())
        .await?;
    let prev_hash = last.map_or_else(|| vec![0; 32], |row| row.hash);
    let hash = chained(&prev_hash, access);
    let row = access_log::ActiveModel {
        seq: NotSet,
        at: Set(domain::clock::to_micros(access.at)),
        actor: Set(access.actor.clone()),
        unit: Set(access.unit.clone()),
        action: Set(access.action.clone()),
        resource: Set(access.resource.clone()),
        purpose: Set(access.purpose.clone()),
        outcome: Set(access.outcome.clone()),
        prev_hash: Set(prev_hash),
        hash: Set(hash),
    };
    access_log::Entity::insert(row)
        .exec_without_returning(tx.conn())
        .await?;
    Ok(())
}

/// How many lines there are, and the first whose chain does not hold; then only
/// those before it were counted.
pub async fn verify<C: sea_orm::ConnectionTrait>(
    conn: &C,
) -> Result<(u64, Option<i64>), StorageError> {
    let (mut prev, mut seen, mut after) = (vec![0; 32], 0, i64::MIN);
    loop {
        let rows = access_log::Entity::find()
            .filter(access_log::Column::Seq.gt(after))
            .order_by_asc(access_log::Column::Seq)
            .limit(PAGE)
            .all(conn)
            .await?;
        if rows.is_empty() {
            return Ok((seen, None));
        }
        for row in rows {
            after = row.seq;
            let access = Access {
                at: row.at,
                actor: row.actor,
                unit: row.unit,
                action: row.action,
                resource: row.resource,
                purpose: row.purpose,
                outcome: row.outcome,
            };
            if row.prev_hash != prev || row.hash != chained(&prev, &access) {
                return Ok((seen, Some(row.seq)));
            }
            prev = row.hash;
            seen += 1;
        }
    }
}

/// The hash of a line that follows the one whose hash is `prev`.
pub fn chained(prev: &[u8], access: &Access) -> Vec<u8> {
    let at = domain::clock::to_micros(access.at)
        .timestamp_micros()
        .to_be_bytes();
    let mut hash = Sha256::new_with_prefix(b"motcua.access.v1");
    hash.update(prev);
    hash.update(at);
    for field in [
        &access.actor,
        &access.unit,
        &access.action,
        &access.resource,
        &access.purpose,
        &access.outcome,
    ] {
        // The length keeps two neighbours from trading bytes.
        hash.update(u64::try_from(field.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(field);
    }
    hash.finalize().to_vec()
}
