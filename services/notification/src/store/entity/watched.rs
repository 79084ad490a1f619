//! A dossier that may fall due, and whom to tell.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "watched")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub dossier: Uuid,
    /// Due instant in microseconds; far in the future without one.
    pub due_key: i64,
    pub open: bool,
    pub rehearsal: bool,
    /// Addresses between spaces.
    pub recipients: String,
    /// 0 nothing, 1 due today, 2 overdue was told for this due date.
    pub told: i32,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
