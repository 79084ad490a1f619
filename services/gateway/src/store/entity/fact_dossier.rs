//! A dossier as an accumulating snapshot: one row, filled in as its life goes on.

use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "fact_dossier")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub code: Option<String>,
    /// The procedure case: a key of `dim_procedure`, known there or not.
    pub case_id: String,
    pub receiver: String,
    pub decider: String,
    pub owner: String,
    pub state: String,
    pub channel: String,
    /// Its own partition: no number counts both kinds together.
    pub rehearsal: bool,
    /// The day of submission, in Vietnam, as are the other days.
    pub day: NaiveDate,
    pub accepted_day: Option<NaiveDate>,
    pub due_day: Option<NaiveDate>,
    pub finished_day: Option<NaiveDate>,
    pub submitted: DateTime<Utc>,
    pub accepted: Option<DateTime<Utc>>,
    pub started: Option<DateTime<Utc>>,
    pub due: Option<DateTime<Utc>>,
    pub original_due: Option<DateTime<Utc>>,
    pub finished: Option<DateTime<Utc>>,
    pub returned: Option<DateTime<Utc>>,
    pub supplements: i32,
    pub extended: bool,
    /// Of the workflow's instance; none until it is open.
    pub instance_version: Option<i64>,
    /// Of the last event, in the dossier feed.
    pub position: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
