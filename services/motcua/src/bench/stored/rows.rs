//! Whole tables as cells that can be written back, on both databases alike.

use std::collections::BTreeMap;
use std::path::Path;

use futures::TryStreamExt as _;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgSslMode};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Row as _, TypeInfo as _, ValueRef as _, query};

use super::copy;
use crate::bench::Broken;
use crate::config::Config;

/// What is in a column of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    /// Nothing.
    Null,
    /// A number of SQLite, or one that was counted here.
    Int(i64),
    /// Text, and on PostgreSQL whatever is no bytes, in its own words.
    Text(Vec<u8>),
    /// Bytes.
    Bytes(Vec<u8>),
}

impl Cell {
    /// A whole number, however it is written.
    pub(super) fn number(&self) -> Option<i64> {
        match self {
            Self::Int(n) => Some(*n),
            Self::Text(text) => std::str::from_utf8(text).ok()?.parse().ok(),
            Self::Null | Self::Bytes(_) => None,
        }
    }

    /// Text.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => std::str::from_utf8(text).ok(),
            Self::Null | Self::Int(_) | Self::Bytes(_) => None,
        }
    }

    /// What may hold ids and codes.
    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::Text(bytes) | Self::Bytes(bytes) => bytes,
            Self::Null | Self::Int(_) => &[],
        }
    }
}

/// A row.
pub(super) type Row = Vec<Cell>;

/// A table with its rows.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    /// Its columns, in order.
    pub(super) columns: Vec<String>,
    /// Its rows, in any order.
    pub(super) rows: Vec<Row>,
}

impl Table {
    /// The place of a column.
    pub(super) fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column == name)
    }
}

/// Tables by name.
pub(super) type Tables = BTreeMap<String, Table>;

/// A connection to a store, past the product.
pub(super) enum Line {
    /// A server.
    Postgres(PgConnection),
    /// A file.
    Sqlite(SqliteConnection),
}

/// A connection to a store on a server.
pub(super) async fn postgres(url: &str, service: &str) -> Result<PgConnection, Broken> {
    let at: PgConnectOptions = url.replace("{service}", service).parse()?;
    Ok(at.ssl_mode(PgSslMode::Disable).connect().await?)
}

async fn sqlite(folder: &Path, service: &str) -> Result<SqliteConnection, Broken> {
    let at = SqliteConnectOptions::new()
        .filename(folder.join(format!("{service}.sqlite")))
        .journal_mode(SqliteJournalMode::Wal);
    Ok(at.connect().await?)
}

impl Line {
    /// To a service's store.
    pub(super) async fn open(config: &Config, service: &str) -> Result<Self, Broken> {
        Ok(match &config.storage.url {
            Some(url) => Self::Postgres(postgres(url, service).await?),
            None => Self::Sqlite(sqlite(&config.data, service).await?),
        })
    }

    /// Says a statement of our own.
    pub(super) async fn say(&mut self, sql: &str) -> Result<(), Broken> {
        match self {
            Self::Postgres(conn) => {
                sqlx::raw_sql(AssertSqlSafe(sql)).execute(conn).await?;
            }
            Self::Sqlite(conn) => {
                sqlx::raw_sql(AssertSqlSafe(sql)).execute(conn).await?;
            }
        }
        Ok(())
    }

    /// The first column of what a statement of our own answers.
    pub(super) async fn texts(&mut self, sql: &str) -> Result<Vec<String>, Broken> {
        let texts: Vec<String> = match self {
            Self::Postgres(conn) => {
                let rows = query(AssertSqlSafe(sql)).fetch_all(conn).await?;
                rows.iter()
                    .map(|r| r.try_get(0))
                    .collect::<Result<_, _>>()?
            }
            Self::Sqlite(conn) => {
                let rows = query(AssertSqlSafe(sql)).fetch_all(conn).await?;
                rows.iter()
                    .map(|r| r.try_get(0))
                    .collect::<Result<_, _>>()?
            }
        };
        Ok(texts)
    }

    /// The names of all tables.
    async fn names(&mut self) -> Result<Vec<String>, Broken> {
        let sql = match self {
            Self::Postgres(_) => {
                "SELECT table_name::text FROM information_schema.tables \
                 WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
            }
            Self::Sqlite(_) => {
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            }
        };
        self.texts(sql).await
    }

    /// Every table whole.
    pub(super) async fn tables(&mut self) -> Result<Tables, Broken> {
        let mut tables = Tables::new();
        for name in self.names().await? {
            let table = self.table(&name).await?;
            tables.insert(name, table);
        }
        Ok(tables)
    }

    /// A table whole.
    pub(super) async fn table(&mut self, name: &str) -> Result<Table, Broken> {
        match self {
            Self::Postgres(conn) => from_postgres(conn, name).await,
            Self::Sqlite(conn) => from_sqlite(conn, name).await,
        }
    }
}

async fn from_postgres(conn: &mut PgConnection, name: &str) -> Result<Table, Broken> {
    let columns = query(
        "SELECT column_name::text, data_type::text FROM information_schema.columns \
         WHERE table_schema = 'public' AND table_name = $1 ORDER BY ordinal_position",
    );
    let columns = columns.bind(name).fetch_all(&mut *conn).await?;
    let mut table = Table::default();
    let mut binary = Vec::new();
    for column in columns {
        table.columns.push(column.try_get(0)?);
        binary.push(column.try_get::<String, _>(1)? == "bytea");
    }
    let asked = format!("COPY {name} TO STDOUT");
    let mut stream = conn.copy_out_raw(&asked).await?;
    let mut told = Vec::new();
    while let Some(chunk) = stream.try_next().await? {
        told.extend_from_slice(&chunk);
    }
    let lines = told.split(|b| *b == b'\n').filter(|line| !line.is_empty());
    table.rows = lines.map(|line| copy::read(line, &binary)).collect();
    Ok(table)
}

async fn from_sqlite(conn: &mut SqliteConnection, name: &str) -> Result<Table, Broken> {
    let columns = query("SELECT name FROM pragma_table_info($1) ORDER BY cid");
    let columns = columns.bind(name).fetch_all(&mut *conn).await?;
    let columns: Result<Vec<String>, _> = columns.iter().map(|c| c.try_get(0)).collect();
    let mut table = Table {
        columns: columns?,
        rows: Vec::new(),
    };
    let sql = format!("SELECT {} FROM {name}", quoted(&table.columns));
    for row in query(AssertSqlSafe(sql)).fetch_all(conn).await? {
        let cells = (0..row.len()).map(|at| {
            let value = row.try_get_raw(at)?;
            let kind = value.type_info().name().to_owned();
            Ok(match kind.as_str() {
                _ if value.is_null() => Cell::Null,
                "INTEGER" | "BOOLEAN" => Cell::Int(row.try_get_unchecked(at)?),
                "BLOB" => Cell::Bytes(row.try_get_unchecked(at)?),
                _ => Cell::Text(row.try_get_unchecked::<String, _>(at)?.into_bytes()),
            })
        });
        table.rows.push(cells.collect::<Result<_, sqlx::Error>>()?);
    }
    Ok(table)
}

/// Column names for a statement.
pub(super) fn quoted(columns: &[String]) -> String {
    let quoted = columns.iter().map(|column| format!("\"{column}\""));
    quoted.collect::<Vec<_>>().join(", ")
}
