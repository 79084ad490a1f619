//! The worked deadlines of the domain notes, and how the clock counts.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail as tests do")]

use chrono::{DateTime, Datelike as _, Utc};
use motcua_domain::working_time::{
    AfterPause, Handover, Limit, Mode, Pause, due, national_calendar, non_territorial_start,
    parse_instant, step_due, zone,
};

fn at(text: &str) -> DateTime<Utc> {
    parse_instant(text).unwrap()
}

fn pause(from: &str, to: &str, after: AfterPause) -> Pause {
    Pause {
        from: at(from),
        to: (!to.is_empty()).then(|| at(to)),
        after,
    }
}

/// The due instant on the wall clock, to the minute.
fn by(mode: Mode, limit: &str, start: &str, pauses: &[Pause]) -> String {
    let promise = due(
        &national_calendar(),
        &limit.parse().unwrap(),
        mode,
        at(start),
        pauses,
    )
    .unwrap();
    wall(promise.due)
}

fn wall(at: DateTime<Utc>) -> String {
    at.with_timezone(&zone())
        .format("%Y-%m-%dT%H:%M")
        .to_string()
}

fn counted(limit: &str, start: &str, pauses: &[Pause]) -> Vec<u32> {
    let limit = limit.parse().unwrap();
    let promise = due(&national_calendar(), &limit, Mode::Day, at(start), pauses).unwrap();
    promise.counted.iter().map(chrono::NaiveDate::day).collect()
}

#[test]
fn the_worked_deadlines_in_working_days_hold_in_both_modes() {
    let rows = [
        (
            1,
            "3wd",
            "2025-07-07T09:20",
            "2025-07-10",
            "09:20",
            vec![8, 9, 10],
        ),
        (
            2,
            "5wd",
            "2025-07-04T15:40",
            "2025-07-11",
            "15:40",
            vec![7, 8, 9, 10, 11],
        ),
        (
            4,
            "5wd",
            "2025-04-24T10:00",
            "2025-05-05",
            "10:00",
            vec![25, 26, 28, 29, 5],
        ),
        (
            5,
            "2wd",
            "2025-08-29T16:30",
            "2025-09-04",
            "16:30",
            vec![3, 4],
        ),
        (
            7,
            "10wd",
            "2026-02-10T14:00",
            "2026-03-03",
            "14:00",
            vec![11, 12, 13, 23, 24, 25, 26, 27, 2, 3],
        ),
        (
            8,
            "5wd",
            "2026-04-24T09:00",
            "2026-05-06",
            "09:00",
            vec![28, 29, 4, 5, 6],
        ),
        (
            10,
            "3wd",
            "2026-11-20T08:30",
            "2026-11-26",
            "08:30",
            vec![23, 25, 26],
        ),
    ];
    for (row, limit, start, date, hour, days) in rows {
        let (day, carried) = (format!("{date}T17:00"), format!("{date}T{hour}"));
        assert_eq!(by(Mode::Day, limit, start, &[]), day, "row {row}");
        assert_eq!(by(Mode::Hour, limit, start, &[]), carried, "row {row}");
        assert_eq!(counted(limit, start, &[]), days, "row {row}");
    }
}

#[test]
fn row_3_same_day_until_three_sharp_then_the_next_working_day() {
    for (start, date) in [
        ("2025-07-08T14:10", "2025-07-08"),
        ("2025-07-08T15:00", "2025-07-08"),
        ("2025-07-08T15:00:01", "2025-07-09"),
        ("2025-07-08T15:05", "2025-07-09"),
        ("2025-07-11T15:05", "2025-07-14"),
        ("2025-07-12T08:00", "2025-07-14"),
    ] {
        assert_eq!(
            by(Mode::Day, "same-day", start, &[]),
            format!("{date}T17:00"),
            "{start}"
        );
    }
    assert_eq!(
        by(Mode::Day, "same-day@16:30", "2025-07-08T16:30", &[]),
        "2025-07-08T17:00"
    );
    // A cut-off after the close does not promise the past.
    assert_eq!(
        by(Mode::Day, "same-day@18:00", "2025-07-08T17:30", &[]),
        "2025-07-09T17:00"
    );
}

#[test]
fn row_11_four_working_hours_are_half_a_day() {
    assert_eq!(
        by(Mode::Hour, "4h", "2025-07-10T16:00", &[]),
        "2025-07-11T10:00"
    );
    assert_eq!(
        by(Mode::Day, "4h", "2025-07-10T16:00", &[]),
        "2025-07-11T10:00"
    );
}

#[test]
fn row_12_the_check_runs_from_the_next_opening_and_the_limit_from_acceptance() {
    assert_eq!(
        by(Mode::Hour, "8h", "2025-07-12T20:15", &[]),
        "2025-07-14T17:00"
    );
    assert_eq!(
        by(Mode::Day, "3wd", "2025-07-14T10:00", &[]),
        "2025-07-17T17:00"
    );
    assert_eq!(counted("3wd", "2025-07-14T10:00", &[]), [15, 16, 17]);
}

#[test]
fn row_13_a_supplement_restarts_the_whole_limit() {
    assert_eq!(
        by(Mode::Day, "15wd", "2025-07-01T09:00", &[]),
        "2025-07-22T17:00"
    );
    let asked = [pause(
        "2025-07-03T15:00",
        "2025-07-10T14:00",
        AfterPause::Restart,
    )];
    assert_eq!(
        by(Mode::Day, "15wd", "2025-07-01T09:00", &asked),
        "2025-07-31T17:00"
    );
    assert_eq!(
        counted("15wd", "2025-07-01T09:00", &asked).first(),
        Some(&11)
    );
}

#[test]
fn row_14_a_tax_pause_resumes_with_what_was_left() {
    assert_eq!(
        by(Mode::Day, "10wd", "2025-08-04T08:00", &[]),
        "2025-08-18T17:00"
    );
    let tax = [pause(
        "2025-08-06T16:00",
        "2025-08-11T09:30",
        AfterPause::Resume,
    )];
    assert_eq!(
        by(Mode::Day, "10wd", "2025-08-04T08:00", &tax),
        "2025-08-21T17:00"
    );
    assert_eq!(
        counted("10wd", "2025-08-04T08:00", &tax),
        [5, 6, 12, 13, 14, 15, 18, 19, 20, 21]
    );
    // By hours 1 + 8 + 8 + 2.5 stand still: 19.5 h after Monday 18 August, 08:00.
    assert_eq!(
        by(Mode::Hour, "10wd", "2025-08-04T08:00", &tax),
        "2025-08-20T11:30"
    );
}

#[test]
fn row_16_calendar_days_roll_forward_over_days_off() {
    assert_eq!(
        by(Mode::Day, "30d", "2025-08-01T09:00", &[]),
        "2025-09-03T17:00"
    );
    let promise = due(
        &national_calendar(),
        &Limit::CalendarDays(30),
        Mode::Hour,
        at("2025-08-01T09:00"),
        &[],
    )
    .unwrap();
    assert_eq!(promise.counted.len(), 30);
    let why: Vec<_> = promise
        .skipped
        .iter()
        .map(|s| (s.date.day(), s.why.as_str()))
        .collect();
    assert_eq!(
        why,
        [
            (31, "cuối tuần"),
            (1, "Quốc khánh (ngày liền kề)"),
            (2, "Quốc khánh")
        ]
    );
}

#[test]
fn row_19_a_non_territorial_paper_starts_at_the_decider() {
    let calendar = national_calendar();
    let promised = |accepted: &str, how| {
        wall(non_territorial_start(&calendar, &calendar, at(accepted), how).unwrap())
    };
    assert_eq!(
        promised("2026-09-17T15:40", Handover::Paper),
        "2026-09-18T07:00"
    );
    assert_eq!(
        promised("2026-09-17T15:40", Handover::Electronic),
        "2026-09-17T15:40"
    );
    assert_eq!(
        promised("2026-09-17T15:00", Handover::Paper),
        "2026-09-17T15:00"
    );
    assert_eq!(
        promised("2026-09-18T15:01", Handover::Paper),
        "2026-09-21T07:00"
    );
    assert_eq!(
        promised("2026-09-19T09:00", Handover::Paper),
        "2026-09-21T07:00"
    );
    for start in ["2026-09-18T07:00", "2026-09-18T07:30"] {
        assert_eq!(by(Mode::Day, "5wd", start, &[]), "2026-09-25T17:00");
        assert_eq!(counted("5wd", start, &[]), [21, 22, 23, 24, 25]);
    }
    assert_eq!(
        by(Mode::Day, "5wd", "2026-09-17T15:40", &[]),
        "2026-09-24T17:00"
    );
    // Accepted before the rule: the old start.
    assert_eq!(
        promised("2026-08-04T16:00", Handover::Paper),
        "2026-08-04T16:00"
    );
    assert_eq!(
        promised("2026-08-05T16:00", Handover::Paper),
        "2026-08-06T07:00"
    );
}

#[test]
fn hours_move_to_the_next_opening_and_may_end_on_a_close() {
    for (limit, start, end) in [
        ("1h", "2025-07-07T05:00", "2025-07-07T08:00"),
        ("1h", "2025-07-07T12:00", "2025-07-07T14:30"),
        ("1h", "2025-07-07T10:30", "2025-07-07T11:30"),
        ("1h", "2025-07-07T11:30", "2025-07-07T14:30"),
        ("1h", "2025-07-11T17:00", "2025-07-14T08:00"),
        ("1wd", "2025-07-07T07:00", "2025-07-07T17:00"),
        ("1wd", "2025-07-07T17:00", "2025-07-08T17:00"),
        ("1wd", "2025-07-07T13:30", "2025-07-08T11:30"),
    ] {
        assert_eq!(
            by(Mode::Hour, limit, start, &[]),
            end,
            "{limit} from {start}"
        );
    }
    let step = |start, minutes| wall(step_due(&national_calendar(), at(start), minutes).unwrap());
    assert_eq!(step("2025-07-10T16:00", 90), "2025-07-11T07:30");
    assert_eq!(step("2025-07-12T09:00", 0), "2025-07-14T07:00");
}

#[test]
fn months_end_on_the_same_day_or_the_last_of_the_month() {
    assert_eq!(
        by(Mode::Day, "1mo", "2025-07-08T09:00", &[]),
        "2025-08-08T17:00"
    );
    assert_eq!(
        by(Mode::Day, "1mo", "2025-10-31T09:00", &[]),
        "2025-12-01T17:00"
    ); // 30/11 is a Sunday
    assert_eq!(
        by(Mode::Day, "12mo", "2024-02-29T09:00", &[]),
        "2025-02-28T17:00"
    );
    // Resuming never outlasts beginning anew.
    let held = [pause(
        "2025-01-01T10:00",
        "2025-02-05T10:00",
        AfterPause::Resume,
    )];
    assert_eq!(
        by(Mode::Day, "1mo", "2025-01-01T09:00", &held),
        "2025-03-05T17:00"
    );
}

#[test]
fn a_pause_on_the_last_day_carries_the_end_to_the_day_it_ends() {
    let on = |to| [pause("2025-07-08T10:00", to, AfterPause::Resume)];
    let due = |to| by(Mode::Day, "1wd", "2025-07-07T09:00", &on(to));
    assert_eq!(due("2025-07-08T20:00"), "2025-07-08T17:00");
    assert_eq!(due("2025-07-09T14:00"), "2025-07-09T17:00");
    assert_eq!(due("2025-07-12T14:00"), "2025-07-14T17:00");
    // Resumed after the close: nobody can end anything on that day.
    assert_eq!(due("2025-07-09T18:00"), "2025-07-10T17:00");
    let after_close = [pause(
        "2025-07-08T17:00",
        "2025-07-20T08:00",
        AfterPause::Resume,
    )];
    assert_eq!(
        by(Mode::Day, "1wd", "2025-07-07T09:00", &after_close),
        "2025-07-08T17:00"
    );
}

#[test]
fn pauses_count_from_the_last_restart_on_and_in_any_order_given() {
    let pauses = [
        pause("2025-08-06T16:00", "2025-08-11T09:30", AfterPause::Resume),
        pause("2025-07-03T15:00", "2025-08-04T08:00", AfterPause::Restart),
        pause("2025-07-02T08:00", "2025-07-03T15:00", AfterPause::Resume),
    ];
    assert_eq!(
        by(Mode::Day, "10wd", "2025-07-01T09:00", &pauses),
        "2025-08-21T17:00"
    );
}

#[test]
fn a_same_day_answer_that_was_held_up_is_due_the_day_it_may_go_on() {
    let due = |to| {
        let held = [pause("2025-07-08T10:00", to, AfterPause::Resume)];
        by(Mode::Day, "same-day", "2025-07-08T09:00", &held)
    };
    assert_eq!(due("2025-07-08T11:00"), "2025-07-08T17:00");
    assert_eq!(due("2025-07-10T09:00"), "2025-07-10T17:00");
    assert_eq!(due("2025-07-12T09:00"), "2025-07-14T17:00");
}
