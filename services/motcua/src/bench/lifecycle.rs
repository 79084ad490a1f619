//! `bench lifecycle`: whole lives at 1, 8, 32 clients, and the floor beside them.

mod measured;

use std::io::{self, Write as _};
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::ValueEnum as _;
use serde_json::json;

use super::deployment::{Deployment, Place, Shape};
use super::echo;
use super::floor::Floor;
use super::lives::{self, Counted, Load, Play};
use super::machine::{Machine, Spent};
use super::table::{count, median, percentile, ratio};
use super::{Broken, record, stored};
use crate::cli::LifecycleArgs;
use crate::trial::cast::Cast;
use crate::{Outcome, holds};
use measured::{Measured, Minute, Verb};

/// Before each measurement: plans, pools and caches are what they are later.
const WARM_UP: Duration = Duration::from_secs(2);
/// Followers have caught up after this, or the bench fails.
const CATCH_UP: Duration = Duration::from_mins(10);

/// What the floor did, just before.
#[derive(Clone, Copy, Debug, Default)]
struct Below {
    lives: f64,
    alone: f64,
    p50: f64,
    p99: f64,
    cpu_ms: f64,
}

pub(super) async fn run(args: LifecycleArgs) -> Outcome {
    let machine = Machine::here();
    let mut out = io::stdout().lock();
    let admin = args.database.as_deref();
    let floor = if args.no_floor {
        None
    } else {
        Some(Standing::on(admin).await?)
    };
    let shapes = args
        .shape
        .map_or_else(|| Shape::value_variants().to_vec(), |shape| vec![shape]);
    let (mut told, mut sound) = (Vec::new(), true);
    for shape in shapes {
        let place = Place::fresh(admin).await?;
        if let Some(amount) = args.stored {
            let stored = stored::fill(&place, amount).await?;
            writeln!(io::stderr(), "{stored:?}")?;
        }
        let deployment = Deployment::start(place, shape).await?;
        let measured = over_clients(&deployment, shape, floor.as_ref(), &args).await?;
        told.extend(measured);
        let violations = settle(&deployment).await?;
        sound &= violations == 0;
        if !args.json {
            writeln!(
                out,
                "{shape:?}: {violations} violations after the measurements"
            )?;
        }
        deployment.end().await?;
    }
    let echo = match &floor {
        Some(standing) => Some(echo::run(&standing.sizes, &args.clients).await?),
        None => None,
    };
    if let Some(standing) = floor {
        standing.place.remove().await?;
    }
    if args.json {
        let answer = json!({ "machine": machine, "echo": echo, "measured": told });
        writeln!(out, "{answer}")?;
    } else {
        measured::tell(
            &mut out,
            &machine,
            &told,
            echo.as_deref().unwrap_or_default(),
        )?;
    }
    Ok(holds(sound && told.iter().all(|m| m.errors == 0)))
}

/// Each number of clients, several times over: the median run of each.
async fn over_clients(
    deployment: &Deployment,
    shape: Shape,
    floor: Option<&Standing>,
    args: &LifecycleArgs,
) -> Result<Vec<Measured>, Broken> {
    let lines = deployment.lines()?;
    let cast = Cast::gather(&lines, &deployment.credentials(), "all").await?;
    let play = Play::rehearse(cast, &lines.dossier).await?;
    let mut told = Vec::new();
    for clients in &args.clients {
        let mut runs = Vec::new();
        for _ in 0..args.runs {
            let below = match floor {
                Some(standing) => standing.below(args, *clients).await?,
                None => Below::default(),
            };
            let measured = one(deployment, &play, args, *clients, below).await?;
            runs.push(Measured {
                database: if args.database.is_some() {
                    "postgres"
                } else {
                    "sqlite"
                },
                shape: if shape == Shape::All { "all" } else { "split" },
                ..measured
            });
        }
        let key = |m: &Measured| {
            if m.ratio_to_floor > 0.0 {
                m.ratio_to_floor
            } else {
                m.lifecycles_per_s
            }
        };
        told.extend(median(runs, key));
    }
    Ok(told)
}

/// The floor with the databases that it stands on.
struct Standing {
    place: Place,
    floor: Floor,
    commands: f64,
    sizes: Vec<echo::Size>,
}

impl Standing {
    async fn on(admin: Option<&str>) -> Result<Self, Broken> {
        let place = Place::fresh(admin).await?;
        let tape = record::life(&place).await?;
        Ok(Self {
            floor: Floor::of(&place, &tape.acts),
            commands: count(tape.acts.len()),
            sizes: tape.sizes,
            place,
        })
    }

    async fn below(&self, args: &LifecycleArgs, clients: u32) -> Result<Below, Broken> {
        let load = load(args, clients);
        let alone = self.floor.run(load, false).await?;
        let before = Spent::now();
        let mut followed = self.floor.run(load, true).await?;
        let spent = Spent::now().since(before);
        let seconds = load.length.as_secs_f64();
        // Of the warm-up too, as what is spent then is.
        let commands = ratio(
            f64::from(u32::try_from(followed.micros.len()).unwrap_or(u32::MAX)),
            seconds,
        ) * (load.length + load.warm_up).as_secs_f64();
        Ok(Below {
            lives: ratio(lives_of(followed.lives), seconds),
            alone: ratio(lives_of(alone.lives), seconds),
            p50: percentile(&mut followed.micros, 0.5),
            p99: percentile(&mut followed.micros, 0.99),
            cpu_ms: ratio(spent.machine * 1000.0, commands.max(self.commands)),
        })
    }
}

fn lives_of(n: u64) -> f64 {
    f64::from(u32::try_from(n).unwrap_or(u32::MAX))
}

fn load(args: &LifecycleArgs, clients: u32) -> Load {
    Load {
        clients,
        warm_up: WARM_UP,
        length: Duration::from_secs(args.seconds),
        rate: args.rate,
    }
}

async fn one(
    deployment: &Deployment,
    play: &Arc<Play>,
    args: &LifecycleArgs,
    clients: u32,
    below: Below,
) -> Result<Measured, Broken> {
    let load = load(args, clients);
    let memory = Arc::new(std::sync::Mutex::new(Vec::new()));
    let (before, served) = (Spent::now(), deployment.spent());
    let loading = lives::run(play, load, || deployment.line("dossier"));
    let sampling = sample(deployment, Arc::clone(&memory));
    let counted = tokio::select! {
        counted = loading => counted?,
        () = sampling => return Err("the sampler ended".into()),
    };
    let (spent, served) = (Spent::now().since(before), deployment.spent() - served);
    let samples = std::mem::take(
        &mut *memory
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner),
    );
    Ok(measured(
        (deployment, play),
        load,
        counted,
        (spent, served),
        below,
        &samples,
    ))
}

fn measured(
    (deployment, play): (&Deployment, &Play),
    load: Load,
    counted: Counted,
    (spent, served): (Spent, f64),
    below: Below,
    samples: &[u64],
) -> Measured {
    let seconds = load.length.as_secs_f64();
    let mut micros: Vec<u32> = counted.acts.iter().map(|act| act.2).collect();
    let commands = ratio(count(micros.len()), seconds);
    // What is spent is of the warm-up too, at the same rate.
    let all = commands * (load.length + load.warm_up).as_secs_f64();
    let lives = ratio(lives_of(counted.lives), seconds);
    let cpu_ms = ratio((spent.machine - spent.own) * 1000.0, all);
    let (rss_mb, rss_peak_mb) = deployment.memory();
    Measured {
        clients: load.clients,
        seconds,
        lifecycles_per_s: lives,
        commands_per_s: commands,
        p50_ms: percentile(&mut micros, 0.5),
        p95_ms: percentile(&mut micros, 0.95),
        p99_ms: percentile(&mut micros, 0.99),
        floor_lifecycles_per_s: below.lives,
        floor_p50_ms: below.p50,
        floor_p99_ms: below.p99,
        floor_alone_lifecycles_per_s: below.alone,
        ratio_to_floor: ratio(lives, below.lives),
        cpu_s_per_lifecycle: cpu_ms * ratio(commands, lives) / 1000.0,
        cpu_ms_per_command: cpu_ms,
        services_cpu_ms_per_command: ratio(served * 1000.0, all),
        generator_cpu_ms_per_command: ratio(spent.own * 1000.0, all),
        floor_cpu_ms_per_command: below.cpu_ms,
        cpu_ratio_to_floor: ratio(cpu_ms, below.cpu_ms),
        rss_mb,
        rss_peak_mb,
        errors: counted.errors,
        first_error: counted.first_error,
        by_verb: verbs(play, &counted.acts),
        by_minute: minutes(&counted.acts, samples),
        ..Measured::default()
    }
}

/// Each verb of the life, in its order.
fn verbs(play: &Play, acts: &[(u8, u32, u32)]) -> Vec<Verb> {
    let methods = play.plan().methods().into_iter().zip(0..);
    let verb = |(method, place): (&'static str, u8)| {
        let of = acts.iter().filter(|act| act.0 == place);
        let mut micros: Vec<u32> = of.map(|act| act.2).collect();
        Verb {
            method,
            p50_ms: percentile(&mut micros, 0.5),
            p99_ms: percentile(&mut micros, 0.99),
        }
    };
    methods.map(verb).collect()
}

/// Memory of the processes at the end of each minute, for as long as it is let.
async fn sample(deployment: &Deployment, into: Arc<std::sync::Mutex<Vec<u64>>>) {
    let mut tick = tokio::time::interval(Duration::from_mins(1));
    tick.tick().await;
    loop {
        tick.tick().await;
        let now = deployment.memory().0;
        let mut into = into
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        into.push(now);
    }
}

/// A long measurement minute by minute; none of a short one.
fn minutes(acts: &[(u8, u32, u32)], samples: &[u64]) -> Vec<Minute> {
    let each = samples.iter().enumerate();
    each.map(|(minute, rss_mb)| {
        let nth = u32::try_from(minute).unwrap_or(u32::MAX);
        let of = acts.iter().filter(|act| act.1 / 60 == nth);
        let mut micros: Vec<u32> = of.map(|act| act.2).collect();
        Minute {
            nth,
            commands: micros.len(),
            p50_ms: percentile(&mut micros, 0.5),
            p99_ms: percentile(&mut micros, 0.99),
            rss_mb: *rss_mb,
        }
    })
    .collect()
}

/// Waits until every follower has followed, then verifies everything.
pub(super) async fn settle(deployment: &Deployment) -> Result<u64, Broken> {
    let operator = deployment.operator()?;
    let until = Instant::now() + CATCH_UP;
    loop {
        let equal = operator.warehouse().await?.violations == 0;
        if equal || Instant::now() >= until {
            break;
        }
        let _ = tokio::time::timeout(Duration::from_secs(1), std::future::pending::<()>()).await;
    }
    let checks = operator.verify().await?;
    Ok(checks.iter().map(|check| check.violations).sum())
}
