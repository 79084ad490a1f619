//! For a service that is called and follows nobody: what it has pinned its callers
//! to outlives the process.

use std::time::Duration;

use runtime::Shutdown;
use runtime::incarnation::Incarnations;
use storage::{Db, StorageError, cursor};
use uuid::Uuid;

/// The wait after the store was away.
const WAIT: Duration = Duration::from_secs(1);

/// Loads the pins into what the service knows and lets it learn new ones; the job
/// stores those until shutdown.
///
/// # Errors
/// When the store cannot be read: a service that does not know its pins must not
/// begin to serve.
pub async fn pins(
    db: &Db,
    incarnations: &Incarnations,
    shutdown: &Shutdown,
) -> Result<impl Future<Output = ()> + Send + 'static + use<>, StorageError> {
    for (service, incarnation) in cursor::pins(db.read()).await? {
        incarnations.set(&service, incarnation.to_string());
    }
    incarnations.learn();
    Ok(keep(db.clone(), incarnations.clone(), shutdown.clone()))
}

async fn keep(db: Db, incarnations: Incarnations, shutdown: Shutdown) {
    loop {
        let fresh = tokio::select! {
            () = shutdown.token.cancelled() => return,
            fresh = incarnations.pinned() => fresh,
        };
        for (service, incarnation) in fresh {
            if !store(&db, &incarnations, &shutdown, service, incarnation).await {
                return;
            }
        }
    }
}

/// Stores one pin, however often it takes; false at shutdown.
async fn store(
    db: &Db,
    incarnations: &Incarnations,
    shutdown: &Shutdown,
    service: String,
    incarnation: Uuid,
) -> bool {
    loop {
        let name = service.clone();
        let stored = db
            .run::<_, StorageError, _>("feed.pin", move |tx| {
                let name = name.clone();
                Box::pin(async move { cursor::pin(tx, &name, incarnation).await })
            })
            .await;
        match stored {
            Ok(stands) => {
                if stands != incarnation {
                    // Another replica was told otherwise before us.
                    tracing::error!(%service, %stands, %incarnation, "a caller is pinned already");
                }
                incarnations.set(&service, stands.to_string());
                return true;
            }
            Err(error) => tracing::warn!(%error, %service, "a pin could not be stored"),
        }
        if !shutdown.pause(WAIT).await {
            return false;
        }
    }
}
