//! One dossier: where it stands, why it is due then, what may be done now.

mod actions;

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use axum::extract::{Path, State};
use proto::account::v1::Officer;
use proto::dossier::v1 as pb;
use tonic::Status;

use self::actions::{Action, actions, who};
use super::{Fields, Page, amend, notice, render};
use crate::App;
use crate::error::Problem;
use crate::form::Kind;
use crate::frame::Frame;
use crate::view::{self, Whole};

#[derive(Template)]
#[template(path = "dossier.html")]
pub(super) struct OneDossier {
    frame: Frame,
    d: Whole,
    assignee: String,
    /// Whether it went well, and what to say.
    notice: Option<(bool, String)>,
    why: Option<Why>,
    /// Whether applicant and parts may still be corrected.
    amendable: bool,
    drafts: Vec<Text>,
    actions: Vec<Action>,
    history: Vec<Line>,
}

/// A draft, and its text for who decides about it.
struct Text {
    title: String,
    digest: String,
    content: String,
}

struct Why {
    limit: String,
    started: String,
    due: String,
    counted: Vec<String>,
    skipped: Vec<String>,
}

struct Line {
    at: String,
    label: String,
    who: String,
}

/// An act that was refused: what it was and what was typed.
pub(super) struct Attempt {
    pub(super) method: String,
    pub(super) fields: Fields,
    pub(super) wrong: BTreeMap<String, String>,
    pub(super) text: String,
}

pub(crate) async fn show(State(app): State<App>, frame: Frame, Path(id): Path<String>) -> Page {
    render(&page(&app, frame, &id, None).await?)
}

/// The page as it is now; after a refusal, with what was typed.
pub(super) async fn page(
    app: &App,
    frame: Frame,
    id: &str,
    attempt: Option<Attempt>,
) -> Result<OneDossier, Problem> {
    let dossier = app.backends.dossier(&frame.access, id).await?;
    let (history, why) = tokio::try_join!(
        app.backends.history(&frame.access, &dossier.name),
        app.backends.why(&frame.access, &dossier.name),
    )?;
    let needed = [&dossier.receiver, &dossier.decider, &dossier.owner];
    let units = app
        .backends
        .units(&frame.access, &needed.map(String::as_str))
        .await?;
    let people = people(app, &frame, &dossier, &history).await?;
    let assignable: Vec<Officer> = people
        .values()
        .filter(|o| units.agency(&o.unit) == units.agency(&dossier.owner))
        .cloned()
        .collect();
    let drafts = drafts(app, &frame, &dossier).await?;
    let actions = actions(&dossier, &assignable, || app.ids.next(), attempt.as_ref());
    let notice = match attempt {
        Some(attempt) => Some((false, attempt.text)),
        None => notice(app, &frame),
    };
    let history = history
        .iter()
        .map(|line| told(line, &people, |u| units.name(u)));
    Ok(OneDossier {
        history: history.collect(),
        assignee: people.get(&dossier.assignee).map(who).unwrap_or_default(),
        d: Whole::of(&dossier, |unit| units.name(unit)),
        frame,
        notice,
        why: explained(why),
        amendable: dossier.actions.iter().any(|a| a.method == amend::METHOD),
        drafts,
        actions,
    })
}

/// The drafts; who is asked to sign is shown what will be signed.
async fn drafts(app: &App, frame: &Frame, d: &pb::Dossier) -> Result<Vec<Text>, Status> {
    let is_signer = d.actions.iter().any(|a| a.method == "Sign");
    let mut drafts = Vec::new();
    for draft in &d.drafts {
        let content = if is_signer {
            app.backends
                .draft(&frame.access, &d.name, &draft.id)
                .await?
        } else {
            String::new()
        };
        drafts.push(Text {
            title: draft.title.clone(),
            digest: draft.digest.clone(),
            content,
        });
    }
    Ok(drafts)
}

/// Who had a hand in it or may be given it, by name.
pub(super) async fn people(
    app: &App,
    frame: &Frame,
    dossier: &pb::Dossier,
    history: &[pb::HistoryLine],
) -> Result<BTreeMap<String, Officer>, Status> {
    let units = app.backends.units(&frame.access, &[]).await?;
    let held = [&dossier.receiver, &dossier.decider, &dossier.owner];
    let agencies: BTreeSet<String> = held
        .into_iter()
        .cloned()
        .chain(history.iter().map(unit_of))
        .filter(|unit| unit.len() > "units/".len())
        .map(|unit| units.agency(&unit))
        .collect();
    let mut people = BTreeMap::new();
    for agency in agencies {
        let officers = app.backends.officers(&frame.access, &agency).await?;
        people.extend(officers.into_iter().map(|o| (o.name.clone(), o)));
    }
    Ok(people)
}

/// The unit of a line of history as a resource name.
fn unit_of(line: &pb::HistoryLine) -> String {
    format!("units/{}", line.unit.trim_start_matches("units/"))
}

/// The person behind the log's `person:{uuid}/post:{id}`.
pub(super) fn person_of(actor: &str) -> Option<String> {
    let person = actor.strip_prefix("person:")?;
    let id = person.split('/').next().unwrap_or(person);
    Some(format!("people/{id}"))
}

fn told(
    line: &pb::HistoryLine,
    people: &BTreeMap<String, Officer>,
    unit_name: impl Fn(&str) -> String,
) -> Line {
    let officer = person_of(&line.actor).and_then(|name| people.get(&name));
    let who = match officer {
        Some(officer) => who(officer),
        None if line.actor.starts_with("partner:") => "Cổng đối tác".to_owned(),
        None if line.actor.starts_with("service:") => "Hệ thống".to_owned(),
        None => unit_name(&unit_of(line)),
    };
    Line {
        at: view::instant(line.at.as_ref()),
        label: line.label.clone(),
        who,
    }
}

fn explained(answer: pb::ExplainDueResponse) -> Option<Why> {
    let e = answer.explanation.filter(|e| e.due.is_some())?;
    Some(Why {
        limit: view::limit(&e.limit),
        started: view::instant(e.started.as_ref()),
        due: view::instant(e.due.as_ref()),
        counted: e.counted.iter().map(|d| view::weekday(d)).collect(),
        skipped: e
            .skipped
            .iter()
            .map(|s| format!("{}: {}", view::weekday(&s.date), s.why))
            .collect(),
    })
}
