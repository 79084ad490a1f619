//! Loads what comes with the program: units, calendar, processes, cases. Run
//! at every start; what is there already is left alone, what changed becomes
//! a new version.

use std::sync::Arc;

use domain::process::Definition;
use domain::working_time::{Calendar, national_calendar};
use futures::future::BoxFuture;
use storage::Tx;

use super::App;
use crate::data::{self, Case, DataError, STANDARD, Unit};
use crate::error::Error;
use crate::store::calendar;
use crate::store::catalogue::{self, StoredProcess};

struct Seed {
    units: Vec<Unit>,
    calendar: Calendar,
    processes: Vec<StoredProcess>,
    cases: Vec<Case>,
}

/// How many rows were added: zero at every start but the first.
pub async fn run(app: &App) -> Result<u64, Error> {
    let seed = Arc::new(read()?);
    app.db
        .run(
            "seed_catalogue",
            move |tx: &Tx| -> BoxFuture<'_, Result<u64, Error>> {
                let seed = Arc::clone(&seed);
                Box::pin(async move { write(tx, &seed).await })
            },
        )
        .await
}

fn read() -> Result<Seed, Error> {
    let standard = Definition::standard();
    let mut processes = vec![StoredProcess {
        id: STANDARD.to_owned(),
        version: 0,
        title: standard.title.clone(),
        source: String::new(),
        definition: Definition {
            id: STANDARD.to_owned(),
            ..standard
        },
    }];
    for one in data::published()? {
        let definition =
            Definition::normalise(&one.id, 1, &one.title, &one.steps).map_err(|_| {
                DataError::Row {
                    key: one.id.clone(),
                    why: "no lawful process",
                }
            })?;
        processes.push(StoredProcess {
            id: one.id,
            version: 0,
            title: one.title,
            source: one.source,
            definition,
        });
    }
    let cases = data::cases()?;
    let known = |case: &Case| processes.iter().any(|p| p.id == case.process);
    if let Some(case) = cases.iter().find(|case| !known(case)) {
        return Err(DataError::Row {
            key: case.id.clone(),
            why: "no such process",
        }
        .into());
    }
    Ok(Seed {
        units: data::units()?,
        calendar: national_calendar(),
        processes,
        cases,
    })
}

async fn write(tx: &Tx, seed: &Seed) -> Result<u64, Error> {
    let mut added = u64::from(calendar::put(tx, &seed.calendar).await?);
    for unit in &seed.units {
        added += u64::from(catalogue::put_unit(tx, unit).await?);
    }
    for process in &seed.processes {
        added += u64::from(catalogue::put_process(tx, process).await?);
    }
    for case in &seed.cases {
        added += u64::from(catalogue::put_case(tx, case).await?);
    }
    Ok(added)
}
