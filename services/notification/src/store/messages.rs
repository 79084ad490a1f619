//! Messages and who has read them.

use chrono::{DateTime, Utc};
use domain::actor::Role;
use sea_orm::sea_query::{Condition, OnConflict, Query};
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _,
    IntoActiveModel as _, PaginatorTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    QueryTrait as _, Select,
};
use storage::{Insert, StorageError, Tx};
use uuid::Uuid;

use super::entity::{message, message_read};

/// A message.
pub(crate) type Message = message::Model;

/// A message with when the reader read it.
#[derive(Clone, Debug)]
pub(crate) struct Read {
    /// The message.
    pub(crate) message: Message,
    /// When, if it is read.
    pub(crate) read: Option<DateTime<Utc>>,
}

/// The key of the last row of a page: microseconds and id.
pub(crate) type Key = (i64, Uuid);

/// Where a message to a role of a unit is addressed.
pub(crate) fn role_address(unit: &str, role: Role) -> String {
    format!("role:{unit}:{role:?}")
}

/// Adds messages, one at least; those of the same id are already there.
pub(crate) fn put(messages: &[Message]) -> Insert {
    let rows = messages.iter().cloned();
    message::Entity::insert_many(rows.map(|row| row.into_active_model().reset_all()))
        .on_conflict(
            OnConflict::column(message::Column::Id)
                .do_nothing()
                .to_owned(),
        )
        .into_query()
}

/// A message by its id.
pub(crate) async fn find<C: ConnectionTrait>(
    conn: &C,
    id: Uuid,
) -> Result<Option<Message>, StorageError> {
    Ok(message::Entity::find_by_id(id).one(conn).await?)
}

fn unread_by(person: Uuid) -> Condition {
    let read = Query::select()
        .column(message_read::Column::Message)
        .from(message_read::Entity)
        .and_where(message_read::Column::Person.eq(person))
        .to_owned();
    Condition::all().add(message::Column::Id.not_in_subquery(read))
}

fn addressed(to: &[String]) -> Select<message::Entity> {
    message::Entity::find().filter(message::Column::Recipient.is_in(to.to_vec()))
}

/// Messages to any of the addresses, newest first.
pub(crate) async fn page<C: ConnectionTrait>(
    conn: &C,
    to: &[String],
    person: Uuid,
    unread_only: bool,
    after: Option<Key>,
    size: u64,
) -> Result<Vec<Read>, StorageError> {
    let mut query = addressed(to);
    if unread_only {
        query = query.filter(unread_by(person));
    }
    if let Some((micros, id)) = after {
        let at = DateTime::from_timestamp_micros(micros).unwrap_or_default();
        query = query.filter(
            Condition::any().add(message::Column::Created.lt(at)).add(
                Condition::all()
                    .add(message::Column::Created.eq(at))
                    .add(message::Column::Id.lt(id)),
            ),
        );
    }
    let found = query
        .order_by_desc(message::Column::Created)
        .order_by_desc(message::Column::Id)
        .limit(size)
        .all(conn)
        .await?;
    let marks = message_read::Entity::find()
        .filter(message_read::Column::Person.eq(person))
        .filter(message_read::Column::Message.is_in(found.iter().map(|m| m.id)))
        .all(conn)
        .await?;
    let read = |id: Uuid| marks.iter().find(|m| m.message == id).map(|m| m.at);
    Ok(found
        .into_iter()
        .map(|message| Read {
            read: read(message.id),
            message,
        })
        .collect())
}

/// How many are unread.
pub(crate) async fn unread<C: ConnectionTrait>(
    conn: &C,
    to: &[String],
    person: Uuid,
) -> Result<u64, StorageError> {
    Ok(addressed(to).filter(unread_by(person)).count(conn).await?)
}

/// What the applicant of a dossier was to be told, newest first.
pub(crate) async fn to_applicant<C: ConnectionTrait>(
    conn: &C,
    dossier: Uuid,
    size: u64,
) -> Result<Vec<Message>, StorageError> {
    Ok(message::Entity::find()
        .filter(message::Column::Dossier.eq(dossier))
        .filter(message::Column::Recipient.eq("applicant"))
        .order_by_desc(message::Column::Created)
        .limit(size)
        .all(conn)
        .await?)
}

/// When a person read a message.
pub(crate) async fn read_at<C: ConnectionTrait>(
    conn: &C,
    id: Uuid,
    person: Uuid,
) -> Result<Option<DateTime<Utc>>, StorageError> {
    let mark = message_read::Entity::find_by_id((id, person)).one(conn);
    Ok(mark.await?.map(|mark| mark.at))
}

/// Marks as read.
pub(crate) async fn mark(
    tx: &Tx,
    id: Uuid,
    person: Uuid,
    at: DateTime<Utc>,
) -> Result<(), StorageError> {
    let mark = message_read::ActiveModel {
        message: Set(id),
        person: Set(person),
        at: Set(at),
    };
    message_read::Entity::insert(mark)
        .on_conflict(
            OnConflict::columns([message_read::Column::Message, message_read::Column::Person])
                .do_nothing()
                .to_owned(),
        )
        .exec_without_returning(tx.conn())
        .await?;
    Ok(())
}
