//! `motcua bench`: what this program does on this machine, and beside each figure
//! what the databases alone do in the same run. `tests/README.md` keeps the tables
//! and says how each was made.

mod deployment;
mod echo;
mod feed;
mod floor;
mod lifecycle;
mod lives;
mod machine;
mod read;
mod record;
mod salt;
mod start;
mod stored;
mod table;
mod verbs;

pub use deployment::Shape;
pub use stored::Amount;

use runtime::Shutdown;

use crate::Outcome;
use crate::cli::Bench;

/// Why a measurement broke.
pub(crate) type Broken = Box<dyn std::error::Error + Send + Sync>;

/// Measures and tells; fails when a measured store does not verify. Whoever
/// interrupts it stops the servers too, which would go on measuring nothing.
pub(crate) async fn run(what: Bench) -> Outcome {
    let signalled = Shutdown::new().signalled()?;
    tokio::select! {
        done = measure(what) => done,
        () = signalled => {
            Err("interrupted: its servers are stopped, its databases motcua_scratch_… are left".into())
        }
    }
}

async fn measure(what: Bench) -> Outcome {
    match what {
        Bench::Lifecycle(args) => lifecycle::run(args).await,
        Bench::Read(args) => read::run(args).await,
        Bench::Feed(args) => feed::run(args).await,
        Bench::Verbs(args) => verbs::run(args).await,
        Bench::Start(args) => start::run(args).await,
    }
}
