//! Personal data and free text, encrypted under the subject's key.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "private_row")]
pub struct Model {
    /// The row.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Old versions stay.
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: i64,
    pub subject: Uuid,
    pub kind: String,
    pub nonce: Vec<u8>,
    /// AES-256-GCM.
    pub sealed: Vec<u8>,
    /// HMAC-SHA-256 under the subject's key.
    pub commitment: Vec<u8>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
