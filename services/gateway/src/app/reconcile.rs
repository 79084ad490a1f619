//! Whether the warehouse equals its source: row counts and order-free checksums
//! by (receiving unit, day of submission), both sides at one position of the
//! feed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::NaiveDate;
use domain::actor::Actor;
use proto::dossier::v1::SummariseResponse;
use serde::Serialize;
use storage::cursor;
use tokio::time::Instant;

use super::App;
use super::follow::CONSUMER;
use super::permit::{self, Deed};
use super::shape::digestible;
use super::source::{self, key};
use crate::error::Error;
use crate::store::facts::{self, Filter};

/// How often it is looked whether the warehouse has come far enough.
const LOOK: Duration = Duration::from_millis(100);
/// How long after a difference both sides are asked again. The source gives an
/// event its position a moment after it changed the row, so that an ask in
/// between sees the change and not the position; by the next ask it has one.
const AGAIN: Duration = Duration::from_millis(700);
/// What is kept of the budget for the answer itself.
const KEPT: Duration = Duration::from_secs(2);
/// How many rows are read at a time.
const PAGE: u64 = 500;

/// The dossiers of one (unit, day).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// How many.
    pub rows: i64,
    /// The sum of their checksums, hexadecimal.
    pub checksum: String,
}

/// Sums by unit and day.
pub type Sums = BTreeMap<(String, String), Sum>;

/// One (unit, day) that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The unit.
    pub unit: String,
    /// The day.
    pub day: String,
    /// Rows in the source.
    pub source_rows: i64,
    /// Rows in the warehouse.
    pub warehouse_rows: i64,
    /// Checksum of the source.
    pub source_checksum: String,
    /// Checksum of the warehouse.
    pub warehouse_checksum: String,
}

/// What a reconciliation found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reconciliation {
    /// How many (unit, day) pairs.
    pub compared: usize,
    /// How many dossiers of the source.
    pub dossiers: i64,
    /// What differs.
    pub differences: Vec<Difference>,
    /// The position of the source at the last comparison.
    pub position: i64,
    /// The last day that was compared, where some are left.
    pub rest_after: Option<NaiveDate>,
}

impl Reconciliation {
    /// Takes in what the next days gave.
    fn add(&mut self, next: Self) {
        self.compared = self.compared.saturating_add(next.compared);
        self.dossiers = self.dossiers.saturating_add(next.dossiers);
        self.differences.extend(next.differences);
        self.position = next.position;
        self.rest_after = next.rest_after;
    }
}

/// Reconciles for a caller, within the time that the caller gives.
pub async fn asked(
    app: &App,
    actor: &Actor,
    filter: &Filter,
    after: Option<NaiveDate>,
) -> Result<Reconciliation, Error> {
    permit::check(actor, Deed::ReadWarehouse)?;
    let budget = runtime::client::remaining().unwrap_or(runtime::client::LONGEST);
    parts(app, filter, after, budget).await
}

/// Reconciles everything that is asked about, however long it takes; `budget` is
/// that of a part.
pub async fn run(app: &App, filter: &Filter, budget: Duration) -> Result<Reconciliation, Error> {
    let mut sum = parts(app, filter, None, budget).await?;
    while let Some(after) = sum.rest_after {
        sum.add(parts(app, filter, Some(after), budget).await?);
    }
    Ok(sum)
}

/// Some days after some days, for as long as less than half of the budget is used.
async fn parts(
    app: &App,
    filter: &Filter,
    after: Option<NaiveDate>,
    budget: Duration,
) -> Result<Reconciliation, Error> {
    let (began, mut sum) = (Instant::now(), Reconciliation::default());
    let before = filter.from.and_then(|day| day.pred_opt());
    sum.rest_after = after.max(before);
    loop {
        let left = budget.saturating_sub(began.elapsed());
        sum.add(part(app, filter, sum.rest_after, left).await?);
        if sum.rest_after.is_none() || began.elapsed() > budget / 2 {
            return Ok(sum);
        }
    }
}

/// Compares some days until nothing differs, or until what differs did so twice in
/// the very same way, or until the budget is nearly used.
///
/// Each comparison waits until the warehouse has come as far as the source had
/// when it was asked. While dossiers move, some (unit, day) is always caught
/// between the two readings; it is equal in the next. So a pair that was equal
/// once is not suspected again, and one that differs is told only when neither
/// side has moved since: that is no dossier on its way.
///
/// # Errors
/// [`Error::Behind`] when the warehouse does not reach its source in time.
async fn part(
    app: &App,
    filter: &Filter,
    after: Option<NaiveDate>,
    budget: Duration,
) -> Result<Reconciliation, Error> {
    let until = Instant::now() + budget.saturating_sub(KEPT);
    let mut suspects = None;
    loop {
        let asked = source::summarise(app, filter.unit.as_deref(), after).await?;
        let position = asked.position;
        let days = days(filter, after, &asked)?;
        reach(app, position, until).await?;
        let ours = sums(app, &days).await?;
        let through = days.to.filter(|day| filter.to.is_none_or(|to| *day < to));
        let mut found = compare(&theirs(asked, &days), &ours, position);
        found.rest_after = through;
        // A rebuild may have emptied the warehouse under our hands.
        let whole = reached(app).await? >= position;
        if whole {
            found.differences = still(suspects.as_deref(), found.differences);
            if found.differences.is_empty() || suspects.as_ref() == Some(&found.differences) {
                return Ok(found);
            }
            suspects = Some(found.differences.clone());
        }
        if Instant::now() + AGAIN >= until {
            return if whole { Ok(found) } else { Err(Error::Behind) };
        }
        if !app.shutdown.pause(AGAIN).await {
            return Err(Error::Leaving);
        }
    }
}

/// The days that a part is about: those after one that the source told of, as far as
/// they are asked about.
fn days(
    filter: &Filter,
    after: Option<NaiveDate>,
    told: &SummariseResponse,
) -> Result<Filter, Error> {
    let through: Option<NaiveDate> = match told.through_day.as_str() {
        "" => None,
        day => Some(day.parse().map_err(|_| Error::Unreadable("a day"))?),
    };
    let next = after.and_then(|day: NaiveDate| day.succ_opt());
    Ok(Filter {
        unit: filter.unit.clone(),
        from: next.max(filter.from),
        to: match (through, filter.to) {
            (Some(through), Some(to)) => Some(through.min(to)),
            (through, to) => through.or(to),
        },
    })
}

/// Of what differs now, what also differed each time before.
fn still(suspects: Option<&[Difference]>, found: Vec<Difference>) -> Vec<Difference> {
    let Some(suspects) = suspects else {
        return found;
    };
    let pair = |one: &Difference| (one.unit.clone(), one.day.clone());
    let suspected: BTreeSet<_> = suspects.iter().map(pair).collect();
    let found = found.into_iter();
    found.filter(|one| suspected.contains(&pair(one))).collect()
}

/// How far the warehouse has come.
pub(crate) async fn reached(app: &App) -> Result<i64, Error> {
    let known = cursor::load(app.db.read(), CONSUMER).await?;
    Ok(known.map_or(0, |cursor| cursor.position))
}

/// Waits until the warehouse has come as far as `position`.
async fn reach(app: &App, position: i64, until: Instant) -> Result<(), Error> {
    while reached(app).await? < position {
        if Instant::now() >= until {
            return Err(Error::Behind);
        }
        if !app.shutdown.pause(LOOK).await {
            return Err(Error::Leaving);
        }
    }
    Ok(())
}

/// What the source told, of the days that are asked about.
fn theirs(told: SummariseResponse, filter: &Filter) -> Sums {
    // Days as ISO 8601 writes them sort as text.
    let from = filter.from.map(|day| day.to_string());
    let to = filter.to.map(|day| day.to_string());
    let within = |day: &str| {
        from.as_deref().is_none_or(|from| from <= day) && to.as_deref().is_none_or(|to| day <= to)
    };
    let days = told.days.into_iter().filter(|day| within(&day.day));
    days.map(|one| {
        let sum = Sum {
            rows: one.rows,
            checksum: one.checksum,
        };
        ((key("units/", &one.unit), one.day), sum)
    })
    .collect()
}

/// What the warehouse has.
pub async fn sums(app: &App, filter: &Filter) -> Result<Sums, Error> {
    let mut sums: BTreeMap<(String, String), (i64, u128)> = BTreeMap::new();
    let mut last = None;
    loop {
        let page = facts::by_day(app.db.read(), filter, last, PAGE).await?;
        for row in &page {
            let unit_day = (row.receiver.clone(), row.day.to_string());
            let (rows, sum) = sums.entry(unit_day).or_default();
            *rows = rows.saturating_add(1);
            *sum = sum.wrapping_add(digestible(row).checksum());
        }
        match page.last() {
            Some(row) => last = Some((row.day, row.id)),
            None => break,
        }
    }
    let told = sums.into_iter().map(|(unit_day, (rows, sum))| {
        let checksum = format!("{sum:032x}");
        (unit_day, Sum { rows, checksum })
    });
    Ok(told.collect())
}

/// Both sides, pair by pair.
fn compare(theirs: &Sums, ours: &Sums, position: i64) -> Reconciliation {
    let nothing = Sum {
        rows: 0,
        checksum: format!("{:032x}", 0),
    };
    let pairs: BTreeSet<_> = theirs.keys().chain(ours.keys()).collect();
    let differences = pairs.iter().filter_map(|unit_day| {
        let source = theirs.get(unit_day).unwrap_or(&nothing);
        let warehouse = ours.get(unit_day).unwrap_or(&nothing);
        (source != warehouse).then(|| Difference {
            unit: unit_day.0.clone(),
            day: unit_day.1.clone(),
            source_rows: source.rows,
            warehouse_rows: warehouse.rows,
            source_checksum: source.checksum.clone(),
            warehouse_checksum: warehouse.checksum.clone(),
        })
    });
    Reconciliation {
        differences: differences.collect(),
        compared: pairs.len(),
        dossiers: theirs.values().map(|sum| sum.rows).sum(),
        position,
        rest_after: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::dossier::v1::DaySummary;

    fn sum(rows: i64, checksum: &str) -> Sum {
        Sum {
            rows,
            checksum: checksum.to_owned(),
        }
    }

    fn one(unit: &str, day: &str, sum: Sum) -> Sums {
        [((unit.to_owned(), day.to_owned()), sum)].into()
    }

    #[test]
    fn equal_sides_have_no_difference() {
        let side = one("18583", "2026-11-24", sum(2, "ab"));
        let found = compare(&side, &side, 9);
        assert_eq!((found.compared, found.dossiers, found.position), (1, 2, 9));
        assert!(found.differences.is_empty());
    }

    #[test]
    fn a_row_on_one_side_only_differs_from_none() {
        let side = one("18583", "2026-11-24", sum(1, "ab"));
        let lacking = compare(&side, &Sums::new(), 1);
        assert_eq!(lacking.differences[0].warehouse_rows, 0);
        assert_eq!(lacking.differences[0].warehouse_checksum, "0".repeat(32));
        let surplus = compare(&Sums::new(), &side, 1);
        assert_eq!(surplus.differences[0].source_rows, 0);
        assert_eq!((surplus.compared, surplus.dossiers), (1, 0));
    }

    #[test]
    fn the_same_count_with_another_checksum_differs() {
        let left = one("18583", "2026-11-24", sum(1, "ab"));
        let right = one("18583", "2026-11-24", sum(1, "ac"));
        assert_eq!(compare(&left, &right, 1).differences.len(), 1);
    }

    #[test]
    fn a_pair_that_was_equal_once_is_not_suspected_again() {
        let differing = |unit: &str, rows: i64| {
            let side = one(unit, "2026-11-24", sum(rows, "ab"));
            compare(&side, &Sums::new(), 1).differences
        };
        let (a, b) = (differing("a", 1), differing("b", 1));
        let both = [a.clone(), b.clone()].concat();
        assert_eq!(still(None, both.clone()), both);
        assert_eq!(still(Some(&a), both), a);
        assert_eq!(still(Some(&a), b), []);
        // The same pair on its way once more.
        assert_eq!(still(Some(&a), differing("a", 2)), differing("a", 2));
    }

    #[test]
    fn only_the_days_that_were_asked_about_are_taken_of_the_source() {
        let day = |day: &str| DaySummary {
            unit: "units/18583".to_owned(),
            day: day.to_owned(),
            rows: 1,
            checksum: "ab".to_owned(),
        };
        let told = SummariseResponse {
            days: vec![day("2026-11-23"), day("2026-11-24"), day("2026-11-25")],
            position: 3,
            through_day: String::new(),
        };
        let filter = Filter {
            unit: None,
            from: "2026-11-24".parse().ok(),
            to: "2026-11-24".parse().ok(),
        };
        assert_eq!(
            theirs(told, &filter),
            one("18583", "2026-11-24", sum(1, "ab"))
        );
    }
}
