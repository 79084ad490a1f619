//! Whether what happened to a dossier is one lawful history.

use std::time::Duration;

use domain::dossier::{State, Verb, next};
use runtime::Failure;
use runtime::failure::Reason;
use storage::{Db, cursor, event};
use testkit::{Refusal, Town, refusal};
use tonic::Status;
use uuid::Uuid;

/// An event as it is stored: the version it made, and its type.
pub type Entry = (i64, String);

/// Verbs of the file that move nothing.
const LOCAL: [&str; 2] = ["submitted", "draft_attached"];

/// Folds a history through the state table.
///
/// # Errors
/// What is unlawful about it.
pub fn lawful(history: &[Entry], ends: State) -> Result<(), String> {
    let mut state = State::Draft;
    for (expected, (version, name)) in (1_i64..).zip(history) {
        if *version != expected {
            return Err(format!("version {version} where {expected} was due"));
        }
        if (expected == 1) != (name == "submitted") {
            return Err(format!("{name} is event {expected}"));
        }
        if LOCAL.contains(&name.as_str()) {
            continue;
        }
        let verb = Verb::ALL.into_iter().find(|verb| verb.name() == name);
        let verb = verb.ok_or_else(|| format!("no verb {name}"))?;
        let row = next(state, verb);
        state = row
            .ok_or_else(|| format!("{name} in {}", state.name()))?
            .next;
    }
    if state == ends {
        Ok(())
    } else {
        Err(format!(
            "it leads to {} and stands in {}",
            state.name(),
            ends.name()
        ))
    }
}

/// The stored history of a dossier.
pub async fn stored(town: &Town, name: &str) -> Vec<Entry> {
    let id: Uuid = name.trim_start_matches("dossiers/").parse().unwrap();
    let db = &town.served.house.stores()["dossier"];
    let events = event::load(db.read(), id).await.unwrap();
    events
        .into_iter()
        .map(|e| {
            (
                e.aggregate_version,
                e.event_type.trim_start_matches("dossier.").to_owned(),
            )
        })
        .collect()
}

/// The domain's state of a state on the wire.
pub fn state(state: proto::dossier::v1::State) -> State {
    let name = state
        .as_str_name()
        .trim_start_matches("STATE_")
        .to_ascii_lowercase();
    State::ALL.into_iter().find(|s| s.name() == name).unwrap()
}

/// The reason of a refusal, and its metadata's entry.
pub fn told(status: &Status, key: &str) -> (Reason, String) {
    let failure = Failure::from_status(status);
    let value = failure.metadata(key).unwrap_or_default().to_owned();
    (failure.reason(), value)
}

/// Waits for a condition, at most 30 s.
pub async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let waiting = async {
        let mut look = tokio::time::interval(Duration::from_millis(10));
        while !holds().await {
            look.tick().await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(30), waiting).await;
    assert!(waited.is_ok(), "waited in vain: {what}");
}

/// Waits until every consumer has taken up what was done so far, as long as they
/// get on.
pub async fn settled(town: &Town) {
    let stores = town.served.house.stores();
    let pairs = [
        ("workflow", "dossier", "dossier.workflow"),
        ("dossier", "notification", "notification.dossier"),
        ("dossier", "gateway", "gateway.dossier"),
    ];
    for (source, at, consumer) in pairs {
        let (source, at) = (&stores[source], &stores[at]);
        let (mut seq, mut reached, mut done) = (0, 0, false);
        while !done {
            until(consumer, async || {
                let numbered = numbered(source, &mut seq).await;
                let head = event::head(source.read()).await.unwrap().position;
                let cursor = cursor::load(at.read(), consumer).await.unwrap();
                let position = cursor.map_or(0, |c| c.position);
                done = numbered && position == head;
                let moved = position > reached;
                reached = position;
                done || moved
            })
            .await;
        }
    }
}

/// Whether every event has its position; `seq` is up to where that is known.
async fn numbered(source: &Db, seq: &mut i64) -> bool {
    loop {
        let page = event::scan(source.read(), *seq, 500).await.unwrap();
        if page.is_empty() {
            return true;
        }
        for event in page {
            if event.position.is_none() {
                return false;
            }
            *seq = event.seq;
        }
    }
}

/// What a refusal must leave as it was. The warehouse fills its dimensions by
/// itself, whatever is asked meanwhile.
pub async fn fingerprint(town: &Town) -> Vec<String> {
    let mut lines = town.fingerprint().await;
    lines.retain(|line| !line.starts_with("gateway.dim_"));
    lines
}

/// A refusal that a person can read and a program can tell apart.
pub fn told_well(status: &Status) -> Refusal {
    let refusal = refusal(status);
    let vietnamese = refusal
        .message
        .chars()
        .any(|c| !c.is_ascii() && c.is_alphabetic());
    assert!(
        vietnamese,
        "not a Vietnamese sentence: {refusal:?} of {status:?}"
    );
    refusal
}
