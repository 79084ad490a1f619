//! An operator's line to the services: to the process that runs, or to one that
//! the command itself puts together on the data files, under their locks.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use proto::event::v1::VerifyRequest;
use proto::event::v1::integrity_service_client::IntegrityServiceClient;
use proto::warehouse::v1::ReconcileRequest;
use proto::warehouse::v1::warehouse_service_client::WarehouseServiceClient;
use runtime::auth::ServiceIdentity;
use runtime::client::{Channel, Config as Peer, Outgoing};
use runtime::incarnation::Incarnations;
use storage::Check;
use tonic::{Code, Status};

use crate::SERVICES;
use crate::config::Config;
use crate::folder::{Claim, Folder, FolderError};
use crate::house::{House, HouseError, Means, OPERATOR};
use crate::keys::{Keys, KeysError};

/// Jobs that were started for a command end within this.
const DRAIN: Duration = Duration::from_secs(10);

/// Why the services cannot be reached.
#[derive(Debug, thiserror::Error)]
pub enum OperatorError {
    /// The data folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The process cannot be put together.
    #[error(transparent)]
    House(#[from] HouseError),
    /// A key is missing.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The address cannot be used.
    #[error(transparent)]
    Client(#[from] runtime::client::ClientError),
    /// A service refused.
    #[error("{0}")]
    Refused(String),
    /// A service is away: asked again, it may answer.
    #[error("{0}")]
    Away(String),
}

impl From<Status> for OperatorError {
    fn from(status: Status) -> Self {
        let told = runtime::Failure::from_status(&status).to_string();
        if away(&status) {
            Self::Away(told)
        } else {
            Self::Refused(told)
        }
    }
}

/// Whether a service is away, as opposed to refusing. A status with a source was
/// made on this side of a line that broke, whatever code the transport gave it.
pub(crate) fn away(status: &Status) -> bool {
    let codes = [Code::Unavailable, Code::DeadlineExceeded, Code::Cancelled];
    codes.contains(&status.code()) || std::error::Error::source(status).is_some()
}

/// Lines under the operator's identity.
pub struct Operator {
    lines: BTreeMap<&'static str, Channel>,
    own: Option<(House, Claim)>,
}

impl Operator {
    /// To what runs; else to a house of this command's own on the data folder.
    pub async fn reach(config: &Config) -> Result<Self, OperatorError> {
        let outgoing = outgoing(config)?;
        let folder = Folder::open(&config.data)?;
        let running = match config.peer("account") {
            // Pods: the others are where the configuration says.
            Some(_) => Some(configured(config)),
            None => folder.running()?,
        };
        if let Some(addresses) = running {
            let mut lines = BTreeMap::new();
            for (service, endpoint) in addresses {
                let mut peer = config.peer(service).unwrap_or_else(|| here(config));
                peer.endpoint = endpoint;
                lines.insert(service, Channel::tcp(&peer, outgoing.clone())?);
            }
            return Ok(Self { lines, own: None });
        }
        let claim = folder.claim(&SERVICES)?;
        let house = House::open(config, &SERVICES, Means::default()).await?;
        Self::within(house, claim)
    }

    /// Inside a house that this command owns.
    fn within(house: House, claim: Claim) -> Result<Self, OperatorError> {
        let door = house.inner_door()?;
        let lines = SERVICES.into_iter().map(|s| (s, door.clone())).collect();
        Ok(Self {
            lines,
            own: Some((house, claim)),
        })
    }

    /// Over one door that leads to every service.
    pub fn at(door: &Channel) -> Self {
        let lines = SERVICES.into_iter().map(|s| (s, door.clone())).collect();
        Self { lines, own: None }
    }

    /// Over a line to each service.
    pub(crate) fn over(lines: BTreeMap<&'static str, Channel>) -> Self {
        Self { lines, own: None }
    }

    /// The line to a service.
    pub fn line(&self, service: &'static str) -> Result<Channel, OperatorError> {
        let line = self.lines.get(service).cloned();
        line.ok_or_else(|| OperatorError::Refused(format!("{service} is not reachable")))
    }

    /// Every invariant of every service, and the warehouse's equality.
    pub async fn verify(&self) -> Result<Vec<Check>, OperatorError> {
        let mut checks = Vec::new();
        let mut seen = Vec::new();
        for service in SERVICES {
            if seen.iter().any(|s| s == service) {
                continue;
            }
            let mut client = IntegrityServiceClient::new(self.line(service)?);
            let mut stream = client.verify(VerifyRequest::default()).await?.into_inner();
            while let Some(answer) = stream.message().await? {
                seen.push(answer.service);
                checks.extend(answer.invariants.into_iter().map(check));
            }
        }
        checks.push(self.warehouse().await?);
        Ok(checks)
    }

    /// Whether the warehouse equals its sources, by (unit, day).
    pub async fn warehouse(&self) -> Result<Check, OperatorError> {
        let mut client = WarehouseServiceClient::new(self.line("gateway")?);
        let (mut request, mut compared, mut found) = (ReconcileRequest::default(), 0, Vec::new());
        loop {
            let answer = client.reconcile(request.clone()).await?.into_inner();
            compared += u64::try_from(answer.dossiers).unwrap_or_default();
            found.extend(answer.differences.iter().map(|d| {
                format!(
                    "{} {}: {} rows at the source, {} in the warehouse",
                    d.unit, d.day, d.source_rows, d.warehouse_rows
                )
            }));
            request.page_token = answer.next_page_token;
            if request.page_token.is_empty() {
                return Ok(Check::of(
                    "gateway.warehouse_equals_sources",
                    compared,
                    found,
                ));
            }
        }
    }

    /// Ends what this command put together.
    pub async fn leave(self) {
        if let Some((house, _claim)) = self.own
            && let Err(running) = house.shutdown.drain(DRAIN).await
        {
            tracing::warn!(?running, "jobs were cut off at the end");
        }
    }
}

fn check(invariant: proto::event::v1::Invariant) -> Check {
    let count = |n: i64| u64::try_from(n).unwrap_or_default();
    Check {
        id: invariant.id,
        checked: count(invariant.checked),
        violations: count(invariant.violations),
        named: invariant.named,
    }
}

fn configured(config: &Config) -> Vec<(&'static str, String)> {
    let at = |service| Some((service, config.peer(service)?.endpoint));
    SERVICES.into_iter().filter_map(at).collect()
}

/// A process of this machine: the certificates of our own door's authority.
fn here(config: &Config) -> Peer {
    Peer {
        endpoint: String::new(),
        authority_file: config.peers.authority_file.clone(),
        certificate_file: config.peers.certificate_file.clone(),
        key_file: config.peers.key_file.clone(),
        domain: None,
    }
}

/// What the operator attaches to calls.
pub fn outgoing(config: &Config) -> Result<Outgoing, OperatorError> {
    let keys = Keys::new(config.keys(), !config.is_production());
    let clock: Arc<dyn domain::clock::Clock> = Arc::new(runtime::clock::SystemClock);
    let identity = ServiceIdentity::new(OPERATOR, &keys.of(OPERATOR)?, Arc::clone(&clock));
    Ok(Outgoing {
        identity: Some(Arc::new(identity)),
        incarnations: Incarnations::default(),
        clock,
    })
}
