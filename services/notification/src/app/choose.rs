//! Who is told what: the choice only, pure. A message names a dossier and a kind;
//! its words are the catalogue's, without personal data.

use chrono::{DateTime, Utc};
use domain::case_file::Fact;
use domain::dossier::{State, Verb};
use domain::process::{Advanced, DueGround, Fact as Step, Task};
use uuid::Uuid;

use crate::store::messages::{Message, role_address};

/// The messages that an event of a dossier makes. Ids derive from the event, so
/// that an event that comes twice makes each once.
pub(crate) fn messages(
    event: Uuid,
    dossier: Uuid,
    at: DateTime<Utc>,
    rehearsal: bool,
    facts: &[Fact],
) -> Vec<Message> {
    let mut all = Vec::new();
    for fact in facts {
        let Fact::Moved { advanced } = fact else {
            continue;
        };
        let (to, label) = officers(advanced);
        all.extend(to.into_iter().map(|to| (to, "new_task", label.clone())));
        // A rehearsal never reaches a citizen.
        if !rehearsal {
            all.extend(
                applicant(advanced).map(|kind| ("applicant".to_owned(), kind, String::new())),
            );
        }
    }
    all.into_iter()
        .map(|(recipient, kind, detail)| Message {
            id: Uuid::new_v5(&event, format!("{recipient}/{kind}").as_bytes()),
            recipient,
            kind: kind.to_owned(),
            dossier,
            detail,
            created: at,
        })
        .collect()
}

/// Whom a move gives work to, and the step: the officer whom it assigns, else
/// whoever may take up the task that it opens.
fn officers(advanced: &Advanced) -> (Vec<String>, String) {
    let (mut to, mut label) = (Vec::new(), String::new());
    for step in &advanced.facts {
        if let Step::TaskOpened { task } = step {
            to = recipients(task);
            label.clone_from(&task.label);
        } else if let Step::Assigned { person } = step {
            to = vec![format!("person:{person}")];
        }
    }
    (to, label)
}

/// The officer whose task it is, or everybody of its unit in one of its roles.
pub(crate) fn recipients(task: &Task) -> Vec<String> {
    match task.person {
        Some(person) => vec![format!("person:{person}")],
        None => task
            .roles
            .iter()
            .map(|role| role_address(task.unit.as_str(), *role))
            .collect(),
    }
}

fn applicant(advanced: &Advanced) -> Option<&'static str> {
    let extended = advanced.facts.iter().any(|f| {
        matches!(
            f,
            Step::DueChanged {
                ground: DueGround::Extended,
                ..
            }
        )
    });
    match (advanced.verb, advanced.to) {
        (Verb::Accept | Verb::AcceptAndSettle, _) => Some("accepted"),
        (Verb::AskIntakeSupplement | Verb::AskSupplement, _) => Some("supplement_asked"),
        (_, State::ResultReady) if advanced.from != State::ResultReady => Some("result_ready"),
        (_, State::IntakeRefused | State::Withdrawn | State::Stopped) => Some("ended"),
        _ if extended => Some("extended"),
        _ => None,
    }
}
