//! The access log's chain.

use storage::{Db, access_log};

use motcua_storage as storage;

use crate::{all, at, sql, undone};

fn line(n: i64) -> access_log::Access {
    access_log::Access {
        at: at(n),
        actor: format!("person:{n}"),
        unit: "42".into(),
        action: "read".into(),
        resource: "dossiers/1".into(),
        purpose: String::new(),
        outcome: "allowed".into(),
    }
}

async fn write(db: &Db, lines: i64) {
    for n in 0..lines {
        access_log::record(db, line(n)).await.unwrap();
    }
}

#[tokio::test]
async fn lines_written_at_once_form_one_chain() {
    for one in all().await {
        let writers = (0..40).map(|n| {
            let db = one.db.clone();
            tokio::spawn(async move { access_log::record(&db, line(n)).await })
        });
        for done in futures::future::join_all(writers).await {
            done.unwrap().unwrap();
        }
        let verified = access_log::verify(one.db.read()).await;
        assert_eq!(verified, Ok((40, None)), "{}", one.label);
    }
}

/// What an insider may do to the table, and the first line that tells.
const TAMPERINGS: [(&str, i64); 9] = [
    ("UPDATE access_log SET outcome = 'denied' WHERE seq = 3", 3),
    ("UPDATE access_log SET actor = 'person:9' WHERE seq = 3", 3),
    ("UPDATE access_log SET unit = '43' WHERE seq = 3", 3),
    ("UPDATE access_log SET action = 'reads' WHERE seq = 3", 3),
    ("UPDATE access_log SET resource = '' WHERE seq = 3", 3),
    (
        "UPDATE access_log SET purpose = resource, resource = '' WHERE seq = 3",
        3,
    ),
    ("DELETE FROM access_log WHERE seq = 1", 2),
    ("DELETE FROM access_log WHERE seq = 3", 4),
    // Two lines change places, hashes and all.
    (
        "UPDATE access_log SET seq = 99 WHERE seq = 2;
         UPDATE access_log SET seq = 2 WHERE seq = 3;
         UPDATE access_log SET seq = 3 WHERE seq = 99",
        2,
    ),
];

#[tokio::test]
async fn an_edited_deleted_or_swapped_line_is_found() {
    for one in all().await {
        write(&one.db, 5).await;
        for (statements, first) in TAMPERINGS {
            let verified = access_log::verify(one.db.read()).await;
            assert_eq!(verified, Ok((5, None)), "{}", one.label);
            let (_, found) = undone(&one.db, statements, async |conn| {
                access_log::verify(conn).await.unwrap()
            })
            .await;
            assert_eq!(found, Some(first), "{} {statements}", one.label);
        }
    }
}

#[tokio::test]
async fn a_log_longer_than_one_page_verifies_to_its_end() {
    for one in all().await {
        one.db
            .run::<_, storage::StorageError, _>("many", {
                let engine = one.db.engine();
                move |tx| {
                    Box::pin(async move {
                        for n in 0..1_100 {
                            access_log::write(tx, engine, &line(n)).await?;
                        }
                        Ok(())
                    })
                }
            })
            .await
            .unwrap();
        let verified = access_log::verify(one.db.read()).await;
        assert_eq!(verified, Ok((1_100, None)), "{}", one.label);
        sql(&one.db, "UPDATE access_log SET unit = '9' WHERE seq = 1050")
            .await
            .unwrap();
        let verified = access_log::verify(one.db.read()).await;
        assert_eq!(verified, Ok((1_049, Some(1_050))), "{}", one.label);
    }
}
