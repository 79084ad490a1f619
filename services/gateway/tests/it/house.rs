//! A gateway with its store, alone or among neighbours made for the test.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::actor::{ActingPost, Actor, Principal, Role};
use domain::clock::{Clock, Ids};
use domain::ids::{PersonId, PostId, SessionId, UnitId};
use feed::Event;
use gateway::App;
use gateway::app::follow;
use gateway::store::migration;
use motcua_gateway as gateway;
use runtime::auth::{
    Claims, KeySet, PrivateKey, ServiceIdentity, Signer, TrustConfig, Verifier, generate_key,
};
use runtime::client::{Channel, Outgoing};
use runtime::config::SecretString;
use runtime::context::{Peers, ServiceContext};
use runtime::incarnation::Incarnations;
use runtime::server::{Dial, Listener, Routes, Server};
use runtime::{Failure, Shutdown};
use sea_orm::ConnectionTrait as _;
use storage::test::{TestDb, databases};
use storage::{Db, StorageError, cursor};
use uuid::Uuid;

use crate::life::{Life, at};
use crate::neighbours::Neighbours;

/// A clock that a test moves.
pub(crate) struct Moving(Mutex<DateTime<Utc>>);

impl Moving {
    pub(crate) fn forward(&self, by: TimeDelta) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for Moving {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
}

/// The clock as services see it.
fn ticking(clock: &Arc<Moving>) -> Arc<dyn Clock> {
    Arc::<Moving>::clone(clock)
}

/// Ids in order, told apart from those of lives.
pub(crate) struct Counting(AtomicU64);

impl Ids for Counting {
    fn next(&self) -> Uuid {
        Uuid::from_u128(u128::from(self.0.fetch_add(1, Ordering::Relaxed)) + (1 << 100))
    }
}

/// Keys and clock that a whole test shares.
pub(crate) struct Ground {
    pub(crate) clock: Arc<Moving>,
    pub(crate) shutdown: Shutdown,
    ids: Arc<dyn Ids>,
    issuer: Signer,
    keys: Vec<(&'static str, PrivateKey)>,
    verifier: Arc<Verifier>,
}

impl Ground {
    pub(crate) fn new() -> Self {
        let clock = Arc::new(Moving(Mutex::new(at("2026-11-24T09:00"))));
        let set = KeySet::new(&TrustConfig::default()).unwrap();
        let issuer = generate_key().unwrap();
        set.trust_issuer(issuer.public()).unwrap();
        let names = ["gateway", "dossier", "account", "workflow", "operator"];
        let keys: Vec<_> = names
            .into_iter()
            .map(|name| (name, generate_key().unwrap()))
            .collect();
        for (name, key) in &keys {
            set.trust_service(name, key.public()).unwrap();
        }
        Self {
            verifier: Arc::new(Verifier::new(set, ticking(&clock))),
            clock,
            shutdown: Shutdown::new(),
            ids: Arc::new(Counting(AtomicU64::new(1))),
            issuer: Signer::new(&issuer),
            keys,
        }
    }

    /// What a service is handed.
    pub(crate) fn ctx(&self, name: &str, peers: Peers) -> ServiceContext {
        let clock = ticking(&self.clock);
        let (_, key) = self.keys.iter().find(|(known, _)| *known == name).unwrap();
        ServiceContext {
            ids: Arc::clone(&self.ids),
            shutdown: self.shutdown.clone(),
            verifier: Arc::clone(&self.verifier),
            identity: Arc::new(ServiceIdentity::new(name, key, Arc::clone(&clock))),
            incarnations: Incarnations::default(),
            peers,
            clock,
        }
    }

    /// Serves routes in memory.
    pub(crate) fn serve(&self, ctx: &ServiceContext, routes: Routes) -> Dial {
        let (listener, dial) = Listener::memory();
        let server = Server::new(ctx).routes(routes);
        self.shutdown.spawn("server", async move {
            server.serve(listener).await.unwrap();
        });
        dial
    }

    /// The token of a person in a post with this role.
    pub(crate) fn person(&self, role: Role) -> SecretString {
        let post = ActingPost {
            id: PostId(Uuid::from_u128(2)),
            unit: UnitId::from("42"),
            unit_path: vec![UnitId::from("42")],
            roles: [role].into(),
        };
        let (who, session) = (PersonId(Uuid::from_u128(1)), SessionId(Uuid::from_u128(3)));
        let claims = Claims::person(who, session, 1, Some(&post), self.clock.now());
        self.issuer.sign(&claims).unwrap().into()
    }

    /// The token of a partner with these scopes.
    pub(crate) fn partner(&self, client: &str, scopes: &[&str]) -> SecretString {
        let scopes: BTreeSet<String> = scopes.iter().map(ToString::to_string).collect();
        let claims = Claims::partner(client, scopes, 1, self.clock.now());
        self.issuer.sign(&claims).unwrap().into()
    }

    /// Waits until something holds, without counting on how long it takes.
    pub(crate) async fn until<F: Future<Output = bool>>(&self, mut holds: impl FnMut() -> F) {
        for _ in 0..3000 {
            if holds().await {
                return;
            }
            self.shutdown.pause(Duration::from_millis(20)).await;
        }
        panic!("it never came to be");
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        self.shutdown.token.cancel();
    }
}

/// A service for itself, as an actor.
pub(crate) fn service(name: &str) -> Actor {
    Actor {
        principal: Principal::Service(name.to_owned()),
        post: None,
        session: None,
        epoch: 0,
        scopes: BTreeSet::new(),
    }
}

/// A gateway whose neighbours are away: its use-cases over its store.
pub(crate) struct Store {
    pub(crate) label: &'static str,
    pub(crate) app: App,
    pub(crate) ground: Ground,
    _db: TestDb,
}

impl Store {
    /// On each kind of database.
    pub(crate) async fn all() -> Vec<Self> {
        let stores = databases(migration::all).await;
        stores.into_iter().map(Self::new).collect()
    }

    fn new(db: TestDb) -> Self {
        let ground = Ground::new();
        let peers = Peers::default();
        let ctx = ground.ctx("gateway", peers.clone());
        for peer in ["dossier", "account", "workflow"] {
            // Nobody listens there.
            let (_, dial) = Listener::memory();
            peers.set(peer, Channel::memory(dial, ctx.outgoing()));
        }
        Self {
            label: db.label,
            app: App::new(&ctx, db.db.clone()).unwrap(),
            ground,
            _db: db,
        }
    }

    /// Another process over the same store.
    pub(crate) fn replica(&self) -> App {
        let mut app = self.app.clone();
        app.owner = "another".into();
        app
    }

    /// Loads lives as the follower does.
    pub(crate) async fn load(&self, lives: &[Life]) {
        let envelopes = lives.iter().flat_map(Life::envelopes);
        let event = |(position, envelope)| Event { position, envelope };
        let all: Arc<Vec<Event>> = Arc::new((1..).zip(envelopes).map(event).collect());
        let calendar = Arc::clone(&self.app.calendar);
        let loaded = self.app.db.run("load", move |tx| {
            let (all, calendar) = (Arc::clone(&all), Arc::clone(&calendar));
            Box::pin(async move {
                follow::take(&calendar, tx, &all).await?;
                Ok::<_, gateway::Error>(())
            })
        });
        loaded.await.unwrap();
    }
}

/// A gateway that serves and works among its neighbours.
pub(crate) struct House {
    pub(crate) label: &'static str,
    pub(crate) ground: Ground,
    pub(crate) neighbours: Neighbours,
    pub(crate) app: App,
    dial: Dial,
    _dbs: [TestDb; 2],
}

impl House {
    /// On each kind of database.
    pub(crate) async fn all() -> Vec<Self> {
        let ours = databases(migration::all).await;
        let theirs = databases(Vec::new).await;
        let pairs = ours.into_iter().zip(theirs);
        pairs
            .map(|(ours, theirs)| Self::new(ours, theirs))
            .collect()
    }

    fn new(ours: TestDb, theirs: TestDb) -> Self {
        let ground = Ground::new();
        let peers = Peers::default();
        let ctx = ground.ctx("gateway", peers.clone());
        let neighbours = Neighbours::new(&ground, &theirs.db, &peers, &ctx.outgoing());
        let app = App::new(&ctx, ours.db.clone()).unwrap();
        let service = gateway::build(&ctx, ours.db.clone()).unwrap();
        let routes = service.start(&ground.shutdown);
        let dial = ground.serve(&ctx, routes);
        Self {
            label: ours.label,
            neighbours,
            app,
            dial,
            ground,
            _dbs: [ours, theirs],
        }
    }

    /// A line to the gateway under a token.
    pub(crate) fn with(&self, token: &SecretString) -> Channel {
        let outgoing = Outgoing {
            identity: None,
            incarnations: Incarnations::default(),
            clock: ticking(&self.ground.clock),
        };
        let line = Channel::memory(self.dial.clone(), outgoing);
        line.with_token(token).unwrap()
    }

    /// A line to the gateway for a person with a role.
    pub(crate) fn person(&self, role: Role) -> Channel {
        self.with(&self.ground.person(role))
    }

    /// A line to the gateway for one of our services.
    pub(crate) fn service(&self, name: &str) -> Channel {
        let ctx = self.ground.ctx(name, Peers::default());
        Channel::memory(self.dial.clone(), ctx.outgoing())
    }

    /// Waits until the warehouse has come as far as its source.
    pub(crate) async fn loaded(&self) {
        let head = self.neighbours.head().await;
        self.ground
            .until(async || {
                let known = cursor::load(self.app.db.read(), follow::CONSUMER).await;
                known.unwrap().is_some_and(|known| known.position >= head)
            })
            .await;
    }
}

/// What a refusal says.
pub(crate) fn refusal<T: std::fmt::Debug>(answer: Result<T, tonic::Status>) -> Failure {
    Failure::from_status(&answer.unwrap_err())
}

/// A statement behind the program's back.
pub(crate) async fn tamper(db: &Db, sql: &'static str) {
    let done = db.run("tamper", move |tx| {
        Box::pin(async move {
            tx.conn().execute_unprepared(sql).await?;
            Ok::<_, StorageError>(())
        })
    });
    done.await.unwrap();
}
