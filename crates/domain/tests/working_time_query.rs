//! The question of `motcua due`, as it comes in JSON.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail as tests do")]

use motcua_domain::working_time::national_calendar;
use motcua_domain::working_time::query::{DueAnswer, DueQuery, QueryError, answer};
use serde_json::{Value, json};

fn ask(question: Value) -> Result<DueAnswer, QueryError> {
    answer(
        &national_calendar(),
        &serde_json::from_value::<DueQuery>(question).unwrap(),
    )
}

fn due(question: Value) -> String {
    ask(question).unwrap().due
}

#[test]
fn the_answer_tells_the_due_instant_and_why() {
    let answer = ask(json!({"limit": "10wd", "start": "2026-02-10T14:00"})).unwrap();
    let json = serde_json::to_value(&answer).unwrap();
    assert_eq!(json["due"], "2026-03-03T17:00:00+07:00");
    assert_eq!(json["counted"][0], "2026-02-11");
    assert_eq!(
        json["skipped"][0],
        json!({"date": "2026-02-14", "why": "cuối tuần"})
    );
}

#[test]
fn every_key_is_heard() {
    let start = "2026-02-10T14:00";
    assert_eq!(
        due(json!({"limit": "10wd", "start": start, "mode": "hour", "unit": "18583"})),
        "2026-03-03T14:00:00+07:00"
    );
    assert_eq!(
        due(json!({"limit": "same-day", "start": start, "cutoff": "13:30", "pauses": null})),
        "2026-02-11T17:00:00+07:00"
    );
    assert_eq!(
        due(
            json!({"limit": "15wd", "start": "2025-07-01T09:00", "mode": null,
            "pauses": ["2025-07-03T15:00..2025-07-10T14:00:restart"]})
        ),
        "2025-07-31T17:00:00+07:00"
    );
    assert_eq!(
        due(
            json!({"limit": "10wd", "start": "2025-08-04T08:00:00+07:00",
            "pauses": ["2025-08-06T16:00:00+07:00..2025-08-11T09:30:00+07:00:resume"]})
        ),
        "2025-08-21T17:00:00+07:00"
    );
}

#[test]
fn a_non_territorial_dossier_counts_from_its_decider() {
    let row_19 = |more: Value| {
        let mut question = json!({"limit": "5wd", "start": "2026-09-17T15:40"});
        question
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        due(question)
    };
    let (own, later) = ("2026-09-24T17:00:00+07:00", "2026-09-25T17:00:00+07:00");
    assert_eq!(row_19(json!({})), own);
    assert_eq!(row_19(json!({"handover": "electronic"})), own);
    assert_eq!(row_19(json!({"handover": "paper"})), later);
    assert_eq!(
        row_19(json!({"handover": "paper", "received": "2026-09-18T07:30"})),
        later
    );
    let before_the_rule =
        json!({"limit": "5wd", "start": "2026-08-03T15:40", "received": "2026-08-10T07:30"});
    assert_eq!(due(before_the_rule), "2026-08-10T17:00:00+07:00");
}

#[test]
fn a_bad_value_is_refused_by_the_name_of_its_field() {
    let start = "2026-09-17T15:40";
    for (field, question) in [
        ("limit", json!({"limit": "10", "start": start})),
        ("limit", json!({"limit": "4000000000wd", "start": start})),
        ("limit", json!({"limit": "4000000000mo", "start": start})),
        ("start", json!({"limit": "1wd", "start": "hôm nay"})),
        (
            "start",
            json!({"limit": "1wd", "start": "9999-12-31T23:59"}),
        ),
        (
            "mode",
            json!({"limit": "1wd", "start": start, "mode": "week"}),
        ),
        (
            "cutoff",
            json!({"limit": "same-day", "start": start, "cutoff": "25:00"}),
        ),
        (
            "unit",
            json!({"limit": "1wd", "start": start, "unit": "../x"}),
        ),
        (
            "received",
            json!({"limit": "1wd", "start": start, "received": "2026-09-16T15:40"}),
        ),
        (
            "handover",
            json!({"limit": "1wd", "start": start, "handover": "pigeon"}),
        ),
        (
            "pauses",
            json!({"limit": "1wd", "start": start, "pauses": ["..:resume"]}),
        ),
        (
            "pauses",
            json!({"limit": "1wd", "start": start, "pauses": ["2026-09-18T08:00..:resume"]}),
        ),
        (
            "pauses",
            json!({"limit": "1wd", "start": start, "pauses": ["2026-09-18T08:00..2026-09-19T08:00"]}),
        ),
        (
            "pauses",
            json!({"limit": "1wd", "start": start, "pauses": ["2026-09-18T08:00..2026-09-17T16:00:resume"]}),
        ),
    ] {
        let error = ask(question.clone()).unwrap_err();
        assert_eq!(error.field, field, "{question}: {error}");
        assert!(!error.why.is_empty());
    }
    let unknown = json!({"limit": "1wd", "start": start, "pause": []});
    assert!(serde_json::from_value::<DueQuery>(unknown).is_err());
}
