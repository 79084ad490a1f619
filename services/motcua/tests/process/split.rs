//! One service a process, over TLS, as pods run: the same door, found by address.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use motcua::SERVICES;
use motcua::config::Config;
use motcua::operator::Operator;
use proto::account::v1 as account;
use proto::account::v1::auth_service_client::AuthServiceClient;
use proto::dossier::v1 as pb;
use proto::dossier::v1::dossier_service_client::DossierServiceClient;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use runtime::client::{Channel, Config as Peer};
use runtime::config::SecretString;
use testkit::Engine;
use tokio::process::{Child, Command};
use uuid::Uuid;

use crate::place::Place;

/// A debug build on a busy machine is ready within this.
const READY: Duration = Duration::from_mins(2);

/// The processes of one deployment.
struct Pods {
    endpoints: BTreeMap<&'static str, String>,
    running: Vec<Child>,
}

/// An authority of the test's own, and one certificate of it for the loopback.
fn certificates(folder: &Path) {
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let authority = CertifiedIssuer::self_signed(authority, key).unwrap();
    // A pod asks its own door under the service's name.
    let names: Vec<String> = SERVICES
        .into_iter()
        .chain(["127.0.0.1"])
        .map(str::to_owned)
        .collect();
    let key = KeyPair::generate().unwrap();
    let ours = CertificateParams::new(names).unwrap();
    let ours = ours.signed_by(&key, &authority).unwrap();
    for (file, text) in [
        ("ca.crt", authority.pem()),
        ("tls.crt", ours.pem()),
        ("tls.key", key.serialize_pem()),
    ] {
        std::fs::write(folder.join(file), text).unwrap();
    }
}

/// What every pod is told.
fn settings(folder: &Path, endpoints: &BTreeMap<&'static str, String>) -> Vec<(String, String)> {
    let file = |name: &str| folder.join(name).display().to_string();
    let mut all: Vec<(String, String)> = [
        ("GRPC__CERTIFICATE_FILE", file("tls.crt")),
        ("GRPC__KEY_FILE", file("tls.key")),
        // Who connects has a certificate of the authority too.
        ("GRPC__AUTHORITY_FILE", file("ca.crt")),
        ("PEERS__AUTHORITY_FILE", file("ca.crt")),
        ("PEERS__CERTIFICATE_FILE", file("tls.crt")),
        ("PEERS__KEY_FILE", file("tls.key")),
    ]
    .map(|(key, value)| (format!("MOTCUA_{key}"), value))
    .into();
    for (service, endpoint) in endpoints {
        let key = format!("MOTCUA_PEERS__ENDPOINTS__{}", service.to_uppercase());
        all.push((key, endpoint.clone()));
    }
    all
}

fn pod(place: &Place, settings: &[(String, String)], port: &str) -> Command {
    let mut command = place.program();
    command
        .envs(settings.iter().cloned())
        .env("MOTCUA_GRPC__LISTEN", format!("127.0.0.1:{port}"))
        .stdout(Stdio::null());
    command
}

async fn start(place: &Place) -> (Pods, Vec<(String, String)>) {
    std::fs::create_dir_all(place.data()).unwrap();
    certificates(&place.data());
    // All are held at once, so that no two get the same.
    let held = SERVICES.map(|service| (service, TcpListener::bind("127.0.0.1:0").unwrap()));
    let endpoints: BTreeMap<_, _> = held
        .iter()
        .map(|(service, at)| {
            let port = at.local_addr().unwrap().port();
            (*service, format!("https://127.0.0.1:{port}"))
        })
        .collect();
    drop(held);
    let settings = settings(&place.data(), &endpoints);
    // The job that comes before the pods.
    let migrated = place.run(&["migrate"]).await;
    assert!(migrated.status.success(), "{migrated:?}");
    let mut running = Vec::new();
    for (service, endpoint) in &endpoints {
        let port = endpoint.rsplit(':').next().unwrap();
        let mut command = pod(place, &settings, port);
        running.push(command.args(["serve", service]).spawn().unwrap());
    }
    let ready = async {
        for (service, endpoint) in &endpoints {
            let port = endpoint.rsplit(':').next().unwrap();
            // The probe of the pod itself tells when it serves; each ask takes
            // as long as a process takes to start.
            while !pod(place, &settings, port)
                .args(["health", service])
                .stderr(Stdio::null())
                .status()
                .await
                .unwrap()
                .success()
            {}
        }
    };
    tokio::time::timeout(READY, ready)
        .await
        .expect("ready pods");
    (Pods { endpoints, running }, settings)
}

fn line(place: &Place, pods: &Pods, service: &str, token: Option<&str>) -> Channel {
    let peer = Peer {
        endpoint: pods.endpoints[service].clone(),
        authority_file: Some(place.data().join("ca.crt")),
        certificate_file: Some(place.data().join("tls.crt")),
        key_file: Some(place.data().join("tls.key")),
        domain: None,
    };
    let outgoing = motcua::operator::outgoing(&place.config()).unwrap();
    let channel = Channel::tcp(&peer, outgoing).unwrap();
    match token {
        None => channel,
        Some(token) => channel.with_token(&SecretString::from(token)).unwrap(),
    }
}

#[tokio::test]
async fn five_processes_over_mutual_tls_take_a_dossier_in_and_agree() {
    for engine in Engine::all() {
        let place = Place::new(engine).await;
        let (mut pods, settings) = start(&place).await;
        let passwords = issue(&place, &pods).await;
        let reception = &passwords["18583.tiepnhan1"];
        let access = sign_in(&place, &pods, "18583.tiepnhan1", reception).await;
        let dossier = take_in(&place, &pods, &access).await;
        assert!(
            dossier.code.starts_with("H27.TAM.18583-"),
            "{}",
            dossier.code
        );
        assert_eq!(dossier.state(), pb::State::Accepted);

        let mut config = place.config();
        for (service, endpoint) in &pods.endpoints {
            let service = (*service).to_owned();
            config.peers.endpoints.insert(service, endpoint.clone());
        }
        let file = |name: &str| Some(place.data().join(name));
        config.peers.authority_file = file("ca.crt");
        config.peers.certificate_file = file("tls.crt");
        config.peers.key_file = file("tls.key");
        let operator = Operator::reach(&config).await.unwrap();
        let checks = operator.verify().await.unwrap();
        let broken: Vec<_> = checks.iter().filter(|c| c.violations > 0).collect();
        assert!(broken.is_empty(), "{broken:?}");
        let replay = checks.iter().find(|c| c.id == "dossier.replay").unwrap();
        assert_eq!(replay.checked, 1);

        refuses_strangers(&place, &settings, &config).await;
        for child in &mut pods.running {
            child.kill().await.unwrap();
        }
        place.end().await;
    }
}

/// Without a certificate of the authority there is no line at all.
async fn refuses_strangers(place: &Place, settings: &[(String, String)], config: &Config) {
    let endpoint = &config.peers.endpoints["dossier"];
    let port = endpoint.rsplit(':').next().unwrap();
    let status = pod(place, settings, port)
        .env("MOTCUA_PEERS__CERTIFICATE_FILE", "")
        .env("MOTCUA_PEERS__KEY_FILE", "")
        .args(["health", "dossier"])
        .stderr(Stdio::null())
        .status()
        .await
        .unwrap();
    assert!(!status.success());
}

async fn issue(place: &Place, pods: &Pods) -> BTreeMap<String, String> {
    use account::provisioning_service_client::ProvisioningServiceClient;
    let request = account::IssuePasswordsRequest {
        request_id: Uuid::from_u128(1).to_string(),
        units: vec!["units/18583".to_owned()],
    };
    let mut client = ProvisioningServiceClient::new(line(place, pods, "account", None));
    let issued = client.issue_passwords(request).await.unwrap().into_inner();
    let pair = |one: account::IssuedPassword| (one.login, one.password);
    issued.passwords.into_iter().map(pair).collect()
}

async fn sign_in(place: &Place, pods: &Pods, login: &str, password: &str) -> String {
    let request = account::SignInRequest {
        login: login.to_owned(),
        password: password.to_owned(),
    };
    let door = line(place, pods, "account", None).anonymous();
    let answer = AuthServiceClient::new(door).sign_in(request).await.unwrap();
    answer.into_inner().tokens.unwrap().access
}

async fn take_in(place: &Place, pods: &Pods, access: &str) -> pb::Dossier {
    let mut client = DossierServiceClient::new(line(place, pods, "dossier", Some(access)));
    let part = pb::Part {
        number: 1,
        originals: 1,
        ..pb::Part::default()
    };
    let message = pb::SubmitRequest {
        request_id: Uuid::from_u128(2).to_string(),
        receiver: "units/18583".to_owned(),
        case: "cases/tt-0001".to_owned(),
        applicant: Some(pb::Applicant {
            full_name: "Trần Thị Tách".to_owned(),
            id_number: "042190000123".to_owned(),
            birth_date: "1990-05-06".to_owned(),
            ..pb::Applicant::default()
        }),
        parts: vec![part],
        channel: pb::Channel::Counter.into(),
        ..pb::SubmitRequest::default()
    };
    let dossier = client.submit(message).await.unwrap().into_inner().dossier;
    let dossier = dossier.unwrap();
    let accept = pb::AcceptRequest {
        request_id: Uuid::from_u128(3).to_string(),
        name: dossier.name,
        etag: dossier.etag,
    };
    let accepted = client.accept(accept).await.unwrap().into_inner();
    accepted.dossier.unwrap()
}
