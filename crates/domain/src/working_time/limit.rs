//! How long an agency may take.

use std::fmt;
use std::str::FromStr;

use chrono::NaiveTime;
use serde::{Deserialize, Serialize};

/// Until when a request is still answered the same day; sharp is not after.
pub const DEFAULT_CUTOFF: NaiveTime = match NaiveTime::from_hms_opt(15, 0, 0) {
    Some(time) => time,
    None => unreachable!(),
};

/// A time limit as a procedure publishes it. In text: `4h`, `10wd`, `30d`,
/// `2mo`, `same-day`, `same-day@15:30`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Limit {
    /// The working day of the request, or the next one after the cut-off.
    SameDay {
        /// Wall time; a request at this very time is not after it.
        cutoff: NaiveTime,
    },
    /// Hours inside sessions, from the instant.
    WorkingHours(u32),
    /// "Ngày làm việc".
    WorkingDays(u32),
    /// "Ngày": every day counts, an end on a day off moves to the next
    /// working day.
    CalendarDays(u32),
    /// "Tháng": to the same day of the month (or its last), then as days.
    Months(u32),
}

/// The text is no limit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("thời hạn không hợp lệ: {0:?} (viết 4h, 10wd, 30d, 2mo hoặc same-day)")]
pub struct LimitError(String);

impl FromStr for Limit {
    type Err = LimitError;

    fn from_str(text: &str) -> Result<Self, LimitError> {
        parse(text.trim()).ok_or_else(|| LimitError(text.chars().take(40).collect()))
    }
}

fn parse(text: &str) -> Option<Limit> {
    if let Some(rest) = text.strip_prefix("same-day") {
        let cutoff = match rest.strip_prefix('@') {
            Some(time) => parse_time(time)?,
            None if rest.is_empty() => DEFAULT_CUTOFF,
            None => return None,
        };
        return Some(Limit::SameDay { cutoff });
    }
    let unit_at = text.find(|c: char| !c.is_ascii_digit())?;
    let (digits, unit) = text.split_at_checked(unit_at)?;
    let number: u32 = digits.parse().ok().filter(|n| *n > 0)?;
    match unit {
        "h" => Some(Limit::WorkingHours(number)),
        "wd" => Some(Limit::WorkingDays(number)),
        "d" => Some(Limit::CalendarDays(number)),
        "mo" => Some(Limit::Months(number)),
        _ => None,
    }
}

/// Reads `15:00` or `15:00:30`.
pub(super) fn parse_time(text: &str) -> Option<NaiveTime> {
    ["%H:%M", "%H:%M:%S"]
        .iter()
        .find_map(|format| NaiveTime::parse_from_str(text, format).ok())
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SameDay { cutoff } if *cutoff == DEFAULT_CUTOFF => f.write_str("same-day"),
            Self::SameDay { cutoff } => write!(f, "same-day@{}", cutoff.format("%H:%M:%S")),
            Self::WorkingHours(n) => write!(f, "{n}h"),
            Self::WorkingDays(n) => write!(f, "{n}wd"),
            Self::CalendarDays(n) => write!(f, "{n}d"),
            Self::Months(n) => write!(f, "{n}mo"),
        }
    }
}

impl TryFrom<String> for Limit {
    type Error = LimitError;

    fn try_from(text: String) -> Result<Self, LimitError> {
        text.parse()
    }
}

impl From<Limit> for String {
    fn from(limit: Limit) -> Self {
        limit.to_string()
    }
}
