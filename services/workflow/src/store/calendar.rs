//! Versions of the province's calendar and what single units have of their own.

use std::collections::HashMap;

use domain::ids::UnitId;
use domain::working_time::{Calendar, UnitOverride};
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait as _, QueryOrder as _};
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

/// What units have of their own, the newest version first.
pub async fn overrides<C: ConnectionTrait>(
    conn: &C,
) -> Result<HashMap<String, Vec<UnitOverride>>, StorageError> {
    let rows = unit_calendar::Entity::find()
        .order_by_desc(unit_calendar::Column::Version)
        .all(conn)
        .await?;
    let mut found: HashMap<String, Vec<UnitOverride>> = HashMap::new();
    for row in rows {
        let own = override_of(&row)?;
        found.entry(row.unit).or_default().push(own);
    }
    Ok(found)
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
