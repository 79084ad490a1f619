//! Followers that break their promise on purpose.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use storage::mutant::{self, CURSOR_FIRST, LEAP};
use storage::{StorageError, Tx, cursor};
use uuid::Uuid;

use super::{Event, Fault, Taker, Taking, Turn, mismatch, turn};
use crate::follower::{Halt, TOGETHER};

/// Between the cursor and the effect: long enough to be hit.
const BETWEEN: Duration = Duration::from_millis(50);

impl<F> Taker<F> {
    /// What a mutant does with entries; none when this is none.
    pub(super) async fn mutate<E>(
        &self,
        taking: &Taking,
        source: Uuid,
    ) -> Result<Option<bool>, Halt>
    where
        E: From<StorageError> + Display + Send + 'static,
        F: for<'t> Fn(&'t Tx, &'t [Event]) -> BoxFuture<'t, Result<(), E>> + Send + Sync + 'static,
    {
        let leaps = mutant::is(LEAP) && taking.events.len() == TOGETHER;
        if !leaps && !mutant::is(CURSOR_FIRST) {
            return Ok(None);
        }
        let (name, first, last) = (Arc::clone(&self.name), taking.first, taking.last);
        let moved = self
            .db
            .run::<_, Fault<StorageError>, _>("feed.mutant", move |tx| {
                let name = Arc::clone(&name);
                Box::pin(async move {
                    let Turn::Now = turn(tx, &name, first, source).await? else {
                        return Ok(false);
                    };
                    cursor::save(tx, &name, last, source).await?;
                    Ok(true)
                })
            })
            .await;
        match moved {
            Ok(true) if leaps => return Ok(Some(true)),
            Ok(true) => {}
            Ok(false) => return Ok(Some(false)),
            Err(Fault::Mismatch(ours)) => return Err(mismatch(ours)),
            Err(Fault::Storage(error) | Fault::Apply(error)) => return Err(error.into()),
        }
        if !self.shutdown.pause(BETWEEN).await {
            return Err(Halt::Leaving);
        }
        let (apply, events) = (Arc::clone(&self.apply), Arc::new(taking.events.clone()));
        let done = self
            .db
            .run::<_, Fault<E>, _>("feed.mutant", move |tx| {
                let (apply, events) = (Arc::clone(&apply), Arc::clone(&events));
                Box::pin(async move { apply(tx, &events).await.map_err(Fault::Apply) })
            })
            .await;
        done.map_err(|_| Halt::Away("the effect did not follow the cursor".to_owned()))?;
        Ok(Some(true))
    }
}
