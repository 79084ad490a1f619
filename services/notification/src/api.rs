//! `NotificationService` on the wire.

use proto::notification::v1 as pb;
use proto::notification::v1::notification_service_server::NotificationService;
use runtime::FieldViolation;
use runtime::auth::caller;
use storage::page;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use crate::app::{App, inbox};
use crate::error::Error;
use crate::store::messages::{self, Key, Message, Read};

/// The largest page.
const LARGEST: i32 = 200;

/// Messages over gRPC.
pub(crate) struct NotificationApi(pub(crate) App);

#[tonic::async_trait]
impl NotificationService for NotificationApi {
    async fn list_messages(
        &self,
        request: Request<pb::ListMessagesRequest>,
    ) -> Result<Response<pb::ListMessagesResponse>, Status> {
        let actor = caller(&request)?.actor;
        let message = request.into_inner();
        let size = size(message.page_size)?;
        let tag = format!("inbox/{}", message.unread_only);
        let after: Option<Key> = page::decode(&tag, &message.page_token)
            .map_err(|_| wrong("page_token", "không thuộc danh sách này"))?;
        let (found, unread) =
            inbox::page(&self.0, &actor, message.unread_only, after, size).await?;
        let full = u64::try_from(found.len()).is_ok_and(|n| n == size);
        let last = found.last().filter(|_| full);
        let key = last.map(|r| (r.message.created.timestamp_micros(), r.message.id));
        Ok(Response::new(pb::ListMessagesResponse {
            messages: found.iter().map(shown).collect(),
            next_page_token: key
                .and_then(|k| page::encode(&tag, &k).ok())
                .unwrap_or_default(),
            unread: i32::try_from(unread).unwrap_or(i32::MAX),
        }))
    }

    async fn mark_read(
        &self,
        request: Request<pb::MarkReadRequest>,
    ) -> Result<Response<pb::MarkReadResponse>, Status> {
        let actor = caller(&request)?.actor;
        let message = request.into_inner();
        // Marking twice changes nothing, so the key is only checked for shape.
        message
            .request_id
            .parse::<Uuid>()
            .map_err(|_| wrong("request_id", "phải là một UUID"))?;
        let id = id("messages/", "name", &message.name)?;
        let read = inbox::mark(&self.0, &actor, id).await?;
        Ok(Response::new(pb::MarkReadResponse {
            message: Some(shown(&read)),
        }))
    }

    async fn list_applicant_messages(
        &self,
        request: Request<pb::ListApplicantMessagesRequest>,
    ) -> Result<Response<pb::ListApplicantMessagesResponse>, Status> {
        let message = request.into_inner();
        let dossier = id("dossiers/", "dossier", &message.dossier)?;
        let size = size(message.page_size)?;
        let found = messages::to_applicant(self.0.db.read(), dossier, size).await;
        let messages = found.map_err(Error::from)?.iter().map(recorded).collect();
        Ok(Response::new(pb::ListApplicantMessagesResponse {
            messages,
            next_page_token: String::new(),
        }))
    }
}

fn wrong(field: &str, why: &str) -> Error {
    Error::Fields(vec![FieldViolation::new(field, why)])
}

fn size(asked: i32) -> Result<u64, Error> {
    match asked {
        0 => Ok(50),
        1..=LARGEST => Ok(u64::from(asked.unsigned_abs())),
        _ => Err(wrong("page_size", "phải từ 1 đến 200")),
    }
}

fn id(prefix: &str, field: &str, name: &str) -> Result<Uuid, Error> {
    name.strip_prefix(prefix)
        .and_then(|id| id.parse().ok())
        .ok_or_else(|| wrong(field, &format!("phải có dạng {prefix}<UUID>")))
}

fn stamp(at: chrono::DateTime<chrono::Utc>) -> prost_types::Timestamp {
    prost_types::Timestamp {
        seconds: at.timestamp(),
        nanos: i32::try_from(at.timestamp_subsec_nanos()).unwrap_or_default(),
    }
}

fn kind(message: &Message) -> pb::MessageKind {
    let name = format!("MESSAGE_KIND_{}", message.kind.to_ascii_uppercase());
    pb::MessageKind::from_str_name(&name).unwrap_or_default()
}

/// The catalogue of what messages say.
fn text(message: &Message) -> String {
    match kind(message) {
        // Assigned again, on the step where it stands.
        pb::MessageKind::NewTask if message.detail.is_empty() => {
            "Có hồ sơ được phân công".to_owned()
        }
        pb::MessageKind::NewTask => format!("Có hồ sơ chờ xử lý ở bước {}", message.detail),
        pb::MessageKind::DueToday => "Hồ sơ đến hạn trả kết quả hôm nay".to_owned(),
        pb::MessageKind::Overdue => "Hồ sơ đã quá hạn trả kết quả".to_owned(),
        pb::MessageKind::Accepted => "Hồ sơ của ông/bà đã được tiếp nhận".to_owned(),
        pb::MessageKind::SupplementAsked => "Hồ sơ của ông/bà cần bổ sung".to_owned(),
        pb::MessageKind::ResultReady => "Hồ sơ của ông/bà đã có kết quả".to_owned(),
        pb::MessageKind::Ended => "Hồ sơ của ông/bà đã kết thúc, không có kết quả".to_owned(),
        pb::MessageKind::Extended => "Hồ sơ của ông/bà được hẹn lại ngày trả".to_owned(),
        pb::MessageKind::Unspecified => String::new(),
    }
}

fn shown(read: &Read) -> pb::InboxMessage {
    pb::InboxMessage {
        name: format!("messages/{}", read.message.id),
        kind: kind(&read.message).into(),
        dossier: format!("dossiers/{}", read.message.dossier),
        text: text(&read.message),
        created: Some(stamp(read.message.created)),
        read: read.read.map(stamp),
    }
}

fn recorded(message: &Message) -> pb::ApplicantMessage {
    pb::ApplicantMessage {
        name: format!("messages/{}", message.id),
        kind: kind(message).into(),
        dossier: format!("dossiers/{}", message.dossier),
        text: text(message),
        created: Some(stamp(message.created)),
    }
}
