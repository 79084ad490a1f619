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

use super::cast::{CastError, Officer};
use super::kinds::{End, Kind, Move};
use super::patience::{self, TRIES};

/// A life takes fewer acts than this; a process has at most a dozen steps.
const MOST_ACTS: usize = 60;

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
    /// It cannot begin.
    #[error(transparent)]
    Cast(#[from] CastError),
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
    pub(crate) officers: &'a [&'a Officer],
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
    /// Who asked, `people/{uuid}`.
    pub(crate) person: String,
}

/// What every call carries.
struct Asked {
    client: DossierServiceClient<Channel>,
    access: String,
    request_id: String,
    name: String,
    etag: String,
}

macro_rules! call {
    ($asked:ident, $call:ident, $request:ident { $($field:ident: $value:expr),* $(,)? }) => {{
        let Asked { mut client, access, request_id, name, etag } = $asked;
        let request = pb::$request { request_id, name, etag, $($field: $value),* };
        client.$call(bearing(&access, request)?).await?.into_inner().dossier
    }};
}

impl Life<'_> {
    /// Walks the life and answers the dossier at its end.
    pub(crate) async fn walk(&self, filed: pb::SubmitRequest) -> Result<pb::Dossier, Miss> {
        let mut dossier = self.submit(filed).await?;
        let mut supplemented = false;
        for nth in 1..MOST_ACTS {
            let state = dossier.state();
            let next = self
                .kind
                .next(state, supplemented)
                .ok_or(Miss::Stuck(state))?;
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

    /// Files a dossier and waits until its process is open.
    pub(crate) async fn submit(&self, filed: pb::SubmitRequest) -> Result<pb::Dossier, Miss> {
        let officer = self.officers.first().ok_or(Miss::Nobody {
            act: "Submit",
            state: State::Draft,
        })?;
        let request_id = self.key(0, "Submit");
        let filed = pb::SubmitRequest {
            request_id: request_id.to_string(),
            ..filed
        };
        let dossier = persist("Submit", || async {
            let mut client = DossierServiceClient::new(self.channel.clone());
            let access = officer.access().await?;
            let answer = client
                .submit(bearing(&access, filed.clone())?)
                .await?
                .into_inner();
            answer
                .dossier
                .ok_or_else(|| Status::not_found("no dossier in the answer"))
        })
        .await?;
        self.tell("Submit", &dossier.name, request_id, officer)
            .await?;
        self.opened(officer, dossier).await
    }

    /// A server that died after it stored the file, before its process was opened,
    /// opens it when it is back.
    async fn opened(&self, officer: &Officer, filed: pb::Dossier) -> Result<pb::Dossier, Miss> {
        let mut dossier = filed;
        for _ in 0..TRIES {
            // A file without a process has no state to tell.
            if !matches!(dossier.state(), State::Unspecified | State::Draft) {
                break;
            }
            patience::pause().await;
            dossier = self.read(officer, &dossier.name).await?.unwrap_or(dossier);
        }
        Ok(dossier)
    }

    /// The dossier as an officer sees it, if that officer sees it.
    async fn read(&self, officer: &Officer, name: &str) -> Result<Option<pb::Dossier>, Miss> {
        persist("GetDossier", || async {
            let mut client = DossierQueryServiceClient::new(self.channel.clone());
            let asked = pb::GetDossierRequest {
                name: name.to_owned(),
            };
            match client
                .get_dossier(bearing(&officer.access().await?, asked)?)
                .await
            {
                Ok(answer) => Ok(answer.into_inner().dossier),
                Err(status) if status.code() == Code::NotFound => Ok(None),
                Err(status) => Err(status),
            }
        })
        .await
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
        let nobody = Miss::Nobody {
            act: method,
            state: dossier.state(),
        };
        let (officer, seen) = self.who(method, dossier).await?.ok_or(nobody)?;
        let request_id = self.key(nth, method);
        let after = persist(method, || self.call(method, officer, &seen, request_id)).await?;
        self.tell(method, &dossier.name, request_id, officer)
            .await?;
        Ok(after)
    }

    /// Tells of an act that was acknowledged.
    async fn tell(
        &self,
        method: &'static str,
        dossier: &str,
        request_id: Uuid,
        officer: &Officer,
    ) -> Result<(), Miss> {
        let person = persist("SignIn", || officer.person()).await?;
        (self.acknowledged)(&Act {
            method,
            dossier: dossier.to_owned(),
            request_id,
            person,
        });
        Ok(())
    }

    /// The first officer who may do this now, and the dossier as that officer
    /// sees it.
    async fn who(
        &self,
        method: &'static str,
        dossier: &pb::Dossier,
    ) -> Result<Option<(&Officer, pb::Dossier)>, Miss> {
        for officer in self.officers.iter().copied() {
            let seen = self.read(officer, &dossier.name).await?;
            if let Some(seen) = seen.filter(|d| d.actions.iter().any(|a| a.method == method)) {
                return Ok(Some((officer, seen)));
            }
        }
        Ok(None)
    }

    fn key(&self, nth: usize, method: &str) -> Uuid {
        Uuid::new_v5(&self.seed, format!("{nth}/{method}").as_bytes())
    }

    /// One act on a dossier as it was seen, once.
    pub(crate) async fn call(
        &self,
        method: &'static str,
        officer: &Officer,
        seen: &pb::Dossier,
        request_id: Uuid,
    ) -> Result<pb::Dossier, Status> {
        let asked = Asked {
            client: DossierServiceClient::new(self.channel.clone()),
            access: officer.access().await?,
            request_id: request_id.to_string(),
            name: seen.name.clone(),
            etag: seen.etag.clone(),
        };
        let after = match method {
            "RefuseIntake" => {
                call!(
                    asked,
                    refuse_intake,
                    RefuseIntakeRequest {
                        reason: reason(),
                        ground: reason()
                    }
                )
            }
            "Accept" => call!(asked, accept, AcceptRequest {}),
            "Transfer" => call!(asked, transfer, TransferRequest {}),
            "Receive" => call!(asked, receive, ReceiveRequest {}),
            "Assign" => call!(
                asked,
                assign,
                AssignRequest {
                    person: self.assignee(officer).await?
                }
            ),
            "CompleteStep" => call!(
                asked,
                complete_step,
                CompleteStepRequest {
                    note: String::new()
                }
            ),
            "ReturnResult" => call!(
                asked,
                return_result,
                ReturnResultRequest {
                    taker: "Người nhận thử nghiệm".into(),
                    way: pb::ReturnWay::Counter.into(),
                }
            ),
            "Withdraw" => call!(asked, withdraw, WithdrawRequest { reason: reason() }),
            in_settlement => settle(in_settlement, asked, seen).await?,
        };
        after.ok_or_else(|| Status::not_found("no dossier in the answer"))
    }

    /// The work is given to the last of the officers: the decider's processing
    /// one.
    async fn assignee(&self, assigning: &Officer) -> Result<String, Status> {
        self.officers
            .last()
            .copied()
            .unwrap_or(assigning)
            .person()
            .await
    }
}

/// The acts of settlement.
async fn settle(
    method: &'static str,
    asked: Asked,
    seen: &pb::Dossier,
) -> Result<Option<pb::Dossier>, Status> {
    let draft = seen.drafts.last().cloned().unwrap_or_default();
    Ok(match method {
        "AskSupplement" => call!(
            asked,
            ask_supplement,
            AskSupplementRequest {
                items: vec![pb::SupplementItem {
                    what: "Giấy tờ bổ sung thử nghiệm".into()
                }],
                reason: reason(),
            }
        ),
        "CompleteSupplement" => call!(asked, complete_supplement, CompleteSupplementRequest {}),
        "AttachDraft" => call!(
            asked,
            attach_draft,
            AttachDraftRequest {
                title: "Dự thảo kết quả".into(),
                content: format!("Kết quả thử nghiệm của {}", seen.case_title),
            }
        ),
        "SubmitForSignature" => call!(
            asked,
            submit_for_signature,
            SubmitForSignatureRequest { draft: draft.id }
        ),
        "Sign" => call!(
            asked,
            sign,
            SignRequest {
                digest: draft.digest,
            }
        ),
        "Issue" => call!(
            asked,
            issue,
            IssueRequest {
                number: "01/TN".into()
            }
        ),
        other => return Err(Status::unimplemented(other)),
    })
}

fn reason() -> String {
    "Vận hành thử nghiệm".to_owned()
}

/// A request in an officer's name.
pub(crate) fn bearing<T>(access: &str, message: T) -> Result<Request<T>, Status> {
    let mut request = Request::new(message);
    request.set_timeout(Duration::from_secs(20));
    let value = MetadataValue::try_from(format!("Bearer {access}"))
        .map_err(|_| Status::unauthenticated("the token is not a header value"))?;
    request.metadata_mut().insert("authorization", value);
    Ok(request)
}

/// Whether the settlement ended by its due instant; none without an appointment
/// or without a settlement.
pub(crate) fn on_time(dossier: &pb::Dossier) -> Option<bool> {
    let at = |stamp: &prost_types::Timestamp| (stamp.seconds, stamp.nanos);
    let (due, finished) = (dossier.due.as_ref()?, dossier.finished.as_ref()?);
    Some(at(finished) <= at(due))
}

async fn persist<T, F: Future<Output = Result<T, Status>>>(
    act: &'static str,
    ask: impl Fn() -> F,
) -> Result<T, Miss> {
    let refused = |status| Miss::Refused {
        act,
        status: Box::new(status),
    };
    patience::persist(ask).await.map_err(refused)
}
