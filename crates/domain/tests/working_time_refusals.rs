//! What the clock and its text forms refuse.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail as tests do")]

use chrono::{DateTime, NaiveDate, Utc};
use motcua_domain::working_time::{
    AfterPause, Calendar, CalendarError, ClockError, DEFAULT_CUTOFF, Handover, Limit, MAX_PAUSES,
    Mode, Pause, Week, due, national_calendar, non_territorial_start, parse_instant, step_due,
    to_rfc3339, zone,
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

fn refused(limit: Limit, start: &str, pauses: &[Pause]) -> ClockError {
    due(&national_calendar(), &limit, Mode::Day, at(start), pauses).unwrap_err()
}

#[test]
fn an_open_pause_leaves_no_date_unless_it_came_after_the_end() {
    for after in [AfterPause::Resume, AfterPause::Restart] {
        let open = [pause("2025-07-08T10:00", "", after)];
        let since = at("2025-07-08T10:00");
        assert_eq!(
            refused(Limit::WorkingDays(3), "2025-07-07T09:00", &open),
            ClockError::StillPaused { since }
        );
        let hours = due(
            &national_calendar(),
            &Limit::WorkingHours(30),
            Mode::Hour,
            at("2025-07-07T09:00"),
            &open,
        );
        assert_eq!(hours, Err(ClockError::StillPaused { since }));
    }
    let late = [pause("2025-07-20T10:00", "", AfterPause::Resume)];
    assert_eq!(
        by(Mode::Day, "3wd", "2025-07-07T09:00", &late),
        "2025-07-10T17:00"
    );
    assert_eq!(
        by(Mode::Hour, "3wd", "2025-07-07T09:00", &late),
        "2025-07-10T09:00"
    );
}

#[test]
fn bad_pauses_are_refused() {
    let resume = AfterPause::Resume;
    let limit = Limit::WorkingDays(3);
    let start = "2025-07-07T09:00";
    let backwards = [pause("2025-07-09T10:00", "2025-07-08T10:00", resume)];
    assert_eq!(
        refused(limit, start, &backwards),
        ClockError::PauseBackwards
    );
    let early = [pause("2025-07-07T08:00", "2025-07-08T10:00", resume)];
    assert_eq!(refused(limit, start, &early), ClockError::PauseBeforeStart);
    let overlap = [
        pause("2025-07-08T08:00", "2025-07-10T10:00", resume),
        pause("2025-07-09T08:00", "2025-07-11T10:00", resume),
    ];
    assert_eq!(refused(limit, start, &overlap), ClockError::PausesOverlap);
    let after_open = [
        pause("2025-07-08T08:00", "", resume),
        pause("2025-07-09T08:00", "", resume),
    ];
    assert_eq!(
        refused(limit, start, &after_open),
        ClockError::PausesOverlap
    );
    let one = pause("2025-07-08T08:00", "2025-07-08T08:00", resume);
    assert_eq!(
        refused(limit, start, &vec![one; MAX_PAUSES + 1]),
        ClockError::TooManyPauses
    );
}

#[test]
fn limits_that_cannot_be_counted_are_refused_at_once() {
    let start = "2025-07-07T09:00";
    for zero in [
        Limit::WorkingHours(0),
        Limit::WorkingDays(0),
        Limit::CalendarDays(0),
        Limit::Months(0),
    ] {
        assert_eq!(refused(zero, start, &[]), ClockError::ZeroLimit);
    }
    let calendar = national_calendar();
    for huge in [u32::MAX, 200_000] {
        for limit in [
            Limit::WorkingDays(huge),
            Limit::CalendarDays(huge),
            Limit::Months(huge),
            Limit::WorkingHours(u32::MAX),
        ] {
            for mode in [Mode::Day, Mode::Hour] {
                assert_eq!(
                    due(&calendar, &limit, mode, at(start), &[]),
                    Err(ClockError::TooLong),
                    "{limit}"
                );
            }
        }
    }
    assert_eq!(
        step_due(&calendar, at(start), u32::MAX),
        Err(ClockError::TooLong)
    );
    for edge in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
        let limit = Limit::WorkingDays(1);
        assert_eq!(
            due(&calendar, &limit, Mode::Day, edge, &[]),
            Err(ClockError::OutOfRange)
        );
        assert_eq!(step_due(&calendar, edge, 1), Err(ClockError::OutOfRange));
        assert_eq!(calendar.next_open(edge), Err(ClockError::OutOfRange));
        let moved = non_territorial_start(&calendar, &calendar, edge, Handover::Paper);
        assert_eq!(moved, Err(ClockError::OutOfRange));
        let far = [Pause {
            from: edge,
            to: Some(edge),
            after: AfterPause::Restart,
        }];
        assert_eq!(
            due(&calendar, &limit, Mode::Day, at(start), &far),
            Err(ClockError::OutOfRange)
        );
    }
    assert_eq!(
        calendar.working_days_between(NaiveDate::MIN, NaiveDate::MAX),
        Err(ClockError::TooLong)
    );
    assert_eq!(
        calendar.next_working_day(NaiveDate::MAX),
        Err(ClockError::OutOfRange)
    );
}

#[test]
fn calendars_that_cannot_be_counted_by_are_refused() {
    let ask = |calendar: &Calendar| {
        due(
            calendar,
            &Limit::WorkingDays(1),
            Mode::Day,
            at("2025-07-07T09:00"),
            &[],
        )
        .unwrap_err()
    };
    let mut empty = national_calendar();
    empty.week = Week::default();
    empty.makeup_days.clear();
    assert_eq!(
        ask(&empty),
        ClockError::Calendar(CalendarError::NoWorkingTime)
    );
    let mut overlapping = national_calendar();
    overlapping.week.tue.reverse();
    assert!(matches!(
        ask(&overlapping),
        ClockError::Calendar(CalendarError::Sessions(_))
    ));
    let mut endless = national_calendar();
    endless.minutes_per_day = Some(0);
    assert_eq!(
        ask(&endless),
        ClockError::Calendar(CalendarError::MinutesPerDay)
    );
}

#[test]
fn limits_read_and_write_the_same_text() {
    for text in ["4h", "10wd", "30d", "2mo", "same-day", "same-day@15:30:00"] {
        let limit: Limit = text.parse().unwrap();
        assert_eq!(limit.to_string(), text);
        let json = serde_json::to_string(&limit).unwrap();
        assert_eq!(serde_json::from_str::<Limit>(&json).unwrap(), limit);
    }
    assert_eq!(
        "same-day".parse(),
        Ok(Limit::SameDay {
            cutoff: DEFAULT_CUTOFF
        })
    );
    for bad in [
        "",
        "wd",
        "0wd",
        "-1wd",
        "+1wd",
        "1.5wd",
        "10",
        "10 wd",
        "10WD",
        "99999999999d",
        "same-dayx",
        "same-day@25:00",
        "١٠wd",
        "ngày",
    ] {
        assert!(bad.parse::<Limit>().is_err(), "{bad:?}");
    }
}

#[test]
fn instants_are_read_with_or_without_an_offset() {
    let expected = at("2026-02-10T14:00");
    for text in [
        "2026-02-10T14:00:00",
        "2026-02-10T14:00+07:00",
        "2026-02-10T07:00:00Z",
        " 2026-02-10T14:00 ",
    ] {
        assert_eq!(parse_instant(text), Some(expected), "{text}");
    }
    assert_eq!(to_rfc3339(expected), "2026-02-10T14:00:00+07:00");
    for bad in [
        "",
        "2026-02-30T14:00",
        "2026-02-10",
        "14:00",
        "+262142-12-31T23:59",
        "0001-01-01T00:00:00Z",
    ] {
        assert_eq!(parse_instant(bad), None, "{bad:?}");
    }
}
