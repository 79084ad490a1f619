//! An action of the dossier page: one form, one RPC, back to the page.

use axum::Form;
use axum::extract::{Path, State};
use axum::response::Redirect;
use chrono::{FixedOffset, NaiveDateTime, TimeZone as _};
use proto::dossier::v1 as pb;
use tonic::Code;

use super::Fields;
use crate::App;
use crate::backends::Act;
use crate::error::{Problem, lines, unknown_action};
use crate::frame::Frame;

pub(crate) async fn submit(
    State(app): State<App>,
    frame: Frame,
    Path((id, method)): Path<(String, String)>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Redirect, Problem> {
    let fields = Fields::of(pairs);
    fields.of_frame(&frame)?;
    let act = act(&method, &id, &fields).ok_or_else(unknown_action)?;
    let to = format!("/ho-so/{id}");
    match app.backends.act(&frame.access, act).await {
        Ok(()) => Ok(Redirect::to(&to)),
        Err(status) if status.code() == Code::Unauthenticated => Err(Problem::SignIn),
        Err(status) => {
            // The page is shown again with the refusal above it.
            app.sessions
                .leave_notice(&frame.key, lines(&status).join("; "));
            Ok(Redirect::to(&to))
        }
    }
}

/// The command that a form means; `None` for an unknown method.
fn act(method: &str, id: &str, f: &Fields) -> Option<Act> {
    let (request_id, name, etag) = (
        f.text("request_id"),
        format!("dossiers/{id}"),
        f.text("etag"),
    );
    macro_rules! act {
        ($name:ident, $request:ident { $($field:ident: $value:expr),* $(,)? }) => {
            Act::$name(pb::$request { request_id, name, etag, $($field: $value),* })
        };
    }
    let text = |field: &str| f.text(field);
    Some(match method {
        "AskIntakeSupplement" => {
            act!(
                AskIntakeSupplement,
                AskIntakeSupplementRequest {
                    items: items(f),
                    reason: text("reason")
                }
            )
        }
        "ReceiveIntakeSupplement" => {
            act!(ReceiveIntakeSupplement, ReceiveIntakeSupplementRequest {})
        }
        "RefuseIntake" => {
            act!(
                RefuseIntake,
                RefuseIntakeRequest {
                    reason: text("reason"),
                    ground: text("ground")
                }
            )
        }
        "Accept" => act!(Accept, AcceptRequest {}),
        "Transfer" => act!(Transfer, TransferRequest {}),
        "Receive" => act!(Receive, ReceiveRequest {}),
        "ReturnMisrouted" => act!(
            ReturnMisrouted,
            ReturnMisroutedRequest {
                ground: text("ground")
            }
        ),
        "Assign" => act!(
            Assign,
            AssignRequest {
                person: text("person")
            }
        ),
        "CompleteStep" => act!(CompleteStep, CompleteStepRequest { note: text("note") }),
        "AskSupplement" => {
            act!(
                AskSupplement,
                AskSupplementRequest {
                    items: items(f),
                    reason: text("reason")
                }
            )
        }
        "CompleteSupplement" => act!(CompleteSupplement, CompleteSupplementRequest {}),
        "AttachDraft" => {
            act!(
                AttachDraft,
                AttachDraftRequest {
                    title: text("title"),
                    content: text("content")
                }
            )
        }
        "SubmitForSignature" => {
            act!(
                SubmitForSignature,
                SubmitForSignatureRequest {
                    draft: text("draft")
                }
            )
        }
        "Sign" => act!(
            Sign,
            SignRequest {
                digest: text("digest")
            }
        ),
        "RefuseToSign" => act!(
            RefuseToSign,
            RefuseToSignRequest {
                reason: text("reason")
            }
        ),
        "RefuseSettlement" => act!(
            RefuseSettlement,
            RefuseSettlementRequest {
                reason: text("reason")
            }
        ),
        "Issue" => act!(
            Issue,
            IssueRequest {
                number: text("number")
            }
        ),
        "ReturnResult" => act!(
            ReturnResult,
            ReturnResultRequest {
                taker: text("taker"),
                way: pb::ReturnWay::Counter.into(),
            }
        ),
        "Withdraw" => act!(
            Withdraw,
            WithdrawRequest {
                reason: text("reason")
            }
        ),
        "Stop" => act!(
            Stop,
            StopRequest {
                reason: text("reason"),
                ground: text("ground")
            }
        ),
        "Extend" => act!(
            Extend,
            ExtendRequest {
                new_due: local(&text("new_due")),
                reason: text("reason")
            }
        ),
        _ => return None,
    })
}

fn items(f: &Fields) -> Vec<pb::SupplementItem> {
    f.text("items")
        .split(';')
        .map(str::trim)
        .filter(|what| !what.is_empty())
        .map(|what| pb::SupplementItem {
            what: what.to_owned(),
        })
        .collect()
}

/// `2026-03-03T17:00` as an instant of Vietnam.
fn local(text: &str) -> Option<prost_types::Timestamp> {
    let local = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M").ok()?;
    let at = FixedOffset::east_opt(7 * 3600)?
        .from_local_datetime(&local)
        .single()?;
    Some(prost_types::Timestamp {
        seconds: at.timestamp(),
        nanos: 0,
    })
}
