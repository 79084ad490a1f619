//! The use-cases, one a file: load, authorise, decide, save, publish.

pub(crate) mod directory;
pub(crate) mod first_admin;
pub(crate) mod partner;
pub(crate) mod passwords;
pub(crate) mod provision;
pub(crate) mod secrets;
pub(crate) mod sign_in;
pub(crate) mod strangers;
pub(crate) mod tokens;
pub(crate) mod told;
mod turns;

use std::sync::Arc;

use argon2::Params;
use domain::clock::{Clock, Ids};
use runtime::Failure;
use runtime::auth::{PrivateKey, Signer};
use runtime::context::ServiceContext;
use storage::Db;

use crate::error::Error;

/// What the service is configured with.
pub struct Settings {
    /// The key that signs access tokens.
    pub signing_key: PrivateKey,
    /// The key from which refresh tokens and one-time links derive.
    pub master_key: [u8; 32],
    /// Memory of one password hash, in KiB: 19 MiB and two passes are tuned to
    /// 50–150 ms of one core.
    pub argon2_kib: u32,
    /// Whether demo passwords are refused.
    pub production: bool,
}

/// The service's state. Cheap to clone.
#[derive(Clone)]
pub struct App {
    pub(crate) db: Db,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn Ids>,
    pub(crate) signer: Arc<Signer>,
    pub(crate) secrets: Arc<secrets::Secrets>,
    pub(crate) turns: Arc<turns::Turns>,
    pub(crate) strangers: Arc<strangers::Strangers>,
    pub(crate) production: bool,
}

impl App {
    pub(crate) fn new(ctx: &ServiceContext, db: Db, settings: Settings) -> Result<Self, Failure> {
        let Settings {
            signing_key,
            master_key,
            argon2_kib,
            production,
        } = settings;
        let cost =
            Params::new(argon2_kib, 2, 1, None).map_err(|_| Error::Cryptography("argon2 cost"))?;
        let secrets = secrets::Secrets::new(&master_key, cost)?;
        Ok(Self {
            db,
            clock: Arc::clone(&ctx.clock),
            ids: Arc::clone(&ctx.ids),
            signer: Arc::new(Signer::new(&signing_key)),
            secrets: Arc::new(secrets),
            turns: Arc::default(),
            strangers: Arc::default(),
            production,
        })
    }
}
