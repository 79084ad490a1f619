//! What tokens say and how they are signed.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use domain::actor::{ActingPost, Actor, Principal, Role};
use domain::ids::{PersonId, PostId, SessionId, UnitId};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::{Deserialize, Serialize};

use super::keys::{KeyError, PrivateKey, PublicKey};

/// The `iss` of every token.
pub const ISSUER: &str = "motcua";
/// The `aud` of every token: the family of our services.
pub(super) const AUDIENCE: &str = "motcua";
/// The `typ` of every token (RFC 9068).
pub(super) const TYPE: &str = "at+jwt";
/// How long an access token lives.
pub const ACCESS_LIFE: TimeDelta = TimeDelta::minutes(5);

/// What kind of caller a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A person.
    Person,
    /// One of our services.
    Service,
    /// A partner system.
    Partner,
}

/// The claims of an access token. No personal data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Who signed.
    pub iss: String,
    /// For whom it is meant.
    pub aud: String,
    /// The person's id, the service's name or the partner's client id.
    pub sub: String,
    /// What `sub` is.
    pub kind: Kind,
    /// Made at, in seconds since 1970.
    pub iat: i64,
    /// Dies at, in seconds since 1970.
    pub exp: i64,
    /// Void before, in seconds since 1970. We set none and heed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    /// The sign-in session of a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<SessionId>,
    /// The grant epoch.
    #[serde(default)]
    pub epoch: i64,
    /// The post acted in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub post: Option<PostId>,
    /// The post's unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<UnitId>,
    /// From the province down to the unit.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unit_path: Vec<UnitId>,
    /// The roles of the post.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub roles: BTreeSet<Role>,
    /// What a partner may do.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub scopes: BTreeSet<String>,
}

impl Claims {
    fn new(kind: Kind, sub: String, now: DateTime<Utc>) -> Self {
        Self {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub,
            kind,
            iat: now.timestamp(),
            exp: (now + ACCESS_LIFE).timestamp(),
            nbf: None,
            sid: None,
            epoch: 0,
            post: None,
            unit: None,
            unit_path: Vec::new(),
            roles: BTreeSet::new(),
            scopes: BTreeSet::new(),
        }
    }

    /// For a person in a session, in a post or before choosing one.
    pub fn person(
        person: PersonId,
        session: SessionId,
        epoch: i64,
        post: Option<&ActingPost>,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            sid: Some(session),
            epoch,
            post: post.map(|p| p.id),
            unit: post.map(|p| p.unit.clone()),
            unit_path: post.map(|p| p.unit_path.clone()).unwrap_or_default(),
            roles: post.map(|p| p.roles.clone()).unwrap_or_default(),
            ..Self::new(Kind::Person, person.to_string(), now)
        }
    }

    /// For one of our services.
    pub fn service(name: &str, now: DateTime<Utc>) -> Self {
        Self::new(Kind::Service, name.to_owned(), now)
    }

    /// For a partner within its scopes.
    pub fn partner(client: &str, scopes: BTreeSet<String>, epoch: i64, now: DateTime<Utc>) -> Self {
        Self {
            epoch,
            scopes,
            ..Self::new(Kind::Partner, client.to_owned(), now)
        }
    }

    /// The actor that rules see; none if the claims contradict each other.
    pub(super) fn actor(&self) -> Option<Actor> {
        let principal = match self.kind {
            Kind::Person => Principal::Person(self.sub.parse().ok()?),
            Kind::Service => Principal::Service(self.sub.clone()),
            Kind::Partner => Principal::Partner(self.sub.clone()),
        };
        let post = match (self.kind, self.post, &self.unit) {
            (Kind::Person, Some(id), Some(unit)) => Some(ActingPost {
                id,
                unit: unit.clone(),
                unit_path: self.unit_path.clone(),
                roles: self.roles.clone(),
            }),
            (_, None, None) => None,
            (Kind::Person | Kind::Service | Kind::Partner, _, _) => return None,
        };
        Some(Actor {
            principal,
            post,
            session: self.sid,
            epoch: self.epoch,
            scopes: self.scopes.clone(),
        })
    }
}

/// Signs tokens with one key. The account service has one for persons and
/// partners; every service has one for itself.
pub struct Signer {
    key: EncodingKey,
    public: PublicKey,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signer")
            .field("kid", &self.kid())
            .finish_non_exhaustive()
    }
}

impl Signer {
    /// Signs with this key.
    pub fn new(key: &PrivateKey) -> Self {
        Self {
            key: key.encoding(),
            public: key.public().clone(),
        }
    }

    /// The id of the key.
    pub fn kid(&self) -> String {
        self.public.kid()
    }

    /// The public half.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Signs the claims.
    pub fn sign(&self, claims: &Claims) -> Result<String, KeyError> {
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(self.kid());
        jsonwebtoken::encode(&header, claims, &self.key).map_err(|_| KeyError::Failed)
    }

    /// The key set to publish: this key and those that were or will be used.
    pub fn jwks(&self, others: &[PublicKey]) -> String {
        let keys: Vec<_> = std::iter::once(&self.public)
            .chain(others)
            .map(|key| {
                serde_json::json!({
                    "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig",
                    "kid": key.kid(), "x": key.as_str(),
                })
            })
            .collect();
        serde_json::json!({ "keys": keys }).to_string()
    }
}
