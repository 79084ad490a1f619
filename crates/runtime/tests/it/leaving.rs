//! Leaving in order and in bounded time.

use std::time::Duration;

use runtime::Shutdown;
use runtime::client::Channel;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use motcua_runtime as runtime;

use crate::probe::{Does, PUBLIC, Probe};
use crate::{DOORS, House, call, reached, until};

#[tokio::test]
async fn a_call_in_flight_ends_and_new_ones_find_nobody() {
    for door in DOORS {
        let probe = Probe::new(Does::Wait);
        let house = House::serve(door, probe.routes()).await;
        let channel = house.nobody();
        let calls: Vec<_> = (0..10)
            .map(|_| {
                let channel = channel.clone();
                tokio::spawn(async move { call(&channel, PUBLIC, &[]).await })
            })
            .collect();
        let mut begun = 0;
        until("the calls are in flight", || {
            begun += probe.calls();
            begun == 10
        })
        .await;
        house.ctx.shutdown.token.cancel();
        // A line of its own: the server no longer takes one.
        let refused = call(
            &house.nobody(),
            PUBLIC,
            &[("grpc-timeout", "1S".to_owned())],
        )
        .await;
        assert!(!reached(&refused), "{door:?}");
        assert_eq!(probe.calls(), 0, "{door:?}");
        probe.open();
        for call in calls {
            let status = call.await.unwrap();
            assert!(reached(&status), "{door:?}: {status:?}");
        }
        drop(channel);
        house.end().await;
    }
}

#[tokio::test]
async fn readiness_turns_false_while_calls_are_still_served() {
    for door in DOORS {
        let probe = Probe::new(Does::Answer);
        let house = House::serve(door, probe.routes()).await;
        let mut health = HealthClient::new(house.nobody());
        for service in ["", "motcua.account.v1.AuthService"] {
            let status = ready(&mut health, service).await;
            assert_eq!(status, ServingStatus::Serving, "{door:?}");
        }
        let leaving = house.ctx.shutdown.clone();
        let announcing = tokio::spawn(async move { leaving.begin(Duration::from_mins(1)).await });
        for service in ["", "motcua.account.v1.AuthService"] {
            let turned =
                async { while ready(&mut health, service).await != ServingStatus::NotServing {} };
            let bound = Duration::from_secs(10);
            tokio::time::timeout(bound, turned)
                .await
                .expect("it turns false");
        }
        assert!(!house.ctx.shutdown.is_stopped());
        assert!(
            reached(&call(&house.nobody(), PUBLIC, &[]).await),
            "{door:?}"
        );
        house.ctx.shutdown.token.cancel();
        announcing.await.unwrap();
        drop(health);
        house.end().await;
    }
}

async fn ready(health: &mut HealthClient<Channel>, service: &str) -> ServingStatus {
    let request = HealthCheckRequest {
        service: service.to_owned(),
    };
    health.check(request).await.unwrap().into_inner().status()
}

#[tokio::test]
async fn the_drain_is_bounded_and_names_what_still_runs() {
    let shutdown = Shutdown::new();
    let token = shutdown.token.clone();
    shutdown.spawn("polite", async move { token.cancelled().await });
    shutdown.spawn("stuck", std::future::pending::<()>());
    let broken = shutdown.spawn("broken", async { panic!("as the test wants") });
    assert!(broken.await.is_err());
    let drained = shutdown.drain(Duration::from_millis(200)).await;
    assert_eq!(drained, Err(vec!["stuck"]));
    assert!(shutdown.is_stopped());
    assert!(shutdown.leaving().is_cancelled());
    assert!(!shutdown.pause(Duration::from_mins(1)).await, "pauses end");
}

#[tokio::test]
async fn a_drain_without_anything_left_is_immediate() {
    let shutdown = Shutdown::new();
    let token = shutdown.token.clone();
    shutdown.spawn("polite", async move { token.cancelled().await });
    let within = tokio::time::timeout(Duration::from_secs(5), shutdown.begin(Duration::ZERO));
    within.await.unwrap();
    assert_eq!(shutdown.drain(Duration::from_secs(5)).await, Ok(()));
    assert_eq!(shutdown.running(), [""; 0]);
}

#[tokio::test]
async fn a_signal_that_comes_before_anybody_waits_for_it_is_not_lost() {
    let signalled = Shutdown::new().signalled().unwrap();
    // Whoever reads that a process is ready may end it in the same instant.
    let me = std::process::id().to_string();
    let sent = std::process::Command::new("kill")
        .args(["-TERM", &me])
        .status();
    assert!(sent.unwrap().success());
    let heard = tokio::time::timeout(Duration::from_secs(10), signalled).await;
    assert!(heard.is_ok());
}
