//! Every method, every kind of caller.

use std::collections::BTreeMap;

use domain::clock::Ids as _;
use motcua_tests::office::{MAI_PHU, Office};
use prost_reflect::{DescriptorPool, MethodDescriptor};
use runtime::client::Channel;
use runtime::clock::SystemIds;
use testkit::{Draw, Engine, Town, refusal, variable};
use tonic::{Code, Status};

use crate::raw::{LONGEST, call};
use crate::shapes::bytes;

/// Requests a method, caller and engine, unless it is said.
const CASES: u64 = 8;

/// What each refusal must be: one of the contract's, with a reason and a sentence.
const REFUSALS: [Code; 10] = [
    Code::InvalidArgument,
    Code::Unauthenticated,
    Code::PermissionDenied,
    Code::NotFound,
    Code::FailedPrecondition,
    Code::Aborted,
    Code::AlreadyExists,
    Code::ResourceExhausted,
    Code::Unavailable,
    Code::DeadlineExceeded,
];

/// Each service has one, so that a door of several serves none.
const FEED: &str = "motcua.event.v1.EventFeedService";

fn methods() -> Vec<MethodDescriptor> {
    let pool = DescriptorPool::decode(proto::DESCRIPTORS).unwrap();
    let ours = |method: &MethodDescriptor| method.full_name().starts_with("motcua.");
    let services = pool.services();
    let methods = services.flat_map(|service| service.methods().collect::<Vec<_>>());
    methods.filter(ours).collect()
}

#[tokio::test]
async fn no_request_breaks_a_service_whoever_sends_it() {
    let seed = variable("MOTCUA_TEST_SEED").and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(|| u64::from(SystemIds.next().as_fields().0));
    let cases = variable("MOTCUA_HOSTILE_CASES").and_then(|cases| cases.parse().ok());
    for engine in Engine::all() {
        println!("{engine:?}: MOTCUA_TEST_SEED={seed} repeats it");
        let town = Town::start(engine).await;
        let tally = attack(&town, Draw(seed), cases.unwrap_or(CASES)).await;
        println!("{engine:?}: {tally:?}");
        assert_eq!(town.violations().await, [""; 0], "seed {seed}");
        // It goes on with its work.
        let office = Office::open(&town, MAI_PHU).await;
        let taken = office.takes(motcua_tests::office::BIRTH).await;
        assert!(!taken.name.is_empty());
        town.end().await;
    }
}

async fn attack(town: &Town, mut draw: Draw, cases: u64) -> BTreeMap<String, u64> {
    let office = Office::open(town, MAI_PHU).await;
    let callers: [(&str, Channel); 5] = [
        ("nobody", town.with_token("")),
        ("counter", office.counter.line.clone()),
        ("processing", office.processing.line.clone()),
        ("leader", office.leader.line.clone()),
        ("operator", town.operator()),
    ];
    let mut tally = BTreeMap::new();
    let mut wrong = Vec::new();
    for method in methods() {
        for (who, line) in &callers {
            for _ in 0..cases {
                let sent = bytes(&mut draw, &method.input());
                let answer = tokio::time::timeout(LONGEST, call(line, &method, sent.clone())).await;
                let end = match &answer {
                    Err(_) => "no answer".to_owned(),
                    Ok(Ok(())) => "ok".to_owned(),
                    Ok(Err(status)) => format!("{:?}", status.code()),
                };
                *tally.entry(end).or_default() += 1;
                if let Some(why) = fault(&method, &answer) {
                    let hex = hex::encode(&sent[..sent.len().min(200)]);
                    wrong.push(format!("{} by {who}: {why}: {hex}", method.full_name()));
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of them: {:#?}",
        wrong.len(),
        &wrong[..wrong.len().min(20)]
    );
    tally
}

/// What is wrong with an answer.
fn fault(
    method: &MethodDescriptor,
    answer: &Result<Result<(), Status>, tokio::time::error::Elapsed>,
) -> Option<String> {
    let status = match answer {
        Err(_) => return Some("no answer".to_owned()),
        Ok(Ok(())) => return None,
        Ok(Err(status)) => status,
    };
    if status.code() == Code::Unimplemented && method.parent_service().full_name() == FEED {
        return None;
    }
    if !REFUSALS.contains(&status.code()) {
        return Some(format!("{status:?}"));
    }
    let told = refusal(status);
    let named =
        !told.reason.is_empty() && told.reason != "UNSPECIFIED" && told.reason != "INTERNAL";
    let vietnamese = told
        .message
        .chars()
        .any(|c| !c.is_ascii() && c.is_alphabetic());
    (!(named && vietnamese)).then(|| format!("{told:?} of {status:?}"))
}
