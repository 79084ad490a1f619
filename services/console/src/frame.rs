//! Who is at the browser: the extractor that every inner page begins with.

use axum::extract::FromRequestParts;
use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use chrono::TimeDelta;

use crate::App;
use crate::error::Problem;
use crate::session::Session;

/// Cookie of a session; `__Host-` would need TLS, which loopback has not.
pub(crate) const SESSION: &str = "motcua_session";
/// Cookie that a sign-in form must match before there is a session.
pub(crate) const PRE_SESSION: &str = "motcua_form";

/// The head of a page: who, where, and the secret of its forms.
pub(crate) struct Frame {
    pub(crate) name: String,
    pub(crate) unit: String,
    pub(crate) unit_id: String,
    /// Whether the post takes dossiers in.
    pub(crate) reception: bool,
    /// The page's own path, by which the menu shows where one is.
    pub(crate) path: String,
    pub(crate) csrf: String,
    pub(crate) access: String,
    /// The session, to leave notices in.
    pub(crate) key: String,
}

impl Frame {
    fn of(key: String, path: &str, session: Session) -> Self {
        Self {
            reception: session.reception,
            path: path.to_owned(),
            name: session.name,
            unit: session.unit_name,
            unit_id: session.unit,
            csrf: session.csrf,
            access: session.access,
            key,
        }
    }
}

impl FromRequestParts<App> for Frame {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let key = cookie(&parts.headers, SESSION).ok_or(Problem::SignIn)?;
        let session = app.sessions.of(&key).ok_or(Problem::SignIn)?;
        if app.clock.now() + TimeDelta::seconds(30) < session.access_until {
            return Ok(Self::of(key, parts.uri.path(), session));
        }
        let renewed = app
            .backends
            .refresh(&session.refresh)
            .await
            .map_err(Problem::from)?;
        app.sessions
            .renew(&key, &renewed.access, renewed.until, &renewed.refresh);
        let session = app.sessions.of(&key).ok_or(Problem::SignIn)?;
        Ok(Self::of(key, parts.uri.path(), session))
    }
}

/// The value of a cookie.
pub(crate) fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|v| v.to_str().ok())
        .flat_map(|v| v.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value.to_owned())
}

/// The header that sets a cookie, or ends it when the value is empty.
pub(crate) fn set_cookie(app: &App, name: &str, value: &str) -> HeaderMap {
    let secure = if app.secure_cookies { "; Secure" } else { "" };
    let age = if value.is_empty() { "; Max-Age=0" } else { "" };
    let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict{secure}{age}");
    let mut headers = HeaderMap::new();
    if let Ok(value) = HeaderValue::from_str(&text) {
        headers.insert(SET_COOKIE, value);
    }
    headers
}
