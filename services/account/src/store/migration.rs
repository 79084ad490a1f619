//! The tables of account, on both databases. Append-only.

use sea_orm_migration::prelude::*;

/// The chain of account, after storage's own base tables.
pub fn all() -> Vec<Box<dyn MigrationTrait>> {
    vec![Box::new(Organisation)]
}

/// Expand: units, people, posts, sessions, partners.
struct Organisation;

impl MigrationName for Organisation {
    fn name(&self) -> &'static str {
        "m20261124_account_organisation"
    }
}

#[async_trait::async_trait]
#[expect(
    elided_lifetimes_in_paths,
    reason = "the trait's own signature, as its macro wants it"
)]
impl MigrationTrait for Organisation {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in tables() {
            manager.create_table(table).await?;
        }
        for index in [
            "CREATE UNIQUE INDEX person_login ON person (login)",
            "CREATE INDEX post_unit ON post (unit)",
            "CREATE INDEX post_person ON post (person)",
            "CREATE INDEX session_family ON session (family)",
        ] {
            manager.get_connection().execute_unprepared(index).await?;
        }
        Ok(())
    }
}

#[expect(
    clippy::too_many_lines,
    reason = "a released migration is a list, and stays as it is"
)]
fn tables() -> [TableCreateStatement; 5] {
    let text = |name: &'static str| ColumnDef::new(name).text().not_null().to_owned();
    let id = |name: &'static str| ColumnDef::new(name).uuid().not_null().to_owned();
    let at = |name: &'static str| ColumnDef::new(name).timestamp_with_time_zone().to_owned();
    let whole = |name: &'static str| ColumnDef::new(name).big_integer().not_null().to_owned();
    let flag = |name: &'static str| ColumnDef::new(name).boolean().not_null().to_owned();
    let bytes = |name: &'static str| ColumnDef::new(name).binary().not_null().to_owned();
    let table = |name: &'static str, key: &'static str, columns: Vec<ColumnDef>| {
        let mut table = Table::create();
        table.table(name);
        for column in columns {
            table.col(column);
        }
        table.primary_key(Index::create().col(key)).to_owned()
    };
    [
        table(
            "unit",
            "id",
            vec![
                text("id"),
                text("kind"),
                text("full_name"),
                ColumnDef::new("parent").text().to_owned(),
                text("path"),
                text("valid_from"),
            ],
        ),
        table(
            "person",
            "id",
            vec![
                id("id"),
                whole("version"),
                text("login"),
                text("full_name"),
                ColumnDef::new("password").text().to_owned(),
                ColumnDef::new("failures").integer().not_null().to_owned(),
                at("wait_until"),
                whole("epoch"),
            ],
        ),
        table(
            "post",
            "id",
            vec![
                id("id"),
                text("unit"),
                text("title"),
                text("roles"),
                flag("stand_in"),
                ColumnDef::new("person").uuid().to_owned(),
            ],
        ),
        table(
            "session",
            "refresh_hash",
            vec![
                bytes("refresh_hash"),
                id("family"),
                id("person"),
                at("begun").not_null().to_owned(),
                at("issued").not_null().to_owned(),
                at("used"),
                flag("revoked"),
            ],
        ),
        table(
            "partner",
            "client",
            vec![
                text("client"),
                id("id"),
                bytes("secret_hash"),
                text("scopes"),
            ],
        ),
    ]
}
