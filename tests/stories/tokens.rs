//! Who calls without right, or too much at once, reaches nothing.

use chrono::TimeDelta;
use domain::clock::Clock as _;
use domain::clock::Ids as _;
use domain::ids::{PersonId, SessionId};
use proto::account::v1::auth_service_client::AuthServiceClient;
use proto::account::v1::provisioning_service_client::ProvisioningServiceClient;
use proto::account::v1::{PartnerTokenRequest, RegisterPartnerRequest};
use proto::dossier::v1::dossier_service_client::DossierServiceClient;
use runtime::auth::{Claims, PrivateKey, Signer, generate_key};
use runtime::client::Channel;
use runtime::clock::SystemIds;
use testkit::{Engine, Town};
use tonic::{Code, Status};

use crate::acts::{get, key};
use crate::office::{BIRTH, MAI_PHU, Office, filing};
use crate::record::{fingerprint, settled, told_well};

/// A person's token, made by any key.
fn forged(town: &Town, by: &PrivateKey, person: &str) -> String {
    let person = PersonId(person.trim_start_matches("people/").parse().unwrap());
    let session = SessionId(SystemIds.next());
    let claims = Claims::person(person, session, 1, None, town.clock.now());
    Signer::new(by).sign(&claims).unwrap()
}

async fn submit(line: &Channel, office: &Office) -> Status {
    let filed = filing(&office.unit, BIRTH);
    let mut client = DossierServiceClient::new(line.clone());
    client.submit(filed).await.expect_err("nobody of ours")
}

#[tokio::test]
async fn no_token_a_forged_one_and_an_expired_one_reach_nothing() {
    for engine in Engine::all() {
        let town = Town::start(engine).await;
        let office = Office::open(&town, MAI_PHU).await;
        let seen = office.takes(BIRTH).await;
        settled(&town).await;
        let before = fingerprint(&town).await;
        let access = office.counter.access.clone();
        let (head, rest) = access.split_once('.').unwrap();
        let (body, signature) = rest.split_once('.').unwrap();
        let mut lines = vec![("none", town.door.clone())];
        for (what, token) in [
            ("empty", String::new()),
            ("no token", "không".escape_unicode().to_string()),
            (
                "another key's",
                forged(&town, &generate_key().unwrap(), &office.counter.name),
            ),
            ("unsigned", format!("{head}.{body}.")),
            (
                "a turned signature",
                format!("{head}.{body}.{}", turned(signature)),
            ),
            (
                "a turned body",
                format!("{head}.{}.{signature}", turned(body)),
            ),
        ] {
            lines.push((what, town.with_token(&token)));
        }
        for (what, line) in &lines {
            for refused in [
                submit(line, &office).await,
                get(line, &seen.name).await.unwrap_err(),
            ] {
                let refusal = told_well(&refused);
                let seen = (refusal.code, refusal.reason.as_str());
                assert_eq!(seen, (Code::Unauthenticated, "UNAUTHENTICATED"), "{what}");
            }
        }
        town.clock
            .advance(TimeDelta::minutes(5) + TimeDelta::seconds(61));
        for refused in [
            submit(&office.counter.line, &office).await,
            get(&office.counter.line, &seen.name).await.unwrap_err(),
        ] {
            let refusal = told_well(&refused);
            assert_eq!(
                (refusal.code, refusal.reason.as_str()),
                (Code::Unauthenticated, "UNAUTHENTICATED")
            );
        }
        assert_eq!(fingerprint(&town).await, before);
        town.end().await;
    }
}

/// The text with its tenth character replaced by another.
fn turned(text: &str) -> String {
    let turn = |(at, c)| match (at, c) {
        (9, 'A') => 'B',
        (9, _) => 'A',
        (_, c) => c,
    };
    text.chars().enumerate().map(turn).collect()
}

#[tokio::test]
async fn a_message_over_the_limit_is_refused_before_it_is_read() {
    for engine in Engine::all() {
        let town = Town::start(engine).await;
        let office = Office::open(&town, MAI_PHU).await;
        let before = fingerprint(&town).await;
        let mut filed = filing(&office.unit, BIRTH);
        filed.applicant.as_mut().unwrap().address = "x".repeat(5 * 1024 * 1024);
        let refused = office.submit(filed).await.expect_err("five mebibytes");
        let refusal = told_well(&refused);
        assert_eq!(
            (refusal.code, refusal.reason.as_str()),
            (Code::ResourceExhausted, "TOO_LARGE")
        );
        assert_eq!(fingerprint(&town).await, before);
        town.end().await;
    }
}

#[tokio::test]
async fn a_partner_gets_a_token_by_its_own_secret_and_does_no_officers_work() {
    for engine in Engine::all() {
        let town = Town::start(engine).await;
        let office = Office::open(&town, MAI_PHU).await;
        let seen = office.takes(BIRTH).await;
        let mut operator = ProvisioningServiceClient::new(town.operator());
        let request = RegisterPartnerRequest {
            request_id: key(),
            client_id: "cong-dich-vu".to_owned(),
            scopes: vec!["dossier.file".to_owned()],
        };
        let secret = operator
            .register_partner(request)
            .await
            .unwrap()
            .into_inner()
            .client_secret;
        let mut auth = AuthServiceClient::new(town.door.clone());
        for (client_id, client_secret) in [
            ("cong-dich-vu", "sai"),
            ("cong-dich-vu", ""),
            ("khong-co", secret.as_str()),
            ("CONG-DICH-VU", secret.as_str()),
            ("cong\0", secret.as_str()),
        ] {
            let request = PartnerTokenRequest {
                client_id: client_id.to_owned(),
                client_secret: client_secret.to_owned(),
            };
            let refused = auth.partner_token(request).await.expect_err(client_id);
            let refusal = told_well(&refused);
            let seen = (refusal.code, refusal.reason.as_str());
            assert_eq!(
                seen,
                (Code::Unauthenticated, "WRONG_CREDENTIALS"),
                "{client_id}"
            );
        }
        let request = PartnerTokenRequest {
            client_id: "cong-dich-vu".to_owned(),
            client_secret: secret,
        };
        let access = auth
            .partner_token(request)
            .await
            .unwrap()
            .into_inner()
            .access;
        let line = town.with_token(&access);
        let refused = submit(&line, &office).await;
        assert_eq!(told_well(&refused).code, Code::PermissionDenied);
        let refused = get(&line, &seen.name).await.unwrap_err();
        assert_eq!(told_well(&refused).code, Code::PermissionDenied);
        town.end().await;
    }
}
