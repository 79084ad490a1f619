//! Personal data and free text beside the aggregate: encrypted under the
//! subject's key, which a master key wraps. The event holds a commitment only;
//! destroying the subject's key erases the text and leaves the chain whole.

mod read;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use hmac::{Hmac, Mac};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{InsertStatement, OnConflict};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryTrait as _};
use sha2::Sha256;
use uuid::Uuid;

use crate::entity::{private_row, subject_key};
use crate::error::StorageError;
use crate::tx::Tx;

pub use read::{get, get_all};

/// HMAC-SHA-256 of a private row under its subject's key: what an event may say
/// of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commitment(pub Vec<u8>);

/// A private row, opened.
#[derive(Clone, PartialEq, Eq)]
pub struct Opened {
    /// Whose it is.
    pub subject: Uuid,
    /// What it is: `applicant`, `reason`, …
    pub kind: String,
    /// The content.
    pub plain: Vec<u8>,
    /// Its commitment, recomputed.
    pub commitment: Commitment,
}

/// The master key and the source of randomness.
pub struct Vault {
    master: LessSafeKey,
    index: [u8; 32],
    random: SystemRandom,
}

impl Vault {
    /// From the configured master key of 32 bytes.
    pub fn new(master: &[u8; 32]) -> Result<Self, StorageError> {
        let mut index = [0; 32];
        index.copy_from_slice(&mac(master, &[b"motcua.index.v1"]));
        Ok(Self {
            master: key(master)?,
            index,
            random: SystemRandom::new(),
        })
    }

    /// A keyed index of a value, to find it without storing it.
    pub fn index(&self, kind: &str, value: &str) -> Vec<u8> {
        mac(&self.index, &[kind.as_bytes(), b"\0", value.as_bytes()])
    }

    fn fill<const N: usize>(&self) -> Result<[u8; N], StorageError> {
        let mut bytes = [0; N];
        self.random
            .fill(&mut bytes)
            .map_err(|_| broken("randomness"))?;
        Ok(bytes)
    }

    fn seal(
        &self,
        with: &LessSafeKey,
        aad: &[u8],
        plain: &[u8],
    ) -> Result<([u8; NONCE_LEN], Vec<u8>), StorageError> {
        let nonce = self.fill::<NONCE_LEN>()?;
        let mut sealed = plain.to_vec();
        with.seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(aad),
            &mut sealed,
        )
        .map_err(|_| broken("sealing"))?;
        Ok((nonce, sealed))
    }
}

/// A sealed version of a row, with its subject's key where the subject is new:
/// rows for a [`crate::Batch`].
#[derive(Clone, Debug)]
pub struct Sealed {
    /// What is written.
    pub rows: Vec<InsertStatement>,
    /// What an event may say of it.
    pub commitment: Commitment,
}

/// A subject with all its rows, sealed without a database: for whoever fills one in
/// bulk.
#[derive(Clone, Debug)]
pub struct Alone {
    /// The nonce and the wrapped key of `subject_key`.
    pub key: (Vec<u8>, Vec<u8>),
    /// Nonce, sealed content and commitment of each `private_row`, in the order asked.
    pub rows: Vec<(Vec<u8>, Vec<u8>, Commitment)>,
}

/// Seals rows of a new subject: kind, row with version, and content of each.
pub fn seal_alone(
    vault: &Vault,
    subject: Uuid,
    rows: &[(&str, (Uuid, i64), &[u8])],
) -> Result<Alone, StorageError> {
    let secret = vault.fill::<32>()?;
    let with = key(&secret)?;
    let seal = |(kind, (row, version), plain): &(&str, (Uuid, i64), &[u8])| {
        let aad = bound(subject, *row, *version, kind);
        let (nonce, sealed) = vault.seal(&with, &aad, plain)?;
        Ok((nonce.to_vec(), sealed, commit(&secret, &aad, plain)))
    };
    let (nonce, wrapped) = vault.seal(&vault.master, subject.as_bytes(), &secret)?;
    Ok(Alone {
        key: (nonce.to_vec(), wrapped),
        rows: rows.iter().map(seal).collect::<Result<_, StorageError>>()?,
    })
}

/// Seals a version of a row of a subject that has no key yet.
pub fn seal_first(
    vault: &Vault,
    subject: Uuid,
    kind: &str,
    (row, version): (Uuid, i64),
    plain: &[u8],
) -> Result<Sealed, StorageError> {
    let secret = vault.fill::<32>()?;
    let key = subject_key::Entity::insert(wrap(vault, subject, &secret)?).into_query();
    let (new, commitment) = sealed(vault, &secret, subject, kind, (row, version), plain)?;
    Ok(Sealed {
        rows: vec![key, private_row::Entity::insert(new).into_query()],
        commitment,
    })
}

/// Seals a version of a row under its subject's key. One whose key was erased
/// begins anew.
pub async fn seal<C: ConnectionTrait>(
    conn: &C,
    vault: &Vault,
    subject: Uuid,
    kind: &str,
    (row, version): (Uuid, i64),
    plain: &[u8],
) -> Result<Sealed, StorageError> {
    let Some(key) = subject_key::Entity::find_by_id(subject).one(conn).await? else {
        return seal_first(vault, subject, kind, (row, version), plain);
    };
    let secret = unwrap(vault, &key)?;
    let (new, commitment) = sealed(vault, &secret, subject, kind, (row, version), plain)?;
    Ok(Sealed {
        rows: vec![private_row::Entity::insert(new).into_query()],
        commitment,
    })
}

fn sealed(
    vault: &Vault,
    secret: &[u8; 32],
    subject: Uuid,
    kind: &str,
    (row, version): (Uuid, i64),
    plain: &[u8],
) -> Result<(private_row::ActiveModel, Commitment), StorageError> {
    let aad = bound(subject, row, version, kind);
    let (nonce, sealed) = vault.seal(&key(secret)?, &aad, plain)?;
    let commitment = commit(secret, &aad, plain);
    let new = private_row::ActiveModel {
        id: Set(row),
        version: Set(version),
        subject: Set(subject),
        kind: Set(kind.to_owned()),
        nonce: Set(nonce.to_vec()),
        sealed: Set(sealed),
        commitment: Set(commitment.0.clone()),
    };
    Ok((new, commitment))
}

/// Seals a version of a row in the caller's unit of work.
pub async fn put(
    tx: &Tx,
    vault: &Vault,
    subject: Uuid,
    kind: &str,
    row: Uuid,
    version: i64,
    plain: &[u8],
) -> Result<Commitment, StorageError> {
    let secret = subject_secret(tx, vault, subject).await?;
    let (new, commitment) = sealed(vault, &secret, subject, kind, (row, version), plain)?;
    private_row::Entity::insert(new)
        .exec_without_returning(tx.conn())
        .await?;
    Ok(commitment)
}

/// Removes a version of a row that no event names: the act that it was written
/// for was refused.
pub async fn remove(tx: &Tx, row: Uuid, version: i64) -> Result<(), StorageError> {
    private_row::Entity::delete_by_id((row, version))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Whether a subject has a key still: without one its rows are erased.
pub async fn has_key<C: ConnectionTrait>(conn: &C, subject: Uuid) -> Result<bool, StorageError> {
    let key = subject_key::Entity::find_by_id(subject).one(conn).await?;
    Ok(key.is_some())
}

/// Erases a subject: its key and its rows. The events stay and verify.
pub async fn erase(tx: &Tx, subject: Uuid) -> Result<(), StorageError> {
    private_row::Entity::delete_many()
        .filter(private_row::Column::Subject.eq(subject))
        .exec(tx.conn())
        .await?;
    subject_key::Entity::delete_by_id(subject)
        .exec(tx.conn())
        .await?;
    Ok(())
}

async fn subject_secret(tx: &Tx, vault: &Vault, subject: Uuid) -> Result<[u8; 32], StorageError> {
    if let Some(row) = subject_key::Entity::find_by_id(subject)
        .one(tx.conn())
        .await?
    {
        return unwrap(vault, &row);
    }
    let secret = vault.fill::<32>()?;
    subject_key::Entity::insert(wrap(vault, subject, &secret)?)
        .on_conflict(
            OnConflict::column(subject_key::Column::Subject)
                .do_nothing()
                .to_owned(),
        )
        .exec_without_returning(tx.conn())
        .await?;
    // Of two that came at once, both use the one that is stored.
    let row = subject_key::Entity::find_by_id(subject)
        .one(tx.conn())
        .await?;
    unwrap(vault, &row.ok_or_else(|| broken("a subject's key"))?)
}

fn wrap(
    vault: &Vault,
    subject: Uuid,
    secret: &[u8; 32],
) -> Result<subject_key::ActiveModel, StorageError> {
    let (nonce, wrapped) = vault.seal(&vault.master, subject.as_bytes(), secret)?;
    Ok(subject_key::ActiveModel {
        subject: Set(subject),
        nonce: Set(nonce.to_vec()),
        wrapped: Set(wrapped),
    })
}

fn unwrap(vault: &Vault, row: &subject_key::Model) -> Result<[u8; 32], StorageError> {
    open(
        &vault.master,
        row.subject.as_bytes(),
        &row.nonce,
        row.wrapped.clone(),
    )
    .and_then(|plain| plain.try_into().ok())
    .ok_or_else(|| {
        corrupt(
            "subject_key",
            row.subject,
            "it does not open under the master key",
        )
    })
}

fn open(with: &LessSafeKey, aad: &[u8], nonce: &[u8], mut sealed: Vec<u8>) -> Option<Vec<u8>> {
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    with.open_in_place(nonce, Aad::from(aad), &mut sealed)
        .ok()
        .map(|plain| plain.to_vec())
}

fn key(bytes: &[u8; 32]) -> Result<LessSafeKey, StorageError> {
    UnboundKey::new(&AES_256_GCM, bytes)
        .map(LessSafeKey::new)
        .map_err(|_| broken("a key"))
}

/// A row cannot be moved to another subject, place, version or meaning. The
/// kind comes last, after fields of fixed length, and cannot trade bytes.
fn bound(subject: Uuid, row: Uuid, version: i64, kind: &str) -> Vec<u8> {
    [
        subject.as_bytes().as_slice(),
        row.as_bytes(),
        &version.to_be_bytes(),
        kind.as_bytes(),
    ]
    .concat()
}

fn commit(secret: &[u8; 32], aad: &[u8], plain: &[u8]) -> Commitment {
    let length = u64::try_from(aad.len()).unwrap_or(u64::MAX).to_be_bytes();
    Commitment(mac(secret, &[b"motcua.commitment.v1", &length, aad, plain]))
}

fn mac(secret: &[u8; 32], parts: &[&[u8]]) -> Vec<u8> {
    // A key of any length serves HMAC.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else {
        return Vec::new();
    };
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().to_vec()
}

fn corrupt(table: &'static str, id: Uuid, why: &str) -> StorageError {
    StorageError::Corrupt {
        table,
        id: id.to_string(),
        why: why.to_owned(),
    }
}

fn broken(what: &str) -> StorageError {
    tracing::error!(what, "cryptography failed");
    StorageError::Other
}
