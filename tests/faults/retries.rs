//! The same request again: the same answer, and nothing done twice.

use motcua_tests::acts::{Call, act};
use motcua_tests::fresh::{assert_events, fresh};
use motcua_tests::office::{FIVE_DAYS, MAI_PHU, Office, filing};
use motcua_tests::record::stored;
use testkit::{Engine, Town};

#[tokio::test]
async fn what_is_sent_again_is_answered_again() {
    for engine in Engine::all() {
        let town = Town::start(engine).await;
        let office = Office::open(&town, MAI_PHU).await;
        let filed = filing(&office.unit, FIVE_DAYS);
        let first = office.submit(filed.clone()).await.unwrap();
        let again = office.submit(filed).await.unwrap();
        assert_eq!(again.name, first.name);
        for method in ["Accept", "AttachDraft"] {
            let (office, seen) = fresh(&town, method).await;
            let before = stored(&town, &seen.name).await.len();
            let call = Call::on(&seen).to(&office.processing.name);
            let line = &office.who_in(method, seen.state()).line;
            let first = act(line, method, &call).await.unwrap();
            let again = act(line, method, &call).await.unwrap();
            assert_eq!(again.etag, first.etag, "{method}");
            assert_events(&town, &office, &seen.name, before + 1).await;
        }
        town.end().await;
    }
}
