//! What a server offers beside the contract, and where it does not open.

use std::time::Duration;

use runtime::server::{Listener, Server, ServerError};
use tonic::Code;

use motcua_runtime as runtime;

use crate::probe::{Does, PUBLIC, Probe};
use crate::{DOORS, House, call, reached};

#[tokio::test]
async fn reflection_is_for_development_only() {
    for door in DOORS {
        for development in [false, true] {
            let probe = Probe::new(Does::Answer);
            let house = House::serve_as(door, probe.routes(), development).await;
            for version in ["v1", "v1alpha"] {
                let path =
                    format!("/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo");
                let status = call(&house.nobody(), &path, &[]).await;
                let expected = if development {
                    Code::Ok
                } else {
                    Code::Unimplemented
                };
                assert_eq!(status.code(), expected, "{door:?} {version} {development}");
            }
            let status = call(&house.nobody(), PUBLIC, &[]).await;
            assert!(reached(&status));
            house.end().await;
        }
    }
}

#[tokio::test]
async fn plaintext_does_not_leave_the_machine() {
    let house = House::serve(DOORS[0], Probe::new(Does::Answer).routes()).await;
    let listener = Listener::tcp(([0, 0, 0, 0], 0).into()).await.unwrap();
    let at = listener.local_addr().unwrap();
    // One that opened would serve until the bound.
    let serving = Server::new(&house.ctx).serve(listener);
    let refused = tokio::time::timeout(Duration::from_secs(10), serving).await;
    let refused = refused.expect("it is refused at once");
    assert!(
        matches!(&refused, Err(ServerError::Plaintext(address)) if *address == at),
        "{refused:?}"
    );
    house.end().await;
}

#[tokio::test]
async fn a_certificate_that_is_not_there_stops_the_start_by_its_name() {
    use runtime::server::{Config, TlsConfig};
    let house = House::serve(DOORS[0], Probe::new(Does::Answer).routes()).await;
    let listener = Listener::tcp(([127, 0, 0, 1], 0).into()).await.unwrap();
    let server = Server::new(&house.ctx).config(Config {
        tls: Some(TlsConfig {
            certificate_file: "no/such/certificate.pem".into(),
            key_file: "no/such/key.pem".into(),
            authority_file: None,
        }),
        ..Config::default()
    });
    let refused = server.serve(listener).await;
    assert!(
        matches!(&refused, Err(ServerError::File(name)) if name == "no/such/certificate.pem"),
        "{refused:?}"
    );
    house.end().await;
}
