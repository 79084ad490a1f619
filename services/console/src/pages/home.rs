//! What waits for me: counts and the work list by days left.

use askama::Template;
use axum::extract::State;
use proto::dossier::v1::{CountDossiersResponse, ListDossiersRequest};

use super::{Page, render};
use crate::App;
use crate::frame::Frame;
use crate::view::Row;

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    frame: Frame,
    counts: CountDossiersResponse,
    rows: Vec<Row>,
    next: Option<String>,
}

pub(crate) async fn show(State(app): State<App>, frame: Frame) -> Page {
    let (counts, list) = tokio::try_join!(
        app.backends.counts(&frame.access),
        app.backends.list(
            &frame.access,
            ListDossiersRequest {
                page_size: 100,
                mine: true,
                ..Default::default()
            },
        ),
    )?;
    let rows = list.dossiers.iter().map(Row::of).collect();
    render(&Home {
        frame,
        counts,
        rows,
        next: None,
    })
}
