//! SQLite: the engine's own copy, and a file that is finished before it has its
//! name.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use storage::Db;
use storage::backup::{self, Head};
use uuid::Uuid;

use super::BackupError;

/// Copies a store that others may be writing to; answers the copy's name and where
/// its feed ends.
pub(super) async fn copy(
    db: &Db,
    service: &str,
    folder: &Path,
) -> Result<(String, Head), BackupError> {
    let failed = |error| BackupError::Store(service.to_owned(), error);
    let name = format!("{service}.sqlite");
    let file = folder.join(&name);
    backup::copy_sqlite(db, &file).await.map_err(failed)?;
    let head = backup::head_of_sqlite(&file).await.map_err(failed)?;
    Ok((name, head))
}

/// Puts a copy in the place of a store. Until it is finished under its new
/// incarnation it has another name.
pub(super) async fn restore(
    service: &str,
    copy: &Path,
    file: &Path,
    replace: bool,
) -> Result<(), BackupError> {
    let io = |error| BackupError::File(file.to_owned(), error);
    if file.exists() && !replace {
        return Err(BackupError::Occupied(file.display().to_string()));
    }
    let part = beside(file, "part");
    fs::copy(copy, &part).map_err(io)?;
    let incarnation = fresh();
    let renewed = backup::renew_sqlite(&part, incarnation).await;
    renewed.map_err(|error| BackupError::Store(service.to_owned(), error))?;
    let finished = File::open(&part).map_err(io)?;
    finished.sync_all().map_err(io)?;
    if file.exists() {
        // A log that were left behind would be taken for the new file's. A file that
        // is broken keeps it, under its new name.
        if let Err(error) = backup::settle_sqlite(file).await {
            tracing::warn!(service, %error, "the old store is put aside as it is");
        }
        let aside = beside(file, &format!("truoc-{}", incarnation.simple()));
        for suffix in ["-wal", "-shm"] {
            let (from, to) = (with(file, suffix), with(&aside, suffix));
            if from.exists() {
                fs::rename(from, to).map_err(io)?;
            }
        }
        fs::rename(file, aside).map_err(io)?;
    }
    fs::rename(&part, file).map_err(io)?;
    let folder = file.parent().unwrap_or(Path::new("."));
    let folder = File::open(folder).map_err(io)?;
    folder.sync_all().map_err(io)
}

#[expect(
    clippy::disallowed_methods,
    reason = "an incarnation must only differ from all others"
)]
pub(super) fn fresh() -> Uuid {
    Uuid::new_v4()
}

fn beside(file: &Path, suffix: &str) -> PathBuf {
    with(file, &format!(".{suffix}"))
}

fn with(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
