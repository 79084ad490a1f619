//! What is left of the caller's time.

use runtime::Failure;
use runtime::client::remaining;
use runtime::failure::Reason;
use tonic::Code;

use motcua_runtime as runtime;

use crate::probe::{Does, PUBLIC, Probe};
use crate::{DOORS, House, call, reached, reason};

#[tokio::test]
async fn with_under_100_ms_left_no_work_is_begun() {
    for door in DOORS {
        let probe = Probe::new(Does::Answer);
        let house = House::serve(door, probe.routes()).await;
        let nobody = house.nobody();
        // A line that is up already: what is short is the budget, not the dialling.
        assert!(reached(&call(&nobody, PUBLIC, &[]).await));
        assert_eq!(probe.calls(), 1);
        for short in ["99m", "50m", "99999u", "1n", "0S"] {
            let timeout = [("grpc-timeout", short.to_owned())];
            let status = call(&nobody, PUBLIC, &timeout).await;
            assert_eq!(status.code(), Code::DeadlineExceeded, "{door:?} {short}");
            assert_eq!(reason(&status), Reason::Deadline, "{door:?} {short}");
        }
        assert_eq!(probe.calls(), 0, "{door:?}");
        for long in ["2S", "30S", "1M", "1H", "99999999H", "rubbish"] {
            let timeout = [("grpc-timeout", long.to_owned())];
            let status = call(&nobody, PUBLIC, &timeout).await;
            assert!(reached(&status), "{door:?} {long}: {status:?}");
        }
        house.end().await;
    }
}

#[tokio::test]
async fn a_handler_that_takes_longer_is_left_at_the_deadline() {
    for door in DOORS {
        let probe = Probe::new(Does::Wait);
        let house = House::serve(door, probe.routes()).await;
        let timeout = [("grpc-timeout", "300m".to_owned())];
        let status = call(&house.nobody(), PUBLIC, &timeout).await;
        assert_eq!(reason(&status), Reason::Deadline, "{door:?}");
        assert_eq!(probe.calls(), 1, "{door:?}");
        // Nothing of it runs on: the drain has nothing to wait for.
        house.end().await;
    }
}

#[tokio::test]
async fn a_handler_has_what_its_caller_gives_and_at_most_half_a_minute() {
    assert_eq!(remaining(), None, "outside a request there is no deadline");
    for door in DOORS {
        let house = House::serve(door, Probe::new(Does::Answer).routes()).await;
        for (given, most) in [("2S", 2_000), ("29S", 29_000), ("1H", 30_000), ("", 30_000)] {
            let mut headers = vec![("grpc-timeout", given.to_owned())];
            headers.retain(|(_, given)| !given.is_empty());
            let status = call(&house.nobody(), PUBLIC, &headers).await;
            let failure = Failure::from_status(&status);
            let left: u32 = failure.metadata("left").unwrap().parse().unwrap();
            assert!(
                (most - 1_900..=most).contains(&left),
                "{door:?} {given}: {left}"
            );
        }
        house.end().await;
    }
}
