//! Workflow follows nobody: it remembers which dossier service it was called by.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::sync::Arc;
use std::time::Duration;

use motcua_workflow::store::migration;
use proto::workflow::v1::instance_service_client::InstanceServiceClient;
use proto::workflow::v1::{GetInstanceRequest, OpenInstanceRequest};
use runtime::auth::{KeySet, ServiceIdentity, Verifier, generate_key};
use runtime::client::Channel;
use runtime::clock::{SystemClock, SystemIds};
use runtime::context::Peers;
use runtime::failure::Reason;
use runtime::incarnation::Incarnations;
use runtime::server::{Listener, Server};
use runtime::{Failure, ServiceContext, Shutdown};
use storage::test::databases;
use storage::{Db, cursor};
use tonic::Status;
use uuid::Uuid;

/// A process of the workflow service, and the caller's line to it.
async fn start(db: &Db, caller: Uuid) -> (ServiceContext, InstanceServiceClient<Channel>) {
    let keys = KeySet::default();
    let context = |name: &str| {
        let key = generate_key().unwrap();
        keys.trust_service(name, key.public()).unwrap();
        let clock = Arc::new(SystemClock);
        ServiceContext {
            clock: Arc::<SystemClock>::clone(&clock),
            ids: Arc::new(SystemIds),
            shutdown: Shutdown::new(),
            verifier: Arc::new(Verifier::new(
                keys.clone(),
                Arc::<SystemClock>::clone(&clock),
            )),
            identity: Arc::new(ServiceIdentity::new(name, &key, clock)),
            incarnations: Incarnations::default(),
            peers: Peers::default(),
        }
    };
    let (ctx, calling) = (context("workflow"), context("dossier"));
    calling.incarnations.set("dossier", caller.to_string());
    let built = motcua_workflow::build(&ctx, db.clone()).await.unwrap();
    let server = Server::new(&ctx).routes(built.start(&ctx.shutdown));
    let (listener, dial) = Listener::memory();
    ctx.shutdown.spawn("server", async move {
        server.serve(listener).await.unwrap();
    });
    let channel = Channel::memory(dial, calling.outgoing());
    (ctx, InstanceServiceClient::new(channel))
}

fn reason(status: &Status) -> Reason {
    Failure::from_status(status).reason()
}

#[tokio::test]
async fn a_dossier_service_that_was_restored_cannot_write_and_can_read() {
    let (first, restored) = (Uuid::from_u128(1), Uuid::from_u128(2));
    for one in databases(migration::all).await {
        let (ctx, mut client) = start(&one.db, first).await;
        // It reaches the handler, which finds the fields missing.
        let answer = client.open_instance(OpenInstanceRequest::default()).await;
        assert_eq!(reason(&answer.unwrap_err()), Reason::InvalidField);
        let stored = async {
            while cursor::pins(one.db.read()).await.unwrap().is_empty() {
                tokio::task::yield_now().await;
            }
        };
        let stored = tokio::time::timeout(Duration::from_secs(20), stored).await;
        stored.expect("the pin is stored");
        ctx.shutdown.drain(Duration::from_secs(20)).await.unwrap();

        let (ctx, mut client) = start(&one.db, restored).await;
        let answer = client.open_instance(OpenInstanceRequest::default()).await;
        let refused = reason(&answer.unwrap_err());
        assert_eq!(refused, Reason::IncarnationMismatch, "{}", one.label);
        let answer = client.get_instance(GetInstanceRequest::default()).await;
        assert_ne!(reason(&answer.unwrap_err()), Reason::IncarnationMismatch);
        ctx.shutdown.drain(Duration::from_secs(20)).await.unwrap();

        let (ctx, mut client) = start(&one.db, first).await;
        let answer = client.open_instance(OpenInstanceRequest::default()).await;
        assert_eq!(
            reason(&answer.unwrap_err()),
            Reason::InvalidField,
            "{}",
            one.label
        );
        ctx.shutdown.drain(Duration::from_secs(20)).await.unwrap();
    }
}
