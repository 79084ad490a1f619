//! A data folder with its databases and ports, and the processes on it.

use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Output, Stdio};
use std::time::Duration;

use motcua::SERVICES;
use motcua::config::Config;
use motcua::operator;
use runtime::client::{Channel, Config as Peer};
use serde_json::Value;
use storage::scratch::Scratch;
use tempfile::TempDir;
use testkit::{Engine, variable};
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// A debug build on a busy machine is ready within this.
const READY: Duration = Duration::from_mins(2);
/// No command of a test takes longer.
const COMMAND: Duration = Duration::from_mins(5);

/// Where the processes of one test run.
pub(crate) struct Place {
    folder: TempDir,
    scratch: Option<Scratch>,
    ports: (u16, u16),
}

/// A server's process.
pub(crate) struct Server {
    child: Child,
    out: Lines<BufReader<ChildStdout>>,
    /// What it said before it was ready.
    pub(crate) said: Vec<String>,
}

impl Place {
    /// On an engine, on ports that are free now and stay the same over restarts.
    pub(crate) async fn new(engine: Engine) -> Self {
        let scratch = match engine {
            Engine::Sqlite => None,
            Engine::Postgres => {
                let admin = variable("MOTCUA_TEST_POSTGRES").expect("the address of a server");
                let made = Scratch::create(&admin, &SERVICES).await;
                Some(made.expect("databases are made"))
            }
        };
        // Both are held while the other is chosen, so that they differ.
        let free = || TcpListener::bind("127.0.0.1:0").expect("a free port");
        let (grpc, console) = (free(), free());
        let port = |held: &TcpListener| held.local_addr().expect("an address").port();
        Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
            scratch,
            ports: (port(&grpc), port(&console)),
        }
    }

    /// The data folder.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A file beside the data folder.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The address of the door.
    pub(crate) fn target(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports.0)
    }

    /// The configuration that its processes have.
    pub(crate) fn config(&self) -> Config {
        let mut config = Config {
            data: self.data(),
            ..Config::default()
        };
        config.storage.url = self.scratch.as_ref().map(Scratch::url);
        config
    }

    /// The program, told of this place by the environment alone.
    pub(crate) fn program(&self) -> Command {
        let mut program = Command::new(env!("CARGO_BIN_EXE_motcua"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("MOTCUA_") {
                program.env_remove(name);
            }
        }
        let (grpc, console) = self.ports;
        program
            .env("MOTCUA_DATA", self.data())
            .env("MOTCUA_GRPC__LISTEN", format!("127.0.0.1:{grpc}"))
            .env("MOTCUA_CONSOLE__LISTEN", format!("127.0.0.1:{console}"))
            .env("MOTCUA_TELEMETRY__FILTER", "warn")
            .stdin(Stdio::null())
            .kill_on_drop(true);
        if let Some(scratch) = &self.scratch {
            program.env("MOTCUA_STORAGE__URL", scratch.url());
        }
        program
    }

    /// Runs a command to its end.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Output {
        let mut command = self.program();
        command.args(arguments);
        let ended = tokio::time::timeout(COMMAND, command.output()).await;
        ended.expect("a command ends").expect("a command runs")
    }

    /// Runs a command whose last line is JSON, whatever it ends with.
    pub(crate) async fn ask(&self, arguments: &[&str]) -> (ExitStatus, Value) {
        let done = self.run(arguments).await;
        (done.status, json(&done))
    }

    /// Starts a server whose log goes to the end of `server.log`.
    pub(crate) fn spawn(&self) -> Server {
        self.spawn_with(&[])
    }

    fn spawn_with(&self, variables: &[(&str, &str)]) -> Server {
        self.start(&["serve", "all", "--demo"], variables)
    }

    /// Starts a server as it is asked to, and waits for the line that it says last.
    pub(crate) async fn serve_as(&self, arguments: &[&str], last: &str) -> Server {
        let mut server = self.start(arguments, &[]);
        let ready = tokio::time::timeout(READY, server.says(last)).await;
        assert!(ready.unwrap_or(false), "not ready: {}", self.log());
        server
    }

    fn start(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Server {
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.beside("server.log"));
        let log = log.expect("a log");
        let mut command = self.program();
        command
            .args(arguments)
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .stderr(log);
        let mut child = command.spawn().expect("a server");
        let out = child.stdout.take().expect("its output");
        Server {
            child,
            out: BufReader::new(out).lines(),
            said: Vec::new(),
        }
    }

    /// Starts a server and waits until it serves.
    pub(crate) async fn serve(&self) -> Server {
        self.serve_with(&[]).await
    }

    /// The same, with more to say to it.
    pub(crate) async fn serve_with(&self, variables: &[(&str, &str)]) -> Server {
        let mut server = self.spawn_with(variables);
        let ready = tokio::time::timeout(READY, server.ready()).await;
        assert!(ready.unwrap_or(false), "not ready: {}", self.log());
        server
    }

    /// The end of the server's log, for whoever reads a failure.
    pub(crate) fn log(&self) -> String {
        let log = std::fs::read_to_string(self.beside("server.log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }

    /// A line under the operator's identity.
    pub(crate) fn operator(&self) -> Channel {
        let outgoing = operator::outgoing(&self.config()).expect("the operator's key");
        let peer = Peer {
            endpoint: self.target(),
            authority_file: None,
            certificate_file: None,
            key_file: None,
            domain: None,
        };
        Channel::tcp(&peer, outgoing).expect("a line to the door")
    }

    /// The password of an officer.
    pub(crate) fn password(&self, login: &str) -> String {
        let file = self.data().join(motcua::serve::DEMO_PASSWORDS);
        let text = std::fs::read_to_string(file).expect("demonstration passwords");
        let mut rows = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
        let row = rows.find(|cells| cells[0] == login);
        row.expect("an officer of that name")[1].to_owned()
    }

    /// Takes everything away.
    pub(crate) async fn end(self) {
        if let Some(scratch) = self.scratch {
            scratch.remove().await.expect("databases are dropped");
        }
    }
}

impl Server {
    /// Reads on until everything is announced; false when it ends before.
    pub(crate) async fn ready(&mut self) -> bool {
        self.says("demonstration passwords").await
    }

    async fn says(&mut self, begins: &str) -> bool {
        while let Some(line) = self.out.next_line().await.expect("lines of text") {
            let last = line.starts_with(begins);
            self.said.push(line);
            if last {
                return true;
            }
        }
        false
    }

    /// Waits until it has ended by itself.
    pub(crate) async fn gone(&mut self) {
        self.child.wait().await.expect("a process");
    }

    /// Kills it with SIGKILL, at once, and waits until it is gone.
    pub(crate) async fn kill(mut self) {
        let still = self.child.try_wait().expect("a process");
        assert!(still.is_none(), "the server had ended by itself: {still:?}");
        self.child.kill().await.expect("a killed process");
    }

    /// Asks it to leave and waits for the end, at most `limit`.
    pub(crate) async fn leave(mut self, limit: Duration) -> ExitStatus {
        self.terminate().await;
        let ended = tokio::time::timeout(limit, self.child.wait()).await;
        ended.expect("it leaves in time").expect("a process")
    }

    /// Sends SIGTERM. `unsafe` code is forbidden here, so the shell does it.
    pub(crate) async fn terminate(&self) {
        let id = self.child.id().expect("a process that runs").to_string();
        let asked = Command::new("sh")
            .args(["-c", "kill -TERM \"$1\"", "sh", &id])
            .status();
        assert!(asked.await.expect("a shell").success());
    }

    /// Waits for the end of a server that was asked to leave.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        self.child.wait().await.expect("a process")
    }
}

/// Whether there is a PostgreSQL server; says so when a test is skipped for that,
/// and fails where it is required.
pub(crate) fn postgres_is_there() -> bool {
    let there = Engine::all().contains(&Engine::Postgres);
    if !there {
        println!("skipped: MOTCUA_TEST_POSTGRES names no server");
    }
    there
}

/// The JSON of the last line of a command's output.
pub(crate) fn json(done: &Output) -> Value {
    let out = String::from_utf8_lossy(&done.stdout);
    let last = out.lines().last().unwrap_or_default();
    let told = String::from_utf8_lossy(&done.stderr);
    serde_json::from_str(last).unwrap_or_else(|_| panic!("no JSON: {out}\n{told}"))
}

/// How many lines a file has; none yet when it is not there.
pub(crate) fn lines(file: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}
