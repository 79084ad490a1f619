//! A fresh database of each kind, for tests.

use sea_orm_migration::MigrationTrait;
use tempfile::TempDir;

use crate::scratch::Scratch;
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
/// When `MOTCUA_TEST_REQUIRE` names `postgres` and there is none: a missing
/// component is a failure, never a skip.
pub async fn databases(migrations: impl Fn() -> Vec<Box<dyn MigrationTrait>>) -> Vec<TestDb> {
    let all = empty().await;
    for one in &all {
        one.db
            .migrate(migrations())
            .await
            .expect("the schema comes up");
    }
    all
}

/// As [`databases`], without any table.
///
/// # Panics
/// As [`databases`].
pub async fn empty() -> Vec<TestDb> {
    let mut all = vec![sqlite().await];
    match variable("MOTCUA_TEST_POSTGRES") {
        Some(admin) => all.push(postgres(&admin).await),
        None => skipped(),
    }
    all
}

#[expect(clippy::print_stderr, reason = "what was not tested is said")]
fn skipped() {
    assert!(
        !variable("MOTCUA_TEST_REQUIRE").is_some_and(|r| r.contains("postgres")),
        "PostgreSQL is required: set MOTCUA_TEST_POSTGRES"
    );
    eprintln!("skipped on PostgreSQL: MOTCUA_TEST_POSTGRES is not set");
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
    let scratch = Scratch::create(admin, &["test"])
        .await
        .expect("a database is made");
    let config = Config::Postgres {
        url: scratch.url().replace("{service}", "test"),
        connections: 8,
    };
    let db = Db::open(&config).await.expect("the database opens");
    TestDb {
        label: "postgres",
        db,
        config,
        _folder: None,
        _server: Some(Dropped(Some(scratch))),
    }
}

/// Drops its database when the test is over, on a thread and a runtime of its
/// own: what a test's runtime still has to do when the test returns is lost.
struct Dropped(Option<Scratch>);

impl Drop for Dropped {
    fn drop(&mut self) {
        let Some(scratch) = self.0.take() else {
            return;
        };
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(scratch.remove())
        });
        // A test that failed has said why; this must not hide it.
        let removed = dropping.join();
        assert!(
            std::thread::panicking() || matches!(removed, Ok(Ok(()))),
            "the test's database is dropped"
        );
    }
}
