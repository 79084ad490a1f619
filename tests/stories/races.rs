//! Every pair of verbs that are lawful in one state, raced on one dossier.

use std::collections::BTreeMap;

use futures::stream::{StreamExt as _, iter};
use proto::account::v1::auth_service_client::AuthServiceClient;
use proto::account::v1::provisioning_service_client::ProvisioningServiceClient;
use proto::account::v1::{PartnerTokenRequest, RegisterPartnerRequest};
use proto::dossier::v1 as pb;
use proto::dossier::v1::State;
use proto::gateway::v1::FileDossierRequest;
use proto::gateway::v1::partner_service_client::PartnerServiceClient;
use runtime::client::Channel;
use runtime::failure::Reason;
use testkit::{Engine, Town};
use tonic::Status;

use crate::acts::{Call, act, get, key};
use crate::office::{FIVE_DAYS, MAI_PHU, Office, applicant, part};
use crate::record::{lawful, settled, state, stored, told};

/// How often each ordered pair is raced.
const REPEATS: usize = 2;
/// How many dossiers are under way at once.
const AT_ONCE: usize = 16;

/// Where a race begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Start {
    /// A counter dossier of the standard process in a state.
    Standard(State),
    /// A dossier that a partner filed online.
    Online,
    /// In settlement, on a step that is not the last.
    Step,
    /// In settlement, on the last step, which is not the first.
    Review,
}

/// Each start with the methods that are lawful there: those of the state table
/// that have a method, and those of the file itself.
const STARTS: [(Start, &[&str]); 13] = [
    (
        Start::Online,
        &[
            "AskIntakeSupplement",
            "RefuseIntake",
            "Accept",
            "Withdraw",
            "UpdateApplicant",
        ],
    ),
    (
        Start::Standard(State::Checking),
        &[
            "AskIntakeSupplement",
            "RefuseIntake",
            "Accept",
            "Withdraw",
            "UpdateApplicant",
        ],
    ),
    (
        Start::Standard(State::AwaitingIntakeSupplement),
        &[
            "ReceiveIntakeSupplement",
            "ExpireIntakeSupplement",
            "Withdraw",
            "UpdateApplicant",
        ],
    ),
    (
        Start::Standard(State::Accepted),
        &["Transfer", "Withdraw", "Stop", "Extend"],
    ),
    (
        Start::Standard(State::InTransit),
        &["Receive", "ReturnMisrouted", "Withdraw", "Stop", "Extend"],
    ),
    (
        Start::Standard(State::AwaitingAssignment),
        &["Assign", "Withdraw", "Stop", "Extend"],
    ),
    (
        Start::Standard(State::Processing),
        &[
            "Assign",
            "AskSupplement",
            "SubmitForSignature",
            "RefuseSettlement",
            "AttachDraft",
            "Withdraw",
            "Stop",
            "Extend",
        ],
    ),
    (
        Start::Step,
        &[
            "Assign",
            "AskSupplement",
            "CompleteStep",
            "RefuseSettlement",
            "AttachDraft",
            "Withdraw",
            "Stop",
            "Extend",
        ],
    ),
    (
        Start::Review,
        &[
            "Assign",
            "AskSupplement",
            "SendBack",
            "SubmitForSignature",
            "RefuseSettlement",
            "AttachDraft",
            "Withdraw",
            "Stop",
            "Extend",
        ],
    ),
    (
        Start::Standard(State::AwaitingSupplement),
        &[
            "CompleteSupplement",
            "ExpireSupplement",
            "Withdraw",
            "Stop",
            "Extend",
        ],
    ),
    (
        Start::Standard(State::AwaitingSignature),
        &["Sign", "RefuseToSign", "Withdraw", "Stop", "Extend"],
    ),
    (
        Start::Standard(State::AwaitingIssue),
        &["Issue", "Stop", "Extend"],
    ),
    (Start::Standard(State::ResultReady), &["ReturnResult"]),
];

/// Who takes part.
struct Stage {
    commune: Office,
    department: Office,
    reviewing: Office,
    partner: Channel,
}

impl Stage {
    async fn set(town: &Town) -> Self {
        let commune = Office::open(town, MAI_PHU).await;
        let department = Office::department(town, &commune).await;
        Self {
            reviewing: department.reviewing(),
            department,
            partner: partner(town).await,
            commune,
        }
    }

    fn office(&self, start: Start) -> &Office {
        match start {
            Start::Step => &self.department,
            Start::Review => &self.reviewing,
            Start::Standard(_) | Start::Online => &self.commune,
        }
    }

    async fn fresh(&self, start: Start) -> pb::Dossier {
        match start {
            Start::Standard(state) => self.commune.bring(FIVE_DAYS, state).await,
            Start::Online => {
                let name = file_online(&self.partner, &self.commune.unit).await;
                let line = &self.commune.counter.line;
                get(line, &name).await.expect("an online dossier is there")
            }
            Start::Step => self.department.at_step().await,
            Start::Review => self.department.at_review().await,
        }
    }
}

async fn partner(town: &Town) -> Channel {
    let client_id = "cong-dich-vu".to_owned();
    let mut operator = ProvisioningServiceClient::new(town.operator());
    let request = RegisterPartnerRequest {
        request_id: key(),
        client_id: client_id.clone(),
        scopes: vec!["dossier.file".to_owned()],
    };
    let secret = operator.register_partner(request).await.expect("a partner");
    let mut auth = AuthServiceClient::new(town.door.clone());
    let request = PartnerTokenRequest {
        client_id,
        client_secret: secret.into_inner().client_secret,
    };
    let token = auth.partner_token(request).await.expect("a token");
    town.with_token(&token.into_inner().access)
}

async fn file_online(partner: &Channel, receiver: &str) -> String {
    let request = FileDossierRequest {
        request_id: key(),
        partner_id: key(),
        partner_revision: 1,
        receiver: receiver.to_owned(),
        case: format!("cases/{FIVE_DAYS}"),
        applicant: Some(applicant("Lê Thị Trực Tuyến")),
        parts: vec![part(1)],
    };
    let mut client = PartnerServiceClient::new(partner.clone());
    let filed = client
        .file_dossier(request)
        .await
        .expect("an online filing");
    filed.into_inner().name
}

/// Of two at once each is done, or told why not; what is left is lawful.
async fn race(
    town: &Town,
    office: &Office,
    (one, other): (&'static str, &'static str),
    seen: &pb::Dossier,
) -> (usize, String) {
    let calls = [one, other].map(|_| Call::on(seen).to(&office.processing.name));
    let [first, second] = [one, other].map(|m| &office.who_in(m, seen.state()).line);
    let (a, b) = tokio::join!(act(first, one, &calls[0]), act(second, other, &calls[1]));
    let step = &seen.step_label;
    let what = format!("{one} against {other} in {:?} ({step})", seen.state());
    let done = [&a, &b].into_iter().filter(|answer| answer.is_ok()).count();
    assert!(done > 0, "{what}: neither {a:?} nor {b:?}");
    for refused in [a, b].into_iter().filter_map(Result::err) {
        assert!(is_fair(&refused), "{what}: {refused:?}");
    }
    let events = stored(town, &seen.name).await;
    let now = get(&office.counter.line, &seen.name).await.unwrap();
    let holds = lawful(&events, state(now.state()));
    assert_eq!(holds, Ok(()), "{what}: {events:?}");
    (done, what)
}

fn is_fair(refused: &Status) -> bool {
    let fair = [
        Reason::StaleEtag,
        Reason::WrongState,
        Reason::RuleRefuses,
        Reason::Denied,
    ];
    fair.contains(&told(refused, "").0)
}

#[tokio::test]
async fn every_pair_of_verbs_raced_on_one_dossier_ends_in_one_lawful_history() {
    for engine in Engine::all() {
        let town = Town::start(engine).await;
        let stage = Stage::set(&town).await;
        let (mut races, mut both) = (0, 0);
        let mut tally: BTreeMap<String, usize> = BTreeMap::new();
        for (start, methods) in STARTS {
            let pairs: Vec<_> = methods
                .iter()
                .flat_map(|one| methods.iter().map(move |other| (*one, *other)))
                .flat_map(|pair| [pair; REPEATS])
                .collect();
            let office = stage.office(start);
            let outcomes: Vec<_> = iter(pairs)
                .map(async |pair| {
                    let seen = stage.fresh(start).await;
                    race(&town, office, pair, &seen).await
                })
                .buffer_unordered(AT_ONCE)
                .collect()
                .await;
            for (done, what) in outcomes {
                races += 1;
                both += usize::from(done == 2);
                *tally.entry(what).or_default() += 1;
            }
        }
        assert!(tally.values().all(|n| n % REPEATS == 0));
        println!(
            "{engine:?}: {} ordered pairs in {} states, each {REPEATS} times: {races} races, {both} in which both were done",
            tally.len(),
            STARTS.len(),
        );
        settled(&town).await;
        assert_eq!(town.violations().await, Vec::<String>::new());
        town.end().await;
    }
}

/// A hand-made history.
fn told_as(names: &[&str]) -> Vec<(i64, String)> {
    (1..).zip(names.iter().map(|n| (*n).to_owned())).collect()
}

#[test]
fn an_unlawful_history_would_be_noticed() {
    use domain::dossier::State as Legal;
    let fine = told_as(&[
        "submitted",
        "submit_at_counter",
        "amend",
        "accept",
        "transfer",
    ]);
    assert_eq!(lawful(&fine, Legal::InTransit), Ok(()));

    let twice = told_as(&["submitted", "submit_at_counter", "accept", "accept"]);
    let both = told_as(&["submitted", "submit_at_counter", "withdraw", "accept"]);
    let unknown = told_as(&["submitted", "submit_at_counter", "vanish"]);
    let headless = told_as(&["submit_at_counter", "accept"]);
    let mut gap = fine.clone();
    gap.remove(2);
    let mut doubled = fine.clone();
    doubled[4].0 = 4;
    for (what, history, ends) in [
        ("accepted twice", &twice, Legal::Accepted),
        ("withdrawn and accepted", &both, Legal::Accepted),
        ("an unknown verb", &unknown, Legal::Checking),
        ("no beginning", &headless, Legal::Accepted),
        ("a version is missing", &gap, Legal::InTransit),
        ("a version came twice", &doubled, Legal::InTransit),
        ("it stands elsewhere", &fine, Legal::Withdrawn),
    ] {
        assert!(lawful(history, ends).is_err(), "{what}");
    }
}

/// `ask_supplement` as `AskSupplement`.
fn camel(name: &str) -> String {
    let word = |word: &str| [&word[..1].to_uppercase(), &word[1..]].concat();
    name.split('_').map(word).collect()
}

#[test]
fn every_lawful_verb_with_a_method_is_raced() {
    use domain::dossier::{Verb, next};
    let mut missing = Vec::new();
    for (start, methods) in STARTS {
        let stands = match start {
            Start::Standard(at) => state(at),
            Start::Online => domain::dossier::State::AwaitingReception,
            Start::Step | Start::Review => domain::dossier::State::Processing,
        };
        for verb in Verb::ALL {
            let method = if verb == Verb::Amend {
                "UpdateApplicant".to_owned()
            } else {
                camel(verb.name())
            };
            let reachable = crate::acts::METHODS.contains(&method.as_str());
            // A step is completed or, where it is the last, submitted; the first
            // has none to go back to.
            let elsewhere = match start {
                Start::Step => ["SubmitForSignature", "SendBack"].contains(&method.as_str()),
                Start::Review => method == "CompleteStep",
                Start::Standard(_) | Start::Online => {
                    ["CompleteStep", "SendBack"].contains(&method.as_str())
                }
            };
            let raced = methods.contains(&method.as_str()) || elsewhere;
            if reachable && next(stands, verb).is_some() && !raced {
                missing.push(format!("{method} in {start:?}"));
            }
        }
    }
    assert_eq!(missing, Vec::<String>::new());
}
