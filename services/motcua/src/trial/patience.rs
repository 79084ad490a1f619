//! Asking again: a rehearsal outlives a server that is killed and restarted.
//! What is asked again carries the same key, so nothing is done twice.

use std::time::Duration;

use tonic::Status;

use crate::operator::{OperatorError, away};

/// A server that is being restarted is back within this many tries.
pub(super) const TRIES: u32 = 120;
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(500);

/// What may say that a service is away.
pub(super) trait Away {
    /// Whether it does.
    fn is_away(&self) -> bool;
}

impl Away for Status {
    fn is_away(&self) -> bool {
        away(self)
    }
}

impl Away for OperatorError {
    fn is_away(&self) -> bool {
        matches!(self, OperatorError::Away(_))
    }
}

/// Asks until there is an answer other than that the service is away.
pub(super) async fn persist<T, E: Away, F: Future<Output = Result<T, E>>>(
    ask: impl Fn() -> F,
) -> Result<T, E> {
    let mut tries = 0;
    loop {
        match ask().await {
            Err(error) if error.is_away() && tries < TRIES => {
                tries += 1;
                pause().await;
            }
            answer => return answer,
        }
    }
}

/// Lets the server come back.
pub(super) async fn pause() {
    // A timeout over what never happens: the rehearsal has nothing else to wait for.
    let _ = tokio::time::timeout(PAUSE, std::future::pending::<()>()).await;
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use tonic::Code;

    use super::*;

    #[tokio::test]
    async fn a_service_that_is_away_is_asked_again_and_a_refusal_is_final() {
        let asked = Cell::new(0);
        let answer = persist(|| async {
            asked.set(asked.get() + 1);
            match asked.get() {
                1 => Err(Status::unavailable("restarting")),
                2 => Err(Status::from_error("the line broke".into())),
                _ => Ok(asked.get()),
            }
        });
        assert_eq!(answer.await.unwrap(), 3);

        asked.set(0);
        let refused = persist(|| async {
            asked.set(asked.get() + 1);
            Err::<(), _>(Status::permission_denied("no"))
        });
        assert_eq!(refused.await.unwrap_err().code(), Code::PermissionDenied);
        assert_eq!(asked.get(), 1);
    }
}
