//! T12: the disk below the databases is full for a while, while lives are walked.
//! What was acknowledged stays, and acts are acknowledged again once there is room.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use testkit::{Engine, required};

use crate::campaign::{Plan, Scene, campaign, moment};
use crate::supervisor::millis;

/// Acts between two faults, at most.
const ACTS: u64 = 40;
/// Once somebody has met it, it stays full this long, in milliseconds, and at most so much longer.
const LASTS: u64 = 1000;
const LONGER: u64 = 2000;

/// A file system in memory, of a size, over a folder.
pub(crate) struct Disk {
    at: PathBuf,
}

/// Whether one may be made: says so when a test is skipped for that, and fails where
/// it is required.
pub(crate) fn may_mount() -> bool {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let may = Disk::over(folder.path(), 1).is_some();
    if !may {
        assert!(!required("mount"), "no file system can be mounted");
        println!("skipped: no file system can be mounted");
    }
    may
}

impl Disk {
    /// Of so many MiB, over a folder; none when that is not allowed.
    pub(crate) fn over(at: &Path, mebibytes: u32) -> Option<Self> {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={mebibytes}m"), "faults"]);
        let mounted = mount.arg(at).output().ok()?;
        mounted.status.success().then(|| Self { at: at.to_owned() })
    }

    /// Writes until not a byte is left.
    fn fill(&self) {
        let mut filler = File::create(self.filler()).expect("a file that fills");
        for size in [1024 * 1024, 4096, 1] {
            let piece = vec![b'x'; size];
            while filler.write_all(&piece).is_ok() {}
        }
    }

    /// Makes room again.
    fn free(&self) {
        std::fs::remove_file(self.filler()).expect("the file that fills");
    }

    fn filler(&self) -> PathBuf {
        self.at.join("filler")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // What still has a file open keeps it until it ends.
        let _ = Command::new("umount").arg("--lazy").arg(&self.at).output();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_act_is_lost_or_doubled_when_the_disk_is_full_on_sqlite() {
    full(Engine::Sqlite, 64).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_act_is_lost_or_doubled_when_the_disk_is_full_on_postgres() {
    full(Engine::Postgres, 256).await;
}

async fn full(engine: Engine, mebibytes: u32) {
    if !may_mount() {
        return;
    }
    let plan = Plan {
        test: "T12",
        engine,
        faults: 4,
        runs: [1, 3, 10],
        wires: &[],
        disk: Some(mebibytes),
    };
    campaign(plan, strike).await;
}

/// Fills the disk for a while.
async fn strike(scene: &mut Scene) {
    let Scene {
        place,
        load,
        draw,
        outcome,
    } = scene;
    let acts = usize::try_from(draw.below(ACTS)).expect("few");
    if !load.reach(place, acts).await {
        return;
    }
    let before = place.told_full();
    place.disk().expect("a disk that can be full").fill();
    // Logs and tables have some room of their own: it counts once somebody was refused.
    let met = load.until(place, |place| place.told_full() > before).await;
    if met {
        moment(LASTS + draw.below(LONGER)).await;
        outcome.n += 1;
    }
    place.disk().expect("a disk that can be full").free();
    // PostgreSQL ends when its log cannot be written; an operator starts it again.
    if let Some(cluster) = &place.cluster {
        cluster.serve_again().await;
    }
    match load.recover(place).await {
        Ok(took) => outcome.back.push(millis(took)),
        Err(why) => outcome.found.push(why),
    }
}
