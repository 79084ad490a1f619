//! A file that a restore has taken, of which workflow still has the instance.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "file_lost")]
pub struct Model {
    /// The dossier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub dossier: Uuid,
    /// The unit that took it in.
    pub receiver: String,
    /// When it was noticed.
    pub noticed: ChronoDateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
