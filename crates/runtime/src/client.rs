//! The one place that connects. A channel attaches to every call: the trace,
//! the deadline left, the service's own token, the token of the one it acts
//! for, and the incarnations that both sides must agree on.

mod scope;

use std::path::PathBuf;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use domain::clock::Clock;
use futures::future::BoxFuture;
use http::{HeaderMap, HeaderValue, Request, Response, header::AUTHORIZATION};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use tonic::Status;
use tonic::body::Body;
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint};
use tower::{Service, ServiceExt as _};

use crate::auth::{KeyError, ON_BEHALF, ServiceIdentity, bearer};
use crate::failure::Failure;
use crate::incarnation::{HEADER_PREFIX, Incarnations, SENT_AT};
use crate::server::Dial;
use crate::telemetry;

pub(crate) use scope::{Scope, current, enter};
pub use scope::{as_itself, on_behalf, remaining};

/// No call waits longer for its answer to begin.
pub const LONGEST: Duration = Duration::from_secs(30);
/// What is kept back of the caller's budget for our own work.
const KEPT_BACK: Duration = Duration::from_millis(20);

/// How to reach a service over TCP.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// `https://dossier:8443`, or `http://127.0.0.1:…` on one machine.
    pub endpoint: String,
    /// PEM file of the authority that signs the others' certificates.
    #[serde(default)]
    pub authority_file: Option<PathBuf>,
    /// PEM files of our certificate and its key, for mutual TLS.
    #[serde(default)]
    pub certificate_file: Option<PathBuf>,
    /// The key of that certificate.
    #[serde(default)]
    pub key_file: Option<PathBuf>,
    /// The name in the other's certificate, where it is not the host's.
    #[serde(default)]
    pub domain: Option<String>,
}

/// Why a channel cannot be made. Connecting itself happens at the first call.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The address or the certificates are wrong.
    #[error("the endpoint cannot be used")]
    Endpoint(#[from] tonic::transport::Error),
    /// A certificate or key file cannot be read.
    #[error("{0} cannot be read")]
    File(String),
    /// A token that cannot be a header.
    #[error(transparent)]
    Token(#[from] KeyError),
}

/// What a service attaches to its calls.
#[derive(Clone)]
pub struct Outgoing {
    /// Who calls; nobody for an anonymous client.
    pub identity: Option<Arc<ServiceIdentity>>,
    /// What the caller knows of stores.
    pub incarnations: Incarnations,
    /// The caller's clock.
    pub clock: Arc<dyn Clock>,
}

/// A connection to one service, over TCP or in memory, given to generated
/// clients: `DossierServiceClient::new(channel)`. Clones share it.
#[derive(Clone)]
pub struct Channel {
    inner: tonic::transport::Channel,
    outgoing: Outgoing,
    token: Option<HeaderValue>,
}

impl std::fmt::Debug for Channel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Channel").finish_non_exhaustive()
    }
}

impl Channel {
    /// Over TCP; connects at the first call and again when the line breaks.
    #[expect(clippy::disallowed_methods, reason = "the one place that connects")]
    pub fn tcp(config: &Config, outgoing: Outgoing) -> Result<Self, ClientError> {
        let mut endpoint = tune(Endpoint::from_shared(config.endpoint.clone())?);
        if config.endpoint.starts_with("https://") {
            endpoint = endpoint.tls_config(tls(config)?)?;
        }
        Ok(Self {
            inner: endpoint.connect_lazy(),
            outgoing,
            token: None,
        })
    }

    /// To a [`crate::server::Listener::memory`] of the same process: the same
    /// protocol and the same layers, without a socket.
    pub fn memory(dial: Dial, outgoing: Outgoing) -> Self {
        let connector = tower::service_fn(move |_: http::Uri| {
            let dial = dial.clone();
            async move { dial.connect().await.map(hyper_util::rt::TokioIo::new) }
        });
        let endpoint = tune(Endpoint::from_static("http://memory"));
        let inner = endpoint.connect_with_connector_lazy(connector);
        Self {
            inner,
            outgoing,
            token: None,
        }
    }

    /// The same line, used under this token instead of a service identity:
    /// for command lines and tests that call as a person or partner.
    pub fn with_token(&self, token: &SecretString) -> Result<Self, ClientError> {
        Ok(Self {
            token: Some(bearer(token.expose_secret())?),
            ..self.clone()
        })
    }

    /// The same line, used by nobody in particular.
    #[must_use]
    pub fn anonymous(&self) -> Self {
        let outgoing = Outgoing {
            identity: None,
            ..self.outgoing.clone()
        };
        Self {
            outgoing,
            token: None,
            ..self.clone()
        }
    }

    fn attach(&self, headers: &mut HeaderMap) -> Result<Duration, Failure> {
        let scope = current();
        let mut budget = asked(headers).unwrap_or(LONGEST).min(LONGEST);
        if let Some(deadline) = scope.deadline {
            let left = deadline.saturating_duration_since(tokio::time::Instant::now());
            budget = budget.min(left.saturating_sub(KEPT_BACK));
        }
        if budget.is_zero() {
            return Err(Failure::deadline());
        }
        let millis = HeaderValue::from_str(&format!("{}m", budget.as_millis().max(1)));
        headers.insert("grpc-timeout", millis.map_err(|e| Failure::internal(&e))?);
        telemetry::inject(headers);
        if let Some(token) = &self.token {
            headers.insert(AUTHORIZATION, token.clone());
            return Ok(budget);
        }
        let Some(identity) = &self.outgoing.identity else {
            return Ok(budget);
        };
        headers.insert(AUTHORIZATION, identity.bearer()?);
        if let Some(token) = scope.on_behalf {
            headers.insert(ON_BEHALF, token);
        }
        headers.insert(SENT_AT, self.outgoing.clock.now().timestamp_millis().into());
        for (service, incarnation) in self.outgoing.incarnations.all() {
            let name = http::HeaderName::try_from(format!("{HEADER_PREFIX}{service}"));
            let value = HeaderValue::try_from(incarnation);
            if let (Ok(name), Ok(value)) = (name, value) {
                headers.insert(name, value);
            }
        }
        Ok(budget)
    }
}

impl Service<Request<Body>> for Channel {
    type Response = Response<Body>;
    type Error = Status;
    type Future = BoxFuture<'static, Result<Response<Body>, Status>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let budget = self.attach(request.headers_mut());
        let inner = self.inner.clone();
        Box::pin(async move {
            let answer = tokio::time::timeout(budget?, inner.oneshot(request)).await;
            match answer {
                Ok(Ok(response)) => Ok(response),
                Ok(Err(error)) => {
                    tracing::debug!(%error, "a call did not get through");
                    Err(Failure::unavailable("service").into())
                }
                Err(_) => Err(Failure::deadline().into()),
            }
        })
    }
}

/// The timeout that the caller set on the request, if it did.
pub(crate) fn asked(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get("grpc-timeout")?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.is_empty() || digits.len() > 8 {
        return None;
    }
    let value: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(value * 3600)),
        "M" => Some(Duration::from_secs(value * 60)),
        "S" => Some(Duration::from_secs(value)),
        "m" => Some(Duration::from_millis(value)),
        "u" => Some(Duration::from_micros(value)),
        "n" => Some(Duration::from_nanos(value)),
        _ => None,
    }
}

fn tune(endpoint: Endpoint) -> Endpoint {
    endpoint
        .connect_timeout(Duration::from_secs(5))
        .http2_keep_alive_interval(Duration::from_mins(1))
        .keep_alive_timeout(Duration::from_secs(20))
        .http2_max_header_list_size(16 * 1024)
        .tcp_nodelay(true)
}

fn tls(config: &Config) -> Result<ClientTlsConfig, ClientError> {
    let read = |path: &PathBuf| {
        std::fs::read(path).map_err(|_| ClientError::File(path.display().to_string()))
    };
    let mut tls = ClientTlsConfig::new();
    if let Some(path) = &config.authority_file {
        tls = tls.ca_certificate(Certificate::from_pem(read(path)?));
    }
    if let (Some(certificate), Some(key)) = (&config.certificate_file, &config.key_file) {
        tls = tls.identity(tonic::transport::Identity::from_pem(
            read(certificate)?,
            read(key)?,
        ));
    }
    if let Some(domain) = &config.domain {
        tls = tls.domain_name(domain);
    }
    Ok(tls)
}
