//! From the dossier feed to the columns of the warehouse.

use std::time::Duration;

use domain::process::Command;
use gateway::app::{dimensions, follow, reconcile};
use gateway::store::{dates, dimensions as dims, facts};
use gateway::{App, verify};
use motcua_gateway as gateway;
use storage::cursor;

use crate::house::{House, Store, tamper};
use crate::life::{Birth, Life, UNIT, at};

#[tokio::test]
async fn a_life_fills_the_columns_one_by_one() {
    for store in Store::all().await {
        let mut life = Life::begin(Birth {
            decider: "42-SYT",
            ..Birth::new(11)
        });
        let id = life.file.id.0;
        store.load(std::slice::from_ref(&life)).await;
        let row = facts::find(store.app.db.read(), id).await.unwrap().unwrap();
        assert_eq!(
            (
                row.state.as_str(),
                row.channel.as_str(),
                row.day.to_string()
            ),
            ("checking", "counter", "2026-09-01".to_owned()),
            "{}",
            store.label
        );
        assert_eq!((row.accepted, row.due, &row.code), (None, None, &None));

        life.wait(30);
        life.take_in_hand();
        life.wait(24 * 60);
        life.go(&[Command::AskSupplement {
            sector_ground: false,
        }]);
        life.wait(5 * 24 * 60);
        life.go(&[Command::CompleteSupplement {}]);
        life.wait(24 * 60);
        life.settle();
        store.load(std::slice::from_ref(&life)).await;
        let row = facts::find(store.app.db.read(), id).await.unwrap().unwrap();
        let instance = life.instance();
        assert_eq!(row.state, "returned", "{}", store.label);
        assert_eq!(row.code, life.file.code);
        assert_eq!(
            (row.receiver.as_str(), row.decider.as_str()),
            (UNIT, "42-SYT")
        );
        assert_eq!(row.owner, instance.owner.0);
        assert_eq!(row.accepted, Some(at("2026-09-01T08:30")));
        assert_eq!(row.started, Some(at("2026-09-01T08:30")));
        assert_eq!(row.finished, instance.clock.stopped);
        assert_eq!(row.returned, Some(life.now));
        assert_eq!(row.due, instance.clock.due);
        assert_eq!(row.original_due, instance.clock.original_due);
        assert_ne!(row.due, row.original_due);
        assert_eq!(
            (row.supplements, row.extended, row.rehearsal),
            (1, false, false)
        );
        assert_eq!(row.due_day, row.due.map(|at| at.date_naive()));
        assert_eq!(row.position, 12);
    }
}

#[tokio::test]
async fn every_task_is_a_step_with_the_verb_that_closed_it() {
    for store in Store::all().await {
        let mut life = Life::begin(Birth::new(11));
        let id = life.file.id.0;
        life.take_in_hand();
        life.wait(60);
        life.settle();
        store.load(&[life]).await;
        let steps = facts::steps(store.app.db.read(), [id]).await.unwrap();
        let verbs: Vec<_> = steps
            .iter()
            .filter_map(|s| s.closing_verb.as_deref())
            .collect();
        assert_eq!(
            verbs,
            [
                "accept",
                "transfer",
                "receive",
                "assign",
                "submit_for_signature",
                "sign",
                "issue",
                "return_result"
            ],
            "{}",
            store.label
        );
        assert!(steps.iter().all(|step| step.closed.is_some()));
    }
}

#[tokio::test]
async fn days_come_by_whole_years_with_what_the_calendar_knows() {
    for store in Store::all().await {
        let life = Life::begin(Birth::new(12));
        store.load(&[life]).await;
        let conn = store.app.db.read();
        let day = async |text: &str| {
            let day = text.parse().unwrap();
            dates::find(conn, day).await.unwrap()
        };
        let national = day("2026-09-02").await.unwrap();
        assert!(
            !national.working && !national.why_off.is_empty(),
            "{}",
            store.label
        );
        let monday = day("2026-11-23").await.unwrap();
        assert_eq!(
            (monday.working, monday.quarter, monday.month, monday.weekday),
            (true, 4, 11, 1)
        );
        assert!(day("2026-01-01").await.is_some() && day("2026-12-31").await.is_some());
        assert!(day("2025-12-31").await.is_none() && day("2027-01-01").await.is_none());
    }
}

#[tokio::test]
async fn the_follower_loads_the_feed_and_the_dimensions_of_the_owners() {
    for house in House::all().await {
        let mut lives: Vec<Life> = (1..=3).map(|id| Life::begin(Birth::new(id))).collect();
        lives.iter_mut().for_each(Life::take_in_hand);
        house.neighbours.live(&lives).await;
        house.loaded().await;
        let conn = house.app.db.read();
        let rows = facts::page(conn, None, 10).await.unwrap();
        assert_eq!(rows.len(), 3, "{}", house.label);
        assert!(rows.iter().all(|row| row.state == "processing"));

        house
            .ground
            .until(async || !dims::procedures(conn).await.unwrap().is_empty())
            .await;
        let units = dims::units(conn).await.unwrap();
        assert_eq!(units.len(), 2, "{}", house.label);
        assert_eq!(units["18583"].full_name, "Xã Mai Phụ");
        assert_eq!(units["18583"].parent, "42");
        let procedures = dims::procedures(conn).await.unwrap();
        assert_eq!(procedures["tt-0001"].title, "Đăng ký khai sinh");
        // What has not changed is not written again.
        assert_eq!(dimensions::refresh(&house.app).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn replicas_over_one_store_load_each_event_once() {
    for house in House::all().await {
        // The house runs one follower; a second and a third join it.
        for _ in 0..2 {
            let app: App = house.app.clone();
            let follower = feed::Follower::new(
                follow::CONSUMER,
                house.neighbours.line(),
                app.db.clone(),
                house.ground.shutdown.clone(),
            );
            let calendar = std::sync::Arc::clone(&app.calendar);
            house.ground.shutdown.spawn("replica", async move {
                follower
                    .run(move |tx, events| {
                        let calendar = std::sync::Arc::clone(&calendar);
                        Box::pin(async move { follow::take(&calendar, tx, events).await })
                    })
                    .await;
            });
        }
        let mut lives: Vec<Life> = (1..=10).map(|id| Life::begin(Birth::new(id))).collect();
        for life in &mut lives {
            life.take_in_hand();
            life.go(&[Command::AskSupplement {
                sector_ground: false,
            }]);
        }
        house.neighbours.live(&lives).await;
        house.loaded().await;
        let filter = facts::Filter::default();
        let rows = facts::page(house.app.db.read(), None, 50).await.unwrap();
        assert_eq!(rows.len(), 10, "{}", house.label);
        assert!(
            rows.iter().all(|row| row.supplements == 1),
            "{}",
            house.label
        );
        let found = reconcile::run(&house.app, &filter, Duration::from_secs(30)).await;
        assert_eq!(found.unwrap().differences, [], "{}", house.label);
    }
}

#[tokio::test]
async fn an_event_without_a_beginning_is_set_aside_and_verify_tells_of_it() {
    for house in House::all().await {
        let mut headless = Life::begin(Birth::new(1));
        headless.take_in_hand();
        // Its beginning is of another store: versions go on from 2.
        headless.events.remove(0);
        let whole = Life::begin(Birth::new(2));
        house.neighbours.live(&[headless, whole]).await;
        house.loaded().await;
        let checks = verify(&house.app.db).await.unwrap();
        let loaded = checks
            .iter()
            .find(|c| c.id == "gateway.warehouse_loaded")
            .unwrap();
        assert_eq!(loaded.violations, 1, "{}", house.label);
        // The others did not wait for it.
        let known = cursor::load(house.app.db.read(), follow::CONSUMER)
            .await
            .unwrap();
        assert_eq!(known.unwrap().position, 7, "{}", house.label);
        let rows = facts::page(house.app.db.read(), None, 10).await.unwrap();
        assert_eq!(rows.len(), 1);
    }
}

#[tokio::test]
async fn verify_finds_a_day_a_hole_between_steps_and_a_step_left_open() {
    for store in Store::all().await {
        let mut lives: Vec<Life> = (1..=3).map(|id| Life::begin(Birth::new(id))).collect();
        for life in &mut lives {
            life.take_in_hand();
            life.wait(60);
            life.settle();
        }
        store.load(&lives).await;
        let broken = async || {
            let checks = verify(&store.app.db).await.unwrap();
            let broken = checks.into_iter().filter(|check| check.violations > 0);
            broken.map(|check| check.id).collect::<Vec<_>>()
        };
        assert_eq!(broken().await, Vec::<String>::new(), "{}", store.label);
        tamper(
            &store.app.db,
            "UPDATE fact_dossier SET day = '2026-09-03' WHERE position < 12",
        )
        .await;
        assert_eq!(broken().await, ["gateway.days"], "{}", store.label);
        tamper(
            &store.app.db,
            "UPDATE fact_step SET closed = NULL WHERE closing_verb = 'return_result'",
        )
        .await;
        assert_eq!(broken().await, ["gateway.days", "gateway.steps"]);
        tamper(
            &store.app.db,
            "DELETE FROM fact_step WHERE closing_verb <> 'sign'",
        )
        .await;
        tamper(&store.app.db, "UPDATE fact_dossier SET day = '2026-09-01'").await;
        assert_eq!(broken().await, Vec::<String>::new(), "{}", store.label);
    }
}
