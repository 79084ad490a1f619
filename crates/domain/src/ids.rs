//! Identifiers: one type a thing, so that they cannot be mixed up.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! uuid_ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(s: &str) -> Result<Self, Self::Err> {
                s.parse().map($name)
            }
        }
    )+};
}

uuid_ids! {
    /// A dossier (*hồ sơ*); its workflow instance has the same id.
    DossierId,
    /// A person, who is not a post.
    PersonId,
    /// A post (*vị trí*) in a unit, filled by people from–to.
    PostId,
    /// A task of a workflow instance.
    TaskId,
    /// An event.
    EventId,
    /// A sign-in session.
    SessionId,
    /// The caller's key of one mutating request.
    RequestId,
}

/// A unit of the organisation: `18583` (commune), `42-STP` (department),
/// `18583-TTPVHCC` (a commune's centre). Ours, stable over reorganisations;
/// the official five-digit code alone is recycled and ambiguous.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UnitId(pub String);

impl UnitId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for UnitId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for UnitId {
    fn from(s: &str) -> Self {
        UnitId(s.to_owned())
    }
}
