//! Private rows: sealed, bound to their place, erasable.

use std::fmt::Write as _;
use std::sync::Arc;

use sea_orm::{ConnectionTrait as _, Statement};
use storage::private_row::{self, Commitment, Opened, Vault};
use storage::{Db, StorageError, Tx, event};
use uuid::Uuid;

use motcua_storage as storage;

use crate::{aggregate, all, append, new_event, number, sql, undone};

#[tokio::test]
async fn an_erased_subject_cannot_be_read_and_others_can() {
    for one in all().await {
        let vault = Arc::new(Vault::new(&[3; 32]).unwrap());
        for subject in [1, 2] {
            let vault = Arc::clone(&vault);
            one.db
                .run::<_, StorageError, _>("put", move |tx| {
                    let vault = Arc::clone(&vault);
                    let (subject, row) = (Uuid::from_u128(subject), Uuid::from_u128(10 + subject));
                    Box::pin(async move {
                        let text = "Nguyễn Thị Đào".as_bytes();
                        private_row::put(tx, &vault, subject, "applicant", row, 1, text).await
                    })
                })
                .await
                .unwrap();
        }
        let read = one.db.read();
        let opened = private_row::get(read, &vault, Uuid::from_u128(11), 1)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(opened.plain, "Nguyễn Thị Đào".as_bytes());
        let wrong = Vault::new(&[4; 32]).unwrap();
        assert!(
            private_row::get(read, &wrong, Uuid::from_u128(11), 1)
                .await
                .is_err()
        );
        one.db
            .run::<_, StorageError, _>("erase", |tx| {
                Box::pin(private_row::erase(tx, Uuid::from_u128(1)))
            })
            .await
            .unwrap();
        assert!(
            private_row::get(read, &vault, Uuid::from_u128(11), 1)
                .await
                .unwrap()
                .is_none()
        );
        assert!(
            private_row::get(read, &vault, Uuid::from_u128(12), 1)
                .await
                .unwrap()
                .is_some()
        );
    }
}

fn vault() -> Arc<Vault> {
    Arc::new(Vault::new(&[3; 32]).unwrap())
}

async fn put(
    db: &Db,
    subject: u128,
    row: u128,
    version: i64,
    text: &'static str,
) -> Result<Commitment, StorageError> {
    let vault = vault();
    db.run("put", move |tx| {
        let vault = Arc::clone(&vault);
        let (subject, row) = (Uuid::from_u128(subject), Uuid::from_u128(row));
        Box::pin(async move {
            private_row::put(
                tx,
                &vault,
                subject,
                "applicant",
                row,
                version,
                text.as_bytes(),
            )
            .await
        })
    })
    .await
}

async fn get(db: &Db, row: u128, version: i64) -> Result<Option<Opened>, StorageError> {
    private_row::get(db.read(), &vault(), Uuid::from_u128(row), version).await
}

/// What an insider may do to row (0x11, 1) of subject 1, whose other row is
/// (0x12, 1); subject 2 has (0x21, 1). `X` and `Y` stand around a literal of bytes.
const TAMPERINGS: [&str; 10] = [
    "UPDATE private_row SET sealed = (SELECT sealed FROM private_row WHERE id = ROW12) WHERE id = ROW11",
    "UPDATE private_row SET nonce = (SELECT nonce FROM private_row WHERE id = ROW12) WHERE id = ROW11",
    "UPDATE private_row SET commitment = (SELECT commitment FROM private_row WHERE id = ROW12) WHERE id = ROW11",
    // The whole content of a sister, or of another subject, in its place.
    "UPDATE private_row SET id = ROW99 WHERE id = ROW11; UPDATE private_row SET id = ROW11 WHERE id = ROW12",
    "UPDATE private_row SET id = ROW99 WHERE id = ROW11; UPDATE private_row SET id = ROW11 WHERE id = ROW21",
    "UPDATE private_row SET subject = ROW02 WHERE id = ROW11",
    "UPDATE private_row SET kind = 'reason' WHERE id = ROW11",
    "UPDATE private_row SET sealed = X00Y WHERE id = ROW11",
    "UPDATE private_row SET nonce = X00Y WHERE id = ROW11",
    // Another subject's key under this one's name.
    "UPDATE subject_key SET wrapped = (SELECT wrapped FROM subject_key WHERE subject = ROW02), nonce = (SELECT nonce FROM subject_key WHERE subject = ROW02) WHERE subject = ROW01",
];

#[tokio::test]
async fn a_tampered_or_moved_row_does_not_open() {
    for one in all().await {
        put(&one.db, 1, 0x11, 1, "Nguyễn Thị Đào").await.unwrap();
        put(&one.db, 1, 0x12, 1, "Nguyễn Thị Đào").await.unwrap();
        put(&one.db, 2, 0x21, 1, "Nguyễn Thị Đào").await.unwrap();
        for tampering in TAMPERINGS {
            assert!(get(&one.db, 0x11, 1).await.unwrap().is_some());
            let statements = literals(tampering, one.label == "postgres");
            let opened = undone(&one.db, &statements, async |conn| {
                let opened = private_row::get(conn, &vault(), Uuid::from_u128(0x11), 1).await;
                opened.map(|found| found.is_some())
            })
            .await;
            assert!(
                matches!(opened, Err(StorageError::Corrupt { .. })),
                "{} {tampering}: {opened:?}",
                one.label
            );
        }
    }
}

/// `ROW11` as a UUID and `X00Y` as bytes, as the database writes them.
fn literals(text: &str, postgres: bool) -> String {
    let mut text = text.to_owned();
    for n in ["01", "02", "11", "12", "21", "99"] {
        let zeros = "0".repeat(30);
        let uuid = if postgres {
            format!("'{zeros}{n}'")
        } else {
            format!("x'{zeros}{n}'")
        };
        text = text.replace(&format!("ROW{n}"), &uuid);
    }
    let (before, after) = if postgres { (r"'\x", "'") } else { ("x'", "'") };
    text.replace("X00Y", &format!("{before}00{after}"))
}

#[tokio::test]
async fn every_byte_of_a_stored_row_counts() {
    for one in all().await {
        put(&one.db, 1, 0x11, 1, "Đào").await.unwrap();
        let postgres = one.label == "postgres";
        for column in ["nonce", "sealed", "commitment"] {
            let length = number(
                &one.db,
                &format!("SELECT CAST(length({column}) AS bigint) FROM private_row"),
            )
            .await;
            for n in 0..length {
                // The bytes before, the byte with one bit turned, the bytes after.
                let flip = if postgres {
                    format!(
                        "UPDATE private_row SET {column} = set_byte({column}, {n}, get_byte({column}, {n}) # 1)"
                    )
                } else {
                    flip_in_sqlite(&one.db, column, n).await
                };
                sql(&one.db, &flip).await.unwrap();
                let opened = get(&one.db, 0x11, 1).await.map(|found| found.is_some());
                assert!(opened.is_err(), "{} {column} {n}", one.label);
                let back = if postgres {
                    flip
                } else {
                    flip_in_sqlite(&one.db, column, n).await
                };
                sql(&one.db, &back).await.unwrap();
            }
        }
        assert!(get(&one.db, 0x11, 1).await.unwrap().is_some());
    }
}

async fn flip_in_sqlite(db: &Db, column: &str, n: i64) -> String {
    use sea_orm::{ConnectionTrait as _, DbBackend, Statement};
    let ask = Statement::from_string(
        DbBackend::Sqlite,
        format!("SELECT {column} FROM private_row"),
    );
    let row = db.read().query_one_raw(ask).await.unwrap().unwrap();
    let mut bytes: Vec<u8> = row.try_get_by_index(0).unwrap();
    bytes[usize::try_from(n).unwrap()] ^= 1;
    let hex = bytes.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    });
    format!("UPDATE private_row SET {column} = x'{hex}'")
}

#[tokio::test]
async fn a_commitment_tells_rows_apart_and_is_the_same_at_each_reading() {
    for one in all().await {
        let first = put(&one.db, 1, 0x11, 1, "Đào").await.unwrap();
        let others = [
            put(&one.db, 1, 0x11, 2, "Đào").await.unwrap(),
            put(&one.db, 1, 0x12, 1, "Đào").await.unwrap(),
            put(&one.db, 2, 0x21, 1, "Đào").await.unwrap(),
            put(&one.db, 1, 0x13, 1, "Đàn").await.unwrap(),
        ];
        assert!(!others.contains(&first), "{}", one.label);
        for _ in 0..2 {
            let opened = get(&one.db, 0x11, 1).await.unwrap().unwrap();
            assert_eq!(opened.commitment, first);
            assert_eq!(opened.kind, "applicant");
        }
        let again = put(&one.db, 1, 0x11, 1, "Đào").await;
        assert!(
            matches!(again, Err(StorageError::Conflict { .. })),
            "{}",
            one.label
        );
    }
}

#[tokio::test]
async fn rows_of_a_new_subject_put_at_once_open_under_one_key() {
    for one in all().await {
        let putting = (0..16_u128).map(|n| {
            let db = one.db.clone();
            tokio::spawn(async move { put(&db, 1, 0x100 + n, 1, "Đào").await })
        });
        for done in futures::future::join_all(putting).await {
            done.unwrap().unwrap();
        }
        for n in 0..16 {
            let opened = get(&one.db, 0x100 + n, 1).await.unwrap().unwrap();
            assert_eq!(opened.plain, "Đào".as_bytes(), "{}", one.label);
        }
        assert_eq!(number(&one.db, "SELECT count(*) FROM subject_key").await, 1);
    }
}

/// Rows of `private_row` and `subject_key` that this unit of work has read by going
/// through a table from its beginning.
async fn read_whole(tx: &Tx) -> Result<i64, StorageError> {
    let asked = Statement::from_string(
        tx.conn().get_database_backend(),
        "SELECT sum(seq_tup_read)::bigint FROM pg_stat_xact_user_tables
         WHERE relname IN ('private_row', 'subject_key')",
    );
    let row = tx.conn().query_one_raw(asked).await?.unwrap();
    Ok(row.try_get_by_index(0)?)
}

#[tokio::test]
async fn a_plan_made_for_a_small_store_does_not_go_through_it_when_it_is_large() {
    let servers = all().await.into_iter();
    for one in servers.filter(|one| one.label == "postgres") {
        let read = one.db.run::<_, StorageError, _>("read", |tx| {
            Box::pin(async move {
                let vault = vault();
                let mut fill = (1..=1000_u128).map(Uuid::from_u128);
                for id in fill.by_ref().take(10) {
                    private_row::put(tx, &vault, id, "applicant", id, 1, b"text").await?;
                }
                let wanted = [1, 2, 3, 4, 5].map(|n| (Uuid::from_u128(n), 1));
                // PostgreSQL keeps to one plan from the sixth time on.
                for _ in 0..8 {
                    private_row::get_all(tx.conn(), &vault, &wanted).await?;
                }
                for id in fill {
                    private_row::put(tx, &vault, id, "applicant", id, 1, b"text").await?;
                }
                let before = read_whole(tx).await?;
                for _ in 0..8 {
                    let found = private_row::get_all(tx.conn(), &vault, &wanted).await?;
                    assert_eq!(found.len(), wanted.len());
                }
                Ok(read_whole(tx).await? - before)
            })
        });
        assert_eq!(read.await.unwrap(), 0);
    }
}

#[tokio::test]
async fn erasure_destroys_key_and_every_version_and_leaves_the_events() {
    for one in all().await {
        append(&one.db, new_event(aggregate(1), 1)).await.unwrap();
        let before = put(&one.db, 1, 0x11, 1, "Đào").await.unwrap();
        put(&one.db, 1, 0x11, 2, "Đào Thị").await.unwrap();
        put(&one.db, 2, 0x21, 1, "Mận").await.unwrap();
        one.db
            .run::<_, StorageError, _>("erase", |tx| {
                Box::pin(private_row::erase(tx, Uuid::from_u128(1)))
            })
            .await
            .unwrap();
        assert_eq!(number(&one.db, "SELECT count(*) FROM private_row").await, 1);
        assert_eq!(number(&one.db, "SELECT count(*) FROM subject_key").await, 1);
        let kept = event::load(one.db.read(), aggregate(1)).await.unwrap();
        assert_eq!(kept.len(), 1);
        // Who comes back has another key: nothing links the two.
        let after = put(&one.db, 1, 0x11, 1, "Đào").await.unwrap();
        assert_ne!(before, after, "{}", one.label);
    }
}
