//! What the warehouse is compared with is told some days at a time, and is the same
//! as all at once.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use testkit::{Engine, Town};

use crate::office::{BIRTH, FIVE_DAYS, MAI_PHU, Office, filing};

#[tokio::test]
async fn days_are_told_whole_and_in_parts_that_add_up() {
    for engine in Engine::all() {
        let town = Town::start(engine).await;
        for day in 0..4 {
            // Officers' tokens do not live that long.
            let office = Office::open(&town, MAI_PHU).await;
            for _ in 0..=day {
                office.submit(filing(&office.unit, BIRTH)).await.unwrap();
            }
            office
                .submit(filing(&office.unit, FIVE_DAYS))
                .await
                .unwrap();
            town.clock.advance(TimeDelta::days(1));
        }
        let db = town.served.house.stores()["dossier"].clone();
        let told = async |after: &str, enough| {
            dossier::summarise::run(&db, None, after, enough)
                .await
                .unwrap()
        };
        let (whole, rest) = told("", u32::MAX).await;
        assert_eq!(rest, "");
        let rows: Vec<i64> = whole.values().map(|(rows, _)| *rows).collect();
        assert_eq!(rows, [2, 3, 4, 5]);
        for enough in 1..=14 {
            let (mut parts, mut after, mut asked) = (BTreeMap::new(), String::new(), 0);
            loop {
                let (days, rest) = told(&after, enough).await;
                asked += 1;
                for (key, sum) in days {
                    assert_eq!(parts.insert(key, sum), None, "a day is told twice");
                }
                if rest.is_empty() {
                    break;
                }
                after = rest;
            }
            assert_eq!(parts, whole, "{enough}");
            assert!(asked > 1 || enough >= 10, "{enough}: {asked} parts");
        }
        assert_eq!(town.violations().await, [""; 0]);
        town.end().await;
    }
}
