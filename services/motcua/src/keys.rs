//! Key files: one folder, a file a key. Development makes what is missing, once;
//! production must be given them, since keys that a replica invents are no keys.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use runtime::auth::{KeyError, KeySet, PrivateKey, PublicKey, TrustConfig, generate_key};
use runtime::clock::random_bytes;
use runtime::config::{ExposeSecret as _, SecretString, secret_file};

/// The key of the account service that signs for persons and partners.
const ISSUER: &str = "issuer";
/// The key from which private rows, refresh tokens and indexes derive.
const MASTER: &str = "master";
/// Who has a key of its own: the services that call others, and operators.
const HOLDERS: [&str; 6] = [
    "account",
    "workflow",
    "dossier",
    "notification",
    "gateway",
    "operator",
];

/// Why a key is not to be had.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// A file is missing or cannot be read or written.
    #[error("key file {0}: {1}")]
    File(PathBuf, io::Error),
    /// Production does not invent keys.
    #[error("key file {0} is missing; production makes none of its own")]
    Missing(PathBuf),
    /// A file holds no key.
    #[error("key file {0} holds no key")]
    Malformed(PathBuf),
    /// The key cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// The folder of keys.
#[derive(Clone, Debug)]
pub struct Keys {
    folder: PathBuf,
    may_make: bool,
}

impl Keys {
    /// Over a folder; `may_make` in development.
    pub fn new(folder: PathBuf, may_make: bool) -> Self {
        Self { folder, may_make }
    }

    /// The master key.
    pub fn master(&self) -> Result<[u8; 32], KeysError> {
        let path = self.path(MASTER, "key");
        let text = self.secret(&path, || {
            let bytes: [u8; 32] = random_bytes().map_err(|_| KeyError::Failed)?;
            Ok(SecretString::from(URL_SAFE_NO_PAD.encode(bytes)))
        })?;
        let bytes = URL_SAFE_NO_PAD.decode(text.expose_secret()).ok();
        let bytes = bytes.and_then(|b| b.try_into().ok());
        bytes.ok_or(KeysError::Malformed(path))
    }

    /// The key that signs for persons and partners.
    pub fn issuer(&self) -> Result<PrivateKey, KeysError> {
        self.private(ISSUER)
    }

    /// The key of a service, or of operators.
    pub fn of(&self, holder: &str) -> Result<PrivateKey, KeysError> {
        self.private(holder)
    }

    /// Whose signature counts: the public halves beside, `<name>.pub`.
    pub fn trust(&self) -> Result<KeySet, KeysError> {
        let mut trust = TrustConfig {
            issuers: vec![self.public(ISSUER)?],
            ..TrustConfig::default()
        };
        for holder in HOLDERS {
            let key = self.public(holder)?;
            trust.services.insert(holder.to_owned(), vec![key]);
        }
        Ok(KeySet::new(&trust)?)
    }

    fn path(&self, name: &str, ending: &str) -> PathBuf {
        self.folder.join(format!("{name}.{ending}"))
    }

    fn private(&self, name: &str) -> Result<PrivateKey, KeysError> {
        let path = self.path(name, "key");
        let text = self.secret(&path, || Ok(generate_key()?.to_text()))?;
        PrivateKey::from_text(&text).map_err(|_| KeysError::Malformed(path))
    }

    fn public(&self, name: &str) -> Result<PublicKey, KeysError> {
        let path = self.path(name, "pub");
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound && self.may_make => {
                let text = self.private(name)?.public().as_str().to_owned();
                self.write(&path, &text, 0o644)?;
                text
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(KeysError::Missing(path));
            }
            Err(error) => return Err(KeysError::File(path, error)),
        };
        PublicKey::from_text(text.trim()).map_err(|_| KeysError::Malformed(path))
    }

    fn secret(
        &self,
        path: &Path,
        make: impl FnOnce() -> Result<SecretString, KeyError>,
    ) -> Result<SecretString, KeysError> {
        if !path.exists() {
            if !self.may_make {
                return Err(KeysError::Missing(path.to_owned()));
            }
            self.write(path, make()?.expose_secret(), 0o600)?;
        }
        secret_file(path).map_err(|_| KeysError::Malformed(path.to_owned()))
    }

    /// Whole or not at all, and never over one that is there: of two processes
    /// that start together, both use the file of the first.
    fn write(&self, path: &Path, text: &str, mode: u32) -> Result<(), KeysError> {
        let failed = |error| KeysError::File(path.to_owned(), error);
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.folder)
            .map_err(failed)?;
        let draft = path.with_extension(format!("draft-{}", std::process::id()));
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(mode)
            .open(&draft)
            .map_err(failed)?;
        file.write_all(text.as_bytes()).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        let linked = fs::hard_link(&draft, path);
        fs::remove_file(&draft).map_err(failed)?;
        match linked {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(failed(error)),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn development_makes_keys_once_and_nobody_else_may_read_them() {
        let folder = tempfile::tempdir().unwrap();
        let keys = Keys::new(folder.path().join("keys"), true);
        keys.trust().unwrap();
        let (first, master) = (keys.of("dossier").unwrap(), keys.master().unwrap());
        assert_eq!(keys.of("dossier").unwrap().public(), first.public());
        assert_eq!(keys.master().unwrap(), master);
        let file = fs::metadata(folder.path().join("keys/master.key")).unwrap();
        assert_eq!(file.permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn production_invents_no_key() {
        let folder = tempfile::tempdir().unwrap();
        let keys = Keys::new(folder.path().to_owned(), false);
        assert!(matches!(keys.master(), Err(KeysError::Missing(_))));
        assert!(matches!(keys.trust(), Err(KeysError::Missing(_))));
    }
}
