//! Counts and checksums by (receiving unit, day of submission), some days at a time:
//! what the warehouse is compared with.

use std::collections::BTreeMap;

use storage::{Db, StorageError};

use crate::store::files;
use crate::verify::summary;

/// How many files are read at a time.
const PAGE: u64 = 500;
/// After so many files, an answer ends with its day: about a second.
pub const ENOUGH: u32 = 20_000;

/// The count and the sum of each (unit, day), and the day to go on from; empty where
/// nothing is left.
pub type Told = (BTreeMap<(String, String), (i64, u128)>, String);

/// Days after one, each whole, until so many files were read.
///
/// # Errors
/// When the store is away.
pub async fn run(
    db: &Db,
    only: Option<&str>,
    after_day: &str,
    enough: u32,
) -> Result<Told, StorageError> {
    let mut days: BTreeMap<(String, String), (i64, u128)> = BTreeMap::new();
    let (mut last, mut id, mut seen) = (after_day.to_owned(), None, 0);
    loop {
        let page = files::by_day(db.read(), (&last, id), PAGE).await?;
        if page.is_empty() {
            return Ok((days, String::new()));
        }
        for stored in &page {
            let (unit, day, sum) = summary(&stored.file);
            if seen >= enough && day != last {
                return Ok((days, last));
            }
            seen += 1;
            id = Some(stored.file.id.0);
            last.clone_from(&day);
            if only.is_none_or(|only| only == unit) {
                let entry = days.entry((unit, day)).or_default();
                *entry = (entry.0.saturating_add(1), entry.1.wrapping_add(sum));
            }
        }
    }
}
