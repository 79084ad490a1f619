//! A unit that dossiers pass through.

use sea_orm::entity::prelude::*;

/// A unit that dossiers pass through.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "served_unit")]
pub struct Model {
    /// The unit.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// commune, department, …
    pub kind: String,
    /// Whether dossiers are taken in there.
    pub receives: bool,
}

/// No relation is declared: joins are written where they are needed.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
