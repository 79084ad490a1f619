//! One store, filled: its indexes away, the rows written, the indexes back, and
//! what counts set to where it would be.

use std::collections::BTreeSet;

use super::course::{Course, Step};
use super::life::{Ends, Places};
use super::rows::{Cell, Line, Table, Tables};
use super::sink::Sink;
use super::walked::{source, vault};
use crate::bench::Broken;
use crate::config::Config;

/// The stores in which a life leaves rows.
pub(super) const FILLED: [&str; 4] = ["workflow", "dossier", "notification", "gateway"];

/// A filled store.
pub(super) struct Filled {
    pub(super) service: &'static str,
    /// The end of its feed.
    pub(super) end: i64,
    pub(super) rows: u64,
}

/// Fills a store with all lives.
pub(super) async fn store(
    config: Config,
    service: &'static str,
    course: Course,
) -> Result<Filled, Broken> {
    let mut line = Line::open(&config, service).await?;
    let tables = line.tables().await?;
    let used = used(&course, service, &tables);
    let indexes = indexes(&mut line, &used).await?;
    for index in &indexes {
        line.say(&index.away).await?;
    }
    let mut ends = ends(&tables)?;
    let (rows, step) = write(&config, service, &course, &tables, &mut ends).await?;
    if let Line::Postgres(_) = line {
        line.say("SET maintenance_work_mem = '512MB'").await?;
    }
    for index in &indexes {
        line.say(&index.back).await?;
    }
    settle(&mut line, service, &ends, &step).await?;
    Ok(Filled {
        service,
        end: ends.position,
        rows,
    })
}

/// The names of the tables in which lives left rows.
fn used<'a>(course: &Course, service: &str, tables: &'a Tables) -> Vec<&'a str> {
    let lives = course.walked.lives.iter().flatten();
    let rows = lives.filter_map(|life| life.rows.get(service)).flatten();
    let places: BTreeSet<usize> = rows.map(|kept| kept.table).collect();
    let named = tables.keys().enumerate();
    let used = named.filter(|(at, _)| places.contains(at));
    used.map(|(_, name)| name.as_str()).collect()
}

async fn write(
    config: &Config,
    service: &str,
    course: &Course,
    tables: &Tables,
    ends: &mut Ends,
) -> Result<(u64, Step), Broken> {
    let vault = if service == "dossier" {
        Some(vault(config)?)
    } else {
        None
    };
    let used = used(course, service, tables);
    let with_columns: Vec<_> = used
        .iter()
        .filter_map(|name| Some((*name, tables.get(*name)?.columns.as_slice())))
        .collect();
    let places: Vec<Places> = tables.values().map(|t| Places::of(&t.columns)).collect();
    // From a table's place among all to its place in the sink.
    let sinks: Vec<Option<usize>> = tables
        .keys()
        .map(|name| used.iter().position(|used| used == name))
        .collect();
    let mut sink = Sink::open(config, service, &with_columns).await?;
    let (mut step, mut count) = (course.begin(), 0);
    while let Some(life) = course.next(&mut step, vault.as_ref())? {
        for kept in life.rows(service) {
            let of = places.get(kept.table).zip(sinks.get(kept.table).copied());
            let (Some((places, Some(into))), mut row) = (of, life.row(kept)?) else {
                return Err("a row of no table".into());
            };
            life.settle(kept.role, &mut row, places, ends)?;
            sink.row(into, row).await?;
            count += 1;
        }
        sink.lived().await?;
    }
    sink.end().await?;
    Ok((count, step))
}

/// Where the counting begins.
fn ends(tables: &Tables) -> Result<Ends, Broken> {
    let head = tables.get("feed_head").ok_or("no head")?;
    let cell = |name| {
        let at = head.column(name)?;
        head.rows.first()?.get(at)
    };
    let log = tables.get("access_log").ok_or("no access log")?;
    let (access_seq, access_hash) = last(log, "hash");
    let (seq, _) = tables
        .get("event")
        .map(|t| last(t, "hash"))
        .unwrap_or_default();
    Ok(Ends {
        seq,
        position: cell("position")
            .and_then(Cell::number)
            .ok_or("no position")?,
        hash: cell("hash").map(Cell::bytes).unwrap_or_default().to_vec(),
        access_seq,
        access_hash: if access_hash.is_empty() {
            vec![0; 32]
        } else {
            access_hash
        },
    })
}

/// The highest `seq`, and a column of its row.
fn last(table: &Table, column: &str) -> (i64, Vec<u8>) {
    let seq = |row: &Vec<Cell>| table.column("seq").and_then(|at| row.get(at)?.number());
    let row = table.rows.iter().max_by_key(|row| seq(row));
    let at = table.column(column);
    let bytes = row.zip(at).and_then(|(row, at)| row.get(at));
    (
        row.and_then(seq).unwrap_or_default(),
        bytes.map(Cell::bytes).unwrap_or_default().to_vec(),
    )
}

/// An index, how it goes and how it comes back.
struct Index {
    away: String,
    back: String,
}

async fn indexes(line: &mut Line, used: &[&str]) -> Result<Vec<Index>, Broken> {
    let tables: Vec<_> = used.iter().map(|name| format!("'{name}'")).collect();
    let tables = tables.join(", ");
    let postgres = matches!(line, Line::Postgres(_));
    let sql = if postgres {
        format!(
            "SELECT 'DROP INDEX ' || indexname || '|' || indexdef FROM pg_indexes \
             WHERE schemaname = 'public' AND tablename IN ({tables}) AND indexname NOT IN \
             (SELECT conname FROM pg_constraint) \
             UNION ALL SELECT 'ALTER TABLE ' || conrelid::regclass || ' DROP CONSTRAINT ' \
             || conname || '|ALTER TABLE ' || conrelid::regclass || ' ADD CONSTRAINT ' \
             || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint \
             WHERE contype = 'p' AND conrelid::regclass::text IN ({tables})"
        )
    } else {
        format!(
            "SELECT 'DROP INDEX ' || name || '|' || sql FROM sqlite_master \
             WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN ({tables})"
        )
    };
    let found = line.texts(&sql).await?;
    let index = |text: &String| {
        let (away, back) = text.split_once('|')?;
        Some(Index {
            away: away.to_owned(),
            back: back.to_owned(),
        })
    };
    Ok(found.iter().filter_map(index).collect())
}

/// Heads, sequences, counters, and what the planner knows.
async fn settle(line: &mut Line, service: &str, ends: &Ends, step: &Step) -> Result<(), Broken> {
    let hash = hex::encode(&ends.hash);
    let postgres = matches!(line, Line::Postgres(_));
    let hash = if postgres {
        format!("decode('{hash}', 'hex')")
    } else {
        format!("x'{hash}'")
    };
    line.say(&format!(
        "UPDATE feed_head SET position = {}, hash = {hash}",
        ends.position
    ))
    .await?;
    if service == "dossier" {
        for ((series, day), last) in step.serials() {
            line.say(&format!(
                "UPDATE code_counter SET last = {last} WHERE series = '{series}' AND day = '{day}'"
            ))
            .await?;
        }
    }
    if postgres {
        for (table, seq) in [("event", ends.seq), ("access_log", ends.access_seq)] {
            if seq > 0 {
                line.say(&format!(
                    "SELECT setval(pg_get_serial_sequence('{table}', 'seq'), {seq})"
                ))
                .await?;
            }
        }
        line.say("VACUUM ANALYZE").await?;
    }
    Ok(())
}

/// Puts every follower to where its source ends.
pub(super) async fn cursors(config: &Config, ends: &[(&str, i64)]) -> Result<(), Broken> {
    for service in crate::SERVICES {
        let mut line = Line::open(config, service).await?;
        for consumer in line.texts("SELECT consumer FROM cursor").await? {
            let end = source(&consumer).and_then(|of| ends.iter().find(|(name, _)| *name == of));
            let Some((_, end)) = end else { continue };
            line.say(&format!(
                "UPDATE cursor SET position = {end} WHERE consumer = '{consumer}'"
            ))
            .await?;
        }
    }
    Ok(())
}
