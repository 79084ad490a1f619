//! One dossier: where it stands, why it is due then, what may be done now.

use askama::Template;
use axum::extract::{Path, State};
use proto::dossier::v1 as pb;

use super::{Page, render};
use crate::App;
use crate::frame::Frame;
use crate::view::{self, Whole};

#[derive(Template)]
#[template(path = "dossier.html")]
struct OneDossier {
    frame: Frame,
    d: Whole,
    error: Option<String>,
    why: Option<Why>,
    actions: Vec<Action>,
    history: Vec<Line>,
}

struct Why {
    limit: String,
    started: String,
    counted: String,
    skipped: Vec<String>,
}

struct Line {
    at: String,
    label: String,
}

struct Action {
    method: String,
    label: String,
    request_id: String,
    /// Whether this is the usual next step; refusals and stops are quiet.
    forward: bool,
    fields: Vec<Field>,
}

/// One input of an action's form.
struct Field {
    name: &'static str,
    label: &'static str,
    kind: &'static str,
    value: String,
    required: bool,
    options: Vec<(String, String)>,
}

pub(crate) async fn show(State(app): State<App>, frame: Frame, Path(id): Path<String>) -> Page {
    let dossier = app.backends.dossier(&frame.access, &id).await?;
    let (names, history, why) = tokio::try_join!(
        app.backends.unit_names(&frame.access, &dossier),
        app.backends.history(&frame.access, &dossier.name),
        app.backends.why(&frame.access, &dossier.name),
    )?;
    let officers = if dossier.actions.iter().any(|a| a.method == "Assign") {
        app.backends.officers(&frame.access, &dossier.owner).await?
    } else {
        Vec::new()
    };
    let actions = dossier
        .actions
        .iter()
        .map(|a| Action {
            method: a.method.clone(),
            label: a.label.clone(),
            request_id: app.ids.next().to_string(),
            forward: !BACKWARD.contains(&a.method.as_str()),
            fields: fields(&a.method, &dossier, &officers),
        })
        .collect();
    let history = history
        .lines
        .into_iter()
        .map(|l| Line {
            at: view::instant(l.at.as_ref()),
            label: l.label,
        })
        .collect();
    let error = app.sessions.take_notice(&frame.key);
    let d = Whole::of(&dossier, |unit| names.of(unit));
    render(&OneDossier {
        frame,
        d,
        error,
        why: explained(why),
        actions,
        history,
    })
}

/// Actions that end, return or ask again: never the highlighted button.
const BACKWARD: &[&str] = &[
    "RefuseIntake",
    "AskIntakeSupplement",
    "AskSupplement",
    "ReturnMisrouted",
    "RefuseToSign",
    "RefuseSettlement",
    "Withdraw",
    "Stop",
    "Extend",
    "AttachDraft",
];

fn explained(answer: pb::ExplainDueResponse) -> Option<Why> {
    let e = answer.explanation.filter(|e| e.due.is_some())?;
    Some(Why {
        limit: view::limit(&e.limit),
        started: view::instant(e.started.as_ref()),
        counted: e
            .counted
            .iter()
            .map(|d| view::day(d))
            .collect::<Vec<_>>()
            .join(", "),
        skipped: e
            .skipped
            .iter()
            .map(|s| format!("{}: {}", view::day(&s.date), s.why))
            .collect(),
    })
}

fn fields(method: &str, d: &pb::Dossier, officers: &[(String, String)]) -> Vec<Field> {
    let text = |name, label| Field {
        name,
        label,
        kind: "text",
        value: String::new(),
        required: true,
        options: Vec::new(),
    };
    let reason = || text("reason", "Lý do");
    let ground = || text("ground", "Căn cứ");
    match method {
        "AskIntakeSupplement" | "AskSupplement" => {
            vec![
                text("items", "Giấy tờ cần bổ sung (cách nhau bằng dấu ;)"),
                reason(),
            ]
        }
        "RefuseIntake" | "Stop" => vec![reason(), ground()],
        "ReturnMisrouted" => vec![ground()],
        "RefuseToSign" | "RefuseSettlement" | "Withdraw" => vec![reason()],
        "Assign" => vec![Field {
            options: officers.to_vec(),
            ..text("person", "Giao cho")
        }],
        "CompleteStep" => vec![Field {
            required: false,
            ..text("note", "Ý kiến")
        }],
        "AttachDraft" => vec![text("title", "Tên dự thảo"), text("content", "Nội dung")],
        "SubmitForSignature" => {
            let drafts = d
                .drafts
                .iter()
                .map(|x| (x.id.clone(), x.title.clone()))
                .collect();
            vec![Field {
                options: drafts,
                ..text("draft", "Dự thảo")
            }]
        }
        "Sign" => {
            let digest = d
                .drafts
                .last()
                .map(|x| x.digest.clone())
                .unwrap_or_default();
            vec![Field {
                value: digest,
                ..text("digest", "Mã băm của dự thảo")
            }]
        }
        "Issue" => vec![text("number", "Số, ký hiệu văn bản")],
        "ReturnResult" => {
            let name = d
                .applicant
                .as_ref()
                .map(|a| a.full_name.clone())
                .unwrap_or_default();
            vec![Field {
                value: name,
                ..text("taker", "Người nhận kết quả")
            }]
        }
        "Extend" => vec![
            Field {
                kind: "datetime-local",
                ..text("new_due", "Hẹn lại vào")
            },
            reason(),
        ],
        _ => Vec::new(),
    }
}
