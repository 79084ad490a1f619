//! The catalogue in memory: cases, processes, units and calendars, read whole when
//! their stamp has moved. A command reads the stamp with the row that it needs
//! anyway, so it decides by what is stored now and asks for none of it again.
//!
//! Triggers raise the stamp with every change of these tables, whoever makes it.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use chrono::NaiveDate;
use domain::ids::UnitId;
use domain::working_time::{Calendar, UnitOverride, in_force};
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use storage::StorageError;

use super::calendar;
use super::catalogue::{self, StoredProcess};
use crate::data::{Case, Unit};
use crate::error::corrupt;

/// The stamp, as a column of another query.
pub(super) const STAMP: &str = "(SELECT stamp FROM catalogue_stamp)";

/// A unit, the version of the province's calendar, and that of the unit's own.
type Made = (String, i64, Option<i64>);

/// The catalogue as it stood at a stamp.
#[derive(Debug, Default)]
pub struct Reference {
    stamp: i64,
    cases: BTreeMap<String, Arc<Case>>,
    processes: HashMap<(String, i64), Arc<StoredProcess>>,
    current: HashMap<String, i64>,
    units: BTreeMap<String, Unit>,
    /// Every version of the province's calendar, oldest first.
    calendars: Vec<Calendar>,
    /// What units have of their own, newest first.
    own: HashMap<String, Vec<UnitOverride>>,
    /// Calendars of units, made once.
    made: Mutex<BTreeMap<Made, Arc<Calendar>>>,
}

impl Reference {
    /// The case that new dossiers take.
    pub fn case(&self, id: &str) -> Option<Arc<Case>> {
        self.cases.get(id).cloned()
    }

    /// The process that new dossiers take.
    pub fn process(&self, id: &str) -> Option<Arc<StoredProcess>> {
        self.process_version(id, *self.current.get(id)?)
    }

    /// The version that a running instance keeps.
    pub fn process_version(&self, id: &str, version: i64) -> Option<Arc<StoredProcess>> {
        self.processes.get(&(id.to_owned(), version)).cloned()
    }

    /// A unit that dossiers pass through.
    pub fn unit(&self, id: &str) -> Option<&Unit> {
        self.units.get(id)
    }

    /// The calendar of a unit as it is in force on a day; none where no version
    /// of the province's covers the day.
    pub fn calendar(&self, unit: &UnitId, on: NaiveDate) -> Option<Arc<Calendar>> {
        let province = in_force(&self.calendars, on)?;
        let mut own = self.own.get(unit.as_str()).into_iter().flatten();
        let covers =
            |own: &&UnitOverride| own.valid_from <= on && own.valid_to.is_none_or(|to| on <= to);
        Some(self.make(unit, province, own.find(covers)))
    }

    /// A unit's calendar as it was when its version was the newest: what a
    /// dossier keeps. Needed to compute a promise again.
    pub fn calendar_at(&self, unit: &UnitId, version: i64) -> Option<Arc<Calendar>> {
        let province = self.calendars.iter().rev().find(|c| c.version <= version)?;
        let mut own = self.own.get(unit.as_str()).into_iter().flatten();
        Some(self.make(unit, province, own.find(|own| own.version <= version)))
    }

    /// Every case that new dossiers take, by key.
    pub fn cases(&self) -> impl Iterator<Item = &Case> {
        self.cases.values().map(AsRef::as_ref)
    }

    /// Every unit that dossiers pass through, by key.
    pub fn units(&self) -> impl Iterator<Item = &Unit> {
        self.units.values()
    }

    fn make(
        &self,
        unit: &UnitId,
        province: &Calendar,
        own: Option<&UnitOverride>,
    ) -> Arc<Calendar> {
        let key = (
            unit.as_str().to_owned(),
            province.version,
            own.map(|own| own.version),
        );
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let make = || Arc::new(Calendar::for_unit(province, own.cloned()));
        Arc::clone(made.entry(key).or_insert_with(make))
    }
}

/// Holds the newest that was read. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct References(Arc<RwLock<Arc<Reference>>>);

impl References {
    /// The catalogue as it stands at a stamp that was just read, or later.
    pub async fn at(
        &self,
        conn: &DatabaseConnection,
        stamp: i64,
    ) -> Result<Arc<Reference>, StorageError> {
        {
            let held = self.0.read().unwrap_or_else(PoisonError::into_inner);
            if held.stamp == stamp {
                return Ok(Arc::clone(&held));
            }
        }
        let read = Arc::new(read(conn).await?);
        let mut held = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if held.stamp < read.stamp {
            *held = Arc::clone(&read);
        }
        Ok(read)
    }

    /// The catalogue as it stands now.
    pub async fn now(&self, conn: &DatabaseConnection) -> Result<Arc<Reference>, StorageError> {
        let stamp = stamp(conn).await?;
        self.at(conn, stamp).await
    }
}

async fn stamp(conn: &DatabaseConnection) -> Result<i64, StorageError> {
    let ask = Statement::from_string(conn.get_database_backend(), format!("SELECT {STAMP}"));
    let row = conn.query_one_raw(ask).await?;
    let row = row.ok_or_else(|| corrupt("catalogue_stamp", "1"))?;
    Ok(row.try_get_by_index(0)?)
}

/// Reads it whole. The stamp is read first: what changes meanwhile raises it, and
/// the next command reads again.
async fn read(conn: &DatabaseConnection) -> Result<Reference, StorageError> {
    let stamp = stamp(conn).await?;
    let mut reference = Reference {
        stamp,
        calendars: calendar::versions(conn).await?,
        own: calendar::overrides(conn).await?,
        ..Reference::default()
    };
    for case in catalogue::cases(conn, &[], "", u64::from(u32::MAX)).await? {
        reference.cases.insert(case.id.clone(), Arc::new(case));
    }
    for (process, current) in catalogue::processes(conn).await? {
        if current {
            reference
                .current
                .insert(process.id.clone(), process.version);
        }
        let key = (process.id.clone(), process.version);
        reference.processes.insert(key, Arc::new(process));
    }
    for unit in catalogue::units(conn).await? {
        reference.units.insert(unit.unit.clone(), unit);
    }
    Ok(reference)
}
