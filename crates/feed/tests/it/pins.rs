//! A service that is called and follows nobody pins its callers' incarnations.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll};

use futures::future::BoxFuture;
use http::{Request, Response};
use proto::workflow::v1::instance_service_client::InstanceServiceClient;
use proto::workflow::v1::{GetInstanceRequest, OpenInstanceRequest};
use runtime::Failure;
use runtime::failure::Reason;
use runtime::server::Routes;
use storage::{Db, cursor};
use tonic::Status;
use tonic::body::Body;
use tonic::server::NamedService;
use tower::Service;
use uuid::Uuid;

use motcua_feed as feed;

use crate::{Pair, all, until};

/// Stands for the service and counts the calls that reach it.
#[derive(Clone, Default)]
struct Reached(Arc<AtomicU32>);

impl NamedService for Reached {
    const NAME: &'static str = "motcua.workflow.v1.InstanceService";
}

impl Service<Request<Body>> for Reached {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Body>) -> Self::Future {
        self.0.fetch_add(1, Ordering::SeqCst);
        Box::pin(async { Ok(Status::from(Failure::not_found("reached")).into_http()) })
    }
}

/// A process of the called service over its store.
struct Called {
    pair: Pair,
    reached: Reached,
    client: InstanceServiceClient<runtime::client::Channel>,
}

impl Called {
    async fn start(db: &Db) -> Self {
        let pair = Pair::new();
        let serving = &pair.serving;
        let job = feed::pins(db, &serving.incarnations, &serving.shutdown).await;
        serving.shutdown.spawn("pins", job.unwrap());
        let reached = Reached::default();
        let channel = pair.serve(Routes::new().add(reached.clone()));
        Self {
            pair,
            reached,
            client: InstanceServiceClient::new(channel),
        }
    }

    /// The caller's store is of this incarnation from now on.
    fn caller_is(&self, incarnation: Uuid) {
        let calling = &self.pair.calling.incarnations;
        calling.set("dossier", incarnation.to_string());
    }

    async fn write(&mut self) -> Reason {
        let refused = self
            .client
            .open_instance(OpenInstanceRequest::default())
            .await;
        Failure::from_status(&refused.unwrap_err()).reason()
    }

    async fn read(&mut self) -> Reason {
        let refused = self
            .client
            .get_instance(GetInstanceRequest::default())
            .await;
        Failure::from_status(&refused.unwrap_err()).reason()
    }

    fn calls(&self) -> u32 {
        self.reached.0.swap(0, Ordering::SeqCst)
    }

    async fn end(self) {
        let drained = self
            .pair
            .serving
            .shutdown
            .drain(std::time::Duration::from_secs(20));
        drained.await.unwrap();
    }
}

const FIRST: Uuid = Uuid::from_u128(1);
const OTHER: Uuid = Uuid::from_u128(2);

async fn pinned(db: &Db) -> Option<Uuid> {
    let pins = cursor::pins(db.read()).await.unwrap();
    pins.get("dossier").copied()
}

#[tokio::test]
async fn a_caller_of_another_incarnation_is_refused_before_the_handler_for_good() {
    for one in all().await {
        let mut called = Called::start(&one.db).await;
        called.caller_is(FIRST);
        // Reading pins nothing.
        assert_eq!(called.read().await, Reason::NotFound);
        assert_eq!(called.pair.serving.incarnations.get("dossier"), None);
        assert_eq!(called.write().await, Reason::NotFound);
        assert_eq!(called.calls(), 2, "{}", one.label);
        until("the pin is stored", async || {
            pinned(&one.db).await == Some(FIRST)
        })
        .await;

        called.caller_is(OTHER);
        assert_eq!(called.write().await, Reason::IncarnationMismatch);
        assert_eq!(called.calls(), 0, "{}", one.label);
        assert_eq!(called.read().await, Reason::NotFound);
        assert_eq!(called.calls(), 1, "reads still work");
        called.end().await;

        // The next process has not forgotten.
        let mut called = Called::start(&one.db).await;
        called.caller_is(OTHER);
        assert_eq!(called.write().await, Reason::IncarnationMismatch);
        assert_eq!(called.calls(), 0, "{}", one.label);
        called.caller_is(FIRST);
        assert_eq!(called.write().await, Reason::NotFound);
        assert_eq!(called.calls(), 1, "{}", one.label);
        assert_eq!(pinned(&one.db).await, Some(FIRST));
        called.end().await;
    }
}

#[tokio::test]
async fn of_first_callers_at_once_only_one_incarnation_gets_in() {
    for one in all().await {
        let called = Called::start(&one.db).await;
        let calls = (0..24_u128).map(|n| {
            let calling = &called.pair.calling;
            let known = runtime::incarnation::Incarnations::default();
            known.set("dossier", Uuid::from_u128(n % 3 + 1).to_string());
            let outgoing = runtime::client::Outgoing {
                incarnations: known,
                ..calling.outgoing()
            };
            let mut client = InstanceServiceClient::new(called.pair.line(outgoing));
            tokio::spawn(async move {
                let refused = client.open_instance(OpenInstanceRequest::default()).await;
                Failure::from_status(&refused.unwrap_err()).reason()
            })
        });
        let calls: Vec<_> = calls.collect();
        let mut admitted = Vec::new();
        for (n, call) in (0..).zip(calls) {
            let answer = call.await.unwrap();
            if answer == Reason::NotFound {
                admitted.push(n % 3);
            } else {
                assert_eq!(answer, Reason::IncarnationMismatch, "{}", one.label);
            }
        }
        assert_eq!(admitted.len(), 8, "{}", one.label);
        assert!(admitted.iter().all(|which| *which == admitted[0]));
        called.end().await;
    }
}

#[tokio::test]
async fn of_two_replicas_the_first_stored_pin_stands() {
    for one in all().await {
        let mut first = Called::start(&one.db).await;
        let mut second = Called::start(&one.db).await;
        first.caller_is(FIRST);
        assert_eq!(first.write().await, Reason::NotFound);
        until("the pin is stored", async || {
            pinned(&one.db).await == Some(FIRST)
        })
        .await;
        // The second has not heard of it and believes its first caller; storing
        // tells it better.
        second.caller_is(OTHER);
        assert_eq!(second.write().await, Reason::NotFound);
        let known = second.pair.serving.incarnations.clone();
        until("the second learns", async || {
            known.get("dossier") == Some(FIRST.to_string())
        })
        .await;
        assert_eq!(second.write().await, Reason::IncarnationMismatch);
        assert_eq!(pinned(&one.db).await, Some(FIRST), "{}", one.label);
        first.end().await;
        second.end().await;
    }
}

#[tokio::test]
async fn a_service_without_pins_and_a_caller_without_a_store_are_let_in() {
    for one in all().await {
        // An operator's command has no incarnation of its own.
        let mut called = Called::start(&one.db).await;
        assert_eq!(called.write().await, Reason::NotFound);
        assert_eq!(called.pair.serving.incarnations.get("dossier"), None);
        // One that cannot be read is refused and not pinned.
        called.pair.calling.incarnations.set("dossier", "rubbish");
        assert_eq!(called.write().await, Reason::IncarnationMismatch);
        assert_eq!(called.calls(), 1, "{}", one.label);
        assert_eq!(pinned(&one.db).await, None, "{}", one.label);
        called.end().await;
    }
}
