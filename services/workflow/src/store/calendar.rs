//! Versions of the province's calendar and what single units have of their own.

use std::collections::BTreeMap;

use domain::ids::UnitId;
use domain::working_time::{Calendar, UnitOverride, in_force};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _,
    QueryOrder as _,
};
use storage::{StorageError, Tx};

use super::catalogue::digest;
use super::entity::{calendar, unit_calendar};
use crate::error::corrupt;

fn calendar_of(row: &calendar::Model) -> Result<Calendar, StorageError> {
    serde_json::from_str(&row.body).map_err(|_| corrupt("calendar", &row.version.to_string()))
}

fn override_of(row: &unit_calendar::Model) -> Result<UnitOverride, StorageError> {
    serde_json::from_str(&row.body).map_err(|_| corrupt("unit_calendar", &row.unit))
}

/// Every version of the province's calendar.
pub async fn versions<C: ConnectionTrait>(conn: &C) -> Result<Vec<Calendar>, StorageError> {
    let rows = calendar::Entity::find()
        .order_by_asc(calendar::Column::Version)
        .all(conn)
        .await?;
    rows.iter().map(calendar_of).collect()
}

/// The calendar of a unit as it is in force on a day; none where no version
/// of the province's covers the day.
pub async fn of_unit<C: ConnectionTrait>(
    conn: &C,
    unit: &UnitId,
    on: chrono::NaiveDate,
) -> Result<Option<Calendar>, StorageError> {
    let versions = versions(conn).await?;
    let Some(province) = in_force(&versions, on) else {
        return Ok(None);
    };
    let rows = unit_calendar::Entity::find()
        .filter(unit_calendar::Column::Unit.eq(unit.as_str()))
        .order_by_desc(unit_calendar::Column::Version)
        .all(conn)
        .await?;
    for row in &rows {
        let own = override_of(row)?;
        if own.valid_from <= on && own.valid_to.is_none_or(|to| on <= to) {
            return Ok(Some(Calendar::for_unit(province, Some(own))));
        }
    }
    Ok(Some(Calendar::for_unit(province, None)))
}

/// A unit's calendar as it was when its version was the newest: what a
/// dossier keeps. Needed to compute a promise again.
pub async fn of_unit_at<C: ConnectionTrait>(
    conn: &C,
    unit: &UnitId,
    version: i64,
) -> Result<Option<Calendar>, StorageError> {
    let province = calendar::Entity::find()
        .filter(calendar::Column::Version.lte(version))
        .order_by_desc(calendar::Column::Version)
        .one(conn)
        .await?;
    let Some(province) = province.as_ref().map(calendar_of).transpose()? else {
        return Ok(None);
    };
    let own = unit_calendar::Entity::find()
        .filter(unit_calendar::Column::Unit.eq(unit.as_str()))
        .filter(unit_calendar::Column::Version.lte(version))
        .order_by_desc(unit_calendar::Column::Version)
        .one(conn)
        .await?;
    let own = own.as_ref().map(override_of).transpose()?;
    Ok(Some(Calendar::for_unit(&province, own)))
}

/// Adds a version unless the newest says the same; tells whether it did.
pub async fn put(tx: &Tx, wanted: &Calendar) -> Result<bool, StorageError> {
    let wrong = |_| corrupt("calendar", "seed");
    let same = serde_json::to_string(&Calendar {
        version: 0,
        ..wanted.clone()
    })
    .map_err(wrong)?;
    let mine = digest(&same);
    let newest = calendar::Entity::find()
        .order_by_desc(calendar::Column::Version)
        .one(tx.conn())
        .await?;
    if newest.as_ref().is_some_and(|row| row.digest == mine) {
        return Ok(false);
    }
    let version = next_version(tx.conn()).await?;
    let body = serde_json::to_string(&Calendar {
        version,
        ..wanted.clone()
    })
    .map_err(wrong)?;
    let row = calendar::ActiveModel {
        version: Set(version),
        body: Set(body),
        digest: Set(mine),
    };
    calendar::Entity::insert(row)
        .exec_without_returning(tx.conn())
        .await?;
    Ok(true)
}

/// Adds what a unit has of its own; the version is drawn here.
pub async fn put_unit(tx: &Tx, unit: &UnitId, own: &UnitOverride) -> Result<i64, StorageError> {
    let version = next_version(tx.conn()).await?;
    let body = serde_json::to_string(&UnitOverride {
        version,
        ..own.clone()
    })
    .map_err(|_| corrupt("unit_calendar", unit.as_str()))?;
    let row = unit_calendar::ActiveModel {
        unit: Set(unit.0.clone()),
        version: Set(version),
        body: Set(body),
    };
    unit_calendar::Entity::insert(row)
        .exec_without_returning(tx.conn())
        .await?;
    Ok(version)
}

/// One counter for both tables, so that a version names what it was made of.
async fn next_version<C: ConnectionTrait>(conn: &C) -> Result<i64, StorageError> {
    let province = calendar::Entity::find()
        .order_by_desc(calendar::Column::Version)
        .one(conn)
        .await?;
    let unit = unit_calendar::Entity::find()
        .order_by_desc(unit_calendar::Column::Version)
        .one(conn)
        .await?;
    let newest = province
        .map_or(0, |row| row.version)
        .max(unit.map_or(0, |row| row.version));
    Ok(newest + 1)
}

/// The units that a calendar covers on a day, with its version.
pub async fn covered<C: ConnectionTrait>(
    conn: &C,
    units: &[UnitId],
    on: chrono::NaiveDate,
) -> Result<BTreeMap<UnitId, i64>, StorageError> {
    let mut found = BTreeMap::new();
    for unit in units {
        if let Some(calendar) = of_unit(conn, unit, on).await? {
            found.insert(unit.clone(), calendar.version);
        }
    }
    Ok(found)
}
