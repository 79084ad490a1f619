//! `IntegrityService`: the invariants of every hosted store, checked where the
//! store is.

use std::pin::Pin;
use std::sync::Arc;

use futures::Stream;
use proto::event::v1 as pb;
use proto::event::v1::integrity_service_server::{IntegrityService, IntegrityServiceServer};
use runtime::auth::caller;
use runtime::context::ServiceContext;
use runtime::{Failure, Shutdown};
use storage::{Check, Db};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

use crate::house::{House, OPERATOR};

/// A hosted service with its store.
struct Host {
    service: &'static str,
    ctx: ServiceContext,
    db: Db,
}

/// Checks what one process hosts. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Integrity {
    hosts: Arc<Vec<Host>>,
    master_key: [u8; 32],
    shutdown: Shutdown,
}

impl Integrity {
    /// Of the services of a house.
    pub(crate) fn new(house: &House) -> Self {
        let hosts = house.stores().iter().filter_map(|(service, db)| {
            Some(Host {
                service,
                ctx: house.checking(service).ok()?,
                db: db.clone(),
            })
        });
        Self {
            hosts: Arc::new(hosts.collect()),
            master_key: house.master_key().unwrap_or_default(),
            shutdown: house.shutdown.clone(),
        }
    }

    /// What to mount.
    pub(crate) fn into_service(self) -> IntegrityServiceServer<Self> {
        IntegrityServiceServer::new(self)
    }

    async fn check(&self, host: &Host) -> Result<pb::VerifyResponse, Failure> {
        let broken = |error: &(dyn std::error::Error + 'static)| Failure::internal(error);
        let (ctx, db) = (&host.ctx, &host.db);
        let mut checks = feed::checks(host.service, db)
            .await
            .map_err(|error| broken(&error))?;
        let own = match host.service {
            "account" => account::verify(db).await.map_err(|error| broken(&error))?,
            "workflow" => workflow::verify(ctx, db.clone())
                .await
                .map_err(Failure::from)?,
            "dossier" => dossier::verify(ctx, db, &self.master_key).await?,
            "gateway" => gateway::verify(db).await.map_err(|error| broken(&error))?,
            // An inbox is made of the dossier feed: what it followed is checked
            // with every store.
            _ => Vec::new(),
        };
        checks.extend(own);
        Ok(pb::VerifyResponse {
            service: host.service.to_owned(),
            invariants: checks.into_iter().map(invariant).collect(),
        })
    }
}

fn invariant(check: Check) -> pb::Invariant {
    let count = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    pb::Invariant {
        id: check.id,
        checked: count(check.checked),
        violations: count(check.violations),
        named: check.named,
    }
}

#[tonic::async_trait]
impl IntegrityService for Integrity {
    type VerifyStream = Pin<Box<dyn Stream<Item = Result<pb::VerifyResponse, Status>> + Send>>;

    async fn verify(
        &self,
        request: Request<pb::VerifyRequest>,
    ) -> Result<Response<Self::VerifyStream>, Status> {
        if caller(&request)?.service.as_deref() != Some(OPERATOR) {
            return Err(Failure::denied().into());
        }
        let asked = request.into_inner().services;
        let (answers, stream) = mpsc::channel(1);
        let this = self.clone();
        self.shutdown.spawn("verify", async move {
            let wanted = |host: &&Host| asked.is_empty() || asked.iter().any(|s| s == host.service);
            for host in this.hosts.iter().filter(wanted) {
                let answer = this.check(host).await.map_err(Status::from);
                // Whoever asked may be gone.
                if answers.send(answer).await.is_err() {
                    return;
                }
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(stream))))
    }
}
