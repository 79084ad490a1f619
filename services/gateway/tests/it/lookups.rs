//! Looking up by code and second factor: what is counted, what is told.

use std::time::Duration;

use chrono::TimeDelta;
use gateway::Error;
use gateway::app::look_up::{admit, clear};
use motcua_gateway as gateway;
use proto::gateway::v1::partner_service_client::PartnerServiceClient;
use proto::gateway::v1::{LookUpRequest, LookUpResponse};
use runtime::failure::Reason;
use sea_orm::{ConnectionTrait as _, Statement};
use tonic::Status;

use crate::house::{House, Store, refusal};
use crate::life::{Birth, Life};

fn wait(outcome: &Result<(), Error>) -> Duration {
    match outcome {
        Err(Error::Throttled(wait)) => *wait,
        other => panic!("not throttled: {other:?}"),
    }
}

#[tokio::test]
async fn after_five_wrong_tries_a_code_rests_and_others_do_not() {
    for store in Store::all().await {
        let app = &store.app;
        for _ in 0..5 {
            admit(app, "dvc", "a").await.unwrap();
            store.ground.clock.forward(TimeDelta::minutes(1));
        }
        let sixth = admit(app, "dvc", "a").await;
        // The first of the five was five minutes ago.
        assert_eq!(wait(&sixth), Duration::from_mins(10), "{}", store.label);
        admit(app, "dvc", "b").await.unwrap();
        admit(app, "other", "a").await.unwrap();

        // Refused tries do not make the wait longer, and it ends try by try.
        store.ground.clock.forward(TimeDelta::minutes(10));
        admit(app, "dvc", "a").await.unwrap();
        assert_eq!(wait(&admit(app, "dvc", "a").await), Duration::from_mins(1));
        store.ground.clock.forward(TimeDelta::minutes(15));
        for _ in 0..5 {
            admit(app, "dvc", "a").await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_right_try_clears_the_count_of_its_code_only() {
    for store in Store::all().await {
        let app = &store.app;
        for code in ["a", "b"] {
            for _ in 0..4 {
                admit(app, "dvc", code).await.unwrap();
            }
        }
        clear(app, "dvc", "a").await.unwrap();
        for _ in 0..5 {
            admit(app, "dvc", "a").await.unwrap();
        }
        assert!(admit(app, "dvc", "a").await.is_err(), "{}", store.label);
        admit(app, "dvc", "b").await.unwrap();
        assert!(admit(app, "dvc", "b").await.is_err(), "{}", store.label);
    }
}

#[tokio::test]
async fn a_partner_has_three_hundred_calls_a_minute() {
    for store in Store::all().await {
        let app = &store.app;
        for n in 0..300 {
            admit(app, "dvc", &format!("{n}")).await.unwrap();
        }
        let more = admit(app, "dvc", "x").await;
        assert_eq!(wait(&more), Duration::from_mins(1), "{}", store.label);
        admit(app, "other", "x").await.unwrap();
        store.ground.clock.forward(TimeDelta::seconds(60));
        admit(app, "dvc", "x").await.unwrap();
    }
}

#[tokio::test]
async fn tries_of_the_same_instant_count_each() {
    for store in Store::all().await {
        // The first rounds only fill the pool of connections.
        for code in ["a", "b", "c", "d", "e", "f", "g", "h"] {
            let racing: Vec<_> = (0..20)
                .map(|_| {
                    let app = store.app.clone();
                    let tried = async move { admit(&app, "dvc", code).await.is_ok() };
                    store.ground.shutdown.spawn("try", tried)
                })
                .collect();
            let mut admitted = 0;
            for one in racing {
                admitted += usize::from(one.await.unwrap());
            }
            assert_eq!(admitted, 5, "{} {code}", store.label);
        }
    }
}

async fn look_up(house: &House, code: &str, factor: &str) -> Result<LookUpResponse, Status> {
    let token = house.ground.partner("dvc", &["dossier.lookup"]);
    let mut client = PartnerServiceClient::new(house.with(&token));
    let asked = LookUpRequest {
        code: code.to_owned(),
        second_factor: factor.to_owned(),
    };
    client.look_up(asked).await.map(tonic::Response::into_inner)
}

#[tokio::test]
async fn an_unknown_code_and_a_wrong_factor_get_the_same_answer() {
    for house in House::all().await {
        let mut life = Life::begin(Birth::new(1));
        life.take_in_hand();
        let code = life.file.code.clone().unwrap();
        house.neighbours.live(&[life]).await;
        let right = look_up(&house, &code, "6789").await.unwrap();
        assert_eq!(
            (right.code, right.state_label.as_str()),
            (code.clone(), "Đang thụ lý")
        );
        let wrong = look_up(&house, &code, "0000").await.unwrap_err();
        let unknown = look_up(&house, "H27.TAM.1-260901-0001", "6789")
            .await
            .unwrap_err();
        assert_eq!(wrong.code(), unknown.code());
        assert_eq!(
            (wrong.message(), wrong.details()),
            (unknown.message(), unknown.details())
        );
        assert_eq!(refusal::<()>(Err(wrong)).reason(), Reason::NotFound);

        // Four more wrong ones; then even the right one has to wait.
        for _ in 0..4 {
            look_up(&house, &code, "0000").await.unwrap_err();
        }
        let refused = refusal(look_up(&house, &code, "6789").await);
        assert_eq!(refused.reason(), Reason::RateLimited, "{}", house.label);
        assert_eq!(refused.retry_after(), Some(Duration::from_mins(15)));
        house.ground.clock.forward(TimeDelta::minutes(4));
        house.ground.clock.forward(TimeDelta::minutes(11));
        look_up(&house, &code, "6789").await.unwrap();
    }
}

#[tokio::test]
async fn neither_code_nor_factor_is_written_down() {
    for house in House::all().await {
        look_up(&house, "079190001234", "1234").await.unwrap_err();
        let conn = house.app.db.read();
        let ask = "SELECT partner || '/' || code_key FROM lookup_try";
        let ask = Statement::from_string(conn.get_database_backend(), ask);
        let rows = conn.query_all_raw(ask).await.unwrap();
        let stored: String = rows[0].try_get_by_index(0).unwrap();
        assert_eq!((rows.len(), stored.len()), (1, "dvc/".len() + 64));
        assert!(!stored.contains("079190001234"), "{}", house.label);
    }
}

#[tokio::test]
async fn what_cannot_be_a_code_or_a_factor_is_refused_and_costs_no_try() {
    for house in House::all().await.into_iter().take(1) {
        let refused = refusal(look_up(&house, "", "12a4").await);
        assert_eq!(refused.reason(), Reason::InvalidField);
        assert_eq!(refused.fields().len(), 2);
        let stranger = house.ground.partner("dvc", &["dossier.read"]);
        let mut client = PartnerServiceClient::new(house.with(&stranger));
        let asked = LookUpRequest {
            code: "H27-260901-0001".to_owned(),
            second_factor: "1234".to_owned(),
        };
        let denied = refusal(client.look_up(asked).await);
        assert_eq!(denied.reason(), Reason::Denied);
        let conn = house.app.db.read();
        let ask = Statement::from_string(conn.get_database_backend(), "SELECT 1 FROM lookup_try");
        assert!(conn.query_one_raw(ask).await.unwrap().is_none());
    }
}
