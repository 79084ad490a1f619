//! The last code of a series on a day.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "code_counter")]
pub struct Model {
    /// The agency part of the code.
    #[sea_orm(primary_key, auto_increment = false)]
    pub series: String,
    /// YYYY-MM-DD in Vietnam.
    #[sea_orm(primary_key, auto_increment = false)]
    pub day: String,
    /// The last serial given.
    pub last: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
