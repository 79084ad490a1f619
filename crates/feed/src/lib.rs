//! The event feed of a service: its sequencer, its server, and the followers
//! of the others' feeds.
//!
//! A service writes events with its business change ([`envelope::new_event`],
//! `storage::event::append`). [`sequence`] then numbers what is committed, and
//! [`FeedServer`] hands it on in that order. Another service takes it up with a
//! [`Follower`], each event's effect once.

mod chain;
pub mod envelope;
mod follower;
mod pin;
mod sequencer;
mod server;
mod tail;
mod verify;

pub use chain::{GENESIS, hash};
pub use follower::{Control, Event, Follower, Report, State, TOGETHER};
pub use pin::pins;
pub use sequencer::{Offer, offer, sequence};
pub use server::FeedServer;
pub use verify::{ChainReport, checks, verify_chain};
