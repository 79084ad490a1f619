//! A day of the calendar.

use chrono::NaiveDate;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "dim_date")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub day: NaiveDate,
    pub year: i32,
    pub quarter: i32,
    pub month: i32,
    pub day_of_month: i32,
    /// 1 is Monday.
    pub weekday: i32,
    /// By the national calendar.
    pub working: bool,
    /// Why it is not worked; empty on a working day.
    pub why_off: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
