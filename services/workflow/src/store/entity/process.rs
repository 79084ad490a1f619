//! One immutable version of a process.

use sea_orm::entity::prelude::*;

/// One immutable version of a process.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "process")]
pub struct Model {
    /// Our key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// 1..n.
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: i64,
    /// Whether new dossiers take this version.
    pub current: bool,
    /// Title.
    pub title: String,
    /// The decision that publishes it.
    pub source: String,
    /// JSON of `domain::process::Definition`.
    pub body: String,
    /// SHA-256 of the body.
    pub digest: String,
}

/// No relation is declared: joins are written where they are needed.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
