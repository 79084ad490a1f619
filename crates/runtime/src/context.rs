//! What every service is handed, and what it hands back.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use domain::clock::{Clock, Ids};
use futures::future::BoxFuture;

use crate::auth::{ServiceIdentity, Verifier};
use crate::client::{Channel, Outgoing};
use crate::failure::Failure;
use crate::incarnation::Incarnations;
use crate::server::Routes;
use crate::shutdown::Shutdown;

/// What every service is handed. Cheap to clone; no statics anywhere.
#[derive(Clone)]
pub struct ServiceContext {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Fresh ids.
    pub ids: Arc<dyn Ids>,
    /// When to stop, and where tasks are spawned.
    pub shutdown: Shutdown,
    /// Checks tokens of incoming requests.
    pub verifier: Arc<Verifier>,
    /// Who this service is when it calls others.
    pub identity: Arc<ServiceIdentity>,
    /// The incarnations that this service knows, its own included.
    pub incarnations: Incarnations,
    /// How to reach the other services.
    pub peers: Peers,
}

impl ServiceContext {
    /// The service's name, such as `dossier`.
    pub fn name(&self) -> &str {
        self.identity.name()
    }

    /// What [`Channel`]s of this service attach to every call.
    pub fn outgoing(&self) -> Outgoing {
        Outgoing {
            identity: Some(Arc::clone(&self.identity)),
            incarnations: self.incarnations.clone(),
            clock: Arc::clone(&self.clock),
        }
    }

    /// The channel to another service.
    pub fn peer(&self, service: &str) -> Result<Channel, Failure> {
        self.peers.get(service)
    }
}

/// Channels by service name. Clones share one state, so that whoever wires
/// the process may fill it after the services were made.
#[derive(Clone, Default)]
pub struct Peers(Arc<RwLock<BTreeMap<String, Channel>>>);

impl Peers {
    /// Makes a service reachable.
    pub fn set(&self, service: &str, channel: Channel) {
        let mut peers = self.0.write().unwrap_or_else(PoisonError::into_inner);
        peers.insert(service.to_owned(), channel);
    }

    /// The channel to a service; `NOT_CONFIGURED` where there is none.
    pub fn get(&self, service: &str) -> Result<Channel, Failure> {
        let peers = self.0.read().unwrap_or_else(PoisonError::into_inner);
        peers
            .get(service)
            .cloned()
            .ok_or_else(|| Failure::not_configured(service))
    }
}

/// A background job by name. It ends at shutdown.
pub type Job = (&'static str, BoxFuture<'static, ()>);

/// What a service's `build` returns: what to mount and what to run.
#[derive(Default)]
pub struct Service {
    /// The gRPC services to mount.
    pub routes: Routes,
    /// The jobs to run beside them.
    pub jobs: Vec<Job>,
}

impl Service {
    /// With nothing mounted yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Mounts a generated tonic server.
    #[must_use]
    pub fn mount<S>(mut self, service: S) -> Self
    where
        S: crate::server::Mountable,
        S::Future: Send + 'static,
    {
        self.routes = self.routes.add(service);
        self
    }

    /// Adds a job.
    #[must_use]
    pub fn job(
        mut self,
        name: &'static str,
        work: impl std::future::Future<Output = ()> + Send + 'static,
    ) -> Self {
        self.jobs.push((name, Box::pin(work)));
        self
    }

    /// Spawns the jobs and gives the routes.
    pub fn start(self, shutdown: &Shutdown) -> Routes {
        for (name, work) in self.jobs {
            shutdown.spawn(name, work);
        }
        self.routes
    }
}
