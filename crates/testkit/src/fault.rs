//! A table whose rows cannot be written: each statement of a unit of work can be
//! made to fail, as a full disk or a broken constraint would.

use sea_orm::{ConnectionTrait as _, DbBackend};
use storage::StorageError;

use crate::Town;

/// A table that refuses, until it is mended.
#[derive(Debug)]
#[must_use = "a table that is not mended stays broken"]
pub struct Fault {
    service: &'static str,
    table: &'static str,
}

impl Town {
    /// Makes a table of a service refuse every row. What sequencers do to events
    /// that are there already goes on.
    ///
    /// # Panics
    /// When there is no such table.
    pub async fn fail(&self, service: &'static str, table: &'static str) -> Fault {
        let fault = Fault { service, table };
        self.define(&fault, true).await;
        fault
    }

    /// Lets the table work again.
    ///
    /// # Panics
    /// When the store is away.
    pub async fn mend(&self, fault: Fault) {
        self.define(&fault, false).await;
    }

    async fn define(&self, fault: &Fault, broken: bool) {
        let stores = self.served.house.stores();
        let db = stores.get(fault.service).expect("a service with a store");
        let postgres = db.read().get_database_backend() == DbBackend::Postgres;
        let table = fault.table;
        let changes: &[&str] = if table == "event" {
            &["INSERT"]
        } else {
            &["INSERT", "UPDATE", "DELETE"]
        };
        let mut statements = Vec::new();
        if postgres && broken {
            statements.push(RAISE.to_owned());
        }
        for change in changes {
            let name = format!("fault_{change}");
            statements.push(match (broken, postgres) {
                (true, true) => format!(
                    "CREATE TRIGGER {name} BEFORE {change} ON {table}
                     FOR EACH ROW EXECUTE FUNCTION fault()"
                ),
                (true, false) => format!(
                    "CREATE TRIGGER {name} BEFORE {change} ON {table}
                     BEGIN SELECT RAISE(ABORT, 'a fault on purpose'); END"
                ),
                (false, true) => format!("DROP TRIGGER {name} ON {table}"),
                (false, false) => format!("DROP TRIGGER {name}"),
            });
        }
        let done = db.run::<_, StorageError, _>("fault", move |tx| {
            let statements = statements.clone();
            Box::pin(async move {
                for statement in &statements {
                    tx.conn().execute_unprepared(statement).await?;
                }
                Ok(())
            })
        });
        done.await.expect("the trigger is made or taken away");
    }
}

const RAISE: &str = "CREATE OR REPLACE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a fault on purpose';
END $$";
