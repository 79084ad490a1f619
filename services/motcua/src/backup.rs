//! Copies of the stores and their way back: `motcua backup`, `motcua restore`.
//!
//! Each store is copied as it is at one instant, while the services go on. Stores
//! of different services are of different instants, and may be restored alone:
//! `motcua reconcile` brings the sides together again.

pub(crate) mod manifest;
pub(crate) mod postgres;
pub(crate) mod sqlite;

use std::path::{Path, PathBuf};

use storage::{Config as Store, Db, StorageError};

use crate::config::Config;
use crate::folder::FolderError;
use crate::schema;
use manifest::{Entry, ManifestError};

/// Why a store is not copied, or not put back.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BackupError {
    /// The copies' folder.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The data folder, or a server that runs on it.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The configuration is wrong.
    #[error(transparent)]
    Config(#[from] runtime::config::ConfigError),
    /// A store.
    #[error("kho của {0}: {1}")]
    Store(String, StorageError),
    /// A file.
    #[error("{0}: {1}")]
    File(PathBuf, std::io::Error),
    /// A tool of PostgreSQL.
    #[error("{0}")]
    Tool(String),
    /// There is something in the way.
    #[error("{0}: đã có dữ liệu; thêm --replace để cất dữ liệu cũ sang bên và khôi phục")]
    Occupied(String),
    /// Somebody works with it.
    #[error("{0}: còn tiến trình đang kết nối; dừng dịch vụ trước khi khôi phục")]
    InUse(String),
    /// It was taken from another kind of database.
    #[error("{0}: bản sao là của {1}, cấu hình là của {2}")]
    OtherEngine(String, &'static str, &'static str),
}

/// Copies the store of a service into a folder.
pub(crate) async fn copy(
    config: &Config,
    service: &str,
    folder: &Path,
) -> Result<Entry, BackupError> {
    let at = config.store(service)?;
    let failed = |error| BackupError::Store(service.to_owned(), error);
    let db = Db::open(&at).await.map_err(failed)?;
    // A store of another version of the program is copied by that version.
    db.expect_schema(schema::of(service))
        .await
        .map_err(failed)?;
    let (file, head) = match &at {
        Store::Sqlite { .. } => sqlite::copy(&db, service, folder).await?,
        Store::Postgres { .. } => postgres::copy(config, &db, service, folder).await?,
    };
    Ok(manifest::describe(&folder.join(&file), file, &head)?)
}

/// Puts a copy in the place of a service's store, under a new incarnation.
pub(crate) async fn restore(
    config: &Config,
    service: &str,
    copy: &Path,
    replace: bool,
) -> Result<(), BackupError> {
    match config.store(service)? {
        Store::Sqlite { file } => sqlite::restore(service, copy, &file, replace).await,
        Store::Postgres { .. } => postgres::restore(config, service, copy, replace).await,
    }
}

/// The kind of database that is configured.
pub(crate) fn engine(config: &Config) -> &'static str {
    if config.storage.url.is_some() {
        manifest::POSTGRES
    } else {
        manifest::SQLITE
    }
}
