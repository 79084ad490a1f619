//! An officer at a screen: reads, asks, asks again under the same id until answered,
//! and reads anew when told that somebody was faster.

use motcua_domain::dossier::{Verb, next};

use super::world::{Ask, File, Request, Told};

/// How often one request is sent: once, and again when no answer came.
const SENDS: u8 = 2;
/// How often an officer who was told to read again decides anew.
const TRIES: u8 = 2;

/// What an officer wants to do, one after the other.
pub(crate) type Plan = &'static [(usize, Verb)];

/// An officer and how far the plan is done.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Officer {
    number: u8,
    /// Which act of the plan.
    at: u8,
    /// Which try of the act.
    tried: u8,
    /// What was asked and is not answered, and how often it was sent.
    pub(crate) asked: Option<Ask>,
    sent: u8,
    /// What was answered.
    pub(crate) told: Vec<(Request, Told)>,
}

impl Officer {
    pub(crate) fn new(number: u8) -> Self {
        Self {
            number,
            at: 0,
            tried: 0,
            asked: None,
            sent: 0,
            told: Vec::new(),
        }
    }

    /// What is sent next: the same once more, or the next act at the file as it is
    /// seen now. None when nothing is left to do, or to be tried.
    pub(crate) fn next(&self, plan: Plan, files: &[File]) -> Option<Ask> {
        if let Some(asked) = self.asked {
            return (self.sent < SENDS).then_some(asked);
        }
        let (dossier, verb) = *plan.get(usize::from(self.at))?;
        let file = files[dossier];
        // A page offers what the table allows in the state that it shows.
        next(file.state, verb)?;
        Some(Ask {
            request: self.number * 16 + self.at * TRIES + self.tried,
            dossier,
            verb,
            file_version: file.version,
            instance_version: file.instance_version,
        })
    }

    pub(crate) fn send(&mut self, ask: Ask) {
        self.sent = if self.asked.is_some() {
            self.sent + 1
        } else {
            1
        };
        self.asked = Some(ask);
    }

    /// An answer; false when it is not to what is asked now.
    pub(crate) fn hear(&mut self, request: Request, told: Told) -> bool {
        if self.asked.is_none_or(|asked| asked.request != request) {
            return false;
        }
        self.asked = None;
        self.told.push((request, told));
        if told == Told::Stale && self.tried + 1 < TRIES {
            self.tried += 1;
        } else {
            self.at += 1;
            self.tried = 0;
        }
        true
    }

    /// What was answered as done.
    pub(crate) fn done(&self) -> impl Iterator<Item = Request> {
        let done = self.told.iter().filter(|(_, told)| *told == Told::Done);
        done.map(|(request, _)| *request)
    }
}
