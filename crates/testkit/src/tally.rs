//! The record of fault tests, which adds up over runs: a line when a run begins and
//! one when it ends, in `target/faults/record.jsonl` or where
//! `MOTCUA_FAULT_RECORD` says. A run that does not end is told as such.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::{Engine, variable};

/// What is run: a test on a database, from a seed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Subject {
    /// Its number in the list of faults, `T01`.
    pub test: String,
    /// `sqlite` or `postgres`.
    pub database: String,
    /// What its moments and choices follow from.
    pub seed: u64,
}

/// What a run came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Faults that landed.
    pub n: usize,
    /// Acts that were acknowledged.
    pub acts: usize,
    /// What must not be, one line each.
    pub found: Vec<String>,
    /// How long what was hit needed to serve again, each in milliseconds.
    pub back: Vec<u64>,
}

/// A line of the record.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "at", rename_all = "snake_case")]
enum Line {
    Begin {
        #[serde(flatten)]
        subject: Subject,
    },
    End {
        #[serde(flatten)]
        subject: Subject,
        #[serde(flatten)]
        outcome: Outcome,
        seconds: u64,
    },
}

/// A run that has begun.
#[derive(Debug)]
pub struct Run {
    subject: Subject,
    began: Instant,
}

impl Subject {
    /// A test on an engine, from a seed.
    pub fn new(test: &str, engine: Engine, seed: u64) -> Self {
        Self {
            test: test.to_owned(),
            database: format!("{engine:?}").to_lowercase(),
            seed,
        }
    }

    /// Whether it was run before, and found nothing: then it need not be again.
    pub fn passed(&self) -> bool {
        lines(&file()).iter().any(|line| match line {
            Line::Begin { .. } => false,
            Line::End {
                subject, outcome, ..
            } => subject == self && outcome.found.is_empty(),
        })
    }
}

impl Run {
    /// Writes that it begins.
    ///
    /// # Panics
    /// When the record cannot be written.
    pub fn begin(subject: Subject) -> Self {
        let line = Line::Begin { subject };
        append(&line);
        let (Line::Begin { subject } | Line::End { subject, .. }) = line;
        Self {
            subject,
            began: Instant::now(),
        }
    }

    /// Writes what it came to.
    ///
    /// # Panics
    /// When the record cannot be written.
    pub fn end(self, outcome: Outcome) {
        append(&Line::End {
            subject: self.subject,
            outcome,
            seconds: self.began.elapsed().as_secs(),
        });
    }
}

/// The sums of a record, as a Markdown table.
pub fn table(record: &Path) -> String {
    let mut sums: BTreeMap<(String, String), Sum> = BTreeMap::new();
    for line in lines(record) {
        match line {
            Line::Begin { subject } => {
                let sum = sums.entry((subject.test, subject.database)).or_default();
                sum.begun += 1;
            }
            Line::End {
                subject,
                outcome,
                seconds,
            } => {
                let seed = subject.seed;
                let sum = sums.entry((subject.test, subject.database)).or_default();
                sum.add(seed, outcome, seconds);
            }
        }
    }
    let mut text = "| test | database | runs | not ended | seeds | n | acts | violations | bound 3/n | back p50 / p99 / max ms | minutes |\n".to_owned();
    text.push_str("|---|---|---|---|---|---|---|---|---|---|---|\n");
    for ((test, database), sum) in sums {
        // Writing to a string does not fail.
        let _ = writeln!(text, "| {test} | {database} | {}", sum.row());
    }
    text
}

/// The record.
pub fn file() -> PathBuf {
    variable("MOTCUA_FAULT_RECORD").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/faults/record.jsonl"),
        PathBuf::from,
    )
}

#[derive(Default)]
struct Sum {
    begun: usize,
    ended: usize,
    seeds: BTreeSet<u64>,
    n: usize,
    acts: usize,
    violations: usize,
    back: Vec<u64>,
    seconds: u64,
}

impl Sum {
    fn add(&mut self, seed: u64, outcome: Outcome, seconds: u64) {
        self.ended += 1;
        self.seeds.insert(seed);
        self.n += outcome.n;
        self.acts += outcome.acts;
        self.violations += outcome.found.len();
        self.back.extend(outcome.back);
        self.seconds += seconds;
    }

    fn row(mut self) -> String {
        self.back.sort_unstable();
        let at = |part: usize| {
            let last = self.back.len().saturating_sub(1);
            self.back.get(last * part / 100).copied()
        };
        let [half, most, all] = [50, 99, 100].map(|part| at(part).unwrap_or_default());
        let bound = if self.violations > 0 || self.n == 0 {
            "none".to_owned()
        } else {
            // In hundredths of a percent, rounded up.
            let bound = 30_000_usize.div_ceil(self.n).min(10_000);
            format!("{}.{:02} %", bound / 100, bound % 100)
        };
        format!(
            "{} | {} | {} | {} | {} | {} | {bound} | {half} / {most} / {all} | {} |",
            self.ended,
            self.begun.saturating_sub(self.ended),
            self.seeds.len(),
            self.n,
            self.acts,
            self.violations,
            self.seconds.div_ceil(60),
        )
    }
}

fn append(line: &Line) {
    let record = file();
    let folder = record.parent().expect("a folder of the record");
    fs::create_dir_all(folder).expect("the folder of the record is made");
    let mut text = serde_json::to_string(line).expect("a line of the record");
    text.push('\n');
    let open = File::options().create(true).append(true).open(&record);
    let mut open = open.expect("the record is opened");
    open.write_all(text.as_bytes())
        .and_then(|()| open.sync_data())
        .expect("the record is written");
}

fn lines(record: &Path) -> Vec<Line> {
    let text = fs::read_to_string(record).unwrap_or_default();
    let line = |text: &str| serde_json::from_str(text).expect("the record is of lines of JSON");
    text.lines().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_add_up_and_one_that_did_not_end_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let record = folder.path().join("record.jsonl");
        let begin = r#"{"at":"begin","test":"T01","database":"sqlite","seed":1}"#;
        let end = r#"{"at":"end","test":"T01","database":"sqlite","seed":1,"n":30,"acts":200,"found":[],"back":[900],"seconds":61}"#;
        fs::write(&record, [begin, end, begin].join("\n")).unwrap();
        let told = table(&record);
        let row = "| T01 | sqlite | 1 | 1 | 1 | 30 | 200 | 0 | 10.00 % | 900 / 900 / 900 | 2 |";
        assert!(told.lines().any(|line| line == row), "{told}");
        let bad = end.replace("\"found\":[]", "\"found\":[\"a code was given 2 times\"]");
        fs::write(&record, [begin, end, begin, &bad].join("\n")).unwrap();
        let told = table(&record);
        let row = "| T01 | sqlite | 2 | 0 | 1 | 60 | 400 | 1 | none | 900 / 900 / 900 | 3 |";
        assert!(told.lines().any(|line| line == row), "{told}");
    }
}
