//! Walks one dossier's life through the public contract: at each state the kind
//! says what is done, and the officer who may do it does it.

use std::time::Duration;

use proto::dossier::v1 as pb;
use proto::dossier::v1::State;
use proto::dossier::v1::dossier_query_service_client::DossierQueryServiceClient;
use proto::dossier::v1::dossier_service_client::DossierServiceClient;
use runtime::client::Channel;
use tonic::metadata::MetadataValue;
use tonic::{Code, Request, Status};
use uuid::Uuid;

use super::kinds::{End, Kind, Move};

/// An officer who is signed in.
#[derive(Clone, Debug)]
pub(crate) struct Officer {
    /// `people/{uuid}`.
    pub(crate) person: String,
    /// The access token.
    pub(crate) access: String,
}

/// A life takes fewer acts than this; a process has at most a dozen steps.
const MOST_ACTS: usize = 60;
/// A server that is being restarted is back within this many tries.
const TRIES: u32 = 60;

/// Why a life did not end as it must.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Miss {
    /// A service refused.
    #[error("{act}: {status}")]
    Refused {
        /// What was asked.
        act: &'static str,
        /// The answer.
        status: Box<Status>,
    },
    /// The kind has no move in this state.
    #[error("no move in state {0:?}")]
    Stuck(State),
    /// No officer of the unit may do what comes next.
    #[error("nobody may {act} in state {state:?}")]
    Nobody {
        /// What comes next.
        act: &'static str,
        /// The state.
        state: State,
    },
    /// It ended another way.
    #[error("ended as {0:?}")]
    WrongEnd(End),
}

/// One life: what is filed and who acts.
pub(crate) struct Life<'a> {
    /// The kind.
    pub(crate) kind: Kind,
    /// The dossier service.
    pub(crate) channel: Channel,
    /// Officers who may have a part in it, those of the receiver first.
    pub(crate) officers: &'a [Officer],
    /// All request ids of this life derive from it: a life that is walked again
    /// after a crash repeats none of its acts.
    pub(crate) seed: Uuid,
    /// Told of every acknowledged act.
    pub(crate) acknowledged: &'a (dyn Fn(&Act) + Sync),
}

/// An acknowledged act.
#[derive(Debug)]
pub(crate) struct Act {
    /// The method.
    pub(crate) method: &'static str,
    /// `dossiers/{uuid}`.
    pub(crate) dossier: String,
    /// The key under which it was asked.
    pub(crate) request_id: Uuid,
}

impl Life<'_> {
    /// Walks the life and answers the dossier at its end.
    pub(crate) async fn walk(&self, filed: pb::SubmitRequest) -> Result<pb::Dossier, Miss> {
        let mut dossier = self.submit(filed).await?;
        let mut supplemented = false;
        for nth in 1..MOST_ACTS {
            let state = dossier.state();
            let next = self.kind.next(state, supplemented).ok_or(Miss::Stuck(state))?;
            dossier = match next {
                Move::Over(end) if end == self.kind.end() => return Ok(dossier),
                Move::Over(end) => return Err(Miss::WrongEnd(end)),
                Move::Do(method) => {
                    supplemented |= method == "AskSupplement";
                    self.act(nth, method, &dossier).await?
                }
                Move::Work => self.work(nth, &dossier).await?,
            };
        }
        Err(Miss::Stuck(dossier.state()))
    }

    async fn submit(&self, filed: pb::SubmitRequest) -> Result<pb::Dossier, Miss> {
        let officer = self.officers.first().ok_or(Miss::Nobody { act: "Submit", state: State::Draft })?;
        let request_id = self.key(0, "Submit");
        let filed = pb::SubmitRequest { request_id: request_id.to_string(), ..filed };
        let dossier = persist("Submit", || async {
            let mut client = DossierServiceClient::new(self.channel.clone());
            let answer = client.submit(bearing(officer, filed.clone())?).await?.into_inner();
            answer.dossier.ok_or_else(|| Status::not_found("no dossier in the answer"))
        })
        .await?;
        (self.acknowledged)(&Act { method: "Submit", dossier: dossier.name.clone(), request_id });
        Ok(dossier)
    }

    /// Completes the step; where only the signature is left, drafts and submits.
    async fn work(&self, nth: usize, dossier: &pb::Dossier) -> Result<pb::Dossier, Miss> {
        if self.who("CompleteStep", dossier).await?.is_some() {
            return self.act(nth, "CompleteStep", dossier).await;
        }
        if dossier.drafts.is_empty() {
            return self.act(nth, "AttachDraft", dossier).await;
        }
        self.act(nth, "SubmitForSignature", dossier).await
    }

    async fn act(
        &self,
        nth: usize,
        method: &'static str,
        dossier: &pb::Dossier,
    ) -> Result<pb::Dossier, Miss> {
        let nobody = Miss::Nobody { act: method, state: dossier.state() };
        let (officer, seen) = self.who(method, dossier).await?.ok_or(nobody)?;
        let request_id = self.key(nth, method);
        let after = persist(method, || self.call(method, officer, &seen, request_id)).await?;
        (self.acknowledged)(&Act { method, dossier: dossier.name.clone(), request_id });
        Ok(after)
    }

    /// The first officer who may do this now, and the dossier as that officer
    /// sees it.
    async fn who(
        &self,
        method: &'static str,
        dossier: &pb::Dossier,
    ) -> Result<Option<(&Officer, pb::Dossier)>, Miss> {
        for officer in self.officers {
            let seen = persist("GetDossier", || async {
                let mut client = DossierQueryServiceClient::new(self.channel.clone());
                let asked = pb::GetDossierRequest { name: dossier.name.clone() };
                match client.get_dossier(bearing(officer, asked)?).await {
                    Ok(answer) => Ok(answer.into_inner().dossier),
                    Err(status) if status.code() == Code::NotFound => Ok(None),
                    Err(status) => Err(status),
                }
            })
            .await?;
            if let Some(seen) = seen.filter(|d| d.actions.iter().any(|a| a.method == method)) {
                return Ok(Some((officer, seen)));
            }
        }
        Ok(None)
    }

    fn key(&self, nth: usize, method: &str) -> Uuid {
        Uuid::new_v5(&self.seed, format!("{nth}/{method}").as_bytes())
    }

    async fn call(
        &self,
        method: &'static str,
        officer: &Officer,
        seen: &pb::Dossier,
        request_id: Uuid,
    ) -> Result<pb::Dossier, Status> {
        let mut client = DossierServiceClient::new(self.channel.clone());
        let (request_id, name, etag) = (request_id.to_string(), seen.name.clone(), seen.etag.clone());
        let reason = || "Vận hành thử nghiệm".to_owned();
        macro_rules! call {
            ($call:ident, $request:ident { $($field:ident: $value:expr),* $(,)? }) => {
                client
                    .$call(bearing(officer, pb::$request { request_id, name, etag, $($field: $value),* })?)
                    .await?
                    .into_inner()
                    .dossier
            };
        }
        let after = match method {
            "RefuseIntake" => {
                call!(refuse_intake, RefuseIntakeRequest { reason: reason(), ground: reason() })
            }
            "Accept" => call!(accept, AcceptRequest {}),
            "Transfer" => call!(transfer, TransferRequest {}),
            "Receive" => call!(receive, ReceiveRequest {}),
            "Assign" => call!(assign, AssignRequest { person: self.assignee(officer) }),
            "CompleteStep" => call!(complete_step, CompleteStepRequest { note: String::new() }),
            "AskSupplement" => call!(ask_supplement, AskSupplementRequest {
                items: vec![pb::SupplementItem { what: "Giấy tờ bổ sung thử nghiệm".into() }],
                reason: reason(),
            }),
            "CompleteSupplement" => call!(complete_supplement, CompleteSupplementRequest {}),
            "AttachDraft" => call!(attach_draft, AttachDraftRequest {
                title: "Dự thảo kết quả".into(),
                content: format!("Kết quả thử nghiệm của {name_of}", name_of = seen.case_title),
            }),
            "SubmitForSignature" => call!(submit_for_signature, SubmitForSignatureRequest {
                draft: seen.drafts.last().map(|d| d.id.clone()).unwrap_or_default(),
            }),
            "Sign" => call!(sign, SignRequest {
                digest: seen.drafts.last().map(|d| d.digest.clone()).unwrap_or_default(),
            }),
            "Issue" => call!(issue, IssueRequest { number: "01/TN".into() }),
            "ReturnResult" => call!(return_result, ReturnResultRequest {
                taker: "Người nhận thử nghiệm".into(),
                way: pb::ReturnWay::Counter.into(),
            }),
            "Withdraw" => call!(withdraw, WithdrawRequest { reason: reason() }),
            other => return Err(Status::unimplemented(other)),
        };
        after.ok_or_else(|| Status::not_found("no dossier in the answer"))
    }

    /// Whoever assigns gives the work to the first officer who is not a leader
    /// of the same desk: the list is ordered so that this is a processing one.
    fn assignee(&self, assigning: &Officer) -> String {
        self.officers
            .iter()
            .rev()
            .find(|o| o.person != assigning.person)
            .map_or_else(|| assigning.person.clone(), |o| o.person.clone())
    }
}

fn bearing<T>(officer: &Officer, message: T) -> Result<Request<T>, Status> {
    let mut request = Request::new(message);
    request.set_timeout(Duration::from_secs(20));
    let value = MetadataValue::try_from(format!("Bearer {}", officer.access))
        .map_err(|_| Status::unauthenticated("the token is not a header value"))?;
    request.metadata_mut().insert("authorization", value);
    Ok(request)
}

/// Asks again, with the same key, while the service is away.
async fn persist<T, F: Future<Output = Result<T, Status>>>(
    act: &'static str,
    ask: impl Fn() -> F,
) -> Result<T, Miss> {
    let mut tries = 0;
    loop {
        match ask().await {
            Ok(answer) => return Ok(answer),
            Err(status) if away(&status) && tries < TRIES => {
                tries += 1;
                tokio::time::timeout(Duration::from_millis(500), std::future::pending::<()>())
                    .await
                    .unwrap_or_default();
            }
            Err(status) => return Err(Miss::Refused { act, status: Box::new(status) }),
        }
    }
}

/// A broken connection has no answer of its own: tonic calls it unknown.
fn away(status: &Status) -> bool {
    matches!(status.code(), Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled)
        || (status.code() == Code::Unknown && std::error::Error::source(status).is_some())
}
