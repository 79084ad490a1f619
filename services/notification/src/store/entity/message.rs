//! A message, to an officer or a role, or recorded for an applicant.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "message")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// `person:<uuid>`, `role:<unit>:<role>` or `applicant`.
    pub recipient: String,
    pub kind: String,
    pub dossier: Uuid,
    /// The step's label; no personal data.
    pub detail: String,
    pub created: DateTime<Utc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
