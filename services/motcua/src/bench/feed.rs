//! `bench feed`: how fresh the feed, the warehouse and the inboxes are under a
//! load. What is timed begins when the dossier service received the command, so it
//! holds the command's own time too, and ends when another reader of the databases
//! can see the effect.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use domain::clock::Clock as _;
use runtime::clock::SystemClock;
use serde::Serialize;
use serde_json::json;
use storage::{Db, cursor, event};

use super::deployment::{Deployment, Place, Shape};
use super::lives::{self, Load, Play};
use super::machine::Machine;
use super::table::{self, percentile};
use super::{Broken, lifecycle};
use crate::cli::FeedArgs;
use crate::trial::cast::Cast;
use crate::{Outcome, holds};

/// How often the databases are looked at: the figures are no finer.
const LOOK: Duration = Duration::from_millis(10);
const WARM_UP: Duration = Duration::from_secs(2);
/// Clients enough to keep the rate.
const CLIENTS: u32 = 16;
/// Who follows the dossier feed, and in whose store.
const FOLLOWERS: [(&str, &str); 2] = [
    ("gateway.dossier", "gateway"),
    ("notification.dossier", "notification"),
];

/// How long after the command each effect could be seen, in milliseconds.
#[derive(Clone, Debug, Serialize)]
struct Fresh {
    what: &'static str,
    commands_per_s: f64,
    events: usize,
    p50_ms: f64,
    p99_ms: f64,
    most_ms: f64,
}

pub(super) async fn run(args: FeedArgs) -> Outcome {
    let place = Place::fresh(args.database.as_deref()).await?;
    let config = place.config();
    let deployment = Deployment::start(place, args.shape.unwrap_or(Shape::All)).await?;
    let dossier = Db::open(&config.store("dossier")?).await?;
    let mut following = Vec::new();
    for (consumer, service) in FOLLOWERS {
        let db = Db::open(&config.store(service)?).await?;
        following.push((consumer, db));
    }
    let lines = deployment.lines()?;
    let cast = Cast::gather(&lines, &deployment.credentials(), "all").await?;
    let play = Play::rehearse(cast, &lines.dossier).await?;
    let load = Load {
        clients: CLIENTS,
        warm_up: WARM_UP,
        length: Duration::from_secs(args.seconds),
        rate: Some(args.rate),
    };
    let loading = lives::run(&play, load, || deployment.line("dossier"));
    let until = Instant::now() + load.warm_up + load.length;
    let watching = watch(&dossier, &following, until);
    let (counted, seen) = tokio::join!(loading, watching);
    let (counted, seen) = (counted?, seen?);
    let commands = table::count(counted.acts.len()) / load.length.as_secs_f64();
    let fresh: Vec<Fresh> = seen
        .into_iter()
        .map(|(what, mut micros)| Fresh {
            what,
            commands_per_s: commands,
            events: micros.len(),
            p50_ms: percentile(&mut micros, 0.5),
            p99_ms: percentile(&mut micros, 0.99),
            most_ms: percentile(&mut micros, 1.0),
        })
        .collect();
    drop((dossier, following));
    let violations = lifecycle::settle(&deployment).await?;
    deployment.end().await?;
    let errors = counted.errors;
    if args.json {
        let answer = json!({
            "machine": Machine::here(),
            "fresh": fresh,
            "errors": errors,
            "violations": violations,
        });
        writeln!(io::stdout(), "{answer}")?;
    } else {
        tell(&fresh)?;
    }
    Ok(holds(violations == 0 && errors == 0))
}

fn tell(fresh: &[Fresh]) -> Result<(), Broken> {
    let head = [
        "visible in",
        "commands/s",
        "events",
        "p50 ms",
        "p99 ms",
        "most ms",
    ];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for one in fresh {
        rows.push(vec![
            one.what.to_owned(),
            format!("{:.0}", one.commands_per_s),
            one.events.to_string(),
            format!("{:.0}", one.p50_ms),
            format!("{:.0}", one.p99_ms),
            format!("{:.0}", one.most_ms),
        ]);
    }
    Ok(table::write(&mut io::stdout().lock(), &rows)?)
}

/// What each place shows, and when it began to.
async fn watch(
    dossier: &Db,
    following: &[(&'static str, Db)],
    until: Instant,
) -> Result<Vec<(&'static str, Vec<u32>)>, Broken> {
    let mut feed = Vec::new();
    let mut others: Vec<(&'static str, Vec<u32>)> = following
        .iter()
        .map(|(name, _)| (*name, Vec::new()))
        .collect();
    let mut at: BTreeMap<i64, DateTime<Utc>> = BTreeMap::new();
    let mut last = event::head(dossier.read()).await?.position;
    let mut reached = vec![last; following.len()];
    while Instant::now() < until {
        for one in event::numbered_after(dossier.read(), last, 1000).await? {
            last = one.position.unwrap_or(last);
            feed.push(since(one.at));
            at.insert(last, one.at);
        }
        let each = following.iter().zip(&mut others).zip(&mut reached);
        for (((name, db), (_, micros)), reached) in each {
            let stored = cursor::load(db.read(), name).await?;
            let now = stored.map_or(0, |cursor| cursor.position);
            if now > *reached {
                let passed = at.range(*reached + 1..=now);
                micros.extend(passed.map(|(_, at)| since(*at)));
                *reached = now;
            }
        }
        let _ = tokio::time::timeout(LOOK, std::future::pending::<()>()).await;
    }
    let mut all = vec![("feed", feed)];
    all.extend(others);
    Ok(all)
}

fn since(at: DateTime<Utc>) -> u32 {
    let past = (SystemClock.now() - at).num_microseconds();
    past.and_then(|n| u32::try_from(n).ok()).unwrap_or_default()
}
