//! How long messages and headers may be.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use futures::Stream;
use prost::Message as _;
use proto::event::v1::event_feed_service_client::EventFeedServiceClient;
use proto::event::v1::event_feed_service_server::{EventFeedService, EventFeedServiceServer};
use proto::event::v1::{ReadRequest, ReadResponse, WatchRequest, WatchResponse};
use runtime::Failure;
use runtime::failure::Reason;
use runtime::incarnation::Incarnations;
use runtime::server::{MESSAGE_LIMIT, Routes};
use tonic::{Code, Request, Response, Status};

use motcua_runtime as runtime;

use crate::probe::{Does, PUBLIC, Probe};
use crate::{DOORS, House, call, reached};

/// A real generated server, which decodes.
#[derive(Clone, Default)]
struct Feed(Arc<AtomicU32>);

#[tonic::async_trait]
impl EventFeedService for Feed {
    type WatchStream = Pin<Box<dyn Stream<Item = Result<WatchResponse, Status>> + Send>>;

    async fn read(&self, _: Request<ReadRequest>) -> Result<Response<ReadResponse>, Status> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Ok(Response::new(ReadResponse::default()))
    }

    async fn watch(&self, _: Request<WatchRequest>) -> Result<Response<Self::WatchStream>, Status> {
        Err(Failure::not_found("probe").into())
    }
}

/// A request whose encoding is this long, with the bytes before the text.
fn request(length: usize) -> ReadRequest {
    let of = |text: usize| ReadRequest {
        incarnation: "a".repeat(text),
        ..ReadRequest::default()
    };
    // The bytes before the text tell its length, so there are fewer before less.
    let mut text = length;
    for _ in 0..2 {
        text = length - (of(text).encoded_len() - text);
    }
    let request = of(text);
    assert_eq!(request.encoded_len(), length);
    request
}

#[tokio::test]
async fn a_message_over_its_limit_is_refused_with_the_limit() {
    for door in DOORS {
        let feed = Feed::default();
        let routes = Routes::new().add(EventFeedServiceServer::new(feed.clone()));
        let house = House::serve(door, routes).await;
        let channel = house.service(&house.clock, Incarnations::default());
        let mut client = EventFeedServiceClient::new(channel);
        client.read(request(MESSAGE_LIMIT)).await.unwrap();
        assert_eq!(feed.0.swap(0, Ordering::SeqCst), 1);
        for length in [MESSAGE_LIMIT + 1, 2 * MESSAGE_LIMIT, 8 * MESSAGE_LIMIT] {
            let refused = client.read(request(length)).await.unwrap_err();
            assert_eq!(refused.code(), Code::ResourceExhausted, "{door:?} {length}");
            let failure = Failure::from_status(&refused);
            assert_eq!(failure.reason(), Reason::TooLarge, "{door:?} {length}");
            assert_eq!(failure.metadata("limit"), Some("1048576"));
        }
        assert_eq!(feed.0.load(Ordering::SeqCst), 0);
        client.read(request(10)).await.unwrap();
        house.end().await;
    }
}

#[tokio::test]
async fn a_method_that_says_so_takes_longer_messages_and_no_other_does() {
    let feed = Feed::default();
    let server = EventFeedServiceServer::new(feed.clone());
    let routes = Routes::new()
        .add(server.max_decoding_message_size(4 * MESSAGE_LIMIT))
        .allow_large("/motcua.event.v1.EventFeedService/Read", 2 * MESSAGE_LIMIT);
    let house = House::serve(DOORS[0], routes).await;
    let channel = house.service(&house.clock, Incarnations::default());
    let mut client = EventFeedServiceClient::new(channel);
    client.read(request(2 * MESSAGE_LIMIT)).await.unwrap();
    let refused = client
        .read(request(2 * MESSAGE_LIMIT + 1))
        .await
        .unwrap_err();
    let failure = Failure::from_status(&refused);
    assert_eq!(failure.metadata("limit"), Some("2097152"));
    let other = WatchRequest {
        incarnation: "a".repeat(MESSAGE_LIMIT),
        ..WatchRequest::default()
    };
    let refused = client.watch(other).await.err().unwrap();
    let failure = Failure::from_status(&refused);
    assert_eq!(failure.reason(), Reason::TooLarge);
    house.end().await;
}

#[tokio::test]
async fn headers_over_16_kib_are_refused_and_the_line_goes_on() {
    for door in DOORS {
        let probe = Probe::new(Does::Answer);
        let house = House::serve(door, probe.routes()).await;
        let nobody = house.nobody();
        let fill = |length: usize| [("x-fill", "a".repeat(length))];
        let status = call(&nobody, PUBLIC, &fill(15_000)).await;
        assert!(reached(&status), "{door:?}: {status:?}");
        assert_eq!(probe.calls(), 1);
        // Refused in our words, in one header or in many.
        let many: Vec<_> = (0..400).map(|n| ("x-fill", format!("{n:08}"))).collect();
        for headers in [&fill(16_384)[..], &fill(60_000)[..], &many[..]] {
            let status = call(&nobody, PUBLIC, headers).await;
            assert_eq!(status.code(), Code::ResourceExhausted, "{door:?}");
            let failure = Failure::from_status(&status);
            assert_eq!(failure.reason(), Reason::TooLarge, "{door:?}");
            assert_eq!(failure.metadata("limit"), Some("16384"));
        }
        // Refused by the transport.
        let status = call(&nobody, PUBLIC, &fill(70_000)).await;
        assert_ne!(status.code(), Code::Ok);
        assert_eq!(probe.calls(), 0, "{door:?}");
        let status = call(&nobody, PUBLIC, &[]).await;
        assert!(reached(&status), "{door:?}: {status:?}");
        house.end().await;
    }
}
