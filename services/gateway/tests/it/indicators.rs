//! The indicators of biểu 06: their definitions by example, and the identities
//! that must hold whatever the rows are.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{Days, NaiveDate};
use gateway::store::facts::{self, DossierFact};
use gateway::store::indicators::{Indicators, Period, by_unit};
use gateway::{Error, app};
use motcua_gateway as gateway;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use storage::Batch;
use uuid::Uuid;

use crate::house::{Store, service};
use crate::life::{UNIT, at};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn row(id: u128, accepted: &str, due: &str, finished: &str) -> DossierFact {
    let if_any = |text: &str| (!text.is_empty()).then(|| day(text));
    let submitted = at("2026-08-01T08:00");
    DossierFact {
        id: Uuid::from_u128(id),
        code: None,
        case_id: "tt-0001".to_owned(),
        receiver: UNIT.to_owned(),
        decider: UNIT.to_owned(),
        owner: UNIT.to_owned(),
        state: "processing".to_owned(),
        channel: "counter".to_owned(),
        rehearsal: false,
        day: day("2026-08-01"),
        accepted_day: if_any(accepted),
        due_day: if_any(due),
        finished_day: if_any(finished),
        submitted,
        accepted: None,
        started: None,
        due: None,
        original_due: None,
        finished: None,
        returned: None,
        supplements: 0,
        extended: false,
        instance_version: Some(1),
        position: 1,
    }
}

async fn put(store: &Store, rows: Vec<DossierFact>) {
    let rows = Arc::new(rows);
    let stored = store.app.db.run("rows", move |tx| {
        let rows = Arc::clone(&rows);
        Box::pin(async move {
            for row in rows.iter() {
                Batch::new().insert(facts::put([row])).write(tx).await?;
            }
            Ok::<_, Error>(())
        })
    });
    stored.await.unwrap();
}

#[tokio::test]
async fn each_kind_of_dossier_is_counted_where_it_belongs() {
    let rows = vec![
        // Received in September, settled before, on and after the due date.
        row(1, "2026-09-01", "2026-09-10", "2026-09-09"),
        row(2, "2026-09-01", "2026-09-10", "2026-09-10"),
        row(3, "2026-09-01", "2026-09-10", "2026-09-11"),
        // Without a due date: on time.
        row(4, "2026-09-30", "", "2026-09-30"),
        // Carried over, and settled or not.
        row(5, "2026-08-31", "2026-09-10", "2026-09-01"),
        row(6, "2026-08-31", "2026-09-29", ""),
        row(7, "2026-08-31", "", ""),
        // Open on the last day: due that day is in time. Settled only afterwards.
        row(8, "2026-09-15", "2026-09-30", "2026-10-05"),
        // Not of this period: settled before, accepted after, never accepted.
        row(9, "2026-08-01", "2026-08-10", "2026-08-31"),
        row(10, "2026-10-01", "2026-10-10", ""),
        row(11, "", "", ""),
        DossierFact {
            rehearsal: true,
            ..row(12, "2026-09-01", "2026-09-10", "")
        },
        DossierFact {
            receiver: "18406".to_owned(),
            ..row(13, "2026-09-02", "2026-09-03", "")
        },
    ];
    for store in Store::all().await {
        put(&store, rows.clone()).await;
        let (from, to) = (day("2026-09-01"), day("2026-09-30"));
        let told = app::indicators::run(&store.app, &service("operator"), from, to).await;
        let own = Indicators {
            receiver: UNIT.to_owned(),
            received: 5,
            carried: 3,
            early: 2,
            on_time: 2,
            late: 1,
            open_in_time: 2,
            open_late: 1,
        };
        let other = Indicators {
            receiver: "18406".to_owned(),
            received: 1,
            open_late: 1,
            ..Indicators::default()
        };
        assert_eq!(told.unwrap(), [other, own], "{}", store.label);
    }
}

#[tokio::test]
async fn while_a_period_lasts_what_is_open_is_judged_by_today() {
    for store in Store::all().await {
        // The clock of the test stands at 2026-11-24.
        let rows = vec![
            row(1, "2026-11-02", "2026-11-23", ""),
            row(2, "2026-11-02", "2026-11-24", ""),
            row(3, "2026-11-02", "2026-11-27", ""),
        ];
        put(&store, rows).await;
        let (from, to) = (day("2026-11-01"), day("2026-11-30"));
        let told = app::indicators::run(&store.app, &service("operator"), from, to).await;
        let told = told.unwrap();
        assert_eq!(
            (told[0].open_late, told[0].open_in_time),
            (1, 2),
            "{}",
            store.label
        );
    }
}

/// A row with days from a small range, so that they often meet.
fn any_row(id: u128) -> impl Strategy<Value = DossierFact> + use<> {
    let some = |n: u64| prop::option::of(0..n);
    (some(40), some(40), some(40), 0..3_u8, any::<bool>()).prop_map(
        move |(accepted, due, lasted, unit, rehearsal)| {
            let start = day("2026-08-20");
            let after = |n: u64| start.checked_add_days(Days::new(n)).unwrap();
            DossierFact {
                receiver: format!("1840{unit}"),
                rehearsal,
                accepted_day: accepted.map(after),
                due_day: accepted.and(due).map(after),
                finished_day: accepted
                    .zip(lasted)
                    .map(|(began, days)| after(began + days)),
                ..row(id, "", "", "")
            }
        },
    )
}

/// The definitions once more, row by row.
fn counted(rows: &[DossierFact], period: Period) -> Vec<Indicators> {
    let mut units: BTreeMap<&str, Indicators> = BTreeMap::new();
    for row in rows.iter().filter(|row| !row.rehearsal) {
        let Some(accepted) = row.accepted_day.filter(|day| *day <= period.to) else {
            continue;
        };
        if row.finished_day.is_some_and(|day| day < period.from) {
            continue;
        }
        let unit = units.entry(&row.receiver).or_insert_with(|| Indicators {
            receiver: row.receiver.clone(),
            ..Indicators::default()
        });
        *(if accepted >= period.from {
            &mut unit.received
        } else {
            &mut unit.carried
        }) += 1;
        let settled = row.finished_day.filter(|day| *day <= period.to);
        *match (settled, row.due_day) {
            (Some(settled), Some(due)) if settled < due => &mut unit.early,
            (Some(settled), Some(due)) if settled > due => &mut unit.late,
            (Some(_), _) => &mut unit.on_time,
            (None, Some(due)) if due < period.as_of => &mut unit.open_late,
            (None, _) => &mut unit.open_in_time,
        } += 1;
    }
    units.into_values().collect()
}

#[tokio::test]
async fn received_and_carried_are_settled_or_open_for_any_rows() {
    let mut runner = TestRunner::deterministic();
    let rows: Vec<DossierFact> = (1..=400)
        .map(|id| any_row(id).new_tree(&mut runner).unwrap().current())
        .collect();
    for store in Store::all().await {
        put(&store, rows.clone()).await;
        for (from, to, as_of) in [
            ("2026-09-01", "2026-09-30", "2026-09-30"),
            ("2026-09-01", "2026-09-30", "2026-09-12"),
            ("2026-09-05", "2026-09-05", "2026-09-05"),
            ("2026-01-01", "2026-12-31", "2026-11-24"),
            ("2027-01-01", "2027-12-31", "2026-11-24"),
        ] {
            let period = Period {
                from: day(from),
                to: day(to),
                as_of: day(as_of),
            };
            let told = by_unit(store.app.db.read(), period).await.unwrap();
            for one in &told {
                assert_eq!(
                    one.received + one.carried,
                    one.early + one.on_time + one.late + one.open_in_time + one.open_late,
                    "{} {one:?}",
                    store.label
                );
            }
            assert_eq!(told, counted(&rows, period), "{} {period:?}", store.label);
        }
    }
}
