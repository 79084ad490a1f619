//! A try to look a dossier up, counted before it was evaluated. It holds neither
//! the code as typed nor the second factor.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "lookup_try")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub partner: String,
    /// SHA-256 of the code, hexadecimal.
    pub code_key: String,
    pub at: DateTime<Utc>,
    /// A right one came after it, or it was right itself.
    pub cleared: bool,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
