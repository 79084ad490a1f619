//! A case file: the body, and copies of what lists ask by.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "dossier")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The file's version.
    pub version: i64,
    /// The projected instance's version.
    pub instance_version: i64,
    pub code: Option<String>,
    /// `domain::dossier::State` in snake case; `draft` before it is open.
    pub state: String,
    pub receiver: String,
    pub decider: String,
    pub owner: String,
    pub assignee: Option<Uuid>,
    /// Roles of the open task, in snake case, between commas: `,reception,`.
    pub task_roles: String,
    /// Due instant in microseconds; far in the future without one.
    pub due_key: i64,
    /// Whether it can fall due.
    pub open: bool,
    pub rehearsal: bool,
    /// The applicant's name without accents, for search only.
    pub name_folded: String,
    /// Keyed index of the telephone.
    pub phone_index: Option<Vec<u8>>,
    /// Day of submission in Vietnam, YYYY-MM-DD.
    pub day: String,
    /// `partner/id/revision` of a partner's filing.
    pub filing_key: Option<String>,
    /// Canonical JSON of the case file.
    pub body: Vec<u8>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
