//! Where a rehearsal is held: a server that runs, or a private instance that is
//! gone afterwards.

use std::collections::BTreeMap;
use std::path::PathBuf;

use runtime::client::{Channel, Config as Peer, Outgoing};
use runtime::incarnation::Incarnations;
use storage::scratch::Scratch;
use tempfile::TempDir;

use super::cast::Lines;
use crate::SERVICES;
use crate::cli::TrialArgs;
use crate::config::Config;
use crate::house::Means;
use crate::operator::{self, Operator};
use crate::serve::{DEMO_PASSWORDS, Served};

/// The door of the instance, and what officers sign in with.
pub(crate) struct Target {
    /// Lines for officers' own tokens.
    pub(crate) people: Lines,
    /// The operator, who verifies.
    pub(crate) operator: Operator,
    /// Whether it is gone after the rehearsal.
    pub(crate) private: bool,
    /// Sign-in names and passwords.
    pub(crate) credentials: PathBuf,
    own: Option<(Served, TempDir, Option<Scratch>)>,
}

impl Target {
    /// Reaches the server that is named, or starts a private one.
    pub(crate) async fn reach(
        args: &TrialArgs,
    ) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let config = args.at.load()?;
        match &args.target {
            Some(endpoint) => Self::running(args, &config, endpoint),
            None if args.peers => Self::pods(args, &config),
            None => Self::private(args).await,
        }
    }

    /// One process a service: a line to each.
    fn pods(
        args: &TrialArgs,
        config: &Config,
    ) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let outgoing = operator::outgoing(config)?;
        let mut lines = BTreeMap::new();
        for service in SERVICES {
            let peer = config.peer(service);
            let peer = peer.ok_or_else(|| format!("peers says nothing of {service}"))?;
            lines.insert(service, Channel::tcp(&peer, outgoing.clone())?);
        }
        let operator = Operator::over(lines);
        Ok(Self {
            people: Lines {
                account: operator.line("account")?.anonymous(),
                workflow: operator.line("workflow")?.anonymous(),
                dossier: operator.line("dossier")?.anonymous(),
            },
            operator,
            private: false,
            credentials: credentials(args, config),
            own: None,
        })
    }

    fn running(
        args: &TrialArgs,
        config: &Config,
        endpoint: &str,
    ) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let peer = Peer {
            endpoint: endpoint.to_owned(),
            authority_file: config.peers.authority_file.clone(),
            certificate_file: config.peers.certificate_file.clone(),
            key_file: config.peers.key_file.clone(),
            domain: None,
        };
        let door = Channel::tcp(&peer, operator::outgoing(config)?)?;
        Ok(Self {
            people: Lines::through(&door.anonymous()),
            operator: Operator::at(&door),
            private: false,
            credentials: credentials(args, config),
            own: None,
        })
    }

    /// On the loopback, on free ports, in a temporary folder: the same server,
    /// the same door, the same layers.
    async fn private(args: &TrialArgs) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let folder = tempfile::tempdir()?;
        let mut config = Config {
            data: folder.path().to_owned(),
            ..Config::default()
        };
        config.grpc.listen.set_port(0);
        config.console.listen.set_port(0);
        let scratch = match &args.postgres {
            Some(admin) => Some(Scratch::create(admin, &SERVICES).await?),
            None => None,
        };
        config.storage.url = scratch.as_ref().map(Scratch::url);
        let served = Served::start(&config, "all", true, Means::default()).await?;
        let at = served.grpc.ok_or("the private instance has no door")?;
        let peer = Peer {
            endpoint: format!("http://{at}"),
            authority_file: None,
            certificate_file: None,
            key_file: None,
            domain: None,
        };
        let clock = std::sync::Arc::clone(&served.house.means.clock);
        let nobody = Outgoing {
            identity: None,
            incarnations: Incarnations::default(),
            clock,
        };
        Ok(Self {
            people: Lines::through(&Channel::tcp(&peer, nobody)?),
            operator: Operator::at(&Channel::tcp(&peer, operator::outgoing(&config)?)?),
            private: true,
            credentials: folder.path().join(DEMO_PASSWORDS),
            own: Some((served, folder, scratch)),
        })
    }

    /// Ends a private instance and takes its data away.
    pub(crate) async fn leave(self) {
        let Some((served, _folder, scratch)) = self.own else {
            return;
        };
        served.end().await;
        if let Some(scratch) = scratch
            && let Err(error) = scratch.remove().await
        {
            tracing::warn!(%error, "the databases of the rehearsal are still there");
        }
    }
}

/// What the officers sign in with at a server that runs.
fn credentials(args: &TrialArgs, config: &Config) -> PathBuf {
    let named = args.credentials.clone();
    named.unwrap_or_else(|| config.data.join(DEMO_PASSWORDS))
}
