//! The configuration of a process: one file, then the environment.
//! `deploy/motcua.example.toml` explains every key.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use runtime::config::{self, ConfigError, ExposeSecret as _, SecretString, or_none};
use runtime::{client, server, telemetry};
use serde::Deserialize;

/// The prefix of its variables.
const PREFIX: &str = "MOTCUA_";

/// The whole of it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// What is refused and what is made up.
    pub environment: Environment,
    /// SQLite files, locks, keys of a development start, first passwords.
    pub data: PathBuf,
    /// Folder of key files; none: `keys` below `data`.
    #[serde(deserialize_with = "or_none")]
    pub keys: Option<PathBuf>,
    /// The pages.
    pub console: Door,
    /// The contract.
    pub grpc: Door,
    /// Where rows are.
    pub storage: Storage,
    /// Where the services are that other processes host.
    pub peers: Peers,
    /// Logs, traces, metrics.
    pub telemetry: telemetry::Config,
}

/// What a deployment is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    /// Makes up what is missing, so that one command starts everything.
    Development,
    /// Refuses demonstration passwords, provisional codes, reflection, and keys
    /// that it would have to invent; the schema is brought up by `migrate`.
    Production,
}

/// Where something listens, and its certificates.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Door {
    /// The address.
    pub listen: SocketAddr,
    /// PEM file of the certificate chain; needed off the loopback.
    #[serde(deserialize_with = "or_none")]
    pub certificate_file: Option<PathBuf>,
    /// PEM file of its key.
    #[serde(deserialize_with = "or_none")]
    pub key_file: Option<PathBuf>,
    /// PEM file of the authority that clients' certificates must be of.
    #[serde(deserialize_with = "or_none")]
    pub authority_file: Option<PathBuf>,
}

/// Which databases.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Storage {
    /// `postgres://user@host:port/name_{service}`; none: SQLite below `data`.
    #[serde(deserialize_with = "or_none")]
    pub url: Option<String>,
    /// File with the password.
    #[serde(deserialize_with = "or_none")]
    pub password_file: Option<PathBuf>,
    /// The most connections of each service.
    pub connections: u32,
}

/// How services of other processes are reached.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Peers {
    /// The endpoint of a service, `https://{service}:50051`; `{service}` is
    /// replaced. None: every service is hosted here.
    #[serde(deserialize_with = "or_none")]
    pub endpoint: Option<String>,
    /// The endpoint of a service that differs from the others'.
    pub endpoints: BTreeMap<String, String>,
    /// PEM file of the authority that their certificates are of.
    #[serde(deserialize_with = "or_none")]
    pub authority_file: Option<PathBuf>,
    /// PEM file of our certificate, for mutual TLS.
    #[serde(deserialize_with = "or_none")]
    pub certificate_file: Option<PathBuf>,
    /// PEM file of its key.
    #[serde(deserialize_with = "or_none")]
    pub key_file: Option<PathBuf>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            environment: Environment::Development,
            data: PathBuf::from("./data"),
            keys: None,
            console: Door::at(8080),
            grpc: Door::at(50051),
            storage: Storage::default(),
            peers: Peers::default(),
            telemetry: telemetry::Config::default(),
        }
    }
}

impl Door {
    fn at(port: u16) -> Self {
        Self {
            listen: ([127, 0, 0, 1], port).into(),
            certificate_file: None,
            key_file: None,
            authority_file: None,
        }
    }

    /// The certificates as the server builder takes them.
    pub fn tls(&self) -> Option<server::TlsConfig> {
        Some(server::TlsConfig {
            certificate_file: self.certificate_file.clone()?,
            key_file: self.key_file.clone()?,
            authority_file: self.authority_file.clone(),
        })
    }

    /// `http` or `https`.
    pub fn scheme(&self) -> &'static str {
        if self.tls().is_some() {
            "https"
        } else {
            "http"
        }
    }
}

impl Default for Door {
    fn default() -> Self {
        Self::at(0)
    }
}

impl Default for Storage {
    fn default() -> Self {
        Self {
            url: None,
            password_file: None,
            connections: 16,
        }
    }
}

impl Config {
    /// Reads the file, if one is named, and the environment.
    ///
    /// # Errors
    /// Names each wrong key; never repeats a value.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        config::load(file, PREFIX)
    }

    /// Whether this is a production deployment.
    pub fn is_production(&self) -> bool {
        self.environment == Environment::Production
    }

    /// The folder of key files.
    pub fn keys(&self) -> PathBuf {
        self.keys.clone().unwrap_or_else(|| self.data.join("keys"))
    }

    /// The database of a service.
    ///
    /// # Errors
    /// The password file cannot be read.
    pub fn store(&self, service: &str) -> Result<storage::Config, ConfigError> {
        let Some(url) = &self.storage.url else {
            let file = self.data.join(format!("{service}.sqlite"));
            return Ok(storage::Config::Sqlite { file });
        };
        let mut url = url.replace("{service}", service);
        if let Some(password) = self.password()? {
            let escaped = escape(password.expose_secret());
            url = url.replacen('@', &format!(":{escaped}@"), 1);
        }
        let connections = self.storage.connections;
        Ok(storage::Config::Postgres { url, connections })
    }

    /// The password of the databases, where a file holds it.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn password(&self) -> Result<Option<SecretString>, ConfigError> {
        let file = self.storage.password_file.as_ref();
        file.map(|file| config::secret_file(file)).transpose()
    }

    /// How a service of another process is reached.
    pub fn peer(&self, service: &str) -> Option<client::Config> {
        let own = self.peers.endpoints.get(service);
        let endpoint = own.or(self.peers.endpoint.as_ref())?;
        Some(client::Config {
            endpoint: endpoint.replace("{service}", service),
            authority_file: self.peers.authority_file.clone(),
            certificate_file: self.peers.certificate_file.clone(),
            key_file: self.peers.key_file.clone(),
            domain: None,
        })
    }
}

/// Percent-encodes what has a meaning in an address.
fn escape(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::new(), |mut out, b| {
        if b.is_ascii_alphanumeric() {
            out.push(char::from(b));
        } else {
            // Writing to a string does not fail.
            let _ = write!(out, "%{b:02X}");
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(toml: &str) -> Result<Config, ConfigError> {
        config::load_from(toml, PREFIX, [])
    }

    #[test]
    fn the_files_that_operators_start_from_are_understood_whole() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        for file in ["deploy/motcua.example.toml", "k8s/base/motcua.toml"] {
            let text = std::fs::read_to_string(root.join(file)).unwrap();
            of(&text).unwrap_or_else(|error| panic!("{file}: {error}"));
        }
    }

    #[test]
    fn the_example_says_the_defaults() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let text = std::fs::read_to_string(root.join("deploy/motcua.example.toml")).unwrap();
        let example = format!("{:?}", of(&text).unwrap());
        assert_eq!(example, format!("{:?}", Config::default()));
    }

    #[test]
    fn an_unknown_key_stops_the_start_and_no_value_is_repeated() {
        let error = of("[storage]\nurl = \"postgres://x:hunter2@h/d\"\nulr = \"y\"").unwrap_err();
        let text = error.to_string();
        assert!(text.contains("storage.ulr"), "{text}");
        assert!(!text.contains("hunter2"));
    }

    #[test]
    fn a_password_is_part_of_the_address_and_of_no_debug_text() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        std::fs::write(&file, "a b@c\n").unwrap();
        let mut config = of("[storage]\nurl = \"postgres://motcua@db/m_{service}\"").unwrap();
        config.storage.password_file = Some(file);
        let storage::Config::Postgres { url, .. } = config.store("dossier").unwrap() else {
            panic!("not PostgreSQL");
        };
        assert_eq!(url, "postgres://motcua:a%20b%40c@db/m_dossier");
        assert!(!format!("{config:?}").contains("a b@c"));
    }
}
