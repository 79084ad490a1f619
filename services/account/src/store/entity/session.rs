//! A refresh token, by its hash; a sign-in is a family of them.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "session")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub refresh_hash: Vec<u8>,
    /// The sign-in session.
    pub family: Uuid,
    pub person: Uuid,
    pub begun: DateTime<Utc>,
    pub issued: DateTime<Utc>,
    pub used: Option<DateTime<Utc>>,
    pub revoked: bool,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
