//! The indicators of units in a period, after biểu 06 (TT 01/2020/TT-VPCP), with
//! their definitions beside the query.
//!
//! Days are those of Vietnam, and dates are compared, never hours: what is
//! finished in the evening of the due date is on time. What is counted:
//!
//! - `received`: accepted in the period;
//! - `carried`: accepted before it, and not finished before it;
//! - `early`, `on_time`, `late`: of these, finished in the period, before, on or
//!   after the due date;
//! - `open_in_time`, `open_late`: of these, not finished by the period's end,
//!   the due date not yet past, or past, on the period's last day. While the
//!   period has not ended, today stands for its last day.
//!
//! Without a due date nothing can be late: it counts as on time, or as open in
//! time. `finished` is when the settlement ended in whatever way, withdrawal and
//! stop included, since no clock runs on after them. The due date is the present
//! one: a period that is over is told as it looks today.
//!
//! Left out are rehearsals, which are a partition of their own, and what was
//! never accepted. Every row that the `WHERE` lets through is either received or
//! carried, and is in exactly one of the other five: that is why
//! received + carried = early + on time + late + open in time + open late.

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, FromQueryResult, Statement};
use storage::StorageError;

/// A period, and the day by which what is still open is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// The first day.
    pub from: NaiveDate,
    /// The last day.
    pub to: NaiveDate,
    /// The last day, or today where that comes first.
    pub as_of: NaiveDate,
}

/// The numbers of one receiving unit.
#[derive(Clone, Debug, Default, PartialEq, Eq, FromQueryResult)]
pub struct Indicators {
    /// The unit.
    pub receiver: String,
    /// Accepted in the period.
    pub received: i64,
    /// Carried over from before.
    pub carried: i64,
    /// Settled before the due date.
    pub early: i64,
    /// Settled on the due date.
    pub on_time: i64,
    /// Settled after the due date.
    pub late: i64,
    /// Open, and in time.
    pub open_in_time: i64,
    /// Open, and late.
    pub open_late: i64,
}

/// `$1` is the first day, `$2` the last, `$3` the day that open ones are judged
/// by. A comparison with an absent date is not true, hence the `IS NULL`s.
const QUERY: &str = "
SELECT receiver,
  SUM(CASE WHEN accepted_day >= $1 THEN 1 ELSE 0 END) AS received,
  SUM(CASE WHEN accepted_day < $1 THEN 1 ELSE 0 END) AS carried,
  SUM(CASE WHEN finished_day <= $2 AND finished_day < due_day THEN 1 ELSE 0 END) AS early,
  SUM(CASE WHEN finished_day <= $2 AND (due_day IS NULL OR finished_day = due_day) THEN 1 ELSE 0 END) AS on_time,
  SUM(CASE WHEN finished_day <= $2 AND finished_day > due_day THEN 1 ELSE 0 END) AS late,
  SUM(CASE WHEN (finished_day IS NULL OR finished_day > $2) AND (due_day IS NULL OR due_day >= $3) THEN 1 ELSE 0 END) AS open_in_time,
  SUM(CASE WHEN (finished_day IS NULL OR finished_day > $2) AND due_day < $3 THEN 1 ELSE 0 END) AS open_late
FROM fact_dossier
WHERE rehearsal = FALSE
  AND accepted_day <= $2
  AND (finished_day IS NULL OR finished_day >= $1)
GROUP BY receiver
ORDER BY receiver";

/// One entry a unit that had any dossier, by unit.
pub async fn by_unit<C: ConnectionTrait>(
    conn: &C,
    period: Period,
) -> Result<Vec<Indicators>, StorageError> {
    let values = [period.from.into(), period.to.into(), period.as_of.into()];
    let ask = Statement::from_sql_and_values(conn.get_database_backend(), QUERY, values);
    Ok(Indicators::find_by_statement(ask).all(conn).await?)
}
