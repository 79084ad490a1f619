//! `motcua due`: the working-time clock, offline.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::LazyLock;

use domain::working_time::national_calendar;
use domain::working_time::query::{self, DueAnswer, DueQuery};
use serde_json::{Value, json};

use crate::cli::DueArgs;

/// The longest line of a batch, in bytes: a query has a few hundred.
const LINE_LIMIT: usize = 64 * 1024;

/// Answers one question, or a file of them.
pub(crate) fn run(args: &DueArgs) -> ExitCode {
    let outcome = match &args.batch {
        Some(path) => batch(path),
        None => one(args),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            let _ = writeln!(io::stderr(), "motcua due: {error}");
            ExitCode::FAILURE
        }
    }
}

fn one(args: &DueArgs) -> io::Result<ExitCode> {
    let asked = json!({
        "limit": args.limit,
        "start": args.start,
        "mode": args.mode,
        "cutoff": args.cutoff,
        "pauses": args.pauses,
        "unit": args.unit,
        "received": args.received,
        "handover": args.handover,
    });
    let mut out = io::stdout().lock();
    match answer(without_nulls(asked)) {
        Ok(answer) if args.json => {
            writeln!(out, "{}", serde_json::to_string(&answer)?)?;
            Ok(ExitCode::SUCCESS)
        }
        Ok(answer) => {
            tell(&mut out, &answer)?;
            Ok(ExitCode::SUCCESS)
        }
        Err(why) => {
            writeln!(io::stderr(), "{why}")?;
            Ok(ExitCode::FAILURE)
        }
    }
}

fn without_nulls(mut asked: Value) -> Value {
    if let Some(map) = asked.as_object_mut() {
        map.retain(|_, v| !v.is_null());
    }
    asked
}

fn answer(asked: Value) -> Result<DueAnswer, String> {
    let asked: DueQuery = serde_json::from_value(asked).map_err(|e| e.to_string())?;
    if let Some(code) = &asked.unit {
        known(code)?;
    }
    query::answer(&national_calendar(), &asked).map_err(|e| e.to_string())
}

/// Every unit of the province counts by the national calendar until it has one
/// of its own; a code that is no unit's would promise a date for nobody.
fn known(code: &str) -> Result<(), String> {
    static UNITS: LazyLock<Vec<String>> = LazyLock::new(|| {
        let units = workflow::data::units().unwrap_or_default();
        units.into_iter().map(|unit| unit.unit).collect()
    });
    if UNITS.iter().any(|unit| unit == code) {
        return Ok(());
    }
    Err(format!("unit: không có đơn vị {code}"))
}

/// For people: the instant first, then why.
fn tell(out: &mut impl Write, answer: &DueAnswer) -> io::Result<()> {
    writeln!(out, "Hẹn trả: {}", answer.due)?;
    let counted: Vec<String> = answer.counted.iter().map(ToString::to_string).collect();
    writeln!(
        out,
        "Ngày được tính ({}): {}",
        counted.len(),
        counted.join(", ")
    )?;
    for skipped in &answer.skipped {
        writeln!(out, "Không tính {}: {}", skipped.date, skipped.why)?;
    }
    Ok(())
}

/// Line by line: `{"due":…}` or `{"error":…}`, in the order asked. Fails at the
/// end when any line failed.
fn batch(path: &Path) -> io::Result<ExitCode> {
    let input: Box<dyn BufRead> = if path.as_os_str() == "-" {
        Box::new(BufReader::new(io::stdin()))
    } else {
        Box::new(BufReader::new(File::open(path)?))
    };
    let mut out = BufWriter::new(io::stdout().lock());
    let mut failed = false;
    for line in input.lines() {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        match answer_line(&line) {
            Ok(answer) => serde_json::to_writer(&mut out, &answer)?,
            Err(error) => {
                failed = true;
                serde_json::to_writer(&mut out, &json!({ "error": error }))?;
            }
        }
        out.write_all(b"\n")?;
    }
    out.flush()?;
    Ok(if failed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn answer_line(line: &str) -> Result<DueAnswer, String> {
    if line.len() > LINE_LIMIT {
        return Err(format!("a line has at most {LINE_LIMIT} bytes"));
    }
    answer(serde_json::from_str(line).map_err(|e| e.to_string())?)
}
