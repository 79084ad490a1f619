//! Signing in and out.

use askama::Template;
use axum::Form;
use axum::extract::{Query, Request, State};
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Redirect, Response};

use super::Fields;
use crate::App;
use crate::error::{self, Problem, message};
use crate::frame::{Frame, PRE_SESSION, SESSION, cookie, set_cookie};
use crate::session::SignedIn;
use crate::view;

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignIn {
    error: Option<String>,
    name: String,
    /// Where to go afterwards; empty: the work list.
    back: String,
    csrf: String,
}

pub(crate) async fn show(
    State(app): State<App>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let back = Fields::of(pairs).text("ve");
    form(&app, None, String::new(), &back)
}

/// A page of ours, or the work list: never another site.
fn own(back: &str) -> &str {
    let inner = back.starts_with('/') && !back.starts_with("//");
    let plain = back.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    if inner && plain { back } else { "" }
}

/// Sends those who are not signed in to the sign-in, and tells it where they
/// wanted to go.
pub(crate) async fn remember_way(request: Request, next: Next) -> Response {
    let leaving = request.uri().path() == "/dang-xuat";
    let asked = request.uri().path_and_query();
    let back = asked.map(|a| a.as_str().to_owned()).unwrap_or_default();
    let mut response = next.run(request).await;
    let to_sign_in = response
        .headers()
        .get(LOCATION)
        .is_some_and(|to| to.as_bytes() == error::SIGN_IN.as_bytes());
    if to_sign_in && !leaving && back != "/" {
        let to = format!("{}?ve={}", error::SIGN_IN, view::escape(&back));
        if let Ok(to) = HeaderValue::from_str(&to) {
            response.headers_mut().insert(LOCATION, to);
        }
    }
    response
}

/// A fresh form: its secret is in a cookie and in a field.
fn form(app: &App, error: Option<String>, name: String, back: &str) -> Result<Response, Problem> {
    let csrf = app.sessions.secret().map_err(|_| Problem::Broken)?;
    let headers = set_cookie(app, PRE_SESSION, &csrf);
    let page = SignIn {
        error,
        name,
        back: own(back).to_owned(),
        csrf,
    };
    Ok((headers, Html(page.render()?)).into_response())
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
        Ok(signed_in) => enter(&app, signed_in, own(&fields.text("ve"))),
        Err(status) => form(&app, Some(message(&status)), name, &fields.text("ve")),
    }
}

/// Opens the session and goes where the person wanted to, or to the work list.
pub(crate) fn enter(app: &App, signed_in: SignedIn, to: &str) -> Result<Response, Problem> {
    let to = if to.is_empty() { "/" } else { to };
    let key = app.sessions.open(signed_in).map_err(|_| Problem::Broken)?;
    Ok((set_cookie(app, SESSION, &key), Redirect::to(to)).into_response())
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
    Ok((set_cookie(&app, SESSION, ""), Redirect::to(error::SIGN_IN)).into_response())
}

#[cfg(test)]
mod tests {
    use super::own;

    #[test]
    fn one_comes_back_to_a_page_of_ours_only() {
        assert_eq!(own("/ho-so/1?q=a"), "/ho-so/1?q=a");
        for foreign in [
            "//evil.example",
            "https://evil.example",
            "/\\evil",
            "",
            "/a b",
        ] {
            assert_eq!(own(foreign), "", "{foreign}");
        }
    }
}
