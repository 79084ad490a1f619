//! Form 01: the slip that the citizen takes home.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};

use super::{dossier, render};
use crate::App;
use crate::error::Problem;
use crate::frame::Frame;
use crate::view::{self, Whole};

#[derive(Template)]
#[template(path = "slip.html")]
struct Slip {
    frame: Frame,
    d: Whole,
    /// The two lines of the head: who stands above, and who issues.
    above: String,
    office: String,
    /// Where one comes to.
    desk: String,
    place: String,
    day: String,
    limit: String,
    accepted: String,
    due: String,
    /// Who took it in, whoever prints the slip.
    taker: String,
}

pub(crate) async fn show(
    State(app): State<App>,
    frame: Frame,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let one = app.backends.dossier(&frame.access, &id).await?;
    if one.accepted.is_none() {
        // There is nothing to promise yet.
        return Ok(Redirect::to(&format!("/ho-so/{}", view::escape(&id))).into_response());
    }
    let (case, history) = tokio::try_join!(
        app.backends.case(&frame.access, &one.case),
        app.backends.history(&frame.access, &one.name),
    )?;
    let units = app
        .backends
        .units(&frame.access, &[&one.receiver, &one.decider])
        .await?;
    let people = dossier::people(&app, &frame, &one, &history).await?;
    let accepting = history.iter().find(|line| {
        matches!(
            line.r#type.as_str(),
            "dossier.accept" | "dossier.accept_and_settle"
        )
    });
    let officer = accepting
        .and_then(|line| dossier::person_of(&line.actor))
        .and_then(|name| people.get(&name));
    let (taker, counter) = officer.map_or_else(
        || (String::new(), String::new()),
        |o| (o.full_name.clone(), units.name(&o.unit)),
    );
    let d = Whole::of(&one, |unit| units.name(unit));
    let (above, office) = head(&d.receiver, &counter);
    let page = Slip {
        above,
        office,
        desk: if counter.is_empty() {
            d.receiver.clone()
        } else {
            counter
        },
        place: place(&d.receiver).to_owned(),
        day: view::date_in_words(one.accepted.as_ref()),
        limit: view::limit(&case.limit),
        accepted: view::instant_in_words(one.accepted.as_ref()),
        due: view::instant_in_words(one.due.as_ref()),
        taker,
        frame,
        d,
    };
    Ok(render(&page)?.into_response())
}

/// A commune's counter issues below its committee, an agency below the province's.
fn head(receiver: &str, counter: &str) -> (String, String) {
    const COMMITTEE: &str = "Ủy ban nhân dân";
    if place(receiver) == receiver {
        return (format!("{COMMITTEE} tỉnh Hà Tĩnh"), receiver.to_owned());
    }
    let office = counter.split(" – ").next().unwrap_or_default();
    (format!("{COMMITTEE} {receiver}"), office.to_owned())
}

/// `Mai Phụ` from `Xã Mai Phụ`; other names as they are.
fn place(unit: &str) -> &str {
    ["Xã ", "Phường "]
        .iter()
        .find_map(|kind| unit.strip_prefix(kind))
        .unwrap_or(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_of_a_slip_has_the_one_above_and_the_one_that_issues() {
        let commune = head(
            "Xã Mai Phụ",
            "Trung tâm Phục vụ hành chính công – Xã Mai Phụ",
        );
        assert_eq!(commune.0, "Ủy ban nhân dân Xã Mai Phụ");
        assert_eq!(commune.1, "Trung tâm Phục vụ hành chính công");
        let agency = head("Sở Xây dựng", "Sở Xây dựng");
        assert_eq!(agency.0, "Ủy ban nhân dân tỉnh Hà Tĩnh");
        assert_eq!(agency.1, "Sở Xây dựng");
    }

    #[test]
    fn a_slip_is_dated_at_a_place_and_not_at_an_office() {
        assert_eq!(place("Xã Mai Phụ"), "Mai Phụ");
        assert_eq!(place("Phường Thành Sen"), "Thành Sen");
        assert_eq!(place("Sở Xây dựng"), "Sở Xây dựng");
    }
}
