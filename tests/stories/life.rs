//! Whole lives, each step by the officer whose it is.

use chrono::{DateTime, TimeDelta, Utc};
use domain::clock::Clock as _;
use domain::working_time::{
    AfterPause, DEFAULT_CUTOFF, Handover, Limit, Mode, Pause, due, national_calendar,
    non_territorial_start,
};
use proto::dossier::v1 as pb;
use proto::dossier::v1::State;
use proto::dossier::v1::dossier_query_service_client::DossierQueryServiceClient;
use testkit::{Engine, Town};
use tonic::Status;

use crate::acts::{Call, act, get, history};
use crate::office::{BIRTH, FIVE_DAYS, MAI_PHU, NO_LIMIT, Office, THANH_SEN, filing};
use crate::record::{lawful, settled, state, stored, told};

pub(crate) fn instant(at: Option<prost_types::Timestamp>) -> Option<DateTime<Utc>> {
    at.and_then(|at| DateTime::from_timestamp(at.seconds, u32::try_from(at.nanos).ok()?))
}

fn promised(days: u16, from: DateTime<Utc>, pauses: &[Pause]) -> DateTime<Utc> {
    let limit = Limit::WorkingDays(days.into());
    let promise = due(&national_calendar(), &limit, Mode::Day, from, pauses);
    promise.unwrap().due
}

/// The history is this one, lawful, and leads where the dossier stands.
async fn assert_life(town: &Town, office: &Office, name: &str, verbs: &[&str], ends: State) {
    let seen = get(&office.head.line, name).await.unwrap();
    assert_eq!(seen.state(), ends);
    assert_eq!(history(&office.head.line, name).await, verbs);
    assert_eq!(lawful(&stored(town, name).await, state(ends)), Ok(()));
}

fn rule(refused: Result<pb::Dossier, Status>) -> String {
    told(&refused.expect_err("a rule refuses"), "rule").1
}

#[tokio::test]
async fn a_birth_is_registered_on_the_day() {
    for engine in Engine::all() {
        let town = Town::start(engine).await;
        let office = Office::open(&town, MAI_PHU).await;
        let start = town.clock.now();
        let seen = office.takes(BIRTH).await;
        assert_eq!((seen.state(), seen.code.as_str()), (State::Checking, ""));
        assert_eq!((seen.due, seen.accepted), (None, None));
        let seen = office.all(&["Accept"], seen).await;
        assert_eq!(seen.code, "H27.TAM.18583-261130-0001");
        let limit = Limit::SameDay {
            cutoff: DEFAULT_CUTOFF,
        };
        let today = due(&national_calendar(), &limit, Mode::Day, start, &[]).unwrap();
        assert_eq!(instant(seen.due), Some(today.due));
        assert_eq!(seen.days_left, Some(0));
        assert_eq!(instant(seen.accepted), Some(start));

        town.clock.advance(TimeDelta::minutes(90));
        let office = Office::open(&town, MAI_PHU).await;
        let to_issue = [
            "Transfer",
            "Receive",
            "Assign",
            "AttachDraft",
            "SubmitForSignature",
            "Sign",
            "Issue",
        ];
        let seen = office.all(&to_issue, seen).await;
        assert_eq!(instant(seen.finished), Some(start + TimeDelta::minutes(90)));
        assert_eq!((seen.returned, seen.days_left), (None, None));
        assert_eq!(seen.result_number, "01/GKS");
        let seen = office.all(&["ReturnResult"], seen).await;
        assert_eq!(instant(seen.returned), Some(start + TimeDelta::minutes(90)));
        assert_eq!(seen.actions, []);
        let verbs = [
            "submitted",
            "submit_at_counter",
            "accept",
            "transfer",
            "receive",
            "assign",
            "draft_attached",
            "submit_for_signature",
            "sign",
            "issue",
            "return_result",
        ];
        assert_life(&town, &office, &seen.name, &verbs, State::Returned).await;
        settled(&town).await;
        assert_eq!(town.violations().await, Vec::<String>::new());
        town.end().await;
    }
}

#[tokio::test]
async fn a_supplement_begins_the_limit_anew() {
    for engine in Engine::all() {
        let town = Town::start(engine).await;
        let office = Office::open(&town, MAI_PHU).await;
        let start = town.clock.now();
        let seen = office.bring(FIVE_DAYS, State::Processing).await;
        assert_eq!(instant(seen.due), Some(promised(5, start, &[])));

        town.clock.advance(TimeDelta::days(1));
        let office = Office::open(&town, MAI_PHU).await;
        let asked = office.all(&["AskSupplement"], seen).await;
        let from = town.clock.now();
        town.clock.advance(TimeDelta::days(3));
        let office = Office::open(&town, MAI_PHU).await;
        let seen = office.all(&["CompleteSupplement"], asked).await;
        let pause = Pause {
            from,
            to: Some(town.clock.now()),
            after: AfterPause::Restart,
        };
        assert_eq!(instant(seen.due), Some(promised(5, start, &[pause])));
        assert!(instant(seen.due) > Some(promised(5, start, &[])));
        let again = office.does("AskSupplement", &seen).await;
        assert_eq!(rule(again), "SECOND_SUPPLEMENT");

        let mut client = DossierQueryServiceClient::new(office.head.line.clone());
        let name = seen.name.clone();
        let why = client
            .explain_due(pb::ExplainDueRequest { name })
            .await
            .unwrap();
        let why = why.into_inner().explanation.unwrap();
        assert_eq!(why.due, seen.due);
        assert_eq!((why.limit.as_str(), why.counted.len()), ("5wd", 5));

        let late = office.bring(FIVE_DAYS, State::Processing).await;
        town.clock.advance(TimeDelta::days(7));
        let office = Office::open(&town, MAI_PHU).await;
        let late = office.does("AskSupplement", &late).await;
        assert_eq!(rule(late), "SUPPLEMENT_TOO_LATE");
        settled(&town).await;
        assert_eq!(town.violations().await, Vec::<String>::new());
        town.end().await;
    }
}

/// From where, by which methods, what the history then says, and how it ends.
const ENDS: [(State, &str, &str, State); 9] = [
    (
        State::AwaitingIntakeSupplement,
        "ExpireIntakeSupplement",
        "expire_intake_supplement",
        State::IntakeRefused,
    ),
    (
        State::AwaitingSupplement,
        "ExpireSupplement",
        "expire_supplement",
        State::Stopped,
    ),
    (
        State::Checking,
        "RefuseIntake",
        "refuse_intake",
        State::IntakeRefused,
    ),
    (State::Checking, "Withdraw", "withdraw", State::Withdrawn),
    (
        State::Checking,
        "UpdateApplicant AskIntakeSupplement ReceiveIntakeSupplement Withdraw",
        "amend ask_intake_supplement receive_intake_supplement withdraw",
        State::Withdrawn,
    ),
    (State::Processing, "Withdraw", "withdraw", State::Withdrawn),
    (State::Processing, "Stop", "stop", State::Stopped),
    (
        State::Processing,
        "RefuseSettlement ReturnResult",
        "refuse_settlement return_result",
        State::Returned,
    ),
    (
        State::Processing,
        "SubmitForSignature RefuseToSign AttachDraft SubmitForSignature Sign",
        "submit_for_signature refuse_to_sign draft_attached submit_for_signature sign",
        State::AwaitingIssue,
    ),
];

#[tokio::test]
async fn lives_end_otherwise_too() {
    for engine in Engine::all() {
        let town = Town::start(engine).await;
        let office = Office::open(&town, MAI_PHU).await;
        for (from, methods, verbs, ends) in ENDS {
            let methods: Vec<_> = methods.split(' ').collect();
            let seen = office.bring(FIVE_DAYS, from).await;
            let begun = history(&office.head.line, &seen.name).await;
            let seen = office.all(&methods, seen).await;
            let begun = begun.iter().map(String::as_str);
            let whole: Vec<_> = begun.chain(verbs.split(' ')).collect();
            assert_life(&town, &office, &seen.name, &whole, ends).await;
        }
        settled(&town).await;
        assert_eq!(town.violations().await, Vec::<String>::new());
        town.end().await;
    }
}

#[tokio::test]
async fn a_new_date_is_appointed_once_in_time_and_forwards() {
    for engine in Engine::all() {
        let town = Town::start(engine).await;
        let office = Office::open(&town, MAI_PHU).await;
        let seen = office.bring(FIVE_DAYS, State::Processing).await;
        let other = office.bring(FIVE_DAYS, State::Processing).await;
        let mut back = Call::on(&seen);
        back.new_due = seen.due;
        let back = act(&office.leader.line, "Extend", &back).await;
        assert_eq!(rule(back), "EXTENSION_BACKWARDS");
        let call = Call::on(&seen);
        let later = act(&office.leader.line, "Extend", &call).await.unwrap();
        assert_eq!(later.due, call.new_due);
        assert_eq!(
            rule(office.does("Extend", &later).await),
            "SECOND_EXTENSION"
        );
        assert!(later.actions.iter().all(|a| a.method != "Extend"));
        let undated = office.bring(NO_LIMIT, State::Processing).await;
        assert_eq!(
            rule(office.does("Extend", &undated).await),
            "NOTHING_TO_EXTEND"
        );

        // On the due day it is too late.
        town.clock.advance(TimeDelta::days(7));
        let office = Office::open(&town, MAI_PHU).await;
        assert_eq!(
            rule(office.does("Extend", &other).await),
            "EXTENSION_TOO_LATE"
        );
        settled(&town).await;
        assert_eq!(town.violations().await, Vec::<String>::new());
        town.end().await;
    }
}

#[tokio::test]
async fn a_misrouted_dossier_comes_back_and_goes_again() {
    for engine in Engine::all() {
        let town = Town::start(engine).await;
        let office = Office::open(&town, MAI_PHU).await;
        let seen = office.bring(FIVE_DAYS, State::InTransit).await;
        let back = office.all(&["ReturnMisrouted"], seen).await;
        assert_eq!(back.state(), State::Accepted);
        let seen = office.all(&["Transfer", "Receive", "Assign"], back).await;
        let verbs = [
            "submitted",
            "submit_at_counter",
            "accept",
            "transfer",
            "return_misrouted",
            "transfer",
            "receive",
            "assign",
        ];
        assert_life(&town, &office, &seen.name, &verbs, State::Processing).await;
        settled(&town).await;
        assert_eq!(town.violations().await, Vec::<String>::new());
        town.end().await;
    }
}

#[tokio::test]
async fn a_dossier_for_another_commune_is_promised_at_once_and_counted_from_receipt() {
    for engine in Engine::all() {
        let town = Town::start(engine).await;
        let (ours, theirs) = (
            Office::open(&town, MAI_PHU).await,
            Office::open(&town, THANH_SEN).await,
        );
        let mut filed = filing(&ours.unit, FIVE_DAYS);
        theirs.unit.clone_into(&mut filed.decider);
        let seen = ours.submit(filed).await.unwrap();
        let seen = ours.all(&["Accept"], seen).await;
        let calendar = national_calendar();
        let latest =
            non_territorial_start(&calendar, &calendar, town.clock.now(), Handover::Electronic);
        let promise = promised(5, latest.unwrap(), &[]);
        assert_eq!(instant(seen.due), Some(promise));
        assert_eq!((&seen.owner, &seen.decider), (&ours.unit, &theirs.unit));

        let seen = ours.all(&["Transfer"], seen).await;
        assert_eq!(seen.owner, theirs.unit);
        town.clock.set("2026-12-02T03:00:00Z");
        let theirs = Office::open(&town, THANH_SEN).await;
        let seen = theirs.all(&["Receive"], seen).await;
        assert_eq!(instant(seen.due), Some(promised(5, town.clock.now(), &[])));
        assert_ne!(instant(seen.due), Some(promise));
        let path = [
            "Assign",
            "AttachDraft",
            "SubmitForSignature",
            "Sign",
            "Issue",
        ];
        let seen = theirs.all(&path, seen).await;
        let ours = Office::open(&town, MAI_PHU).await;
        let seen = ours.all(&["ReturnResult"], seen).await;
        assert_eq!(seen.state(), State::Returned);
        settled(&town).await;
        assert_eq!(town.violations().await, Vec::<String>::new());
        town.end().await;
    }
}

#[tokio::test]
async fn a_case_without_a_published_limit_is_accepted_without_a_date() {
    for engine in Engine::all() {
        let town = Town::start(engine).await;
        let office = Office::open(&town, MAI_PHU).await;
        let seen = office.bring(NO_LIMIT, State::Accepted).await;
        assert!(seen.accepted.is_some() && !seen.code.is_empty());
        assert_eq!((seen.due, seen.days_left), (None, None));
        let seen = office.bring(NO_LIMIT, State::Returned).await;
        assert_eq!((seen.due, seen.state()), (None, State::Returned));
        let mut filed = filing(&office.unit, NO_LIMIT);
        filed.rehearsal = true;
        let seen = office.submit(filed).await.unwrap();
        let seen = office.all(&["Accept"], seen).await;
        assert!(seen.rehearsal);
        assert_eq!(seen.code, "H27.TN.18583-261130-0001");
        settled(&town).await;
        assert_eq!(town.violations().await, Vec::<String>::new());
        town.end().await;
    }
}
