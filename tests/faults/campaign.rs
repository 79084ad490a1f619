//! A campaign: runs of one fault, each from its seed, each judged in the same way.
//! How many there are follows from the tier, and what each came to is recorded.
//!
//! `MOTCUA_FAULT_TIER` is `gate` (the default, with a fresh seed), `nightly` or
//! `release`; `MOTCUA_FAULT_SEEDS=1..11` names the seeds instead. A seed that was run
//! before and found nothing is not run again.

use std::time::Duration;

use testkit::ledger::{Acknowledged, differences, stores};
use testkit::tally::{Outcome, Run, Subject};
use testkit::{Draw, Engine, variable};
use tokio::sync::Mutex;
use tokio::time::timeout;
use uuid::Uuid;

use crate::load::Load;
use crate::supervisor::{Supervisor, Wire};

/// After the last fault everything agrees within this.
const CONVERGED: Duration = Duration::from_mins(2);
/// What a mutant has broken is not waited for that long.
const MUTANT_CONVERGED: Duration = Duration::from_secs(10);
/// No run takes longer.
const WHOLE: Duration = Duration::from_mins(20);

/// One at a time: each takes the whole machine.
pub(crate) static MACHINE: Mutex<()> = Mutex::const_new(());

/// What is done to what.
pub(crate) struct Plan {
    /// Its number in the list of faults.
    pub(crate) test: &'static str,
    /// On which database.
    pub(crate) engine: Engine,
    /// Faults in each run.
    pub(crate) faults: usize,
    /// Runs of each tier: gate, nightly, release.
    pub(crate) runs: [u64; 3],
    /// Wires that can be cut.
    pub(crate) wires: &'static [Wire],
    /// The databases are on a disk of so many MiB, which can be full.
    pub(crate) disk: Option<u32>,
}

/// What strikes meet.
pub(crate) struct Scene {
    /// The processes.
    pub(crate) place: Supervisor,
    /// The lives that are walked.
    pub(crate) load: Load,
    /// Chance.
    pub(crate) draw: Draw,
    /// What it came to until now.
    pub(crate) outcome: Outcome,
}

/// Runs a plan. A strike does one fault or a few, counts them, and makes good what
/// it did; it ends early when no life is walked any more.
pub(crate) async fn campaign(plan: Plan, mut strike: impl AsyncFnMut(&mut Scene)) {
    let _machine = MACHINE.lock().await;
    for seed in seeds(plan.runs) {
        let subject = Subject::new(plan.test, plan.engine, seed);
        let told = format!("{} {:?} seed {seed}", plan.test, plan.engine);
        if recorded() && subject.passed() {
            println!("{told}: passed before");
            continue;
        }
        let Some(place) = Supervisor::start(plan.engine, plan.wires, plan.disk).await else {
            return;
        };
        let run = recorded().then(|| Run::begin(subject));
        let outcome = timeout(WHOLE, walk(&plan, place, seed, &mut strike)).await;
        let outcome = outcome.unwrap_or_else(|_| panic!("{told} does not end"));
        println!(
            "{told}: {} faults, {} acts, {} found",
            outcome.n,
            outcome.acts,
            outcome.found.len()
        );
        if let Some(run) = run {
            run.end(outcome.clone());
        }
        assert!(outcome.found.is_empty(), "{told}: {:#?}", outcome.found);
    }
}

/// Strikes while lives are walked, rehearsal after rehearsal, until there were
/// enough faults; then everything is killed, started again, and judged.
async fn walk(
    plan: &Plan,
    place: Supervisor,
    seed: u64,
    strike: &mut impl AsyncFnMut(&mut Scene),
) -> Outcome {
    let mut scene = Scene {
        load: Load::begin(&place, 0),
        place,
        draw: Draw(seed),
        outcome: Outcome::default(),
    };
    let mut ledger = Vec::new();
    for nth in 1.. {
        while scene.goes_on(plan.faults) && scene.load.walks() {
            strike(&mut scene).await;
        }
        let missed = scene.load.end(&mut scene.place).await;
        scene.outcome.found.extend(missed);
        ledger.extend(scene.load.ledger());
        if !scene.goes_on(plan.faults) {
            break;
        }
        scene.load = Load::begin(&scene.place, nth);
    }
    scene.judge(&ledger).await
}

impl Scene {
    /// Whether there is more to do.
    fn goes_on(&self, faults: usize) -> bool {
        let well = self.outcome.found.is_empty() && self.place.fallen.is_empty();
        well && self.outcome.n < faults
    }

    async fn judge(self, ledger: &[Acknowledged]) -> Outcome {
        let Self {
            mut place,
            mut outcome,
            ..
        } = self;
        // What is judged was read from the disk.
        place.kill_all().await;
        place.everybody().await;
        let within = if variable("MUTANT").is_some() {
            MUTANT_CONVERGED
        } else {
            CONVERGED
        };
        outcome.found.extend(place.violations(within).await);
        place.kill_all().await;
        outcome.found.append(&mut place.fallen);
        let started = place.started().await;
        if outcome.back.is_empty() {
            outcome.back = started;
        }
        if let Some(cluster) = &place.cluster {
            outcome.found.extend(cluster.unsound().await);
        }
        let kept = stores(&place.config()).await;
        outcome.found.extend(differences(ledger, &kept));
        outcome.acts = ledger.len();
        outcome
    }
}

/// Whether runs are recorded: not those of mutants.
fn recorded() -> bool {
    variable("MUTANT").is_none()
}

fn seeds(runs: [u64; 3]) -> Vec<u64> {
    if !recorded() {
        return vec![1];
    }
    if let Some(one) = variable("MOTCUA_TEST_SEED") {
        return vec![one.parse().expect("a seed is a number")];
    }
    if let Some(range) = variable("MOTCUA_FAULT_SEEDS") {
        let (from, to) = range.split_once("..").expect("seeds are FROM..TO");
        let number = |text: &str| text.parse::<u64>().expect("a seed is a number");
        return (number(from)..number(to)).collect();
    }
    let [gate, nightly, release] = runs;
    match variable("MOTCUA_FAULT_TIER").as_deref() {
        None | Some("gate") => (0..gate).map(|_| fresh()).collect(),
        Some("nightly") => (1..=nightly).collect(),
        Some("release") => (1..=release).collect(),
        Some(other) => panic!("{other} is no tier: gate, nightly, release"),
    }
}

fn fresh() -> u64 {
    #[expect(clippy::disallowed_methods, reason = "a fresh seed, which is printed")]
    let seed = Uuid::new_v4();
    seed.as_u64_pair().0
}

/// A random moment has no condition to wait for.
pub(crate) async fn moment(millis: u64) {
    let _ = timeout(Duration::from_millis(millis), std::future::pending::<()>()).await;
}
