//! Which life is written when: the same in every store.

use std::collections::HashMap;
use std::sync::Arc;

use super::life::Life;
use super::template::Template;
use super::walked::Walked;
use crate::bench::Broken;
use storage::private_row::Vault;

/// The lives to be written, one by one. A clone begins again.
#[derive(Clone)]
pub(super) struct Course {
    pub(super) walked: Arc<Walked>,
    amount: u64,
}

/// How far a course has come.
pub(super) struct Step {
    next: u64,
    serials: HashMap<(String, String), u32>,
    position: i64,
}

impl Course {
    pub(super) fn new(walked: Walked, amount: u64) -> Result<Self, Broken> {
        if walked.lives.iter().any(Vec::is_empty) {
            return Err("a day without a life".into());
        }
        Ok(Self {
            walked: Arc::new(walked),
            amount,
        })
    }

    /// Before the first life.
    pub(super) fn begin(&self) -> Step {
        Step {
            next: 0,
            serials: self.walked.serials.clone(),
            position: self.walked.position,
        }
    }

    /// The next life, day after day, each in the next commune.
    pub(super) fn next(
        &self,
        step: &mut Step,
        vault: Option<&Vault>,
    ) -> Result<Option<Life<'_>>, Broken> {
        if step.next >= self.amount {
            return Ok(None);
        }
        let template = self.template(step.next).ok_or("no life to repeat")?;
        let serial = match template.series() {
            Some(series) => {
                let last = step.serials.entry(series).or_default();
                *last += 1;
                *last
            }
            None => 0,
        };
        let life = Life::of(template, step.next, serial, step.position, vault)?;
        step.position += i64::try_from(template.events("dossier"))?;
        step.next += 1;
        Ok(Some(life))
    }

    fn template(&self, nth: u64) -> Option<&Template> {
        let days = u64::try_from(self.walked.lives.len()).ok()?;
        let day = u128::from(nth) * u128::from(days) / u128::from(self.amount);
        let lives = self.walked.lives.get(usize::try_from(day).ok()?)?;
        let of_day = u64::try_from(lives.len()).ok()?;
        lives.get(usize::try_from(nth.checked_rem(of_day)?).ok()?)
    }
}

impl Step {
    /// The last serial of each series and day.
    pub(super) fn serials(&self) -> &HashMap<(String, String), u32> {
        &self.serials
    }
}
