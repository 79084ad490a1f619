//! A unit of work that is decided before it begins: a guard that must still hold,
//! and rows that are written if it does. On PostgreSQL all of it is one statement,
//! which is a transaction by itself: one way to the server instead of one for
//! `BEGIN`, each row and `COMMIT`. On SQLite, where a statement costs no way, it
//! is what a unit of work always is.
//!
//! Measured on two cores, a command's three or more rows this way against a
//! statement each: `tests/README.md`.

use std::fmt::Write as _;
use std::sync::Arc;

use sea_orm::sea_query::{DeleteStatement, InsertStatement, Query, UpdateStatement};
use sea_orm::{ConnectionTrait, DbBackend, Statement, StatementBuilder, Value, Values};

use crate::connect::Db;
use crate::error::StorageError;
use crate::tx::{self, Tx};
use crate::writer;

/// Rows to be written together. Re-runnable, since it is data.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    guard: Option<UpdateStatement>,
    writes: Vec<Write>,
}

#[derive(Clone, Debug)]
enum Write {
    Insert(InsertStatement),
    Update(UpdateStatement),
    Delete(DeleteStatement),
}

impl Batch {
    /// With nothing to write and no guard.
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes the rest only if this changes exactly one row.
    #[must_use]
    pub fn guarded(mut self, update: UpdateStatement) -> Self {
        self.guard = Some(update);
        self
    }

    /// Adds rows. They must not be rows that another part of the batch changes:
    /// PostgreSQL runs the parts in no order.
    #[must_use]
    pub fn insert(mut self, insert: InsertStatement) -> Self {
        self.writes.push(Write::Insert(insert));
        self
    }

    /// Changes rows, however many.
    #[must_use]
    pub fn update(mut self, update: UpdateStatement) -> Self {
        self.writes.push(Write::Update(update));
        self
    }

    /// Deletes rows, however many.
    #[must_use]
    pub fn delete(mut self, delete: DeleteStatement) -> Self {
        self.writes.push(Write::Delete(delete));
        self
    }

    /// Writes inside a unit of work that does something else first. False when
    /// the guard does not hold: then nothing of the batch is written.
    pub async fn write(&self, tx: &Tx) -> Result<bool, StorageError> {
        let conn = tx.conn();
        if self.is_empty() {
            return Ok(true);
        }
        if conn.get_database_backend() == DbBackend::Postgres {
            return held(conn.execute_raw(self.one()).await);
        }
        if let Some(guard) = &self.guard {
            match conn.execute(guard).await?.rows_affected() {
                1 => {}
                0 => return Ok(false),
                // A guard that is not of one row is a fault of ours.
                _ => return Err(StorageError::Other),
            }
        }
        for write in &self.writes {
            match write {
                Write::Insert(insert) => conn.execute(insert).await?,
                Write::Update(update) => conn.execute(update).await?,
                Write::Delete(delete) => conn.execute(delete).await?,
            };
        }
        Ok(true)
    }

    fn is_empty(&self) -> bool {
        self.guard.is_none() && self.writes.is_empty()
    }

    /// All of it as one statement of PostgreSQL. The guard's function raises where
    /// not exactly one row was changed, which undoes the whole.
    fn one(&self) -> Statement {
        let mut one = One::default();
        if let Some(guard) = &self.guard {
            let mut guard = guard.clone();
            guard.returning(Query::returning().expr(sea_orm::sea_query::Expr::val(1)));
            one.part("held", &guard);
        }
        for (n, write) in self.writes.iter().enumerate() {
            let name = format!("w{n}");
            match write {
                Write::Insert(insert) => one.part(&name, insert),
                Write::Update(update) => one.part(&name, update),
                Write::Delete(delete) => one.part(&name, delete),
            }
        }
        let answer = if self.guard.is_some() {
            "SELECT motcua_held((SELECT count(*) FROM held))"
        } else {
            "SELECT 1"
        };
        let sql = format!("WITH {} {answer}", one.sql);
        Statement::from_sql_and_values(DbBackend::Postgres, sql, Values(one.values))
    }
}

/// Statements as parts of one, their placeholders counted on.
#[derive(Default)]
struct One {
    sql: String,
    values: Vec<Value>,
}

impl One {
    fn part(&mut self, name: &str, statement: &impl StatementBuilder) {
        let Statement { sql, values, .. } = DbBackend::Postgres.build(statement);
        if !self.sql.is_empty() {
            self.sql.push_str(", ");
        }
        // Writing to a string does not fail.
        let _ = write!(self.sql, "{name} AS (");
        let before = self.values.len();
        let mut pieces = sql.split('$');
        self.sql.push_str(pieces.next().unwrap_or_default());
        for piece in pieces {
            let digits = piece.bytes().take_while(u8::is_ascii_digit).count();
            let (number, rest) = piece.split_at(digits);
            match number.parse::<usize>() {
                Ok(number) => {
                    let _ = write!(self.sql, "${}{rest}", number + before);
                }
                Err(_) => {
                    let _ = write!(self.sql, "${piece}");
                }
            }
        }
        self.sql.push(')');
        self.values.extend(values.into_iter().flat_map(|v| v.0));
    }
}

/// The code that the guard's function raises.
pub(crate) const NOT_HELD: &str = "MC001";

/// Tells a guard that does not hold from a failure.
pub(crate) fn held<T>(outcome: Result<T, sea_orm::DbErr>) -> Result<bool, StorageError> {
    match outcome {
        Ok(_) => Ok(true),
        Err(error) if crate::error::code(&error).as_deref() == Some(NOT_HELD) => {
            crate::error::failed();
            Ok(false)
        }
        Err(error) => Err(error.into()),
    }
}

impl Db {
    /// Commits a batch. False when its guard does not hold: nothing is written
    /// then.
    pub async fn commit(&self, name: &'static str, batch: Batch) -> Result<bool, StorageError> {
        #[cfg(feature = "mutants")]
        let Some(batch) = self.mutate(name, batch).await? else {
            return Ok(true);
        };
        let outcome = self.commit_whole(name, batch).await;
        #[cfg(feature = "mutants")]
        let outcome = swallowed(outcome);
        outcome
    }

    async fn commit_whole(&self, name: &'static str, batch: Batch) -> Result<bool, StorageError> {
        if batch.is_empty() {
            return Ok(true);
        }
        let batch = Arc::new(batch);
        if let Some(group) = self.group() {
            return writer::join(group, name, move |tx: &Tx| {
                let batch = Arc::clone(&batch);
                Box::pin(async move { batch.write(tx).await })
            })
            .await;
        }
        tx::single(self, name, batch.one()).await
    }
}

/// The mutant that does not say when the database was away.
#[cfg(feature = "mutants")]
fn swallowed(outcome: Result<bool, StorageError>) -> Result<bool, StorageError> {
    use crate::mutant;
    match outcome {
        Err(StorageError::Unavailable | StorageError::Other) if mutant::is(mutant::SWALLOWED) => {
            Ok(true)
        }
        outcome => outcome,
    }
}

/// The mutants of a batch.
#[cfg(feature = "mutants")]
impl Db {
    /// The batch that is committed instead; none when it was, in pieces.
    async fn mutate(
        &self,
        name: &'static str,
        batch: Batch,
    ) -> Result<Option<Batch>, StorageError> {
        use crate::mutant;
        if mutant::is(mutant::UNRECORDED) {
            let Batch { guard, mut writes } = batch;
            let record = |write: &Write| {
                let Write::Insert(insert) = write else {
                    return false;
                };
                let Statement { sql, .. } = DbBackend::Sqlite.build(insert);
                sql.contains("idempotency")
            };
            writes.retain(|write| !record(write));
            return Ok(Some(Batch { guard, writes }));
        }
        if !mutant::is(mutant::PIECES) {
            return Ok(Some(batch));
        }
        let Batch { guard, writes } = batch;
        let guard = guard.map(|guard| Batch::new().guarded(guard));
        let pieces = writes.into_iter().map(|write| Batch {
            guard: None,
            writes: vec![write],
        });
        for piece in guard.into_iter().chain(pieces) {
            self.commit_whole(name, piece).await?;
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::sea_query::{Alias, Expr, ExprTrait as _};

    use super::*;

    #[test]
    fn placeholders_count_on_over_the_parts() {
        let guard = Query::update()
            .table(Alias::new("thing"))
            .value(Alias::new("version"), 2)
            .and_where(Expr::col(Alias::new("id")).eq(7))
            .to_owned();
        let insert = Query::insert()
            .into_table(Alias::new("note"))
            .columns([Alias::new("a"), Alias::new("b")])
            .values_panic([1.into(), "costs $5".into()])
            .to_owned();
        let one = Batch::new().guarded(guard).insert(insert).one();
        assert_eq!(
            one.sql,
            "WITH held AS (UPDATE \"thing\" SET \"version\" = $1 WHERE \"id\" = $2 RETURNING $3), \
             w0 AS (INSERT INTO \"note\" (\"a\", \"b\") VALUES ($4, $5)) \
             SELECT motcua_held((SELECT count(*) FROM held))"
        );
        assert_eq!(one.values.unwrap().0.len(), 5);
    }
}
