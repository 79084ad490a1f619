//! Two at once on one dossier.

use futures::future::join_all;
use motcua_tests::acts::{Call, act};
use motcua_tests::fresh::{assert_events, fresh};
use motcua_tests::record::stored;
use testkit::{Engine, Town, refusal};

/// How many try at once.
const AT_ONCE: usize = 6;

#[tokio::test]
async fn of_two_officers_at_once_one_is_told_that_the_other_was_faster() {
    for engine in Engine::all() {
        let town = Town::start(engine).await;
        for method in ["Accept", "Assign", "AttachDraft", "Withdraw"] {
            let (office, seen) = fresh(&town, method).await;
            let before = stored(&town, &seen.name).await.len();
            let line = &office.who_in(method, seen.state()).line;
            // Each has a key of its own: these are different requests.
            let calls: Vec<_> = (0..AT_ONCE)
                .map(|_| Call::on(&seen).to(&office.processing.name))
                .collect();
            let outcomes = join_all(calls.iter().map(|call| act(line, method, call))).await;
            let refused: Vec<_> = outcomes.into_iter().filter_map(Result::err).collect();
            assert_eq!(refused.len(), AT_ONCE - 1, "{method}");
            for status in &refused {
                let reason = refusal(status).reason;
                // What is over may not be withdrawn by anybody: that is told first.
                let known = ["STALE_ETAG", "WRONG_STATE", "RULE_REFUSES", "DENIED"];
                assert!(known.contains(&reason.as_str()), "{method}: {reason}");
            }
            assert_events(&town, &office, &seen.name, before + 1).await;
        }
        assert_eq!(town.violations().await, Vec::<String>::new());
        town.end().await;
    }
}
