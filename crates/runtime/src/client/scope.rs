//! What calls made while a request is handled inherit from it: the deadline
//! and the token of the one it is handled for.

use std::future::Future;
use std::time::Duration;

use http::HeaderValue;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::Instant;

use crate::failure::Failure;

tokio::task_local! {
    static SCOPE: Scope;
}

/// Inherited by calls of the same task; a spawned task starts without.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scope {
    pub(crate) deadline: Option<Instant>,
    pub(crate) on_behalf: Option<HeaderValue>,
}

pub(crate) fn current() -> Scope {
    SCOPE.try_with(Clone::clone).unwrap_or_default()
}

pub(crate) async fn enter<F: Future>(scope: Scope, work: F) -> F::Output {
    SCOPE.scope(scope, work).await
}

/// Does `work` for the holder of `token`: calls carry it in
/// `motcua-on-behalf`. For the console, whose sessions hold tokens. Inside a
/// handler this happens by itself.
pub async fn on_behalf<F: Future>(token: &SecretString, work: F) -> Result<F::Output, Failure> {
    let mut value =
        HeaderValue::from_str(token.expose_secret()).map_err(|_| Failure::unauthenticated())?;
    value.set_sensitive(true);
    let scope = Scope {
        on_behalf: Some(value),
        ..current()
    };
    Ok(enter(scope, work).await)
}

/// Does `work` as the service itself although a request is being handled:
/// for reads that the service is entitled to and the caller is not.
pub async fn as_itself<F: Future>(work: F) -> F::Output {
    enter(
        Scope {
            on_behalf: None,
            ..current()
        },
        work,
    )
    .await
}

/// How much of the request's budget is left; none outside a request.
pub fn remaining() -> Option<Duration> {
    current()
        .deadline
        .map(|at| at.saturating_duration_since(Instant::now()))
}
