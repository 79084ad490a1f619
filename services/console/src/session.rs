//! Server-side sessions: a random cookie here, the tokens there.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use domain::clock::Clock;
use subtle::ConstantTimeEq as _;

/// A person at work goes to the next page sooner than this.
const IDLE: TimeDelta = TimeDelta::minutes(30);
/// Nobody's shift is longer than this.
const ABSOLUTE: TimeDelta = TimeDelta::hours(12);
/// Refuses to be filled with half-made sign-ins.
const MOST: usize = 20_000;

/// What a signed-in browser stands for.
#[derive(Clone)]
pub(crate) struct Session {
    /// Bearer of every call made for this person.
    pub(crate) access: String,
    /// When the access token must be renewed.
    pub(crate) access_until: DateTime<Utc>,
    /// Renews it, once.
    pub(crate) refresh: String,
    /// The person's name, for the page head.
    pub(crate) name: String,
    /// The unit's name, for the page head.
    pub(crate) unit_name: String,
    /// The unit, `units/{id}`.
    pub(crate) unit: String,
    /// Whether the post takes dossiers in.
    pub(crate) reception: bool,
    /// Sent back by every form.
    pub(crate) csrf: String,
    /// What the next page must say first.
    notice: Option<Notice>,
    begun: DateTime<Utc>,
    seen: DateTime<Utc>,
}

/// The sessions of this process. They end with it: people sign in again.
pub(crate) struct Sessions {
    clock: Arc<dyn Clock>,
    random: SystemRandom,
    open: Mutex<HashMap<String, Session>>,
}

impl Sessions {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            random: SystemRandom::new(),
            open: Mutex::default(),
        }
    }

    /// A random secret of 256 bits for cookies and forms.
    ///
    /// # Errors
    /// The system's source of randomness failed; nobody may sign in then.
    pub(crate) fn secret(&self) -> Result<String, Unrandom> {
        let mut bytes = [0; 32];
        self.random.fill(&mut bytes).map_err(|_| Unrandom)?;
        Ok(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Opens a session and answers its cookie value.
    pub(crate) fn open(&self, signed_in: SignedIn) -> Result<String, Unrandom> {
        let (key, csrf, now) = (self.secret()?, self.secret()?, self.clock.now());
        let session = Session {
            access: signed_in.access,
            access_until: signed_in.access_until,
            refresh: signed_in.refresh,
            name: signed_in.name,
            unit_name: signed_in.unit_name,
            unit: signed_in.unit,
            reception: signed_in.reception,
            csrf,
            notice: None,
            begun: now,
            seen: now,
        };
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|_, s| alive(s, now));
        if open.len() >= MOST {
            return Err(Unrandom);
        }
        open.insert(key.clone(), session);
        Ok(key)
    }

    /// The session of a cookie, if it is alive; marks it as seen.
    pub(crate) fn of(&self, key: &str) -> Option<Session> {
        let now = self.clock.now();
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let session = open.get_mut(key).filter(|s| alive(s, now))?;
        session.seen = now;
        Some(session.clone())
    }

    /// Keeps renewed tokens.
    pub(crate) fn renew(&self, key: &str, access: &str, until: DateTime<Utc>, refresh: &str) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(session) = open.get_mut(key) {
            access.clone_into(&mut session.access);
            refresh.clone_into(&mut session.refresh);
            session.access_until = until;
        }
    }

    /// Leaves a notice for the next page.
    pub(crate) fn leave_notice(&self, key: &str, notice: Notice) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(session) = open.get_mut(key) {
            session.notice = Some(notice);
        }
    }

    /// Takes the notice that the last act left.
    pub(crate) fn take_notice(&self, key: &str) -> Option<Notice> {
        self.open
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_mut(key)?
            .notice
            .take()
    }

    /// Ends a session.
    pub(crate) fn close(&self, key: &str) -> Option<Session> {
        self.open
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(key)
    }
}

/// What sign-in gave.
pub(crate) struct SignedIn {
    pub(crate) access: String,
    pub(crate) access_until: DateTime<Utc>,
    pub(crate) refresh: String,
    pub(crate) name: String,
    pub(crate) unit_name: String,
    pub(crate) unit: String,
    pub(crate) reception: bool,
}

/// What an act left for the next page to say.
#[derive(Clone)]
pub(crate) enum Notice {
    /// It is done.
    Done(String),
    /// It is not, and why.
    Undone(String),
}

/// No session can be opened now.
#[derive(Debug, thiserror::Error)]
#[error("no session can be opened")]
pub(crate) struct Unrandom;

fn alive(session: &Session, now: DateTime<Utc>) -> bool {
    now - session.seen < IDLE && now - session.begun < ABSOLUTE
}

/// Compares secrets without telling by time where they differ.
pub(crate) fn same_secret(a: &str, b: &str) -> bool {
    !a.is_empty() && bool::from(a.as_bytes().ct_eq(b.as_bytes()))
}
