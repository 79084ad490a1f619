//! Signing in and out.

use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{Html, IntoResponse, Redirect, Response};

use super::Fields;
use crate::App;
use crate::error::{Problem, message};
use crate::frame::{Frame, PRE_SESSION, SESSION, cookie, set_cookie};
use crate::session::SignedIn;

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignIn {
    error: Option<String>,
    name: String,
    csrf: String,
}

pub(crate) async fn show(State(app): State<App>) -> Result<Response, Problem> {
    form(&app, None, String::new())
}

/// A fresh form: its secret is in a cookie and in a field.
fn form(app: &App, error: Option<String>, name: String) -> Result<Response, Problem> {
    let csrf = app.sessions.secret().map_err(|_| Problem::Broken)?;
    let headers = set_cookie(app, PRE_SESSION, &csrf);
    let page = SignIn { error, name, csrf }.render()?;
    Ok((headers, Html(page)).into_response())
}

pub(crate) async fn submit(
    State(app): State<App>,
    headers: HeaderMap,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let fields = Fields::of(pairs);
    fields.of_secret(&cookie(&headers, PRE_SESSION).unwrap_or_default())?;
    let name = fields.text("name");
    // A password is taken as typed: blanks at its ends are part of it.
    let password = fields.0.get("password").cloned().unwrap_or_default();
    match app.backends.sign_in(&name, &password).await {
        Ok(signed_in) => enter(&app, signed_in),
        Err(status) => form(&app, Some(message(&status)), name),
    }
}

/// Opens the session and goes to the work list.
pub(crate) fn enter(app: &App, signed_in: SignedIn) -> Result<Response, Problem> {
    let key = app.sessions.open(signed_in).map_err(|_| Problem::Broken)?;
    Ok((set_cookie(app, SESSION, &key), Redirect::to("/")).into_response())
}

pub(crate) async fn leave(
    State(app): State<App>,
    frame: Frame,
    headers: HeaderMap,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    Fields::of(pairs).of_frame(&frame)?;
    if let Some(session) = cookie(&headers, SESSION).and_then(|key| app.sessions.close(&key)) {
        // The browser is signed out whatever the account service answers.
        if let Err(status) = app
            .backends
            .sign_out(app.ids.next(), &session.access, &session.refresh)
            .await
        {
            tracing::warn!(code = ?status.code(), "the account service did not end a session");
        }
    }
    Ok((set_cookie(&app, SESSION, ""), Redirect::to("/dang-nhap")).into_response())
}
