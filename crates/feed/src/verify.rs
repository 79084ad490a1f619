//! Checks the whole chain against what is stored.

use std::collections::HashMap;

use sea_orm::ConnectionTrait;
use storage::event::{self, StoredEvent};
use storage::{Check, Db, StorageError, access_log, cursor};
use uuid::Uuid;

use crate::{chain, envelope};

/// Events read at a time.
const PAGE: u64 = 500;
/// One fault early in a chain must not fill memory with its consequences.
const MOST: usize = 1000;

/// What a check of the chain found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChainReport {
    /// How many numbered events were checked.
    pub checked: u64,
    /// What is wrong, at most 1000 findings; empty when all is well.
    pub violations: Vec<String>,
}

/// What must hold of every service's store, whatever it is about: its feed's
/// chain, its access log's chain, and that no event of a feed it follows is set
/// aside.
///
/// # Errors
/// When the store cannot be read.
pub async fn checks(service: &str, db: &Db) -> Result<Vec<Check>, StorageError> {
    let chain = verify_chain(db.read()).await?;
    let (lines, broken) = access_log::verify(db.read()).await?;
    let broken = broken.map(|seq| format!("line {seq} does not follow the one before"));
    let parked = cursor::parked_count(db.read()).await?;
    let parked = (parked > 0).then(|| format!("{parked} events are set aside"));
    let id = |what: &str| format!("{service}.{what}");
    Ok(vec![
        Check::of(&id("feed_chain"), chain.checked, chain.violations),
        Check::of(&id("access_log_chain"), lines, Vec::from_iter(broken)),
        Check::of(&id("nothing_parked"), 1, Vec::from_iter(parked)),
    ])
}

/// Recomputes the chain from the first event to the head: positions dense,
/// hashes as the stored envelopes give them, columns equal to the envelope,
/// each aggregate's versions 1..n in feed order, the head equal to the end.
///
/// # Errors
/// When the store cannot be read; what is wrong in it is in the report.
pub async fn verify_chain<C: ConnectionTrait>(conn: &C) -> Result<ChainReport, StorageError> {
    let head = event::head(conn).await?;
    let mut check = Walk {
        last: chain::GENESIS.to_vec(),
        ..Walk::default()
    };
    while check.position < head.position {
        let page = event::numbered_after(conn, check.position, PAGE).await?;
        if page.is_empty() {
            break;
        }
        for event in page {
            if event
                .position
                .is_some_and(|position| position > head.position)
            {
                break;
            }
            check.event(&event);
        }
        if check.past(head.position) {
            break;
        }
    }
    if check.position != head.position {
        check.found(format!(
            "head: position {} but the last event is {}",
            head.position, check.position
        ));
    } else if check.last != head.hash {
        check.found(format!(
            "head: hash differs from that of event {}",
            check.position
        ));
    }
    check.beyond(conn, head.position).await?;
    Ok(check.report)
}

#[derive(Default)]
struct Walk {
    position: i64,
    last: Vec<u8>,
    versions: HashMap<Uuid, i64>,
    report: ChainReport,
    stuck: i64,
}

impl Walk {
    fn found(&mut self, what: String) {
        if self.report.violations.len() < MOST {
            self.report.violations.push(what);
        }
    }

    /// Whether the end is reached, or the last page brought nothing on.
    fn past(&mut self, head: i64) -> bool {
        let stuck = self.stuck == self.position;
        self.stuck = self.position;
        stuck || self.position >= head
    }

    fn event(&mut self, event: &StoredEvent) {
        self.report.checked += 1;
        let position = event.position.unwrap_or_default();
        if position != self.position + 1 {
            self.found(format!("{position}: the one before is {}", self.position));
        }
        if event.prev_hash.as_deref() != Some(self.last.as_slice()) {
            self.found(format!(
                "{position}: prev_hash is not the hash of the one before"
            ));
        }
        let stored = event.hash.clone().unwrap_or_default();
        let computed = chain::hash(
            position,
            event.prev_hash.as_deref().unwrap_or_default(),
            &event.envelope,
        );
        if stored != computed {
            self.found(format!(
                "{position}: hash {} but the envelope gives {}",
                hex::encode(&stored),
                hex::encode(computed)
            ));
        }
        for column in columns(event) {
            self.found(format!("{position}: {column} differs from the envelope"));
        }
        let version = self
            .versions
            .insert(event.aggregate_id, event.aggregate_version)
            .unwrap_or(0);
        if event.aggregate_version != version + 1 {
            self.found(format!(
                "{position}: version {} of {} follows {version}",
                event.aggregate_version, event.aggregate_id
            ));
        }
        self.position = position;
        self.last = stored;
    }

    /// Numbered events that the head does not know of.
    async fn beyond<C: ConnectionTrait>(
        &mut self,
        conn: &C,
        head: i64,
    ) -> Result<(), StorageError> {
        let next = event::numbered_after(conn, head, 1).await?;
        let Some(position) = next.first().and_then(|event| event.position) else {
            return Ok(());
        };
        // The sequencer may have gone on meanwhile: its head then has too.
        if event::head(conn).await?.position < position {
            self.found(format!("{position}: an event beyond the head"));
        }
        Ok(())
    }
}

/// The columns that do not say what the envelope says.
fn columns(event: &StoredEvent) -> Vec<&'static str> {
    let Ok(envelope) = envelope::decode(&event.envelope) else {
        return vec!["everything"];
    };
    let equal = [
        ("id", envelope.id == event.id.to_string()),
        (
            "aggregate_kind",
            envelope.aggregate_kind == event.aggregate_kind,
        ),
        (
            "aggregate_id",
            envelope.aggregate_id == event.aggregate_id.to_string(),
        ),
        (
            "aggregate_version",
            envelope.aggregate_version == event.aggregate_version,
        ),
        ("event_type", envelope.r#type == event.event_type),
        (
            "schema_version",
            envelope.schema_version == event.schema_version,
        ),
        ("actor", envelope.actor == event.actor),
        ("unit", envelope.unit == event.unit),
        ("at", envelope::at(&envelope).is_ok_and(|at| at == event.at)),
    ];
    equal
        .into_iter()
        .filter(|(_, equal)| !equal)
        .map(|(column, _)| column)
        .collect()
}
