//! Correcting applicant and parts before a dossier is accepted, with the form of
//! the counter.

use std::collections::BTreeMap;

use axum::Form;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use proto::dossier::v1 as pb;

use super::intake::{self, Amends};
use super::{Fields, render};
use crate::App;
use crate::backends::Act;
use crate::error::{self, Problem, Unsent};
use crate::frame::Frame;
use crate::session::Notice;
use crate::view;

/// What the contract calls it.
pub(super) const METHOD: &str = "UpdateApplicant";

fn address(id: &str) -> String {
    format!("/ho-so/{}", view::escape(id))
}

pub(crate) async fn show(
    State(app): State<App>,
    frame: Frame,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let dossier = app.backends.dossier(&frame.access, &id).await?;
    if !dossier.actions.iter().any(|a| a.method == METHOD) {
        let text = "Hồ sơ này không còn sửa được ở vị trí của bạn.".to_owned();
        app.sessions.leave_notice(&frame.key, Notice::Undone(text));
        return Ok(Redirect::to(&address(&id)).into_response());
    }
    let case = app.backends.case(&frame.access, &dossier.case).await?;
    let fields = known(&dossier);
    let etag = dossier.etag;
    let amends = Some(Amends { id, etag });
    let page = intake::page(&app, frame, &case, &fields, BTreeMap::new(), amends);
    Ok(render(&page)?.into_response())
}

/// What is known, as if it had been typed.
fn known(dossier: &pb::Dossier) -> Fields {
    let a = dossier.applicant.clone().unwrap_or_default();
    let birth_date = view::day(&a.birth_date);
    let mut pairs: Vec<(String, String)> = [
        ("full_name", a.full_name),
        ("id_number", a.id_number),
        ("birth_date", birth_date),
        ("phone", a.phone),
        ("email", a.email),
        ("address", a.address),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    for number in 1..=intake::MOST_PARTS {
        let part = dossier.parts.iter().find(|p| p.number == number);
        let (originals, copies) = part.map_or((0, 0), |p| (p.originals, p.copies));
        pairs.push((format!("originals_{number}"), originals.to_string()));
        pairs.push((format!("copies_{number}"), copies.to_string()));
    }
    Fields::of(pairs)
}

pub(crate) async fn submit(
    State(app): State<App>,
    frame: Frame,
    Path(id): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let fields = Fields::of(pairs);
    fields.of_frame(&frame)?;
    let etag = fields.text("etag");
    let request = pb::UpdateApplicantRequest {
        request_id: fields.text("request_id"),
        name: format!("dossiers/{id}"),
        etag: etag.clone(),
        applicant: Some(intake::applicant(&fields)),
        parts: intake::parts(&fields),
    };
    let status = match app.backends.act(&frame.access, Act::Amend(request)).await {
        Ok(()) => {
            let done = Notice::Done("Đã sửa hồ sơ.".to_owned());
            app.sessions.leave_notice(&frame.key, done);
            return Ok(Redirect::to(&address(&id)).into_response());
        }
        Err(status) => status,
    };
    if error::is_away(&status) {
        return Err(Problem::Unsent(Box::new(Unsent {
            action: format!("/ho-so/{id}/sua"),
            fields: fields.resend(),
            status,
        })));
    }
    if let problem @ Problem::SignIn = Problem::from(status.clone()) {
        return Err(problem);
    }
    let dossier = app.backends.dossier(&frame.access, &id).await?;
    let case = app.backends.case(&frame.access, &dossier.case).await?;
    let amends = Some(Amends { id, etag });
    intake::again(&app, frame, &case, &fields, &status, amends)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_starts_from_what_is_known_and_adds_no_part() {
        let part = pb::Part {
            number: 2,
            originals: 0,
            copies: 3,
            ..pb::Part::default()
        };
        let applicant = pb::Applicant {
            full_name: "Trần Thị Thử".to_owned(),
            birth_date: "1990-02-03".to_owned(),
            ..pb::Applicant::default()
        };
        let dossier = pb::Dossier {
            applicant: Some(applicant.clone()),
            parts: vec![part.clone()],
            ..pb::Dossier::default()
        };
        let fields = known(&dossier);
        assert_eq!(intake::applicant(&fields), applicant);
        assert_eq!(intake::parts(&fields), [part]);
    }
}
