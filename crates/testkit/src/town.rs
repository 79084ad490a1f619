//! A whole Motcua in the test's process: the same door, layers and stores as in
//! production, on a free port of the loopback and a folder of its own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use domain::clock::Clock;
use motcua::config::Config;
use motcua::house::Means;
use motcua::serve::{DEMO_PASSWORDS, Served};
use motcua::{SERVICES, operator};
use proto::account::v1::SignInRequest;
use proto::account::v1::auth_service_client::AuthServiceClient;
use runtime::client::{Channel, Config as Peer, Outgoing};
use runtime::config::SecretString;
use runtime::incarnation::Incarnations;
use sea_orm::{ConnectionTrait as _, DbBackend, Statement};
use storage::scratch::Scratch;
use tempfile::TempDir;

use crate::MovingClock;

/// The kind of database below a town.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Files in the town's folder.
    Sqlite,
    /// Databases of its own on the server of `MOTCUA_TEST_POSTGRES`.
    Postgres,
}

/// A variable that tells tests of a component.
#[expect(
    clippy::disallowed_methods,
    reason = "tests are told of components by the environment"
)]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|v| !v.is_empty())
}

/// Whether `MOTCUA_TEST_REQUIRE` names a component: then its absence fails.
pub fn required(what: &str) -> bool {
    variable("MOTCUA_TEST_REQUIRE").is_some_and(|list| list.split(',').any(|r| r == what))
}

impl Engine {
    /// The engines that are there.
    ///
    /// # Panics
    /// When PostgreSQL is required and absent.
    pub fn all() -> Vec<Self> {
        if variable("MOTCUA_TEST_POSTGRES").is_some() {
            return vec![Self::Sqlite, Self::Postgres];
        }
        assert!(
            !required("postgres"),
            "PostgreSQL is required: set MOTCUA_TEST_POSTGRES"
        );
        vec![Self::Sqlite]
    }
}

/// An officer who is signed in.
#[derive(Clone)]
pub struct Officer {
    /// `people/{uuid}`.
    pub name: String,
    /// `units/{id}` of the post.
    pub unit: String,
    /// The access token.
    pub access: String,
    /// A line in this officer's name.
    pub line: Channel,
}

/// A Motcua of one test.
pub struct Town {
    /// Below it.
    pub engine: Engine,
    /// Its time.
    pub clock: MovingClock,
    /// What serves.
    pub served: Served,
    /// Its configuration.
    pub config: Config,
    /// Nobody's line to its door.
    pub door: Channel,
    passwords: BTreeMap<String, String>,
    folder: TempDir,
    scratch: Option<Scratch>,
}

/// Monday, 09:00 in Vietnam, with no holiday near.
const MORNING: &str = "2026-11-30T02:00:00Z";

impl Town {
    /// On an engine, on a working morning, with a password for every officer.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start(engine: Engine) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut config = Config {
            data: folder.path().to_owned(),
            ..Config::default()
        };
        config.grpc.listen.set_port(0);
        config.console.listen.set_port(0);
        let scratch = match engine {
            Engine::Sqlite => None,
            Engine::Postgres => {
                let admin = variable("MOTCUA_TEST_POSTGRES").expect("the address of a server");
                let made = Scratch::create(&admin, &SERVICES).await;
                Some(made.expect("databases are made"))
            }
        };
        config.storage.url = scratch.as_ref().map(Scratch::url);
        config.storage.connections = 8;
        let clock = MovingClock::at(MORNING);
        let means = Means {
            clock: Arc::new(clock.clone()),
            ..Means::default()
        };
        let served = Served::start(&config, "all", true, means)
            .await
            .expect("the services start");
        let peer = Peer {
            endpoint: format!("http://{}", served.grpc.expect("a door")),
            authority_file: None,
            certificate_file: None,
            key_file: None,
            domain: None,
        };
        let nobody = Outgoing {
            identity: None,
            incarnations: Incarnations::default(),
            clock: Arc::new(clock.clone()) as Arc<dyn Clock>,
        };
        let door = Channel::tcp(&peer, nobody).expect("a line to the door");
        let passwords = passwords(&folder.path().join(DEMO_PASSWORDS));
        Self {
            engine,
            clock,
            served,
            config,
            door,
            passwords,
            folder,
            scratch,
        }
    }

    /// Its data folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The address of the door.
    ///
    /// # Panics
    /// Never: a town has a door.
    pub fn address(&self) -> String {
        self.served.grpc.expect("a door").to_string()
    }

    /// The password of an officer, such as `18583.tiepnhan1`.
    ///
    /// # Panics
    /// When there is no such officer.
    pub fn password(&self, login: &str) -> &str {
        self.passwords.get(login).expect("an officer of that name")
    }

    /// Signs an officer in.
    ///
    /// # Panics
    /// When the sign-in is refused.
    pub async fn officer(&self, login: &str) -> Officer {
        let request = SignInRequest {
            login: login.to_owned(),
            password: self.password(login).to_owned(),
        };
        let mut client = AuthServiceClient::new(self.door.clone());
        let answer = client.sign_in(request).await.expect("a sign-in");
        let answer = answer.into_inner();
        let officer = answer.officer.expect("an officer");
        let access = answer.tokens.expect("tokens").access;
        Officer {
            name: officer.name,
            unit: officer.unit,
            line: self.with_token(&access),
            access,
        }
    }

    /// A line under any token.
    ///
    /// # Panics
    /// When the token is no header value.
    pub fn with_token(&self, token: &str) -> Channel {
        let token = SecretString::from(token);
        self.door.with_token(&token).expect("a header value")
    }

    /// A line under the operator's identity, at the town's own time.
    ///
    /// # Panics
    /// When the operator's key is not there.
    pub fn operator(&self) -> Channel {
        let mut outgoing = operator::outgoing(&self.config).expect("the operator's key");
        outgoing.clock = Arc::new(self.clock.clone());
        let identity = self.served.house.operator_identity();
        outgoing.identity = Some(Arc::new(identity.expect("the operator's key")));
        let peer = Peer {
            endpoint: format!("http://{}", self.address()),
            authority_file: None,
            certificate_file: None,
            key_file: None,
            domain: None,
        };
        Channel::tcp(&peer, outgoing).expect("a line to the door")
    }

    /// How many rows each table of each store has, and the sum of its versions:
    /// what a refusal must leave as it was. Sign-ins and denials write to tables
    /// of their own, which are left out.
    ///
    /// # Panics
    /// When a store cannot be read.
    pub async fn fingerprint(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (service, db) in self.served.house.stores() {
            let conn = db.read();
            let backend = conn.get_database_backend();
            let tables = match backend {
                DbBackend::Postgres => {
                    "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'"
                }
                DbBackend::MySql | DbBackend::Sqlite | _ => {
                    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
                }
            };
            let rows = conn
                .query_all_raw(Statement::from_string(backend, tables))
                .await
                .expect("the tables are listed");
            for row in rows {
                let table: String = row.try_get_by_index(0).expect("a name");
                // Followers and the gateway's dimensions move on, and people sign in,
                // while a test looks.
                let moving = [
                    "access_log",
                    "session",
                    "cursor",
                    "feed_head",
                    "watched",
                    "dim_unit",
                    "dim_procedure",
                ];
                if moving.contains(&table.as_str()) {
                    continue;
                }
                let ask = format!(r#"SELECT count(*) FROM "{table}""#);
                let count = conn
                    .query_one_raw(Statement::from_string(backend, ask))
                    .await
                    .expect("rows are counted")
                    .expect("a count");
                let count: i64 = count.try_get_by_index(0).expect("a number");
                lines.push(format!("{service}.{table}: {count}"));
            }
        }
        lines.sort();
        lines
    }

    /// Every invariant of every service; the names of those that do not hold.
    ///
    /// # Panics
    /// When a service cannot be asked.
    pub async fn violations(&self) -> Vec<String> {
        let operator = operator::Operator::at(&self.operator());
        let checks = operator.verify().await.expect("verify runs");
        let broken = checks.into_iter().filter(|check| check.violations > 0);
        broken
            .map(|check| format!("{}: {:?}", check.id, check.named))
            .collect()
    }

    /// Ends it and takes its data away.
    ///
    /// # Panics
    /// When something does not end in time.
    pub async fn end(self) {
        assert!(self.served.end().await, "something was cut off at the end");
        if let Some(scratch) = self.scratch {
            scratch.remove().await.expect("databases are dropped");
        }
    }
}

fn passwords(file: &PathBuf) -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(file).expect("demonstration passwords");
    text.lines()
        .skip(1)
        .filter_map(|line| {
            let mut cells = line.split(',');
            Some((cells.next()?.to_owned(), cells.next()?.to_owned()))
        })
        .collect()
}
