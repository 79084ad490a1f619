//! What the officer was told.

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::response::Redirect;
use proto::notification::v1::MarkReadRequest;

use super::{Fields, Page, render};
use crate::App;
use crate::error::Problem;
use crate::frame::Frame;
use crate::view;

#[derive(Template)]
#[template(path = "inbox.html")]
struct Inbox {
    frame: Frame,
    unread: i32,
    messages: Vec<Line>,
    next: Option<String>,
}

struct Line {
    id: String,
    request_id: String,
    at: String,
    dossier: String,
    text: String,
    unread: bool,
}

pub(crate) async fn show(
    State(app): State<App>,
    frame: Frame,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Page {
    let token = Fields::of(pairs).text("trang");
    let inbox = app.backends.inbox(&frame.access, token).await?;
    let messages = inbox
        .messages
        .into_iter()
        .map(|m| Line {
            id: view::id(&m.name),
            request_id: app.ids.next().to_string(),
            at: view::instant(m.created.as_ref()),
            dossier: view::id(&m.dossier),
            text: m.text,
            unread: m.read.is_none(),
        })
        .collect();
    let token = inbox.next_page_token;
    render(&Inbox {
        frame,
        unread: inbox.unread,
        messages,
        next: (!token.is_empty()).then(|| format!("/thong-bao?trang={}", view::escape(&token))),
    })
}

/// Opens the dossier of a message, which is read by that.
pub(crate) async fn open(
    State(app): State<App>,
    frame: Frame,
    Path(id): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Redirect, Problem> {
    let fields = Fields::of(pairs);
    fields.of_frame(&frame)?;
    let message = MarkReadRequest {
        request_id: fields.text("request_id"),
        name: format!("messages/{id}"),
    };
    let dossier = app.backends.read(&frame.access, message).await?;
    Ok(Redirect::to(&format!("/ho-so/{}", view::id(&dossier))))
}
