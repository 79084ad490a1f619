//! What workflow has, and lacks, for each unit.

use domain::actor::Actor;
use domain::authority;
use domain::ids::UnitId;
use domain::working_time::local;

use super::App;
use crate::data::{Case, Level};
use crate::error::Error;

/// What one unit has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Readiness {
    /// The unit.
    pub unit: String,
    /// Whether a calendar covers it today.
    pub calendar: bool,
    /// How many cases it can take in.
    pub cases: usize,
    /// How many of them have a published process, the standard one included.
    pub with_process: usize,
    /// Those without a published limit.
    pub without_limit: Vec<String>,
}

/// One entry for each unit that takes dossiers in.
pub async fn run(app: &App, actor: &Actor) -> Result<Vec<Readiness>, Error> {
    if !authority::may_watch_units(actor) {
        return Err(Error::Denied);
    }
    let reference = app.references.now(app.db.read()).await?;
    let today = local(app.clock.now())?.date();
    let entry = |unit: &crate::data::Unit| {
        // A provincial centre takes in what departments decide; a commune both.
        let taken = |case: &&Case| unit.kind == "commune" || case.level == Level::Province;
        let taken: Vec<&Case> = reference.cases().filter(taken).collect();
        Readiness {
            unit: unit.unit.clone(),
            calendar: reference
                .calendar(&UnitId(unit.unit.clone()), today)
                .is_some(),
            cases: taken.len(),
            with_process: taken
                .iter()
                .filter(|c| reference.process(&c.process).is_some())
                .count(),
            without_limit: taken
                .iter()
                .filter(|c| c.limit.is_none())
                .map(|c| c.id.clone())
                .collect(),
        }
    };
    let receiving = reference.units().filter(|unit| unit.receives);
    Ok(receiving.map(entry).collect())
}
