//! The tables of notification, on both databases. Append-only.

use sea_orm_migration::prelude::*;

/// The chain of notification, after storage's own base tables.
pub fn all() -> Vec<Box<dyn MigrationTrait>> {
    vec![Box::new(Messages), Box::new(Untold)]
}

/// Expand: messages, who read them, what may fall due.
struct Messages;

impl MigrationName for Messages {
    fn name(&self) -> &'static str {
        "m20261124_notification_messages"
    }
}

#[async_trait::async_trait]
#[expect(
    elided_lifetimes_in_paths,
    reason = "the trait's own signature, as its macro wants it"
)]
impl MigrationTrait for Messages {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let id = |name: &'static str| ColumnDef::new(name).uuid().not_null().to_owned();
        let text = |name: &'static str| ColumnDef::new(name).text().not_null().to_owned();
        let at = |name: &'static str| {
            ColumnDef::new(name)
                .timestamp_with_time_zone()
                .not_null()
                .to_owned()
        };
        let message = Table::create()
            .table("message")
            .col(id("id"))
            .col(text("recipient"))
            .col(text("kind"))
            .col(id("dossier"))
            .col(text("detail"))
            .col(at("created"))
            .primary_key(Index::create().col("id"))
            .to_owned();
        let read = Table::create()
            .table("message_read")
            .col(id("message"))
            .col(id("person"))
            .col(at("at"))
            .primary_key(Index::create().col("message").col("person"))
            .to_owned();
        let watched = Table::create()
            .table("watched")
            .col(id("dossier"))
            .col(ColumnDef::new("due_key").big_integer().not_null())
            .col(ColumnDef::new("open").boolean().not_null())
            .col(ColumnDef::new("rehearsal").boolean().not_null())
            .col(text("recipients"))
            .col(ColumnDef::new("told").integer().not_null())
            .primary_key(Index::create().col("dossier"))
            .to_owned();
        for table in [message, read, watched] {
            manager.create_table(table).await?;
        }
        for index in [
            "CREATE INDEX message_to ON message (recipient, created, id)",
            "CREATE INDEX message_dossier ON message (dossier, created)",
            "CREATE INDEX watched_due ON watched (open, due_key)",
        ] {
            manager.get_connection().execute_unprepared(index).await?;
        }
        Ok(())
    }
}

/// An index of those alone who have to be told of something: the reminder asks for
/// them after each commit, and among thousands of open dossiers they are few.
struct Untold;

impl MigrationName for Untold {
    fn name(&self) -> &'static str {
        "m20261126_notification_untold"
    }
}

#[async_trait::async_trait]
#[expect(
    elided_lifetimes_in_paths,
    reason = "the trait's own signature, as its macro wants it"
)]
impl MigrationTrait for Untold {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for change in [
            "DROP INDEX watched_due",
            r#"CREATE INDEX watched_untold ON watched (due_key) WHERE "open" AND "told" < 2"#,
        ] {
            manager.get_connection().execute_unprepared(change).await?;
        }
        Ok(())
    }
}
