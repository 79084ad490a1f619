//! What a published table becomes, and the fold of every history.

use chrono::TimeDelta;
use motcua_domain::dossier::{State, Verb};
use motcua_domain::process::{
    Advanced, Command, Definition, DefinitionError, Instance, NodeKind, PrintedStep, Refusal,
};
use proptest::prelude::*;

use crate::world::*;

fn printed(label: &str, kind: NodeKind, minutes: u32) -> PrintedStep {
    PrintedStep {
        label: label.into(),
        action: label.into(),
        kind,
        actor: String::new(),
        minutes,
        unit: None,
    }
}

#[test]
fn a_published_table_is_completed_to_what_the_law_needs() {
    use NodeKind::{
        Approve, Assign, Council, Deliver, Issue, Process, Reception, Review, Transfer,
    };
    let tables: [Vec<NodeKind>; 4] = [
        vec![
            Reception, Transfer, Assign, Process, Review, Approve, Deliver,
        ],
        vec![
            Reception, Transfer, Assign, Process, Review, Approve, Issue, Deliver,
        ],
        vec![
            Reception, Transfer, Process, Council, Process, Process, Review, Review, Issue,
            Approve, Deliver,
        ],
        vec![
            Reception, Assign, Process, Process, Approve, Approve, Deliver,
        ],
    ];
    for kinds in tables {
        let steps: Vec<_> = kinds
            .iter()
            .map(|kind| printed(&format!("{kind:?}"), *kind, 60))
            .collect();
        let definition = Definition::normalise("QT", 1, "Quy trình", &steps).unwrap();
        let kept = definition.nodes.iter().filter(|n| !n.implied).count();
        assert_eq!(kept, kinds.len(), "{kinds:?}");
        let minutes: u32 = definition.nodes.iter().map(|n| n.minutes).sum();
        assert_eq!(minutes, 60 * u32::try_from(kinds.len()).unwrap());

        let mut world = World::new(definition, "20wd", "18583", "42-SYT", "2026-03-02T09:00");
        world.reach_processing();
        while world.instance.allows(Verb::CompleteStep) {
            world.go(&[Command::CompleteStep {}]);
        }
        world.go(&finish());
        assert_eq!(world.instance.state, State::Returned, "{kinds:?}");
    }
}

#[test]
fn a_step_out_of_place_is_named() {
    let steps = [
        printed("B1", NodeKind::Process, 0),
        printed("B2", NodeKind::Reception, 0),
    ];
    assert_eq!(
        Definition::normalise("QT", 1, "x", &steps),
        Err(DefinitionError::OutOfPlace {
            label: "B2".into(),
            kind: NodeKind::Reception
        })
    );
}

#[test]
fn a_step_goes_back_only_within_settlement() {
    let steps = [
        printed("B1", NodeKind::Process, 0),
        printed("B2", NodeKind::Review, 0),
    ];
    let definition = Definition::normalise("QT", 1, "x", &steps).unwrap();
    let mut world = World::new(definition, "5wd", "18583", "18583", "2025-07-04T09:00");
    world.reach_processing();
    assert_eq!(
        world.by(3, &Command::SendBack {}),
        Err(Refusal::NoEarlierStep)
    );
    let early = world.by(3, &Command::SubmitForSignature { digest: digest() });
    assert_eq!(
        early,
        Err(Refusal::OtherStepFirst {
            verb: Verb::SubmitForSignature
        })
    );
    world.go(&[Command::CompleteStep {}, Command::SendBack {}]);
    assert_eq!(world.instance.task.as_ref().unwrap().label, "B1");
    assert_eq!(
        world.instance.task.as_ref().unwrap().person,
        Some(person(3))
    );
}

fn any_command() -> impl Strategy<Value = Command> {
    prop_oneof![
        1 => Just(Command::AskIntakeSupplement {}),
        1 => Just(Command::ReceiveIntakeSupplement {}),
        1 => Just(Command::RefuseIntake {}),
        4 => Just(Command::Accept {}),
        4 => Just(Command::Transfer {}),
        4 => Just(Command::Receive {}),
        1 => Just(Command::ReturnMisrouted {}),
        4 => Just(Command::Assign { person: person(3) }),
        1 => Just(Command::AskOpinion {}),
        1 => Just(Command::CloseOpinion {}),
        1 => Just(Command::AskSupplement { sector_ground: true }),
        2 => Just(Command::CompleteSupplement {}),
        1 => Just(Command::RequireFinancialDuty {}),
        2 => Just(Command::CompleteFinancialDuty {}),
        1 => Just(Command::Suspend {}),
        2 => Just(Command::Resume {}),
        1 => Just(Command::Extend { due: at("2026-12-31T17:00") }),
        2 => Just(Command::CompleteStep {}),
        1 => Just(Command::SendBack {}),
        4 => Just(Command::SubmitForSignature { digest: digest() }),
        1 => Just(Command::RefuseToSign {}),
        4 => Just(Command::Sign { digest: digest() }),
        4 => Just(Command::Issue {}),
        1 => Just(Command::RefuseSettlement {}),
        1 => Just(Command::Withdraw {}),
        1 => Just(Command::Stop {}),
        1 => Just(Command::ReturnResult {}),
        1 => Just(Command::Recall {}),
    ]
}

proptest! {
    #[test]
    fn any_history_folds_to_the_instance_and_keeps_its_invariants(
        commands in prop::collection::vec((any_command(), 0_i64..2000), 1..60),
        foreign in any::<bool>(),
    ) {
        let decider = if foreign { "42-SYT" } else { "18583" };
        let mut world = World::new(Definition::standard(), "10wd", "18583", decider, "2026-09-01T08:00");
        for (n, (command, minutes)) in (20..).zip(commands) {
            world.now += TimeDelta::minutes(minutes);
            let before = world.instance.clone();
            if world.by(n, &command).is_err() {
                prop_assert_eq!(&before, &world.instance);
            }
            let i = &world.instance;
            // Terminal or owned: exactly one open task, or the end.
            prop_assert_eq!(i.task.is_none(), i.state.is_terminal());
            prop_assert!(!i.state.is_terminal() || i.clock.accepted.is_none() || i.clock.stopped.is_some());
            // Pauses alternate: only the last may be open.
            let closed = i.clock.pauses.iter().rev().skip(1).all(|p| p.to.is_some());
            prop_assert!(closed);
            prop_assert_eq!(
                i.clock.is_paused(),
                matches!(i.state, State::AwaitingSupplement | State::AwaitingFinancialDuty | State::Suspended)
            );
            // The due date changes only with a fact that says why.
            if before.clock.due != i.clock.due {
                let event = world.history.last().unwrap();
                let told = event.facts.iter().any(|f| matches!(f,
                    motcua_domain::process::Fact::DueChanged { old, new, .. }
                        if *old == before.clock.due && *new == i.clock.due));
                prop_assert!(told);
            }
        }
        // Replay, through JSON as stored, with duplicates.
        let mut folded = Instance { version: 0, ..world.instance.clone() };
        for event in &world.history {
            let stored = serde_json::to_vec(event).unwrap();
            let event: Advanced = serde_json::from_slice(&stored).unwrap();
            folded = folded.apply(&event).apply(&event);
        }
        prop_assert_eq!(&folded, &world.instance);
        let versions: Vec<i64> = world.history.iter().map(|e| e.version).collect();
        prop_assert_eq!(versions, (1..=world.instance.version).collect::<Vec<_>>());
    }
}
