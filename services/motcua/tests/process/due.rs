//! `motcua due`: the worked deadlines of the domain notes, asked as an operator
//! asks them. Numbers are those of the notes' table.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

/// Row of the table; the question; the due instant on the wall clock.
const WORKED: &str = r#"
1 day      | {"limit":"3wd","start":"2025-07-07T09:20"}                | 2025-07-10T17:00
1 hour     | {"limit":"3wd","start":"2025-07-07T09:20","mode":"hour"}  | 2025-07-10T09:20
2 day      | {"limit":"5wd","start":"2025-07-04T15:40"}                | 2025-07-11T17:00
2 hour     | {"limit":"5wd","start":"2025-07-04T15:40","mode":"hour"}  | 2025-07-11T15:40
3 before   | {"limit":"same-day","start":"2025-07-08T14:10","cutoff":"15:00"} | 2025-07-08T17:00
3 sharp    | {"limit":"same-day","start":"2025-07-08T15:00","cutoff":"15:00"} | 2025-07-08T17:00
3 after    | {"limit":"same-day","start":"2025-07-08T15:05","cutoff":"15:00"} | 2025-07-09T17:00
4 day      | {"limit":"5wd","start":"2025-04-24T10:00"}                | 2025-05-05T17:00
4 hour     | {"limit":"5wd","start":"2025-04-24T10:00","mode":"hour"}  | 2025-05-05T10:00
5 day      | {"limit":"2wd","start":"2025-08-29T16:30"}                | 2025-09-04T17:00
5 hour     | {"limit":"2wd","start":"2025-08-29T16:30","mode":"hour"}  | 2025-09-04T16:30
7 day      | {"limit":"10wd","start":"2026-02-10T14:00"}               | 2026-03-03T17:00
7 hour     | {"limit":"10wd","start":"2026-02-10T14:00","mode":"hour"} | 2026-03-03T14:00
8 day      | {"limit":"5wd","start":"2026-04-24T09:00"}                | 2026-05-06T17:00
8 hour     | {"limit":"5wd","start":"2026-04-24T09:00","mode":"hour"}  | 2026-05-06T09:00
10 day     | {"limit":"3wd","start":"2026-11-20T08:30"}                | 2026-11-26T17:00
10 hour    | {"limit":"3wd","start":"2026-11-20T08:30","mode":"hour"}  | 2026-11-26T08:30
11         | {"limit":"4h","start":"2025-07-10T16:00"}                 | 2025-07-11T10:00
12 check   | {"limit":"8h","start":"2025-07-12T20:15","mode":"hour"}   | 2025-07-14T17:00
12 due     | {"limit":"3wd","start":"2025-07-14T10:00"}                | 2025-07-17T17:00
13 before  | {"limit":"15wd","start":"2025-07-01T09:00"}               | 2025-07-22T17:00
13 restart | {"limit":"15wd","start":"2025-07-01T09:00","pauses":["2025-07-03T15:00..2025-07-10T14:00:restart"]} | 2025-07-31T17:00
14 before  | {"limit":"10wd","start":"2025-08-04T08:00"}               | 2025-08-18T17:00
14 resume  | {"limit":"10wd","start":"2025-08-04T08:00","pauses":["2025-08-06T16:00..2025-08-11T09:30:resume"]} | 2025-08-21T17:00
16         | {"limit":"30d","start":"2025-08-01T09:00"}                | 2025-09-03T17:00
19 taken   | {"limit":"5wd","start":"2026-09-17T15:40","handover":"paper","received":"2026-09-18T07:30"} | 2026-09-25T17:00
19 promise | {"limit":"5wd","start":"2026-09-17T15:40","handover":"paper"} | 2026-09-25T17:00
19 own     | {"limit":"5wd","start":"2026-09-17T15:40"}                | 2026-09-24T17:00
"#;

#[test]
fn every_worked_row_of_the_domain_notes_is_answered_in_a_batch() {
    let rows: Vec<Vec<&str>> = WORKED
        .trim()
        .lines()
        .map(|line| line.split(" | ").map(str::trim).collect())
        .collect();
    let questions: Vec<&str> = rows.iter().map(|row| row[1]).collect();
    let done = batch(&questions.join("\n"));
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    let answers = answers(&done);
    assert_eq!(answers.len(), rows.len());
    for (row, answer) in rows.iter().zip(&answers) {
        let (name, due) = (row[0], row[2]);
        assert_eq!(
            answer["due"],
            format!("{due}:00+07:00"),
            "row {name}: {answer}"
        );
    }
}

#[test]
fn one_question_is_answered_with_the_days_that_count_and_those_that_do_not() {
    let done = due(&["--limit", "10wd", "--start", "2026-02-10T14:00", "--json"]);
    assert!(done.status.success());
    let answer = &answers(&done)[0];
    assert_eq!(answer["due"], "2026-03-03T17:00:00+07:00");
    assert_eq!(answer["counted"].as_array().unwrap().len(), 10);
    let skipped = answer["skipped"].as_array().unwrap();
    let holiday = skipped.iter().find(|day| day["date"] == "2026-02-16");
    assert!(
        holiday.unwrap()["why"].as_str().unwrap().contains("Tết"),
        "{answer}"
    );
}

#[test]
fn options_say_what_the_keys_of_a_batch_say() {
    let pause = "2025-07-03T15:00..2025-07-10T14:00:restart";
    let done = due(&[
        "--limit",
        "15wd",
        "--start",
        "2025-07-01T09:00",
        "--pause",
        pause,
        "--json",
    ]);
    assert_eq!(answers(&done)[0]["due"], "2025-07-31T17:00:00+07:00");
    let done = due(&[
        "--limit",
        "5wd",
        "--start",
        "2026-09-17T15:40",
        "--received",
        "2026-09-18T07:30",
        "--json",
    ]);
    assert_eq!(answers(&done)[0]["due"], "2026-09-25T17:00:00+07:00");
    let done = due(&[
        "--limit",
        "10wd",
        "--start",
        "2026-02-10T14:00",
        "--mode",
        "hour",
        "--json",
    ]);
    assert_eq!(answers(&done)[0]["due"], "2026-03-03T14:00:00+07:00");
}

#[test]
fn a_line_that_cannot_be_answered_says_why_and_the_others_are_answered() {
    let good = json!({ "limit": "3wd", "start": "2025-07-07T09:20" });
    let done = batch(&format!(
        "{good}\n{{\"limit\":\"3w\",\"start\":\"2025-07-07\"}}\nnonsense\n{good}\n"
    ));
    assert!(!done.status.success());
    let answers = answers(&done);
    assert_eq!(answers[0]["due"], "2025-07-10T17:00:00+07:00");
    assert!(
        answers[1]["error"].as_str().unwrap().starts_with("limit:"),
        "{}",
        answers[1]
    );
    assert!(answers[2]["error"].is_string());
    assert_eq!(answers[3], answers[0]);
}

fn batch(input: &str) -> Output {
    let mut child = program()
        .args(["due", "--batch", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program");
    let mut stdin = child.stdin.take().expect("its input");
    stdin
        .write_all(input.as_bytes())
        .expect("questions are read");
    drop(stdin);
    child.wait_with_output().expect("answers")
}

fn due(arguments: &[&str]) -> Output {
    program()
        .arg("due")
        .args(arguments)
        .output()
        .expect("the program")
}

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_motcua"))
}

fn answers(done: &Output) -> Vec<Value> {
    let out = String::from_utf8_lossy(&done.stdout);
    let lines = out.lines().map(serde_json::from_str);
    lines.collect::<Result<_, _>>().expect("JSON lines")
}
