//! The tables of workflow, on both databases.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

/// The chain of workflow, after storage's own base tables.
pub fn all() -> Vec<Box<dyn MigrationTrait>> {
    vec![Box::new(Catalogue), Box::new(Instances), Box::new(Stamp)]
}

/// Cases, processes, calendars and units, as versions.
struct Catalogue;

impl MigrationName for Catalogue {
    fn name(&self) -> &'static str {
        "m2026_11_24_workflow_catalogue"
    }
}

fn text(name: &'static str) -> ColumnDef {
    ColumnDef::new(Alias::new(name)).text().not_null().take()
}

fn whole(name: &'static str) -> ColumnDef {
    ColumnDef::new(Alias::new(name))
        .big_integer()
        .not_null()
        .take()
}

fn flag(name: &'static str) -> ColumnDef {
    ColumnDef::new(Alias::new(name)).boolean().not_null().take()
}

fn instant(name: &'static str) -> ColumnDef {
    ColumnDef::new(Alias::new(name))
        .timestamp_with_time_zone()
        .take()
}

fn table(
    name: &'static str,
    columns: Vec<ColumnDef>,
    key: &[&'static str],
) -> TableCreateStatement {
    let mut table = Table::create();
    table.table(Alias::new(name));
    for mut column in columns {
        table.col(&mut column);
    }
    let mut primary = Index::create();
    for column in key {
        primary.col(Alias::new(*column));
    }
    table.primary_key(&mut primary);
    table
}

fn index(on: &'static str, name: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut index = Index::create();
    index.name(name).table(Alias::new(on));
    for column in columns {
        index.col(Alias::new(*column));
    }
    index
}

#[async_trait::async_trait]
#[expect(elided_lifetimes_in_paths, reason = "the trait's own signature")]
impl MigrationTrait for Catalogue {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let case = vec![
            text("id"),
            whole("version"),
            flag("current"),
            text("folded"),
            text("level"),
            text("process"),
            text("body"),
            text("digest"),
        ];
        manager
            .create_table(table("procedure_case", case, &["id", "version"]))
            .await?;
        manager
            .create_index(index(
                "procedure_case",
                "procedure_case_current",
                &["current", "id"],
            ))
            .await?;
        let process = vec![
            text("id"),
            whole("version"),
            flag("current"),
            text("title"),
            text("source"),
            text("body"),
            text("digest"),
        ];
        manager
            .create_table(table("process", process, &["id", "version"]))
            .await?;
        let calendar = vec![whole("version"), text("body"), text("digest")];
        manager
            .create_table(table("calendar", calendar, &["version"]))
            .await?;
        let unit = vec![text("unit"), whole("version"), text("body")];
        manager
            .create_table(table("unit_calendar", unit, &["unit", "version"]))
            .await?;
        let served = vec![text("id"), text("kind"), flag("receives")];
        manager
            .create_table(table("served_unit", served, &["id"]))
            .await
    }
}

/// Instances, their open tasks and their timers.
struct Instances;

impl MigrationName for Instances {
    fn name(&self) -> &'static str {
        "m2026_11_24_workflow_instances"
    }
}

#[async_trait::async_trait]
#[expect(elided_lifetimes_in_paths, reason = "the trait's own signature")]
impl MigrationTrait for Instances {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let uuid = |name: &'static str| ColumnDef::new(Alias::new(name)).uuid().not_null().take();
        let body = ColumnDef::new(Alias::new("body"))
            .binary()
            .not_null()
            .take();
        let instance = vec![
            uuid("id"),
            whole("version"),
            whole("file_version"),
            text("state"),
            text("case_id"),
            text("process"),
            whole("process_version"),
            text("receiver"),
            text("decider"),
            text("owner"),
            flag("open"),
            instant("accepted"),
            instant("due"),
            body,
        ];
        manager
            .create_table(table("instance", instance, &["id"]))
            .await?;
        manager
            .create_index(index("instance", "instance_open_due", &["open", "due"]))
            .await?;
        let assignee = ColumnDef::new(Alias::new("assignee")).uuid().take();
        let task = vec![
            uuid("id"),
            uuid("instance"),
            text("node"),
            text("unit"),
            text("roles"),
            assignee,
            instant("due"),
            instant("opened"),
        ];
        manager.create_table(table("task", task, &["id"])).await?;
        manager
            .create_index(index("task", "task_instance", &["instance"]))
            .await?;
        manager
            .create_index(index("task", "task_unit", &["unit", "due"]))
            .await?;
        manager
            .create_index(index("task", "task_assignee", &["assignee", "due"]))
            .await?;
        let timer = vec![
            uuid("instance"),
            text("kind"),
            instant("at"),
            instant("fired"),
        ];
        manager
            .create_table(table("timer", timer, &["instance", "kind"]))
            .await?;
        manager
            .create_index(index("timer", "timer_next", &["fired", "at"]))
            .await
    }
}

/// A number that every change of the catalogue raises.
struct Stamp;

impl MigrationName for Stamp {
    fn name(&self) -> &'static str {
        "m2026_11_26_workflow_stamp"
    }
}

/// What the catalogue is made of.
const CATALOGUE: [&str; 5] = [
    "procedure_case",
    "process",
    "calendar",
    "unit_calendar",
    "served_unit",
];

#[async_trait::async_trait]
#[expect(elided_lifetimes_in_paths, reason = "the trait's own signature")]
impl MigrationTrait for Stamp {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let stamp = vec![whole("id"), whole("stamp")];
        manager
            .create_table(table("catalogue_stamp", stamp, &["id"]))
            .await?;
        let db = manager.get_connection();
        db.execute_unprepared("INSERT INTO catalogue_stamp (id, stamp) VALUES (1, 1)")
            .await?;
        if db.get_database_backend() == DbBackend::Postgres {
            db.execute_unprepared(RAISE).await?;
            for name in CATALOGUE {
                db.execute_unprepared(&format!(
                    "CREATE TRIGGER {name}_stamp AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {name}
                     FOR EACH STATEMENT EXECUTE FUNCTION catalogue_stamp_raise()"
                ))
                .await?;
            }
            return Ok(());
        }
        for name in CATALOGUE {
            for change in ["INSERT", "UPDATE", "DELETE"] {
                db.execute_unprepared(&format!(
                    "CREATE TRIGGER {name}_stamp_{change} AFTER {change} ON {name}
                     BEGIN UPDATE catalogue_stamp SET stamp = stamp + 1; END"
                ))
                .await?;
            }
        }
        Ok(())
    }
}

const RAISE: &str = "
CREATE FUNCTION catalogue_stamp_raise() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE catalogue_stamp SET stamp = stamp + 1;
  RETURN NULL;
END $$";
