//! A running or ended instance.

use sea_orm::entity::prelude::*;

/// A running or ended instance.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "instance")]
pub struct Model {
    /// The dossier's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// 1..n, one an event.
    pub version: i64,
    /// The file version on which the last guards were checked.
    pub file_version: i64,
    /// The business state.
    pub state: String,
    /// The procedure case.
    pub case_id: String,
    /// The process.
    pub process: String,
    /// Its version.
    pub process_version: i64,
    /// The receiving unit.
    pub receiver: String,
    /// The deciding unit.
    pub decider: String,
    /// The unit that has it now.
    pub owner: String,
    /// False in a final state.
    pub open: bool,
    /// When it was accepted.
    pub accepted: Option<DateTimeUtc>,
    /// When it is due; none while paused and after the end.
    pub due: Option<DateTimeUtc>,
    /// Canonical JSON of `domain::process::Instance`; the columns are copies.
    pub body: Vec<u8>,
}

/// No relation is declared: joins are written where they are needed.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
