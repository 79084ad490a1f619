//! What the state, the post or a colleague forbids is told so, and nothing is
//! written.

use std::collections::BTreeMap;

use proto::dossier::v1 as pb;
use testkit::{Engine, Town};
use tonic::Code;

use crate::acts::{Call, act, key};
use crate::bad_input::assert_wrong;
use crate::office::{FIVE_DAYS, MAI_PHU, Office, filing};
use crate::record::{fingerprint, settled, told, told_well};

/// In which dossier, which method, by whom, for which reason not.
const REFUSED: [(&str, &str, &str, &str); 15] = [
    ("checking", "ReturnResult", "counter", "WRONG_STATE"),
    (
        "checking",
        "ReceiveIntakeSupplement",
        "counter",
        "WRONG_STATE",
    ),
    ("checking", "Stop", "leader", "WRONG_STATE"),
    (
        "processing",
        "AskIntakeSupplement",
        "counter",
        "WRONG_STATE",
    ),
    ("processing", "UpdateApplicant", "counter", "WRONG_STATE"),
    ("issuing", "Withdraw", "leader", "WRONG_STATE"),
    ("issuing", "RefuseSettlement", "leader", "WRONG_STATE"),
    ("checking", "Accept", "leader", "DENIED"),
    ("checking", "Sign", "leader", "DENIED"),
    ("checking", "UpdateApplicant", "leader", "DENIED"),
    ("processing", "AttachDraft", "leader", "DENIED"),
    ("processing", "Withdraw", "counter", "DENIED"),
    ("processing", "Stop", "head", "DENIED"),
    ("signing", "Sign", "processing", "DENIED"),
    (
        "asked again",
        "AskIntakeSupplement",
        "counter",
        "RULE_REFUSES",
    ),
];

#[tokio::test]
async fn an_act_in_the_wrong_state_or_by_the_wrong_post_writes_nothing() {
    for engine in Engine::all() {
        let town = Town::start(engine).await;
        let office = Office::open(&town, MAI_PHU).await;
        let asked = office
            .bring(FIVE_DAYS, pb::State::AwaitingIntakeSupplement)
            .await;
        let dossiers = BTreeMap::from([
            ("checking", office.takes(FIVE_DAYS).await),
            (
                "asked again",
                office.all(&["ReceiveIntakeSupplement"], asked).await,
            ),
            (
                "processing",
                office.bring(FIVE_DAYS, pb::State::Processing).await,
            ),
            (
                "signing",
                office.bring(FIVE_DAYS, pb::State::AwaitingSignature).await,
            ),
            (
                "issuing",
                office.bring(FIVE_DAYS, pb::State::AwaitingIssue).await,
            ),
        ]);
        let officers = BTreeMap::from([
            ("counter", &office.counter),
            ("processing", &office.processing),
            ("head", &office.head),
            ("leader", &office.leader),
        ]);
        settled(&town).await;
        let before = fingerprint(&town).await;
        for (from, method, by, reason) in REFUSED {
            let mut call = Call::on(&dossiers[from]).to(&office.processing.name);
            if call.digest.is_empty() {
                call.digest = "0".repeat(64);
            }
            let refused = act(&officers[by].line, method, &call)
                .await
                .expect_err(method);
            let refusal = told_well(&refused);
            let code = if reason == "DENIED" {
                Code::PermissionDenied
            } else {
                Code::FailedPrecondition
            };
            let what = format!("{method} in {from}: {}", refusal.message);
            assert_eq!(
                (refusal.code, refusal.reason.as_str()),
                (code, reason),
                "{what}"
            );
            assert_eq!(fingerprint(&town).await, before, "{what}");
        }
        town.end().await;
    }
}

#[tokio::test]
async fn a_stale_etag_and_a_reused_key_write_nothing() {
    for engine in Engine::all() {
        let town = Town::start(engine).await;
        let office = Office::open(&town, MAI_PHU).await;
        let filed = filing(&office.unit, FIVE_DAYS);
        let seen = office.submit(filed.clone()).await.unwrap();
        let accept = Call::on(&seen);
        let now = act(&office.counter.line, "Accept", &accept).await.unwrap();
        settled(&town).await;
        let before = fingerprint(&town).await;

        for etag in [seen.etag.as_str(), "", "cũ", "MS4x"] {
            let mut call = Call::on(&now);
            etag.clone_into(&mut call.etag);
            let refused = act(&office.counter.line, "Transfer", &call)
                .await
                .expect_err(etag);
            assert_eq!(told_well(&refused).code, Code::Aborted);
            assert_eq!(told(&refused, "etag").1, now.etag);
        }
        let mut other = filed;
        other.rehearsal = true;
        let mut reused = vec![office.submit(other).await.expect_err("another body")];
        let mut call = accept;
        now.etag.clone_into(&mut call.etag);
        reused.push(
            act(&office.counter.line, "Accept", &call)
                .await
                .expect_err("another etag"),
        );
        for refused in reused {
            let refusal = told_well(&refused);
            assert_eq!(refusal.code, Code::InvalidArgument);
            assert_eq!(refusal.reason, "IDEMPOTENCY_KEY_REUSED");
        }
        assert_eq!(fingerprint(&town).await, before);
        town.end().await;
    }
}

#[tokio::test]
async fn work_is_given_only_to_an_officer_of_the_unit_who_can_do_it() {
    for engine in Engine::all() {
        let town = Town::start(engine).await;
        let office = Office::open(&town, MAI_PHU).await;
        let stranger = town.officer("18073.thuly1").await;
        let seen = office.bring(FIVE_DAYS, pb::State::AwaitingAssignment).await;
        settled(&town).await;
        let before = fingerprint(&town).await;
        for (what, person) in [
            ("nobody known", format!("people/{}", key())),
            ("another unit's officer", stranger.name),
            ("the counter", office.counter.name.clone()),
            (
                "the unit's administrator",
                town.officer("18583.quantri").await.name,
            ),
        ] {
            let call = Call::on(&seen).to(&person);
            let refused = act(&office.head.line, "Assign", &call)
                .await
                .expect_err(what);
            assert_wrong(what, &refused, &["person"]);
            assert_eq!(fingerprint(&town).await, before, "{what}");
        }
        let colleague = town.officer("18583.thuly3").await;
        let call = Call::on(&seen).to(&colleague.name);
        let assigned = act(&office.head.line, "Assign", &call).await.unwrap();
        assert_eq!(assigned.assignee, colleague.name);
        town.end().await;
    }
}
