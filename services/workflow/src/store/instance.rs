//! Instances and their open tasks. The body is the instance; every column is
//! a copy to ask by, and `verify` compares them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use domain::process::Instance;
use sea_orm::sea_query::{Expr, InsertStatement, UpdateStatement};
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, ConnectionTrait, EntityTrait as _,
    FromQueryResult as _, IntoActiveModel as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, QueryTrait as _,
};
use storage::{Batch, StorageError};
use uuid::Uuid;

use super::entity::{instance, task};
use super::reference::STAMP;
use crate::error::corrupt;

/// An instance row.
pub type Row = instance::Model;
/// An open task's row.
pub type Task = task::Model;

/// An open instance with its due date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// The dossier.
    pub dossier: Uuid,
    /// The unit that has it.
    pub owner: String,
    /// When it is due.
    pub due: DateTime<Utc>,
}

/// The row of an instance.
pub async fn find<C: ConnectionTrait>(conn: &C, id: Uuid) -> Result<Option<Row>, StorageError> {
    Ok(instance::Entity::find_by_id(id).one(conn).await?)
}

/// The rows of instances, by their ids.
pub async fn find_all<C: ConnectionTrait>(
    conn: &C,
    ids: &BTreeSet<Uuid>,
) -> Result<Vec<Row>, StorageError> {
    Ok(instance::Entity::find()
        .filter(instance::Column::Id.is_in(ids.iter().copied()))
        .order_by_asc(instance::Column::Id)
        .all(conn)
        .await?)
}

/// The row of an instance, with the stamp of the catalogue as it stands.
pub async fn find_with_stamp<C: ConnectionTrait>(
    conn: &C,
    id: Uuid,
) -> Result<Option<(Row, i64)>, StorageError> {
    let ask = instance::Entity::find_by_id(id)
        .expr_as(Expr::cust(STAMP), "stamp")
        .build(conn.get_database_backend());
    let Some(found) = conn.query_one_raw(ask).await? else {
        return Ok(None);
    };
    let stamp = found.try_get("", "stamp")?;
    Ok(Some((Row::from_query_result(&found, "")?, stamp)))
}

/// Its version.
pub async fn version<C: ConnectionTrait>(conn: &C, id: Uuid) -> Result<Option<i64>, StorageError> {
    Ok(find(conn, id).await?.map(|row| row.version))
}

/// The instance in a row.
pub fn body(row: &Row) -> Result<Instance, StorageError> {
    serde_json::from_slice(&row.body).map_err(|_| corrupt("instance", &row.id.to_string()))
}

/// The row of an instance, the columns copied from it.
pub fn row(
    instance: &Instance,
    case_id: &str,
    file_version: i64,
    body: Vec<u8>,
) -> Result<Row, StorageError> {
    let state = serde_json::to_value(instance.state).ok();
    let state = state.as_ref().and_then(serde_json::Value::as_str);
    Ok(Row {
        id: instance.dossier.0,
        version: instance.version,
        file_version,
        state: state
            .ok_or_else(|| corrupt("instance", "state"))?
            .to_owned(),
        case_id: case_id.to_owned(),
        process: instance.process.id.clone(),
        process_version: i64::from(instance.process.version),
        receiver: instance.receiver.0.clone(),
        decider: instance.decider.0.clone(),
        owner: instance.owner.0.clone(),
        open: !instance.state.is_terminal(),
        accepted: instance.clock.accepted,
        due: instance.clock.running_due(),
        body,
    })
}

/// The row of its open task.
pub fn task(instance: &Instance) -> Option<Task> {
    let open = instance.task.as_ref()?;
    let names = open.roles.iter().filter_map(|role| {
        let role = serde_json::to_value(role).ok()?;
        role.as_str().map(str::to_owned)
    });
    Some(Task {
        id: open.id.0,
        instance: instance.dossier.0,
        node: open.label.clone(),
        unit: open.unit.0.clone(),
        roles: format!(",{},", names.collect::<Vec<_>>().join(",")),
        assignee: open.person.map(|person| person.0),
        due: open.due,
        opened: Some(open.opened),
    })
}

/// Adds an instance; there must be none of its id.
pub fn insert(row: Row) -> InsertStatement {
    instance::Entity::insert(row.into_active_model().reset_all()).into_query()
}

/// Replaces an instance if it still has the version `from`.
pub fn update(row: Row, from: i64) -> UpdateStatement {
    let id = row.id;
    // A model turned active is unchanged; every column but the key is written.
    let mut changed = row.into_active_model().reset_all();
    changed.id = sea_orm::ActiveValue::NotSet;
    instance::Entity::update_many()
        .set(changed)
        .filter(instance::Column::Id.eq(id))
        .filter(instance::Column::Version.eq(from))
        .into_query()
}

/// Puts the open task of an instance in the place of the one that was open. The
/// caller knows the one that was: the instance's own version guards it.
pub fn put_task(batch: Batch, id: Uuid, was: Option<&Task>, open: Option<&Task>) -> Batch {
    let of = task::Column::Instance.eq(id);
    match (was, open) {
        (Some(was), Some(open)) if was == open => batch,
        (None, None) => batch,
        (None, Some(open)) => {
            let row = open.clone().into_active_model().reset_all();
            batch.insert(task::Entity::insert(row).into_query())
        }
        (Some(_), Some(open)) => {
            let row = open.clone().into_active_model().reset_all();
            batch.update(task::Entity::update_many().set(row).filter(of).into_query())
        }
        (Some(_), None) => batch.delete(task::Entity::delete_many().filter(of).into_query()),
    }
}

/// The open tasks of an instance.
pub async fn tasks<C: ConnectionTrait>(conn: &C, id: Uuid) -> Result<Vec<Task>, StorageError> {
    let rows = task::Entity::find()
        .filter(task::Column::Instance.eq(id))
        .order_by_asc(task::Column::Id)
        .all(conn)
        .await?;
    Ok(rows)
}

/// The open tasks of instances, each in order.
pub async fn tasks_of_all<C: ConnectionTrait>(
    conn: &C,
    ids: &BTreeSet<Uuid>,
) -> Result<BTreeMap<Uuid, Vec<Task>>, StorageError> {
    let rows = task::Entity::find()
        .filter(task::Column::Instance.is_in(ids.iter().copied()))
        .order_by_asc(task::Column::Id)
        .all(conn)
        .await?;
    let mut tasks: BTreeMap<Uuid, Vec<Task>> = BTreeMap::new();
    for row in rows {
        tasks.entry(row.instance).or_default().push(row);
    }
    Ok(tasks)
}

/// Instances after an id, for walks over all of them.
pub async fn page<C: ConnectionTrait>(
    conn: &C,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Vec<Row>, StorageError> {
    let mut query = instance::Entity::find();
    if let Some(after) = after {
        query = query.filter(instance::Column::Id.gt(after));
    }
    Ok(query
        .order_by_asc(instance::Column::Id)
        .limit(limit)
        .all(conn)
        .await?)
}

/// Open instances that are due at or before an instant, soonest first.
pub async fn due_until<C: ConnectionTrait>(
    conn: &C,
    at: DateTime<Utc>,
    limit: u64,
) -> Result<Vec<Due>, StorageError> {
    let rows = instance::Entity::find()
        .filter(instance::Column::Open.eq(true))
        .filter(instance::Column::Due.lte(at))
        .order_by_asc(instance::Column::Due)
        .limit(limit)
        .all(conn)
        .await?;
    let due = |row: Row| {
        Some(Due {
            dossier: row.id,
            owner: row.owner,
            due: row.due?,
        })
    };
    Ok(rows.into_iter().filter_map(due).collect())
}
