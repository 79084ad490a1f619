//! Each layer does its job, in the promised order.

use runtime::client::on_behalf;
use runtime::failure::Reason;
use runtime::incarnation::Incarnations;
use runtime::server::LAYERS;
use tonic::Code;

use motcua_runtime as runtime;

use crate::probe::{
    Does, PARTNER, PERSON, PERSON_OR_SERVICE, PUBLIC, Probe, SERVICE, SERVICE_WRITES,
};
use crate::{DOORS, House, bearer, call, reached, reason, secret, send};

const PATHS: [&str; 6] = [
    PUBLIC,
    PERSON,
    PERSON_OR_SERVICE,
    SERVICE,
    SERVICE_WRITES,
    PARTNER,
];

#[tokio::test]
async fn who_may_reach_what() {
    use Code::{NotFound as Yes, PermissionDenied as No, Unauthenticated as Who};
    for door in DOORS {
        let probe = Probe::new(Does::Answer);
        let house = House::serve(door, probe.routes()).await;
        let nobody = house.nobody();
        let person = house.with(&house.person());
        let partner = house.with(&house.partner());
        let service = house.service(&house.clock, Incarnations::default());
        let matrix = [
            ("nobody", &nobody, None, [Yes, Who, Who, Who, Who, Who]),
            ("a person", &person, None, [Yes, Yes, Yes, No, No, No]),
            ("a partner", &partner, None, [Yes, No, No, No, No, Yes]),
            ("a service", &service, None, [Yes, No, Yes, Yes, Yes, No]),
            (
                "a service for a person",
                &service,
                Some(house.person()),
                [Yes, Yes, Yes, Yes, Yes, No],
            ),
            (
                "a service for a partner",
                &service,
                Some(house.partner()),
                [Yes, No, Yes, Yes, Yes, Yes],
            ),
        ];
        for (who, channel, behalf, expected) in matrix {
            for (path, expected) in PATHS.into_iter().zip(expected) {
                let calling = call(channel, path, &[]);
                let status = match &behalf {
                    Some(token) => on_behalf(&secret(token), calling).await.unwrap(),
                    None => calling.await,
                };
                assert_eq!(status.code(), expected, "{door:?}: {who} at {path}");
                assert_eq!(reached(&status), expected == Yes);
                assert_eq!(probe.calls(), u32::from(expected == Yes), "{who} at {path}");
            }
        }
        house.end().await;
    }
}

#[tokio::test]
async fn the_layers_refuse_in_their_order() {
    assert_eq!(
        LAYERS[1..5],
        [
            "deadline budget",
            "authentication",
            "permission",
            "message limit"
        ]
    );
    for door in DOORS {
        let probe = Probe::new(Does::Answer);
        let house = House::serve(door, probe.routes()).await;
        let nobody = house.nobody();
        let large = vec![0; 2 * 1024 * 1024];
        let forged = ("authorization", "Bearer forged".to_owned());
        let late = ("grpc-timeout", "50m".to_owned());
        let long = ("x-fill", "a".repeat(17_000));

        // Everything is wrong: no time, a forged token, not allowed, too long.
        let all = [late.clone(), forged.clone(), long.clone()];
        let status = send(&nobody, SERVICE, &all, large.clone()).await;
        assert_eq!(reason(&status), Reason::Deadline, "{door:?}");
        let timely = [forged, long.clone()];
        let status = send(&nobody, SERVICE, &timely, large.clone()).await;
        assert_eq!(reason(&status), Reason::Unauthenticated, "{door:?}");
        let mut known = bearer(&house.person());
        known.push(long.clone());
        let status = send(&nobody, SERVICE, &known, large.clone()).await;
        assert_eq!(reason(&status), Reason::Denied, "{door:?}");
        let status = send(&nobody, PERSON, &known, large).await;
        assert_eq!(reason(&status), Reason::TooLarge, "{door:?}");
        assert_eq!(probe.calls(), 0);
        let status = call(&nobody, PERSON, &bearer(&house.person())).await;
        assert!(reached(&status), "{door:?}: {status:?}");
        house.end().await;
    }
}

#[tokio::test]
async fn a_panic_is_an_incident_without_its_words() {
    const WORDS: &str = "khóa bí mật 4711";
    for door in DOORS {
        let probe = Probe::new(Does::Panic(WORDS));
        let house = House::serve(door, probe.routes()).await;
        let nobody = house.nobody();
        let mut incidents = Vec::new();
        for _ in 0..3 {
            let status = call(&nobody, PUBLIC, &[]).await;
            assert_eq!(status.code(), Code::Internal, "{door:?}");
            let failure = runtime::Failure::from_status(&status);
            assert_eq!(failure.reason(), Reason::Internal);
            let wire = [status.message().as_bytes(), status.details()].concat();
            let wire = String::from_utf8_lossy(&wire).into_owned();
            assert!(!wire.contains("4711") && !wire.contains(WORDS), "{wire}");
            incidents.push(failure.metadata("incident").unwrap().to_owned());
        }
        incidents.dedup();
        assert_eq!(incidents.len(), 3, "each has its own");
        assert_eq!(probe.calls(), 3, "the line and the server live on");
        house.end().await;
    }
}

#[tokio::test]
async fn an_unknown_path_is_unimplemented() {
    for door in DOORS {
        let probe = Probe::new(Does::Answer);
        let house = House::serve(door, probe.routes()).await;
        for path in ["/motcua.nothing.v1.Nothing/Do", "/", "/a/b/c"] {
            let status = call(&house.nobody(), path, &[]).await;
            assert_eq!(status.code(), Code::Unimplemented, "{door:?} {path}");
            // A token that is there must be good, even here.
            let forged = call(&house.nobody(), path, &bearer("forged")).await;
            assert_eq!(forged.code(), Code::Unauthenticated, "{door:?} {path}");
        }
        assert_eq!(probe.calls(), 0);
        house.end().await;
    }
}
