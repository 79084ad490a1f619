//! Taking a dossier in at the counter: procedure, applicant, parts, slip.

use std::collections::BTreeMap;

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use proto::dossier::v1 as pb;
use proto::workflow::v1::ProcedureCase;
use tonic::Status;

use super::{Fields, Page, render};
use crate::App;
use crate::error::{self, Problem, Unsent};
use crate::form::{Input, Kind, mark};
use crate::frame::Frame;
use crate::session::Notice;
use crate::view;

/// No case of the catalogue asks for more parts than this.
pub(super) const MOST_PARTS: i32 = 60;

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
        let or = |text: &str, none: &str| if text.is_empty() { none } else { text }.to_owned();
        Self {
            id: view::id(&case.name),
            code: or(&case.code, "chưa có mã quốc gia"),
            title: case.title.clone(),
            field: case.field.clone(),
            limit: view::limit(&case.limit),
            fee: or(&case.fee, "chưa công bố"),
        }
    }
}

#[derive(Template)]
#[template(path = "cases.html")]
struct Found {
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
    render(&Found {
        frame,
        query,
        cases,
    })
}

/// A part of the procedure and how many copies are on the counter.
struct PartRow {
    number: i32,
    name: String,
    originals: String,
    copies: String,
}

#[derive(Template)]
#[template(path = "intake.html")]
pub(super) struct Intake {
    /// The dossier that is corrected; none is there before one is taken in.
    amends: Option<Amends>,
    frame: Frame,
    case: Case,
    request_id: String,
    accept_id: String,
    inputs: Vec<Input>,
    parts: Vec<PartRow>,
    parts_error: Option<String>,
    /// What is wrong and belongs to no field.
    pub(super) errors: Vec<String>,
}

/// A dossier that is corrected before it is accepted.
pub(super) struct Amends {
    pub(super) id: String,
    pub(super) etag: String,
}

impl Intake {
    fn is_wrong(&self) -> bool {
        !self.errors.is_empty()
            || self.parts_error.is_some()
            || self.inputs.iter().any(|i| i.error.is_some())
    }
}

pub(super) async fn case(app: &App, frame: &Frame, id: &str) -> Result<ProcedureCase, Status> {
    app.backends
        .case(&frame.access, &format!("cases/{id}"))
        .await
}

pub(crate) async fn show(State(app): State<App>, frame: Frame, Path(id): Path<String>) -> Page {
    let case = case(&app, &frame, &id).await?;
    let fields = Fields::of(Vec::new());
    render(&page(&app, frame, &case, &fields, BTreeMap::new(), None))
}

/// The form with what was typed, and what is wrong beside each field.
pub(super) fn page(
    app: &App,
    frame: Frame,
    case: &ProcedureCase,
    fields: &Fields,
    mut wrong: BTreeMap<String, String>,
    amends: Option<Amends>,
) -> Intake {
    let parts_error = wrong.remove("parts");
    let mut inputs = inputs(fields);
    let errors = mark(&mut inputs, &wrong);
    if wrong.is_empty()
        && let Some(first) = inputs.first_mut()
    {
        first.focus = true;
    }
    Intake {
        amends,
        frame,
        case: Case::of(case),
        // A corrected form is another request.
        request_id: app.ids.next().to_string(),
        accept_id: app.ids.next().to_string(),
        inputs,
        parts: part_rows(case, fields),
        parts_error,
        errors,
    }
}

fn inputs(fields: &Fields) -> Vec<Input> {
    let typed = |input: Input| {
        let value = fields.text(input.name);
        input.with(value)
    };
    [
        Input::line("full_name", "Họ và tên").keys("text", 200),
        Input::line("id_number", "Số định danh cá nhân")
            .hint("12 chữ số; CMND cũ 9 chữ số.")
            .keys("numeric", 15),
        Input::line("birth_date", "Ngày sinh")
            .hint("Ngày tháng năm, ví dụ 03021990 hoặc 3/2/1990.")
            .keys("numeric", 10),
        Input::line("phone", "Điện thoại")
            .hint("10 chữ số, để báo kết quả.")
            .keys("tel", 13)
            .optional(),
        Input::line("email", "Thư điện tử")
            .keys("email", 200)
            .optional(),
        Input::line("address", "Địa chỉ")
            .keys("text", 500)
            .optional()
            .wide(),
    ]
    .map(typed)
    .into()
}

fn part_rows(case: &ProcedureCase, fields: &Fields) -> Vec<PartRow> {
    let row = |(number, name): (i32, &String)| {
        let typed = |what: &str, fresh: &str| {
            let typed = fields.0.get(&format!("{what}_{number}"));
            typed.map_or_else(|| fresh.to_owned(), |t| t.trim().to_owned())
        };
        // What only some people need is not there until somebody says so.
        let usual = if name.contains("(nếu") { "0" } else { "1" };
        PartRow {
            number,
            name: name.clone(),
            originals: typed("originals", usual),
            copies: typed("copies", "0"),
        }
    };
    (1..).zip(&case.parts).map(row).collect()
}

pub(crate) async fn submit(
    State(app): State<App>,
    frame: Frame,
    Path(id): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let fields = Fields::of(pairs);
    fields.of_frame(&frame)?;
    let filed = file(&app, &frame, &id, &fields).await;
    let dossier = match filed {
        Ok(dossier) => dossier,
        Err(status) if error::is_away(&status) => return Err(unsent(&id, fields, status)),
        Err(status) => return refused(&app, frame, &id, &fields, status).await,
    };
    let to = format!("/ho-so/{}", view::id(&dossier.name));
    if fields.text("then") != "accept" {
        return Ok(Redirect::to(&to).into_response());
    }
    // Sent twice, the second finds it accepted already.
    if dossier.accepted.is_none() {
        let accept = pb::AcceptRequest {
            request_id: fields.text("accept_id"),
            name: dossier.name.clone(),
            etag: dossier.etag,
        };
        match app.backends.accept(&frame.access, accept).await {
            Ok(()) => {}
            Err(status) if error::is_away(&status) => return Err(unsent(&id, fields, status)),
            Err(status) => {
                let id = view::id(&dossier.name);
                let now = app.backends.dossier(&frame.access, &id).await?;
                if now.accepted.is_none() {
                    let text = format!(
                        "Hồ sơ đã lưu nhưng chưa tiếp nhận được: {}",
                        error::message(&status)
                    );
                    app.sessions.leave_notice(&frame.key, Notice::Undone(text));
                    return Ok(Redirect::to(&to).into_response());
                }
            }
        }
    }
    Ok(Redirect::to(&format!("{to}/phieu")).into_response())
}

fn unsent(id: &str, fields: Fields, status: Status) -> Problem {
    Problem::Unsent(Box::new(Unsent {
        action: format!("/tiep-nhan/{id}"),
        fields: fields.resend(),
        status,
    }))
}

/// Takes it in for the commune or agency to which the counter belongs.
async fn file(app: &App, frame: &Frame, id: &str, fields: &Fields) -> Result<pb::Dossier, Status> {
    let units = app.backends.units(&frame.access, &[&frame.unit_id]).await?;
    let request = pb::SubmitRequest {
        request_id: fields.text("request_id"),
        receiver: units.agency(&frame.unit_id),
        case: format!("cases/{id}"),
        applicant: Some(applicant(fields)),
        parts: parts(fields),
        channel: pb::Channel::Counter.into(),
        ..Default::default()
    };
    app.backends.submit(&frame.access, request).await
}

/// The form again, with all that was typed.
async fn refused(
    app: &App,
    frame: Frame,
    id: &str,
    fields: &Fields,
    status: Status,
) -> Result<Response, Problem> {
    let problem = Problem::from(status.clone());
    if matches!(problem, Problem::SignIn) {
        return Err(problem);
    }
    let case = case(app, &frame, id).await?;
    again(app, frame, &case, fields, &status, None)
}

/// The form with what the service said against it.
pub(super) fn again(
    app: &App,
    frame: Frame,
    case: &ProcedureCase,
    fields: &Fields,
    status: &Status,
    amends: Option<Amends>,
) -> Result<Response, Problem> {
    let mut wrong = error::wrong(status);
    if let Some(why) = wrong.get_mut("birth_date")
        && view::typed_day(&fields.text("birth_date")).is_none()
    {
        // The service speaks of the contract's form, which nobody typed.
        "Ghi đủ ngày, tháng, năm, ví dụ 03021990 hoặc 3/2/1990.".clone_into(why);
    }
    let nothing_named = wrong.is_empty();
    let mut page = page(app, frame, case, fields, wrong, amends);
    if nothing_named {
        page.errors.push(error::message(status));
    }
    Ok((error::http(status), render(&page)?).into_response())
}

pub(super) fn applicant(fields: &Fields) -> pb::Applicant {
    let birth = fields.text("birth_date");
    pb::Applicant {
        full_name: fields.text("full_name"),
        id_number: fields.text("id_number").replace([' ', '.'], ""),
        birth_date: view::typed_day(&birth).unwrap_or(birth),
        phone: fields.text("phone").replace([' ', '.'], ""),
        email: fields.text("email"),
        address: fields.text("address"),
    }
}

/// The parts of which something is there; what is no number is for the service
/// to refuse.
pub(super) fn parts(fields: &Fields) -> Vec<pb::Part> {
    let count = |what: &str, number: i32| {
        let text = fields.text(&format!("{what}_{number}"));
        if text.is_empty() {
            0
        } else {
            text.parse().unwrap_or(-1)
        }
    };
    (1..=MOST_PARTS)
        .map(|number| pb::Part {
            number,
            name: String::new(),
            originals: count("originals", number),
            copies: count("copies", number),
        })
        .filter(|part| part.originals != 0 || part.copies != 0)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(pairs: &[(&str, &str)]) -> Fields {
        let own = |(a, b): &(&str, &str)| ((*a).to_owned(), (*b).to_owned());
        Fields::of(pairs.iter().map(own).collect())
    }

    #[test]
    fn a_count_that_is_no_number_is_not_taken_for_none() {
        let parts = parts(&fields(&[
            ("originals_1", "1"),
            ("originals_2", "0"),
            ("copies_2", ""),
            ("originals_3", "hai"),
        ]));
        let told: Vec<_> = parts.iter().map(|p| (p.number, p.originals)).collect();
        assert_eq!(told, [(1, 1), (3, -1)]);
    }

    #[test]
    fn numbers_are_taken_with_the_blanks_that_people_read_them_by() {
        let applicant = applicant(&fields(&[
            ("id_number", "042 190 001 234"),
            ("phone", "0912.345.678"),
            ("birth_date", "3/2/1990"),
        ]));
        assert_eq!(applicant.id_number, "042190001234");
        assert_eq!(applicant.phone, "0912345678");
        assert_eq!(applicant.birth_date, "1990-02-03");
    }
}
