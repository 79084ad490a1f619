//! Putting a process together: the stores it owns, the services it hosts, and
//! the lines between them. `serve all` hosts all of them, `serve dossier` one;
//! an operator's command hosts all for as long as it runs. There is one way to
//! do it, so that what a test sees is what production runs.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use domain::clock::{Clock, Ids};
use runtime::auth::{KeySet, ServiceIdentity, Verifier, keep_fresh};
use runtime::client::{Channel, Outgoing};
use runtime::config::ConfigError;
use runtime::context::{Peers, Service, ServiceContext};
use runtime::incarnation::Incarnations;
use runtime::server::{Dial, Listener, Routes, Server};
use runtime::{Failure, Shutdown};
use storage::{Db, Observer, StorageError};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::config::Config;
use crate::integrity::Integrity;
use crate::keys::{Keys, KeysError};
use crate::{SERVICES, schema};

/// What is for our own services and for nobody outside: each has one.
const FEED: &str = "motcua.event.v1.EventFeedService";
/// Who runs operators' commands.
pub(crate) const OPERATOR: &str = "operator";

/// Why a process cannot be put together.
#[derive(Debug, thiserror::Error)]
pub enum HouseError {
    /// The configuration is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A key is missing.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// A store cannot be opened.
    #[error("the store of {0}: {1}")]
    Store(&'static str, StorageError),
    /// A service cannot be built.
    #[error("{0} cannot be built: {1}")]
    Service(&'static str, Failure),
    /// A service is neither hosted here nor configured as a peer.
    #[error("{0} is not hosted here: configure peers.endpoint")]
    Unreachable(&'static str),
    /// A channel cannot be made.
    #[error(transparent)]
    Client(#[from] runtime::client::ClientError),
}

/// Time and chance, as handed in: a test moves its own clock.
#[derive(Clone)]
pub struct Means {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Fresh ids.
    pub ids: Arc<dyn Ids>,
    /// Who watches what the services say to their databases: a bench, a test.
    pub statements: Option<Statements>,
}

/// Told of every statement, with the service whose store it was said to.
pub type Statements = Arc<dyn Fn(&'static str, &storage::Seen<'_>) + Send + Sync>;

/// Memory of one password hash, in KiB: with two passes, 50–150 ms of one core.
const ARGON2_KIB: u32 = 19 * 1024;

impl Default for Means {
    fn default() -> Self {
        Self {
            clock: Arc::new(runtime::clock::SystemClock),
            ids: Arc::new(runtime::clock::SystemIds),
            statements: None,
        }
    }
}

/// A process that is put together and serves in memory.
pub struct House {
    /// When to stop.
    pub shutdown: Shutdown,
    /// Time and chance.
    pub means: Means,
    /// Cancelled once the house is leaving and its last door is closed: until then
    /// the services answer each other, so that a call in flight can end.
    closed: CancellationToken,
    doors: Weak<DropGuard>,
    config: Config,
    keys: Keys,
    verifier: Arc<Verifier>,
    hosted: Vec<&'static str>,
    dials: BTreeMap<&'static str, Dial>,
    routes: Routes,
    stores: BTreeMap<&'static str, Db>,
    contexts: BTreeMap<&'static str, ServiceContext>,
}

impl House {
    /// Opens the stores of the hosted services, builds the services and serves
    /// them in memory.
    pub async fn open(
        config: &Config,
        hosted: &[&'static str],
        means: Means,
    ) -> Result<Self, HouseError> {
        let keys = Keys::new(config.keys(), !config.is_production());
        let verifier = Arc::new(Verifier::new(keys.trust()?, Arc::clone(&means.clock)));
        let (shutdown, closed) = (Shutdown::new(), CancellationToken::new());
        let doors = Arc::new(closed.clone().drop_guard());
        let mut house = Self {
            shutdown: shutdown.clone(),
            means,
            closed,
            doors: Arc::downgrade(&doors),
            config: config.clone(),
            keys,
            verifier,
            hosted: hosted.to_vec(),
            dials: BTreeMap::new(),
            routes: Routes::new(),
            stores: BTreeMap::new(),
            contexts: BTreeMap::new(),
        };
        shutdown.clone().spawn("doors", async move {
            shutdown.token.cancelled().await;
            drop(doors);
        });
        let mut listeners = BTreeMap::new();
        for service in SERVICES.into_iter().filter(|s| hosted.contains(s)) {
            let store = |error| HouseError::Store(service, error);
            let observer = house.means.statements.clone().map(|told| -> Observer {
                Arc::new(move |seen: &storage::Seen<'_>| told(service, seen))
            });
            let at = config.store(service)?;
            let db = Db::open_observed(&at, observer.as_ref());
            let db = db.await.map_err(store)?;
            let own = schema::of(service);
            if config.is_production() {
                db.expect_schema(own).await.map_err(store)?;
            } else {
                db.migrate(own).await.map_err(store)?;
            }
            house.stores.insert(service, db);
            let (listener, dial) = Listener::memory();
            house.dials.insert(service, dial);
            listeners.insert(service, listener);
        }
        for (service, listener) in listeners {
            house.host(service, listener).await?;
        }
        house.refresh_issuers()?;
        Ok(house)
    }

    /// Builds one service and serves it in memory.
    async fn host(&mut self, service: &'static str, listener: Listener) -> Result<(), HouseError> {
        let store = |error| HouseError::Store(service, error);
        let Some(db) = self.stores.get(service).cloned() else {
            return Err(HouseError::Unreachable(service));
        };
        let ctx = self.context(service)?;
        let incarnation = storage::incarnation(db.read()).await.map_err(store)?;
        ctx.incarnations.set(service, incarnation.to_string());
        self.contexts.insert(service, ctx.clone());
        let built = self.build(service, &ctx, db).await?;
        let routes = built.start(&self.shutdown);
        self.routes = std::mem::take(&mut self.routes).merge(routes.clone());
        let server = Server::new(&ctx).until(self.closed.clone()).routes(routes);
        let shutdown = self.shutdown.clone();
        self.shutdown.spawn("memory-server", async move {
            if let Err(error) = server.serve(listener).await {
                tracing::error!(service, %error, "a service ended");
                shutdown.token.cancel();
            }
        });
        Ok(())
    }

    async fn build(
        &self,
        service: &'static str,
        ctx: &ServiceContext,
        db: Db,
    ) -> Result<Service, HouseError> {
        let production = self.config.is_production();
        let built = match service {
            "account" => {
                let settings = account::Settings {
                    signing_key: self.keys.issuer()?,
                    master_key: self.keys.master()?,
                    argon2_kib: ARGON2_KIB,
                    production,
                };
                account::build(ctx, db, settings)
            }
            "workflow" => workflow::build(ctx, db).await,
            "dossier" => {
                let settings = dossier::Settings {
                    master_key: self.keys.master()?,
                    production,
                };
                dossier::build(ctx.clone(), db, settings).await
            }
            "notification" => notification::build(ctx, db),
            _ => gateway::build(ctx, db),
        };
        built.map_err(|failure| HouseError::Service(service, failure))
    }

    /// What a service is handed: its own identity and its lines to the others.
    fn context(&self, service: &'static str) -> Result<ServiceContext, HouseError> {
        let ctx = ServiceContext {
            clock: Arc::clone(&self.means.clock),
            ids: Arc::clone(&self.means.ids),
            shutdown: self.shutdown.clone(),
            verifier: Arc::clone(&self.verifier),
            identity: Arc::new(self.identity(service)?),
            incarnations: Incarnations::default(),
            peers: Peers::default(),
        };
        for peer in SERVICES.into_iter().filter(|peer| *peer != service) {
            // Who is not reachable is missed by those who need them.
            if let Ok(channel) = self.line(peer, ctx.outgoing()) {
                ctx.peers.set(peer, channel);
            }
        }
        Ok(ctx)
    }

    fn identity(&self, name: &str) -> Result<ServiceIdentity, HouseError> {
        let clock = Arc::clone(&self.means.clock);
        Ok(ServiceIdentity::new(name, &self.keys.of(name)?, clock))
    }

    /// The line to a service, in memory where it is hosted here.
    fn line(&self, service: &'static str, outgoing: Outgoing) -> Result<Channel, HouseError> {
        if let Some(dial) = self.dials.get(service) {
            return Ok(Channel::memory(dial.clone(), outgoing));
        }
        let peer = self.config.peer(service);
        let peer = peer.ok_or(HouseError::Unreachable(service))?;
        Ok(Channel::tcp(&peer, outgoing)?)
    }

    /// Where the account service is elsewhere, its keys are asked for again now
    /// and then: they rotate.
    fn refresh_issuers(&self) -> Result<(), HouseError> {
        if self.hosted.contains(&"account") || self.config.peer("account").is_none() {
            return Ok(());
        }
        let line = self.anonymous("account")?;
        let keys: KeySet = self.verifier.keys().clone();
        let fetching = keep_fresh(keys, self.shutdown.clone(), move || {
            let line = line.clone();
            async move { fetch_keys(line).await }
        });
        self.shutdown.spawn("issuer-keys", fetching);
        Ok(())
    }

    /// A line for a person's or nobody's calls.
    pub fn anonymous(&self, service: &'static str) -> Result<Channel, HouseError> {
        let outgoing = Outgoing {
            identity: None,
            incarnations: Incarnations::default(),
            clock: Arc::clone(&self.means.clock),
        };
        self.line(service, outgoing)
    }

    /// The operator's identity, at the house's own time.
    pub fn operator_identity(&self) -> Result<ServiceIdentity, HouseError> {
        self.identity(OPERATOR)
    }

    fn outgoing_operator(&self) -> Result<Outgoing, HouseError> {
        Ok(Outgoing {
            identity: Some(Arc::new(self.operator_identity()?)),
            incarnations: Incarnations::default(),
            clock: Arc::clone(&self.means.clock),
        })
    }

    /// The public door: everything that is hosted here. One process that hosts
    /// several services keeps their feeds to itself, since each has one of the
    /// same name; one that hosts a single service serves its feed to the others.
    pub fn door(&self) -> Result<Server, HouseError> {
        let mut routes = self.routes.clone();
        let only = match self.hosted.as_slice() {
            [one] => Some(*one),
            _ => None,
        };
        if only.is_none() {
            routes = routes.without(FEED);
        }
        // Its own, with the incarnations that it knows: others reach it here.
        let ctx = match only.and_then(|service| self.contexts.get(service)) {
            Some(ctx) => ctx.clone(),
            None => self.context(OPERATOR)?,
        };
        let server = Server::new(&ctx)
            .config(runtime::server::Config {
                address: self.config.grpc.listen,
                tls: self.config.grpc.tls(),
                development: !self.config.is_production(),
            })
            .routes(routes)
            .add(Integrity::new(self).into_service());
        Ok(server)
    }

    /// Held by whatever lets calls in, until it has let the last one out.
    pub fn opening(&self) -> Option<Arc<DropGuard>> {
        self.doors.upgrade()
    }

    /// The door inside the process, for the command that put it together.
    pub fn inner_door(&self) -> Result<Channel, HouseError> {
        let server = self.door()?;
        let (listener, dial) = Listener::memory();
        let (shutdown, open) = (self.shutdown.clone(), self.opening());
        self.shutdown.spawn("inner-door", async move {
            if let Err(error) = server.serve(listener).await {
                tracing::error!(%error, "the inner door ended");
                shutdown.token.cancel();
            }
            drop(open);
        });
        let outgoing = self.outgoing_operator()?;
        Ok(Channel::memory(dial, outgoing))
    }

    /// The stores of the hosted services.
    pub fn stores(&self) -> &BTreeMap<&'static str, Db> {
        &self.stores
    }

    /// A service's context, for its checks.
    pub(crate) fn checking(&self, service: &'static str) -> Result<ServiceContext, HouseError> {
        self.context(service)
    }

    /// The master key of private rows.
    pub(crate) fn master_key(&self) -> Result<[u8; 32], HouseError> {
        Ok(self.keys.master()?)
    }
}

async fn fetch_keys(line: Channel) -> Result<String, Failure> {
    use proto::account::v1::GetKeySetRequest;
    use proto::account::v1::auth_service_client::AuthServiceClient;
    let mut client = AuthServiceClient::new(line);
    match client.get_key_set(GetKeySetRequest {}).await {
        Ok(answer) => Ok(answer.into_inner().jwks),
        Err(status) => Err(Failure::from_status(&status)),
    }
}
