//! Rows in bulk: `COPY` on PostgreSQL, one line a table; on SQLite one connection
//! and few commits.

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgCopyIn, PgPoolCopyExt as _, PgPoolOptions, PgSslMode};
use sqlx::{AssertSqlSafe, Postgres, query};

use super::copy;
use super::rows::{Cell, Line, quoted};
use crate::bench::Broken;
use crate::config::Config;

/// What is sent at once, in bytes.
const PIECE: usize = 256 * 1024;
/// Lives in one commit of SQLite.
const COMMIT: u32 = 5_000;

/// Where rows of one store go.
pub(super) enum Sink {
    /// A `COPY` a table.
    Postgres(Vec<Copy>),
    /// Statements by table, and lives since the last commit.
    Sqlite(Box<Line>, Vec<String>, u32),
}

/// A running `COPY`.
pub(super) struct Copy {
    into: PgCopyIn<PoolConnection<Postgres>>,
    waiting: Vec<u8>,
}

impl Copy {
    async fn send(&mut self) -> Result<(), Broken> {
        let piece = std::mem::take(&mut self.waiting);
        self.into.send(piece).await?;
        Ok(())
    }
}

impl Sink {
    /// Into these tables, by name with their columns.
    pub(super) async fn open(
        config: &Config,
        service: &str,
        tables: &[(&str, &[String])],
    ) -> Result<Self, Broken> {
        if let Some(url) = &config.storage.url {
            let at: PgConnectOptions = url.replace("{service}", service).parse()?;
            let most = u32::try_from(tables.len())?.max(1);
            let pool = PgPoolOptions::new().max_connections(most);
            let pool = pool.connect_with(at.ssl_mode(PgSslMode::Disable)).await?;
            let mut copies = Vec::new();
            for (name, columns) in tables {
                let sql = format!("COPY {name} ({}) FROM STDIN", quoted(columns));
                copies.push(Copy {
                    into: pool.copy_in_raw(&sql).await?,
                    waiting: Vec::new(),
                });
            }
            return Ok(Self::Postgres(copies));
        }
        let mut line = Line::open(config, service).await?;
        line.say("PRAGMA synchronous = OFF; BEGIN").await?;
        let insert = |(name, columns): &(&str, &[String])| {
            let marks = vec!["?"; columns.len()].join(", ");
            format!("INSERT INTO {name} ({}) VALUES ({marks})", quoted(columns))
        };
        let inserts = tables.iter().map(insert).collect();
        Ok(Self::Sqlite(Box::new(line), inserts, 0))
    }

    /// A row of the nth table.
    pub(super) async fn row(&mut self, table: usize, row: Vec<Cell>) -> Result<(), Broken> {
        match self {
            Self::Postgres(copies) => {
                let copy = copies.get_mut(table).ok_or("no such table")?;
                copy::write(&row, &mut copy.waiting);
                if copy.waiting.len() >= PIECE {
                    copy.send().await?;
                }
            }
            Self::Sqlite(line, inserts, _) => {
                let Line::Sqlite(conn) = line.as_mut() else {
                    return Err("a file was expected".into());
                };
                let sql = inserts.get(table).ok_or("no such table")?;
                let mut insert = query(AssertSqlSafe(sql.as_str()));
                for cell in row {
                    insert = match cell {
                        Cell::Null => insert.bind(None::<String>),
                        Cell::Int(n) => insert.bind(n),
                        Cell::Text(text) => insert.bind(String::from_utf8(text)?),
                        Cell::Bytes(bytes) => insert.bind(bytes),
                    };
                }
                insert.execute(conn).await?;
            }
        }
        Ok(())
    }

    /// A life is over.
    pub(super) async fn lived(&mut self) -> Result<(), Broken> {
        if let Self::Sqlite(line, _, since) = self {
            *since += 1;
            if *since >= COMMIT {
                *since = 0;
                line.say("COMMIT; BEGIN").await?;
            }
        }
        Ok(())
    }

    /// Everything is written.
    pub(super) async fn end(self) -> Result<(), Broken> {
        match self {
            Self::Postgres(copies) => {
                for mut copy in copies {
                    copy.send().await?;
                    copy.into.finish().await?;
                }
            }
            Self::Sqlite(mut line, _, _) => {
                line.say("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)").await?;
            }
        }
        Ok(())
    }
}
