//! The indicators of units in a period.

use chrono::NaiveDate;
use domain::actor::Actor;
use domain::working_time::local;

use super::App;
use super::permit::{self, Deed};
use crate::error::Error;
use crate::store::indicators::{self, Indicators, Period};

/// One entry a unit that had any dossier from one day to another, both included.
pub async fn run(
    app: &App,
    actor: &Actor,
    from: NaiveDate,
    to: NaiveDate,
) -> Result<Vec<Indicators>, Error> {
    permit::check(actor, Deed::ReadWarehouse)?;
    let today = local(app.clock.now())?.date();
    let as_of = to.min(today);
    let period = Period { from, to, as_of };
    Ok(indicators::by_unit(app.db.read(), period).await?)
}
