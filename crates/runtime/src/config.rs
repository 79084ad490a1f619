//! One TOML file, then the environment, read once at start.
//!
//! Types that are loaded carry `#[serde(deny_unknown_fields)]`, so that a
//! mistyped key stops the start instead of being ignored. Errors name the key
//! and its source and never repeat the value, which may be a secret.

use std::path::Path;

use figment::Figment;
use figment::error::Kind;
use figment::providers::{Format, Toml};
use figment::value::Value;
pub use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde::{Deserialize as _, Deserializer};

/// Why the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The named file is not there.
    #[error("configuration file {0} cannot be read")]
    NoFile(String),
    /// One line for each wrong key.
    #[error("configuration refused:\n{}", .0.join("\n"))]
    Refused(Vec<String>),
}

/// Variables of tests, after the prefix.
const TESTS: &str = "TEST_";

/// An empty text of the configuration as none: for `deserialize_with`.
pub fn or_none<'de, D, T>(from: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: From<String>,
{
    let text = Option::<String>::deserialize(from)?;
    Ok(text.filter(|text| !text.is_empty()).map(T::from))
}

/// Loads `T` from the file, if one is given, and from variables named
/// `<prefix>SECTION__KEY` (`MOTCUA_SERVER__ADDRESS` is `server.address`).
pub fn load<T: DeserializeOwned>(file: Option<&Path>, prefix: &str) -> Result<T, ConfigError> {
    let text = match file {
        Some(path) => std::fs::read_to_string(path)
            .map_err(|_| ConfigError::NoFile(path.display().to_string()))?,
        None => String::new(),
    };
    load_from(&text, prefix, std::env::vars())
}

/// As [`load`], from values in hand; what tests call.
pub fn load_from<T: DeserializeOwned>(
    toml: &str,
    prefix: &str,
    variables: impl IntoIterator<Item = (String, String)>,
) -> Result<T, ConfigError> {
    let mut figment = Figment::from(Toml::string(toml));
    for (name, value) in variables {
        let Some(key) = name.strip_prefix(prefix) else {
            continue;
        };
        // What tests are told is no configuration of the program.
        if key.starts_with(TESTS) {
            continue;
        }
        let key = key.to_ascii_lowercase().replace("__", ".");
        let Ok(value) = value.parse::<Value>();
        figment = figment.merge((key, value));
    }
    figment
        .extract()
        .map_err(|error| ConfigError::Refused(error.into_iter().map(|e| line(&e)).collect()))
}

/// Reads a secret from a mounted file, without its trailing line end.
pub fn secret_file(path: &Path) -> Result<SecretString, ConfigError> {
    std::fs::read_to_string(path)
        .map(|text| SecretString::from(text.trim_end()))
        .map_err(|_| ConfigError::NoFile(path.display().to_string()))
}

fn line(error: &figment::Error) -> String {
    let key = error.path.join(".");
    let problem = match &error.kind {
        Kind::UnknownField(field, known) => {
            return format!(
                "unknown key `{}` (known: {})",
                under(&key, field),
                known.join(", ")
            );
        }
        Kind::MissingField(field) => {
            return format!("key `{}` is missing", under(&key, field));
        }
        Kind::UnknownVariant(_, known) => format!("is not one of {}", known.join(", ")),
        Kind::InvalidType(_, expected) | Kind::InvalidValue(_, expected) => {
            format!("should be {expected}")
        }
        Kind::DuplicateField(_) => "is given twice".to_owned(),
        Kind::Message(_)
        | Kind::InvalidLength(..)
        | Kind::Unsupported(_)
        | Kind::UnsupportedKey(..)
        | Kind::ISizeOutOfRange(_)
        | Kind::USizeOutOfRange(_) => "cannot be understood".to_owned(),
    };
    if key.is_empty() {
        // A syntax error of the file: figment's text has the place; the value
        // of a secret cannot be told from it, so only the place is kept.
        return format!("the file {problem}");
    }
    format!("key `{key}` {problem}")
}

/// The key of a field; whether the path that figment tells ends with the field
/// already depends on where the value came from.
fn under(path: &str, field: &str) -> String {
    if path.is_empty() {
        field.to_owned()
    } else if path.rsplit('.').next() == Some(field) {
        path.to_owned()
    } else {
        format!("{path}.{field}")
    }
}
