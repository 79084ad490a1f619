//! Invariants of the stored case files, for `motcua verify`.

use std::collections::BTreeMap;

use domain::dossier::DossierCode;
use domain::process::Instance;
use domain::working_time;
use proto::workflow::v1::instance_service_client::InstanceServiceClient;
use proto::workflow::v1::{BatchGetInstancesRequest, GetInstanceRequest};
use runtime::client::Channel;
use runtime::{Failure, ServiceContext};
use storage::event::{self, StoredEvent};
use storage::private_row::{self, Vault};
use storage::{Check, Db, StorageError};
use uuid::Uuid;

use crate::app::notes;
use crate::error::Error;
use crate::store::{codes, files, kept};
use domain::case_file::{CaseFile, Fact, RowRef};

/// Checks every case file against its events, and its projection against the
/// workflow's own instance.
///
/// # Errors
/// When the store or the workflow service is away.
pub async fn verify(
    ctx: &ServiceContext,
    db: &Db,
    master_key: &[u8; 32],
) -> Result<Vec<Check>, Failure> {
    let mut checks = files_hold(db, master_key).await.map_err(Error::from)?;
    checks.push(projection_equals_workflow(ctx, db).await?);
    Ok(checks)
}

/// Every projected instance is the workflow's, as far as it goes; one that lags
/// behind is read again once.
async fn projection_equals_workflow(ctx: &ServiceContext, db: &Db) -> Result<Check, Failure> {
    let mut check = Check::new("dossier.projection_equals_workflow");
    let mut client = InstanceServiceClient::new(ctx.peer("workflow")?);
    let mut after = None;
    loop {
        let page = files::page(db.read(), after, 200)
            .await
            .map_err(Error::from)?;
        let Some(last) = page.last() else {
            return Ok(check);
        };
        after = Some(last.file.id.0);
        let asked = BatchGetInstancesRequest {
            dossiers: page.iter().map(|s| s.file.id.to_string()).collect(),
        };
        let answer = client.batch_get_instances(asked).await;
        let answer = answer.map_err(|s| Failure::from_status(&s))?.into_inner();
        let theirs: BTreeMap<_, _> = answer
            .instances
            .into_iter()
            .map(|one| (one.dossier, (one.version, one.instance_json)))
            .collect();
        for stored in page {
            let id = stored.file.id;
            let known = theirs.get(&id.to_string());
            if known.is_some_and(|(version, json)| is_same(&stored.file, *version, json)) {
                check.expect(true, String::new);
                continue;
            }
            let lag = lag(&mut client, db, stored.file).await?;
            check.expect(lag.is_none(), || {
                format!("{id}: {}", lag.unwrap_or_default())
            });
        }
    }
}

/// Whether a file shows the instance of workflow, at the same version.
fn is_same(file: &CaseFile, version: i64, json: &[u8]) -> bool {
    file.instance_version() == version
        && serde_json::from_slice::<Instance>(json).is_ok_and(|i| file.instance == Some(i))
}

/// How often two sides that move are looked at before they are said to differ.
const LOOKS: u32 = 5;

/// What a file's instance has that the workflow's has not. The two are compared at
/// one version: a file that lags behind is read again, since what it lacks is on
/// its way.
async fn lag(
    client: &mut InstanceServiceClient<Channel>,
    db: &Db,
    file: CaseFile,
) -> Result<Option<String>, Failure> {
    let mut ours = file;
    for _ in 1..LOOKS {
        let asked = GetInstanceRequest {
            dossier: ours.id.to_string(),
        };
        let theirs = match client.get_instance(asked).await {
            Ok(answer) => answer.into_inner().instance.unwrap_or_default(),
            // Not opened yet: the projection job does it.
            Err(_) if ours.instance.is_none() => return Ok(None),
            Err(status) => return Err(Failure::from_status(&status)),
        };
        if ours.instance_version() == theirs.version {
            let same = is_same(&ours, theirs.version, &theirs.instance_json);
            return Ok((!same).then(|| format!("differs at version {}", theirs.version)));
        }
        let again = files::find(db.read(), ours.id.0).await;
        ours = again.map_err(Error::from)?.map_or(ours, |s| s.file);
    }
    let version = ours.instance_version();
    Ok(Some(format!("stays at version {version} of the instance")))
}

/// Checks every case file: replay equals row, instance and event versions are
/// linear, commitments hold, codes are unique and without a gap.
async fn files_hold(db: &Db, master_key: &[u8; 32]) -> Result<Vec<Check>, StorageError> {
    let vault = Vault::new(master_key)?;
    let mut replay = Check::new("dossier.replay");
    let mut columns = Check::new("dossier.columns_equal_body");
    let mut sealed = Check::new("dossier.private_rows");
    let mut serials: BTreeMap<(String, String), Vec<i64>> = BTreeMap::new();
    // Counters first: whatever code they know of has its file by now, and files
    // that are accepted meanwhile get codes beyond.
    let counters = codes::all(db.read()).await?;
    let mut after = None;
    loop {
        let page = files::page(db.read(), after, 200).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.file.id.0);
        let ids = page.iter().map(|s| s.file.id.0).collect();
        let mut events = event::load_all(db.read(), &ids).await?;
        let open = opened(db, &vault, &page).await?;
        for stored in &page {
            let file = &stored.file;
            let events = events.remove(&file.id.0).unwrap_or_default();
            replay.expect(replays(db, stored, events).await?, || {
                format!("{}: the fold of its events differs", file.id)
            });
            columns.expect(files::columns_hold(stored)?, || {
                format!("{}: a column differs from the body", file.id)
            });
            for row in rows(file) {
                if open.get(&(row.row, row.version)) == Some(&row.commitment) {
                    sealed.expect(true, String::new);
                    continue;
                }
                let opened = private_row::get(db.read(), &vault, row.row, row.version).await;
                let holds = match opened {
                    Ok(Some(opened)) => notes::hex(&opened.commitment.0) == row.commitment,
                    // Erased with its subject's key: the chain stays, the text is
                    // gone. A row that went alone was taken away.
                    Ok(None) => !private_row::has_key(db.read(), file.id.0).await?,
                    Err(_) => false,
                };
                sealed.expect(holds, || format!("{}: private row {}", file.id, row.row));
            }
            if let Some(code) = file
                .code
                .as_ref()
                .and_then(|c| c.parse::<DossierCode>().ok())
            {
                let key = (code.agency.clone(), code.day.to_string());
                serials.entry(key).or_default().push(i64::from(code.serial));
            }
        }
    }
    // Codes of before a restore whose file is not back are given all the same.
    for kept in kept::codes(db.read()).await? {
        if files::by_code(db.read(), &kept.code).await?.is_none() {
            let key = (kept.series, kept.day);
            serials.entry(key).or_default().push(kept.serial);
        }
    }
    let after = codes::all(db.read()).await?;
    let codes = check_codes(counters, after, serials);
    Ok(vec![replay, columns, sealed, codes])
}

/// How many private rows are opened at once: each is looked up by its whole key.
const AT_ONCE: usize = 100;

/// The commitments of the private rows that files name, as far as they open; the
/// others are looked at one by one.
async fn opened(
    db: &Db,
    vault: &Vault,
    page: &[files::Stored],
) -> Result<BTreeMap<(Uuid, i64), String>, StorageError> {
    let named = page.iter().flat_map(|stored| rows(&stored.file));
    let keys: Vec<_> = named.map(|row| (row.row, row.version)).collect();
    let mut found = BTreeMap::new();
    for some in keys.chunks(AT_ONCE) {
        // One that is spoilt hides the others of its chunk.
        if let Ok(opened) = private_row::get_all(db.read(), vault, some).await {
            let commitments = opened.into_iter();
            found.extend(commitments.map(|(key, o)| (key, notes::hex(&o.commitment.0))));
        }
    }
    Ok(found)
}

/// Whether a row is the fold of its events. One that moves between the two looks
/// is looked at again: only what stays different differs.
async fn replays(
    db: &Db,
    stored: &files::Stored,
    events: Vec<StoredEvent>,
) -> Result<bool, StorageError> {
    let equal = |folded: Option<CaseFile>, body: &[u8]| {
        folded.is_some_and(|file| files::canonical(&file).is_ok_and(|bytes| bytes == body))
    };
    let id = stored.file.id.0;
    if equal(fold(events, i64::MAX), &stored.body) {
        return Ok(true);
    }
    let Some(again) = files::find(db.read(), id).await? else {
        return Ok(false);
    };
    // Every event that the row knew when it was read, whatever came after it; and
    // the row knew every event that was there before it was read.
    let seen = fold(event::load(db.read(), id).await?, again.file.version);
    Ok(again.file.version > stored.file.version && equal(seen, &again.body))
}

/// The serials of a (series, day) are 1..n, where n is at least what the counter
/// said before the files were read, and at most what it says after.
fn check_codes(
    before: Vec<(String, String, i64)>,
    after: Vec<(String, String, i64)>,
    mut given: BTreeMap<(String, String), Vec<i64>>,
) -> Check {
    let mut check = Check::new("dossier.codes");
    let mut known: BTreeMap<(String, String), i64> = BTreeMap::new();
    for (series, day, last) in before {
        known.insert((series, day), last);
    }
    for (series, day, last) in after {
        let key = (series, day);
        let least = known.remove(&key).unwrap_or_default();
        let mut serials = given.remove(&key).unwrap_or_default();
        serials.sort_unstable();
        let settled = serials.partition_point(|serial| *serial <= least);
        let (old, new) = serials.split_at(settled);
        let beyond = new.iter().zip(new.iter().skip(1)).all(|(a, b)| a < b)
            && new.last().is_none_or(|serial| *serial <= last);
        let dense = old.iter().copied().eq(1..=least);
        check.expect(dense && beyond, || {
            let (series, day) = &key;
            format!("{series} {day}: serials are not 1..{last}")
        });
    }
    for (series, day) in known.into_keys() {
        check.expect(false, || format!("{series} {day}: the counter is gone"));
    }
    for (series, day) in given.into_keys() {
        check.expect(false, || format!("{series} {day}: codes without a counter"));
    }
    check
}

fn rows(file: &CaseFile) -> impl Iterator<Item = &RowRef> {
    std::iter::once(&file.applicant)
        .chain(&file.notes)
        .chain(file.drafts.iter().map(|d| &d.row))
}

/// The fold of a dossier's events up to a version; none when they are not 1..n.
fn fold(events: Vec<StoredEvent>, version: i64) -> Option<CaseFile> {
    let mut folded: Option<CaseFile> = None;
    let known = events
        .into_iter()
        .take_while(|event| event.aggregate_version <= version);
    for (expected, stored) in (1..).zip(known) {
        let facts = feed::envelope::decode(&stored.envelope)
            .and_then(|envelope| feed::envelope::facts::<Vec<Fact>>(&envelope));
        let facts = facts.ok()?;
        if stored.aggregate_version != expected {
            return None;
        }
        let before = match (folded, facts.first()) {
            (Some(file), _) => file,
            (None, Some(Fact::Submitted { file })) => (**file).clone(),
            (None, _) => return None,
        };
        folded = Some(before.apply(expected, &facts));
    }
    folded
}

/// The receiving unit, the day of submission and the order-free checksum of a
/// file: what the warehouse must have of it. The warehouse computes the same from
/// its own row.
pub(crate) fn summary(file: &CaseFile) -> (String, String, u128) {
    let day = working_time::local(file.submitted).map(|at| at.date().to_string());
    let sum = file.digestible().checksum();
    (file.receiver.0.clone(), day.unwrap_or_default(), sum)
}
