//! The tables of dossier, on both databases. Append-only.

use sea_orm_migration::prelude::*;

/// The chain of dossier, after storage's own base tables.
pub fn all() -> Vec<Box<dyn MigrationTrait>> {
    vec![
        Box::new(CaseFiles),
        Box::new(Unopened),
        Box::new(Kept),
        Box::new(ByDay),
    ]
}

/// Expand: case files and code counters.
struct CaseFiles;

impl MigrationName for CaseFiles {
    fn name(&self) -> &'static str {
        "m20261124_dossier_case_files"
    }
}

#[async_trait::async_trait]
#[expect(
    elided_lifetimes_in_paths,
    reason = "the trait's own signature, as its macro wants it"
)]
impl MigrationTrait for CaseFiles {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(dossier()).await?;
        manager
            .create_table(
                Table::create()
                    .table("code_counter")
                    .col(ColumnDef::new("series").text().not_null())
                    .col(ColumnDef::new("day").text().not_null())
                    .col(ColumnDef::new("last").big_integer().not_null())
                    .primary_key(Index::create().col("series").col("day"))
                    .to_owned(),
            )
            .await?;
        for index in INDEXES {
            manager.get_connection().execute_unprepared(index).await?;
        }
        Ok(())
    }
}

/// An index of the files alone whose instance is not open yet: a job looks for them
/// every other second, and there are hardly ever any.
struct Unopened;

impl MigrationName for Unopened {
    fn name(&self) -> &'static str {
        "m20261126_dossier_unopened"
    }
}

#[async_trait::async_trait]
#[expect(
    elided_lifetimes_in_paths,
    reason = "the trait's own signature, as its macro wants it"
)]
impl MigrationTrait for Unopened {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let index = r#"CREATE INDEX dossier_unopened ON dossier (id) WHERE "instance_version" = 0"#;
        manager.get_connection().execute_unprepared(index).await?;
        Ok(())
    }
}

/// Expand: what a restored store is told of the time that it has lost.
struct Kept;

impl MigrationName for Kept {
    fn name(&self) -> &'static str {
        "m20261127_dossier_kept"
    }
}

#[async_trait::async_trait]
#[expect(
    elided_lifetimes_in_paths,
    reason = "the trait's own signature, as its macro wants it"
)]
impl MigrationTrait for Kept {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let codes = Table::create()
            .table("code_kept")
            .col(ColumnDef::new("code").text().not_null().primary_key())
            .col(ColumnDef::new("dossier").uuid().not_null())
            .col(ColumnDef::new("series").text().not_null())
            .col(ColumnDef::new("day").text().not_null())
            .col(ColumnDef::new("serial").big_integer().not_null())
            .to_owned();
        let lost = Table::create()
            .table("file_lost")
            .col(ColumnDef::new("dossier").uuid().not_null().primary_key())
            .col(ColumnDef::new("receiver").text().not_null())
            .col(
                ColumnDef::new("noticed")
                    .timestamp_with_time_zone()
                    .not_null(),
            )
            .to_owned();
        manager.create_table(codes).await?;
        manager.create_table(lost).await?;
        let index = "CREATE UNIQUE INDEX code_kept_dossier ON code_kept (dossier)";
        manager.get_connection().execute_unprepared(index).await?;
        Ok(())
    }
}

/// The days of submission in order, and the files of each: what the warehouse is
/// compared with is read day by day.
struct ByDay;

impl MigrationName for ByDay {
    fn name(&self) -> &'static str {
        "m20261127_dossier_by_day"
    }
}

#[async_trait::async_trait]
#[expect(
    elided_lifetimes_in_paths,
    reason = "the trait's own signature, as its macro wants it"
)]
impl MigrationTrait for ByDay {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for change in [
            "DROP INDEX dossier_day",
            "CREATE INDEX dossier_day_id ON dossier (day, id)",
        ] {
            manager.get_connection().execute_unprepared(change).await?;
        }
        Ok(())
    }
}

const INDEXES: &[&str] = &[
    "CREATE UNIQUE INDEX dossier_code ON dossier (code)",
    "CREATE UNIQUE INDEX dossier_filing ON dossier (filing_key)",
    "CREATE INDEX dossier_owner_due ON dossier (owner, due_key, id)",
    "CREATE INDEX dossier_receiver_due ON dossier (receiver, due_key, id)",
    "CREATE INDEX dossier_decider_due ON dossier (decider, due_key, id)",
    "CREATE INDEX dossier_phone ON dossier (phone_index)",
    "CREATE INDEX dossier_day ON dossier (day)",
];

fn dossier() -> TableCreateStatement {
    let text = |name: &'static str| ColumnDef::new(name).text().not_null().to_owned();
    let whole = |name: &'static str| ColumnDef::new(name).big_integer().not_null().to_owned();
    Table::create()
        .table("dossier")
        .col(ColumnDef::new("id").uuid().not_null().primary_key())
        .col(whole("version"))
        .col(whole("instance_version"))
        .col(ColumnDef::new("code").text())
        .col(text("state"))
        .col(text("receiver"))
        .col(text("decider"))
        .col(text("owner"))
        .col(ColumnDef::new("assignee").uuid())
        .col(text("task_roles"))
        .col(whole("due_key"))
        .col(ColumnDef::new("open").boolean().not_null())
        .col(ColumnDef::new("rehearsal").boolean().not_null())
        .col(text("name_folded"))
        .col(ColumnDef::new("phone_index").binary())
        .col(text("day"))
        .col(ColumnDef::new("filing_key").text())
        .col(ColumnDef::new("body").binary().not_null())
        .to_owned()
}
