//! Whole lives of dossiers while things break: the rehearsal, as a process of its
//! own, which asks again under the same key, finishes every life, and flushes every
//! acknowledged act to the disk.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use testkit::ledger::Acknowledged;
use testkit::variable;
use tokio::process::Child;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use crate::supervisor::{CLIENT, Supervisor};

/// Communes, lives in each, and lives at once.
const UNITS: &str = "18583,18073,18100,18115,18133,18160,18196,18244";
const PER_UNIT: usize = 6;
const LIVES: usize = 8 * PER_UNIT;
const AT_ONCE: &str = "8";
/// A rehearsal ends within this after the last fault.
const END: Duration = Duration::from_mins(5);
/// After a fault has ended, the next act is acknowledged within this.
const RECOVERED: Duration = Duration::from_mins(2);
/// What a mutant has lost is not waited for that long.
const LOST: Duration = Duration::from_secs(20);

/// One rehearsal.
pub(crate) struct Load {
    driver: Child,
    list: PathBuf,
    out: PathBuf,
}

impl Load {
    /// Begins the `nth` rehearsal of a place.
    pub(crate) fn begin(place: &Supervisor, nth: usize) -> Self {
        let list = place.beside(&format!("acknowledged.{nth}"));
        let out = place.beside(&format!("report.{nth}"));
        let file = |path: &Path| File::create(path).expect("a file for the report");
        let errors = file(&place.beside(&format!("driver.{nth}.log")));
        let mut driver = place.program(CLIENT);
        driver
            .env_remove("MUTANT")
            .args(["trial", "--peers", "--json", "--units", UNITS])
            .args(["--per-unit", &PER_UNIT.to_string(), "--at-once", AT_ONCE])
            .arg("--acknowledged")
            .arg(&list)
            .stdout(file(&out))
            .stderr(errors);
        Self {
            driver: driver.spawn().expect("the driver"),
            list,
            out,
        }
    }

    /// Acts that were acknowledged.
    pub(crate) fn acts(&self) -> Vec<String> {
        read(&self.list)
    }

    /// The same, as the ledger holds them.
    pub(crate) fn ledger(&self) -> Vec<Acknowledged> {
        self.acts()
            .iter()
            .map(|line| Acknowledged::read(line))
            .collect()
    }

    /// Whether lives are still walked.
    pub(crate) fn walks(&mut self) -> bool {
        let ended = self.driver.try_wait().expect("the driver").is_some();
        let last = ["ReturnResult", "RefuseIntake", "Withdraw"];
        let over = |line: &&String| last.iter().any(|method| line.contains(method));
        !ended && self.acts().iter().filter(over).count() < LIVES
    }

    /// Waits until so many more acts are acknowledged; false when the lives end
    /// before.
    pub(crate) async fn reach(&mut self, place: &mut Supervisor, more: usize) -> bool {
        let acts = self.acts().len() + more;
        let list = self.list.clone();
        self.until(place, |_| read(&list).len() >= acts).await && self.walks()
    }

    /// Waits until something holds; false when the lives end before.
    pub(crate) async fn until(
        &mut self,
        place: &mut Supervisor,
        holds: impl Fn(&Supervisor) -> bool,
    ) -> bool {
        let mut look = interval(Duration::from_millis(4));
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !holds(place) {
            if !self.walks() {
                return false;
            }
            place.tend();
            look.tick().await;
        }
        true
    }

    /// How long it takes until an act is acknowledged again.
    pub(crate) async fn recover(&mut self, place: &mut Supervisor) -> Result<Duration, String> {
        let (began, within) = (Instant::now(), patience(RECOVERED));
        match timeout(within, self.reach(place, 1)).await {
            Ok(_) => Ok(began.elapsed()),
            Err(_) => Err(format!("nothing is acknowledged for {within:?}")),
        }
    }

    /// Waits for the end; what the driver says went wrong, one line each.
    pub(crate) async fn end(&mut self, place: &mut Supervisor) -> Vec<String> {
        let mut look = interval(Duration::from_millis(20));
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let ending = async {
            while self.driver.try_wait().expect("the driver").is_none() {
                place.tend();
                look.tick().await;
            }
        };
        if timeout(patience(END), ending).await.is_err() {
            // What is judged stands still.
            self.driver.kill().await.expect("a killed driver");
            return vec!["the rehearsal does not end".to_owned()];
        }
        let out = std::fs::read_to_string(&self.out).unwrap_or_default();
        let told = out
            .lines()
            .last()
            .and_then(|l| serde_json::from_str(l).ok());
        told.map_or_else(
            || vec![format!("the driver reports nothing: {out}")],
            |told| misses(&told),
        )
    }
}

/// How long something is waited for.
fn patience(product: Duration) -> Duration {
    if variable("MUTANT").is_some() {
        LOST
    } else {
        product
    }
}

/// The lines of a list that is still written to.
fn read(list: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(list).unwrap_or_default();
    // The last line may be half written.
    let whole = text.split_inclusive('\n').filter(|l| l.ends_with('\n'));
    whole.map(|line| line.trim_end().to_owned()).collect()
}

/// Lives that did not end as they must, and what `verify` found.
fn misses(report: &Value) -> Vec<String> {
    let of = |unit: &Value| unit["misses"].as_array().cloned().unwrap_or_default();
    let units = report["by_unit"].as_array().expect("units");
    let misses = units.iter().flat_map(of);
    let mut found: Vec<String> = misses.map(|miss| format!("life: {miss}")).collect();
    if report["dossiers"] != LIVES {
        found.push(format!("{} lives were walked", report["dossiers"]));
    }
    found
}
