//! An open task; a finished one is in the events only.

use sea_orm::entity::prelude::*;

/// An open task; a finished one is in the events only.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "task")]
pub struct Model {
    /// The task.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The instance.
    pub instance: Uuid,
    /// The label of the node.
    pub node: String,
    /// The unit that has it.
    pub unit: String,
    /// The roles that may do it, between commas: `,reception,clerk,`.
    pub roles: String,
    /// The person whom it was given.
    pub assignee: Option<Uuid>,
    /// When the step is due.
    pub due: Option<DateTimeUtc>,
    /// When it was opened.
    pub opened: Option<DateTimeUtc>,
}

/// No relation is declared: joins are written where they are needed.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
