//! Who has read which message.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "message_read")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub message: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub person: Uuid,
    pub at: DateTime<Utc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
