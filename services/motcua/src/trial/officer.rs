//! An officer of the rehearsal, signed in with the credentials that provisioning
//! gave.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use domain::clock::Clock;
use proto::account::v1::auth_service_client::AuthServiceClient;
use proto::account::v1::{RefreshRequest, SignInRequest, Tokens};
use runtime::client::Channel;
use serde::Deserialize;
use tokio::sync::Mutex;
use tonic::Status;

/// A token that dies sooner is renewed first.
const MARGIN: TimeDelta = TimeDelta::seconds(60);

/// A line of the credentials.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Credential {
    login: String,
    password: String,
    /// The unit whose post it is.
    pub(super) unit: String,
    roles: String,
}

/// An officer who can sign in.
pub(crate) struct Officer {
    credential: Credential,
    door: Channel,
    clock: Arc<dyn Clock>,
    session: Mutex<Option<Session>>,
}

#[derive(Clone)]
struct Session {
    person: String,
    access: String,
    until: DateTime<Utc>,
    refresh: String,
}

impl Officer {
    /// Not signed in yet.
    pub(super) fn new(credential: Credential, door: &Channel, clock: Arc<dyn Clock>) -> Self {
        Self {
            credential,
            door: door.clone(),
            clock,
            session: Mutex::default(),
        }
    }

    /// Whether a role is among those of the post.
    pub(super) fn has(&self, role: &str) -> bool {
        self.credential.roles.split(' ').any(|own| own == role)
    }

    /// `people/{uuid}`.
    pub(crate) async fn person(&self) -> Result<String, Status> {
        Ok(self.session().await?.person)
    }

    /// An access token that lives long enough for a call.
    pub(crate) async fn access(&self) -> Result<String, Status> {
        Ok(self.session().await?.access)
    }

    async fn session(&self) -> Result<Session, Status> {
        let mut held = self.session.lock().await;
        let now = self.clock.now();
        match held.as_ref() {
            Some(session) if now + MARGIN < session.until => return Ok(session.clone()),
            Some(session) => {
                let request = RefreshRequest {
                    refresh: session.refresh.clone(),
                };
                let person = session.person.clone();
                if let Ok(answer) = self.auth().refresh(request).await {
                    let session = open(person, answer.into_inner().tokens);
                    *held = Some(session.clone());
                    return Ok(session);
                }
            }
            None => {}
        }
        let request = SignInRequest {
            login: self.credential.login.clone(),
            password: self.credential.password.clone(),
        };
        let answer = self.auth().sign_in(request).await?.into_inner();
        let person = answer.officer.unwrap_or_default().name;
        let session = open(person, answer.tokens);
        *held = Some(session.clone());
        Ok(session)
    }

    fn auth(&self) -> AuthServiceClient<Channel> {
        AuthServiceClient::new(self.door.clone())
    }
}

fn open(person: String, tokens: Option<Tokens>) -> Session {
    let tokens = tokens.unwrap_or_default();
    let until = tokens.access_until.unwrap_or_default();
    Session {
        person,
        access: tokens.access,
        until: DateTime::from_timestamp(until.seconds, 0).unwrap_or_default(),
        refresh: tokens.refresh,
    }
}
