//! The schema: up once, and neither older nor newer than the program.

use sea_orm::ConnectionTrait as _;
use sea_orm_migration::prelude::*;
use storage::test::{databases, empty};
use storage::{Db, StorageError};

use motcua_storage as storage;

use crate::{number, sql};

struct Step(&'static str, &'static str);

impl MigrationName for Step {
    fn name(&self) -> &str {
        self.0
    }
}

#[async_trait::async_trait]
#[expect(
    elided_lifetimes_in_paths,
    reason = "the trait's own signature, as its macro wants it"
)]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let conn = manager.get_connection();
        conn.execute_unprepared(self.1).await?;
        Ok(())
    }
}

fn own() -> Vec<Box<dyn MigrationTrait>> {
    vec![
        Box::new(Step("m1", "CREATE TABLE tally (n bigint NOT NULL)")),
        Box::new(Step("m2", "INSERT INTO tally (n) VALUES (7)")),
    ]
}

#[tokio::test]
async fn openers_at_once_apply_each_migration_once() {
    for one in empty().await {
        let opening = (0..6).map(|_| {
            let config = one.config.clone();
            tokio::spawn(async move {
                let db = Db::open(&config).await?;
                db.migrate(own()).await
            })
        });
        for opened in futures::future::join_all(opening).await {
            assert_eq!(opened.unwrap(), Ok(()), "{}", one.label);
        }
        assert_eq!(number(&one.db, "SELECT count(*) FROM tally").await, 1);
        assert_eq!(
            number(&one.db, "SELECT count(*) FROM motcua_migration").await,
            4
        );
        assert_eq!(number(&one.db, "SELECT count(*) FROM feed_head").await, 1);
        assert_eq!(one.db.expect_schema(own()).await, Ok(()), "{}", one.label);
    }
}

#[tokio::test]
async fn a_database_of_a_newer_program_is_refused() {
    for one in databases(own).await {
        let newer = "INSERT INTO motcua_migration (name) VALUES ('m2099_x')";
        sql(&one.db, newer).await.unwrap();
        let named = |refused: Result<(), StorageError>| match refused {
            Err(StorageError::Unfit(why)) => why.contains("m2099_x"),
            _ => false,
        };
        assert!(named(one.db.migrate(own()).await), "{}", one.label);
        assert!(named(one.db.expect_schema(own()).await), "{}", one.label);
        // An older program of the same service is refused for the same reason.
        let older = own().into_iter().take(1).collect();
        assert!(one.db.migrate(older).await.is_err(), "{}", one.label);
    }
}

#[tokio::test]
async fn a_missing_migration_is_named_and_not_applied() {
    for one in empty().await {
        let named = |refused: Result<(), StorageError>, name: &str| match refused {
            Err(StorageError::Unfit(why)) => why.contains(name) && why.contains("motcua migrate"),
            _ => false,
        };
        let refused = one.db.expect_schema(own()).await;
        assert!(named(refused, "_base"), "{}", one.label);
        let tables = if one.label == "postgres" {
            "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
        } else {
            "SELECT count(*) FROM sqlite_master"
        };
        assert_eq!(number(&one.db, tables).await, 0, "{}", one.label);

        one.db
            .migrate(own().into_iter().take(1).collect())
            .await
            .unwrap();
        let refused = one.db.expect_schema(own()).await;
        assert!(named(refused, "m2"), "{}", one.label);
        assert_eq!(number(&one.db, "SELECT count(*) FROM tally").await, 0);
        one.db.migrate(own()).await.unwrap();
        assert_eq!(one.db.expect_schema(own()).await, Ok(()), "{}", one.label);
    }
}

#[tokio::test]
async fn a_migration_that_fails_leaves_nothing_of_itself() {
    for one in empty().await {
        let broken: Vec<Box<dyn MigrationTrait>> = vec![Box::new(Step(
            "m1",
            "CREATE TABLE half (n bigint); INSERT INTO nowhere (n) VALUES (1)",
        ))];
        assert!(one.db.migrate(broken).await.is_err(), "{}", one.label);
        // The same name, mended, starts from where the broken one did.
        let mended: Vec<Box<dyn MigrationTrait>> =
            vec![Box::new(Step("m1", "CREATE TABLE half (n bigint)"))];
        assert_eq!(one.db.migrate(mended).await, Ok(()), "{}", one.label);
    }
}

#[tokio::test]
async fn a_postgres_that_answers_before_it_has_written_is_refused() {
    for one in empty().await.into_iter().filter(|d| d.label == "postgres") {
        let lax = "DO $$ BEGIN EXECUTE format(
            'ALTER DATABASE %I SET synchronous_commit = off', current_database()); END $$";
        sql(&one.db, lax).await.unwrap();
        let refused = Db::open(&one.config).await.err();
        assert!(
            matches!(&refused, Some(StorageError::Unfit(why)) if why.contains("synchronous_commit")),
            "{refused:?}"
        );
    }
}
