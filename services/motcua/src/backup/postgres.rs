//! PostgreSQL: its own tools. The archive is of the snapshot whose head the manifest
//! names; it comes back in one transaction, the new incarnation with it.

use std::path::Path;
use std::process::Stdio;

use runtime::config::ExposeSecret as _;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use storage::backup::{self, Head, Snapshot};
use storage::{Config as Store, Db, StorageError};
use tokio::process::Command;

use super::sqlite::fresh;
use super::{BackupError, Config};

/// What our tools are called in the server's list of sessions.
const NAME: &str = "motcua restore";

/// Copies a store; answers the archive's name and where the feed ends in it.
pub(super) async fn copy(
    config: &Config,
    db: &Db,
    service: &str,
    folder: &Path,
) -> Result<(String, Head), BackupError> {
    let failed = |error: StorageError| BackupError::Store(service.to_owned(), error);
    let snapshot = Snapshot::take(db).await.map_err(failed)?;
    let name = format!("{service}.dump");
    let mut dump = tool("pg_dump", config, service)?;
    dump.args(["--format=custom", "--no-owner", "--no-privileges"])
        .arg(format!("--snapshot={}", snapshot.id))
        .arg("--file")
        .arg(folder.join(&name));
    let done = run(dump, "pg_dump").await;
    let head = snapshot.head.clone();
    snapshot.end().await.map_err(failed)?;
    done?;
    Ok((name, head))
}

/// Puts an archive in the place of a store, whose tables are kept in a schema of
/// their own: all of it or nothing.
pub(super) async fn restore(
    config: &Config,
    service: &str,
    archive: &Path,
    replace: bool,
) -> Result<(), BackupError> {
    let failed = |error: StorageError| BackupError::Store(service.to_owned(), error);
    let Store::Postgres { url, .. } = config.store(service)? else {
        return Err(BackupError::Tool("storage.url: không có".to_owned()));
    };
    let there = backup::in_the_way(&url).await.map_err(failed)?;
    if there.sessions {
        return Err(BackupError::InUse(service.to_owned()));
    }
    if there.store && !replace {
        return Err(BackupError::Occupied(service.to_owned()));
    }
    let incarnation = fresh();
    let mut read = tool("pg_restore", config, service)?;
    read.args(["--no-owner", "--no-privileges", "--file=-"])
        .arg(archive)
        .stdout(Stdio::piped());
    let mut write = tool("psql", config, service)?;
    write.args(["--no-psqlrc", "--quiet", "--single-transaction"]);
    write.arg("--set=ON_ERROR_STOP=1");
    if there.store {
        let aside = format!("truoc_{}", incarnation.simple());
        write.arg(format!(
            "--command=ALTER SCHEMA public RENAME TO {aside}; CREATE SCHEMA public"
        ));
    }
    write
        .arg("--file=-")
        .arg(format!(
            "--command=UPDATE public.feed_head SET incarnation = '{incarnation}'"
        ))
        .stdout(Stdio::null());
    pipe(read, write).await
}

/// A tool that knows the database of a service by the environment: what is in the
/// arguments everybody on the machine can read.
fn tool(name: &str, config: &Config, service: &str) -> Result<Command, BackupError> {
    let url = config.storage.url.clone().unwrap_or_default();
    let unusable = |_| BackupError::Tool("storage.url: không phải địa chỉ PostgreSQL".to_owned());
    let at: PgConnectOptions = url
        .replace("{service}", service)
        .parse()
        .map_err(unusable)?;
    let mut command = Command::new(name);
    command
        .env("PGAPPNAME", NAME)
        .env("PGPORT", at.get_port().to_string())
        .env("PGUSER", at.get_username())
        .env("PGDATABASE", at.get_database().unwrap_or_default())
        .env("PGSSLMODE", ssl_mode(at.get_ssl_mode()))
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    match at.get_socket() {
        Some(socket) => command.env("PGHOST", socket),
        None => command.env("PGHOST", at.get_host()),
    };
    if let Some(password) = config.password()? {
        command.env("PGPASSWORD", password.expose_secret());
    }
    Ok(command)
}

/// As libpq calls it.
fn ssl_mode(mode: PgSslMode) -> &'static str {
    match mode {
        PgSslMode::Disable => "disable",
        PgSslMode::Allow => "allow",
        PgSslMode::Prefer => "prefer",
        PgSslMode::Require => "require",
        PgSslMode::VerifyCa => "verify-ca",
        PgSslMode::VerifyFull => "verify-full",
    }
}

async fn run(mut command: Command, name: &str) -> Result<(), BackupError> {
    let done = command.output().await;
    let done = done.map_err(|error| absent(name, &error))?;
    said(name, done.status.success(), &done.stderr)
}

/// Runs one tool into the other. Whichever fails, nothing is committed: what reads
/// commits only at the end of what it was given, so it is given no end when the
/// other has failed.
async fn pipe(mut read: Command, mut write: Command) -> Result<(), BackupError> {
    use tokio::io::AsyncWriteExt as _;
    let mut reader = read.spawn().map_err(|error| absent("pg_restore", &error))?;
    let mut writer = write
        .stdin(Stdio::piped())
        .spawn()
        .map_err(|error| absent("psql", &error))?;
    let (Some(mut from), Some(mut to)) = (reader.stdout.take(), writer.stdin.take()) else {
        return Err(BackupError::Tool(
            "không nối được pg_restore với psql".to_owned(),
        ));
    };
    // Broken off when psql has ended before: its own words say why.
    let copied = tokio::io::copy(&mut from, &mut to).await;
    let read = reader.wait_with_output().await;
    let read = read.map_err(|error| absent("pg_restore", &error))?;
    if copied.is_ok() && !read.status.success() {
        // An open transaction that loses its client is rolled back.
        writer
            .kill()
            .await
            .map_err(|error| absent("psql", &error))?;
        return said("pg_restore", false, &read.stderr);
    }
    let _ = to.shutdown().await;
    drop(to);
    let written = writer.wait_with_output().await;
    let written = written.map_err(|error| absent("psql", &error))?;
    said("psql", written.status.success(), &written.stderr)
}

fn absent(name: &str, error: &std::io::Error) -> BackupError {
    BackupError::Tool(format!(
        "{name}: {error} (cần bộ công cụ postgresql-client cùng bản với máy chủ)"
    ))
}

fn said(name: &str, success: bool, stderr: &[u8]) -> Result<(), BackupError> {
    if success {
        return Ok(());
    }
    let text = String::from_utf8_lossy(stderr);
    let first = text.lines().next().unwrap_or("không nói vì sao");
    Err(BackupError::Tool(format!("{name}: {first}")))
}
