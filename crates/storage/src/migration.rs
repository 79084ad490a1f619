//! Bringing a schema up: append-only, one by one, each in its own transaction.

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};
use sea_orm_migration::prelude::*;

use crate::error::StorageError;
use crate::tx::{self, Tx};

/// Applied migrations, by name.
const LEDGER: &str = "CREATE TABLE IF NOT EXISTS motcua_migration (name text PRIMARY KEY)";

/// Applies what is not applied yet; see [`crate::Db::migrate`].
pub(crate) async fn up(
    db: &DatabaseConnection,
    own: Vec<Box<dyn MigrationTrait>>,
) -> Result<(), StorageError> {
    let chain: Vec<_> = base().into_iter().chain(own).collect();
    let tx = alone(db).await?;
    tx.conn().execute_unprepared(LEDGER).await?;
    tx::commit(tx).await?;
    gate(db, &chain).await?;
    for migration in chain {
        apply(db, migration.as_ref()).await?;
    }
    Ok(())
}

/// Refuses a schema that is not exactly this program's.
pub(crate) async fn expect(
    db: &DatabaseConnection,
    own: Vec<Box<dyn MigrationTrait>>,
) -> Result<(), StorageError> {
    let chain: Vec<_> = base().into_iter().chain(own).collect();
    // Who only looks may not be allowed to make the ledger either.
    let applied = if SchemaManager::new(db).has_table("motcua_migration").await? {
        gate(db, &chain).await?;
        applied(db).await?
    } else {
        Vec::new()
    };
    match chain
        .iter()
        .find(|m| !applied.iter().any(|name| name == m.name()))
    {
        None => Ok(()),
        Some(missing) => Err(StorageError::Unfit(format!(
            "migration {} is missing: run `motcua migrate`",
            missing.name()
        ))),
    }
}

async fn applied(db: &DatabaseConnection) -> Result<Vec<String>, StorageError> {
    let all = Statement::from_string(
        db.get_database_backend(),
        "SELECT name FROM motcua_migration",
    );
    let rows = db.query_all_raw(all).await?;
    rows.iter()
        .map(|row| Ok(row.try_get_by_index(0)?))
        .collect()
}

/// Begins where no other process changes the schema: replicas that start
/// together apply a migration once.
async fn alone(db: &DatabaseConnection) -> Result<Tx, StorageError> {
    let tx = tx::begin(db).await?;
    if tx.conn().get_database_backend() == DbBackend::Postgres {
        // A migration may take longer than a business unit of work waits.
        for statement in [
            "SET LOCAL lock_timeout = '5min'",
            "SET LOCAL statement_timeout = '5min'",
            "SELECT pg_advisory_xact_lock(7066001)",
        ] {
            tx.conn().execute_unprepared(statement).await?;
        }
    }
    Ok(tx)
}

async fn apply(
    db: &DatabaseConnection,
    migration: &dyn MigrationTrait,
) -> Result<(), StorageError> {
    let tx = alone(db).await?;
    let conn = tx.conn();
    let backend = conn.get_database_backend();
    let known = Statement::from_sql_and_values(
        backend,
        "SELECT name FROM motcua_migration WHERE name = $1",
        [migration.name().into()],
    );
    if conn.query_one_raw(known).await?.is_none() {
        migration.up(&SchemaManager::new(conn)).await?;
        let done = Statement::from_sql_and_values(
            backend,
            "INSERT INTO motcua_migration (name) VALUES ($1)",
            [migration.name().into()],
        );
        conn.execute_raw(done).await?;
    }
    tx::commit(tx).await
}

/// Refuses a database that a newer program has changed.
async fn gate(
    db: &DatabaseConnection,
    chain: &[Box<dyn MigrationTrait>],
) -> Result<(), StorageError> {
    for name in applied(db).await? {
        if !chain.iter().any(|m| m.name() == name) {
            return Err(StorageError::Unfit(format!(
                "migration {name} is of a newer program"
            )));
        }
    }
    Ok(())
}

/// The tables that every service has.
pub(crate) fn base() -> Vec<Box<dyn MigrationTrait>> {
    vec![Box::new(Base), Box::new(Held)]
}

struct Base;

impl MigrationName for Base {
    fn name(&self) -> &'static str {
        "m20261124_000001_base"
    }
}

#[async_trait::async_trait]
#[expect(
    elided_lifetimes_in_paths,
    reason = "the trait's own signature, as its macro wants it"
)]
impl MigrationTrait for Base {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in tables() {
            manager.create_table(table).await?;
        }
        let db = manager.get_connection();
        let postgres = db.get_database_backend() == DbBackend::Postgres;
        db.execute_unprepared(&format!(
            "INSERT INTO feed_head (id, position, hash, incarnation) VALUES (1, 0, {zero}, {incarnation})",
            zero = if postgres { "decode(repeat('00', 32), 'hex')" } else { "zeroblob(32)" },
            incarnation = if postgres { "gen_random_uuid()" } else { "randomblob(16)" },
        ))
        .await?;
        for index in INDEXES {
            db.execute_unprepared(index).await?;
        }
        if postgres {
            db.execute_unprepared(GUARD).await?;
        } else {
            for guard in SQLITE_GUARDS {
                db.execute_unprepared(guard).await?;
            }
        }
        Ok(())
    }
}

const INDEXES: &[&str] = &[
    "CREATE UNIQUE INDEX event_of_aggregate ON event (aggregate_id, aggregate_version)",
    "CREATE UNIQUE INDEX event_id ON event (id)",
    "CREATE UNIQUE INDEX event_position ON event (position)",
    "CREATE INDEX event_unnumbered ON event (seq) WHERE position IS NULL",
    "CREATE INDEX private_row_subject ON private_row (subject)",
];

/// An event may be inserted, and numbered once; nothing else.
const GUARD: &str = r"
CREATE FUNCTION event_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.position IS NULL AND NEW.position IS NOT NULL
     AND (NEW.seq, NEW.id, NEW.aggregate_kind, NEW.aggregate_id, NEW.aggregate_version,
          NEW.event_type, NEW.schema_version, NEW.actor, NEW.unit, NEW.at, NEW.envelope)
       = (OLD.seq, OLD.id, OLD.aggregate_kind, OLD.aggregate_id, OLD.aggregate_version,
          OLD.event_type, OLD.schema_version, OLD.actor, OLD.unit, OLD.at, OLD.envelope) THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'an event is never changed or deleted';
END $$;
CREATE TRIGGER event_guard BEFORE UPDATE OR DELETE ON event
  FOR EACH ROW EXECUTE FUNCTION event_guard();
CREATE TRIGGER event_guard_all BEFORE TRUNCATE ON event
  FOR EACH STATEMENT EXECUTE FUNCTION event_guard();
";

/// The same for SQLite.
const SQLITE_GUARDS: &[&str] = &[
    "CREATE TRIGGER event_no_delete BEFORE DELETE ON event
     BEGIN SELECT RAISE(ABORT, 'an event is never deleted'); END",
    "CREATE TRIGGER event_no_change BEFORE UPDATE ON event
     WHEN OLD.position IS NOT NULL OR NEW.position IS NULL
       OR (NEW.seq, NEW.id, NEW.aggregate_kind, NEW.aggregate_id, NEW.aggregate_version,
           NEW.event_type, NEW.schema_version, NEW.actor, NEW.unit, NEW.at, NEW.envelope)
       IS NOT
          (OLD.seq, OLD.id, OLD.aggregate_kind, OLD.aggregate_id, OLD.aggregate_version,
           OLD.event_type, OLD.schema_version, OLD.actor, OLD.unit, OLD.at, OLD.envelope)
     BEGIN SELECT RAISE(ABORT, 'an event is never changed'); END",
];

/// What a batch asks whether its guard held.
struct Held;

impl MigrationName for Held {
    fn name(&self) -> &'static str {
        "m20261126_000001_held"
    }
}

#[async_trait::async_trait]
#[expect(
    elided_lifetimes_in_paths,
    reason = "the trait's own signature, as its macro wants it"
)]
impl MigrationTrait for Held {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        if db.get_database_backend() == DbBackend::Postgres {
            db.execute_unprepared(HELD).await?;
        }
        Ok(())
    }
}

/// Raises, and so undoes the statement, unless exactly one row was changed.
const HELD: &str = r"
CREATE FUNCTION motcua_held(changed bigint) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  IF changed = 1 THEN RETURN true; END IF;
  RAISE EXCEPTION 'the guard of a batch does not hold' USING ERRCODE = 'MC001';
END $$;
";

fn tables() -> Vec<TableCreateStatement> {
    [log(), private(), positions()].concat()
}

/// Events, their end, and what requests were answered.
fn log() -> Vec<TableCreateStatement> {
    vec![
        Table::create()
            .table("event")
            .col(
                ColumnDef::new("seq")
                    .big_integer()
                    .not_null()
                    .auto_increment()
                    .primary_key(),
            )
            .col(ColumnDef::new("id").uuid().not_null())
            .col(ColumnDef::new("aggregate_kind").text().not_null())
            .col(ColumnDef::new("aggregate_id").uuid().not_null())
            .col(ColumnDef::new("aggregate_version").big_integer().not_null())
            .col(ColumnDef::new("event_type").text().not_null())
            .col(ColumnDef::new("schema_version").integer().not_null())
            .col(ColumnDef::new("actor").text().not_null())
            .col(ColumnDef::new("unit").text().not_null())
            .col(ColumnDef::new("at").timestamp_with_time_zone().not_null())
            .col(ColumnDef::new("envelope").binary().not_null())
            .col(ColumnDef::new("position").big_integer())
            .col(ColumnDef::new("prev_hash").binary())
            .col(ColumnDef::new("hash").binary())
            .to_owned(),
        Table::create()
            .table("feed_head")
            .col(ColumnDef::new("id").integer().not_null())
            .col(ColumnDef::new("position").big_integer().not_null())
            .col(ColumnDef::new("hash").binary().not_null())
            .col(ColumnDef::new("incarnation").uuid().not_null())
            .primary_key(Index::create().col("id"))
            .to_owned(),
        Table::create()
            .table("idempotency")
            .col(ColumnDef::new("scope").text().not_null())
            .col(ColumnDef::new("method").text().not_null())
            .col(ColumnDef::new("request_id").uuid().not_null())
            .col(ColumnDef::new("body_hash").binary().not_null())
            .col(ColumnDef::new("resource").text().not_null())
            .col(ColumnDef::new("answer").binary())
            .col(
                ColumnDef::new("created")
                    .timestamp_with_time_zone()
                    .not_null(),
            )
            .primary_key(Index::create().col("scope").col("method").col("request_id"))
            .to_owned(),
    ]
}

/// What is personal, and who looked at it.
fn private() -> Vec<TableCreateStatement> {
    vec![
        Table::create()
            .table("private_row")
            .col(ColumnDef::new("id").uuid().not_null())
            .col(ColumnDef::new("version").big_integer().not_null())
            .col(ColumnDef::new("subject").uuid().not_null())
            .col(ColumnDef::new("kind").text().not_null())
            .col(ColumnDef::new("nonce").binary().not_null())
            .col(ColumnDef::new("sealed").binary().not_null())
            .col(ColumnDef::new("commitment").binary().not_null())
            .primary_key(Index::create().col("id").col("version"))
            .to_owned(),
        Table::create()
            .table("subject_key")
            .col(ColumnDef::new("subject").uuid().not_null())
            .col(ColumnDef::new("nonce").binary().not_null())
            .col(ColumnDef::new("wrapped").binary().not_null())
            .primary_key(Index::create().col("subject"))
            .to_owned(),
        Table::create()
            .table("access_log")
            .col(
                ColumnDef::new("seq")
                    .big_integer()
                    .not_null()
                    .auto_increment()
                    .primary_key(),
            )
            .col(ColumnDef::new("at").timestamp_with_time_zone().not_null())
            .col(ColumnDef::new("actor").text().not_null())
            .col(ColumnDef::new("unit").text().not_null())
            .col(ColumnDef::new("action").text().not_null())
            .col(ColumnDef::new("resource").text().not_null())
            .col(ColumnDef::new("purpose").text().not_null())
            .col(ColumnDef::new("outcome").text().not_null())
            .col(ColumnDef::new("prev_hash").binary().not_null())
            .col(ColumnDef::new("hash").binary().not_null())
            .to_owned(),
    ]
}

/// How far consumers have come.
fn positions() -> Vec<TableCreateStatement> {
    vec![
        Table::create()
            .table("cursor")
            .col(ColumnDef::new("consumer").text().not_null())
            .col(ColumnDef::new("position").big_integer().not_null())
            .col(ColumnDef::new("incarnation").uuid().not_null())
            .primary_key(Index::create().col("consumer"))
            .to_owned(),
        Table::create()
            .table("parked")
            .col(ColumnDef::new("consumer").text().not_null())
            .col(ColumnDef::new("position").big_integer().not_null())
            .col(ColumnDef::new("aggregate_id").uuid().not_null())
            .col(ColumnDef::new("reason").text().not_null())
            .col(ColumnDef::new("envelope").binary().not_null())
            .primary_key(Index::create().col("consumer").col("position"))
            .to_owned(),
    ]
}
