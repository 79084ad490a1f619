//! A person, and how they sign in.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "person")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub version: i64,
    pub login: String,
    pub full_name: String,
    /// Argon2id in PHC form; none: cannot sign in yet.
    pub password: Option<String>,
    /// Wrong passwords since the last right one.
    pub failures: i32,
    /// No attempt is evaluated before.
    pub wait_until: Option<DateTime<Utc>>,
    /// The grant epoch.
    pub epoch: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
