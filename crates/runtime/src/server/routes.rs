//! What is mounted, with the names that the access table is built from.

use std::collections::BTreeMap;
use std::convert::Infallible;

use http::{Request, Response};
use tonic::body::Body;
use tonic::server::NamedService;
use tower::Service;

/// A generated tonic server, as `FooServer::new(..)` makes it.
pub trait Mountable:
    Service<Request<Body>, Response = Response<Body>, Error = Infallible>
    + NamedService
    + Clone
    + Send
    + Sync
    + 'static
{
}

impl<S> Mountable for S where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>
        + NamedService
        + Clone
        + Send
        + Sync
        + 'static
{
}

/// The gRPC services of one process, by name.
#[derive(Clone, Debug, Default)]
pub struct Routes {
    parts: BTreeMap<&'static str, Part>,
    names: Vec<&'static str>,
    large: BTreeMap<String, usize>,
}

/// One mounted service; kept so that routes of several services can be merged.
#[derive(Clone, Debug)]
struct Part(tonic::service::Routes);

impl Routes {
    /// With nothing mounted.
    pub fn new() -> Self {
        Self::default()
    }

    /// Mounts a service.
    #[must_use]
    pub fn add<S>(mut self, service: S) -> Self
    where
        S: Mountable,
        S::Future: Send + 'static,
    {
        self.parts
            .insert(S::NAME, Part(tonic::service::Routes::new(service)));
        self.names = self.parts.keys().copied().collect();
        self
    }

    /// Lets one method take longer messages: `/motcua.…Service/Upload`. Its
    /// generated server needs the same `max_decoding_message_size`.
    #[must_use]
    pub fn allow_large(mut self, path: &str, bytes: usize) -> Self {
        self.large.insert(path.to_owned(), bytes);
        self
    }

    /// Adds what another service mounted.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.parts.extend(other.parts);
        self.large.extend(other.large);
        self.names = self.parts.keys().copied().collect();
        self
    }

    /// The full names of what is mounted.
    pub fn names(&self) -> &[&'static str] {
        &self.names
    }

    pub(super) fn large(&self) -> &BTreeMap<String, usize> {
        &self.large
    }

    pub(super) fn inner(&self) -> tonic::service::Routes {
        let mut routes = tonic::service::Routes::default();
        for Part(part) in self.parts.values() {
            let router = std::mem::take(routes.axum_router_mut());
            *routes.axum_router_mut() = router.merge(part.clone().into_axum_router());
        }
        routes
    }
}
