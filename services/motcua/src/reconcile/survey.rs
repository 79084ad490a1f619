//! What the sides know of each other.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use domain::case_file::{CaseFile, provisional_agency};
use domain::dossier::DossierCode;
use domain::working_time;
use gateway::app::after_restore::Known;
use storage::cursor::{self, Cursor};
use uuid::Uuid;

use super::{ReconcileError, Sides};

/// How many rows are read at once.
const PAGE: u64 = 500;

/// What there is to do.
#[derive(Debug, Default)]
pub(crate) struct Survey {
    /// Services that others know under another incarnation.
    pub(crate) restored: BTreeSet<String>,
    /// Cursors and pins that name one: the store they are in, the consumer, the
    /// source, and where they stand.
    pub(super) apart: Vec<(&'static str, String, String, Cursor)>,
    /// Files that know more of their instance than workflow does.
    pub(crate) behind: Vec<CaseFile>,
    /// How many files know less.
    pub(crate) ahead: usize,
    /// Dossiers that workflow knows and dossier does not, and that are not noted.
    pub(crate) lost: Vec<Lost>,
    /// Codes that were given and that no file has, and that are not noted.
    pub(crate) codes: Vec<(Uuid, DossierCode)>,
}

/// A dossier whose file is gone.
#[derive(Debug)]
pub(crate) struct Lost {
    pub(crate) dossier: Uuid,
    /// The unit that took it in.
    pub(crate) receiver: String,
    /// Its code, where it had one.
    pub(crate) code: Option<DossierCode>,
}

impl Survey {
    /// Whether nothing is to be done.
    pub(crate) fn is_even(&self) -> bool {
        self.apart.is_empty() && self.behind.is_empty() && self.lost.is_empty()
    }
}

/// An instance as workflow has it.
struct Instance {
    version: i64,
    receiver: String,
    accepted: Option<DateTime<Utc>>,
}

impl Sides {
    /// Looks at all sides; changes nothing.
    pub(crate) async fn survey(&self) -> Result<Survey, ReconcileError> {
        let mut survey = Survey::default();
        self.look_at_cursors(&mut survey).await?;
        let instances = self.instances().await?;
        let mut files = BTreeMap::new();
        for file in self.files().await? {
            let known = instances.get(&file.id.0).map_or(0, |known| known.version);
            survey.ahead += usize::from(known > file.instance_version());
            files.insert(file.id.0, file.code.clone());
            if known < file.instance_version() {
                survey.behind.push(file);
            }
        }
        let warehouse = self.warehouse().await?;
        let dossier = self.store("dossier")?;
        let kept = dossier::after_restore::codes(dossier).await;
        let kept = kept.map_err(|error| ReconcileError::Store("dossier", error))?;
        let given = codes(&instances, &files, &warehouse, &kept.into_iter().collect());
        let there = instances.iter().map(|(id, known)| (*id, &known.receiver));
        let loaded = warehouse
            .iter()
            .map(|known| (known.dossier, &known.receiver));
        let known: BTreeMap<_, _> = there.chain(loaded).collect();
        for (id, receiver) in known {
            let failed = |error| ReconcileError::Store("dossier", error);
            let gone = !files.contains_key(&id);
            if gone
                && !dossier::after_restore::is_lost(dossier, id)
                    .await
                    .map_err(failed)?
            {
                survey.lost.push(Lost {
                    dossier: id,
                    receiver: receiver.clone(),
                    code: given.get(&id).cloned(),
                });
            }
        }
        survey.codes = given.into_iter().collect();
        Ok(survey)
    }

    async fn look_at_cursors(&self, survey: &mut Survey) -> Result<(), ReconcileError> {
        for (service, db) in &self.stores {
            let failed = |error| ReconcileError::Store(service, error);
            for (source, consumer, at) in cursor::sources(db.read()).await.map_err(failed)? {
                let head = self.heads.get(source.as_str());
                if head.is_some_and(|head| head.incarnation != at.incarnation) {
                    survey.restored.insert(source.clone());
                    survey.apart.push((service, consumer, source, at));
                }
            }
        }
        Ok(())
    }

    async fn instances(&self) -> Result<BTreeMap<Uuid, Instance>, ReconcileError> {
        let (workflow, mut known, mut after) = (self.workflow()?, BTreeMap::new(), None);
        loop {
            let page = workflow::app::adopt::instances(&workflow, after, PAGE).await;
            let page = page.map_err(|error| ReconcileError::Store("workflow", error))?;
            let Some(last) = page.last() else {
                return Ok(known);
            };
            after = Some(last.dossier.0);
            known.extend(page.into_iter().map(|i| {
                let known = Instance {
                    version: i.version,
                    receiver: i.receiver.0,
                    accepted: i.clock.accepted,
                };
                (i.dossier.0, known)
            }));
        }
    }

    async fn files(&self) -> Result<Vec<CaseFile>, ReconcileError> {
        let (db, mut files, mut after) = (self.store("dossier")?, Vec::new(), None);
        loop {
            let page = dossier::after_restore::files(db, after, PAGE).await;
            let page = page.map_err(|error| ReconcileError::Store("dossier", error))?;
            let Some(last) = page.last() else {
                return Ok(files);
            };
            after = Some(last.id.0);
            files.extend(page);
        }
    }

    async fn warehouse(&self) -> Result<Vec<Known>, ReconcileError> {
        let (db, mut known, mut after) = (self.store("gateway")?, Vec::new(), None);
        loop {
            let page = gateway::app::after_restore::known(db, after, PAGE).await;
            let page = page.map_err(|error| ReconcileError::Store("gateway", error))?;
            let Some(last) = page.last() else {
                return Ok(known);
            };
            after = Some(last.dossier);
            known.extend(page);
        }
    }
}

/// The codes, not noted yet, of dossiers whose file has none, or is gone: as the
/// warehouse has them; and where it had not heard of an acceptance yet, the next ones of the series, in
/// the order of acceptance, as they were given.
fn codes(
    instances: &BTreeMap<Uuid, Instance>,
    files: &BTreeMap<Uuid, Option<String>>,
    warehouse: &[Known],
    kept: &BTreeMap<Uuid, DossierCode>,
) -> BTreeMap<Uuid, DossierCode> {
    let coded = |id: &Uuid| kept.contains_key(id) || matches!(files.get(id), Some(Some(_)));
    let mut given: BTreeMap<Uuid, DossierCode> = warehouse
        .iter()
        .filter(|known| !coded(&known.dossier))
        .filter_map(|known| Some((known.dossier, known.code.as_ref()?.parse().ok()?)))
        .collect();
    let mut taken: BTreeMap<(String, NaiveDate), u32> = BTreeMap::new();
    let of_files = files
        .values()
        .flatten()
        .filter_map(|code| code.parse().ok());
    let noted = kept.values().chain(given.values()).cloned();
    for code in of_files.chain(noted) {
        let code: DossierCode = code;
        let last = taken.entry((code.agency, code.day)).or_default();
        *last = (*last).max(code.serial);
    }
    let mut unheard: Vec<_> = instances
        .iter()
        .filter(|(id, _)| !given.contains_key(id) && !coded(id))
        .filter_map(|(id, known)| Some((known.accepted?, *id, &known.receiver)))
        .collect();
    unheard.sort_unstable();
    for (accepted, id, receiver) in unheard {
        let Ok(day) = working_time::local(accepted).map(|at| at.date()) else {
            continue;
        };
        let agency = provisional_agency(&receiver.as_str().into(), false);
        let last = taken.entry((agency.clone(), day)).or_default();
        *last += 1;
        if let Ok(code) = DossierCode::new(&agency, day, *last) {
            given.insert(id, code);
        }
    }
    given
}
