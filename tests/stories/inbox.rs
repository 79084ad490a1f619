//! What reaches an inbox, and whose.

use chrono::TimeDelta;
use proto::dossier::v1 as pb;
use proto::dossier::v1::State;
use proto::notification::v1::notification_service_client::NotificationServiceClient;
use proto::notification::v1::{
    ApplicantMessage, InboxMessage, ListApplicantMessagesRequest, ListMessagesRequest,
    MarkReadRequest, MessageKind,
};
use testkit::{Engine, Officer, Town};
use tonic::Code;

use crate::acts::key;
use crate::office::{BIRTH, FIVE_DAYS, MAI_PHU, Office, THANH_SEN, filing};
use crate::record::{settled, told_well, until};

async fn inbox(officer: &Officer, unread_only: bool) -> Vec<InboxMessage> {
    let mut client = NotificationServiceClient::new(officer.line.clone());
    let mut asked = ListMessagesRequest {
        page_size: 2,
        page_token: String::new(),
        unread_only,
    };
    let mut all = Vec::new();
    loop {
        let page = client
            .list_messages(asked.clone())
            .await
            .unwrap()
            .into_inner();
        all.extend(page.messages);
        asked.page_token = page.next_page_token;
        if asked.page_token.is_empty() {
            return all;
        }
    }
}

/// The kinds of the messages about a dossier, in the order of the contract.
async fn kinds(officer: &Officer, dossier: &pb::Dossier) -> Vec<MessageKind> {
    let all = inbox(officer, false).await;
    let about = all.iter().filter(|m| m.dossier == dossier.name);
    let mut kinds: Vec<_> = about.map(InboxMessage::kind).collect();
    kinds.sort();
    kinds
}

#[tokio::test]
async fn a_new_task_reaches_its_role_or_its_person_and_nobody_else() {
    for engine in Engine::all() {
        let town = Town::start(engine).await;
        let office = Office::open(&town, MAI_PHU).await;
        let seen = office.bring(FIVE_DAYS, State::AwaitingAssignment).await;
        settled(&town).await;
        let new = MessageKind::NewTask;
        // Check and transfer at the counter; receipt by clerk or head; assignment.
        assert_eq!(kinds(&office.counter, &seen).await, [new, new, new]);
        assert_eq!(kinds(&office.clerk, &seen).await, [new]);
        assert_eq!(kinds(&office.head, &seen).await, [new, new]);
        assert_eq!(kinds(&office.processing, &seen).await, []);

        office.all(&["Assign"], seen.clone()).await;
        settled(&town).await;
        assert_eq!(kinds(&office.processing, &seen).await, [new]);
        let colleague = town.officer("18583.thuly2").await;
        let stranger = town.officer("18073.thuly1").await;
        for other in [&colleague, &stranger] {
            assert_eq!(kinds(other, &seen).await, []);
        }
        for message in inbox(&office.counter, false).await {
            assert!(
                !message.text.contains("Đường"),
                "a name in {}",
                message.text
            );
        }
        reading(&town, &office, &stranger).await;
        town.end().await;
    }
}

/// A message is read by one, once, and stays unread for the colleague.
async fn reading(town: &Town, office: &Office, stranger: &Officer) {
    let message = inbox(&office.clerk, true).await.remove(0);
    let mark = |officer: &Officer| {
        let mut client = NotificationServiceClient::new(officer.line.clone());
        let request = MarkReadRequest {
            request_id: key(),
            name: message.name.clone(),
        };
        async move { client.mark_read(request).await }
    };
    let hidden = mark(stranger).await.expect_err("another unit's message");
    assert_eq!(told_well(&hidden).code, Code::NotFound);
    town.clock.advance(TimeDelta::seconds(10));
    let first = mark(&office.clerk)
        .await
        .unwrap()
        .into_inner()
        .message
        .unwrap();
    town.clock.advance(TimeDelta::seconds(10));
    let again = mark(&office.clerk)
        .await
        .unwrap()
        .into_inner()
        .message
        .unwrap();
    assert_eq!(first.read, again.read, "read is when it was read first");
    assert_eq!(inbox(&office.clerk, true).await, []);
    assert_eq!(inbox(&office.clerk, false).await.len(), 1);
}

#[tokio::test]
async fn what_is_due_today_and_what_is_late_is_told_once_each() {
    for engine in Engine::all() {
        let town = Town::start(engine).await;
        let office = Office::open(&town, MAI_PHU).await;
        let birth = office.bring(BIRTH, State::Processing).await;
        let slow = office.bring(FIVE_DAYS, State::Processing).await;
        let waits = office.bring(FIVE_DAYS, State::AwaitingSupplement).await;
        let (new, today, late) = (
            MessageKind::NewTask,
            MessageKind::DueToday,
            MessageKind::Overdue,
        );
        let who = office.processing.clone();
        until("due today", async || {
            kinds(&who, &birth).await == [new, today]
        })
        .await;
        assert_eq!(kinds(&who, &slow).await, [new]);

        // Five working days on, in the morning; then the week after.
        for (hours, births, slows) in [
            (7 * 24, &[new, today, late][..], &[new, today][..]),
            (7 * 24, &[new, today, late], &[new, today, late]),
        ] {
            town.clock.advance(TimeDelta::hours(hours));
            let office = Office::open(&town, MAI_PHU).await;
            // Something happens, which wakes the watch.
            office.takes(BIRTH).await;
            let who = office.processing.clone();
            until("told", async || {
                kinds(&who, &birth).await == births && kinds(&who, &slow).await == slows
            })
            .await;
            assert_eq!(kinds(&who, &waits).await, [new], "its clock stands still");
        }
        town.end().await;
    }
}

#[tokio::test]
async fn a_rehearsal_tells_officers_and_no_applicant() {
    for engine in Engine::all() {
        let town = Town::start(engine).await;
        let (office, other) = (
            Office::open(&town, MAI_PHU).await,
            Office::open(&town, THANH_SEN).await,
        );
        let real = office.bring(FIVE_DAYS, State::AwaitingSupplement).await;
        let mut filed = filing(&other.unit, FIVE_DAYS);
        filed.rehearsal = true;
        let rehearsed = other.submit(filed).await.unwrap();
        let path = ["Accept", "Transfer", "Receive", "Assign", "AskSupplement"];
        let rehearsed = other.all(&path, rehearsed).await;
        settled(&town).await;
        let mut told = Vec::new();
        for dossier in [&real, &rehearsed] {
            let mut client = NotificationServiceClient::new(town.operator());
            let request = ListApplicantMessagesRequest {
                dossier: dossier.name.clone(),
                ..ListApplicantMessagesRequest::default()
            };
            let answer = client.list_applicant_messages(request).await.unwrap();
            let mut kinds: Vec<_> = answer
                .into_inner()
                .messages
                .iter()
                .map(ApplicantMessage::kind)
                .collect();
            kinds.sort();
            told.push(kinds);
        }
        let expected = vec![MessageKind::Accepted, MessageKind::SupplementAsked];
        assert_eq!(told, [expected, Vec::new()]);
        assert_eq!(
            kinds(&other.processing, &rehearsed).await,
            [MessageKind::NewTask]
        );
        town.end().await;
    }
}
