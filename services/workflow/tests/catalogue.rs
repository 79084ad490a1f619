//! The catalogue on both databases.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, Utc};
use domain::actor::{Actor, Principal};
use domain::clock::{Clock, Ids};
use domain::ids::UnitId;
use domain::working_time::{UnitOverride, national_calendar};
use motcua_workflow::Error;
use motcua_workflow::app::{App, list_cases, readiness, seed};
use motcua_workflow::store::reference::References;
use motcua_workflow::store::{calendar, migration};
use uuid::Uuid;

struct At(DateTime<Utc>);

impl Clock for At {
    fn now(&self) -> DateTime<Utc> {
        self.0
    }
}

#[derive(Default)]
struct Counting(AtomicU64);

impl Ids for Counting {
    fn next(&self) -> Uuid {
        Uuid::from_u128(u128::from(self.0.fetch_add(1, Ordering::Relaxed)) + 1)
    }
}

fn app(db: storage::Db) -> App {
    let now = "2026-11-24T02:00:00Z".parse().unwrap();
    App {
        db,
        clock: Arc::new(At(now)),
        ids: Arc::new(Counting::default()),
        references: References::default(),
    }
}

fn service() -> Actor {
    Actor {
        principal: Principal::Service("gateway".to_owned()),
        post: None,
        session: None,
        epoch: 0,
        scopes: BTreeSet::default(),
    }
}

#[tokio::test]
async fn the_seed_is_loaded_once_and_leaves_alone_what_is_there() {
    for one in storage::test::databases(migration::all).await {
        let app = app(one.db.clone());
        // A calendar, 89 units, 7 processes, 121 cases.
        assert_eq!(
            seed::run(&app).await.unwrap(),
            1 + 89 + 7 + 121,
            "{}",
            one.label
        );
        assert_eq!(seed::run(&app).await.unwrap(), 0, "{}", one.label);
    }
}

#[tokio::test]
async fn cases_are_found_without_accents_and_paged_without_gaps() {
    for one in storage::test::databases(migration::all).await {
        let app = app(one.db.clone());
        seed::run(&app).await.unwrap();
        let (birth, next) = list_cases::run(&app, "KHAI  sinh đăng ky", "", 100)
            .await
            .unwrap();
        assert!(
            next.is_none() && birth.iter().any(|c| c.id == "tt-0001"),
            "{}",
            one.label
        );
        let (by_code, _) = list_cases::run(&app, "1.001193", "", 100).await.unwrap();
        assert_eq!(by_code.len(), 1);
        let (percent, _) = list_cases::run(&app, "100%_", "", 100).await.unwrap();
        assert!(percent.is_empty());
        let (mut after, mut seen) = (String::new(), 0);
        loop {
            let (page, next) = list_cases::run(&app, "", &after, 50).await.unwrap();
            seen += page.len();
            match next {
                Some(key) => after = key,
                None => break,
            }
        }
        assert_eq!(seen, 121, "{}", one.label);
        assert!(matches!(
            list_cases::get(&app, "tt-9999").await,
            Err(Error::NotFound("case"))
        ));
    }
}

#[tokio::test]
async fn readiness_names_the_cases_without_a_limit() {
    for one in storage::test::databases(migration::all).await {
        let app = app(one.db.clone());
        seed::run(&app).await.unwrap();
        let units = readiness::run(&app, &service()).await.unwrap();
        assert_eq!(units.len(), 70, "{}", one.label);
        let mai_phu = units.iter().find(|u| u.unit == "18583").unwrap();
        assert!(mai_phu.calendar);
        assert_eq!((mai_phu.cases, mai_phu.with_process), (121, 121));
        assert_eq!(mai_phu.without_limit.len(), 22);
        let nobody = Actor {
            principal: Principal::Partner("x".to_owned()),
            ..service()
        };
        assert!(matches!(
            readiness::run(&app, &nobody).await,
            Err(Error::Denied)
        ));
    }
}

#[tokio::test]
async fn a_unit_keeps_the_calendar_that_its_dossiers_were_promised_by() {
    for one in storage::test::databases(migration::all).await {
        let app = app(one.db.clone());
        seed::run(&app).await.unwrap();
        let unit = UnitId::from("18583");
        let day = "2026-11-25".parse().unwrap();
        let own = UnitOverride {
            version: 0,
            valid_from: "2026-11-01".parse().unwrap(),
            valid_to: None,
            week: None,
            minutes_per_day: None,
            holidays: [(day, "Ngày riêng".to_owned())].into(),
            makeup_days: BTreeMap::default(),
        };
        let before = app.references.now(app.db.read()).await.unwrap();
        let adding = (unit.clone(), own);
        let version = one
            .db
            .run("put_unit_calendar", move |tx| {
                let (unit, own) = adding.clone();
                Box::pin(async move { Ok::<_, Error>(calendar::put_unit(tx, &unit, &own).await?) })
            })
            .await
            .unwrap();
        assert_eq!(version, 2);
        // The stamp was raised by the change itself: what is in memory is read anew.
        let after = app.references.now(app.db.read()).await.unwrap();
        let now = after.calendar(&unit, day).unwrap();
        assert_eq!(
            (now.version, now.is_working_day(day)),
            (2, false),
            "{}",
            one.label
        );
        let other = UnitId::from("18001");
        assert!(after.calendar(&other, day).unwrap().is_working_day(day));
        assert!(before.calendar(&unit, day).unwrap().is_working_day(day));
        let then = after.calendar_at(&unit, 1).unwrap();
        assert_eq!(*then, national_calendar());
    }
}
