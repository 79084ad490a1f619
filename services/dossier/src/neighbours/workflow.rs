//! What dossier asks of workflow.

use domain::process::Advanced;
use domain::process::Command;
use feed::envelope;
use prost_types::Timestamp;
use proto::common::v1::ErrorReason;
use proto::event::v1::Envelope;
use proto::workflow::v1 as wf;
use proto::workflow::v1::catalogue_service_client::CatalogueServiceClient;
use proto::workflow::v1::instance_service_client::InstanceServiceClient;
use runtime::{Failure, FieldViolation};
use uuid::Uuid;

use crate::app::App;
use crate::app::act::Act;
use crate::error::{Error, corrupt};
use domain::case_file::CaseFile;
use domain::ids::UnitId;

/// An event of an instance with its envelope.
#[derive(Clone, Debug)]
pub(crate) struct Moved {
    /// The envelope as workflow stored it.
    pub(crate) envelope: Envelope,
    /// Its facts.
    pub(crate) advanced: Advanced,
}

impl Moved {
    /// From stored bytes.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let wrong = || corrupt("workflow.event", "", "cannot be read");
        let envelope = envelope::decode(bytes).map_err(|_| wrong())?;
        Self::of(envelope)
    }

    /// From an envelope.
    pub(crate) fn of(envelope: Envelope) -> Result<Self, Error> {
        let advanced = envelope::facts(&envelope)
            .map_err(|_| corrupt("workflow.event", &envelope.id, "its facts cannot be read"))?;
        Ok(Self { envelope, advanced })
    }
}

/// The procedure case of a name, or a field error.
pub(crate) async fn case(app: &App, name: &str) -> Result<wf::ProcedureCase, Error> {
    let mut client = CatalogueServiceClient::new(app.workflow()?);
    let asked = wf::GetCaseRequest {
        name: name.to_owned(),
    };
    let answer = runtime::client::as_itself(client.get_case(asked)).await;
    let unknown = || wrong("case", "không có thủ tục này trong danh mục");
    match answer {
        Ok(answer) => answer.into_inner().case.ok_or_else(unknown),
        Err(status) => {
            let failure = Failure::from_status(&status);
            let absent = matches!(
                failure.reason(),
                ErrorReason::NotFound | ErrorReason::InvalidField
            );
            Err(if absent { unknown() } else { failure.into() })
        }
    }
}

/// The unit that would decide a dossier of a case, and the case; a refusal before
/// anything is written, since what is stored must be able to get its instance.
pub(crate) async fn opening(
    app: &App,
    case: &str,
    receiver: &UnitId,
    decider: Option<&UnitId>,
) -> Result<(UnitId, wf::ProcedureCase), Error> {
    let mut client = InstanceServiceClient::new(app.workflow()?);
    let asked = wf::CheckOpeningRequest {
        case: format!("cases/{case}"),
        receiver: format!("units/{receiver}"),
        decider: decider.map(|d| format!("units/{d}")).unwrap_or_default(),
    };
    match runtime::client::as_itself(client.check_opening(asked)).await {
        Ok(answer) => {
            let wf::CheckOpeningResponse { decider, case } = answer.into_inner();
            let case = case.ok_or_else(|| corrupt("workflow.answer", "", "no case"))?;
            Ok((UnitId::from(decider.trim_start_matches("units/")), case))
        }
        Err(status) => Err(Failure::from_status(&status).into()),
    }
}

fn wrong(field: &str, why: &str) -> Error {
    Error::Fields(vec![FieldViolation::new(field, why)])
}

/// Opens the instance of a file; the same for the same file, however often.
pub(crate) async fn open(app: &App, file: &CaseFile) -> Result<Moved, Error> {
    let mut client = InstanceServiceClient::new(app.workflow()?);
    let request = wf::OpenInstanceRequest {
        request_id: Uuid::new_v5(&file.id.0, b"open").to_string(),
        dossier: file.id.to_string(),
        case: format!("cases/{}", file.case),
        receiver: format!("units/{}", file.receiver),
        decider: format!("units/{}", file.decider),
        online: file.channel == domain::case_file::Channel::Online,
        submitted: Some(timestamp(file.submitted)),
    };
    let answer = runtime::client::as_itself(client.open_instance(request)).await;
    moved(answer.map(|a| a.into_inner().instance))
}

/// Moves the instance of a file by a command.
pub(crate) async fn cross(
    app: &App,
    act: &Act,
    file: &CaseFile,
    command: &Command,
) -> Result<Moved, Error> {
    let mut client = InstanceServiceClient::new(app.workflow()?);
    let request = wf::CrossRequest {
        request_id: act.derived("workflow").to_string(),
        dossier: file.id.to_string(),
        instance_version: file.instance_version(),
        file_version: file.version,
        command_json: serde_json::to_vec(command)
            .map_err(|_| corrupt("command", file.id, "cannot be written"))?,
        received: Some(timestamp(act.now)),
    };
    moved(client.cross(request).await.map(|a| a.into_inner().instance))
}

fn moved(answer: Result<Option<wf::InstanceState>, tonic::Status>) -> Result<Moved, Error> {
    match answer {
        Ok(Some(state)) => Moved::decode(&state.envelope),
        Ok(None) => Err(corrupt("workflow.answer", "", "no instance").into()),
        Err(status) => Err(Failure::from_status(&status).into()),
    }
}

/// The count behind a due date: workflow's own, day by day.
pub(crate) async fn explain(app: &App, dossier: Uuid) -> Result<wf::ExplainDueResponse, Error> {
    let mut client = InstanceServiceClient::new(app.workflow()?);
    let asked = wf::ExplainDueRequest {
        dossier: dossier.to_string(),
    };
    let answer = runtime::client::as_itself(client.explain_due(asked)).await;
    Ok(answer.map_err(|s| Failure::from_status(&s))?.into_inner())
}

/// The events of an instance after a version.
pub(crate) async fn events(app: &App, dossier: Uuid, after: i64) -> Result<Vec<Moved>, Error> {
    let mut client = InstanceServiceClient::new(app.workflow()?);
    let mut all = Vec::new();
    let mut page_token = String::new();
    loop {
        let asked = wf::ListInstanceEventsRequest {
            dossier: dossier.to_string(),
            after_version: after,
            page_size: 200,
            page_token: page_token.clone(),
        };
        let answer = runtime::client::as_itself(client.list_instance_events(asked)).await;
        let page = answer.map_err(|s| Failure::from_status(&s))?.into_inner();
        for bytes in &page.envelopes {
            all.push(Moved::decode(bytes)?);
        }
        if page.next_page_token.is_empty() {
            return Ok(all);
        }
        page_token = page.next_page_token;
    }
}

/// An instant on the wire.
pub(crate) fn timestamp(at: chrono::DateTime<chrono::Utc>) -> Timestamp {
    Timestamp {
        seconds: at.timestamp(),
        nanos: i32::try_from(at.timestamp_subsec_nanos()).unwrap_or_default(),
    }
}
