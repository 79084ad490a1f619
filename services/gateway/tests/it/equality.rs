//! The warehouse computes from its own columns what the source computes from its
//! folded file.

use std::collections::BTreeMap;

use domain::case_file::CaseFile;
use gateway::app::reconcile;
use gateway::app::shape::{self, Occasion, StepChange};
use gateway::store::facts::{DossierFact, Filter};
use motcua_gateway as gateway;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use crate::house::Store;
use crate::life::{Life, any_life};

/// The row after a life, and its steps by task: whether they are open.
fn load(life: &Life) -> (DossierFact, BTreeMap<uuid::Uuid, bool>) {
    let (mut row, mut steps) = (None, BTreeMap::new());
    for (position, told) in (1..).zip(&life.events) {
        let occasion = Occasion {
            dossier: life.file.id.0,
            at: told.at,
            position,
        };
        let loaded = shape::after(row, occasion, &told.facts).unwrap().unwrap();
        for step in loaded.steps {
            match step {
                StepChange::Opened(step) => steps.insert(step.task, true),
                StepChange::Closed(task, ..) => steps.insert(task, false),
            };
        }
        row = Some(loaded.row);
    }
    (row.unwrap(), steps)
}

proptest! {
    #[test]
    fn the_row_of_any_history_has_the_line_of_the_folded_file(life in any_life(7)) {
        let (row, steps) = load(&life);
        prop_assert_eq!(shape::digestible(&row).line(), life.file.digestible().line());
        prop_assert_eq!(shape::digestible(&row).checksum(), life.file.digestible().checksum());
        // And what is in no checksum.
        let instance = life.instance();
        prop_assert_eq!(&row.owner, instance.owner.as_str());
        prop_assert_eq!(row.started, instance.clock.started);
        prop_assert_eq!(row.original_due, instance.clock.original_due);
        prop_assert_eq!(row.extended, instance.clock.extended);
        prop_assert_eq!(i64::from(row.supplements), i64::from(instance.supplements));
        prop_assert_eq!(row.instance_version, Some(instance.version));
        let open: Vec<_> = steps.iter().filter(|(_, open)| **open).map(|(id, _)| *id).collect();
        let task: Vec<_> = instance.task.iter().map(|task| task.id.0).collect();
        prop_assert_eq!(open, task);
    }

    #[test]
    fn an_event_of_the_workflow_that_is_told_again_changes_nothing(life in any_life(7)) {
        let (once, _) = load(&life);
        let mut row = once.clone();
        for told in life.events.iter().skip(1) {
            let occasion = Occasion { dossier: row.id, at: told.at, position: row.position };
            let again = shape::after(Some(row), occasion, &told.facts).unwrap().unwrap();
            prop_assert!(again.steps.is_empty());
            row = again.row;
        }
        prop_assert_eq!(row, once);
    }
}

/// The sum of the files' checksums by unit and day, as the source makes it.
fn source(files: &[CaseFile]) -> reconcile::Sums {
    let mut sums: BTreeMap<(String, String), (i64, u128)> = BTreeMap::new();
    for file in files {
        let day = domain::working_time::local(file.submitted).unwrap().date();
        let key = (file.receiver.0.clone(), day.to_string());
        let entry = sums.entry(key).or_default();
        entry.0 += 1;
        entry.1 = entry.1.wrapping_add(file.digestible().checksum());
    }
    let told = sums.into_iter().map(|(key, (rows, sum))| {
        let checksum = format!("{sum:032x}");
        (key, reconcile::Sum { rows, checksum })
    });
    told.collect()
}

#[tokio::test]
async fn stored_rows_sum_up_to_what_their_files_do() {
    let mut runner = TestRunner::deterministic();
    let lives: Vec<Life> = (1..=40)
        .map(|id| any_life(id).new_tree(&mut runner).unwrap().current())
        .collect();
    let files: Vec<CaseFile> = lives.iter().map(|life| life.file.clone()).collect();
    for store in Store::all().await {
        store.load(&lives).await;
        let ours = reconcile::sums(&store.app, &Filter::default()).await;
        assert_eq!(ours.unwrap(), source(&files), "{}", store.label);
        for check in gateway::verify(&store.app.db).await.unwrap() {
            assert_eq!(check.named, Vec::<String>::new(), "{}", store.label);
            assert!(check.checked > 0, "{} {}", store.label, check.id);
        }
    }
}
