//! Panic: a handler's panic is an internal failure with an incident id; its
//! words stay in the log.

use std::any::Any;

use crate::failure::Failure;

/// What the caller is told.
pub(super) fn failure(cause: &(dyn Any + Send)) -> Failure {
    let text = cause
        .downcast_ref::<&str>()
        .map(|s| (*s).to_owned())
        .or_else(|| cause.downcast_ref::<String>().cloned())
        .unwrap_or_default();
    tracing::error!(panic = text, "a handler panicked");
    Failure::bug("a handler panicked")
}
