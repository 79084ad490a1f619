//! What a folder of copies says of itself: `manifest.json`, written last.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use storage::backup::Head;
use uuid::Uuid;

/// The name of the file.
const FILE: &str = "manifest.json";
/// The only shape of it that there has been.
const FORMAT: u32 = 1;
/// Copies of SQLite files.
pub(crate) const SQLITE: &str = "sqlite";
/// Archives of `pg_dump`.
pub(crate) const POSTGRES: &str = "postgres";

/// Why a folder of copies cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ManifestError {
    /// It cannot be read or written.
    #[error("{0}: {1}")]
    Io(PathBuf, io::Error),
    /// It is no manifest of ours.
    #[error("{0}: không phải bản kê của motcua: {1}")]
    Malformed(PathBuf, serde_json::Error),
    /// A later program made it.
    #[error("{0}: bản kê kiểu {1}, chương trình này chỉ đọc được kiểu {FORMAT}")]
    Format(PathBuf, u32),
    /// A copy has changed since it was made.
    #[error("{0}: nội dung không khớp bản kê (SHA-256 khác): bản sao đã hỏng hoặc bị sửa")]
    Changed(PathBuf),
    /// A service has no copy there.
    #[error("{0}: không có bản sao của {1}")]
    Absent(PathBuf, String),
    /// Copies are there already.
    #[error("{0}: đã có bản sao; chọn một thư mục mới")]
    Occupied(PathBuf),
}

/// A folder of copies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    /// The shape of this.
    pub(crate) format: u32,
    /// When it was finished.
    pub(crate) made: DateTime<Utc>,
    /// [`SQLITE`] or [`POSTGRES`].
    pub(crate) engine: String,
    /// By service.
    pub(crate) stores: BTreeMap<String, Entry>,
}

/// A copy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    /// Its name in the folder.
    pub(crate) file: String,
    /// Its length.
    pub(crate) bytes: u64,
    /// SHA-256 of it, hexadecimal.
    pub(crate) sha256: String,
    /// The incarnation of the store then.
    pub(crate) incarnation: Uuid,
    /// Where its feed ended.
    pub(crate) position: i64,
    /// The hash of the last entry, hexadecimal.
    pub(crate) hash: String,
}

/// Makes a new folder for copies.
pub(crate) fn begin(folder: &Path) -> Result<(), ManifestError> {
    use std::os::unix::fs::DirBuilderExt as _;
    let failed = |error| ManifestError::Io(folder.to_owned(), error);
    // Applicants are in it: nobody else looks inside.
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(failed)?;
    let mut inside = fs::read_dir(folder).map_err(failed)?;
    if inside.next().is_some() {
        return Err(ManifestError::Occupied(folder.to_owned()));
    }
    Ok(())
}

/// Flushes a copy and describes it.
pub(crate) fn describe(path: &Path, file: String, head: &Head) -> Result<Entry, ManifestError> {
    let failed = |error| ManifestError::Io(path.to_owned(), error);
    let copy = File::open(path).map_err(failed)?;
    copy.sync_all().map_err(failed)?;
    let (bytes, sha256) = digest(copy).map_err(failed)?;
    Ok(Entry {
        file,
        bytes,
        sha256,
        incarnation: head.incarnation,
        position: head.position,
        hash: hex::encode(&head.hash),
    })
}

/// Writes the manifest, after which the copies count.
pub(crate) fn end(
    folder: &Path,
    engine: &str,
    made: DateTime<Utc>,
    stores: BTreeMap<String, Entry>,
) -> Result<(), ManifestError> {
    let failed = |error| ManifestError::Io(folder.to_owned(), error);
    let manifest = Manifest {
        format: FORMAT,
        made,
        engine: engine.to_owned(),
        stores,
    };
    let text = serde_json::to_vec_pretty(&manifest)
        .map_err(|error| ManifestError::Malformed(folder.join(FILE), error))?;
    let part = folder.join("manifest.json.part");
    let mut file = File::create_new(&part).map_err(failed)?;
    file.write_all(&text).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    fs::rename(&part, folder.join(FILE)).map_err(failed)?;
    let folder = File::open(folder).map_err(failed)?;
    folder.sync_all().map_err(failed)
}

/// Reads the manifest of a folder.
pub(crate) fn read(folder: &Path) -> Result<Manifest, ManifestError> {
    let path = folder.join(FILE);
    let text = fs::read(&path).map_err(|error| ManifestError::Io(path.clone(), error))?;
    let manifest: Manifest = serde_json::from_slice(&text)
        .map_err(|error| ManifestError::Malformed(path.clone(), error))?;
    if manifest.format == FORMAT {
        Ok(manifest)
    } else {
        Err(ManifestError::Format(path, manifest.format))
    }
}

impl Manifest {
    /// The copy of a service, which is as it was when it was made.
    pub(crate) fn copy(&self, folder: &Path, service: &str) -> Result<PathBuf, ManifestError> {
        let absent = || ManifestError::Absent(folder.to_owned(), service.to_owned());
        let entry = self.stores.get(service).ok_or_else(absent)?;
        // A manifest names files of its own folder.
        let name = Path::new(&entry.file).file_name().ok_or_else(absent)?;
        let path = folder.join(name);
        let failed = |error| ManifestError::Io(path.clone(), error);
        let (bytes, sha256) = digest(File::open(&path).map_err(failed)?).map_err(failed)?;
        if (bytes, sha256) == (entry.bytes, entry.sha256.clone()) {
            Ok(path)
        } else {
            Err(ManifestError::Changed(path))
        }
    }
}

fn digest(mut file: File) -> io::Result<(u64, String)> {
    let (mut hash, mut bytes) = (Sha256::new(), 0);
    let mut some = vec![0; 1 << 20];
    loop {
        let read = file.read(&mut some)?;
        let Some(part) = some.get(..read).filter(|part| !part.is_empty()) else {
            return Ok((bytes, hex::encode(hash.finalize())));
        };
        hash.update(part);
        bytes += u64::try_from(read).unwrap_or_default();
    }
}
