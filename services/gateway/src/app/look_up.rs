//! The public state by code and second factor. A try is counted before it is
//! evaluated, and what cannot be counted is not evaluated: an answer that never
//! arrives has cost a try all the same.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::actor::Actor;
use proto::dossier::v1::LookUpDossierResponse;
use runtime::failure::Reason;
use sha2::{Digest as _, Sha256};
use storage::Tx;

use super::{App, permit, source};
use crate::error::Error;
use crate::store::lookups::{self, Quota, Try};

/// Wrong tries of a partner for one code.
const TRIES: Quota = Quota {
    number: 5,
    within: TimeDelta::minutes(15),
};
/// Calls of a partner, for whatever codes.
const CALLS: Quota = Quota {
    number: 300,
    within: TimeDelta::minutes(1),
};

/// Looks a dossier up. An unknown code and a wrong factor are the same answer.
pub async fn run(
    app: &App,
    actor: &Actor,
    code: String,
    second_factor: String,
) -> Result<LookUpDossierResponse, Error> {
    let partner = permit::partner(actor, "dossier.lookup")?;
    let code_key = hex::encode(Sha256::digest(code.as_bytes()));
    admit(app, partner, &code_key).await?;
    let answer = source::look_up(app, code, second_factor).await;
    match answer {
        Ok(found) => {
            clear(app, partner, &code_key).await?;
            Ok(found)
        }
        Err(Error::Elsewhere(failure)) if failure.reason() == Reason::NotFound => {
            Err(Error::NotFound("dossier"))
        }
        Err(error) => Err(error),
    }
}

/// Counts a try, or tells how long to wait for one that counts.
pub async fn admit(app: &App, partner: &str, code_key: &str) -> Result<(), Error> {
    let (id, now) = (app.ids.next(), app.clock.now());
    let one = Try {
        id,
        partner: partner.to_owned(),
        code_key: code_key.to_owned(),
        at: now,
        cleared: false,
    };
    // Who has to wait is told so without a write: a refusal inside the unit of work
    // would undo what others write with it.
    let conn = app.db.read();
    let call = lookups::filling_call(conn, &one, CALLS).await?;
    let wrong = lookups::filling_try(conn, &one, TRIES).await?;
    room(call, wrong, now)?;
    app.db
        .run("gateway_count_look_up", move |tx: &Tx| {
            let one = one.clone();
            Box::pin(async move {
                lookups::queue(tx, &one.partner, now).await?;
                let call = lookups::filling_call(tx.conn(), &one, CALLS).await?;
                let wrong = lookups::filling_try(tx.conn(), &one, TRIES).await?;
                room(call, wrong, now)?;
                lookups::forget(tx, &one.partner, now - TRIES.within).await?;
                Ok(lookups::add(tx, &one).await?)
            })
        })
        .await
}

/// Refuses a try that would be one too many, until both the call that fills the one
/// quota and the wrong try that fills the other count no more.
fn room(
    call: Option<DateTime<Utc>>,
    wrong: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let again = [
        call.map(|at| at + CALLS.within),
        wrong.map(|at| at + TRIES.within),
    ];
    match again.into_iter().flatten().max() {
        Some(again) => Err(Error::Throttled(wait(again - now))),
        None => Ok(()),
    }
}

/// Whole seconds, so that nobody calls a moment too early.
fn wait(left: TimeDelta) -> Duration {
    let micros = left.num_microseconds().unwrap_or(i64::MAX).max(1);
    Duration::from_secs(micros.unsigned_abs().div_ceil(1_000_000))
}

/// A right try clears the count of its code.
pub async fn clear(app: &App, partner: &str, code_key: &str) -> Result<(), Error> {
    let (partner, code_key) = (partner.to_owned(), code_key.to_owned());
    app.db
        .run("gateway_clear_look_up", move |tx: &Tx| {
            let (partner, code_key) = (partner.clone(), code_key.clone());
            Box::pin(async move { Ok(lookups::clear(tx, &partner, &code_key).await?) })
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_told_in_whole_seconds_and_never_too_short() {
        for (micros, seconds) in [(-5, 1), (0, 1), (1, 1), (1_000_000, 1), (1_000_001, 2)] {
            let told = wait(TimeDelta::microseconds(micros));
            assert_eq!(told, Duration::from_secs(seconds), "{micros} µs");
        }
    }
}
