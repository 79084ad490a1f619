//! Taking a dossier in at the counter: procedure, applicant, parts, slip.

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use proto::dossier::v1 as pb;
use proto::workflow::v1::ProcedureCase;

use super::{Fields, Page, render};
use crate::App;
use crate::error::{Problem, lines};
use crate::frame::Frame;
use crate::view;

/// No case of the catalogue asks for more parts than this.
const MOST_PARTS: i32 = 60;

struct Case {
    id: String,
    code: String,
    title: String,
    field: String,
    limit: String,
    fee: String,
}

impl Case {
    fn of(case: &ProcedureCase) -> Self {
        Self {
            id: view::id(&case.name),
            code: if case.code.is_empty() {
                "(chưa có mã)".into()
            } else {
                case.code.clone()
            },
            title: case.title.clone(),
            field: case.field.clone(),
            limit: view::limit(&case.limit),
            fee: if case.fee.is_empty() {
                "chưa công bố".into()
            } else {
                case.fee.clone()
            },
        }
    }
}

#[derive(Template)]
#[template(path = "cases.html")]
struct Cases {
    frame: Frame,
    query: String,
    cases: Vec<Case>,
}

pub(crate) async fn choose(
    State(app): State<App>,
    frame: Frame,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Page {
    let query = Fields::of(pairs).text("q");
    let found = app.backends.cases(&frame.access, &query).await?;
    let cases = found.cases.iter().map(Case::of).collect();
    render(&Cases {
        frame,
        query,
        cases,
    })
}

#[derive(Template)]
#[template(path = "intake.html")]
struct Intake {
    frame: Frame,
    case: Case,
    request_id: String,
    accept_id: String,
    form: pb::Applicant,
    parts: Vec<pb::Part>,
    errors: Vec<String>,
}

pub(crate) async fn show(State(app): State<App>, frame: Frame, Path(id): Path<String>) -> Page {
    let case = app
        .backends
        .case(&frame.access, &format!("cases/{id}"))
        .await?;
    let parts = (1..)
        .zip(&case.parts)
        .map(|(number, name)| pb::Part {
            number,
            name: name.clone(),
            originals: 1,
            copies: 0,
        })
        .collect();
    render(&Intake {
        frame,
        case: Case::of(&case),
        request_id: app.ids.next().to_string(),
        accept_id: app.ids.next().to_string(),
        form: pb::Applicant::default(),
        parts,
        errors: Vec::new(),
    })
}

pub(crate) async fn submit(
    State(app): State<App>,
    frame: Frame,
    Path(id): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let fields = Fields::of(pairs);
    fields.of_frame(&frame)?;
    let (applicant, parts) = (applicant(&fields), parts(&fields));
    let request = pb::SubmitRequest {
        request_id: fields.text("request_id"),
        receiver: frame.unit_id.clone(),
        case: format!("cases/{id}"),
        applicant: Some(applicant.clone()),
        parts: parts
            .iter()
            .filter(|p| p.originals + p.copies > 0)
            .cloned()
            .collect(),
        channel: pb::Channel::Counter.into(),
        ..Default::default()
    };
    let dossier = match app.backends.submit(&frame.access, request).await {
        Ok(dossier) => dossier,
        Err(status) => {
            let case = app
                .backends
                .case(&frame.access, &format!("cases/{id}"))
                .await?;
            let page = Intake {
                frame,
                case: Case::of(&case),
                // A corrected form is another request.
                request_id: app.ids.next().to_string(),
                accept_id: app.ids.next().to_string(),
                form: applicant,
                parts,
                errors: lines(&status),
            };
            return Ok(render(&page)?.into_response());
        }
    };
    let to = view::id(&dossier.name);
    if fields.text("then") != "accept" {
        return Ok(Redirect::to(&format!("/ho-so/{to}")).into_response());
    }
    let accept = pb::AcceptRequest {
        request_id: fields.text("accept_id"),
        name: dossier.name,
        etag: dossier.etag,
    };
    app.backends.accept(&frame.access, accept).await?;
    Ok(Redirect::to(&format!("/ho-so/{to}/phieu")).into_response())
}

fn applicant(fields: &Fields) -> pb::Applicant {
    pb::Applicant {
        full_name: fields.text("full_name"),
        id_number: fields.text("id_number"),
        birth_date: fields.text("birth_date"),
        phone: fields.text("phone"),
        email: fields.text("email"),
        address: fields.text("address"),
    }
}

fn parts(fields: &Fields) -> Vec<pb::Part> {
    let count = |name: String| fields.text(&name).parse().unwrap_or(0);
    (1..=MOST_PARTS)
        .map_while(|number| {
            let name = fields.text(&format!("part_name_{number}"));
            (!name.is_empty()).then(|| pb::Part {
                number,
                name,
                originals: count(format!("originals_{number}")),
                copies: count(format!("copies_{number}")),
            })
        })
        .collect()
}
