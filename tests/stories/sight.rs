//! What a list shows is what a read allows, for everybody.

use std::collections::{BTreeMap, BTreeSet};

use proto::dossier::v1 as pb;
use proto::dossier::v1::State;
use testkit::{Engine, Town};
use tonic::Code;

use crate::acts::{Call, METHODS, act, get, key, list};
use crate::office::{FIVE_DAYS, MAI_PHU, Office, THANH_SEN, filing};
use crate::record::told_well;

/// Dossiers of several units, in several states.
async fn several(town: &Town) -> Vec<pb::Dossier> {
    let (mai_phu, thanh_sen) = (
        Office::open(town, MAI_PHU).await,
        Office::open(town, THANH_SEN).await,
    );
    let mut all = vec![
        mai_phu.takes(FIVE_DAYS).await,
        mai_phu.bring(FIVE_DAYS, State::Processing).await,
        mai_phu.bring(FIVE_DAYS, State::Returned).await,
        thanh_sen.bring(FIVE_DAYS, State::AwaitingAssignment).await,
    ];
    let mut filed = filing(&mai_phu.unit, FIVE_DAYS);
    thanh_sen.unit.clone_into(&mut filed.decider);
    let filed = mai_phu.submit(filed).await.unwrap();
    all.push(mai_phu.all(&["Accept", "Transfer"], filed).await);
    // A department decides what a commune takes in.
    let filed = thanh_sen
        .submit(filing(&thanh_sen.unit, "tt-0097"))
        .await
        .unwrap();
    all.push(thanh_sen.all(&["Accept", "Transfer"], filed).await);
    all
}

#[tokio::test]
async fn a_list_shows_what_a_read_allows() {
    for engine in Engine::all() {
        let town = Town::start(engine).await;
        let dossiers = several(&town).await;
        let mut seen = BTreeMap::new();
        for login in [
            "18583.tiepnhan1",
            "18583.thuly2",
            "18583.chutich",
            "18583.vanthu",
            "18583.quantri",
            "18073.lanhdao1",
            "18073.tiepnhan2",
            "18100.tiepnhan1",
            "42-syt.thuly1",
            "42-syt.giamdoc",
            "42-stc.giamdoc",
            "42-ttpvhcc.dieuphoi",
            "42-ttpvhcc.tiepnhan1",
            "42.chutich",
            "42.kstt1",
        ] {
            let officer = town.officer(login).await;
            let listed = list(&officer.line, &pb::ListDossiersRequest::default())
                .await
                .unwrap();
            let listed: BTreeSet<_> = listed.into_iter().map(|d| d.name).collect();
            for dossier in &dossiers {
                let read = get(&officer.line, &dossier.name).await;
                let by_code = get(&officer.line, &format!("codes/{}", dossier.code)).await;
                let shown = listed.contains(&dossier.name);
                assert_eq!(read.is_ok(), shown, "{login} {dossier:?}");
                assert!(
                    dossier.code.is_empty() || by_code.is_ok() == shown,
                    "{login}"
                );
                if let Err(hidden) = read {
                    assert_eq!(hidden.code(), Code::NotFound, "{login}");
                }
            }
            seen.insert(login, listed.len());
        }
        let expected = [
            ("18073.lanhdao1", 3),
            ("18073.tiepnhan2", 3),
            ("18100.tiepnhan1", 0),
            ("18583.chutich", 4),
            ("18583.quantri", 0),
            ("18583.thuly2", 4),
            ("18583.tiepnhan1", 4),
            ("18583.vanthu", 4),
            ("42-stc.giamdoc", 0),
            ("42-syt.giamdoc", 1),
            ("42-syt.thuly1", 1),
            ("42-ttpvhcc.dieuphoi", 6),
            ("42-ttpvhcc.tiepnhan1", 0),
            ("42.chutich", 0),
            ("42.kstt1", 0),
        ];
        assert_eq!(seen, BTreeMap::from(expected));
        town.end().await;
    }
}

/// An act with every word in place, whether or not it can be done.
fn with_words(office: &Office, seen: &pb::Dossier) -> Call {
    let mut call = Call::on(seen).to(&office.processing.name);
    if call.digest.is_empty() {
        (call.draft, call.digest) = (key(), "0".repeat(64));
    }
    call
}

#[tokio::test]
async fn what_is_offered_succeeds_and_what_is_not_offered_is_refused() {
    for engine in Engine::all() {
        let town = Town::start(engine).await;
        let office = Office::open(&town, MAI_PHU).await;
        let officers = [
            &office.counter,
            &office.processing,
            &office.head,
            &office.leader,
            &office.clerk,
        ];
        let mut offered = 0;
        for state in [
            State::Checking,
            State::AwaitingIntakeSupplement,
            State::Accepted,
            State::InTransit,
            State::AwaitingAssignment,
            State::Processing,
            State::AwaitingSupplement,
            State::AwaitingSignature,
            State::AwaitingIssue,
            State::ResultReady,
            State::Returned,
        ] {
            let made = office.bring(FIVE_DAYS, state).await;
            for officer in officers {
                let seen = get(&officer.line, &made.name).await.unwrap();
                let offers: BTreeSet<_> = seen.actions.iter().map(|a| a.method.as_str()).collect();
                for method in METHODS {
                    if !offers.contains(method) {
                        let call = with_words(&office, &seen);
                        let refused = act(&officer.line, method, &call).await;
                        told_well(&refused.expect_err(method));
                        continue;
                    }
                    // On a dossier of its own: it moves it.
                    let fresh = office.bring(FIVE_DAYS, state).await;
                    let done = act(&officer.line, method, &with_words(&office, &fresh)).await;
                    assert!(done.is_ok(), "{method} in {state:?}: {done:?}");
                    offered += 1;
                }
            }
        }
        assert!(offered > 30, "{offered}");
        town.end().await;
    }
}
