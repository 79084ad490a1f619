//! One version of a procedure case.

use sea_orm::entity::prelude::*;

/// One version of a procedure case.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "procedure_case")]
pub struct Model {
    /// Our key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// 1..n.
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: i64,
    /// Whether new dossiers take this version.
    pub current: bool,
    /// What words are searched in.
    pub folded: String,
    /// Who decides.
    pub level: String,
    /// The process.
    pub process: String,
    /// JSON of the case.
    pub body: String,
    /// SHA-256 of the body.
    pub digest: String,
}

/// No relation is declared: joins are written where they are needed.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
