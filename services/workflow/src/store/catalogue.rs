//! Cases, processes and units: versions that are added, never changed.

use domain::process::Definition;
use sea_orm::sea_query::{Expr, LikeExpr};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _, ExprTrait as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use sha2::{Digest as _, Sha256};
use storage::{StorageError, Tx};

use super::entity::{procedure_case, process, served_unit};
use crate::data::{Case, Unit};
use crate::error::corrupt;

/// The digest by which an unchanged row is recognised.
pub fn digest(body: &str) -> String {
    hex::encode(Sha256::digest(body.as_bytes()))
}

/// One stored process.
#[derive(Clone, Debug)]
pub struct StoredProcess {
    /// Our key.
    pub id: String,
    /// Its version.
    pub version: i64,
    /// Its title.
    pub title: String,
    /// The decision that publishes it; empty for the standard one.
    pub source: String,
    /// The graph, of this id and version.
    pub definition: Definition,
}

fn case_of(row: &procedure_case::Model) -> Result<Case, StorageError> {
    serde_json::from_str(&row.body).map_err(|_| corrupt("procedure_case", &row.id))
}

/// Current cases after a key whose text holds every word, at most `limit`.
pub async fn cases<C: ConnectionTrait>(
    conn: &C,
    words: &[String],
    after: &str,
    limit: u64,
) -> Result<Vec<Case>, StorageError> {
    let mut query = procedure_case::Entity::find()
        .filter(procedure_case::Column::Current.eq(true))
        .filter(procedure_case::Column::Id.gt(after));
    for word in words {
        let pattern = LikeExpr::new(format!("%{}%", escape(word))).escape('\\');
        query = query.filter(Expr::col(procedure_case::Column::Folded).like(pattern));
    }
    let rows = query
        .order_by_asc(procedure_case::Column::Id)
        .limit(limit)
        .all(conn)
        .await?;
    rows.iter().map(case_of).collect()
}

/// A word that means itself inside LIKE.
fn escape(word: &str) -> String {
    word.replace('\\', "\\\\")
        .replace('%', "\\%")
        .replace('_', "\\_")
}

/// Adds a version of the case unless the current one says the same; tells
/// whether it did.
pub async fn put_case(tx: &Tx, case: &Case) -> Result<bool, StorageError> {
    let body = serde_json::to_string(case).map_err(|_| corrupt("procedure_case", &case.id))?;
    let mine = digest(&body);
    let current = procedure_case::Entity::find()
        .filter(procedure_case::Column::Id.eq(&case.id))
        .filter(procedure_case::Column::Current.eq(true))
        .one(tx.conn())
        .await?;
    if current.as_ref().is_some_and(|row| row.digest == mine) {
        return Ok(false);
    }
    procedure_case::Entity::update_many()
        .col_expr(procedure_case::Column::Current, Expr::value(false))
        .filter(procedure_case::Column::Id.eq(&case.id))
        .exec(tx.conn())
        .await?;
    let row = procedure_case::ActiveModel {
        id: Set(case.id.clone()),
        version: Set(current.map_or(1, |row| row.version + 1)),
        current: Set(true),
        folded: Set(case.folded()),
        level: Set(case.level.as_str().to_owned()),
        process: Set(case.process.clone()),
        body: Set(body),
        digest: Set(mine),
    };
    procedure_case::Entity::insert(row)
        .exec_without_returning(tx.conn())
        .await?;
    Ok(true)
}

fn process_of(row: process::Model) -> Result<StoredProcess, StorageError> {
    let definition = serde_json::from_str(&row.body).map_err(|_| corrupt("process", &row.id))?;
    Ok(StoredProcess {
        id: row.id,
        version: row.version,
        title: row.title,
        source: row.source,
        definition,
    })
}

/// Every version of every process, with whether new dossiers take it.
pub async fn processes<C: ConnectionTrait>(
    conn: &C,
) -> Result<Vec<(StoredProcess, bool)>, StorageError> {
    let rows = process::Entity::find().all(conn).await?;
    rows.into_iter()
        .map(|row| {
            let current = row.current;
            Ok((process_of(row)?, current))
        })
        .collect()
}

/// Adds a version of the process unless the current one says the same.
pub async fn put_process(tx: &Tx, made: &StoredProcess) -> Result<bool, StorageError> {
    let text = |version: i32| {
        let definition = Definition {
            version,
            ..made.definition.clone()
        };
        serde_json::to_string(&definition).map_err(|_| corrupt("process", &made.id))
    };
    let mine = digest(&format!("{}\n{}", made.source, text(0)?));
    let current = process::Entity::find()
        .filter(process::Column::Id.eq(&made.id))
        .filter(process::Column::Current.eq(true))
        .one(tx.conn())
        .await?;
    if current.as_ref().is_some_and(|row| row.digest == mine) {
        return Ok(false);
    }
    let version = current.map_or(1, |row| row.version + 1);
    let body = text(i32::try_from(version).map_err(|_| corrupt("process", &made.id))?)?;
    process::Entity::update_many()
        .col_expr(process::Column::Current, Expr::value(false))
        .filter(process::Column::Id.eq(&made.id))
        .exec(tx.conn())
        .await?;
    let row = process::ActiveModel {
        id: Set(made.id.clone()),
        version: Set(version),
        current: Set(true),
        title: Set(made.title.clone()),
        source: Set(made.source.clone()),
        body: Set(body),
        digest: Set(mine),
    };
    process::Entity::insert(row)
        .exec_without_returning(tx.conn())
        .await?;
    Ok(true)
}

/// Every unit that dossiers pass through.
pub async fn units<C: ConnectionTrait>(conn: &C) -> Result<Vec<Unit>, StorageError> {
    let rows = served_unit::Entity::find()
        .order_by_asc(served_unit::Column::Id)
        .all(conn)
        .await?;
    let unit = |row: served_unit::Model| Unit {
        unit: row.id,
        kind: row.kind,
        receives: row.receives,
    };
    Ok(rows.into_iter().map(unit).collect())
}

/// Adds a unit unless it is there.
pub async fn put_unit(tx: &Tx, unit: &Unit) -> Result<bool, StorageError> {
    if served_unit::Entity::find_by_id(unit.unit.clone())
        .one(tx.conn())
        .await?
        .is_some()
    {
        return Ok(false);
    }
    let row = served_unit::ActiveModel {
        id: Set(unit.unit.clone()),
        kind: Set(unit.kind.clone()),
        receives: Set(unit.receives),
    };
    served_unit::Entity::insert(row)
        .exec_without_returning(tx.conn())
        .await?;
    Ok(true)
}
