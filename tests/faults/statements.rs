//! Each statement of each unit of work fails once: for every verb and every table
//! that it writes to, a trigger refuses the row. What was asked is then done whole
//! by the very same request, or was not done at all.

use motcua_tests::acts::{Call, METHODS, act, get};
use motcua_tests::fresh::{assert_events, fresh};
use motcua_tests::office::{FIVE_DAYS, MAI_PHU, Office, filing};
use motcua_tests::record::{settled, stored, until};
use testkit::{Engine, Town};

/// What a verb may write in workflow.
const WORKFLOW: [&str; 5] = ["instance", "task", "timer", "event", "idempotency"];
/// What a verb may write in dossier.
const DOSSIER: [&str; 6] = [
    "dossier",
    "event",
    "idempotency",
    "private_row",
    "subject_key",
    "code_counter",
];

/// The verbs that workflow has a part in.
fn crossing() -> impl Iterator<Item = &'static str> {
    METHODS
        .into_iter()
        .filter(|method| *method != "AttachDraft")
}

#[tokio::test]
async fn when_a_statement_of_workflow_fails_nothing_is_done_and_the_same_request_does_it_later() {
    for engine in Engine::all() {
        let town = Town::start(engine).await;
        let mut refused = 0;
        for method in crossing() {
            let (mut office, mut seen) = fresh(&town, method).await;
            let mut call = Call::on(&seen).to(&office.processing.name);
            let mut before = stored(&town, &seen.name).await;
            for table in WORKFLOW {
                let line = &office.who_in(method, seen.state()).line;
                let fault = town.fail("workflow", table).await;
                let outcome = act(line, method, &call).await;
                town.mend(fault).await;
                if outcome.is_ok() {
                    // It writes nothing there: the next table needs another dossier.
                    (office, seen) = fresh(&town, method).await;
                    call = Call::on(&seen).to(&office.processing.name);
                    before = stored(&town, &seen.name).await;
                    continue;
                }
                refused += 1;
                let what = format!("{method} {table}");
                assert_eq!(stored(&town, &seen.name).await, before, "{what}");
                let now = get(line, &seen.name).await.unwrap();
                assert_eq!(now.etag, seen.etag, "{what}");
            }
            let line = &office.who_in(method, seen.state()).line;
            act(line, method, &call).await.unwrap();
            assert_events(&town, &office, &seen.name, before.len() + 1).await;
        }
        // Each verb writes its instance, its event and its record at the least.
        assert!(refused >= 3 * crossing().count(), "{refused}");
        settled(&town).await;
        assert_eq!(town.violations().await, Vec::<String>::new());
        town.end().await;
    }
}

#[tokio::test]
async fn when_a_statement_of_dossier_fails_the_same_request_does_it_once() {
    for engine in Engine::all() {
        let town = Town::start(engine).await;
        let mut refused = 0;
        for method in METHODS {
            for table in DOSSIER {
                let (office, seen) = fresh(&town, method).await;
                let call = Call::on(&seen).to(&office.processing.name);
                let before = stored(&town, &seen.name).await.len();
                let line = &office.who_in(method, seen.state()).line;
                let fault = town.fail("dossier", table).await;
                let outcome = act(line, method, &call).await;
                town.mend(fault).await;
                refused += usize::from(outcome.is_err());
                // Workflow may have decided it, and the feed may be faster than we.
                let done = act(line, method, &call).await;
                let done = done.unwrap_or_else(|status| panic!("{method} {table}: {status:?}"));
                assert_ne!(done.etag, seen.etag, "{method} {table}");
                assert_events(&town, &office, &seen.name, before + 1).await;
            }
        }
        assert!(refused >= 3 * METHODS.len(), "{refused}");
        settled(&town).await;
        assert_eq!(town.violations().await, Vec::<String>::new());
        town.end().await;
    }
}

#[tokio::test]
async fn a_filing_whose_statements_fail_is_filed_once_and_opened() {
    for engine in Engine::all() {
        let town = Town::start(engine).await;
        let office = Office::open(&town, MAI_PHU).await;
        for (service, table) in DOSSIER
            .map(|table| ("dossier", table))
            .into_iter()
            .chain(WORKFLOW.map(|table| ("workflow", table)))
        {
            let filed = filing(&office.unit, FIVE_DAYS);
            let fault = town.fail(service, table).await;
            let _ = office.submit(filed.clone()).await;
            town.mend(fault).await;
            let name = office.submit(filed).await.unwrap().name;
            // What workflow could not open at once is opened soon.
            until(&format!("{service}.{table}"), async || {
                stored(&town, &name).await.len() == 2
            })
            .await;
            assert_events(&town, &office, &name, 2).await;
        }
        settled(&town).await;
        assert_eq!(town.violations().await, Vec::<String>::new());
        town.end().await;
    }
}
