//! A unit of the organisation, with its validity.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "unit")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub kind: String,
    pub full_name: String,
    pub parent: Option<String>,
    /// From the province down to it, between slashes: `/42/18583/`.
    pub path: String,
    /// YYYY-MM-DD.
    pub valid_from: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
