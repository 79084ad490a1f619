//! Form 01: the slip that the citizen takes home.

use askama::Template;
use axum::extract::{Path, State};

use super::{Page, render};
use crate::App;
use crate::frame::Frame;
use crate::view::{self, Whole};

#[derive(Template)]
#[template(path = "slip.html")]
struct Slip {
    frame: Frame,
    d: Whole,
    limit: String,
}

pub(crate) async fn show(State(app): State<App>, frame: Frame, Path(id): Path<String>) -> Page {
    let dossier = app.backends.dossier(&frame.access, &id).await?;
    let names = app.backends.unit_names(&frame.access, &dossier).await?;
    let case = app.backends.case(&frame.access, &dossier.case).await?;
    let d = Whole::of(&dossier, |unit| names.of(unit));
    render(&Slip {
        frame,
        d,
        limit: view::limit(&case.limit),
    })
}
