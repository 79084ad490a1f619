//! Something to notice later; it only notifies.

use sea_orm::entity::prelude::*;

/// Something to notice later; it only notifies.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "timer")]
pub struct Model {
    /// The instance.
    #[sea_orm(primary_key, auto_increment = false)]
    pub instance: Uuid,
    /// check, step, soon or overdue.
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: String,
    /// When it fires.
    pub at: Option<DateTimeUtc>,
    /// When it fired.
    pub fired: Option<DateTimeUtc>,
}

/// No relation is declared: joins are written where they are needed.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
