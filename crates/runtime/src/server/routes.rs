//! What is mounted, with the names that the access table is built from.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

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

/// Adds a service to the routes of a server.
type Mount = dyn Fn(tonic::service::Routes) -> tonic::service::Routes + Send + Sync;

/// One mounted service: what several services mounted is put together anew for
/// each server.
#[derive(Clone)]
struct Part(Arc<Mount>);

impl std::fmt::Debug for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Part")
    }
}

impl Routes {
    /// With nothing mounted.
    pub fn new() -> Self {
        Self::default()
    }

    /// Mounts a service.
    #[must_use]
    #[expect(clippy::should_implement_trait, reason = "as tonic calls it")]
    pub fn add<S>(mut self, service: S) -> Self
    where
        S: Mountable,
        S::Future: Send + 'static,
    {
        let mount = move |routes: tonic::service::Routes| routes.add_service(service.clone());
        self.parts.insert(S::NAME, Part(Arc::new(mount)));
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

    /// Without one service, by its full name: what is for our own services only
    /// is not mounted on the public door.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.parts.remove(name);
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
        let empty = tonic::service::Routes::default();
        let parts = self.parts.values();
        parts.fold(empty, |routes, Part(mount)| mount(routes))
    }
}
