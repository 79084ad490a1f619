//! What workflow has, and lacks, for each unit.

use std::collections::BTreeSet;

use domain::actor::Actor;
use domain::authority;
use domain::ids::UnitId;
use domain::working_time::local;

use super::App;
use crate::data::{Case, Level};
use crate::error::Error;
use crate::store::{calendar, catalogue};

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
    let conn = app.db.read();
    let cases = catalogue::cases(conn, &[], "", u64::from(u16::MAX)).await?;
    let processes: BTreeSet<String> = catalogue::process_keys(conn).await?.into_iter().collect();
    let units: Vec<_> = catalogue::units(conn)
        .await?
        .into_iter()
        .filter(|unit| unit.receives)
        .collect();
    let ids: Vec<UnitId> = units.iter().map(|u| UnitId(u.unit.clone())).collect();
    let covered = calendar::covered(conn, &ids, local(app.clock.now())?.date()).await?;
    let entry = |unit: &crate::data::Unit| {
        // A provincial centre takes in what departments decide; a commune both.
        let taken = |case: &&Case| unit.kind == "commune" || case.level == Level::Province;
        let taken: Vec<&Case> = cases.iter().filter(taken).collect();
        Readiness {
            unit: unit.unit.clone(),
            calendar: covered.contains_key(&UnitId(unit.unit.clone())),
            cases: taken.len(),
            with_process: taken
                .iter()
                .filter(|c| processes.contains(&c.process))
                .count(),
            without_limit: taken
                .iter()
                .filter(|c| c.limit.is_none())
                .map(|c| c.id.clone())
                .collect(),
        }
    };
    Ok(units.iter().map(entry).collect())
}
