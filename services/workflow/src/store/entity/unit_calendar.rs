//! Where one unit differs from the province's calendar.

use sea_orm::entity::prelude::*;

/// Where one unit differs from the province's calendar.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "unit_calendar")]
pub struct Model {
    /// The unit.
    #[sea_orm(primary_key, auto_increment = false)]
    pub unit: String,
    /// From the same counter as calendars.
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: i64,
    /// JSON of `domain::working_time::UnitOverride`.
    pub body: String,
}

/// No relation is declared: joins are written where they are needed.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
