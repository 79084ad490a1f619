//! Notification: who is told what, when. Messages to officers' inboxes and the
//! record of what applicants are to be told, made from the dossier feed.

mod api;
mod app;
mod error;
mod store;

pub use app::after_restore;
pub use store::migration;

use proto::notification::v1::notification_service_server::NotificationServiceServer;
use runtime::Failure;
use runtime::context::{Service, ServiceContext};
use storage::Db;

use app::App;

/// Builds the service over a migrated database.
pub fn build(ctx: &ServiceContext, db: Db) -> Result<Service, Failure> {
    let app = App::new(ctx, db);
    let source = ctx.peer("dossier")?;
    let incarnations = ctx.incarnations.clone();
    let following = app::follow::run(app.clone(), source, incarnations, ctx.shutdown.clone());
    let watching = app::watch::run(app.clone(), ctx.shutdown.clone());
    Ok(Service::new()
        .mount(NotificationServiceServer::new(api::NotificationApi(app)))
        .job("notification-follower", following)
        .job("notification-watch", watching))
}
