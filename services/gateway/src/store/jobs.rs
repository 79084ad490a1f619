//! Jobs, their leases and their fences.

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Condition, Expr, ExprTrait as _, LockBehavior, LockType};
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, ConnectionTrait, EntityTrait as _,
    IntoActiveModel as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, Select,
};
use storage::{StorageError, Tx};
use uuid::Uuid;

use super::entity::job::{Column, Entity};

/// A job's row.
pub type Job = super::entity::job::Model;

/// Nobody has it in hand.
pub const WAITING: &str = "waiting";
/// Its owner works on it.
pub const RUNNING: &str = "running";
/// Done.
pub const DONE: &str = "done";
/// Given up.
pub const FAILED: &str = "failed";

/// The key of the last row of a page: microseconds and id.
pub type Key = (i64, Uuid);

/// Who has a job in hand: valid until another takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hold {
    /// The job.
    pub job: Uuid,
    /// The fence under which it was taken.
    pub fence: i64,
}

/// What an owner writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It goes on having it until then.
    Renew(DateTime<Utc>),
    /// It came so far, of so much.
    Progress(i64, i64),
    /// It is in another phase.
    Phase(&'static str),
    /// It puts it back; nobody takes it before then.
    Release(DateTime<Utc>),
    /// It ended at this instant in this state, with this outcome.
    End(DateTime<Utc>, &'static str, String),
}

/// Adds a job.
pub async fn insert(tx: &Tx, job: &Job) -> Result<(), StorageError> {
    Entity::insert(job.clone().into_active_model().reset_all())
        .exec_without_returning(tx.conn())
        .await?;
    Ok(())
}

/// A job by its id.
pub async fn find<C: ConnectionTrait>(conn: &C, id: Uuid) -> Result<Option<Job>, StorageError> {
    Ok(Entity::find_by_id(id).one(conn).await?)
}

/// A page, newest first.
pub async fn page<C: ConnectionTrait>(
    conn: &C,
    after: Option<Key>,
    limit: u64,
) -> Result<Vec<Job>, StorageError> {
    let mut query = Entity::find();
    if let Some((micros, id)) = after {
        let at = DateTime::from_timestamp_micros(micros).unwrap_or_default();
        query = query.filter(
            Condition::any().add(Column::Created.lt(at)).add(
                Condition::all()
                    .add(Column::Created.eq(at))
                    .add(Column::Id.lt(id)),
            ),
        );
    }
    Ok(query
        .order_by_desc(Column::Created)
        .order_by_desc(Column::Id)
        .limit(limit)
        .all(conn)
        .await?)
}

/// Whether there is a job of these kinds to take.
pub async fn is_any_free<C: ConnectionTrait>(
    conn: &C,
    kinds: &[&str],
    now: DateTime<Utc>,
) -> Result<bool, StorageError> {
    Ok(free(kinds, now).limit(1).one(conn).await?.is_some())
}

/// Jobs that nobody has in hand, or whose owner let the lease run out.
fn free(kinds: &[&str], now: DateTime<Utc>) -> Select<Entity> {
    Entity::find()
        .filter(Column::State.is_in([WAITING, RUNNING]))
        .filter(Column::Kind.is_in(kinds.iter().copied()))
        .filter(
            Condition::any()
                .add(Column::LeaseUntil.is_null())
                .add(Column::LeaseUntil.lte(now)),
        )
}

/// Takes the oldest job of these kinds that nobody has in hand, or whose owner
/// let the lease run out, under a higher fence. Those that another is just taking
/// are passed over, and those of other kinds left to a program that knows them.
pub async fn take(
    tx: &Tx,
    kinds: &[&str],
    owner: &str,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<Option<Job>, StorageError> {
    let found = free(kinds, now)
        .order_by_asc(Column::Created)
        .order_by_asc(Column::Id)
        .limit(1)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .one(tx.conn())
        .await?;
    let Some(job) = found else { return Ok(None) };
    let taken = Job {
        state: RUNNING.to_owned(),
        owner: owner.to_owned(),
        lease_until: Some(until),
        fence: job.fence.saturating_add(1),
        started: job.started.or(Some(now)),
        ..job
    };
    Entity::update_many()
        .col_expr(Column::State, Expr::value(RUNNING))
        .col_expr(Column::Owner, Expr::value(owner))
        .col_expr(Column::LeaseUntil, Expr::value(until))
        .col_expr(Column::Fence, Expr::value(taken.fence))
        .col_expr(Column::Started, Expr::value(taken.started))
        .filter(Column::Id.eq(taken.id))
        .exec(tx.conn())
        .await?;
    Ok(Some(taken))
}

/// Writes what an owner has to say; false when it is the owner no more.
pub async fn change(tx: &Tx, hold: Hold, change: Change) -> Result<bool, StorageError> {
    let nobody = Expr::value(Option::<DateTime<Utc>>::None);
    let mut update = Entity::update_many();
    update = match change {
        Change::Renew(until) => update.col_expr(Column::LeaseUntil, Expr::value(until)),
        Change::Progress(done, total) => update
            .col_expr(Column::Done, Expr::value(done))
            .col_expr(Column::Total, Expr::value(total)),
        Change::Phase(phase) => update.col_expr(Column::Phase, Expr::value(phase)),
        Change::Release(until) => update
            .col_expr(Column::State, Expr::value(WAITING))
            .col_expr(Column::Owner, Expr::value(""))
            .col_expr(Column::LeaseUntil, Expr::value(until)),
        Change::End(at, state, outcome) => update
            .col_expr(Column::State, Expr::value(state))
            .col_expr(Column::Owner, Expr::value(""))
            .col_expr(Column::LeaseUntil, nobody)
            .col_expr(Column::Outcome, Expr::value(outcome))
            .col_expr(Column::Finished, Expr::value(at)),
    };
    let done = update
        .filter(
            Column::Id
                .eq(hold.job)
                .and(Column::Fence.eq(hold.fence))
                .and(Column::State.eq(RUNNING)),
        )
        .exec(tx.conn())
        .await?;
    Ok(done.rows_affected == 1)
}
