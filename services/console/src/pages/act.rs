//! An action of the dossier page: one form, one RPC, back to the page.

use axum::Form;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use proto::dossier::v1 as pb;
use tonic::Status;

use super::dossier::{self, Attempt};
use super::{Fields, render};
use crate::App;
use crate::backends::Act;
use crate::error::{self, Problem, Unsent};
use crate::frame::Frame;
use crate::session::Notice;
use crate::view;

/// The address of an action, opened as a page, is the dossier's.
pub(crate) async fn show(Path((id, _)): Path<(String, String)>) -> Redirect {
    Redirect::to(&format!("/ho-so/{}", view::escape(&id)))
}

pub(crate) async fn submit(
    State(app): State<App>,
    frame: Frame,
    Path((id, method)): Path<(String, String)>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let fields = Fields::of(pairs);
    fields.of_frame(&frame)?;
    let act = act(&method, &id, &fields).ok_or_else(error::unknown_page)?;
    match app.backends.act(&frame.access, act).await {
        Ok(()) => {
            let label = fields.text("label");
            let done = Notice::Done(format!("Đã thực hiện: {label}."));
            app.sessions.leave_notice(&frame.key, done);
            Ok(Redirect::to(&format!("/ho-so/{}", view::escape(&id))).into_response())
        }
        Err(status) if error::is_away(&status) => Err(Problem::Unsent(Box::new(Unsent {
            action: format!("/ho-so/{id}/{method}"),
            fields: fields.resend(),
            status,
        }))),
        Err(status) => refused(app, frame, &id, method, fields, status).await,
    }
}

/// The page as it is now, with the refusal and all that was typed.
async fn refused(
    app: App,
    frame: Frame,
    id: &str,
    method: String,
    fields: Fields,
    status: Status,
) -> Result<Response, Problem> {
    let problem = Problem::from(status.clone());
    if matches!(problem, Problem::SignIn) {
        return Err(problem);
    }
    let mut wrong = error::wrong(&status);
    if let Some(why) = wrong.get_mut("person") {
        // The service speaks of resource names, which nobody types.
        "Hãy chọn một người.".clone_into(why);
    }
    let attempt = Attempt {
        method,
        fields,
        wrong,
        text: if error::is_stale(&status) {
            "Hồ sơ vừa được người khác xử lý trước. Đây là trạng thái mới nhất: xin xem lại rồi quyết định.".to_owned()
        } else {
            error::message(&status)
        },
    };
    let page = dossier::page(&app, frame, id, Some(attempt)).await?;
    Ok((error::http(&status), render(&page)?).into_response())
}

/// A form that was sent: what every command has, and the fields of this one.
struct Sent<'a> {
    request_id: String,
    name: String,
    etag: String,
    fields: &'a Fields,
}

impl Sent<'_> {
    fn text(&self, name: &str) -> String {
        self.fields.text(name)
    }

    /// One line a paper.
    fn items(&self) -> Vec<pb::SupplementItem> {
        self.text("items")
            .lines()
            .map(str::trim)
            .filter(|what| !what.is_empty())
            .map(|what| pb::SupplementItem {
                what: what.to_owned(),
            })
            .collect()
    }
}

macro_rules! act {
    ($sent:ident, $name:ident, $request:ident { $($field:ident: $value:expr),* $(,)? }) => {
        Act::$name(pb::$request {
            request_id: $sent.request_id.clone(),
            name: $sent.name.clone(),
            etag: $sent.etag.clone(),
            $($field: $value),*
        })
    };
}

/// The command that a form means; `None` for an unknown method.
fn act(method: &str, id: &str, fields: &Fields) -> Option<Act> {
    let sent = Sent {
        request_id: fields.text("request_id"),
        name: format!("dossiers/{id}"),
        etag: fields.text("etag"),
        fields,
    };
    at_intake(method, &sent)
        .or_else(|| on_the_way(method, &sent))
        .or_else(|| in_settlement(method, &sent))
        .or_else(|| at_the_end(method, &sent))
}

fn at_intake(method: &str, f: &Sent<'_>) -> Option<Act> {
    Some(match method {
        "AskIntakeSupplement" => act!(
            f,
            AskIntakeSupplement,
            AskIntakeSupplementRequest {
                items: f.items(),
                reason: f.text("reason"),
            }
        ),
        "ReceiveIntakeSupplement" => {
            act!(
                f,
                ReceiveIntakeSupplement,
                ReceiveIntakeSupplementRequest {}
            )
        }
        "RefuseIntake" => act!(
            f,
            RefuseIntake,
            RefuseIntakeRequest {
                reason: f.text("reason"),
                ground: f.text("ground"),
            }
        ),
        "ExpireIntakeSupplement" => act!(
            f,
            ExpireIntakeSupplement,
            ExpireIntakeSupplementRequest {
                reason: f.text("reason"),
            }
        ),
        "Accept" => act!(f, Accept, AcceptRequest {}),
        _ => return None,
    })
}

fn on_the_way(method: &str, f: &Sent<'_>) -> Option<Act> {
    Some(match method {
        "Transfer" => act!(f, Transfer, TransferRequest {}),
        "Receive" => act!(f, Receive, ReceiveRequest {}),
        "ReturnMisrouted" => act!(
            f,
            ReturnMisrouted,
            ReturnMisroutedRequest {
                ground: f.text("ground"),
            }
        ),
        "Assign" => act!(
            f,
            Assign,
            AssignRequest {
                person: f.text("person"),
            }
        ),
        _ => return None,
    })
}

fn in_settlement(method: &str, f: &Sent<'_>) -> Option<Act> {
    Some(match method {
        "CompleteStep" => act!(
            f,
            CompleteStep,
            CompleteStepRequest {
                note: f.text("note"),
            }
        ),
        "SendBack" => act!(
            f,
            SendBack,
            SendBackRequest {
                reason: f.text("reason"),
            }
        ),
        "AskSupplement" => act!(
            f,
            AskSupplement,
            AskSupplementRequest {
                items: f.items(),
                reason: f.text("reason"),
            }
        ),
        "CompleteSupplement" => act!(f, CompleteSupplement, CompleteSupplementRequest {}),
        "AttachDraft" => act!(
            f,
            AttachDraft,
            AttachDraftRequest {
                title: f.text("title"),
                content: f.text("content"),
            }
        ),
        "SubmitForSignature" => act!(
            f,
            SubmitForSignature,
            SubmitForSignatureRequest {
                draft: f.text("draft"),
            }
        ),
        "Sign" => act!(
            f,
            Sign,
            SignRequest {
                digest: f.text("digest"),
            }
        ),
        "RefuseToSign" => act!(
            f,
            RefuseToSign,
            RefuseToSignRequest {
                reason: f.text("reason"),
            }
        ),
        "Extend" => act!(
            f,
            Extend,
            ExtendRequest {
                new_due: view::typed_instant(&f.text("new_due")),
                reason: f.text("reason"),
            }
        ),
        _ => return None,
    })
}

fn at_the_end(method: &str, f: &Sent<'_>) -> Option<Act> {
    Some(match method {
        "RefuseSettlement" => act!(
            f,
            RefuseSettlement,
            RefuseSettlementRequest {
                reason: f.text("reason"),
            }
        ),
        "ExpireSupplement" => act!(
            f,
            ExpireSupplement,
            ExpireSupplementRequest {
                reason: f.text("reason"),
            }
        ),
        "Issue" => act!(
            f,
            Issue,
            IssueRequest {
                number: f.text("number"),
            }
        ),
        "ReturnResult" => act!(
            f,
            ReturnResult,
            ReturnResultRequest {
                taker: f.text("taker"),
                way: pb::ReturnWay::Counter.into(),
            }
        ),
        "Withdraw" => act!(
            f,
            Withdraw,
            WithdrawRequest {
                reason: f.text("reason"),
            }
        ),
        "Stop" => act!(
            f,
            Stop,
            StopRequest {
                reason: f.text("reason"),
                ground: f.text("ground"),
            }
        ),
        _ => return None,
    })
}
