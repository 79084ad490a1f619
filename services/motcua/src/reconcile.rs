//! After a restore: the stores of all services, compared and brought together
//! again. Nothing that one side still knows is dropped; what nobody knows any more
//! is named.
//!
//! Workflow and dossier may come from different instants. What workflow lacks is
//! adopted from dossier's events; what a file lacks comes through the feed, as ever;
//! a file that is gone is noted as lost, its code stays taken. Consumers follow the
//! restored feed, the warehouse from its beginning.

mod mend;
mod survey;

use std::collections::BTreeMap;
use std::sync::Arc;

use runtime::clock::{SystemClock, SystemIds};
use storage::backup::{self, Head};
use storage::{Config as Store, Db, StorageError};
use workflow::store::reference::References;

use crate::config::Config;
use crate::{SERVICES, schema};
pub(crate) use survey::Survey;

/// Why the sides are not compared, or not mended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReconcileError {
    /// The configuration is wrong.
    #[error(transparent)]
    Config(#[from] runtime::config::ConfigError),
    /// A store.
    #[error("kho của {0}: {1}")]
    Store(&'static str, StorageError),
    /// Somebody works with it.
    #[error("{0}: còn tiến trình đang kết nối; dừng mọi dịch vụ trước khi đối soát")]
    InUse(&'static str),
    /// An instance cannot be adopted.
    #[error("hồ sơ {0}: workflow không nhận lại được: {1}")]
    Adopt(uuid::Uuid, workflow::Error),
}

/// The stores of all services, which nobody else has open.
pub(crate) struct Sides {
    stores: BTreeMap<&'static str, Db>,
    heads: BTreeMap<&'static str, Head>,
}

impl Sides {
    /// Opens them as they are. A process of another machine holds no lock here, but
    /// a session of the server: nothing is compared that somebody writes to.
    pub(crate) async fn open(config: &Config) -> Result<Self, ReconcileError> {
        let (mut stores, mut heads) = (BTreeMap::new(), BTreeMap::new());
        for service in SERVICES {
            let failed = |error| ReconcileError::Store(service, error);
            let at = config.store(service)?;
            if let Store::Postgres { url, .. } = &at
                && backup::in_the_way(url).await.map_err(failed)?.sessions
            {
                return Err(ReconcileError::InUse(service));
            }
            let db = Db::open(&at).await.map_err(failed)?;
            let own = schema::of(service);
            db.expect_schema(own).await.map_err(failed)?;
            let head = backup::head(db.read()).await.map_err(failed)?;
            heads.insert(service, head);
            stores.insert(service, db);
        }
        Ok(Self { stores, heads })
    }

    fn store(&self, service: &'static str) -> Result<&Db, ReconcileError> {
        let db = self.stores.get(service);
        db.ok_or(ReconcileError::Store(service, StorageError::Other))
    }

    fn workflow(&self) -> Result<workflow::App, ReconcileError> {
        Ok(workflow::App {
            db: self.store("workflow")?.clone(),
            clock: Arc::new(SystemClock),
            ids: Arc::new(SystemIds),
            references: References::default(),
        })
    }
}
