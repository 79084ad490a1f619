//! A fresh database of each kind, for tests.

use sea_orm::{ConnectionTrait, Database, DatabaseConnection};
use sea_orm_migration::MigrationTrait;
use tempfile::TempDir;
use uuid::Uuid;

use crate::{Config, Db};

/// A database that is gone after the test.
pub struct TestDb {
    /// `sqlite` or `postgres`.
    pub label: &'static str,
    /// The open database.
    pub db: Db,
    /// How to open it again.
    pub config: Config,
    _folder: Option<TempDir>,
    _server: Option<Dropped>,
}

/// A fresh, migrated database of each kind that can be had. PostgreSQL is used
/// where `MOTCUA_TEST_POSTGRES` has the URL of an administrative database.
///
/// # Panics
/// When `MOTCUA_REQUIRE` names `postgres` and there is none: a missing
/// component is a failure, never a skip.
pub async fn databases(migrations: impl Fn() -> Vec<Box<dyn MigrationTrait>>) -> Vec<TestDb> {
    let mut all = vec![sqlite().await];
    match variable("MOTCUA_TEST_POSTGRES") {
        Some(admin) => all.push(postgres(&admin).await),
        None => assert!(
            !variable("MOTCUA_REQUIRE").is_some_and(|r| r.contains("postgres")),
            "PostgreSQL is required: set MOTCUA_TEST_POSTGRES"
        ),
    }
    for one in &all {
        one.db
            .migrate(migrations())
            .await
            .expect("the schema comes up");
    }
    all
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests are told of components by the environment"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|v| !v.is_empty())
}

async fn sqlite() -> TestDb {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let config = Config::Sqlite {
        file: folder.path().join("test.sqlite"),
    };
    let db = Db::open(&config).await.expect("SQLite opens");
    TestDb {
        label: "sqlite",
        db,
        config,
        _folder: Some(folder),
        _server: None,
    }
}

async fn postgres(admin: &str) -> TestDb {
    #[expect(
        clippy::disallowed_methods,
        reason = "names of throw-away databases must only differ"
    )]
    let name = format!("motcua_test_{}", Uuid::new_v4().simple());
    let server = Database::connect(admin).await.expect("PostgreSQL answers");
    server
        .execute_unprepared(&format!("CREATE DATABASE {name}"))
        .await
        .expect("a database is made");
    let (base, _) = admin.rsplit_once('/').expect("the URL names a database");
    let config = Config::Postgres {
        url: format!("{base}/{name}"),
        connections: 8,
    };
    let db = Db::open(&config).await.expect("the database opens");
    TestDb {
        label: "postgres",
        db,
        config,
        _folder: None,
        _server: Some(Dropped { server, name }),
    }
}

/// Drops its database when the test is over, from a thread of its own since a
/// test's runtime may be gone by then.
struct Dropped {
    server: DatabaseConnection,
    name: String,
}

impl Drop for Dropped {
    fn drop(&mut self) {
        let (server, name) = (self.server.clone(), std::mem::take(&mut self.name));
        let Ok(handle) = tokio::runtime::Handle::try_current() else {
            return;
        };
        handle.spawn(async move {
            let _ = server
                .execute_unprepared(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
                .await;
        });
    }
}
