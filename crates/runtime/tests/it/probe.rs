//! Services of the contract of which only the layers before them matter.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll};

use futures::future::BoxFuture;
use http::{Request, Response};
use runtime::Failure;
use runtime::client::remaining;
use runtime::server::Routes;
use tokio::sync::watch;
use tonic::Status;
use tonic::body::Body;
use tonic::server::NamedService;
use tower::Service;

use motcua_runtime as runtime;

/// What a probe does with a call.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) enum Does {
    /// Says that it was reached, and how many milliseconds are left.
    #[default]
    Answer,
    /// Panics with these words.
    Panic(&'static str),
    /// Answers when the gate is open.
    Wait,
}

/// Counts what reaches it. Clones share the count.
#[derive(Clone)]
pub(crate) struct Probe {
    does: Does,
    reached: Arc<AtomicU32>,
    open: Arc<watch::Sender<bool>>,
}

impl Probe {
    pub(crate) fn new(does: Does) -> Self {
        Self {
            does,
            reached: Arc::default(),
            open: Arc::new(watch::Sender::new(false)),
        }
    }

    /// How many calls came through since the last question.
    pub(crate) fn calls(&self) -> u32 {
        self.reached.swap(0, Ordering::SeqCst)
    }

    pub(crate) fn open(&self) {
        self.open.send_replace(true);
    }

    /// One service for each audience, all counted together.
    pub(crate) fn routes(&self) -> Routes {
        Routes::new()
            .add(Auth(self.clone()))
            .add(Dossier(self.clone()))
            .add(Instance(self.clone()))
            .add(Partner(self.clone()))
            .add(Directory(self.clone()))
    }

    fn answer(&self) -> BoxFuture<'static, Result<Response<Body>, Infallible>> {
        let probe = self.clone();
        Box::pin(async move {
            probe.reached.fetch_add(1, Ordering::SeqCst);
            match probe.does {
                Does::Answer => {}
                Does::Panic(words) => panic!("{words}"),
                Does::Wait => {
                    probe.open.subscribe().wait_for(|open| *open).await.unwrap();
                }
            }
            let left = remaining().unwrap_or_default().as_millis();
            let failure = Failure::not_found("probe").with("left", &left.to_string());
            Ok(Status::from(failure).into_http())
        })
    }
}

macro_rules! probes {
    ($($name:ident $full:literal)+) => {$(
        #[derive(Clone)]
        struct $name(Probe);

        impl NamedService for $name {
            const NAME: &'static str = $full;
        }

        impl Service<Request<Body>> for $name {
            type Response = Response<Body>;
            type Error = Infallible;
            type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

            fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
                Poll::Ready(Ok(()))
            }

            fn call(&mut self, _: Request<Body>) -> Self::Future {
                self.0.answer()
            }
        }
    )+};
}

probes! {
    Auth "motcua.account.v1.AuthService"
    Directory "motcua.account.v1.DirectoryService"
    Dossier "motcua.dossier.v1.DossierService"
    Instance "motcua.workflow.v1.InstanceService"
    Partner "motcua.gateway.v1.PartnerService"
}

/// For everybody.
pub(crate) const PUBLIC: &str = "/motcua.account.v1.AuthService/GetKeySet";
/// For persons; changes something.
pub(crate) const PERSON: &str = "/motcua.dossier.v1.DossierService/Accept";
/// For our services.
pub(crate) const SERVICE: &str = "/motcua.workflow.v1.InstanceService/GetInstance";
/// For our services; changes something.
pub(crate) const SERVICE_WRITES: &str = "/motcua.workflow.v1.InstanceService/OpenInstance";
/// For partners.
pub(crate) const PARTNER: &str = "/motcua.gateway.v1.PartnerService/LookUp";
/// For persons and our services.
pub(crate) const PERSON_OR_SERVICE: &str = "/motcua.account.v1.DirectoryService/ListUnits";
