//! One committed event: audit trail, outbox and feed in one.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "event")]
pub struct Model {
    /// Order of insertion, with holes.
    #[sea_orm(primary_key)]
    pub seq: i64,
    /// `UUIDv7`.
    pub id: Uuid,
    pub aggregate_kind: String,
    pub aggregate_id: Uuid,
    /// 1..n without a hole.
    pub aggregate_version: i64,
    pub event_type: String,
    pub schema_version: i32,
    pub actor: String,
    pub unit: String,
    pub at: DateTime<Utc>,
    /// The whole event as stored and hashed.
    pub envelope: Vec<u8>,
    /// Given once by the sequencer: 1..n without a hole.
    pub position: Option<i64>,
    pub prev_hash: Option<Vec<u8>>,
    pub hash: Option<Vec<u8>>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
