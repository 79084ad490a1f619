//! Comparing with the source, and loading anew.

use domain::actor::Role;
use gateway::store::facts;
use motcua_gateway as gateway;
use proto::gateway::v1 as pb;
use proto::gateway::v1::job_service_client::JobServiceClient;
use proto::warehouse::v1 as wh;
use proto::warehouse::v1::warehouse_service_client::WarehouseServiceClient;
use runtime::failure::Reason;
use serde_json::Value;

use crate::house::{House, refusal, tamper};
use crate::life::{Birth, Life, UNIT};

async fn begun(house: &House, ids: std::ops::RangeInclusive<u128>) {
    let mut lives: Vec<Life> = ids.map(|id| Life::begin(Birth::new(id))).collect();
    lives.iter_mut().for_each(Life::take_in_hand);
    house.neighbours.live(&lives).await;
    house.loaded().await;
}

async fn reconcile(house: &House, request: wh::ReconcileRequest) -> wh::ReconcileResponse {
    let mut client = WarehouseServiceClient::new(house.person(Role::Monitor));
    client.reconcile(request).await.unwrap().into_inner()
}

/// Asks for a job and answers its name.
async fn start(house: &House, kind: pb::JobKind) -> String {
    let mut client = JobServiceClient::new(house.service("operator"));
    let request = pb::StartJobRequest {
        request_id: uuid::Uuid::from_u128(kind as u128).to_string(),
        kind: kind.into(),
        ..pb::StartJobRequest::default()
    };
    let started = client.start_job(request).await.unwrap().into_inner();
    started.job.unwrap().name
}

/// Waits for the end of a job and answers it with its outcome.
async fn ended(house: &House, name: String) -> (pb::Job, Value) {
    let client = JobServiceClient::new(house.service("operator"));
    let ended = async || {
        let (mut client, name) = (client.clone(), name.clone());
        let asked = pb::GetJobRequest { name };
        let job = client.get_job(asked).await.unwrap().into_inner().job;
        job.filter(|job| job.finished.is_some())
    };
    house.ground.until(async || ended().await.is_some()).await;
    let job = ended().await.unwrap();
    let outcome = serde_json::from_str(&job.outcome).unwrap();
    (job, outcome)
}

/// Runs a job to its end and answers it with its outcome.
async fn job(house: &House, kind: pb::JobKind) -> (pb::Job, Value) {
    let name = start(house, kind).await;
    ended(house, name).await
}

#[tokio::test]
async fn the_warehouse_equals_its_source_until_somebody_changes_a_row() {
    for house in House::all().await {
        begun(&house, 1..=4).await;
        let equal = reconcile(&house, wh::ReconcileRequest::default()).await;
        assert_eq!(equal.differences, [], "{}", house.label);
        assert_eq!((equal.compared, equal.dossiers, equal.position), (1, 4, 24));

        tamper(
            &house.app.db,
            "UPDATE fact_dossier SET decider = '42-SYT' WHERE position = 6",
        )
        .await;
        let differs = reconcile(&house, wh::ReconcileRequest::default()).await;
        let [one] = differs.differences.as_slice() else {
            panic!("{}: {differs:?}", house.label);
        };
        assert_eq!(
            (one.unit.as_str(), one.day.as_str()),
            ("units/18583", "2026-09-01")
        );
        assert_eq!((one.source_rows, one.warehouse_rows), (4, 4));
        assert_ne!(one.source_checksum, one.warehouse_checksum);

        tamper(&house.app.db, "DELETE FROM fact_dossier WHERE position = 6").await;
        let lacks = reconcile(&house, wh::ReconcileRequest::default()).await;
        assert_eq!(lacks.differences[0].warehouse_rows, 3, "{}", house.label);
    }
}

#[tokio::test]
async fn unit_and_days_narrow_what_is_compared() {
    for house in House::all().await {
        let birth = |id, receiver, submitted| Birth {
            receiver,
            decider: receiver,
            submitted,
            ..Birth::new(id)
        };
        let lives = [
            Life::begin(birth(1, UNIT, "2026-09-01T08:00")),
            Life::begin(birth(2, UNIT, "2026-09-03T08:00")),
            // In Vietnam this is the fourth of September already.
            Life::begin(birth(3, UNIT, "2026-09-03T17:30+00:00")),
            Life::begin(birth(4, "18406", "2026-09-01T08:00")),
        ];
        house.neighbours.live(&lives).await;
        house.loaded().await;
        let ask = |unit: &str, from_day: &str, to_day: &str| wh::ReconcileRequest {
            unit: unit.to_owned(),
            from_day: from_day.to_owned(),
            to_day: to_day.to_owned(),
            page_token: String::new(),
        };
        for (request, dossiers) in [
            (ask("", "", ""), 4),
            (ask("units/18583", "", ""), 3),
            (ask("units/18583", "2026-09-03", ""), 2),
            (ask("", "", "2026-09-01"), 2),
            (ask("units/18583", "2026-09-04", "2026-09-04"), 1),
            (ask("units/18406", "2026-09-02", ""), 0),
        ] {
            let found = reconcile(&house, request.clone()).await;
            assert_eq!(found.dossiers, dossiers, "{} {request:?}", house.label);
            assert_eq!(found.differences, [], "{} {request:?}", house.label);
        }
        let mut client = WarehouseServiceClient::new(house.person(Role::Inspector));
        let wrong = client.reconcile(ask("18583", "2026-9-1", "x")).await;
        let fields = refusal(wrong);
        assert_eq!(fields.fields().len(), 3, "{fields:?}");
    }
}

#[tokio::test]
async fn only_those_who_watch_or_administer_read_the_warehouse() {
    for house in House::all().await.into_iter().take(1) {
        for role in [Role::Reception, Role::Leader, Role::UnitAdmin] {
            let mut client = WarehouseServiceClient::new(house.person(role));
            let reconciled = client.reconcile(wh::ReconcileRequest::default()).await;
            assert_eq!(refusal(reconciled).reason(), Reason::Denied, "{role:?}");
            let asked = wh::GetIndicatorsRequest {
                from_day: "2026-09-01".to_owned(),
                to_day: "2026-09-30".to_owned(),
            };
            let read = client.get_indicators(asked).await;
            assert_eq!(refusal(read).reason(), Reason::Denied, "{role:?}");
        }
        let mut client = WarehouseServiceClient::new(house.service("operator"));
        let by_service = client.reconcile(wh::ReconcileRequest::default()).await;
        assert!(by_service.is_ok());
    }
}

#[tokio::test]
async fn a_rebuild_on_a_quiet_source_loads_everything_anew() {
    for house in House::all().await {
        begun(&house, 1..=5).await;
        tamper(&house.app.db, "UPDATE fact_dossier SET state = 'draft'").await;
        tamper(&house.app.db, "DELETE FROM fact_step").await;
        let (job, outcome) = job(&house, pb::JobKind::RebuildWarehouse).await;
        assert_eq!(job.state(), pb::JobState::Done, "{} {outcome}", house.label);
        assert_eq!((job.done, job.total, job.fence), (30, 30, 1));
        assert_eq!(outcome["events"], 30);
        assert_eq!(outcome["reconciliation"]["dossiers"], 5);
        assert_eq!(outcome["reconciliation"]["differing"], 0, "{}", house.label);
        let rows = facts::page(house.app.db.read(), None, 10).await.unwrap();
        assert!(rows.iter().all(|row| row.state == "processing"));
        let steps = facts::steps(house.app.db.read(), rows.iter().map(|row| row.id)).await;
        assert_eq!(steps.unwrap().len(), 25, "{}", house.label);
        // And the follower goes on from there.
        begun(&house, 6..=6).await;
        let equal = reconcile(&house, wh::ReconcileRequest::default()).await;
        assert_eq!(
            (equal.dossiers, equal.differences.len()),
            (6, 0),
            "{}",
            house.label
        );
    }
}

#[tokio::test]
async fn a_rebuild_while_dossiers_move_loses_none_of_them() {
    for house in House::all().await {
        begun(&house, 1..=5).await;
        let name = start(&house, pb::JobKind::RebuildWarehouse).await;
        for id in 6..=30 {
            let mut life = Life::begin(Birth::new(id));
            life.take_in_hand();
            house.neighbours.live(&[life]).await;
        }
        let (job, outcome) = ended(&house, name).await;
        assert_eq!(job.state(), pb::JobState::Done, "{} {outcome}", house.label);
        house.loaded().await;
        let equal = reconcile(&house, wh::ReconcileRequest::default()).await;
        assert_eq!(
            (equal.dossiers, equal.differences.len(), equal.position),
            (30, 0, 180),
            "{}",
            house.label
        );
    }
}

#[tokio::test]
async fn a_rebuild_takes_up_what_was_set_aside() {
    for house in House::all().await {
        begun(&house, 1..=1).await;
        // A fault of the store, now mended, had made the follower set it aside.
        tamper(&house.app.db, "DELETE FROM fact_dossier").await;
        let mut life = Life::begin(Birth::new(1));
        life.take_in_hand();
        life.settle();
        life.events.drain(..6);
        house.neighbours.live(&[life]).await;
        house.loaded().await;
        let aside = facts::parked(house.app.db.read(), "gateway.dossier", 1).await;
        assert_eq!(aside.unwrap(), (4, vec![7]), "{}", house.label);
        let (job, outcome) = job(&house, pb::JobKind::RebuildWarehouse).await;
        assert_eq!(job.state(), pb::JobState::Done, "{} {outcome}", house.label);
        assert_eq!(outcome["reconciliation"]["differing"], 0, "{}", house.label);
        let aside = facts::parked(house.app.db.read(), "gateway.dossier", 1).await;
        assert_eq!(aside.unwrap().0, 0, "{}", house.label);
    }
}

#[tokio::test]
async fn a_rebuild_follows_a_source_of_another_incarnation() {
    for house in House::all().await {
        begun(&house, 1..=2).await;
        tamper(
            house.neighbours.db(),
            "UPDATE feed_head SET incarnation = (SELECT id FROM event WHERE position = 1)",
        )
        .await;
        let (job, outcome) = job(&house, pb::JobKind::RebuildWarehouse).await;
        assert_eq!(job.state(), pb::JobState::Done, "{} {outcome}", house.label);
        assert_eq!(outcome["reconciliation"]["differing"], 0, "{}", house.label);
        begun(&house, 3..=3).await;
        let equal = reconcile(&house, wh::ReconcileRequest::default()).await;
        assert_eq!(
            (equal.dossiers, equal.differences.len()),
            (3, 0),
            "{}",
            house.label
        );
    }
}

#[tokio::test]
async fn a_reconciliation_as_a_job_keeps_what_it_found() {
    for house in House::all().await {
        begun(&house, 1..=2).await;
        tamper(
            &house.app.db,
            "UPDATE fact_dossier SET code = 'X' WHERE position = 6",
        )
        .await;
        let (job, outcome) = job(&house, pb::JobKind::Reconcile).await;
        assert_eq!(job.state(), pb::JobState::Done, "{}", house.label);
        assert_eq!(job.requested_by, "service:operator");
        assert_eq!((job.done, job.total), (1, 1));
        assert_eq!(outcome["differing"], 1, "{}", house.label);
        assert_eq!(outcome["differences"][0]["unit"], UNIT);
    }
}
