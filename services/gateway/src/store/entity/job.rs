//! A job with its lease.

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "job")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// `reconcile` or `rebuild_warehouse`.
    pub kind: String,
    /// Empty: all.
    pub unit: String,
    pub from_day: Option<NaiveDate>,
    pub to_day: Option<NaiveDate>,
    /// `waiting`, `running`, `done` or `failed`.
    pub state: String,
    /// How far it came, in words of its kind; a resumed job goes on from here.
    pub phase: String,
    pub done: i64,
    pub total: i64,
    /// The process that has it; empty when none has.
    pub owner: String,
    /// Nobody else takes it before; of a waiting one, nobody at all.
    pub lease_until: Option<DateTime<Utc>>,
    /// Rises each time it is taken: a stale owner cannot write.
    pub fence: i64,
    /// JSON; empty until the end.
    pub outcome: String,
    pub requested_by: String,
    pub created: DateTime<Utc>,
    pub started: Option<DateTime<Utc>>,
    pub finished: Option<DateTime<Utc>>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
