//! The last rehearsal of each unit.

use domain::actor::Role;
use proto::gateway::v1 as pb;
use proto::gateway::v1::job_service_client::JobServiceClient;
use runtime::failure::Reason;
use uuid::Uuid;

use crate::house::{House, refusal};

fn trial(n: u128, unit: &str, passed: bool, seconds: i64) -> pb::RecordTrialRequest {
    pb::RecordTrialRequest {
        request_id: Uuid::from_u128(n).to_string(),
        unit: format!("units/{unit}"),
        passed,
        dossiers: 5,
        misses: if passed {
            Vec::new()
        } else {
            vec!["một hồ sơ chưa trả".to_owned()]
        },
        at: Some(prost_types::Timestamp { seconds, nanos: 0 }),
    }
}

#[tokio::test]
async fn the_last_rehearsal_of_each_unit_is_on_record() {
    for house in House::all().await {
        let mut operator = JobServiceClient::new(house.service("operator"));
        let mut record = async |trial: pb::RecordTrialRequest| {
            let recorded = operator.record_trial(trial).await.unwrap().into_inner();
            recorded.trial.unwrap()
        };
        let failed = record(trial(1, "18583", false, 100)).await;
        assert_eq!(
            (failed.passed, failed.misses.len()),
            (false, 1),
            "{}",
            house.label
        );
        assert!(record(trial(2, "18583", true, 200)).await.passed);
        // One that ended earlier comes late.
        assert!(
            record(trial(3, "18583", false, 150)).await.passed,
            "{}",
            house.label
        );
        // Again is the same.
        assert!(record(trial(1, "18583", false, 100)).await.passed);
        record(trial(4, "18406", true, 300)).await;

        let mut monitor = JobServiceClient::new(house.person(Role::Monitor));
        let (mut units, mut page_token) = (Vec::new(), String::new());
        loop {
            let ask = pb::ListTrialsRequest {
                page_size: 1,
                page_token,
            };
            let page = monitor.list_trials(ask).await.unwrap().into_inner();
            units.extend(page.trials.into_iter().map(|one| (one.unit, one.passed)));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        let wanted = [
            ("units/18406".to_owned(), true),
            ("units/18583".to_owned(), true),
        ];
        assert_eq!(units, wanted, "{}", house.label);
    }
}

#[tokio::test]
async fn only_the_operators_program_records_and_nothing_of_a_refusal_is_kept() {
    for house in House::all().await.into_iter().take(1) {
        let mut stranger = JobServiceClient::new(house.service("dossier"));
        let denied = stranger.record_trial(trial(1, "18583", true, 1)).await;
        assert_eq!(refusal(denied).reason(), Reason::Denied);
        let mut admin = JobServiceClient::new(house.person(Role::TechnicalAdmin));
        let denied = admin.record_trial(trial(1, "18583", true, 1)).await;
        assert_eq!(refusal(denied).reason(), Reason::Denied);
        let mut operator = JobServiceClient::new(house.service("operator"));
        let wrong = pb::RecordTrialRequest {
            dossiers: -1,
            misses: vec!["x".repeat(501)],
            ..pb::RecordTrialRequest::default()
        };
        let refused = refusal(operator.record_trial(wrong).await);
        let named: Vec<_> = refused.fields().iter().map(|f| f.field.as_str()).collect();
        assert_eq!(named, ["request_id", "unit", "dossiers", "misses", "at"]);
        operator
            .record_trial(trial(1, "18583", true, 1))
            .await
            .unwrap();
        let other = refusal(operator.record_trial(trial(1, "18583", true, 2)).await);
        assert_eq!(other.reason(), Reason::IdempotencyKeyReused);
        let listed = admin.list_trials(pb::ListTrialsRequest::default()).await;
        assert_eq!(listed.unwrap().into_inner().trials.len(), 1);
        let mut officer = JobServiceClient::new(house.person(Role::Leader));
        let listed = officer.list_trials(pb::ListTrialsRequest::default()).await;
        assert_eq!(refusal(listed).reason(), Reason::Denied);
    }
}
