//! What waits for me: counts and the work list by days left.

use askama::Template;
use axum::extract::{Query, State};
use proto::dossier::v1::{CountDossiersResponse, ListDossiersRequest};

use super::{Fields, Page, notice, render};
use crate::App;
use crate::frame::Frame;
use crate::view::{Row, escape};

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    frame: Frame,
    counts: CountDossiersResponse,
    notice: Option<(bool, String)>,
    rows: Vec<Row>,
    next: Option<String>,
}

pub(crate) async fn show(
    State(app): State<App>,
    frame: Frame,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Page {
    let (counts, list) = tokio::try_join!(
        app.backends.counts(&frame.access),
        app.backends.list(
            &frame.access,
            ListDossiersRequest {
                page_size: 50,
                page_token: Fields::of(pairs).text("trang"),
                mine: true,
                ..Default::default()
            },
        ),
    )?;
    let rows = list.dossiers.iter().map(Row::of).collect();
    let token = list.next_page_token;
    render(&Home {
        notice: notice(&app, &frame),
        frame,
        counts,
        rows,
        next: (!token.is_empty()).then(|| format!("/?trang={}", escape(&token))),
    })
}
