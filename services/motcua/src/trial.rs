//! `motcua trial`: the rehearsal (*vận hành thử nghiệm*). Whole lives of dossiers
//! for every unit, through the public contract, signed in with the officers' own
//! credentials.

pub(crate) mod cast;
pub(crate) mod driver;
mod instance;
pub(crate) mod kinds;
mod officer;
mod patience;
pub(crate) mod people;
mod report;

use std::io::{self, Write as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use domain::clock::{Clock as _, Ids as _};
use futures::stream::{self, StreamExt as _};
use indicatif::{ProgressBar, ProgressStyle};
use proto::gateway::v1::RecordTrialRequest;
use proto::gateway::v1::job_service_client::JobServiceClient;
use runtime::clock::{SystemClock, SystemIds};
use uuid::Uuid;

use crate::cli::TrialArgs;
use crate::operator::{Operator, OperatorError};
use crate::{Outcome, holds};
use cast::{Cast, Commune};
use driver::{Act, Life, Miss};
use instance::Target;
use kinds::{End, Kind};
use people::People;
use report::{Report, UnitReport};

/// Rehearses and tells; fails on any miss.
pub(crate) async fn run(args: TrialArgs) -> Outcome {
    let target = Target::reach(&args).await?;
    let report = rehearse(&args, &target).await;
    target.leave().await;
    let report = report?;
    let mut out = io::stdout().lock();
    if args.json {
        writeln!(out, "{}", serde_json::to_string(&report)?)?;
    } else {
        report.tell(&mut out)?;
    }
    Ok(holds(report.passed()))
}

/// One life to be walked.
struct Errand<'a> {
    commune: &'a Commune,
    unit: usize,
    kind: Kind,
    number: u64,
}

async fn rehearse(
    args: &TrialArgs,
    target: &Target,
) -> Result<Report, Box<dyn std::error::Error + Send + Sync>> {
    let began = Instant::now();
    let cast = Cast::gather(&target.people, &target.credentials, &args.units).await?;
    let people = People::load()?;
    let run = SystemIds.next();
    let record = Acknowledged::open(args)?;
    let mut errands = Vec::new();
    for nth in 0..args.per_unit {
        for (unit, commune) in cast.communes.iter().enumerate() {
            let kind = Kind::of(unit, usize::try_from(nth).unwrap_or_default());
            let number = u64::try_from(errands.len()).unwrap_or_default();
            errands.push(Errand {
                commune,
                unit,
                kind,
                number,
            });
        }
    }
    let bar = progress(errands.len(), args.json);
    let at_once = usize::try_from(args.at_once).unwrap_or(1);
    let walked: Vec<_> = stream::iter(errands)
        .map(|errand| async {
            let outcome = walk(&cast, target, &people, run, &errand, &record).await;
            bar.inc(1);
            (errand, outcome)
        })
        .buffer_unordered(at_once)
        .collect()
        .await;
    bar.finish_and_clear();
    let mut report = Report::of(&cast.communes);
    for (errand, outcome) in walked {
        report.count(errand.unit, errand.kind, outcome);
    }
    let operator = &target.operator;
    report.judge(patience::persist(|| operator.verify()).await);
    if !target.private {
        remember(operator, &report, run).await?;
    }
    report.seconds = began.elapsed().as_secs_f64();
    Ok(report)
}

async fn walk(
    cast: &Cast,
    target: &Target,
    people: &People,
    run: Uuid,
    errand: &Errand<'_>,
    record: &Acknowledged,
) -> Result<(End, Option<bool>), Miss> {
    let scene = cast.scene(errand.kind, errand.commune, errand.unit)?;
    let life = Life {
        kind: errand.kind,
        channel: target.people.dossier.clone(),
        officers: &scene.officers,
        seed: Uuid::new_v5(&run, &errand.number.to_be_bytes()),
        acknowledged: &|act| record.write(act),
    };
    let filed = scene.filing(people.person(errand.number), !target.private);
    let ended = life.walk(filed).await?;
    Ok((errand.kind.end(), driver::on_time(&ended)))
}

/// Keeps the outcome of each unit, for readiness.
async fn remember(operator: &Operator, report: &Report, run: Uuid) -> Result<(), OperatorError> {
    let client = JobServiceClient::new(operator.line("gateway")?);
    let now = SystemClock.now();
    let at = prost_types::Timestamp {
        seconds: now.timestamp(),
        nanos: 0,
    };
    for UnitReport {
        code,
        dossiers,
        misses,
        ..
    } in &report.by_unit
    {
        let count = |n: usize| i32::try_from(n).unwrap_or(i32::MAX);
        let request = RecordTrialRequest {
            request_id: Uuid::new_v5(&run, code.as_bytes()).to_string(),
            unit: format!("units/{code}"),
            passed: misses.is_empty(),
            dossiers: count(*dossiers),
            misses: misses.clone(),
            at: Some(at),
        };
        patience::persist(|| async { client.clone().record_trial(request.clone()).await }).await?;
    }
    Ok(())
}

fn progress(lives: usize, quiet: bool) -> ProgressBar {
    if quiet {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} hồ sơ, {elapsed}, còn {eta}");
    let bar = ProgressBar::new(u64::try_from(lives).unwrap_or_default());
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

/// The list of acknowledged acts, on the disk before the next act begins.
struct Acknowledged(Option<Arc<Mutex<std::fs::File>>>);

impl Acknowledged {
    fn open(args: &TrialArgs) -> io::Result<Self> {
        let open = |path| std::fs::File::create(path).map(|file| Arc::new(Mutex::new(file)));
        Ok(Self(args.acknowledged.as_ref().map(open).transpose()?))
    }

    fn write(&self, act: &Act) {
        let Some(file) = &self.0 else { return };
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        let Act {
            method,
            dossier,
            request_id,
            person,
        } = act;
        let line = format!("{dossier} {method} {request_id} {person}\n");
        let kept = file
            .write_all(line.as_bytes())
            .and_then(|()| file.sync_data());
        if let Err(error) = kept {
            tracing::error!(%error, "an acknowledged act could not be written down");
        }
    }
}
