//! `--stored`: stores that have been in use. Lives of the last weeks are walked
//! through the real services, by a clock of our own, and taken apart; each is then
//! written again and again with other ids, serials and keys, past the services and
//! in bulk: every row that it left in any store, its events numbered and chained,
//! its private rows sealed, the cursors and counters where they would be. `verify`
//! cannot tell the difference, and is asked.

mod copy;
mod course;
mod fill;
mod life;
mod rows;
mod sink;
mod template;
mod walked;

use std::str::FromStr;
use std::time::Instant;

use serde::Serialize;
use tokio::task::JoinSet;

use super::Broken;
use super::deployment::Place;
use course::Course;
use fill::Filled;

/// How many dossiers are stored before anything is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Amount(pub u64);

impl FromStr for Amount {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (digits, times) = match text.chars().last() {
            Some('k') => (text.trim_end_matches('k'), 1_000),
            Some('m') => (text.trim_end_matches('m'), 1_000_000),
            _ => (text, 1),
        };
        let number = digits.parse::<u64>().ok();
        let number = number.and_then(|n| n.checked_mul(times));
        number
            .map(Self)
            .ok_or_else(|| "a number, or one like 10k and 1m".to_owned())
    }
}

/// What was stored, and how long it took.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Stored {
    pub(crate) dossiers: u64,
    pub(crate) rows: u64,
    pub(crate) walked_s: f64,
    pub(crate) written_s: f64,
}

/// Fills fresh stores.
pub(crate) async fn fill(place: &Place, amount: Amount) -> Result<Stored, Broken> {
    let began = Instant::now();
    let lives = walked::walk(place).await?;
    let walked_s = began.elapsed().as_secs_f64();
    let config = place.config();
    let course = Course::new(lives, amount.0)?;
    let mut filling = JoinSet::new();
    for service in fill::FILLED {
        filling.spawn(fill::store(config.clone(), service, course.clone()));
    }
    let (mut rows, mut ends) = (0, Vec::new());
    while let Some(filled) = filling.join_next().await {
        let Filled {
            service,
            end,
            rows: own,
        } = filled??;
        rows += own;
        ends.push((service, end));
    }
    fill::cursors(&config, &ends).await?;
    Ok(Stored {
        dossiers: amount.0,
        rows,
        walked_s,
        written_s: began.elapsed().as_secs_f64() - walked_s,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_as_people_say_them() {
        assert_eq!("10k".parse(), Ok(Amount(10_000)));
        assert_eq!("1m".parse(), Ok(Amount(1_000_000)));
        assert_eq!("70".parse(), Ok(Amount(70)));
        assert!("1.5m".parse::<Amount>().is_err());
    }
}
