//! The one server and the one client, over memory and over TCP.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::clone_on_ref_ptr,
    clippy::disallowed_methods,
    reason = "helpers of tests may fail as tests do, and tests spawn without a tracker"
)]

mod config;
mod deadlines;
mod doors;
mod forge;
mod keys;
mod layers;
mod leaving;
mod limits;
mod lines;
mod neighbours;
mod probe;
mod tokens;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::clock::Clock;
use domain::ids::{PersonId, SessionId};
use http::{HeaderName, HeaderValue, Request};
use runtime::auth::{
    Claims, KeySet, PartnerTrust, PrivateKey, ServiceIdentity, Signer, TrustConfig, Verifier,
    generate_key,
};
use runtime::client::{Channel, Outgoing};
use runtime::clock::SystemIds;
use runtime::config::SecretString;
use runtime::context::Peers;
use runtime::failure::Reason;
use runtime::incarnation::Incarnations;
use runtime::server::{Config, Dial, Listener, Routes, Server};
use runtime::{Failure, ServiceContext, Shutdown};
use tonic::body::Body;
use tonic::{Code, Status};
use tower::Service as _;
use uuid::Uuid;

use motcua_runtime as runtime;

/// A clock that a test moves.
#[derive(Clone)]
struct Still(Arc<Mutex<DateTime<Utc>>>);

impl Still {
    fn new() -> Self {
        let at = "2026-11-30T02:00:00Z".parse().unwrap();
        Self(Arc::new(Mutex::new(at)))
    }

    fn advance(&self, by: TimeDelta) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for Still {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
}

/// How a server is reached.
#[derive(Clone, Copy, Debug)]
enum Door {
    Memory,
    Tcp,
}

const DOORS: [Door; 2] = [Door::Memory, Door::Tcp];

enum Way {
    Memory(Dial),
    Tcp(String),
}

/// A dossier service, a workflow service that calls it, an issuer and a partner.
struct House {
    clock: Still,
    keys: KeySet,
    issuer: PrivateKey,
    workflow: PrivateKey,
    partner: PrivateKey,
    ctx: ServiceContext,
    way: Way,
}

impl House {
    async fn serve(door: Door, routes: Routes) -> Self {
        Self::serve_as(door, routes, false).await
    }

    async fn serve_as(door: Door, routes: Routes, development: bool) -> Self {
        let [issuer, dossier, workflow, partner] = [(); 4].map(|()| generate_key().unwrap());
        let clock = Still::new();
        let trust = TrustConfig {
            issuers: vec![issuer.public().clone()],
            services: [
                ("dossier".to_owned(), vec![dossier.public().clone()]),
                ("workflow".to_owned(), vec![workflow.public().clone()]),
            ]
            .into(),
            partners: [(
                "dvcqg".to_owned(),
                PartnerTrust {
                    keys: vec![partner.public().clone()],
                    scopes: ["file".to_owned()].into(),
                },
            )]
            .into(),
        };
        let keys = KeySet::new(&trust).unwrap();
        let shared = Arc::new(clock.clone());
        let ctx = ServiceContext {
            clock: shared.clone(),
            ids: Arc::new(SystemIds),
            shutdown: Shutdown::new(),
            verifier: Arc::new(Verifier::new(keys.clone(), shared.clone())),
            identity: Arc::new(ServiceIdentity::new("dossier", &dossier, shared)),
            incarnations: Incarnations::default(),
            peers: Peers::default(),
        };
        let server = Server::new(&ctx).routes(routes).config(Config {
            development,
            ..Config::default()
        });
        let (listener, way) = match door {
            Door::Memory => {
                let (listener, dial) = Listener::memory();
                (listener, Way::Memory(dial))
            }
            Door::Tcp => {
                let free = ([127, 0, 0, 1], 0).into();
                let listener = Listener::tcp(free).await.unwrap();
                let at = listener.local_addr().unwrap();
                (listener, Way::Tcp(format!("http://{at}")))
            }
        };
        ctx.shutdown.spawn("server", async move {
            server.serve(listener).await.unwrap();
        });
        Self {
            clock,
            keys,
            issuer,
            workflow,
            partner,
            ctx,
            way,
        }
    }

    fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    fn channel(&self, outgoing: Outgoing) -> Channel {
        match &self.way {
            Way::Memory(dial) => Channel::memory(dial.clone(), outgoing),
            Way::Tcp(endpoint) => {
                let config = runtime::client::Config {
                    endpoint: endpoint.clone(),
                    authority_file: None,
                    certificate_file: None,
                    key_file: None,
                    domain: None,
                };
                Channel::tcp(&config, outgoing).unwrap()
            }
        }
    }

    /// Nobody's line.
    fn nobody(&self) -> Channel {
        self.channel(Outgoing {
            identity: None,
            incarnations: Incarnations::default(),
            clock: Arc::new(self.clock.clone()),
        })
    }

    /// The line of somebody with a token.
    fn with(&self, token: &str) -> Channel {
        self.nobody().with_token(&token.into()).unwrap()
    }

    /// The line of the workflow service, by a clock of its own.
    fn service(&self, clock: &Still, incarnations: Incarnations) -> Channel {
        let clock = Arc::new(clock.clone());
        let identity = ServiceIdentity::new("workflow", &self.workflow, clock.clone());
        self.channel(Outgoing {
            identity: Some(Arc::new(identity)),
            incarnations,
            clock,
        })
    }

    fn person(&self) -> String {
        let claims = Claims::person(
            PersonId(Uuid::from_u128(1)),
            SessionId(Uuid::from_u128(2)),
            3,
            None,
            self.now(),
        );
        Signer::new(&self.issuer).sign(&claims).unwrap()
    }

    fn partner(&self) -> String {
        let scopes = ["file".to_owned()].into();
        let claims = Claims::partner("dvcqg", scopes, 0, self.now());
        Signer::new(&self.partner).sign(&claims).unwrap()
    }

    async fn end(self) {
        let drained = self.ctx.shutdown.drain(Duration::from_secs(15)).await;
        assert_eq!(drained, Ok(()));
    }
}

/// A call by hand: an empty message to a path, with these headers.
async fn call(channel: &Channel, path: &str, headers: &[(&str, String)]) -> Status {
    send(channel, path, headers, vec![0; 5]).await
}

/// As [`call`], with the bytes of a body.
async fn send(channel: &Channel, path: &str, headers: &[(&str, String)], body: Vec<u8>) -> Status {
    let body = Body::new(http_body_util::Full::new(bytes::Bytes::from(body)));
    let mut request = Request::builder()
        .method("POST")
        .uri(path)
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(body)
        .unwrap();
    for (name, value) in headers {
        request.headers_mut().append(
            HeaderName::from_bytes(name.as_bytes()).unwrap(),
            HeaderValue::from_str(value).unwrap(),
        );
    }
    match channel.clone().call(request).await {
        Ok(answer) if answer.status() != 200 => {
            Status::new(Code::Unknown, answer.status().to_string())
        }
        Ok(answer) => {
            Status::from_header_map(answer.headers()).unwrap_or_else(|| Status::new(Code::Ok, ""))
        }
        Err(status) => status,
    }
}

fn bearer(token: &str) -> Vec<(&'static str, String)> {
    vec![("authorization", format!("Bearer {token}"))]
}

fn reason(status: &Status) -> Reason {
    Failure::from_status(status).reason()
}

/// That a call came through to the probe.
fn reached(status: &Status) -> bool {
    let failure = Failure::from_status(status);
    failure.reason() == Reason::NotFound && failure.metadata("resource") == Some("probe")
}

/// Waits for a condition, at most 10 s.
async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let waiting = async {
        let mut look = tokio::time::interval(Duration::from_millis(2));
        while !holds() {
            look.tick().await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(10), waiting).await;
    assert!(waited.is_ok(), "waited in vain: {what}");
}

fn secret(text: &str) -> SecretString {
    text.into()
}
