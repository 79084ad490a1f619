//! Whose calendar counts, and which version of it.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail as tests do")]

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use motcua_domain::working_time::{
    AfterPause, Calendar, Handover, Limit, Mode, Pause, Session, UnitOverride, Week, due, in_force,
    national_calendar, non_territorial_start, parse_instant, zone,
};

fn at(text: &str) -> DateTime<Utc> {
    parse_instant(text).unwrap()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn time(text: &str) -> NaiveTime {
    text.parse().unwrap()
}

fn wall(at: DateTime<Utc>) -> String {
    at.with_timezone(&zone())
        .format("%Y-%m-%dT%H:%M")
        .to_string()
}

fn pause(from: &str, to: &str, after: AfterPause) -> Pause {
    Pause {
        from: at(from),
        to: Some(at(to)),
        after,
    }
}

#[test]
fn paper_waits_until_the_deciding_unit_works() {
    let receiver = national_calendar();
    let mut decider = national_calendar();
    decider
        .holidays
        .insert(day("2026-09-18"), "Nghỉ riêng".to_owned());
    let start = |accepted| {
        wall(non_territorial_start(&receiver, &decider, at(accepted), Handover::Paper).unwrap())
    };
    assert_eq!(start("2026-09-17T15:40"), "2026-09-21T07:00");
    assert_eq!(start("2026-09-18T09:00"), "2026-09-21T07:00");
}

#[test]
fn a_unit_overrides_its_province_only_while_its_rule_holds() {
    let province = national_calendar();
    let late = [
        Session {
            opens: time("08:00:00"),
            closes: time("11:30:00"),
        },
        Session {
            opens: time("13:00:00"),
            closes: time("17:00:00"),
        },
    ];
    let rule = UnitOverride {
        version: 7,
        valid_from: day("2025-07-08"),
        valid_to: Some(day("2025-07-31")),
        week: Some(Week::weekdays(&late)),
        minutes_per_day: None,
        holidays: [
            (day("2025-07-09"), "Nghỉ bão".to_owned()),
            (day("2025-08-08"), "Ngoài hạn".to_owned()),
        ]
        .into(),
        makeup_days: [(day("2025-07-12"), "Làm bù bão".to_owned())].into(),
    };
    let unit = Calendar::for_unit(&province, Some(rule));
    assert_eq!(unit.version, 7);
    assert_eq!(Calendar::for_unit(&province, None), province);
    assert_eq!(unit.minutes_per_day(day("2025-07-07")), 480);
    assert_eq!(unit.minutes_per_day(day("2025-07-08")), 450);
    assert!(unit.is_working_day(day("2025-08-08")));
    assert_eq!(unit.why_off(day("2025-07-09")).as_deref(), Some("Nghỉ bão"));
    let promise = due(
        &unit,
        &Limit::WorkingDays(3),
        Mode::Day,
        at("2025-07-08T10:00"),
        &[],
    )
    .unwrap();
    assert_eq!(wall(promise.due), "2025-07-12T17:00");
    // 7.5 hours make a day here.
    let hour = due(
        &unit,
        &Limit::WorkingDays(1),
        Mode::Hour,
        at("2025-07-08T10:00"),
        &[],
    )
    .unwrap();
    assert_eq!(wall(hour.due), "2025-07-10T10:00");
    let json = serde_json::to_string(&unit).unwrap();
    assert_eq!(serde_json::from_str::<Calendar>(&json).unwrap(), unit);
}

#[test]
fn the_newest_version_in_force_is_chosen_by_date() {
    let mut old = national_calendar();
    old.valid_to = Some(day("2026-06-30"));
    let mut new = national_calendar();
    (new.version, new.valid_from) = (2, Some(day("2026-07-01")));
    let versions = [old, new];
    assert_eq!(
        in_force(&versions, day("2026-06-30")).map(|c| c.version),
        Some(1)
    );
    assert_eq!(
        in_force(&versions, day("2026-07-01")).map(|c| c.version),
        Some(2)
    );
    assert_eq!(in_force(&versions[..1], day("2026-07-01")), None);
}

#[test]
fn days_left_are_counted_both_ways() {
    let calendar = national_calendar();
    let left = |from, to| calendar.working_days_between(day(from), day(to)).unwrap();
    assert_eq!(left("2026-02-10", "2026-03-03"), 10);
    assert_eq!(left("2026-03-03", "2026-02-10"), -10);
    assert_eq!(left("2026-02-10", "2026-02-10"), 0);
}

#[test]
fn skipped_dates_carry_their_reason() {
    let limit = Limit::WorkingDays(10);
    let promise = due(
        &national_calendar(),
        &limit,
        Mode::Day,
        at("2026-02-10T14:00"),
        &[],
    )
    .unwrap();
    let why = |date: &str| {
        promise
            .skipped
            .iter()
            .find(|s| s.date == day(date))
            .map(|s| s.why.as_str())
    };
    assert_eq!(why("2026-02-14"), Some("cuối tuần"));
    assert_eq!(
        why("2026-02-17"),
        Some("Tết Nguyên đán (Mùng 1 Tết Bính Ngọ)")
    );
    assert_eq!(why("2026-02-11"), None);
    assert_eq!(promise.skipped.len(), 11);
    let tax = [pause(
        "2025-08-06T16:00",
        "2025-08-11T09:30",
        AfterPause::Resume,
    )];
    for mode in [Mode::Day, Mode::Hour] {
        let paused = due(
            &national_calendar(),
            &limit,
            mode,
            at("2025-08-04T08:00"),
            &tax,
        )
        .unwrap();
        let of = |date: &str| {
            paused
                .skipped
                .iter()
                .find(|s| s.date == day(date))
                .map(|s| s.why.as_str())
        };
        assert_eq!(of("2025-08-07"), Some("đồng hồ tạm dừng"), "{mode:?}");
        assert_eq!(of("2025-08-09"), Some("cuối tuần"), "{mode:?}");
    }
}
