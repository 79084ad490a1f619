//! Instances on both databases: a life, races, retries, failures, tampering.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod house;

use chrono::TimeDelta;
use domain::actor::Role;
use domain::clock::Clock;
use domain::dossier::State;
use domain::ids::{PersonId, UnitId};
use domain::process::{Command, Instance};
use motcua_workflow::Error;
use motcua_workflow::app::instance::Asker;
use motcua_workflow::app::{cross, due, get_instance};
use sea_orm::ConnectionTrait as _;
use uuid::Uuid;

use house::*;

#[tokio::test]
async fn a_birth_registration_walks_from_the_counter_to_the_citizen() {
    for (one, house) in houses().await {
        let mut now = house.open("tt-0001").await;
        assert_eq!(
            (now.version, now.state),
            (1, State::Checking),
            "{}",
            one.label
        );
        for (who, command, state) in life(PersonId(Uuid::from_u128(3))) {
            house.wait(5);
            now = house.cross(&who, &now, command).await.unwrap();
            assert_eq!(now.state, state, "{}", one.label);
            assert_eq!(house.violations().await, [], "{} at {state:?}", one.label);
        }
        // Same day: until the offices close at 17:00.
        assert_eq!(now.clock.due, Some("2026-11-30T10:00:00Z".parse().unwrap()));
        let read = get_instance::run(&house.app, &itself(), now.dossier.0)
            .await
            .unwrap();
        assert_eq!(
            serde_json::from_slice::<Instance>(&read.instance).unwrap(),
            now
        );
        let (events, next) = get_instance::events(&house.app, &itself(), now.dossier.0, 5, 4)
            .await
            .unwrap();
        assert_eq!((events.len(), next), (4, Some(9)));
    }
}

#[tokio::test]
async fn a_published_process_runs_at_the_department_that_owns_it() {
    for (one, house) in houses().await {
        let mut now = house.open("tt-0097").await;
        assert_eq!(now.decider, UnitId::from("42-SYT"), "{}", one.label);
        now = house
            .cross(&reception(), &now, Command::Accept {})
            .await
            .unwrap();
        now = house
            .cross(&reception(), &now, Command::Transfer {})
            .await
            .unwrap();
        assert_eq!(now.owner, UnitId::from("42-SYT"));
        let head = officer(14, "42-SYT", Role::DivisionHead);
        let stranger = officer(4, "18631", Role::DivisionHead);
        let refused = house.cross(&stranger, &now, Command::Receive {}).await;
        assert!(
            matches!(refused, Err(Error::NotFound("dossier"))),
            "{}",
            one.label
        );
        now = house.cross(&head, &now, Command::Receive {}).await.unwrap();
        assert!(now.clock.started.is_some() && now.clock.due.is_some());
        assert!(
            now.task.as_ref().unwrap().due.is_some(),
            "half a day is allotted"
        );
        let listed = due::until(&house.app, now.clock.due.unwrap(), 10)
            .await
            .unwrap();
        assert_eq!(listed.len(), 1);
        house.wait(60 * 24 * 60);
        let ripe = due::take_ripe(&house.app, 10).await.unwrap();
        assert!(ripe.iter().any(|(_, kind, _)| kind == "overdue"));
        assert_eq!(due::take_ripe(&house.app, 10).await.unwrap(), []);
        assert_eq!(house.violations().await, []);
    }
}

#[tokio::test]
async fn of_two_racing_verbs_one_wins_and_one_is_told_that_it_is_stale() {
    for (one, house) in houses().await {
        for _ in 0..8 {
            let now = house.open("tt-0001").await;
            let (accept, refuse) = (
                house.ask(&now, Command::Accept {}),
                house.ask(&now, Command::RefuseIntake {}),
            );
            let who = reception();
            let (a, b) = tokio::join!(
                cross::run(&house.app, &who, accept, encode),
                cross::run(&house.app, &who, refuse, encode),
            );
            let stale = |r: &Result<Vec<u8>, Error>| matches!(r, Err(Error::Stale(2)));
            assert!(
                (a.is_ok() && stale(&b)) || (b.is_ok() && stale(&a)),
                "{}: {a:?} {b:?}",
                one.label
            );
        }
        assert_eq!(house.violations().await, []);
    }
}

#[tokio::test]
async fn the_same_request_gets_the_same_answer_and_another_body_is_refused() {
    for (one, house) in houses().await {
        let now = house.open("tt-0001").await;
        let ask = house.ask(&now, Command::Accept {});
        let who = reception();
        // The very same request twice at once, then again later.
        let (a, b) = tokio::join!(
            cross::run(&house.app, &who, ask.clone(), encode),
            cross::run(&house.app, &who, ask.clone(), encode),
        );
        assert_eq!(a.unwrap(), b.unwrap(), "{}", one.label);
        house.wait(60);
        let later = cross::Ask {
            received: house.clock.now(),
            ..ask.clone()
        };
        let again: Instance =
            serde_json::from_slice(&cross::run(&house.app, &who, later, encode).await.unwrap())
                .unwrap();
        assert_eq!(
            again.clock.accepted,
            Some(ask.received),
            "the first stored instant counts"
        );
        let other = cross::Ask {
            body_hash: vec![9],
            ..ask
        };
        let refused = cross::run(&house.app, &who, other, encode).await;
        assert!(matches!(refused, Err(Error::Reused)));
        assert_eq!(house.violations().await, []);
    }
}

#[tokio::test]
async fn only_the_dossier_service_moves_instances_and_only_with_a_near_clock() {
    for (one, house) in houses().await {
        let now = house.open("tt-0001").await;
        for service in [None, Some("gateway".to_owned())] {
            let who = Asker {
                service,
                ..reception()
            };
            let refused = house.cross(&who, &now, Command::Accept {}).await;
            assert!(matches!(refused, Err(Error::Denied)), "{}", one.label);
        }
        let clerk = officer(6, UNIT, Role::Clerk);
        assert!(matches!(
            house.cross(&clerk, &now, Command::Accept {}).await,
            Err(Error::Denied)
        ));
        let signed = house.cross(&reception(), &now, Command::Issue {}).await;
        assert!(matches!(signed, Err(Error::Denied | Error::Refused(_))));
        let mut ask = house.ask(&now, Command::Accept {});
        ask.received -= TimeDelta::seconds(121);
        let skewed = cross::run(&house.app, &reception(), ask, encode).await;
        assert!(matches!(skewed, Err(Error::Skew)));
        let same = get_instance::run(&house.app, &itself(), now.dossier.0)
            .await
            .unwrap();
        assert_eq!(same.version, 1);
    }
}

#[tokio::test]
async fn a_unit_of_work_that_fails_leaves_nothing_half_done() {
    for (one, house) in houses().await {
        let now = house.open("tt-0001").await;
        // The last statement of the unit of work fails: its table is away.
        let db = one.db.clone();
        let rename = |from: &str, to: &str| {
            let sql = format!("ALTER TABLE {from} RENAME TO {to}");
            let db = db.clone();
            async move {
                db.run("rename", move |tx| {
                    let sql = sql.clone();
                    Box::pin(async move {
                        tx.conn()
                            .execute_unprepared(&sql)
                            .await
                            .map_err(storage::StorageError::from)?;
                        Ok::<_, Error>(())
                    })
                })
                .await
                .unwrap();
            }
        };
        rename("timer", "timer_away").await;
        let ask = house.ask(&now, Command::Accept {});
        let failed = cross::run(&house.app, &reception(), ask.clone(), encode).await;
        assert!(matches!(failed, Err(Error::Storage(_))), "{}", one.label);
        rename("timer_away", "timer").await;
        let same = get_instance::run(&house.app, &itself(), now.dossier.0)
            .await
            .unwrap();
        assert_eq!(same.version, 1, "{}", one.label);
        assert_eq!(house.violations().await, []);
        cross::run(&house.app, &reception(), ask, encode)
            .await
            .unwrap();
        assert_eq!(house.violations().await, []);
    }
}

#[tokio::test]
async fn verify_finds_a_tampered_row() {
    for (one, house) in houses().await {
        let now = house.open("tt-0001").await;
        house
            .cross(&reception(), &now, Command::Accept {})
            .await
            .unwrap();
        assert_eq!(house.violations().await, [], "{}", one.label);
        one.db
            .run("tamper", |tx| {
                Box::pin(async move {
                    let sql = "UPDATE instance SET state = 'returned'";
                    tx.conn()
                        .execute_unprepared(sql)
                        .await
                        .map_err(storage::StorageError::from)?;
                    tx.conn()
                        .execute_unprepared("DELETE FROM task")
                        .await
                        .map_err(storage::StorageError::from)?;
                    Ok::<_, Error>(())
                })
            })
            .await
            .unwrap();
        let found = house.violations().await;
        assert_eq!(
            found,
            [
                ("workflow.columns_equal_body".to_owned(), 1),
                ("workflow.one_task_or_terminal".to_owned(), 1)
            ],
            "{}",
            one.label
        );
    }
}
