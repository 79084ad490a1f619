//! Case files: read, added, replaced under their version.

use std::collections::{BTreeMap, BTreeSet};

use domain::working_time;
use sea_orm::sea_query::{Expr, ExprTrait as _, InsertStatement, UpdateStatement};
use sea_orm::{
    ActiveModelTrait as _, ActiveValue, ColumnTrait as _, ConnectionTrait, EntityTrait as _,
    IntoActiveModel as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, QueryTrait as _,
};
use storage::{StorageError, Tx};
use uuid::Uuid;

use super::entity::dossier::{Column, Entity, Model};
use crate::error::corrupt;
use domain::case_file::CaseFile;

/// The search columns that the body does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Search {
    /// The applicant's name without accents.
    pub(crate) name_folded: String,
    /// Keyed index of the telephone.
    pub(crate) phone_index: Option<Vec<u8>>,
}

/// A stored file with its search columns.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    /// The file.
    pub(crate) file: CaseFile,
    /// Its search columns.
    pub(crate) search: Search,
    /// The body as stored.
    pub(crate) body: Vec<u8>,
    /// The row as stored.
    row: Model,
}

/// No dossier is due as late as this: without an appointment, standing still, or
/// over.
pub(crate) const NEVER: i64 = i64::MAX;

/// A file by its id.
pub(crate) async fn find<C: ConnectionTrait>(
    conn: &C,
    id: Uuid,
) -> Result<Option<Stored>, StorageError> {
    Entity::find_by_id(id)
        .one(conn)
        .await?
        .map(stored)
        .transpose()
}

/// The versions of the instances that files show, by the files' ids.
pub(crate) async fn instance_versions<C: ConnectionTrait>(
    conn: &C,
    ids: &BTreeSet<Uuid>,
) -> Result<BTreeMap<Uuid, i64>, StorageError> {
    let rows: Vec<(Uuid, i64)> = Entity::find()
        .select_only()
        .columns([Column::Id, Column::InstanceVersion])
        .filter(Column::Id.is_in(ids.iter().copied()))
        .into_tuple()
        .all(conn)
        .await?;
    Ok(rows.into_iter().collect())
}

/// A file by its id, locked until the unit of work ends.
pub(crate) async fn lock(tx: &Tx, id: Uuid) -> Result<Option<Stored>, StorageError> {
    Entity::find_by_id(id)
        .lock_exclusive()
        .one(tx.conn())
        .await?
        .map(stored)
        .transpose()
}

/// A file by its code.
pub(crate) async fn by_code<C: ConnectionTrait>(
    conn: &C,
    code: &str,
) -> Result<Option<Stored>, StorageError> {
    Entity::find()
        .filter(Column::Code.eq(code))
        .one(conn)
        .await?
        .map(stored)
        .transpose()
}

/// A file by a partner's own key.
pub(crate) async fn by_filing<C: ConnectionTrait>(
    conn: &C,
    key: &str,
) -> Result<Option<Stored>, StorageError> {
    Entity::find()
        .filter(Column::FilingKey.eq(key))
        .one(conn)
        .await?
        .map(stored)
        .transpose()
}

/// Files after an id, for walks over all of them.
pub(crate) async fn page<C: ConnectionTrait>(
    conn: &C,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Vec<Stored>, StorageError> {
    let mut query = Entity::find();
    if let Some(after) = after {
        query = query.filter(Column::Id.gt(after));
    }
    let rows = query
        .order_by_asc(Column::Id)
        .limit(limit)
        .all(conn)
        .await?;
    rows.into_iter().map(stored).collect()
}

/// Files after a day and an id, in the order of both, for walks day by day.
pub(crate) async fn by_day<C: ConnectionTrait>(
    conn: &C,
    (day, id): (&str, Option<Uuid>),
    limit: u64,
) -> Result<Vec<Stored>, StorageError> {
    // Compared as a pair, so that the index is entered where the walk stands.
    let key = [Column::Day, Column::Id].map(Expr::col);
    let after = match id {
        Some(id) => Expr::tuple(key).gt(Expr::tuple([day.into(), id.into()])),
        None => Column::Day.gt(day),
    };
    let rows = Entity::find()
        .filter(after)
        .order_by_asc(Column::Day)
        .order_by_asc(Column::Id)
        .limit(limit)
        .all(conn)
        .await?;
    rows.into_iter().map(stored).collect()
}

/// Files whose instance is not open yet: the process died in between.
pub(crate) async fn unopened<C: ConnectionTrait>(
    conn: &C,
    limit: u64,
) -> Result<Vec<Stored>, StorageError> {
    // In the words of the partial index `dossier_unopened`.
    let query = Entity::find()
        .filter(Expr::cust(r#""instance_version" = 0"#))
        .order_by_asc(Column::Id);
    query
        .limit(limit)
        .all(conn)
        .await?
        .into_iter()
        .map(stored)
        .collect()
}

/// Adds a file.
pub(crate) fn insert(file: &CaseFile, search: &Search) -> Result<InsertStatement, StorageError> {
    let row = row(file, search)?.into_active_model().reset_all();
    Ok(Entity::insert(row).into_query())
}

/// Replaces a file that still has the version before: the guard of a batch.
pub(crate) fn update(file: &CaseFile, search: &Search) -> Result<UpdateStatement, StorageError> {
    let mut changed = row(file, search)?.into_active_model().reset_all();
    changed.id = ActiveValue::NotSet;
    let update = Entity::update_many()
        .set(changed)
        .filter(Column::Id.eq(file.id.0))
        .filter(Column::Version.eq(file.version.saturating_sub(1)));
    Ok(update.into_query())
}

pub(super) fn stored(row: Model) -> Result<Stored, StorageError> {
    let file = serde_json::from_slice(&row.body)
        .map_err(|_| corrupt("dossier", row.id, "the body cannot be read"))?;
    let search = Search {
        name_folded: row.name_folded.clone(),
        phone_index: row.phone_index.clone(),
    };
    Ok(Stored {
        file,
        search,
        body: row.body.clone(),
        row,
    })
}

/// Whether every column is what the body makes it: lists and look-ups go by the
/// columns.
pub(crate) fn columns_hold(stored: &Stored) -> Result<bool, StorageError> {
    Ok(row(&stored.file, &stored.search)? == stored.row)
}

/// Canonical JSON: fields in the order of their declaration.
pub(crate) fn canonical<T: serde::Serialize>(value: &T) -> Result<Vec<u8>, StorageError> {
    serde_json::to_vec(value).map_err(|_| corrupt("dossier", "", "cannot be written as JSON"))
}

/// A unit variant as its serialised name.
pub(crate) fn name_of<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_value(value)
        .ok()
        .and_then(|v| v.as_str().map(str::to_owned))
        .unwrap_or_default()
}

/// What lists are sorted by: the due date that can be missed now.
pub(crate) fn due_key(file: &CaseFile) -> i64 {
    let due = file.instance.as_ref().and_then(|i| i.clock.running_due());
    due.map_or(NEVER, |due| due.timestamp_micros())
}

fn row(file: &CaseFile, search: &Search) -> Result<Model, StorageError> {
    let instance = file.instance.as_ref();
    let task = instance.and_then(|i| i.task.as_ref());
    let roles: Vec<String> = task
        .map(|t| t.roles.iter().map(name_of).collect())
        .unwrap_or_default();
    let day = working_time::local(file.submitted).map(|at| at.date().to_string());
    Ok(Model {
        id: file.id.0,
        version: file.version,
        instance_version: file.instance_version(),
        code: file.code.clone(),
        state: instance.map_or_else(|| "draft".to_owned(), |i| name_of(&i.state)),
        receiver: file.receiver.0.clone(),
        decider: instance.map_or(&file.decider, |i| &i.decider).0.clone(),
        owner: instance.map_or(&file.receiver, |i| &i.owner).0.clone(),
        assignee: task.and_then(|t| t.person).map(|p| p.0),
        task_roles: if roles.is_empty() {
            String::new()
        } else {
            format!(",{},", roles.join(","))
        },
        due_key: due_key(file),
        open: instance.is_some_and(|i| i.state.is_open_after_acceptance()),
        rehearsal: file.rehearsal,
        name_folded: search.name_folded.clone(),
        phone_index: search.phone_index.clone(),
        day: day.unwrap_or_default(),
        filing_key: file
            .filing
            .as_ref()
            .map(|f| format!("{}/{}/{}", f.partner, f.id, f.revision)),
        body: canonical(file)?,
    })
}
