//! A PostgreSQL server of the test's own, so that it may be killed.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use testkit::required;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use crate::disk::Disk;

/// A server that was killed is back within this, the recovery of its log included.
const BACK: Duration = Duration::from_mins(2);

/// Its folder, its programs and its port.
pub(crate) struct Cluster {
    /// Gone before the folder that it is over.
    disk: Option<Disk>,
    folder: TempDir,
    programs: PathBuf,
    port: u16,
    /// Whether its programs must run as another user: it refuses to run as root.
    as_postgres: bool,
}

/// A session that holds the lock; it ends with its input.
pub(crate) struct Held {
    _psql: Child,
    _told: ChildStdin,
}

/// Where the programs of the newest PostgreSQL are; none where there is none.
///
/// # Panics
/// When PostgreSQL is required and absent.
pub(crate) fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter();
    let versions = versions.flatten().flatten().map(|entry| entry.path());
    let number = |path: &Path| -> Option<u32> { path.file_name()?.to_str()?.parse().ok() };
    let newest = versions.filter(|path| path.join("bin/initdb").exists());
    let newest = newest.max_by_key(|path| number(path));
    if newest.is_none() {
        assert!(!required("postgres"), "no initdb below /usr/lib/postgresql");
        println!("skipped: no initdb below /usr/lib/postgresql");
    }
    newest.map(|path| path.join("bin"))
}

impl Cluster {
    /// A fresh one, that serves; its data on a disk of so many MiB, if it must.
    pub(crate) async fn start(programs: PathBuf, disk: Option<u32>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let port = {
            let held = TcpListener::bind("127.0.0.1:0").expect("a free port");
            held.local_addr().expect("an address").port()
        };
        let id = Command::new("id").arg("-u").output().await.expect("id");
        let data = folder.path().join("data");
        std::fs::create_dir(&data).expect("its data folder");
        let cluster = Self {
            disk: disk.map(|size| Disk::over(&data, size).expect("a small disk")),
            as_postgres: id.stdout == b"0\n",
            folder,
            programs,
            port,
        };
        if cluster.as_postgres {
            let path = cluster.folder.path();
            let open = std::fs::Permissions::from_mode(0o755);
            std::fs::set_permissions(path, open).expect("an open folder");
            let given = Command::new("chown")
                .arg("-R")
                .arg("postgres")
                .arg(path)
                .status();
            assert!(given.await.expect("chown").success());
        }
        let data = data.to_str().expect("a path of text");
        let made = ["-A", "trust", "-U", "postgres", "-E", "UTF8", "-D", data];
        succeeded("initdb", &cluster.run("initdb", &made).await);
        cluster.serve().await;
        cluster
    }

    /// The address of its administrative database.
    pub(crate) fn admin(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// The port.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Stops the process that writes the log for those who do not wait for it, and
    /// answers which it is: then only what a commit has written itself is written.
    pub(crate) async fn stall(&self) -> String {
        let query = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'walwriter'";
        let writer = self.asked(&self.admin(), query).await;
        self.signal("-STOP", &[&writer]).await;
        writer
    }

    /// Lets it go on.
    pub(crate) async fn resume(&self, writer: &str) {
        self.signal("-CONT", &[writer]).await;
    }

    /// Kills the first process of the server with SIGKILL, and the one that was
    /// stopped. The others notice.
    pub(crate) async fn kill(&self, writer: &str) {
        let pid = std::fs::read_to_string(self.data().join("postmaster.pid"));
        let pid = pid.expect("a running server");
        let pid = pid.lines().next().expect("its process").trim();
        self.signal("-KILL", &[pid, writer]).await;
    }

    /// Stops it without letting anybody finish, as after a crash.
    pub(crate) async fn stop_at_once(&self, writer: &str) {
        let asked = self.pg_ctl(&["-m", "immediate", "-W", "stop"]).await;
        succeeded("stop", &asked);
        // It hears nothing while it is stopped.
        self.signal("-KILL", &[writer]).await;
    }

    async fn signal(&self, which: &str, processes: &[&str]) {
        let mut kill = self.command(Path::new("kill"));
        kill.arg(which).args(processes);
        succeeded("kill", &kill.output().await.expect("kill"));
    }

    /// The answer to a query, as a line.
    async fn asked(&self, database: &str, query: &str) -> String {
        let answer = self
            .run("psql", &["-At", "-d", database, "-c", query])
            .await;
        succeeded("psql", &answer);
        told(&answer).trim().to_owned()
    }

    /// Starts it, as often as it takes until what was killed has let go of its
    /// memory; answers how long it took until it serves.
    pub(crate) async fn serve(&self) -> Duration {
        let began = Instant::now();
        let mut look = interval(Duration::from_millis(50));
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let serving = async {
            loop {
                look.tick().await;
                let started = self.pg_ctl(&["-w", "start"]).await;
                if started.status.success() {
                    return;
                }
            }
        };
        let back = timeout(BACK, serving).await;
        let log = || std::fs::read_to_string(self.folder.path().join("log"));
        assert!(back.is_ok(), "not back: {}", log().unwrap_or_default());
        began.elapsed()
    }

    /// Starts it where it has ended by itself, and waits until it serves: one that
    /// recovers still may end.
    pub(crate) async fn serve_again(&self) {
        let port = self.port.to_string();
        let mut look = interval(Duration::from_millis(50));
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let serving = async {
            loop {
                look.tick().await;
                let runs = self.pg_ctl(&["status"]).await;
                if !runs.status.success() {
                    self.serve().await;
                    return;
                }
                let serves = ["-q", "-h", "127.0.0.1", "-p", &port];
                if self.run("pg_isready", &serves).await.status.success() {
                    return;
                }
            }
        };
        assert!(timeout(BACK, serving).await.is_ok(), "it does not recover");
    }

    /// Lets nobody write events of a database for as long as the answer is kept.
    pub(crate) async fn hold(&self, database: &str) -> Held {
        let mut psql = Command::new(self.programs.join("psql"));
        psql.args(["-q", "-d", database, "-v", "ON_ERROR_STOP=1"]);
        psql.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut psql = psql.kill_on_drop(true).spawn().expect("psql");
        let lock = "BEGIN; LOCK TABLE event IN SHARE MODE;\n\\echo held\n";
        let mut told = psql.stdin.take().expect("its input");
        let asked = told.write_all(lock.as_bytes()).await;
        asked.expect("psql listens");
        let mut said = BufReader::new(psql.stdout.take().expect("its output")).lines();
        let line = said.next_line().await.expect("psql answers");
        assert_eq!(line.as_deref(), Some("held"));
        Held {
            _psql: psql,
            _told: told,
        }
    }

    /// Whether the commit of an act waits for who holds a database.
    pub(crate) async fn commit_waits(&self, database: &str) -> bool {
        let query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                     AND wait_event_type = 'Lock' AND query LIKE '%idempotency%'";
        self.asked(database, query).await != "0"
    }

    /// The disk below it, if it can be full.
    pub(crate) fn disk(&self) -> Option<&Disk> {
        self.disk.as_ref()
    }

    /// What the server's own checker finds wrong in tables and indexes.
    pub(crate) async fn unsound(&self) -> Option<String> {
        let port = self.port.to_string();
        let mut arguments = vec!["-h", "127.0.0.1", "-U", "postgres", "-p", &port];
        arguments.extend(["--all", "--install-missing", "--heapallindexed"]);
        let checked = self.run("pg_amcheck", &arguments).await;
        (!checked.status.success()).then(|| told(&checked))
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    async fn pg_ctl(&self, arguments: &[&str]) -> Output {
        let folder = self.folder.path().display();
        // What was answered asynchronously stays unwritten for long: a program that
        // wants no flush is caught.
        let options = format!(
            "-p {} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} \
             -c wal_writer_delay=10s -c log_min_messages=fatal \
             -c track_activity_query_size=64kB",
            self.port
        );
        let (data, log) = (format!("{folder}/data"), format!("{folder}/log"));
        let mut all = vec!["-D", &data, "-l", &log, "-s"];
        if arguments.contains(&"start") {
            all.extend(["-o", &options]);
        }
        all.extend(arguments);
        self.run("pg_ctl", &all).await
    }

    async fn run(&self, program: &str, arguments: &[&str]) -> Output {
        let mut command = self.command(&self.programs.join(program));
        // The server would keep a pipe open for as long as it runs.
        let told = self.folder.path().join(format!("{program}.told"));
        let file = std::fs::File::create(&told).expect("a file for what it says");
        let again = file.try_clone().expect("the same file");
        command.args(arguments).stdout(file).stderr(again);
        let status = command.status().await.expect("a program of PostgreSQL");
        Output {
            status,
            stdout: std::fs::read(&told).expect("what it said"),
            stderr: Vec::new(),
        }
    }

    /// A program, as the user who owns the server.
    fn command(&self, program: &Path) -> Command {
        let mut command = if self.as_postgres {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command.stdin(Stdio::null()).current_dir(self.folder.path());
        command
    }
}

/// Nothing of a test that failed keeps running.
impl Drop for Cluster {
    fn drop(&mut self) {
        let mut stop = std::process::Command::new(self.programs.join("pg_ctl"));
        if self.as_postgres {
            stop = std::process::Command::new("runuser");
            stop.args(["-u", "postgres", "--"]);
            stop.arg(self.programs.join("pg_ctl"));
        }
        stop.current_dir(self.folder.path());
        stop.arg("-D").arg(self.data());
        let _ = stop.args(["-s", "-m", "immediate", "stop"]).output();
    }
}

fn succeeded(what: &str, done: &Output) {
    assert!(done.status.success(), "{what}: {}", told(done));
}

fn told(done: &Output) -> String {
    let said = [&done.stdout, &done.stderr].map(|text| String::from_utf8_lossy(text));
    said.concat()
}
