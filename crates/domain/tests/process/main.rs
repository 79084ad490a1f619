//! The engine: whole lives, rules that refuse, and the fold of every history.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod published;
mod world;

use motcua_domain::dossier::{State, Verb};
use motcua_domain::process::{Command, Definition, Refusal};
use motcua_domain::working_time::Handover;

use world::*;

#[test]
fn a_dossier_goes_from_the_counter_to_the_citizen() {
    let mut world = World::standard("3wd", "2025-07-07T09:20");
    world.reach_processing();
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
    world.reach_processing();
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
    world.reach_processing();
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
    world.reach_processing();
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
fn an_electronic_dossier_is_in_the_deciders_queue_as_soon_as_it_is_sent() {
    let mut world = World::new(
        Definition::standard(),
        "5wd",
        "18583",
        "42-SYT",
        "2026-09-17T15:40",
    );
    world.instance.terms.handover = Handover::Electronic;
    world.go(&[Command::Accept {}]);
    assert_eq!(world.instance.clock.started, None);
    world.go(&[Command::Transfer {}]);
    assert_eq!(world.instance.clock.started, Some(world.now));
    assert_eq!(world.instance.clock.due, Some(at("2026-09-24T17:00")));
    // Who looks a week later has not held the clock back.
    world.now = at("2026-09-24T10:00");
    world.go(&[Command::Receive {}]);
    assert_eq!(world.instance.clock.due, Some(at("2026-09-24T17:00")));
}

#[test]
fn a_re_appointment_is_in_office_hours_and_grants_the_limit_once_at_the_most() {
    let mut world = World::standard("5wd", "2025-07-01T09:00");
    world.reach_processing();
    assert_eq!(world.instance.clock.due, Some(at("2025-07-08T17:00")));
    for (due, rule) in [
        ("2025-07-12T09:00", Refusal::ExtensionOffHours),
        ("2025-07-14T02:46", Refusal::ExtensionOffHours),
        ("2025-07-16T09:00", Refusal::ExtensionTooLong),
        ("2999-07-16T09:00", Refusal::ExtensionTooLong),
    ] {
        let refused = world.by(9, &Command::Extend { due: at(due) });
        assert_eq!(refused, Err(rule), "{due}");
    }
    let due = at("2025-07-15T17:00");
    world.go(&[Command::Extend { due }]);
    assert_eq!(world.instance.clock.due, Some(due));
}

#[test]
fn who_accepted_a_dossier_does_not_refuse_to_settle_it() {
    let mut world = World::standard("5wd", "2025-07-01T09:00");
    world.reach_processing();
    let refused = world.by(10, &Command::RefuseSettlement {});
    assert_eq!(refused, Err(Refusal::AccepterSigns));
    assert_eq!(world.by(11, &Command::RefuseSettlement {}), Ok(()));
}

#[test]
fn without_a_published_limit_there_is_no_due_date() {
    let mut world = World::standard("", "2025-07-01T09:00");
    world.reach_processing();
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
    world.reach_processing();
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
