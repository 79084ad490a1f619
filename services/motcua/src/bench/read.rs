//! `bench read`: what officers look at, on stores that have been in use. Each
//! question goes through the public contract to the program in a process of its
//! own; beside it the same statements, said by sqlx alone.

mod question;

use std::io::{self, Write as _};
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::json;

use super::deployment::{Deployment, Place, Shape};
use super::lives::Play;
use super::machine::Machine;
use super::record::{self, Said};
use super::table::{self, percentile, ratio};
use super::{Broken, floor, lifecycle, stored};
use crate::cli::ReadArgs;
use crate::house::Means;
use crate::operator::Operator;
use crate::serve::{DEMO_PASSWORDS, Served};
use crate::trial::cast::{Cast, Lines};
use crate::{Outcome, holds};
use question::{Asker, QUESTIONS, Question};

/// One question.
#[derive(Clone, Debug, Serialize)]
struct Answered {
    question: &'static str,
    asked: usize,
    p50_ms: f64,
    p99_ms: f64,
    statements: usize,
    /// The same statements through sqlx alone.
    floor_p50_ms: f64,
    ratio_to_floor: f64,
}

pub(super) async fn run(args: ReadArgs) -> Outcome {
    let place = Place::fresh(args.database.as_deref()).await?;
    let stored = stored::fill(&place, args.stored).await?;
    writeln!(io::stderr(), "{stored:?}")?;
    let said = said(&place).await?;
    let config = place.config();
    let deployment = Deployment::start(place, Shape::All).await?;
    let lines = deployment.lines()?;
    let cast = Cast::gather(&lines, &deployment.credentials(), "all").await?;
    let play = Play::rehearse(cast, &lines.dossier).await?;
    let asker = Asker::new(&play, &lines.dossier, &deployment.operator()?).await?;
    let length = Duration::from_secs(args.seconds);
    let mut told = Vec::new();
    for (question, said) in QUESTIONS.into_iter().zip(&said) {
        let mut micros = over(&asker, question, length).await?;
        let mut floor = floor::readings(&config, said, length / 3).await?;
        let (p50_ms, floor_p50_ms) = (percentile(&mut micros, 0.5), percentile(&mut floor, 0.5));
        told.push(Answered {
            question: question.name(),
            asked: micros.len(),
            p50_ms,
            p99_ms: percentile(&mut micros, 0.99),
            statements: said.len(),
            floor_p50_ms,
            ratio_to_floor: ratio(floor_p50_ms, p50_ms),
        });
    }
    let began = Instant::now();
    let violations = lifecycle::settle(&deployment).await?;
    let verified_s = began.elapsed().as_secs_f64();
    deployment.end().await?;
    let mut out = io::stdout().lock();
    if args.json {
        let answer = json!({
            "machine": Machine::here(),
            "stored": stored,
            "read": told,
            "verified_s": verified_s,
            "violations": violations,
        });
        writeln!(out, "{answer}")?;
    } else {
        table::write(&mut out, &rows(&told))?;
        writeln!(
            out,
            "\n{violations} violations, verified in {verified_s:.0} s"
        )?;
    }
    Ok(holds(violations == 0))
}

fn rows(told: &[Answered]) -> Vec<Vec<String>> {
    let head = [
        "question",
        "asked",
        "p50 ms",
        "p99 ms",
        "statements",
        "floor p50",
        "ratio",
    ];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for one in told {
        rows.push(vec![
            one.question.to_owned(),
            one.asked.to_string(),
            format!("{:.2}", one.p50_ms),
            format!("{:.2}", one.p99_ms),
            one.statements.to_string(),
            format!("{:.2}", one.floor_p50_ms),
            format!("{:.2}", one.ratio_to_floor),
        ]);
    }
    rows
}

/// Asks over and over, one after the other.
async fn over(asker: &Asker, question: Question, length: Duration) -> Result<Vec<u32>, Broken> {
    asker.ask(question).await?;
    let (until, mut micros) = (Instant::now() + length, Vec::new());
    while micros.len() < 3 || Instant::now() < until {
        let began = Instant::now();
        asker.ask(question).await?;
        micros.push(u32::try_from(began.elapsed().as_micros()).unwrap_or(u32::MAX));
    }
    Ok(micros)
}

/// What each question says to the stores, in this process.
async fn said(place: &Place) -> Result<Vec<Vec<Said>>, Broken> {
    let (tape, statements) = record::writing();
    let means = Means {
        statements: Some(statements),
        ..Means::default()
    };
    let config = place.config();
    let served = Served::start(&config, "all", true, means).await?;
    let door = served.house.inner_door()?;
    let lines = Lines::through(&door.anonymous());
    let cast = Cast::gather(&lines, &config.data.join(DEMO_PASSWORDS), "all").await?;
    let play = Play::rehearse(cast, &lines.dossier).await?;
    let asker = Asker::new(&play, &lines.dossier, &Operator::at(&door)).await?;
    let take = || std::mem::take(&mut *tape.lock().unwrap_or_else(PoisonError::into_inner));
    let mut all = Vec::new();
    for question in QUESTIONS {
        asker.ask(question).await?;
        take();
        asker.ask(question).await?;
        // What sequencers and timers say meanwhile is nobody's answer.
        let of_question = |one: &Said| one.called && one.unit.is_none();
        all.push(take().into_iter().filter(of_question).collect());
    }
    served.end().await;
    Ok(all)
}
