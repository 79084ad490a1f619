//! The tables of gateway, on both databases. Append-only.

use sea_orm_migration::prelude::*;

/// The chain of gateway, after storage's own base tables.
pub fn all() -> Vec<Box<dyn MigrationTrait>> {
    vec![Box::new(Warehouse), Box::new(Edge), Box::new(ByDay)]
}

/// Expand: the star schema. Facts name dimensions by key without a foreign key,
/// since a dimension may come later than the first fact that needs it.
struct Warehouse;

impl MigrationName for Warehouse {
    fn name(&self) -> &'static str {
        "m20261124_gateway_warehouse"
    }
}

#[async_trait::async_trait]
#[expect(
    elided_lifetimes_in_paths,
    reason = "the trait's own signature, as its macro wants it"
)]
impl MigrationTrait for Warehouse {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            fact_dossier(),
            fact_step(),
            dim_unit(),
            dim_procedure(),
            dim_date(),
        ] {
            manager.create_table(table).await?;
        }
        for index in [
            // The partition comes first: no query counts rehearsals along.
            "CREATE INDEX fact_dossier_settlement ON fact_dossier (rehearsal, accepted_day, finished_day)",
            "CREATE INDEX fact_dossier_received ON fact_dossier (rehearsal, receiver, day)",
            // Reconciling is the one reader that takes both partitions together.
            "CREATE INDEX fact_dossier_unit_day ON fact_dossier (receiver, day)",
            "CREATE INDEX fact_step_unit ON fact_step (rehearsal, unit, opened)",
        ] {
            manager.get_connection().execute_unprepared(index).await?;
        }
        Ok(())
    }
}

/// Expand: jobs, rehearsals, and the counts of look-ups.
struct Edge;

impl MigrationName for Edge {
    fn name(&self) -> &'static str {
        "m20261124_gateway_edge"
    }
}

#[async_trait::async_trait]
#[expect(
    elided_lifetimes_in_paths,
    reason = "the trait's own signature, as its macro wants it"
)]
impl MigrationTrait for Edge {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [job(), trial(), lookup_gate(), lookup_try()] {
            manager.create_table(table).await?;
        }
        for index in [
            "CREATE INDEX job_open ON job (state, created)",
            "CREATE INDEX job_newest ON job (created, id)",
            "CREATE INDEX lookup_try_code ON lookup_try (partner, code_key, at)",
            "CREATE INDEX lookup_try_partner ON lookup_try (partner, at)",
        ] {
            manager.get_connection().execute_unprepared(index).await?;
        }
        Ok(())
    }
}

/// The days of submission in order, and the facts of each: what they are compared
/// with is read day by day.
struct ByDay;

impl MigrationName for ByDay {
    fn name(&self) -> &'static str {
        "m20261127_gateway_by_day"
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
            "DROP INDEX fact_dossier_unit_day",
            "CREATE INDEX fact_dossier_day_id ON fact_dossier (day, id)",
        ] {
            manager.get_connection().execute_unprepared(change).await?;
        }
        Ok(())
    }
}

fn id(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).uuid().not_null().to_owned()
}

fn text(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).text().not_null().to_owned()
}

fn yes_no(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).boolean().not_null().to_owned()
}

fn number(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).integer().not_null().to_owned()
}

fn large(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).big_integer().not_null().to_owned()
}

fn day(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).date().to_owned()
}

fn at(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).timestamp_with_time_zone().to_owned()
}

fn fact_dossier() -> TableCreateStatement {
    Table::create()
        .table("fact_dossier")
        .col(id("id"))
        .col(ColumnDef::new("code").text())
        .col(text("case_id"))
        .col(text("receiver"))
        .col(text("decider"))
        .col(text("owner"))
        .col(text("state"))
        .col(text("channel"))
        .col(yes_no("rehearsal"))
        .col(day("day").not_null())
        .col(day("accepted_day"))
        .col(day("due_day"))
        .col(day("finished_day"))
        .col(at("submitted").not_null())
        .col(at("accepted"))
        .col(at("started"))
        .col(at("due"))
        .col(at("original_due"))
        .col(at("finished"))
        .col(at("returned"))
        .col(number("supplements"))
        .col(yes_no("extended"))
        .col(ColumnDef::new("instance_version").big_integer())
        .col(large("position"))
        .primary_key(Index::create().col("id"))
        .to_owned()
}

fn fact_step() -> TableCreateStatement {
    Table::create()
        .table("fact_step")
        .col(id("dossier"))
        .col(id("task"))
        .col(yes_no("rehearsal"))
        .col(text("label"))
        .col(text("action"))
        .col(text("unit"))
        .col(at("opened").not_null())
        .col(at("due"))
        .col(at("closed"))
        .col(ColumnDef::new("closing_verb").text())
        .col(large("position"))
        .primary_key(Index::create().col("dossier").col("task"))
        .to_owned()
}

fn dim_unit() -> TableCreateStatement {
    Table::create()
        .table("dim_unit")
        .col(text("id"))
        .col(text("full_name"))
        .col(text("kind"))
        .col(text("parent"))
        .col(text("valid_from"))
        .primary_key(Index::create().col("id"))
        .to_owned()
}

fn dim_procedure() -> TableCreateStatement {
    Table::create()
        .table("dim_procedure")
        .col(text("id"))
        .col(text("code"))
        .col(text("title"))
        .col(text("field"))
        .col(text("level"))
        .col(text("decider"))
        .col(text("time_limit"))
        .col(text("process"))
        .primary_key(Index::create().col("id"))
        .to_owned()
}

fn dim_date() -> TableCreateStatement {
    Table::create()
        .table("dim_date")
        .col(day("day").not_null())
        .col(number("year"))
        .col(number("quarter"))
        .col(number("month"))
        .col(number("day_of_month"))
        .col(number("weekday"))
        .col(yes_no("working"))
        .col(text("why_off"))
        .primary_key(Index::create().col("day"))
        .to_owned()
}

fn job() -> TableCreateStatement {
    Table::create()
        .table("job")
        .col(id("id"))
        .col(text("kind"))
        .col(text("unit"))
        .col(day("from_day"))
        .col(day("to_day"))
        .col(text("state"))
        .col(text("phase"))
        .col(large("done"))
        .col(large("total"))
        .col(text("owner"))
        .col(at("lease_until"))
        .col(large("fence"))
        .col(text("outcome"))
        .col(text("requested_by"))
        .col(at("created").not_null())
        .col(at("started"))
        .col(at("finished"))
        .primary_key(Index::create().col("id"))
        .to_owned()
}

fn trial() -> TableCreateStatement {
    Table::create()
        .table("trial")
        .col(text("unit"))
        .col(yes_no("passed"))
        .col(number("dossiers"))
        .col(text("misses"))
        .col(at("at").not_null())
        .primary_key(Index::create().col("unit"))
        .to_owned()
}

fn lookup_gate() -> TableCreateStatement {
    Table::create()
        .table("lookup_gate")
        .col(text("partner"))
        .col(at("last").not_null())
        .primary_key(Index::create().col("partner"))
        .to_owned()
}

fn lookup_try() -> TableCreateStatement {
    Table::create()
        .table("lookup_try")
        .col(id("id"))
        .col(text("partner"))
        .col(text("code_key"))
        .col(at("at").not_null())
        .col(yes_no("cleared"))
        .primary_key(Index::create().col("id"))
        .to_owned()
}
