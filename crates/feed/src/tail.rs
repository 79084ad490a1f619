//! The newest entries of a feed in memory: whoever is at its end is handed what
//! the sequencer has just numbered, without asking the database for it again.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use proto::event::v1::FeedEntry;
use tokio::sync::watch;
use uuid::Uuid;

/// How many entries are kept, and of how many bytes together, at most.
const KEPT: usize = 1024;
const KEPT_BYTES: usize = 4 * 1024 * 1024;

/// Entries without a hole, the newest last.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tail(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    /// Of which history they are.
    incarnation: Uuid,
    entries: VecDeque<FeedEntry>,
    bytes: usize,
}

impl Kept {
    fn forget(&mut self) {
        while self.entries.len() > KEPT || self.bytes > KEPT_BYTES {
            let Some(oldest) = self.entries.pop_front() else {
                return;
            };
            self.bytes = self.bytes.saturating_sub(length(&oldest));
        }
    }
}

impl Tail {
    /// Adds entries that were committed under an incarnation, and tells the
    /// position.
    pub(crate) fn push(
        &self,
        incarnation: Uuid,
        entries: Vec<FeedEntry>,
        head: &watch::Sender<i64>,
    ) {
        let Some(last) = entries.last().map(|entry| entry.position) else {
            return;
        };
        {
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let next = kept.entries.back().map(|entry| entry.position + 1);
            let follows = next == entries.first().map(|entry| entry.position);
            if !follows || kept.incarnation != incarnation {
                // Another process numbered what came between, or the store is
                // another one.
                *kept = Kept::default();
                kept.incarnation = incarnation;
            }
            kept.bytes += entries.iter().map(length).sum::<usize>();
            kept.entries.extend(entries);
            kept.forget();
        }
        tell(head, last);
    }

    /// The entries after a position for one who knows this incarnation, as many as
    /// fit into a page of `bytes`; none where the database must be asked.
    pub(crate) fn after(
        &self,
        position: i64,
        incarnation: &str,
        bytes: usize,
    ) -> Option<Vec<FeedEntry>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let first = kept.entries.front()?.position;
        if kept.incarnation.to_string() != incarnation {
            return None;
        }
        let skip = usize::try_from(position + 1 - first).ok()?;
        let (mut found, mut taken) = (Vec::new(), 0);
        for entry in kept.entries.iter().skip(skip) {
            taken += length(entry);
            if taken > bytes && !found.is_empty() {
                break;
            }
            found.push(entry.clone());
        }
        (!found.is_empty()).then_some(found)
    }
}

/// The bytes of an entry on the wire, about.
pub(crate) fn length(entry: &FeedEntry) -> usize {
    entry.envelope.len() + 96
}

/// Tells a position, if it is another one.
pub(crate) fn tell(head: &watch::Sender<i64>, position: i64) {
    head.send_if_modified(|last| {
        let moved = *last != position;
        *last = position;
        moved
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(positions: std::ops::RangeInclusive<i64>) -> Vec<FeedEntry> {
        let entry = |position| FeedEntry {
            position,
            ..FeedEntry::default()
        };
        positions.map(entry).collect()
    }

    fn positions(found: Option<Vec<FeedEntry>>) -> Option<Vec<i64>> {
        found.map(|found| found.iter().map(|entry| entry.position).collect())
    }

    const OURS: Uuid = Uuid::from_u128(1);
    const PAGE: usize = 960;

    fn after(tail: &Tail, position: i64) -> Option<Vec<i64>> {
        positions(tail.after(position, &OURS.to_string(), PAGE))
    }

    #[test]
    fn what_is_kept_has_no_hole_and_what_is_not_kept_is_asked_of_the_database() {
        let (head, told) = watch::channel(0);
        let tail = Tail::default();
        assert_eq!(after(&tail, 0), None);
        tail.push(OURS, entries(3..=5), &head);
        assert_eq!(*told.borrow(), 5);
        assert_eq!(after(&tail, 3), Some(vec![4, 5]));
        assert_eq!(after(&tail, 1), None, "2 is not kept");
        assert_eq!(after(&tail, 5), None, "nothing is there yet");
        // Another replica numbered 6.
        tail.push(OURS, entries(7..=7), &head);
        assert_eq!(after(&tail, 4), None);
        assert_eq!(after(&tail, 6), Some(vec![7]));
    }

    #[test]
    fn another_history_is_not_handed_on_as_the_one_that_was_followed() {
        let (head, _told) = watch::channel(0);
        let tail = Tail::default();
        tail.push(OURS, entries(1..=2), &head);
        tail.push(Uuid::from_u128(2), entries(3..=3), &head);
        assert_eq!(after(&tail, 0), None);
        assert_eq!(after(&tail, 2), None);
    }

    #[test]
    fn the_oldest_are_forgotten_and_a_page_is_no_longer_than_asked() {
        let (head, _told) = watch::channel(0);
        let tail = Tail::default();
        tail.push(OURS, entries(1..=1500), &head);
        assert_eq!(after(&tail, 1), None);
        assert_eq!(after(&tail, 1000).map(|found| found.len()), Some(10));
        let large = FeedEntry {
            position: 1501,
            envelope: vec![0; KEPT_BYTES],
            ..FeedEntry::default()
        };
        tail.push(OURS, vec![large], &head);
        assert_eq!(after(&tail, 1499), None, "they are too long to keep");
    }
}
