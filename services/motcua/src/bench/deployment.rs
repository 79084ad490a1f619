//! What is measured: the program itself, in processes of its own, on databases
//! of its own.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use clap::ValueEnum;
use runtime::client::{Channel, Config as Peer, Outgoing};
use runtime::incarnation::Incarnations;
use serde::Serialize;
use storage::scratch::Scratch;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use super::Broken;
use super::machine;
use crate::SERVICES;
use crate::config::Config;
use crate::operator::{self, Operator};
use crate::serve::DEMO_PASSWORDS;
use crate::trial::cast::Lines;

/// A start takes less than this, on a busy machine too.
const READY: Duration = Duration::from_mins(2);

/// How services are spread over processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// `serve all`: one process.
    All,
    /// As in production: a process a service.
    Split,
}

/// The databases of one deployment, and where they are.
pub(crate) struct Place {
    folder: TempDir,
    scratch: Option<Scratch>,
}

impl Place {
    /// Fresh: a folder for SQLite files, or databases of a PostgreSQL server.
    pub(crate) async fn fresh(admin: Option<&str>) -> Result<Self, Broken> {
        let scratch = match admin {
            Some(admin) => Some(Scratch::create(admin, &SERVICES).await?),
            None => None,
        };
        Ok(Self {
            folder: tempfile::tempdir()?,
            scratch,
        })
    }

    /// The configuration of a process there, on any free port.
    pub(crate) fn config(&self) -> Config {
        let mut config = Config {
            data: self.data(),
            ..Config::default()
        };
        config.grpc.listen.set_port(0);
        config.console.listen.set_port(0);
        config.storage.url = self.scratch.as_ref().map(Scratch::url);
        config
    }

    /// The data folder.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Takes everything away.
    pub(crate) async fn remove(self) -> Result<(), Broken> {
        if let Some(scratch) = self.scratch {
            scratch.remove().await?;
        }
        Ok(())
    }

    /// The program, told of this place by the environment alone.
    fn program(&self) -> Result<Command, Broken> {
        let mut program = Command::new(std::env::current_exe()?);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("MOTCUA_") {
                program.env_remove(name);
            }
        }
        program
            .env("MOTCUA_DATA", self.data())
            .env("MOTCUA_GRPC__LISTEN", "127.0.0.1:0")
            .env("MOTCUA_CONSOLE__LISTEN", "127.0.0.1:0")
            .env("MOTCUA_TELEMETRY__FILTER", "warn")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        if let Some(scratch) = &self.scratch {
            program.env("MOTCUA_STORAGE__URL", scratch.url());
        }
        Ok(program)
    }
}

/// Processes that serve.
pub(crate) struct Deployment {
    place: Place,
    children: Vec<Child>,
    endpoints: BTreeMap<&'static str, String>,
}

impl Deployment {
    /// Starts the processes and waits until all are ready.
    pub(crate) async fn start(place: Place, shape: Shape) -> Result<Self, Broken> {
        let mut deployment = Self {
            place,
            children: Vec::new(),
            endpoints: BTreeMap::new(),
        };
        match shape {
            Shape::All => deployment.start_all().await?,
            Shape::Split => deployment.start_split().await?,
        }
        Ok(deployment)
    }

    async fn start_all(&mut self) -> Result<(), Broken> {
        let mut command = self.place.program()?;
        command.args(["serve", "all", "--demo"]);
        let (child, door) = ready(command, "demonstration passwords").await?;
        self.children.push(child);
        self.endpoints = SERVICES.map(|s| (s, door.clone())).into();
        Ok(())
    }

    async fn start_split(&mut self) -> Result<(), Broken> {
        let mut command = self.place.program()?;
        command.arg("migrate").stdout(Stdio::null());
        if !command.status().await?.success() {
            return Err("the schemas could not be brought up".into());
        }
        // All are held at once, so that no two get the same.
        let held: Vec<_> = SERVICES
            .into_iter()
            .map(|service| Ok((service, TcpListener::bind("127.0.0.1:0")?)))
            .collect::<std::io::Result<_>>()?;
        for (service, at) in &held {
            self.endpoints
                .insert(service, format!("http://{}", at.local_addr()?));
        }
        drop(held);
        for service in SERVICES {
            let mut command = self.place.program()?;
            for (peer, endpoint) in &self.endpoints {
                let key = format!("MOTCUA_PEERS__ENDPOINTS__{}", peer.to_uppercase());
                command.env(key, endpoint);
            }
            let own = self.endpoints.get(service).map(String::as_str);
            let own = own.unwrap_or_default().trim_start_matches("http://");
            command.env("MOTCUA_GRPC__LISTEN", own);
            command.args(["serve", service]);
            let last = if service == "account" {
                command.arg("--demo");
                "demonstration passwords"
            } else {
                "gRPC"
            };
            let (child, _) = ready(command, last).await?;
            self.children.push(child);
        }
        Ok(())
    }

    /// A line of its own to a service, for people's tokens.
    pub(crate) fn line(&self, service: &str) -> Result<Channel, Broken> {
        let nobody = Outgoing {
            identity: None,
            incarnations: Incarnations::default(),
            clock: std::sync::Arc::new(runtime::clock::SystemClock),
        };
        Ok(Channel::tcp(&self.peer(service), nobody)?)
    }

    /// Lines for people's tokens.
    pub(crate) fn lines(&self) -> Result<Lines, Broken> {
        Ok(Lines {
            account: self.line("account")?,
            workflow: self.line("workflow")?,
            dossier: self.line("dossier")?,
        })
    }

    /// The operator, who verifies.
    pub(crate) fn operator(&self) -> Result<Operator, Broken> {
        let outgoing = operator::outgoing(&self.place.config())?;
        let lines = SERVICES.map(|service| {
            let line = Channel::tcp(&self.peer(service), outgoing.clone());
            line.map(|line| (service, line))
        });
        let lines: Result<BTreeMap<_, _>, _> = lines.into_iter().collect();
        Ok(Operator::over(lines?))
    }

    fn peer(&self, service: &str) -> Peer {
        Peer {
            endpoint: self.endpoints.get(service).cloned().unwrap_or_default(),
            authority_file: None,
            certificate_file: None,
            key_file: None,
            domain: None,
        }
    }

    /// The officers' first passwords.
    pub(crate) fn credentials(&self) -> PathBuf {
        self.place.data().join(DEMO_PASSWORDS)
    }

    /// Where its data is.
    pub(crate) fn data(&self) -> PathBuf {
        self.place.data()
    }

    /// The identifiers of the processes.
    pub(crate) fn processes(&self) -> Vec<String> {
        let id = |child: &Child| child.id().map(|id| id.to_string());
        self.children.iter().filter_map(id).collect()
    }

    /// Processor time of the processes until now, in seconds.
    pub(crate) fn spent(&self) -> f64 {
        self.processes().iter().map(|id| machine::of(id)).sum()
    }

    /// Memory of the processes together, in MiB: now, and each at its most.
    pub(crate) fn memory(&self) -> (u64, u64) {
        let each = self.processes();
        let each = each.iter().map(|id| machine::memory(id));
        each.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
    }

    /// Ends the processes; what they stored stays.
    pub(crate) async fn stop(mut self) -> Result<Place, Broken> {
        for child in &mut self.children {
            child.kill().await?;
        }
        Ok(self.place)
    }

    /// Ends the processes and takes the databases away.
    pub(crate) async fn end(self) -> Result<(), Broken> {
        self.stop().await?.remove().await
    }
}

/// Starts a process and waits for the line that it says last; answers its door.
async fn ready(mut command: Command, last: &str) -> Result<(Child, String), Broken> {
    let mut child = command.spawn()?;
    let out = child.stdout.take().ok_or("a process without output")?;
    let mut lines = BufReader::new(out).lines();
    let reading = async {
        let mut door = String::new();
        while let Some(line) = lines.next_line().await? {
            if let Some(at) = line.strip_prefix("gRPC") {
                at.trim().clone_into(&mut door);
            }
            if line.starts_with(last) {
                return Ok(Some(door));
            }
        }
        Ok::<_, std::io::Error>(None)
    };
    let door = tokio::time::timeout(READY, reading).await??;
    Ok((child, door.ok_or("a process ended before it was ready")?))
}

/// How large the files of a folder are together, in MiB.
pub(crate) fn size(folder: &Path) -> u64 {
    let sizes = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let bytes: u64 = sizes.filter_map(|f| Some(f.metadata().ok()?.len())).sum();
    bytes / (1024 * 1024)
}
