//! A procedure case, as workflow has it now.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "dim_procedure")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// The national code; may be empty.
    pub code: String,
    pub title: String,
    pub field: String,
    pub level: String,
    /// Empty: the receiving commune decides.
    pub decider: String,
    /// Empty: none is published.
    pub time_limit: String,
    pub process: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
