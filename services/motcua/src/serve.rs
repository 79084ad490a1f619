//! `motcua serve`: the services, the door to them, and the console.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use domain::clock::Ids;
use proto::account::v1 as pb;
use proto::account::v1::provisioning_service_client::ProvisioningServiceClient;
use runtime::client::Channel;
use runtime::server::Listener;

use crate::cli::ServeArgs;
use crate::config::{Config, Door};
use crate::folder::{Claim, Folder};
use crate::house::{House, Means};
use crate::operator::OperatorError;
use crate::{Outcome, SERVICES, holds};

/// Where demonstration passwords are written, beside the data.
pub const DEMO_PASSWORDS: &str = "demo-passwords.csv";
/// Load balancers notice within this that a pod leaves.
const ANNOUNCE: Duration = Duration::from_secs(5);
/// The process ends by its own timer.
const DRAIN: Duration = Duration::from_secs(25);

/// Why a process does not serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// No such service.
    #[error("{0} is no service: all, console, account, workflow, dossier, notification, gateway")]
    Unknown(String),
    /// Demonstration passwords in production.
    #[error("--demo is refused in production")]
    Demo,
    /// Pages without TLS off the loopback.
    #[error("{0} is not a loopback address: configure console.certificate_file and key_file")]
    Plaintext(SocketAddr),
    /// A listener cannot be bound.
    #[error("{0} cannot be bound: {1}")]
    Bind(SocketAddr, io::Error),
    /// A file cannot be written or read.
    #[error("{0}: {1}")]
    File(PathBuf, io::Error),
    /// The data folder.
    #[error(transparent)]
    Folder(#[from] crate::folder::FolderError),
    /// The process cannot be put together.
    #[error(transparent)]
    House(#[from] crate::house::HouseError),
    /// Provisioning failed.
    #[error(transparent)]
    Operator(#[from] OperatorError),
}

/// Serves until a signal.
pub(crate) async fn run(args: ServeArgs) -> Outcome {
    let config = args.at.load()?;
    let _telemetry = runtime::telemetry::init(&config.telemetry, &args.what)?;
    let served = Served::start(&config, &args.what, args.demo, Means::default()).await?;
    let signalled = served.house.shutdown.signalled()?;
    served.tell(&mut io::stdout().lock())?;
    signalled.await;
    let announce = if config.is_production() {
        ANNOUNCE
    } else {
        Duration::ZERO
    };
    served.house.shutdown.begin(announce).await;
    Ok(holds(served.end().await))
}

/// A process that serves.
pub struct Served {
    /// What is behind the doors.
    pub house: House,
    /// Where the contract is served.
    pub grpc: Option<SocketAddr>,
    /// Where the pages are.
    pub console: Option<SocketAddr>,
    /// The one-time link of the first administrator, while nobody has taken it.
    pub first_admin: Option<String>,
    demo: Option<PathBuf>,
    schemes: (&'static str, &'static str),
    claim: Claim,
}

impl Served {
    /// Starts what is asked for; answers when everything is ready.
    pub async fn start(
        config: &Config,
        what: &str,
        demo: bool,
        means: Means,
    ) -> Result<Self, ServeError> {
        if demo && config.is_production() {
            return Err(ServeError::Demo);
        }
        let hosted: Vec<&'static str> = SERVICES
            .into_iter()
            .filter(|service| what == "all" || what == *service)
            .collect();
        let pages = matches!(what, "all" | "console");
        if hosted.is_empty() && !pages {
            return Err(ServeError::Unknown(what.to_owned()));
        }
        let folder = Folder::open(&config.data)?;
        let mut claim = folder.claim(&hosted)?;
        let house = House::open(config, &hosted, means).await?;
        let mut served = Self {
            grpc: None,
            console: None,
            first_admin: None,
            demo: None,
            schemes: (config.console.scheme(), config.grpc.scheme()),
            claim: Claim::none(),
            house,
        };
        if !hosted.is_empty() {
            let at = served.open_door(config).await?;
            let address = format!("{}://{at}", config.grpc.scheme());
            claim
                .announce(&address)
                .map_err(|error| ServeError::File(config.data.clone(), error))?;
        }
        if hosted.contains(&"account") && !config.is_production() {
            served.furnish(config, demo).await?;
        }
        if pages {
            served.open_console(&config.console).await?;
        }
        served.claim = claim;
        Ok(served)
    }

    async fn open_door(&mut self, config: &Config) -> Result<SocketAddr, ServeError> {
        let address = config.grpc.listen;
        let bind = |error| ServeError::Bind(address, error);
        let server = self.house.door()?;
        let listener = Listener::tcp(address).await.map_err(bind)?;
        let at = listener.local_addr().unwrap_or(address);
        let (shutdown, open) = (self.house.shutdown.clone(), self.house.opening());
        self.house.shutdown.spawn("door", async move {
            if let Err(error) = server.serve(listener).await {
                tracing::error!(%error, "the door closed");
                shutdown.token.cancel();
            }
            drop(open);
        });
        self.grpc = Some(at);
        Ok(at)
    }

    /// What a development start needs before anybody can sign in.
    async fn furnish(&mut self, config: &Config, demo: bool) -> Result<(), ServeError> {
        let door = self.house.inner_door()?;
        let ids = Arc::clone(&self.house.means.ids);
        provision(&door, &*ids).await?;
        if demo {
            let file = config.data.join(DEMO_PASSWORDS);
            issue_passwords(&door, &*ids, &file).await?;
            self.demo = Some(file);
        }
        self.first_admin = first_admin(&door, &*ids).await?;
        Ok(())
    }

    async fn open_console(&mut self, door: &Door) -> Result<(), ServeError> {
        let bind = |error| ServeError::Bind(door.listen, error);
        if door.tls().is_none() && !door.listen.ip().is_loopback() {
            return Err(ServeError::Plaintext(door.listen));
        }
        let [account, workflow, dossier, notification] =
            ["account", "workflow", "dossier", "notification"].map(|s| self.house.anonymous(s));
        let backends = console::Backends::new(&account?, &workflow?, &dossier?, &notification?);
        let means = &self.house.means;
        let secure = door.tls().is_some();
        let router = console::router(
            backends,
            Arc::clone(&means.clock),
            Arc::clone(&means.ids),
            secure,
        );
        let listener = TcpListener::bind(door.listen).map_err(bind)?;
        listener.set_nonblocking(true).map_err(bind)?;
        self.console = Some(listener.local_addr().map_err(bind)?);
        let handle = Handle::new();
        let pages = router.into_make_service();
        let (serving, open) = (handle.clone(), self.house.opening());
        if let Some(tls) = door.tls() {
            let files = RustlsConfig::from_pem_file(&tls.certificate_file, &tls.key_file)
                .await
                .map_err(|error| ServeError::File(tls.certificate_file.clone(), error))?;
            let server = axum_server::from_tcp_rustls(listener, files).map_err(bind)?;
            let serving = server.handle(serving).serve(pages);
            self.house.shutdown.spawn("console", ended(serving, open));
        } else {
            let server = axum_server::from_tcp(listener).map_err(bind)?;
            let serving = server.handle(serving).serve(pages);
            self.house.shutdown.spawn("console", ended(serving, open));
        }
        let token = self.house.shutdown.token.clone();
        self.house.shutdown.spawn("console-stop", async move {
            token.cancelled().await;
            handle.graceful_shutdown(Some(DRAIN));
        });
        Ok(())
    }

    /// Tells people where to go.
    fn tell(&self, out: &mut impl io::Write) -> io::Result<()> {
        let (pages, contract) = self.schemes;
        if let Some(at) = self.console {
            writeln!(out, "console      {pages}://{at}")?;
        }
        if let Some(at) = self.grpc {
            writeln!(out, "gRPC         {contract}://{at}")?;
        }
        if let (Some(at), Some(token)) = (self.console, &self.first_admin) {
            writeln!(
                out,
                "first administrator, once: {pages}://{at}/quan-tri-dau-tien?token={token}"
            )?;
        }
        if let Some(file) = &self.demo {
            writeln!(out, "demonstration passwords: {}", file.display())?;
        }
        out.flush()
    }

    /// Lets what is open end, in bounded time; false when something was cut off.
    pub async fn end(self) -> bool {
        match self.house.shutdown.drain(DRAIN).await {
            Ok(()) => true,
            Err(running) => {
                tracing::warn!(?running, "cut off at the end");
                false
            }
        }
    }
}

async fn ended<T>(serving: impl Future<Output = io::Result<()>>, open: T) {
    if let Err(error) = serving.await {
        tracing::error!(%error, "the console closed");
    }
    drop(open);
}

/// Provisions every unit from the data that came with the program; answers how
/// many communes are complete and how much was added.
pub async fn provision(door: &Channel, ids: &dyn Ids) -> Result<(i32, i32), OperatorError> {
    let mut client = ProvisioningServiceClient::new(door.clone());
    let request = pb::ProvisionUnitsRequest {
        request_id: ids.next().to_string(),
    };
    let done = client.provision_units(request).await?.into_inner();
    Ok((done.communes, done.added))
}

/// The token of the first administrator's one-time link; none once it was used.
pub async fn first_admin(door: &Channel, ids: &dyn Ids) -> Result<Option<String>, OperatorError> {
    let mut client = ProvisioningServiceClient::new(door.clone());
    let request = pb::OpenFirstAdminRequest {
        request_id: ids.next().to_string(),
    };
    let token = client.open_first_admin(request).await?.into_inner().token;
    Ok(Some(token).filter(|token| !token.is_empty()))
}

/// Gives passwords to who has none, and keeps them in a file that only its
/// owner may read; the file is written before anybody is told of it.
async fn issue_passwords(door: &Channel, ids: &dyn Ids, file: &Path) -> Result<(), ServeError> {
    let failed = |error| ServeError::File(file.to_owned(), error);
    let mut client = ProvisioningServiceClient::new(door.clone());
    let request = pb::IssuePasswordsRequest {
        request_id: ids.next().to_string(),
        units: Vec::new(),
    };
    let issued = client.issue_passwords(request).await;
    let issued = issued.map_err(OperatorError::from)?.into_inner().passwords;
    let begun = fs::exists(file).map_err(failed)?;
    if issued.is_empty() && begun {
        return Ok(());
    }
    let mut out = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(file)
        .map_err(failed)?;
    let mut text = String::new();
    if !begun {
        text.push_str("login,password,unit,roles\n");
    }
    for one in &issued {
        let roles: Vec<&str> = one.roles().map(|r| r.as_str_name()).collect();
        let roles = roles.join(" ");
        let row = [&one.login, &one.password, &one.unit, &roles].map(String::as_str);
        text.push_str(&row.join(","));
        text.push('\n');
    }
    out.write_all(text.as_bytes()).map_err(failed)?;
    out.sync_all().map_err(failed)
}
