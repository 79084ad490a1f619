//! The one server builder: explicit limits, health, reflection in development
//! only, and the layers that no mounted service can leave out.

mod access;
mod authenticate;
mod deadline;
mod decode;
mod limit;
mod listener;
mod panic;
mod permit;
mod routes;
mod step;
mod trace;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use domain::clock::Clock;
use serde::Deserialize;
use tokio_util::sync::CancellationToken;
use tonic::transport::server::{TcpConnectInfo, TcpIncoming};
use tonic::transport::{Certificate, Identity, ServerTlsConfig};
use tonic_health::ServingStatus;

use crate::auth::Verifier;
use crate::context::ServiceContext;
use crate::incarnation::Incarnations;
use crate::shutdown::Shutdown;

pub use access::AccessError;
pub use listener::{Dial, Listener};
pub use routes::{Mountable, Routes};
pub use step::LAYERS;

/// A request message is at most this long, unless its method says otherwise.
pub const MESSAGE_LIMIT: usize = 1024 * 1024;
/// The headers of a call are together at most this long.
const HEADER_LIST: usize = 16 * 1024;
/// What the transport lets in, so that [`HEADER_LIST`] is refused in our words;
/// beyond it the transport refuses in its own.
const HEADER_LIST_ON_THE_WIRE: u32 = 64 * 1024;
const STREAMS: u32 = 128;
const PENDING_RESETS: usize = 20;
const LOCAL_ERROR_RESETS: usize = 256;
const CONNECTION_CONCURRENCY: usize = 64;
const CONNECTION_AGE: Duration = Duration::from_mins(15);
const CONNECTION_GRACE: Duration = Duration::from_secs(30);
const KEEPALIVE: Duration = Duration::from_mins(1);
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(20);
const HANDSHAKE: Duration = Duration::from_secs(5);
/// After the stop, open calls have this long to end.
const DRAIN: Duration = Duration::from_secs(20);

/// The `server` section of the configuration.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where to listen.
    pub address: SocketAddr,
    /// Certificates; needed on any address that is not loopback.
    pub tls: Option<TlsConfig>,
    /// Turns on reflection, for grpcurl. Never in production.
    pub development: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            address: ([127, 0, 0, 1], 8443).into(),
            tls: None,
            development: false,
        }
    }
}

/// PEM files of the server's side of TLS.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsConfig {
    /// The server's certificate chain.
    pub certificate_file: PathBuf,
    /// Its private key.
    pub key_file: PathBuf,
    /// The authority of clients' certificates; given, clients must have one.
    #[serde(default)]
    pub authority_file: Option<PathBuf>,
}

/// Why a server does not start or ends early.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// A mounted method says nothing about who may call it.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// Plaintext is for loopback only.
    #[error("{0} is not a loopback address: configure server.tls")]
    Plaintext(SocketAddr),
    /// A certificate or key file cannot be read.
    #[error("{0} cannot be read")]
    File(String),
    /// The socket failed.
    #[error("the listener failed")]
    Io(#[from] std::io::Error),
    /// The HTTP/2 server failed.
    #[error("the server failed")]
    Transport(#[from] tonic::transport::Error),
    /// The descriptor set cannot be offered for reflection.
    #[error("reflection cannot be offered")]
    Reflection(#[from] tonic_reflection::server::Error),
}

/// A server being put together. Clones serve the same routes elsewhere.
#[derive(Clone)]
pub struct Server {
    config: Config,
    routes: Routes,
    verifier: Arc<Verifier>,
    incarnations: Incarnations,
    clock: Arc<dyn Clock>,
    shutdown: Shutdown,
    stop: CancellationToken,
}

impl Server {
    /// A server of the service whose context this is.
    pub fn new(ctx: &ServiceContext) -> Self {
        Self {
            config: Config::default(),
            routes: Routes::new(),
            verifier: Arc::clone(&ctx.verifier),
            incarnations: ctx.incarnations.clone(),
            clock: Arc::clone(&ctx.clock),
            shutdown: ctx.shutdown.clone(),
            stop: ctx.shutdown.token.clone(),
        }
    }

    /// Serves until this token is cancelled, instead of until shutdown: who is
    /// asked by others leaves after them.
    #[must_use]
    pub fn until(mut self, stop: CancellationToken) -> Self {
        self.stop = stop;
        self
    }

    /// Takes TLS and the development switch from the configuration.
    #[must_use]
    pub fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// Mounts one generated tonic server.
    #[must_use]
    #[expect(clippy::should_implement_trait, reason = "as tonic calls it")]
    pub fn add<S>(mut self, service: S) -> Self
    where
        S: Mountable,
        S::Future: Send + 'static,
    {
        self.routes = self.routes.add(service);
        self
    }

    /// Mounts everything that a service's `build` returned.
    #[must_use]
    pub fn routes(mut self, routes: Routes) -> Self {
        self.routes = self.routes.merge(routes);
        self
    }

    /// Serves until shutdown, then lets open calls end for at most 20 s.
    pub async fn serve(self, listener: Listener) -> Result<(), ServerError> {
        let table = access::Table::of(proto::DESCRIPTORS, self.routes.names())?;
        let steps = step::steps(step::Parts {
            verifier: Arc::clone(&self.verifier),
            incarnations: self.incarnations.clone(),
            clock: Arc::clone(&self.clock),
            table: Arc::new(table),
            large: Arc::new(self.routes.large().clone()),
        });
        let routes = self.offer().await?;
        let service = step::stack(steps, routes);
        let token = self.stop.clone();
        let stopped = token.clone().cancelled_owned();
        let serving: futures::future::BoxFuture<'_, _> = match listener {
            Listener::Tcp(socket) => {
                let mut builder = hardened()
                    .concurrency_limit_per_connection(CONNECTION_CONCURRENCY)
                    .load_shed(true);
                builder = self.secure(builder, socket.local_addr()?)?;
                let incoming = TcpIncoming::from(socket)
                    .with_nodelay(Some(true))
                    .with_keepalive(Some(KEEPALIVE));
                Box::pin(builder.serve_with_incoming_shutdown(service, incoming, stopped))
            }
            // A neighbour in the same process has one line for all its callers, who
            // were counted when they came in.
            Listener::Memory(lines) => {
                Box::pin(hardened().serve_with_incoming_shutdown(service, lines, stopped))
            }
        };
        tokio::select! {
            ended = serving => ended?,
            () = async {
                token.cancelled().await;
                let _ = tokio::time::timeout(DRAIN, std::future::pending::<()>()).await;
            } => tracing::warn!("open calls were cut off at the end of the drain"),
        }
        Ok(())
    }

    /// Adds health and, in development, reflection.
    async fn offer(&self) -> Result<tonic::service::Routes, ServerError> {
        let (reporter, health) = tonic_health::server::health_reporter();
        let names = self.routes.names().to_vec();
        for name in names.iter().copied().chain([""]) {
            reporter
                .set_service_status(name, ServingStatus::Serving)
                .await;
        }
        let leaving = self.shutdown.leaving();
        let token = self.shutdown.token.clone();
        self.shutdown.spawn("readiness", async move {
            tokio::select! {
                () = leaving.cancelled() => {}
                () = token.cancelled() => {}
            }
            for name in names.iter().copied().chain([""]) {
                reporter
                    .set_service_status(name, ServingStatus::NotServing)
                    .await;
            }
        });
        let mut routes = self.routes.inner().add_service(health);
        if self.config.development {
            let describe = || {
                tonic_reflection::server::Builder::configure()
                    .register_encoded_file_descriptor_set(proto::DESCRIPTORS)
                    .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
            };
            routes = routes.add_service(describe().build_v1()?);
            routes = routes.add_service(describe().build_v1alpha()?);
        }
        Ok(routes.prepare())
    }

    fn secure(
        &self,
        builder: tonic::transport::Server,
        address: SocketAddr,
    ) -> Result<tonic::transport::Server, ServerError> {
        let Some(files) = &self.config.tls else {
            if address.ip().is_loopback() {
                return Ok(builder);
            }
            return Err(ServerError::Plaintext(address));
        };
        let read = |path: &PathBuf| {
            std::fs::read(path).map_err(|_| ServerError::File(path.display().to_string()))
        };
        let identity = Identity::from_pem(read(&files.certificate_file)?, read(&files.key_file)?);
        let mut tls = ServerTlsConfig::new().identity(identity).timeout(HANDSHAKE);
        if let Some(path) = &files.authority_file {
            tls = tls.client_ca_root(Certificate::from_pem(read(path)?));
        }
        Ok(builder.tls_config(tls)?)
    }
}

/// The limits of `reliability.md` D11, all said out loud.
fn hardened() -> tonic::transport::Server {
    tonic::transport::Server::builder()
        .http2_max_header_list_size(HEADER_LIST_ON_THE_WIRE)
        .max_concurrent_streams(STREAMS)
        .http2_max_pending_accept_reset_streams(Some(PENDING_RESETS))
        .http2_max_local_error_reset_streams(Some(LOCAL_ERROR_RESETS))
        .max_connection_age(CONNECTION_AGE)
        .max_connection_age_grace(CONNECTION_GRACE)
        .http2_keepalive_interval(Some(KEEPALIVE))
        .http2_keepalive_timeout(Some(KEEPALIVE_TIMEOUT))
}

/// The address of a TCP caller, where the transport told it.
pub fn peer_address<T>(request: &tonic::Request<T>) -> Option<SocketAddr> {
    request
        .extensions()
        .get::<TcpConnectInfo>()
        .and_then(TcpConnectInfo::remote_addr)
}
