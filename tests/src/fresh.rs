//! Dossiers that are where a method may be called.

use proto::dossier::v1 as pb;
use proto::dossier::v1::State;
use testkit::Town;

use crate::acts::get;
use crate::office::{FIVE_DAYS, MAI_PHU, Office};
use crate::record::{lawful, state, stored};

/// A state in which a method is lawful.
pub fn lawful_in(method: &str) -> State {
    match method {
        "ReceiveIntakeSupplement" | "ExpireIntakeSupplement" => State::AwaitingIntakeSupplement,
        "Transfer" => State::Accepted,
        "Receive" | "ReturnMisrouted" => State::InTransit,
        "Assign" => State::AwaitingAssignment,
        "AskSupplement" | "SubmitForSignature" | "RefuseSettlement" | "Stop" | "Extend"
        | "AttachDraft" => State::Processing,
        "CompleteSupplement" | "ExpireSupplement" => State::AwaitingSupplement,
        "Sign" | "RefuseToSign" => State::AwaitingSignature,
        "Issue" => State::AwaitingIssue,
        "ReturnResult" => State::ResultReady,
        _ => State::Checking,
    }
}

/// A fresh dossier on which a method is lawful, and the office that does it.
pub async fn fresh(town: &Town, method: &str) -> (Office, pb::Dossier) {
    let office = Office::open(town, MAI_PHU).await;
    let department = Office::department(town, &office).await;
    if method == "CompleteStep" {
        let seen = department.at_step().await;
        return (department, seen);
    }
    if method == "SendBack" {
        return (department.reviewing(), department.at_review().await);
    }
    let seen = office.bring(FIVE_DAYS, lawful_in(method)).await;
    (office, seen)
}

/// Its history is lawful and has so many events.
/// # Panics
/// When it is not, or has not.
pub async fn assert_events(town: &Town, office: &Office, name: &str, n: usize) {
    let events = stored(town, name).await;
    assert_eq!(events.len(), n, "{events:?}");
    let seen = get(&office.head.line, name).await.unwrap();
    assert_eq!(lawful(&events, state(seen.state())), Ok(()));
}
