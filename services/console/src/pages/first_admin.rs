//! The one-time link of the first administrator.

use askama::Template;
use axum::Form;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::{Html, IntoResponse, Response};

use super::{Fields, sign_in};
use crate::App;
use crate::error::{Problem, message};
use crate::frame::{PRE_SESSION, cookie, set_cookie};

#[derive(Template)]
#[template(path = "first_admin.html")]
struct FirstAdmin {
    error: Option<String>,
    token: String,
    csrf: String,
}

pub(crate) async fn show(
    State(app): State<App>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    form(&app, None, Fields::of(pairs).text("token"))
}

fn form(app: &App, error: Option<String>, token: String) -> Result<Response, Problem> {
    let csrf = app.sessions.secret().map_err(|_| Problem::Broken)?;
    let headers = set_cookie(app, PRE_SESSION, &csrf);
    let page = FirstAdmin { error, token, csrf }.render()?;
    Ok((headers, Html(page)).into_response())
}

pub(crate) async fn submit(
    State(app): State<App>,
    headers: HeaderMap,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let fields = Fields::of(pairs);
    fields.of_secret(&cookie(&headers, PRE_SESSION).unwrap_or_default())?;
    let token = fields.text("token");
    let password = fields.0.get("password").cloned().unwrap_or_default();
    match app
        .backends
        .claim_first_admin(app.ids.next(), &token, &password)
        .await
    {
        Ok(signed_in) => sign_in::enter(&app, signed_in, ""),
        Err(status) => form(&app, Some(message(&status)), token),
    }
}
