//! The data folder: which services run on it, and where they are reached.
//!
//! A running process holds a lock a service and writes its address into the lock
//! file. So a command knows whether to speak to a server or to open the files
//! itself, and two servers never write one SQLite file.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use crate::SERVICES;

/// Why the folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// It cannot be made or read.
    #[error("data folder {0}: {1}")]
    Io(PathBuf, io::Error),
    /// Another process runs the service.
    #[error("{service} is running already on {folder}")]
    Busy {
        /// The service.
        service: &'static str,
        /// The folder.
        folder: PathBuf,
    },
    /// Some services run and others do not.
    #[error("only a part of the services runs on this folder; {0} does not")]
    Partly(&'static str),
}

/// The data folder.
#[derive(Clone, Debug)]
pub struct Folder(PathBuf);

/// Locks of services; given up when dropped.
#[derive(Debug)]
pub struct Claim(Vec<File>);

impl Folder {
    /// Makes it where it is not there.
    pub fn open(path: &Path) -> Result<Self, FolderError> {
        // Names of applicants are in it: nobody else looks inside.
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .and_then(|()| fs::set_permissions(path, fs::Permissions::from_mode(0o700)))
            .map_err(|error| FolderError::Io(path.to_owned(), error))?;
        Ok(Self(path.to_owned()))
    }

    /// Takes the services for this process.
    pub fn claim(&self, services: &[&'static str]) -> Result<Claim, FolderError> {
        let mut held = Vec::new();
        for service in services {
            let Ok(file) = self.try_lock(service)? else {
                let folder = self.0.clone();
                return Err(FolderError::Busy { service, folder });
            };
            held.push(file);
        }
        Ok(Claim(held))
    }

    /// Where the running services are reached, by service; none when none runs.
    pub fn running(&self) -> Result<Option<Vec<(&'static str, String)>>, FolderError> {
        let mut found = Vec::new();
        let mut idle = None;
        for service in SERVICES {
            match self.try_lock(service)? {
                Ok(_) => idle = Some(service),
                Err(mut file) => {
                    let mut address = String::new();
                    file.read_to_string(&mut address)
                        .map_err(|error| FolderError::Io(self.0.clone(), error))?;
                    found.push((service, address.trim().to_owned()));
                }
            }
        }
        match (found.is_empty(), idle) {
            (true, _) => Ok(None),
            (false, None) => Ok(Some(found)),
            (false, Some(service)) => Err(FolderError::Partly(service)),
        }
    }

    /// Where one service is reached, if it runs.
    pub fn address(&self, service: &'static str) -> Result<Option<String>, FolderError> {
        let Err(mut file) = self.try_lock(service)? else {
            return Ok(None);
        };
        let mut address = String::new();
        file.read_to_string(&mut address)
            .map_err(|error| FolderError::Io(self.0.clone(), error))?;
        Ok(Some(address.trim().to_owned()).filter(|a| !a.is_empty()))
    }

    /// The locked file, or the file that another process has locked.
    fn try_lock(&self, service: &str) -> Result<Result<File, File>, FolderError> {
        let failed = |error| FolderError::Io(self.0.clone(), error);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(self.0.join(format!("{service}.lock")))
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Ok(file)),
            Err(TryLockError::WouldBlock) => Ok(Err(file)),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }
}

impl Claim {
    /// Of nothing.
    pub fn none() -> Self {
        Self(Vec::new())
    }

    /// Tells others where the claimed services are reached.
    pub fn announce(&mut self, address: &str) -> io::Result<()> {
        for file in &mut self.0 {
            file.set_len(0)?;
            file.rewind()?;
            file.write_all(address.as_bytes())?;
            file.flush()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_runs_once_on_a_folder_and_is_found_there() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = Folder::open(temporary.path()).unwrap();
        assert!(folder.running().unwrap().is_none());
        let mut claim = folder.claim(&SERVICES).unwrap();
        claim.announce("http://127.0.0.1:1").unwrap();
        assert!(matches!(
            folder.claim(&["dossier"]),
            Err(FolderError::Busy { .. })
        ));
        let running = folder.running().unwrap().unwrap();
        assert_eq!(running.len(), SERVICES.len());
        assert!(running.iter().all(|(_, at)| at == "http://127.0.0.1:1"));
        drop(claim);
        assert!(folder.running().unwrap().is_none());
    }

    #[test]
    fn a_part_that_runs_alone_is_told() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = Folder::open(temporary.path()).unwrap();
        let _claim = folder.claim(&["dossier"]).unwrap();
        assert!(matches!(folder.running(), Err(FolderError::Partly(_))));
    }
}
