//! What the officer was told.

use askama::Template;
use axum::extract::State;

use super::{Page, render};
use crate::App;
use crate::frame::Frame;
use crate::view;

#[derive(Template)]
#[template(path = "inbox.html")]
struct Inbox {
    frame: Frame,
    messages: Vec<Line>,
}

struct Line {
    at: String,
    dossier: String,
    text: String,
    unread: bool,
}

pub(crate) async fn show(State(app): State<App>, frame: Frame) -> Page {
    let messages = app
        .backends
        .inbox(&frame.access)
        .await?
        .messages
        .into_iter()
        .map(|m| Line {
            at: view::instant(m.created.as_ref()),
            dossier: view::id(&m.dossier),
            text: m.text,
            unread: m.read.is_none(),
        })
        .collect();
    render(&Inbox { frame, messages })
}
