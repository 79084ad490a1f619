//! A task that was opened for a dossier.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "fact_step")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub dossier: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub task: Uuid,
    /// As the dossier's.
    pub rehearsal: bool,
    pub label: String,
    pub action: String,
    pub unit: String,
    pub opened: DateTime<Utc>,
    pub due: Option<DateTime<Utc>>,
    pub closed: Option<DateTime<Utc>>,
    pub closing_verb: Option<String>,
    /// Of the event that opened it, in the dossier feed: the order of steps, which
    /// instants of several machines are not.
    pub position: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
