//! One version of the province's calendar.

use sea_orm::entity::prelude::*;

/// One version of the province's calendar.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "calendar")]
pub struct Model {
    /// 1..n.
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: i64,
    /// JSON of `domain::working_time::Calendar`.
    pub body: String,
    /// SHA-256 of the body without its version.
    pub digest: String,
}

/// No relation is declared: joins are written where they are needed.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
