//! From a token to a caller. One algorithm, keys found by `kid` only; `jku`,
//! `x5u` and `jwk` are never looked at.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

use chrono::DateTime;
use domain::actor::{Actor, Principal};
use domain::clock::Clock;
use domain::ids::{PersonId, SessionId};
use jsonwebtoken::{Algorithm, Validation};
use sha2::{Digest as _, Sha256};

use super::Caller;
use super::keys::{KeySet, Owner};
use super::token::{AUDIENCE, Claims, ISSUER, Kind, TYPE};
use crate::failure::Failure;

/// Clocks of two machines may differ by this many seconds.
const LEEWAY: i64 = 5;
/// The longest life that is accepted, whatever the token says.
const LONGEST_LIFE: i64 = 600;
/// How many verified tokens are remembered.
const REMEMBERED: usize = 8_192;
/// No honest token is longer.
const LONGEST_TOKEN: usize = 8_192;

/// Something that ends tokens before their time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// A session ended: sign-out, lock, refresh token stolen.
    Session(SessionId),
    /// A person's grants changed: tokens of earlier epochs are void.
    Before(PersonId, i64),
}

/// Checks tokens and remembers the good ones by their hash until they die.
pub struct Verifier {
    keys: KeySet,
    clock: Arc<dyn Clock>,
    seen: RwLock<Seen>,
    revoked: RwLock<Revoked>,
}

#[derive(Default)]
struct Seen {
    generation: u64,
    tokens: HashMap<[u8; 32], Arc<Verified>>,
}

#[derive(Default)]
struct Revoked {
    sessions: BTreeSet<SessionId>,
    epochs: BTreeMap<PersonId, i64>,
}

#[derive(Debug)]
struct Verified {
    actor: Actor,
    exp: i64,
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verifier")
            .field("keys", &self.keys)
            .finish_non_exhaustive()
    }
}

impl Verifier {
    /// Trusts the keys of the set, as they are at each moment.
    pub fn new(keys: KeySet, clock: Arc<dyn Clock>) -> Self {
        Self {
            keys,
            clock,
            seen: RwLock::default(),
            revoked: RwLock::default(),
        }
    }

    /// The trusted keys.
    pub fn keys(&self) -> &KeySet {
        &self.keys
    }

    /// The caller behind a token and, for a service, the token of the one
    /// it acts for.
    pub fn caller(&self, bearer: &str, on_behalf: Option<&str>) -> Result<Caller, Failure> {
        let actor = self.actor(bearer)?;
        let service = match &actor.principal {
            Principal::Service(name) => Some(name.clone()),
            Principal::Person(_) | Principal::Partner(_) => None,
        };
        let Some(token) = on_behalf else {
            return Ok(Caller { actor, service });
        };
        let behalf = self.actor(token)?;
        // Only a service speaks for others, and never for another service.
        match (&service, &behalf.principal) {
            (Some(_), Principal::Person(_) | Principal::Partner(_)) => Ok(Caller {
                actor: behalf,
                service,
            }),
            (None, _) | (_, Principal::Service(_)) => Err(Failure::unauthenticated()),
        }
    }

    /// Ends tokens before their time; fed from the account feed.
    pub fn revoke(&self, revocation: Revocation) {
        let mut revoked = self.revoked.write().unwrap_or_else(PoisonError::into_inner);
        match revocation {
            Revocation::Session(session) => {
                revoked.sessions.insert(session);
            }
            Revocation::Before(person, epoch) => {
                let least = revoked.epochs.entry(person).or_insert(epoch);
                *least = epoch.max(*least);
            }
        }
    }

    fn actor(&self, token: &str) -> Result<Actor, Failure> {
        if token.len() > LONGEST_TOKEN {
            return Err(Failure::unauthenticated());
        }
        let now = self.clock.now().timestamp();
        let hash: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        let generation = self.keys.generation();
        let verified = if let Some(verified) = self.remembered(&hash, generation) {
            verified
        } else {
            let verified = self.verify(token, now);
            let verified = Arc::new(verified.ok_or_else(Failure::unauthenticated)?);
            self.remember(hash, &verified, generation, now);
            verified
        };
        if verified.exp.saturating_add(LEEWAY) <= now || self.is_revoked(&verified.actor) {
            return Err(Failure::unauthenticated());
        }
        Ok(verified.actor.clone())
    }

    fn verify(&self, token: &str, now: i64) -> Option<Verified> {
        let header = jsonwebtoken::decode_header(token).ok()?;
        if header.alg != Algorithm::EdDSA
            || header.typ.as_deref() != Some(TYPE)
            || header.crit.is_some()
        {
            return None;
        }
        let trusted = self.keys.find(header.kid.as_deref()?)?;
        let mut rules = Validation::new(Algorithm::EdDSA);
        rules.set_issuer(&[ISSUER]);
        rules.set_audience(&[AUDIENCE]);
        rules.set_required_spec_claims(&["iss", "aud", "exp", "sub"]);
        // Times are judged below, by the clock that was handed in.
        rules.validate_exp = false;
        rules.validate_nbf = false;
        let claims = jsonwebtoken::decode::<Claims>(token, &trusted.key, &rules)
            .ok()?
            .claims;
        let from = claims.nbf.unwrap_or(claims.iat).max(claims.iat);
        if from > now.saturating_add(LEEWAY) || claims.exp.saturating_add(LEEWAY) <= now {
            return None;
        }
        if claims.exp.checked_sub(claims.iat)? > LONGEST_LIFE {
            return None;
        }
        DateTime::from_timestamp(claims.exp, 0)?;
        let mut actor = claims.actor()?;
        match (trusted.owner, claims.kind) {
            (Owner::Issuer, Kind::Person | Kind::Partner) => {}
            (Owner::Service(name), Kind::Service) if name == claims.sub => {}
            (Owner::Partner(client, scopes), Kind::Partner) if client == claims.sub => {
                actor.scopes.retain(|scope| scopes.contains(scope));
            }
            (Owner::Issuer | Owner::Service(_) | Owner::Partner(..), _) => return None,
        }
        Some(Verified {
            actor,
            exp: claims.exp,
        })
    }

    fn remembered(&self, hash: &[u8; 32], generation: u64) -> Option<Arc<Verified>> {
        let seen = self.seen.read().unwrap_or_else(PoisonError::into_inner);
        (seen.generation == generation).then(|| seen.tokens.get(hash).map(Arc::clone))?
    }

    fn remember(&self, hash: [u8; 32], verified: &Arc<Verified>, generation: u64, now: i64) {
        let mut seen = self.seen.write().unwrap_or_else(PoisonError::into_inner);
        if seen.generation != generation {
            *seen = Seen {
                generation,
                tokens: HashMap::new(),
            };
        }
        if seen.tokens.len() >= REMEMBERED {
            seen.tokens.retain(|_, v| v.exp > now);
            if seen.tokens.len() >= REMEMBERED {
                seen.tokens.clear();
            }
        }
        seen.tokens.insert(hash, Arc::clone(verified));
    }

    fn is_revoked(&self, actor: &Actor) -> bool {
        let revoked = self.revoked.read().unwrap_or_else(PoisonError::into_inner);
        let session = actor
            .session
            .is_some_and(|sid| revoked.sessions.contains(&sid));
        let epoch = match actor.principal {
            Principal::Person(id) => revoked
                .epochs
                .get(&id)
                .is_some_and(|least| actor.epoch < *least),
            Principal::Service(_) | Principal::Partner(_) => false,
        };
        session || epoch
    }
}
