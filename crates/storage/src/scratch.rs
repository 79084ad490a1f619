//! Databases of a PostgreSQL server that are made for a while and then dropped:
//! for rehearsals and tests, which own their database.

use sea_orm::{ConnectionTrait, Database};
use uuid::Uuid;

use crate::error::StorageError;

/// A set of databases, `<prefix>_<name>`. Holds no connection, so that it can
/// be removed from any runtime.
pub struct Scratch {
    admin: String,
    base: String,
    prefix: String,
    names: Vec<String>,
}

impl Scratch {
    /// Makes one database a name on the server of an administrative database's
    /// address. Names are of letters, digits and underscores.
    ///
    /// # Errors
    /// When the server is away or does not allow it.
    pub async fn create(admin: &str, names: &[&str]) -> Result<Self, StorageError> {
        let (base, _) = admin
            .rsplit_once('/')
            .ok_or_else(|| StorageError::Unfit("the address names no database".to_owned()))?;
        #[expect(
            clippy::disallowed_methods,
            reason = "names of throw-away databases must only differ"
        )]
        let run = Uuid::new_v4().simple();
        let scratch = Self {
            admin: admin.to_owned(),
            base: base.to_owned(),
            prefix: format!("motcua_scratch_{run}"),
            names: names.iter().map(|name| (*name).to_owned()).collect(),
        };
        scratch.each("CREATE DATABASE", "").await?;
        Ok(scratch)
    }

    /// The address of the databases, with `{service}` for the name.
    pub fn url(&self) -> String {
        format!("{}/{}_{{service}}", self.base, self.prefix)
    }

    /// Drops them, whoever is connected.
    ///
    /// # Errors
    /// When the server is away.
    pub async fn remove(self) -> Result<(), StorageError> {
        self.each("DROP DATABASE IF EXISTS", " WITH (FORCE)").await
    }

    async fn each(&self, before: &str, after: &str) -> Result<(), StorageError> {
        let server = Database::connect(&self.admin).await?;
        for name in &self.names {
            let statement = format!("{before} {}_{name}{after}", self.prefix);
            server.execute_unprepared(&statement).await?;
        }
        Ok(server.close().await?)
    }
}
