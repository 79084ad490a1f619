//! The engine: whole lives, rules that refuse, and the fold of every history.

use chrono::{DateTime, TimeDelta, Utc};
use motcua_domain::dossier::{State, Verb};
use motcua_domain::ids::{DossierId, PersonId, TaskId, UnitId};
use motcua_domain::process::{
    Advanced, Command, Ctx, Definition, DefinitionError, Instance, NodeKind, Opening, PrintedStep,
    Refusal, Terms, open,
};
use motcua_domain::working_time::{
    AfterPause, Calendar, Handover, Limit, Mode, national_calendar, parse_instant,
};
use proptest::prelude::*;
use uuid::Uuid;

fn at(text: &str) -> DateTime<Utc> {
    parse_instant(text).unwrap()
}

fn person(n: u128) -> PersonId {
    PersonId(Uuid::from_u128(n))
}

/// A world with one process and everybody in it.
struct World {
    calendar: Calendar,
    definition: Definition,
    now: DateTime<Utc>,
    tasks: u128,
    instance: Instance,
    history: Vec<Advanced>,
}

impl World {
    fn new(definition: Definition, limit: &str, receiver: &str, decider: &str, now: &str) -> Self {
        let calendar = national_calendar();
        let opening = Opening {
            dossier: DossierId(Uuid::from_u128(1)),
            receiver: UnitId::from(receiver),
            decider: UnitId::from(decider),
            terms: Terms {
                limit: (!limit.is_empty()).then(|| limit.parse::<Limit>().unwrap()),
                mode: Mode::Day,
                supplement: AfterPause::Restart,
                handover: Handover::Paper,
            },
            online: false,
        };
        let now = at(now);
        let ctx = Ctx {
            now,
            person: Some(person(1)),
            task: TaskId(Uuid::from_u128(1000)),
            receiver: &calendar,
            decider: &calendar,
        };
        let (instance, event) = open(&definition, &opening, &ctx);
        Self {
            calendar,
            definition,
            now,
            tasks: 1000,
            instance,
            history: vec![event],
        }
    }

    fn standard(limit: &str, now: &str) -> Self {
        Self::new(Definition::standard(), limit, "18583", "18583", now)
    }

    fn by(&mut self, who: u128, command: &Command) -> Result<(), Refusal> {
        self.tasks += 1;
        let ctx = Ctx {
            now: self.now,
            person: Some(person(who)),
            task: TaskId(Uuid::from_u128(self.tasks)),
            receiver: &self.calendar,
            decider: &self.calendar,
        };
        let event = self.instance.decide(&self.definition, command, &ctx)?;
        self.instance = self.instance.apply(&event);
        self.history.push(event);
        Ok(())
    }

    fn go(&mut self, commands: &[Command]) {
        for (n, command) in (10..).zip(commands) {
            self.by(n, command)
                .unwrap_or_else(|why| panic!("{command:?}: {why}"));
        }
    }

    fn to_processing(&mut self) {
        self.go(&[
            Command::Accept {},
            Command::Transfer {},
            Command::Receive {},
            Command::Assign { person: person(3) },
        ]);
    }
}

fn digest() -> String {
    "ab".repeat(32)
}

fn finish() -> [Command; 4] {
    [
        Command::SubmitForSignature { digest: digest() },
        Command::Sign { digest: digest() },
        Command::Issue {},
        Command::ReturnResult {},
    ]
}

#[test]
fn a_dossier_goes_from_the_counter_to_the_citizen() {
    let mut world = World::standard("3wd", "2025-07-07T09:20");
    world.to_processing();
    assert_eq!(world.instance.clock.due, Some(at("2025-07-10T17:00")));
    assert_eq!(
        world.instance.task.as_ref().unwrap().person,
        Some(person(3))
    );
    world.go(&finish());
    assert_eq!(world.instance.state, State::Returned);
    assert_eq!(world.instance.task, None);
    assert!(world.instance.clock.stopped.is_some());
    assert_eq!(world.instance.clock.original_due, world.instance.clock.due);
}

#[test]
fn a_supplement_restarts_the_whole_limit_and_is_asked_once() {
    // domain.md (c) 13.
    let mut world = World::standard("15wd", "2025-07-01T09:00");
    world.to_processing();
    assert_eq!(world.instance.clock.due, Some(at("2025-07-22T17:00")));
    world.now = at("2025-07-03T15:00");
    world.go(&[Command::AskSupplement {
        sector_ground: false,
    }]);
    assert!(world.instance.clock.is_paused());
    world.now = at("2025-07-10T14:00");
    world.go(&[Command::CompleteSupplement {}]);
    assert_eq!(world.instance.clock.due, Some(at("2025-07-31T17:00")));
    let again = world.by(
        3,
        &Command::AskSupplement {
            sector_ground: true,
        },
    );
    assert_eq!(again, Err(Refusal::SecondSupplement));
}

#[test]
fn a_supplement_after_three_working_days_needs_a_ground() {
    let mut world = World::standard("15wd", "2025-07-01T09:00");
    world.to_processing();
    world.now = at("2025-07-07T08:00");
    let late = world.by(
        3,
        &Command::AskSupplement {
            sector_ground: false,
        },
    );
    assert_eq!(late, Err(Refusal::SupplementTooLate));
    world.go(&[Command::AskSupplement {
        sector_ground: true,
    }]);
}

#[test]
fn a_financial_duty_resumes_where_the_clock_stood() {
    // domain.md (c) 14.
    let mut world = World::standard("10wd", "2025-08-04T08:00");
    world.to_processing();
    world.now = at("2025-08-06T16:00");
    world.go(&[Command::RequireFinancialDuty {}]);
    world.now = at("2025-08-11T09:30");
    world.go(&[Command::CompleteFinancialDuty {}]);
    assert_eq!(world.instance.clock.due, Some(at("2025-08-21T17:00")));
}

#[test]
fn a_non_territorial_clock_starts_at_the_deciders_receipt() {
    // domain.md (c) 19.
    let mut world = World::new(
        Definition::standard(),
        "5wd",
        "18583",
        "42-SYT",
        "2026-09-17T15:40",
    );
    world.go(&[Command::Accept {}, Command::Transfer {}]);
    assert_eq!(world.instance.clock.started, None);
    assert_eq!(world.instance.clock.due, Some(at("2026-09-25T17:00")));
    world.now = at("2026-09-18T07:30");
    world.go(&[Command::Receive {}]);
    assert_eq!(world.instance.clock.started, Some(world.now));
    assert_eq!(world.instance.clock.due, Some(at("2026-09-25T17:00")));

    let mut own = World::new(
        Definition::standard(),
        "5wd",
        "42-SYT",
        "42-SYT",
        "2026-09-17T15:40",
    );
    own.go(&[Command::Accept {}]);
    assert_eq!(own.instance.clock.due, Some(at("2026-09-24T17:00")));
}

#[test]
fn without_a_published_limit_there_is_no_due_date() {
    let mut world = World::standard("", "2025-07-01T09:00");
    world.to_processing();
    assert_eq!(world.instance.clock.due, None);
    let refused = world.by(
        9,
        &Command::Extend {
            due: at("2025-08-01T17:00"),
        },
    );
    assert_eq!(refused, Err(Refusal::NothingToExtend));
}

#[test]
fn a_reappointment_comes_once_and_a_day_before() {
    let mut world = World::standard("5wd", "2025-07-04T15:40");
    world.to_processing();
    let new = Command::Extend {
        due: at("2025-07-18T17:00"),
    };
    world.now = at("2025-07-11T08:00");
    assert_eq!(world.by(9, &new), Err(Refusal::ExtensionTooLate));
    world.now = at("2025-07-10T16:00");
    let back = Command::Extend {
        due: at("2025-07-11T10:00"),
    };
    assert_eq!(world.by(9, &back), Err(Refusal::ExtensionBackwards));
    world.go(std::slice::from_ref(&new));
    assert_eq!(
        world.instance.clock.original_due,
        Some(at("2025-07-11T17:00"))
    );
    assert_eq!(world.by(9, &new), Err(Refusal::SecondExtension));
}

#[test]
fn who_drafts_or_accepts_does_not_sign_and_what_is_signed_was_submitted() {
    let mut world = World::standard("5wd", "2025-07-04T15:40");
    world.by(7, &Command::Accept {}).unwrap();
    world.go(&[
        Command::Transfer {},
        Command::Receive {},
        Command::Assign { person: person(3) },
    ]);
    world
        .by(3, &Command::SubmitForSignature { digest: digest() })
        .unwrap();
    let sign = Command::Sign { digest: digest() };
    assert_eq!(world.by(3, &sign), Err(Refusal::DrafterSigns));
    assert_eq!(world.by(7, &sign), Err(Refusal::AccepterSigns));
    let other = Command::Sign {
        digest: "cd".repeat(32),
    };
    assert_eq!(world.by(9, &other), Err(Refusal::OtherDraft));
    world.by(9, &Command::RefuseToSign {}).unwrap();
    assert_eq!(world.instance.digest, None);
    assert_eq!(world.instance.state, State::Processing);
    world
        .by(
            3,
            &Command::SubmitForSignature {
                digest: "cd".repeat(32),
            },
        )
        .unwrap();
    world.by(9, &other).unwrap();
}

#[test]
fn intake_asks_once() {
    let mut world = World::standard("5wd", "2025-07-04T15:40");
    world.go(&[
        Command::AskIntakeSupplement {},
        Command::ReceiveIntakeSupplement {},
    ]);
    let again = world.by(1, &Command::AskIntakeSupplement {});
    assert_eq!(again, Err(Refusal::SecondIntakeSupplement));
    world.go(&[Command::RefuseIntake {}]);
    assert_eq!(world.instance.task, None);
    let late = world.by(1, &Command::Accept {});
    assert_eq!(
        late,
        Err(Refusal::WrongState {
            state: State::IntakeRefused,
            verb: Verb::Accept
        })
    );
}

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
        world.to_processing();
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
    world.to_processing();
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
