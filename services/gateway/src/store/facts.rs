//! The facts of the warehouse: dossiers and their steps.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::sea_query::{Expr, ExprTrait as _, OnConflict};
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, ConnectionTrait, EntityTrait as _,
    IntoActiveModel as _, Iterable as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    QueryTrait as _, Statement,
};
use storage::{Insert, StorageError, Tx, Update};
use uuid::Uuid;

use super::entity::{fact_dossier, fact_step};

/// A dossier's row.
pub type DossierFact = fact_dossier::Model;
/// A step's row.
pub type Step = fact_step::Model;

/// Which rows a walk takes; what is not said is not asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Received by this unit.
    pub unit: Option<String>,
    /// Submitted on this day or later.
    pub from: Option<NaiveDate>,
    /// Submitted on this day or earlier.
    pub to: Option<NaiveDate>,
}

/// A dossier's row.
pub async fn find<C: ConnectionTrait>(
    conn: &C,
    id: Uuid,
) -> Result<Option<DossierFact>, StorageError> {
    Ok(fact_dossier::Entity::find_by_id(id).one(conn).await?)
}

/// Dossiers' rows, by their ids.
pub async fn find_all<C: ConnectionTrait>(
    conn: &C,
    ids: &BTreeSet<Uuid>,
) -> Result<BTreeMap<Uuid, DossierFact>, StorageError> {
    let rows = fact_dossier::Entity::find()
        .filter(fact_dossier::Column::Id.is_in(ids.iter().copied()))
        .all(conn)
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// Adds or replaces rows, of different dossiers, one at least.
pub fn put<'r>(rows: impl IntoIterator<Item = &'r DossierFact>) -> Insert {
    use fact_dossier::{Column, Entity};
    let rest = Column::iter().filter(|column| !matches!(column, Column::Id));
    let rows = rows.into_iter().cloned();
    Entity::insert_many(rows.map(|row| row.into_active_model().reset_all()))
        .on_conflict(
            OnConflict::column(Column::Id)
                .update_columns(rest)
                .to_owned(),
        )
        .into_query()
}

/// Adds or replaces rows of different steps, one at least.
pub fn put_steps<'r>(rows: impl IntoIterator<Item = &'r Step>) -> Insert {
    use fact_step::{Column, Entity};
    let rest = Column::iter().filter(|column| !matches!(column, Column::Dossier | Column::Task));
    let rows = rows.into_iter().cloned();
    Entity::insert_many(rows.map(|row| row.into_active_model().reset_all()))
        .on_conflict(
            OnConflict::columns([Column::Dossier, Column::Task])
                .update_columns(rest)
                .to_owned(),
        )
        .into_query()
}

/// Closes a step.
pub fn close_step(dossier: Uuid, task: Uuid, at: DateTime<Utc>, verb: &str) -> Update {
    use fact_step::{Column, Entity};
    Entity::update_many()
        .col_expr(Column::Closed, Expr::value(at))
        .col_expr(Column::ClosingVerb, Expr::value(verb))
        .filter(Column::Dossier.eq(dossier))
        .filter(Column::Task.eq(task))
        .into_query()
}

/// The steps of dossiers, in the order of each one's life.
pub async fn steps<C: ConnectionTrait>(
    conn: &C,
    dossiers: impl IntoIterator<Item = Uuid>,
) -> Result<Vec<Step>, StorageError> {
    use fact_step::{Column, Entity};
    Ok(Entity::find()
        .filter(Column::Dossier.is_in(dossiers))
        .order_by_asc(Column::Dossier)
        .order_by_asc(Column::Position)
        .all(conn)
        .await?)
}

/// Dossiers after an id, for walks over all of them.
pub async fn page<C: ConnectionTrait>(
    conn: &C,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Vec<DossierFact>, StorageError> {
    use fact_dossier::{Column, Entity};
    let mut query = Entity::find();
    if let Some(after) = after {
        query = query.filter(Column::Id.gt(after));
    }
    Ok(query
        .order_by_asc(Column::Id)
        .limit(limit)
        .all(conn)
        .await?)
}

/// Dossiers after a day and an id, in the order of both, for walks day by day.
pub async fn by_day<C: ConnectionTrait>(
    conn: &C,
    filter: &Filter,
    after: Option<(NaiveDate, Uuid)>,
    limit: u64,
) -> Result<Vec<DossierFact>, StorageError> {
    use fact_dossier::{Column, Entity};
    let mut query = Entity::find();
    if let Some(unit) = &filter.unit {
        query = query.filter(Column::Receiver.eq(unit));
    }
    if let Some(from) = filter.from {
        query = query.filter(Column::Day.gte(from));
    }
    if let Some(to) = filter.to {
        query = query.filter(Column::Day.lte(to));
    }
    if let Some((day, id)) = after {
        // Compared as a pair, so that the index is entered where the walk stands.
        let key = [Column::Day, Column::Id].map(Expr::col);
        query = query.filter(Expr::tuple(key).gt(Expr::tuple([day.into(), id.into()])));
    }
    Ok(query
        .order_by_asc(Column::Day)
        .order_by_asc(Column::Id)
        .limit(limit)
        .all(conn)
        .await?)
}

/// Deletes every fact, and every event that `consumer` set aside: whoever loads
/// again from the first event meets those events again.
pub async fn empty(tx: &Tx, consumer: &str) -> Result<(), StorageError> {
    let conn = tx.conn();
    fact_step::Entity::delete_many().exec(conn).await?;
    fact_dossier::Entity::delete_many().exec(conn).await?;
    let unpark = Statement::from_sql_and_values(
        conn.get_database_backend(),
        "DELETE FROM parked WHERE consumer = $1",
        [consumer.into()],
    );
    conn.execute_raw(unpark).await?;
    Ok(())
}

/// The positions of the first events that `consumer` set aside, and how many
/// there are.
pub async fn parked<C: ConnectionTrait>(
    conn: &C,
    consumer: &str,
    limit: u64,
) -> Result<(u64, Vec<i64>), StorageError> {
    let backend = conn.get_database_backend();
    let ask = Statement::from_sql_and_values(
        backend,
        "SELECT position FROM parked WHERE consumer = $1 ORDER BY position",
        [consumer.into()],
    );
    let rows = conn.query_all_raw(ask).await?;
    let count = u64::try_from(rows.len()).unwrap_or(u64::MAX);
    let first = rows
        .into_iter()
        .take(usize::try_from(limit).unwrap_or_default());
    let positions: Result<Vec<i64>, _> = first.map(|row| row.try_get_by_index(0)).collect();
    Ok((count, positions?))
}
