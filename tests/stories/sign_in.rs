//! Signing in and staying so.

use chrono::TimeDelta;
use futures::future::join_all;
use proto::account::v1 as pb;
use proto::account::v1::auth_service_client::AuthServiceClient;
use runtime::Failure;
use testkit::{Engine, Town, refusal};
use tonic::{Code, Status};

use crate::acts::{get, key};
use crate::office::{BIRTH, MAI_PHU, Office};
use crate::record::{fingerprint, settled, told_well};

const LOGIN: &str = "18583.tiepnhan1";

async fn sign_in(town: &Town, login: &str, password: &str) -> Result<pb::SignInResponse, Status> {
    let request = pb::SignInRequest {
        login: login.to_owned(),
        password: password.to_owned(),
    };
    let mut client = AuthServiceClient::new(town.door.clone());
    Ok(client.sign_in(request).await?.into_inner())
}

async fn refresh(town: &Town, token: &str) -> Result<pb::Tokens, Status> {
    let refresh = token.to_owned();
    let mut client = AuthServiceClient::new(town.door.clone());
    let answer = client.refresh(pb::RefreshRequest { refresh }).await?;
    Ok(answer.into_inner().tokens.expect("tokens"))
}

async fn tokens(town: &Town) -> pb::Tokens {
    let answer = sign_in(town, LOGIN, town.password(LOGIN)).await.unwrap();
    answer.tokens.expect("tokens")
}

fn assert_reason(what: &str, refused: &Status, code: Code, reason: &str) {
    let refusal = told_well(refused);
    assert_eq!(
        (refusal.code, refusal.reason.as_str()),
        (code, reason),
        "{what}"
    );
}

fn assert_over(what: &str, refused: Result<pb::Tokens, Status>) {
    let refused = refused.expect_err(what);
    assert_reason(what, &refused, Code::Unauthenticated, "WRONG_CREDENTIALS");
}

#[tokio::test]
async fn an_unknown_name_and_a_wrong_password_get_the_same_answer() {
    for engine in Engine::all() {
        let town = Town::start(engine).await;
        settled(&town).await;
        let before = fingerprint(&town).await;
        let wrong = sign_in(&town, LOGIN, "sai")
            .await
            .expect_err("a wrong password");
        assert_reason("wrong", &wrong, Code::Unauthenticated, "WRONG_CREDENTIALS");
        let long = "x".repeat(2000);
        for (login, password) in [
            ("khong.co", "sai"),
            ("", ""),
            (LOGIN, ""),
            (LOGIN, long.as_str()),
            ("18583\0tiepnhan1", "sai"),
            ("' OR '1'='1", "sai"),
            // Who has no password yet.
            ("42.quantri", "sai"),
        ] {
            let refused = sign_in(&town, login, password).await.expect_err(login);
            assert_eq!(refusal(&refused), refusal(&wrong), "{login}");
            assert_eq!(refused.message(), wrong.message());
        }
        assert_eq!(fingerprint(&town).await, before);
        // However the name is typed, and with the password in either form.
        let right = sign_in(&town, " 18583.TIEPNHAN1 ", town.password(LOGIN)).await;
        assert_eq!(right.unwrap().officer.unwrap().unit, "units/18583-TTPVHCC");
        town.end().await;
    }
}

#[tokio::test]
async fn after_five_wrong_passwords_each_more_waits_longer_and_the_right_one_still_works() {
    for engine in Engine::all() {
        let town = Town::start(engine).await;
        for n in 1..=6 {
            let refused = sign_in(&town, LOGIN, "sai").await.expect_err("wrong");
            let what = format!("attempt {n}");
            assert_reason(&what, &refused, Code::Unauthenticated, "WRONG_CREDENTIALS");
        }
        let mut waits = Vec::new();
        for _ in 0..5 {
            let right = town.password(LOGIN);
            let throttled = sign_in(&town, LOGIN, right).await.expect_err("too soon");
            assert_reason(
                "too soon",
                &throttled,
                Code::ResourceExhausted,
                "RATE_LIMITED",
            );
            let wait = Failure::from_status(&throttled)
                .retry_after()
                .expect("a wait");
            waits.push(wait.as_secs());
            // Nobody else waits.
            town.officer("18583.tiepnhan2").await;
            town.clock.advance(TimeDelta::from_std(wait).unwrap());
            let wrong = sign_in(&town, LOGIN, "sai").await.expect_err("wrong again");
            assert_reason("again", &wrong, Code::Unauthenticated, "WRONG_CREDENTIALS");
        }
        assert_eq!(waits, [1, 3, 7, 15, 31]);
        town.clock.advance(TimeDelta::minutes(15));
        town.officer(LOGIN).await;
        // And the count begins anew.
        let wrong = sign_in(&town, LOGIN, "sai").await.expect_err("wrong");
        assert_eq!(told_well(&wrong).reason, "WRONG_CREDENTIALS");
        town.officer(LOGIN).await;
        town.end().await;
    }
}

#[tokio::test]
async fn twenty_right_sign_ins_at_once_all_succeed_and_fifty_guesses_do_not_all_count() {
    for engine in Engine::all() {
        let town = Town::start(engine).await;
        let right = town.password(LOGIN);
        let twenty = join_all((0..20).map(|_| sign_in(&town, LOGIN, right))).await;
        for one in twenty {
            assert!(one.is_ok(), "{one:?}");
        }
        let fifty = join_all((0..50).map(|_| sign_in(&town, LOGIN, "sai"))).await;
        let evaluated = fifty
            .into_iter()
            .filter(|guess| told_well(guess.as_ref().unwrap_err()).reason == "WRONG_CREDENTIALS")
            .count();
        assert_eq!(evaluated, 6);
        town.end().await;
    }
}

#[tokio::test]
async fn a_refresh_rotates_forgives_a_retry_and_ends_a_stolen_family() {
    for engine in Engine::all() {
        let town = Town::start(engine).await;
        let first = tokens(&town).await;
        let (one, other) = tokio::join!(
            refresh(&town, &first.refresh),
            refresh(&town, &first.refresh)
        );
        let (one, other) = (one.unwrap(), other.unwrap());
        assert_eq!(one.refresh, other.refresh);
        assert_ne!(one.refresh, first.refresh);
        town.clock.advance(TimeDelta::seconds(30));
        let again = refresh(&town, &first.refresh).await.unwrap();
        assert_eq!(again.refresh, one.refresh);
        // Another session is another family.
        let bystander = tokens(&town).await;
        town.clock.advance(TimeDelta::seconds(1));
        assert_over("reuse", refresh(&town, &first.refresh).await);
        assert_over("its successor", refresh(&town, &one.refresh).await);
        assert!(refresh(&town, &bystander.refresh).await.is_ok());
        assert_over("no token", refresh(&town, "").await);
        assert_over("an access token", refresh(&town, &first.access).await);
        town.end().await;
    }
}

#[tokio::test]
async fn a_session_ends_by_signing_out_by_idleness_and_after_twelve_hours() {
    for engine in Engine::all() {
        let town = Town::start(engine).await;
        let out = tokens(&town).await;
        let kept = refresh(&town, &out.refresh).await.unwrap();
        let mut client = AuthServiceClient::new(town.with_token(&kept.access));
        for _ in 0..2 {
            let request = pb::SignOutRequest {
                request_id: key(),
                refresh: kept.refresh.clone(),
            };
            client.sign_out(request).await.unwrap();
        }
        assert_over("signed out", refresh(&town, &kept.refresh).await);
        assert_over("the token before it", refresh(&town, &out.refresh).await);

        let idle = tokens(&town).await;
        town.clock.advance(TimeDelta::minutes(30));
        let idle = refresh(&town, &idle.refresh).await.unwrap();
        town.clock
            .advance(TimeDelta::minutes(30) + TimeDelta::seconds(1));
        assert_over("idle", refresh(&town, &idle.refresh).await);

        let mut long = tokens(&town).await;
        for _ in 0..24 {
            town.clock.advance(TimeDelta::minutes(30));
            long = refresh(&town, &long.refresh).await.unwrap();
        }
        town.clock.advance(TimeDelta::minutes(1));
        assert_over("twelve hours", refresh(&town, &long.refresh).await);
        town.end().await;
    }
}

#[tokio::test]
async fn an_access_token_lives_five_minutes() {
    for engine in Engine::all() {
        let town = Town::start(engine).await;
        let office = Office::open(&town, MAI_PHU).await;
        let seen = office.takes(BIRTH).await;
        town.clock.advance(TimeDelta::minutes(4));
        assert!(get(&office.counter.line, &seen.name).await.is_ok());
        town.clock.advance(TimeDelta::minutes(3));
        let refused = get(&office.counter.line, &seen.name)
            .await
            .expect_err("expired");
        assert_reason(
            "expired",
            &refused,
            Code::Unauthenticated,
            "UNAUTHENTICATED",
        );
        town.end().await;
    }
}

#[tokio::test]
async fn the_first_administrator_comes_in_once_and_with_a_long_password() {
    for engine in Engine::all() {
        let town = Town::start(engine).await;
        let link = town.served.first_admin.clone().expect("a link");
        settled(&town).await;
        let before = fingerprint(&town).await;
        let mut client = AuthServiceClient::new(town.door.clone());
        let mut claim = async |token: &str, password: &str, key: String| {
            let request = pb::ClaimFirstAdminRequest {
                request_id: key,
                token: token.to_owned(),
                password: password.to_owned(),
            };
            client.claim_first_admin(request).await
        };
        let long = "mật khẩu dài của tôi";
        let short = claim(&link, "ngắn quá", key()).await.expect_err("short");
        assert_reason("short", &short, Code::InvalidArgument, "INVALID_FIELD");
        assert_eq!(told_well(&short).fields, ["password"]);
        let keyless = claim(&link, long, String::new()).await.expect_err("no key");
        assert_eq!(told_well(&keyless).fields, ["request_id"]);
        let other = claim("khac", long, key()).await.expect_err("another link");
        assert_reason(
            "another link",
            &other,
            Code::Unauthenticated,
            "WRONG_CREDENTIALS",
        );
        assert_eq!(fingerprint(&town).await, before);

        let officer = claim(&link, long, key())
            .await
            .unwrap()
            .into_inner()
            .officer;
        assert_eq!(officer.unwrap().unit, "units/42");
        let again = claim(&link, "một mật khẩu khác nữa", key())
            .await
            .expect_err("again");
        assert_reason("again", &again, Code::Unauthenticated, "WRONG_CREDENTIALS");
        assert!(sign_in(&town, "42.quantri", long).await.is_ok());
        settled(&town).await;
        assert_eq!(town.violations().await, Vec::<String>::new());
        town.end().await;
    }
}
