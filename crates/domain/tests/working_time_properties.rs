//! What holds of every deadline, whatever the dates.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail as tests do")]

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use motcua_domain::text::{fold, nfc};
use motcua_domain::working_time::query::{DueQuery, answer};
use motcua_domain::working_time::{
    AfterPause, Calendar, Handover, Limit, Mode, Pause, due, local, national_calendar,
    non_territorial_start, parse_instant, step_due,
};
use proptest::prelude::*;

/// Any minute of 2025 and 2026.
fn instants() -> impl Strategy<Value = DateTime<Utc>> {
    (0i64..2 * 365 * 1440)
        .prop_map(|m| parse_instant("2025-01-01T00:00").unwrap() + TimeDelta::minutes(m))
}

fn dates() -> impl Strategy<Value = NaiveDate> {
    instants().prop_map(|at| local(at).unwrap().date())
}

fn limits() -> impl Strategy<Value = Limit> {
    prop_oneof![
        (1u32..200).prop_map(Limit::WorkingHours),
        (1u32..60).prop_map(Limit::WorkingDays),
        (1u32..90).prop_map(Limit::CalendarDays),
        (1u32..13).prop_map(Limit::Months),
        (0u32..24, 0u32..60).prop_map(|(h, m)| Limit::SameDay {
            cutoff: chrono::NaiveTime::from_hms_opt(h, m, 0).unwrap()
        }),
    ]
}

fn modes() -> impl Strategy<Value = Mode> {
    prop_oneof![Just(Mode::Day), Just(Mode::Hour)]
}

/// Up to four pauses after the start, in minutes since the one before.
fn gaps() -> impl Strategy<Value = Vec<(i64, i64)>> {
    prop::collection::vec((0i64..20_000, 0i64..20_000), 0..4)
}

fn pauses(start: DateTime<Utc>, gaps: &[(i64, i64)], after: AfterPause) -> Vec<Pause> {
    let mut at = start;
    let mut pauses = Vec::new();
    for (wait, length) in gaps {
        let from = at + TimeDelta::minutes(*wait);
        at = from + TimeDelta::minutes(*length);
        pauses.push(Pause {
            from,
            to: Some(at),
            after,
        });
    }
    pauses
}

fn ends(
    calendar: &Calendar,
    limit: &Limit,
    mode: Mode,
    start: DateTime<Utc>,
    pauses: &[Pause],
) -> DateTime<Utc> {
    due(calendar, limit, mode, start, pauses).unwrap().due
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 512,
        max_global_rejects: 65_536,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn day_and_hour_agree_on_the_date_inside_a_session(start in instants(), days in 1u32..60) {
        let calendar = national_calendar();
        let open = calendar.next_open(start).unwrap();
        let wall = local(open).unwrap();
        let at_opening = calendar.opening(wall.date()) == Some(wall);
        let start = if at_opening { open + TimeDelta::minutes(1) } else { open };
        let limit = Limit::WorkingDays(days);
        let day = ends(&calendar, &limit, Mode::Day, start, &[]);
        let hour = ends(&calendar, &limit, Mode::Hour, start, &[]);
        prop_assert_eq!(local(day).unwrap().date(), local(hour).unwrap().date());
    }

    #[test]
    fn day_is_never_before_hour(start in instants(), days in 1u32..60) {
        let calendar = national_calendar();
        let limit = Limit::WorkingDays(days);
        prop_assert!(ends(&calendar, &limit, Mode::Day, start, &[]) >= ends(&calendar, &limit, Mode::Hour, start, &[]));
    }

    #[test]
    fn adding_a_holiday_never_shortens(start in instants(), limit in limits(), mode in modes(), gaps in gaps(), off in dates()) {
        let before = national_calendar();
        let mut after = before.clone();
        after.holidays.insert(off, "thêm".to_owned());
        let held = pauses(start, &gaps, AfterPause::Resume);
        prop_assert!(ends(&after, &limit, mode, start, &held) >= ends(&before, &limit, mode, start, &held));
    }

    #[test]
    fn adding_a_makeup_day_never_lengthens(start in instants(), limit in limits(), mode in modes(), gaps in gaps(), on in dates()) {
        let before = national_calendar();
        let mut after = before.clone();
        after.makeup_days.insert(on, "thêm".to_owned());
        let held = pauses(start, &gaps, AfterPause::Resume);
        prop_assert!(ends(&after, &limit, mode, start, &held) <= ends(&before, &limit, mode, start, &held));
    }

    #[test]
    fn a_pause_of_no_length_changes_nothing(start in instants(), limit in limits(), mode in modes(), wait in 0i64..50_000, restart: bool) {
        let calendar = national_calendar();
        let after = if restart { AfterPause::Restart } else { AfterPause::Resume };
        let held = pauses(start, &[(wait, 0)], after);
        prop_assert_eq!(due(&calendar, &limit, mode, start, &held), due(&calendar, &limit, mode, start, &[]));
    }

    #[test]
    fn resuming_within_one_day_keeps_the_date(start in instants(), limit in limits(), wait in 0i64..50_000, length in 0i64..1440) {
        let calendar = national_calendar();
        let held = pauses(start, &[(wait, length)], AfterPause::Resume);
        let same = held.iter().all(|p| local(p.from).unwrap().date() == local(p.to.unwrap()).unwrap().date());
        prop_assume!(same && !matches!(limit, Limit::WorkingHours(_)));
        prop_assert_eq!(ends(&calendar, &limit, Mode::Day, start, &held), ends(&calendar, &limit, Mode::Day, start, &[]));
    }

    #[test]
    fn restarting_is_never_before_resuming_nor_resuming_before_running(start in instants(), limit in limits(), mode in modes(), gap in (0i64..20_000, 1i64..20_000)) {
        let calendar = national_calendar();
        let running = ends(&calendar, &limit, mode, start, &[]);
        let resumed = ends(&calendar, &limit, mode, start, &pauses(start, &[gap], AfterPause::Resume));
        let restarted = ends(&calendar, &limit, mode, start, &pauses(start, &[gap], AfterPause::Restart));
        prop_assert!(restarted >= resumed);
        prop_assert!(resumed >= running);
    }

    #[test]
    fn a_promise_ends_in_a_session_after_the_start_and_explains_each_date(start in instants(), limit in limits(), mode in modes(), gaps in gaps()) {
        let calendar = national_calendar();
        let held = pauses(start, &gaps, AfterPause::Resume);
        let promise = due(&calendar, &limit, mode, start, &held).unwrap();
        let wall = local(promise.due).unwrap();
        prop_assert!(promise.due >= start);
        prop_assert!(calendar.sessions(wall.date()).iter().any(|s| s.opens < wall.time() && wall.time() <= s.closes));
        for pause in held.iter().filter(|p| p.from < promise.due) {
            prop_assert!(local(pause.to.unwrap()).unwrap().date() <= wall.date());
        }
        prop_assert!(promise.counted.is_sorted_by(|a, b| a < b));
        prop_assert!(promise.skipped.is_sorted_by(|a, b| a.date < b.date));
        let explained = |d: NaiveDate| promise.counted.contains(&d) || promise.skipped.iter().any(|s| s.date == d);
        // Every date between the start and the end has its line.
        let begin = local(start).unwrap().date();
        prop_assert!(begin.iter_days().skip(1).take_while(|d| *d < wall.date()).all(explained));
    }

    #[test]
    fn a_step_spends_exactly_its_minutes_piece_by_piece(start in instants(), one in 1u32..5000, two in 1u32..5000) {
        let calendar = national_calendar();
        let first = step_due(&calendar, start, one).unwrap();
        prop_assert_eq!(step_due(&calendar, first, two), step_due(&calendar, start, one + two));
    }

    #[test]
    fn a_later_start_never_ends_earlier(start in instants(), later in 0i64..5000, limit in limits(), mode in modes()) {
        let calendar = national_calendar();
        let after = start + TimeDelta::minutes(later);
        prop_assert!(ends(&calendar, &limit, mode, after, &[]) >= ends(&calendar, &limit, mode, start, &[]));
        let paper = |at| non_territorial_start(&calendar, &calendar, at, Handover::Paper).unwrap();
        prop_assert!(paper(start) >= start);
        // The old rule starts at once, even after hours, so only compare within one rule.
        if start >= parse_instant("2026-08-05T00:00").unwrap() {
            prop_assert!(paper(after) >= paper(start));
        }
    }

    #[test]
    fn no_question_makes_the_clock_panic(limit in "[0-9]{0,11}(h|wd|d|mo|same-day|x)?", start in "[0-9]{4,6}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9](:60)?(Z|[+-][0-2][0-9]:00)?", pause in "(.{0,12}|[0-9]{4}-07-10T10:00\\.\\.([0-9]{4}-07-11T10:00)?:(resume|restart))", received in proptest::option::of("\\PC{0,20}")) {
        let query = DueQuery { limit, start, pauses: vec![pause], received, ..DueQuery::default() };
        let _ = answer(&national_calendar(), &query);
    }

    #[test]
    fn any_instant_and_number_is_answered_or_refused(secs: i64, nanos in 0u32..2_000_000_000, n: u32, hold in any::<(i64, Option<i64>)>(), mode in modes()) {
        let calendar = national_calendar();
        let make = |s: i64| DateTime::from_timestamp(s % 9_000_000_000_000, nanos).or_else(|| DateTime::from_timestamp(s % 9_000_000_000_000, 0));
        if let (Some(start), Some(from)) = (make(secs), make(hold.0)) {
            let held = [Pause { from, to: hold.1.and_then(make), after: AfterPause::Resume }];
            for limit in [Limit::WorkingHours(n), Limit::WorkingDays(n), Limit::CalendarDays(n), Limit::Months(n)] {
                let _ = due(&calendar, &limit, mode, start, &held);
                let _ = due(&calendar, &limit, mode, start, &[]);
            }
            let _ = step_due(&calendar, start, n);
        }
    }

    #[test]
    fn folding_twice_is_folding_once_and_ignores_composition(text in "\\PC{0,40}", vietnamese in "[a-zA-ZđĐăâêôơưáàảãạấầẩẫậắằẳẵặ ]{0,30}") {
        for text in [text, vietnamese] {
            let folded = fold(&text);
            prop_assert_eq!(fold(&folded), folded.clone());
            prop_assert_eq!(fold(&nfc(&text)), folded);
        }
    }
}
