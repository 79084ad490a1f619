//! Rows are looked up with their subjects' keys, and opened.

use std::collections::BTreeMap;

use sea_orm::sea_query::{Condition, Expr, ExprTrait as _};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, FromQueryResult, QueryFilter as _,
    QuerySelect as _, QueryTrait as _,
};
use uuid::Uuid;

use super::{Opened, Vault, bound, commit, corrupt, key, open, unwrap};
use crate::entity::{private_row, subject_key};
use crate::error::StorageError;

/// Opens a version of a row; `None` when there is none or it was erased.
pub async fn get<C: ConnectionTrait>(
    conn: &C,
    vault: &Vault,
    row: Uuid,
    version: i64,
) -> Result<Option<Opened>, StorageError> {
    let mut found = get_all(conn, vault, &[(row, version)]).await?;
    Ok(found.remove(&(row, version)))
}

/// Opens versions of rows; those that are not there, or were erased, are left out.
pub async fn get_all<C: ConnectionTrait>(
    conn: &C,
    vault: &Vault,
    wanted: &[(Uuid, i64)],
) -> Result<BTreeMap<(Uuid, i64), Opened>, StorageError> {
    if wanted.is_empty() {
        return Ok(BTreeMap::new());
    }
    // Each by its whole key: of a few rows PostgreSQL would sooner read all that
    // there are, and keeps to the plan while they become many.
    let any = wanted.iter().fold(Condition::any(), |any, (row, version)| {
        let one = private_row::Column::Id.eq(*row);
        any.add(one.and(private_row::Column::Version.eq(*version)))
    });
    let with_keys = private_row::Entity::find()
        .filter(any)
        .column_as(of_subject(subject_key::Column::Nonce), "key_nonce")
        .column_as(of_subject(subject_key::Column::Wrapped), "key_wrapped")
        .into_model::<WithKey>();
    let mut found = BTreeMap::new();
    for row in with_keys.all(conn).await? {
        let (Some(nonce), Some(wrapped)) = (row.key_nonce, row.key_wrapped) else {
            continue;
        };
        let subject = row.stored.subject;
        let key = subject_key::Model {
            subject,
            nonce,
            wrapped,
        };
        let at = (row.stored.id, row.stored.version);
        found.insert(at, opened(vault, row.stored, &key)?);
    }
    Ok(found)
}

/// A row and its subject's key; no key once it is erased.
#[derive(FromQueryResult)]
struct WithKey {
    #[sea_orm(nested)]
    stored: private_row::Model,
    key_nonce: Option<Vec<u8>>,
    key_wrapped: Option<Vec<u8>>,
}

/// A column of the key of a row's subject, looked up a row. A join of two small
/// tables PostgreSQL plans as a hash of the whole, and keeps to it for as long as
/// nobody analyses the tables while they grow.
fn of_subject(column: subject_key::Column) -> Expr {
    let same = Expr::col((subject_key::Entity, subject_key::Column::Subject))
        .equals((private_row::Entity, private_row::Column::Subject));
    let key = subject_key::Entity::find()
        .select_only()
        .column(column)
        .filter(same)
        .into_query();
    Expr::SubQuery(None, Box::new(key.into()))
}

fn opened(
    vault: &Vault,
    stored: private_row::Model,
    wrapped: &subject_key::Model,
) -> Result<Opened, StorageError> {
    let secret = unwrap(vault, wrapped)?;
    let (row, version) = (stored.id, stored.version);
    let aad = bound(stored.subject, row, version, &stored.kind);
    let plain = open(&key(&secret)?, &aad, &stored.nonce, stored.sealed).ok_or_else(|| {
        corrupt(
            "private_row",
            row,
            "it does not open under its subject's key",
        )
    })?;
    let commitment = commit(&secret, &aad, &plain);
    if commitment.0 != stored.commitment {
        return Err(corrupt("private_row", row, "the commitment differs"));
    }
    Ok(Opened {
        subject: stored.subject,
        kind: stored.kind,
        plain,
        commitment,
    })
}
