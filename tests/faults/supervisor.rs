//! One process a service, as pods run, on a folder and databases of their own: each
//! can be killed, started again and cut off from the others.

use std::collections::BTreeMap;
use std::fs::File;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::time::Duration;

use motcua::SERVICES;
use motcua::config::Config;
use serde_json::Value;
use storage::scratch::Scratch;
use tempfile::TempDir;
use testkit::Engine;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use crate::cluster::{Cluster, programs};
use crate::disk::Disk;
use crate::proxy::Proxy;

/// A debug build on a busy machine is ready within this.
const READY: Duration = Duration::from_mins(2);
/// What SQLite and PostgreSQL say when there is no room.
const FULL: [&str; 2] = ["disk is full", "No space left on device"];
/// Who is no service and has wires all the same.
pub(crate) const CLIENT: &str = "client";
pub(crate) const DATABASE: &str = "database";

/// A wire, from whom to whom.
pub(crate) type Wire = (&'static str, &'static str);

/// The processes, what they stand on, and the wires between them.
pub(crate) struct Supervisor {
    /// Gone before the folder that it is over.
    disk: Option<Disk>,
    folder: TempDir,
    scratch: Option<Scratch>,
    /// The server of databases that is killed.
    pub(crate) cluster: Option<Cluster>,
    /// Wires that can be cut; every other one is direct.
    pub(crate) wires: BTreeMap<Wire, Proxy>,
    doors: BTreeMap<&'static str, u16>,
    running: BTreeMap<&'static str, Running>,
    starts: JoinSet<Option<Duration>>,
    /// Whether everything was ready once: the first start furnishes an empty place,
    /// and is nobody's return.
    settled: bool,
    /// What ended by itself.
    pub(crate) fallen: Vec<String>,
}

struct Running {
    child: Child,
    ready: watch::Receiver<bool>,
}

impl Supervisor {
    /// Starts everything on an engine, with wires that can be cut, and waits until
    /// all are ready. None when the engine is not there.
    pub(crate) async fn start(engine: Engine, wires: &[Wire], disk: Option<u32>) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (mut own, mut cluster) = (None, None);
        match (engine, disk) {
            (Engine::Postgres, disk) => cluster = Some(Cluster::start(programs()?, disk).await),
            (Engine::Sqlite, Some(size)) => {
                let data = folder.path().join("data");
                std::fs::create_dir(&data).expect("the data folder");
                own = Some(Disk::over(&data, size)?);
            }
            (Engine::Sqlite, None) => {}
        }
        let scratch = match &cluster {
            None => None,
            Some(cluster) => {
                let made = Scratch::create(&cluster.admin(), &SERVICES).await;
                Some(made.expect("databases are made"))
            }
        };
        // All are held at once, so that no two get the same.
        let held = SERVICES.map(|service| (service, TcpListener::bind("127.0.0.1:0")));
        let doors = held.iter().map(|(service, at)| {
            let at = at.as_ref().expect("a free port").local_addr();
            (*service, at.expect("an address").port())
        });
        let doors: BTreeMap<_, _> = doors.collect();
        drop(held);
        let mut supervisor = Self {
            disk: own,
            folder,
            scratch,
            cluster,
            wires: BTreeMap::new(),
            doors,
            running: BTreeMap::new(),
            starts: JoinSet::new(),
            settled: false,
            fallen: Vec::new(),
        };
        for (from, to) in wires.iter().copied() {
            let port = match (&supervisor.cluster, to) {
                (Some(cluster), DATABASE) => cluster.port(),
                (_, service) => supervisor.doors[service],
            };
            let proxy = Proxy::before(port).await;
            supervisor.wires.insert((from, to), proxy);
        }
        // The keys and the schemas: one after another, so that each key is made once.
        let migrated = supervisor.ask(&["migrate"]).await;
        assert!(migrated.status.success(), "{migrated:?}");
        supervisor.everybody().await;
        supervisor.settled = true;
        Some(supervisor)
    }

    /// Starts every service that does not run, and waits until all are ready.
    pub(crate) async fn everybody(&mut self) {
        for service in SERVICES {
            if !self.running.contains_key(service) {
                self.launch(service);
            }
        }
        for service in SERVICES {
            let running = self.running.get_mut(service).expect("it was started");
            let ready = timeout(READY, running.ready.wait_for(|ready| *ready)).await;
            let there = ready.is_ok_and(|ready| ready.is_ok());
            assert!(there, "{service} is not ready: {}", self.log(service));
        }
    }

    /// Starts a service.
    pub(crate) fn launch(&mut self, service: &'static str) {
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.beside(&format!("{service}.log")));
        let mut command = self.program(service);
        command.args(["serve", service]);
        let last = if service == "account" {
            command.arg("--demo");
            "demonstration passwords"
        } else {
            "gRPC"
        };
        command.stdout(Stdio::piped()).stderr(log.expect("a log"));
        let mut child = command.spawn().expect("a service");
        let out = child.stdout.take().expect("its output");
        let (told, ready) = watch::channel(false);
        let (began, again) = (Instant::now(), self.settled);
        self.starts.spawn(async move {
            let mut lines = BufReader::new(out).lines();
            let mut took = None;
            while let Ok(Some(line)) = lines.next_line().await {
                if line.starts_with(last) {
                    took = Some(began.elapsed());
                    told.send_replace(true);
                }
            }
            took.filter(|_| again)
        });
        self.running.insert(service, Running { child, ready });
    }

    /// Kills a service with SIGKILL, at once. False when it had ended by itself.
    pub(crate) async fn kill(&mut self, service: &'static str) -> bool {
        self.tend();
        let Some(mut running) = self.running.remove(service) else {
            return false;
        };
        running.child.kill().await.expect("a killed process");
        true
    }

    /// Kills all of them.
    pub(crate) async fn kill_all(&mut self) {
        for service in SERVICES {
            self.kill(service).await;
        }
    }

    /// Starts again what has ended by itself. Of a service that was ready this is
    /// told: nothing that happens around it may end it.
    pub(crate) fn tend(&mut self) {
        for service in SERVICES {
            let Some(running) = self.running.get_mut(service) else {
                continue;
            };
            let Some(status) = running.child.try_wait().expect("a process") else {
                continue;
            };
            if *running.ready.borrow() {
                let log = self.log(service);
                self.fallen
                    .push(format!("{service} ended by itself, {status}: {log}"));
            }
            self.launch(service);
        }
    }

    /// How long the starts after the first took, where they were not cut short, in
    /// milliseconds.
    pub(crate) async fn started(&mut self) -> Vec<u64> {
        let mut all = Vec::new();
        while let Some(took) = self.starts.join_next().await {
            let took = took.expect("what reads a service's output");
            all.extend(took.map(millis));
        }
        all
    }

    /// Asks the services, under the operator's identity, whether every invariant
    /// holds; what does not, one line each.
    pub(crate) async fn violations(&self, within: Duration) -> Vec<String> {
        let asked = Instant::now();
        loop {
            let done = self.ask(&["verify", "--json"]).await;
            let out = String::from_utf8_lossy(&done.stdout);
            let told: Option<Value> = out
                .lines()
                .last()
                .and_then(|l| serde_json::from_str(l).ok());
            let found = match told {
                None => vec![format!("verify could not look: {done:?}")],
                Some(told) => broken(&told),
            };
            // What follows may be a moment behind.
            if found.is_empty() || asked.elapsed() > within {
                return found;
            }
        }
    }

    /// Runs a command as an operator who is not part of the experiment.
    pub(crate) async fn ask(&self, arguments: &[&str]) -> Output {
        let mut command = self.program(CLIENT);
        command.env_remove("MUTANT").args(arguments);
        command.output().await.expect("a command")
    }

    /// The program as somebody meets the others: over wires, where there are some.
    pub(crate) fn program(&self, who: &'static str) -> Command {
        let mut program = Command::new(env!("CARGO_BIN_EXE_motcua-breakable"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("MOTCUA_") {
                program.env_remove(name);
            }
        }
        program
            .env("MOTCUA_DATA", self.data())
            .env("MOTCUA_TELEMETRY__FILTER", "warn")
            .stdin(Stdio::null())
            .kill_on_drop(true);
        for (service, port) in &self.doors {
            if *service == who {
                program.env("MOTCUA_GRPC__LISTEN", format!("127.0.0.1:{port}"));
                continue;
            }
            let wire = self.wires.get(&(who, *service));
            let port = wire.map_or(*port, |proxy| proxy.at.port());
            let name = format!("MOTCUA_PEERS__ENDPOINTS__{}", service.to_uppercase());
            program.env(name, format!("http://127.0.0.1:{port}"));
        }
        if let (Some(scratch), Some(cluster)) = (&self.scratch, &self.cluster) {
            let wire = self.wires.get(&(who, DATABASE));
            let port = wire.map_or(cluster.port(), |proxy| proxy.at.port());
            let port = (format!(":{}/", cluster.port()), format!(":{port}/"));
            let url = scratch.url().replacen(&port.0, &port.1, 1);
            program.env("MOTCUA_STORAGE__URL", url);
            // A hundred connections are enough for all.
            program.env("MOTCUA_STORAGE__CONNECTIONS", "8");
        }
        program
    }

    /// What the stores are read with, once nothing runs.
    pub(crate) fn config(&self) -> Config {
        let mut config = Config {
            data: self.data(),
            ..Config::default()
        };
        config.storage.url = self.scratch.as_ref().map(Scratch::url);
        config
    }

    /// The server of databases.
    pub(crate) fn server(&self) -> &Cluster {
        self.cluster.as_ref().expect("a server of its own")
    }

    /// The address of a service's database on that server.
    pub(crate) fn database(&self, service: &str) -> String {
        let url = self.scratch.as_ref().map(Scratch::url);
        url.expect("databases").replace("{service}", service)
    }

    /// How many lines of the logs tell that a disk is full.
    pub(crate) fn told_full(&self) -> usize {
        let log = |service| std::fs::read_to_string(self.beside(&format!("{service}.log")));
        let logs = SERVICES.map(|service| log(service).unwrap_or_default());
        let lines = logs.iter().flat_map(|log| log.lines());
        let full = |line: &&str| FULL.iter().any(|words| line.contains(words));
        lines.filter(full).count()
    }

    /// The disk below the databases, if it can be full.
    pub(crate) fn disk(&self) -> Option<&Disk> {
        let server = self.cluster.as_ref().and_then(Cluster::disk);
        self.disk.as_ref().or(server)
    }

    /// A file beside the data folder.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The end of a service's log, for whoever reads a failure.
    pub(crate) fn log(&self, service: &str) -> String {
        let log = std::fs::read_to_string(self.beside(&format!("{service}.log")));
        let log = log.unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(12)..].join("\n")
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }
}

/// What `verify` found.
fn broken(told: &Value) -> Vec<String> {
    let checks = told["checks"].as_array().expect("checks");
    let checks = checks.iter().filter(|check| check["violations"] != 0);
    checks.map(|check| format!("verify: {check}")).collect()
}

/// In milliseconds.
pub(crate) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
