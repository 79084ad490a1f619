//! The settlement clock's part of a decision: when it starts, stands still, goes
//! on and stops, and what that makes of the due date. Counting itself is
//! `working_time`'s alone.

use chrono::{DateTime, TimeDelta, Utc};

use super::command::Ctx;
use super::fact::{DueGround, Fact};
use super::instance::Instance;
use super::refusal::Refusal;
use crate::working_time::{self, AfterPause, Calendar, ClockError, Pause};

/// Settlement may ask for a supplement within so many working days of the
/// clock's start (NĐ 61/2018 art. 19.4).
const SUPPLEMENT_DAYS: i64 = 3;

/// Acceptance: the promise. A dossier that another unit decides is promised from
/// the latest lawful receipt, and its clock starts there later.
pub(super) fn accept(instance: &Instance, ctx: &Ctx<'_>) -> Result<Vec<Fact>, Refusal> {
    let mut facts = vec![Fact::Accepted {
        at: ctx.now,
        by: ctx.person,
    }];
    let promised_from = promised_from(instance, ctx.receiver, ctx.decider, ctx.now)?;
    if !waits_for_receipt(instance, ctx, promised_from) {
        facts.push(started(ctx, ctx.now));
    }
    let due = count(instance, ctx, promised_from, &[])?;
    facts.extend(changed(None, due, DueGround::Accepted));
    Ok(facts)
}

/// From when a promise is counted: the acceptance, or the latest lawful receipt
/// where another unit decides.
pub(super) fn promised_from(
    instance: &Instance,
    receiver: &Calendar,
    decider: &Calendar,
    accepted: DateTime<Utc>,
) -> Result<DateTime<Utc>, ClockError> {
    if instance.is_non_territorial() {
        working_time::non_territorial_start(receiver, decider, accepted, instance.terms.handover)
    } else {
        Ok(accepted)
    }
}

/// Before 5/8/2026 a dossier keeps its acceptance as the start: the promise is
/// counted from there, and nothing is left to start at receipt. Where the rule
/// holds, the clock waits even if receipt is expected the same instant.
fn waits_for_receipt(instance: &Instance, ctx: &Ctx<'_>, promised_from: DateTime<Utc>) -> bool {
    instance.is_non_territorial() && (promised_from != ctx.now || rule_of_2026(ctx.now))
}

/// NĐ 309/2026 art. 8.3, in force on 5/8/2026.
fn rule_of_2026(accepted: DateTime<Utc>) -> bool {
    working_time::local(accepted).is_ok_and(|at| {
        at.date() >= chrono::NaiveDate::from_ymd_opt(2026, 8, 5).unwrap_or_default()
    })
}

/// The deciding unit's receipt: a clock that has not started starts here.
pub(super) fn receive(instance: &Instance, ctx: &Ctx<'_>) -> Result<Vec<Fact>, Refusal> {
    if instance.clock.started.is_some() {
        return Ok(Vec::new());
    }
    let mut facts = vec![started(ctx, ctx.now)];
    let due = count(instance, ctx, ctx.now, &[])?;
    facts.extend(changed(
        instance.clock.due,
        due,
        DueGround::ReceivedByDecider,
    ));
    Ok(facts)
}

/// Asking for a supplement is lawful once, and soon.
pub(super) fn check_supplement(
    instance: &Instance,
    ctx: &Ctx<'_>,
    sector_ground: bool,
) -> Result<(), Refusal> {
    if instance.supplements > 0 {
        return Err(Refusal::SecondSupplement);
    }
    let Some(started) = instance.clock.started.filter(|_| !sector_ground) else {
        return Ok(());
    };
    let (from, to) = (
        working_time::local(started)?.date(),
        working_time::local(ctx.now)?.date(),
    );
    if ctx.decider.working_days_between(from, to)? > SUPPLEMENT_DAYS {
        return Err(Refusal::SupplementTooLate);
    }
    Ok(())
}

/// The clock stands still.
pub(super) fn pause(instance: &Instance, ctx: &Ctx<'_>, after: AfterPause) -> Vec<Fact> {
    if instance.clock.started.is_none() || instance.clock.is_paused() {
        return Vec::new();
    }
    vec![Fact::ClockPaused {
        pause: Pause {
            from: ctx.now,
            to: None,
            after,
        },
    }]
}

/// The clock goes on: from the beginning or from where it stood, as the pause
/// says.
pub(super) fn go_on(
    instance: &Instance,
    ctx: &Ctx<'_>,
    ground: DueGround,
) -> Result<Vec<Fact>, Refusal> {
    let (Some(started), true) = (instance.clock.started, instance.clock.is_paused()) else {
        return Ok(Vec::new());
    };
    let mut pauses = instance.clock.pauses.clone();
    if let Some(open) = pauses.last_mut() {
        open.to = Some(ctx.now);
    }
    let counted = count(instance, ctx, started, &pauses)?;
    // A pause never shortens what was promised anew.
    let due = if instance.clock.extended {
        counted.max(instance.clock.due)
    } else {
        counted
    };
    let mut facts = vec![Fact::ClockContinued { at: ctx.now }];
    facts.extend(changed(instance.clock.due, due, ground));
    Ok(facts)
}

/// Apology and re-appointment: once, at the latest on the last working day that
/// is at least one day before the due date.
pub(super) fn extend(
    instance: &Instance,
    ctx: &Ctx<'_>,
    new: DateTime<Utc>,
) -> Result<Vec<Fact>, Refusal> {
    let due = instance.clock.due.ok_or(Refusal::NothingToExtend)?;
    if instance.clock.extended {
        return Err(Refusal::SecondExtension);
    }
    let today = working_time::local(ctx.now)?.date();
    let mut last = working_time::local(due)?.date() - TimeDelta::days(1);
    while last >= today && !ctx.decider.is_working_day(last) {
        last -= TimeDelta::days(1);
    }
    if today > last {
        return Err(Refusal::ExtensionTooLate);
    }
    if new <= due {
        return Err(Refusal::ExtensionBackwards);
    }
    if !is_office_hour(ctx.decider, new)? {
        return Err(Refusal::ExtensionOffHours);
    }
    // Nothing that was promised once may take more than twice as long.
    if Some(new) > count(instance, ctx, due, &[])? {
        return Err(Refusal::ExtensionTooLong);
    }
    Ok(changed(Some(due), Some(new), DueGround::Extended)
        .into_iter()
        .collect())
}

/// Whether somebody is there to hand a result out.
fn is_office_hour(calendar: &Calendar, at: DateTime<Utc>) -> Result<bool, ClockError> {
    let wall = working_time::local(at)?;
    let time = wall.time();
    let mut sessions = calendar.sessions(wall.date()).iter();
    Ok(sessions.any(|session| (session.opens..=session.closes).contains(&time)))
}

/// The settlement ends.
pub(super) fn stop(instance: &Instance, ctx: &Ctx<'_>) -> Vec<Fact> {
    let runs = instance.clock.accepted.is_some() && instance.clock.stopped.is_none();
    if runs {
        vec![Fact::ClockStopped { at: ctx.now }]
    } else {
        Vec::new()
    }
}

fn started(ctx: &Ctx<'_>, at: DateTime<Utc>) -> Fact {
    Fact::ClockStarted {
        at,
        calendar: ctx.decider.version,
    }
}

fn changed(
    old: Option<DateTime<Utc>>,
    new: Option<DateTime<Utc>>,
    ground: DueGround,
) -> Option<Fact> {
    (old != new).then_some(Fact::DueChanged { old, new, ground })
}

fn count(
    instance: &Instance,
    ctx: &Ctx<'_>,
    start: DateTime<Utc>,
    pauses: &[Pause],
) -> Result<Option<DateTime<Utc>>, Refusal> {
    let Some(limit) = &instance.terms.limit else {
        return Ok(None);
    };
    let promise = working_time::due(ctx.decider, limit, instance.terms.mode, start, pauses)?;
    Ok(Some(promise.due))
}
