//! Provisioning every unit from the data that came with the program: a unit of
//! work an agency; again changes nothing and writes nothing.

use std::sync::Arc;

use serde::Serialize;
use storage::Tx;
use uuid::Uuid;

use super::App;
use super::told::Verb;
use crate::error::Error;
use crate::organisation::{self, Agency};
use crate::store::units::{self, Known};

/// What provisioning did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Provisioned {
    /// Communes that are complete.
    pub(crate) communes: i32,
    /// What was added.
    pub(crate) added: i32,
}

#[derive(Serialize)]
struct Facts<'a> {
    fact: &'static str,
    unit: &'a str,
    posts: usize,
}

/// Provisions.
pub(crate) async fn run(app: &App, actor: &str, request_id: Uuid) -> Result<Provisioned, Error> {
    let agencies = organisation::agencies().map_err(|error| Error::Units(error.to_string()))?;
    let mut done = Provisioned::default();
    // Thousands of rows: a start that finds them all there does not try to add each.
    let known = Known::read(app.db.read()).await?;
    for agency in agencies {
        let commune = i32::from(agency.commune);
        if known.whole(&agency) {
            done.communes += commune;
            continue;
        }
        let key = Uuid::new_v5(&request_id, agency.id.as_str().as_bytes());
        let verb = Verb::new(app, "agency", "account.unit_provisioned", actor, key);
        let agency = Arc::new(agency);
        let added = app
            .db
            .run("account_provision", move |tx: &Tx| {
                let (agency, verb) = (Arc::clone(&agency), verb.clone());
                Box::pin(async move { one(tx, &agency, &verb).await })
            })
            .await?;
        done.communes += commune;
        done.added = done
            .added
            .saturating_add(i32::try_from(added).unwrap_or(i32::MAX));
    }
    Ok(done)
}

async fn one(tx: &Tx, agency: &Agency, verb: &Verb) -> Result<u64, Error> {
    let added = units::add(tx, agency).await?;
    if added == 0 {
        return Ok(0);
    }
    let id = Uuid::new_v5(
        &Uuid::NAMESPACE_OID,
        format!("agency/{}", agency.id).as_bytes(),
    );
    let events = storage::event::load(tx.conn(), id).await?;
    let version = events
        .last()
        .map_or(1, |e| e.aggregate_version.saturating_add(1));
    let facts = [Facts {
        fact: "provisioned",
        unit: agency.id.as_str(),
        posts: agency.posts.len(),
    }];
    verb.publish(tx, id, version, &facts).await?;
    Ok(added)
}
