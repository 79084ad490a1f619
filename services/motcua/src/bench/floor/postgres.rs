//! The floor on PostgreSQL.

use std::collections::BTreeMap;

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions, PgSslMode};
use sqlx::{AssertSqlSafe, Row as _, query, query_with};

use super::script::Line;
use crate::SERVICES;
use crate::bench::Broken;

/// As many connections as a service has; fewer for those that commands hardly
/// touch, since a server lets in a hundred, and the product is there too.
fn connections(service: &str) -> u32 {
    match service {
        "workflow" | "dossier" => 16,
        _ => 4,
    }
}

/// A pool a store.
#[derive(Clone)]
pub(super) struct Stores(BTreeMap<&'static str, PgPool>);

impl Stores {
    pub(super) async fn open(url: &str) -> Result<Self, Broken> {
        let mut pools = BTreeMap::new();
        for service in SERVICES {
            let options = PgPoolOptions::new()
                .max_connections(connections(service))
                .test_before_acquire(false);
            let at: PgConnectOptions = url.replace("{service}", service).parse()?;
            let pool = options
                .connect_with(at.ssl_mode(PgSslMode::Disable))
                .await?;
            pools.insert(service, pool);
        }
        Ok(Self(pools))
    }

    pub(super) async fn close(&self) {
        for pool in self.0.values() {
            pool.close().await;
        }
    }

    fn pool(&self, store: &str) -> Result<&PgPool, Broken> {
        self.0.get(store).ok_or_else(|| "no such store".into())
    }

    pub(super) async fn read(&self, store: &str, line: Line) -> Result<(), Broken> {
        let query = query_with(AssertSqlSafe(line.sql), line.values);
        query.fetch_all(self.pool(store)?).await?;
        Ok(())
    }

    pub(super) async fn unit(&self, store: &str, lines: Vec<Line>) -> Result<(), Broken> {
        let mut tx = self.pool(store)?.begin().await?;
        for line in lines {
            let query = query_with(AssertSqlSafe(line.sql), line.values);
            query.fetch_all(&mut *tx).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Numbers and chains what is committed; whether there was anything.
    pub(super) async fn number(&self, store: &str, batch: i64) -> Result<bool, Broken> {
        let pool = self.pool(store)?;
        let found = query("SELECT 1 FROM event WHERE position IS NULL LIMIT 1");
        if found.fetch_optional(pool).await?.is_none() {
            return Ok(false);
        }
        let mut tx = pool.begin().await?;
        let head = query("SELECT position, hash FROM feed_head WHERE id = 1 FOR UPDATE");
        let head = head.fetch_one(&mut *tx).await?;
        let (mut position, mut hash): (i64, Vec<u8>) = (head.try_get(0)?, head.try_get(1)?);
        let events =
            query("SELECT seq, envelope FROM event WHERE position IS NULL ORDER BY seq LIMIT $1");
        let (mut seqs, mut positions, mut before, mut hashes) = (vec![], vec![], vec![], vec![]);
        for event in events.bind(batch).fetch_all(&mut *tx).await? {
            position += 1;
            let envelope: Vec<u8> = event.try_get(1)?;
            let own = feed::hash(position, &hash, &envelope).to_vec();
            seqs.push(event.try_get::<i64, _>(0)?);
            positions.push(position);
            before.push(std::mem::replace(&mut hash, own.clone()));
            hashes.push(own);
        }
        let number = query(
            "UPDATE event SET position = n.position, prev_hash = n.prev_hash, hash = n.hash \
             FROM unnest($1::bigint[], $2::bigint[], $3::bytea[], $4::bytea[]) \
             AS n(seq, position, prev_hash, hash) \
             WHERE event.seq = n.seq AND event.position IS NULL",
        );
        let number = number.bind(seqs).bind(positions).bind(before).bind(hashes);
        number.execute(&mut *tx).await?;
        let head = query("UPDATE feed_head SET position = $1, hash = $2 WHERE id = 1");
        head.bind(position).bind(hash).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(true)
    }
}
