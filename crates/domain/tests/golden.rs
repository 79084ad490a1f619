//! Tables that a lawyer can read, printed and compared. After a change of law,
//! run with `MOTCUA_BLESS=1` and review the difference.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use motcua_domain::actor::{ActingPost, Actor, Principal, Role};
use motcua_domain::authority::{Action, Decision, Subject, decide};
use motcua_domain::dossier::{self, State, Verb};
use motcua_domain::ids::{PersonId, PostId, UnitId};
use uuid::Uuid;

fn golden(name: &str, printed: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join(name);
    #[expect(
        clippy::disallowed_methods,
        reason = "a test is told to bless by the environment"
    )]
    if std::env::var("MOTCUA_BLESS").is_ok() {
        std::fs::write(&path, printed).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == printed, "{name} differs; see the head of this file");
}

#[test]
fn the_state_table_is_as_published() {
    let mut out = String::from("state | verb | next | portal code | clock | form\n");
    for state in State::ALL {
        for verb in Verb::ALL {
            let Some(row) = dossier::next(state, verb) else {
                continue;
            };
            writeln!(
                out,
                "{state:?} | {verb:?} | {:?} | {} | {:?} | {}",
                row.next,
                row.next
                    .portal_code()
                    .map_or_else(|| "–".into(), |c| c.to_string()),
                row.clock,
                row.form.map_or_else(|| "–".into(), |f| format!("{f:?}")),
            )
            .unwrap();
        }
    }
    golden("transitions.golden.txt", &out);
}

#[test]
fn nothing_moves_an_ended_dossier_but_a_correction() {
    for state in State::ALL.into_iter().filter(|s| s.is_terminal()) {
        for verb in Verb::ALL {
            let moved = dossier::next(state, verb).is_some();
            assert_eq!(
                moved,
                state == State::Returned && verb == Verb::Correct,
                "{state:?} {verb:?}"
            );
        }
    }
}

const ROLES: [Role; 10] = [
    Role::Reception,
    Role::Processing,
    Role::DivisionHead,
    Role::Leader,
    Role::Clerk,
    Role::UnitAdmin,
    Role::ProvinceAdmin,
    Role::TechnicalAdmin,
    Role::Monitor,
    Role::Inspector,
];

fn actor(role: Role, unit: &str) -> Actor {
    let path: Vec<UnitId> = if unit == "42" {
        vec!["42".into()]
    } else {
        vec!["42".into(), unit.into()]
    };
    Actor {
        principal: Principal::Person(PersonId(Uuid::from_u128(1))),
        post: Some(ActingPost {
            id: PostId(Uuid::from_u128(2)),
            unit: unit.into(),
            unit_path: path,
            roles: BTreeSet::from([role]),
        }),
        session: None,
        epoch: 1,
        scopes: BTreeSet::new(),
    }
}

#[test]
fn the_authority_matrix_is_as_reviewed() {
    let (receiver, decider, owner): (UnitId, UnitId, UnitId) =
        ("18583".into(), "42-SYT".into(), "42-SYT".into());
    let mut out = String::from(
        "Received by 18583, decided and held by 42-SYT, in Processing; the task is for processing\n\
         and division heads. A = allowed, d = denied, . = hidden. Columns: the actor's role.\n\n",
    );
    for unit in ["18583", "42-SYT", "18100", "42"] {
        writeln!(
            out,
            "actor of {unit}\n{:28}{}",
            "",
            ROLES.map(|r| format!("{:>15}", format!("{r:?}"))).concat()
        )
        .unwrap();
        for action in Action::all() {
            write!(out, "{:28}", format!("{action:?}")).unwrap();
            for role in ROLES {
                let subject = Subject {
                    receiver: &receiver,
                    decider: &decider,
                    owner: &owner,
                    state: State::Processing,
                    task_roles: &[Role::Processing, Role::DivisionHead],
                    task_person: None,
                    is_party: false,
                };
                let mark = match decide(&actor(role, unit), action, &subject) {
                    Decision::Allow(_) => "A",
                    Decision::Deny(_) => "d",
                    Decision::Hidden => ".",
                };
                write!(out, "{mark:>15}").unwrap();
            }
            out.push('\n');
        }
        out.push('\n');
    }
    golden("authority.golden.txt", &out);
}

#[test]
fn an_officer_never_handles_a_dossier_of_their_own() {
    let unit: UnitId = "18583".into();
    for role in ROLES {
        for action in Action::all().into_iter().filter(|a| *a != Action::Read) {
            let subject = Subject {
                receiver: &unit,
                decider: &unit,
                owner: &unit,
                state: State::Processing,
                task_roles: &[role],
                task_person: None,
                is_party: true,
            };
            let decision = decide(&actor(role, "18583"), action, &subject);
            assert!(!decision.is_allowed(), "{role:?} {action:?}");
        }
    }
}
