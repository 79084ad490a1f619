//! Jobs: asked for once, taken by one, taken up by the next.

use chrono::TimeDelta;
use domain::actor::Role;
use gateway::Error;
use gateway::app::jobs::{self, Kind, Wanted};
use gateway::app::request::Request;
use gateway::app::{rebuild, run_jobs};
use gateway::store::facts;
use gateway::store::jobs::{Change, DONE, Hold, Job, RUNNING, WAITING};
use motcua_gateway as gateway;
use proto::gateway::v1 as pb;
use proto::gateway::v1::job_service_client::JobServiceClient;
use runtime::failure::Reason;
use uuid::Uuid;

use crate::house::{House, Store, refusal, service, tamper};
use crate::life::{Birth, Life};

fn wanted(kind: Kind) -> Wanted {
    Wanted {
        kind,
        unit: None,
        from: None,
        to: None,
    }
}

fn request(n: u128, body: &[u8]) -> Request {
    Request::new(&service("operator"), "StartJob", Uuid::from_u128(n), body)
}

async fn start(store: &Store, n: u128, kind: Kind) -> Job {
    let actor = service("operator");
    let started = jobs::start(&store.app, &actor, &request(n, b"x"), wanted(kind)).await;
    started.unwrap()
}

fn hold(job: &Job) -> Hold {
    Hold {
        job: job.id,
        fence: job.fence,
    }
}

#[tokio::test]
async fn the_same_request_is_the_same_job() {
    for store in Store::all().await {
        let first = start(&store, 1, Kind::Reconcile).await;
        assert_eq!(
            start(&store, 1, Kind::Reconcile).await,
            first,
            "{}",
            store.label
        );
        assert_ne!(start(&store, 2, Kind::Reconcile).await.id, first.id);
        let other = request(1, b"y");
        let reused = jobs::start(
            &store.app,
            &service("operator"),
            &other,
            wanted(Kind::Reconcile),
        )
        .await;
        assert!(matches!(reused, Err(Error::Reused)), "{}", store.label);
        store.ground.clock.forward(TimeDelta::days(31));
        let late = jobs::start(
            &store.app,
            &service("operator"),
            &request(1, b"x"),
            wanted(Kind::Reconcile),
        )
        .await;
        let resource = format!("jobs/{}", first.id);
        assert!(matches!(late, Err(Error::AlreadyDone(name)) if name == resource));
    }
}

#[tokio::test]
async fn of_racers_with_one_key_one_makes_the_job_and_all_get_it() {
    for store in Store::all().await {
        let racing: Vec<_> = (0..8)
            .map(|_| {
                let app = store.app.clone();
                store.ground.shutdown.spawn("start", async move {
                    let (actor, request) = (service("operator"), request(1, b"x"));
                    jobs::start(&app, &actor, &request, wanted(Kind::Reconcile)).await
                })
            })
            .collect();
        let mut ids = Vec::new();
        for one in racing {
            ids.push(one.await.unwrap().unwrap().id);
        }
        ids.dedup();
        assert_eq!(ids.len(), 1, "{}", store.label);
        let page = jobs::page(&store.app, &service("operator"), None, 10).await;
        assert_eq!(page.unwrap().len(), 1, "{}", store.label);
    }
}

#[tokio::test]
async fn a_job_is_taken_by_one_process_until_its_lease_runs_out() {
    for store in Store::all().await {
        let (one, other) = (&store.app, store.replica());
        let started = start(&store, 1, Kind::Reconcile).await;
        assert_eq!((started.state.as_str(), started.fence), (WAITING, 0));
        let first = run_jobs::take(one).await.unwrap().unwrap();
        assert_eq!((first.state.as_str(), first.fence), (RUNNING, 1));
        assert!(
            run_jobs::take(&other).await.unwrap().is_none(),
            "{}",
            store.label
        );

        // Renewed, it stays.
        store.ground.clock.forward(TimeDelta::seconds(50));
        let until = first.lease_until.unwrap() + TimeDelta::seconds(50);
        let renewed = run_jobs::change_held(one, hold(&first), Change::Renew(until)).await;
        renewed.unwrap();
        store.ground.clock.forward(TimeDelta::seconds(50));
        assert!(
            run_jobs::take(&other).await.unwrap().is_none(),
            "{}",
            store.label
        );

        // Not renewed, the other takes it, and the first has nothing more to say.
        store.ground.clock.forward(TimeDelta::seconds(61));
        let second = run_jobs::take(&other).await.unwrap().unwrap();
        assert_eq!((second.fence, second.owner.as_str()), (2, "another"));
        assert_eq!(second.started, first.started);
        let now = second.lease_until.unwrap();
        for change in [
            Change::Renew(now),
            Change::Progress(9, 9),
            Change::Release(now),
            Change::End(now, DONE, "{}".to_owned()),
        ] {
            let stale = run_jobs::change_held(one, hold(&first), change.clone()).await;
            assert!(
                matches!(stale, Err(Error::LeaseLost)),
                "{} {change:?}",
                store.label
            );
        }
        let end = Change::End(now, DONE, "{}".to_owned());
        run_jobs::change_held(&other, hold(&second), end.clone())
            .await
            .unwrap();
        // What has ended stays ended.
        let again = run_jobs::change_held(&other, hold(&second), end).await;
        assert!(matches!(again, Err(Error::LeaseLost)));
        assert!(run_jobs::take(one).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn racing_processes_take_each_job_once() {
    for store in Store::all().await {
        for n in 1..=3 {
            start(&store, n, Kind::Reconcile).await;
        }
        let racing: Vec<_> = (0..8)
            .map(|_| {
                let app = store.app.clone();
                let taken = async move { run_jobs::take(&app).await.unwrap() };
                store.ground.shutdown.spawn("take", taken)
            })
            .collect();
        let mut taken = Vec::new();
        for one in racing {
            taken.extend(one.await.unwrap().map(|job| (job.id, job.fence)));
        }
        // A racer may have passed over the row that another had just locked.
        while let Some(job) = run_jobs::take(&store.app).await.unwrap() {
            taken.push((job.id, job.fence));
        }
        taken.sort();
        taken.dedup();
        assert_eq!(taken.len(), 3, "{} {taken:?}", store.label);
        assert!(taken.iter().all(|(_, fence)| *fence == 1), "{taken:?}");
    }
}

#[tokio::test]
async fn an_owner_that_lost_a_rebuild_cannot_empty_the_warehouse() {
    for house in House::all().await {
        let mut life = Life::begin(Birth::new(1));
        life.take_in_hand();
        house.neighbours.live(&[life]).await;
        house.loaded().await;
        let stale = Hold {
            job: Uuid::from_u128(9),
            fence: 1,
        };
        let emptied = rebuild::empty(&house.app, stale).await;
        assert!(matches!(emptied, Err(Error::LeaseLost)), "{}", house.label);
        let rows = facts::page(house.app.db.read(), None, 9).await;
        assert_eq!(rows.unwrap().len(), 1, "{}", house.label);
    }
}

#[tokio::test]
async fn a_job_that_died_with_its_process_is_taken_up_where_it_was() {
    for house in House::all().await {
        let lives: Vec<Life> = (1..=3).map(|id| Life::begin(Birth::new(id))).collect();
        house.neighbours.live(&lives).await;
        house.loaded().await;
        // A process emptied the warehouse for a job, and died. The row is what it
        // left; a dossier since then must not be emptied away again.
        tamper(
            &house.app.db,
            "INSERT INTO job (id, kind, unit, state, phase, done, total, owner, lease_until, fence, outcome, requested_by, created)
             SELECT id, 'rebuild_warehouse', '', 'running', 'emptied', 0, 0, 'dead', submitted, 4, '', 'service:operator', submitted
             FROM fact_dossier WHERE position = 2",
        )
        .await;
        tamper(
            &house.app.db,
            "UPDATE fact_dossier SET case_id = 'mark' WHERE position = 2",
        )
        .await;
        let asker = service("operator");
        let ended = async || {
            let page = jobs::page(&house.app, &asker, None, 1).await.unwrap();
            page.into_iter().next().filter(|job| job.finished.is_some())
        };
        house.ground.until(async || ended().await.is_some()).await;
        let job = ended().await.unwrap();
        assert_eq!(
            (job.state.as_str(), job.fence),
            (DONE, 5),
            "{}",
            house.label
        );
        // It was not loaded anew: the mark is still there, and is found out.
        let outcome: serde_json::Value = serde_json::from_str(&job.outcome).unwrap();
        assert_eq!(outcome["reconciliation"]["differing"], 1, "{}", house.label);
    }
}

#[tokio::test]
async fn jobs_are_for_administrators_and_monitors_look_on() {
    for house in House::all().await.into_iter().take(1) {
        let ask = |n: u128| pb::StartJobRequest {
            request_id: Uuid::from_u128(n).to_string(),
            kind: pb::JobKind::Reconcile.into(),
            ..pb::StartJobRequest::default()
        };
        let mut admin = JobServiceClient::new(house.person(Role::TechnicalAdmin));
        let started = admin.start_job(ask(1)).await.unwrap().into_inner();
        let name = started.job.unwrap().name;
        let mut monitor = JobServiceClient::new(house.person(Role::Monitor));
        let denied = refusal(monitor.start_job(ask(2)).await);
        assert_eq!(denied.reason(), Reason::Denied);
        let get = pb::GetJobRequest { name };
        assert!(monitor.get_job(get.clone()).await.is_ok());
        let mut officer = JobServiceClient::new(house.person(Role::Processing));
        assert_eq!(refusal(officer.get_job(get).await).reason(), Reason::Denied);
        let listed = officer.list_jobs(pb::ListJobsRequest::default()).await;
        assert_eq!(refusal(listed).reason(), Reason::Denied);
        let nowhere = pb::GetJobRequest {
            name: format!("jobs/{}", Uuid::nil()),
        };
        assert_eq!(
            refusal(monitor.get_job(nowhere).await).reason(),
            Reason::NotFound
        );

        let wrong = pb::StartJobRequest {
            request_id: "1".to_owned(),
            kind: pb::JobKind::RebuildWarehouse.into(),
            unit: "units/18583".to_owned(),
            from_day: "2026-02-30".to_owned(),
            to_day: String::new(),
        };
        let fields = refusal(admin.start_job(wrong).await);
        let named: Vec<_> = fields.fields().iter().map(|f| f.field.as_str()).collect();
        assert_eq!(named, ["request_id", "from_day", "unit", "from_day"]);
    }
}

#[tokio::test]
async fn a_list_of_jobs_has_no_gap_and_no_job_twice() {
    for house in House::all().await {
        let mut client = JobServiceClient::new(house.service("operator"));
        for n in 1..=7_u128 {
            let ask = pb::StartJobRequest {
                request_id: Uuid::from_u128(n).to_string(),
                kind: pb::JobKind::Reconcile.into(),
                ..pb::StartJobRequest::default()
            };
            client.start_job(ask).await.unwrap();
            // Several within one instant.
            if n % 3 == 0 {
                house.ground.clock.forward(TimeDelta::seconds(1));
            }
        }
        let (mut names, mut page_token) = (Vec::new(), String::new());
        loop {
            let ask = pb::ListJobsRequest {
                page_size: 2,
                page_token,
            };
            let page = client.list_jobs(ask).await.unwrap().into_inner();
            names.extend(page.jobs.into_iter().map(|job| job.name));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        let (all, mut sorted) = (names.len(), names.clone());
        sorted.sort();
        sorted.dedup();
        assert_eq!((all, sorted.len()), (7, 7), "{}", house.label);
        let foreign = pb::ListJobsRequest {
            page_size: 201,
            page_token: "x".to_owned(),
        };
        assert_eq!(refusal(client.list_jobs(foreign).await).fields().len(), 2);
    }
}
