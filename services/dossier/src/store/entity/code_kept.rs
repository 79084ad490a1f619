//! A code that was given before a restore and is on paper.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "code_kept")]
pub struct Model {
    /// The code.
    #[sea_orm(primary_key, auto_increment = false)]
    pub code: String,
    /// Whose it is; the file may be lost.
    pub dossier: Uuid,
    /// The agency part.
    pub series: String,
    /// YYYY-MM-DD in Vietnam.
    pub day: String,
    /// Its serial.
    pub serial: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
