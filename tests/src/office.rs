//! The officers of a unit, and how a dossier gets to a state.

use proto::dossier::v1 as pb;
use proto::dossier::v1::State;
use proto::dossier::v1::dossier_service_client::DossierServiceClient;
use testkit::{Officer, Town};
use tonic::Status;

use crate::acts::{Call, act, get, key};
use crate::record::until;

/// Xã Mai Phụ.
pub const MAI_PHU: &str = "18583";
/// Phường Thành Sen.
pub const THANH_SEN: &str = "18073";
/// Birth registration: due the same day.
pub const BIRTH: &str = "tt-0001";
/// Foreign marriage: five working days, standard process.
pub const FIVE_DAYS: &str = "tt-0010";
/// A case without a published limit.
pub const NO_LIMIT: &str = "tt-0017";

/// A department's case whose published process has steps to complete.
pub const STEPS: &str = "tt-0098";

/// An officer for each desk of a commune.
#[derive(Clone)]
pub struct Office {
    pub unit: String,
    pub counter: Officer,
    pub processing: Officer,
    pub head: Officer,
    pub leader: Officer,
    pub clerk: Officer,
}

impl Office {
    /// Signs everybody of a commune in.
    pub async fn open(town: &Town, code: &str) -> Self {
        let login = |post: &str| format!("{code}.{post}");
        Self {
            unit: format!("units/{code}"),
            counter: town.officer(&login("tiepnhan1")).await,
            processing: town.officer(&login("thuly1")).await,
            head: town.officer(&login("lanhdao1")).await,
            leader: town.officer(&login("chutich")).await,
            clerk: town.officer(&login("vanthu")).await,
        }
    }

    /// The Department of Health, which settles what a commune takes in.
    pub async fn department(town: &Town, commune: &Office) -> Self {
        Self {
            unit: commune.unit.clone(),
            counter: commune.counter.clone(),
            processing: town.officer("42-syt.thuly1").await,
            head: town.officer("42-syt.lanhdao1").await,
            leader: town.officer("42-syt.giamdoc").await,
            clerk: town.officer("42-syt.vanthu").await,
        }
    }

    /// The same department where its head has the step.
    #[must_use]
    pub fn reviewing(&self) -> Self {
        Self {
            processing: self.head.clone(),
            ..self.clone()
        }
    }

    /// A fresh dossier of the department on the first of its steps.
    pub async fn at_step(&self) -> pb::Dossier {
        let path = ["Accept", "Transfer", "Receive", "Assign"];
        self.all(&path, self.takes(STEPS).await).await
    }

    /// With a draft on the step after it, which the head has.
    pub async fn at_review(&self) -> pb::Dossier {
        let path = ["AttachDraft", "CompleteStep"];
        self.all(&path, self.at_step().await).await
    }

    /// Who does it here.
    pub fn who(&self, method: &str) -> &Officer {
        match method {
            "Assign" => &self.head,
            "CompleteStep" | "AskSupplement" | "CompleteSupplement" | "SubmitForSignature"
            | "AttachDraft" | "SendBack" => &self.processing,
            "Sign" | "RefuseToSign" | "RefuseSettlement" | "Stop" | "Extend"
            | "ExpireSupplement" => &self.leader,
            "Issue" | "Receive" | "ReturnMisrouted" => &self.clerk,
            _ => &self.counter,
        }
    }

    /// As [`Office::who`], in a state: an accepted dossier is withdrawn by a head.
    pub fn who_in(&self, method: &str, state: State) -> &Officer {
        let early = matches!(
            state,
            State::AwaitingReception | State::Checking | State::AwaitingIntakeSupplement
        );
        if method == "Withdraw" && !early {
            &self.head
        } else {
            self.who(method)
        }
    }

    /// Does it, by whoever does it here.
    pub async fn does(&self, method: &str, seen: &pb::Dossier) -> Result<pb::Dossier, Status> {
        let call = Call::on(seen).to(&self.processing.name);
        act(&self.who_in(method, seen.state()).line, method, &call).await
    }

    /// Does one after the other.
    pub async fn all(&self, methods: &[&str], mut seen: pb::Dossier) -> pb::Dossier {
        for method in methods {
            seen = self
                .does(method, &seen)
                .await
                .unwrap_or_else(|status| panic!("{method} in {:?}: {status:?}", seen.state()));
        }
        seen
    }

    /// Takes a dossier of a case in, for itself.
    pub async fn takes(&self, case: &str) -> pb::Dossier {
        let filed = filing(&self.unit, case);
        self.submit(filed).await.expect("a dossier is taken in")
    }

    pub async fn submit(&self, filed: pb::SubmitRequest) -> Result<pb::Dossier, Status> {
        let mut client = DossierServiceClient::new(self.counter.line.clone());
        let answer = client.submit(filed).await?.into_inner();
        let mut dossier = answer.dossier.expect("a dossier in the answer");
        // Where workflow was too busy to open it at once, it is opened soon.
        let (line, name) = (&self.counter.line, dossier.name.clone());
        until("it is opened", async || {
            if dossier.state() == State::Draft {
                dossier = get(line, &name).await.expect("one's own dossier");
            }
            dossier.state() != State::Draft
        })
        .await;
        Ok(dossier)
    }

    /// A fresh dossier of a case, brought to a state.
    pub async fn bring(&self, case: &str, state: State) -> pb::Dossier {
        self.all(path(state), self.takes(case).await).await
    }
}

/// How a counter dossier of the standard process gets to a state.
fn path(state: State) -> &'static [&'static str] {
    const WHOLE: [&str; 9] = [
        "Accept",
        "Transfer",
        "Receive",
        "Assign",
        "AttachDraft",
        "SubmitForSignature",
        "Sign",
        "Issue",
        "ReturnResult",
    ];
    let states = [
        State::Checking,
        State::Accepted,
        State::InTransit,
        State::AwaitingAssignment,
        State::Processing,
        State::Processing,
        State::AwaitingSignature,
        State::AwaitingIssue,
        State::ResultReady,
        State::Returned,
    ];
    let whole: &'static [&'static str] = &WHOLE;
    match states.iter().rposition(|s| *s == state) {
        Some(acts) => &whole[..acts],
        None if state == State::AwaitingIntakeSupplement => &["AskIntakeSupplement"],
        None if state == State::AwaitingSupplement => {
            &["Accept", "Transfer", "Receive", "Assign", "AskSupplement"]
        }
        None => panic!("no path to {state:?}"),
    }
}

/// An applicant who could be.
pub fn applicant(full_name: &str) -> pb::Applicant {
    pb::Applicant {
        full_name: full_name.to_owned(),
        id_number: "003090000001".to_owned(),
        birth_date: "1990-05-17".to_owned(),
        phone: "0912345678".to_owned(),
        email: "nguoi.nop@example.vn".to_owned(),
        address: "Thôn Vận Hành, xã Thử Nghiệm".to_owned(),
    }
}

/// One original of a part.
pub fn part(number: i32) -> pb::Part {
    pb::Part {
        number,
        originals: 1,
        ..pb::Part::default()
    }
}

/// A filing that is right in every field.
pub fn filing(receiver: &str, case: &str) -> pb::SubmitRequest {
    pb::SubmitRequest {
        request_id: key(),
        receiver: receiver.to_owned(),
        decider: String::new(),
        case: format!("cases/{case}"),
        applicant: Some(applicant("Nguyễn Văn Đường")),
        parts: vec![part(1)],
        channel: pb::Channel::Counter.into(),
        rehearsal: false,
    }
}
