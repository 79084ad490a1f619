//! `DossierQueryService`: what a list shows is what a read allows.

use domain::working_time::{self, Limit, Mode};
use proto::dossier::v1 as pb;
use proto::dossier::v1::dossier_query_service_server::DossierQueryService;
use runtime::auth::caller;
use storage::page;
use tonic::{Request, Response, Status};

use super::convert::{self, Wrong};
use crate::app::App;
use crate::app::read::{self, Which};
use crate::app::view::{self, Detail};
use crate::error::Error;
use crate::neighbours::workflow;
use crate::store::list::{Filter, Key};

/// A page without a stated size.
const PAGE: i32 = 50;
/// The largest page.
const LARGEST: i32 = 200;

/// The reads over gRPC.
pub(crate) struct QueryApi(pub(crate) App);

fn which(name: &str) -> Result<Which, Error> {
    let mut wrong = Wrong::default();
    if let Some(code) = name.strip_prefix("codes/") {
        let code = wrong.line("name", code, 1, 50);
        wrong.end()?;
        return Ok(Which::Code(code));
    }
    let id = wrong.resource("name", "dossiers/", name);
    wrong.end()?;
    Ok(Which::Id(id))
}

fn size(wrong: &mut Wrong, asked: i32, default: i32) -> u64 {
    if !(0..=LARGEST).contains(&asked) {
        wrong.say("page_size", format!("phải từ 1 đến {LARGEST}"));
    }
    u64::try_from(if asked == 0 { default } else { asked }).unwrap_or_default()
}

fn filter(app: &App, wrong: &mut Wrong, m: &pb::ListDossiersRequest) -> Filter {
    let unit = if m.unit.is_empty() {
        String::new()
    } else {
        wrong.key("unit", "units/", &m.unit)
    };
    let name = wrong.line("applicant_name", &m.applicant_name, 0, 200);
    Filter {
        // Codes are in capitals, however they are typed.
        code: wrong.line("code", &m.code, 0, 50).to_uppercase(),
        name_words: domain::text::fold(&name)
            .split_whitespace()
            .map(str::to_owned)
            .collect(),
        phone_index: (!m.phone.is_empty()).then(|| app.vault.index("phone", m.phone.trim())),
        unit,
        states: states(wrong, &m.states),
        mine: m.mine,
        open: false,
        due_before: m
            .due_before
            .as_ref()
            .map(|at| wrong.instant("due_before", Some(at)).timestamp_micros()),
    }
}

/// States by their stored names; one that is none is wrong.
fn states(wrong: &mut Wrong, asked: &[i32]) -> Vec<String> {
    let mut names = Vec::new();
    for number in asked {
        match pb::State::try_from(*number) {
            Ok(pb::State::Unspecified) | Err(_) => {
                wrong.say("states", format!("không có trạng thái số {number}"));
            }
            Ok(state) => {
                let name = state.as_str_name().trim_start_matches("STATE_");
                names.push(name.to_ascii_lowercase());
            }
        }
    }
    names
}

#[tonic::async_trait]
impl DossierQueryService for QueryApi {
    async fn get_dossier(
        &self,
        request: Request<pb::GetDossierRequest>,
    ) -> Result<Response<pb::GetDossierResponse>, Status> {
        let actor = caller(&request)?.actor;
        let file = read::one(&self.0, &actor, &which(&request.get_ref().name)?).await?;
        let mut dossier = view::dossier(&self.0, &file, Detail::Whole).await?;
        dossier.actions = view::actions(&actor, &file);
        Ok(Response::new(pb::GetDossierResponse {
            dossier: Some(dossier),
        }))
    }

    async fn list_dossiers(
        &self,
        request: Request<pb::ListDossiersRequest>,
    ) -> Result<Response<pb::ListDossiersResponse>, Status> {
        let actor = caller(&request)?.actor;
        let message = request.into_inner();
        let mut wrong = Wrong::default();
        let filter = filter(&self.0, &mut wrong, &message);
        let size = size(&mut wrong, message.page_size, PAGE);
        let tag = format!("{filter:?}");
        let after: Option<Key> = page::decode(&tag, &message.page_token).unwrap_or_else(|_| {
            wrong.say("page_token", "không thuộc danh sách này");
            None
        });
        wrong.end()?;
        let (files, next) = read::page(&self.0, &actor, &filter, after, size).await?;
        let dossiers = view::dossiers(&self.0, &files, Detail::Masked).await?;
        let next = next
            .and_then(|key| page::encode(&tag, &key).ok())
            .unwrap_or_default();
        Ok(Response::new(pb::ListDossiersResponse {
            dossiers,
            next_page_token: next,
        }))
    }

    async fn explain_due(
        &self,
        request: Request<pb::ExplainDueRequest>,
    ) -> Result<Response<pb::ExplainDueResponse>, Status> {
        let actor = caller(&request)?.actor;
        let file = read::one(&self.0, &actor, &which(&request.get_ref().name)?).await?;
        let explanation = read::explanation(&self.0, &file).await?;
        let explanation = Some(convert::explanation(explanation));
        Ok(Response::new(pb::ExplainDueResponse { explanation }))
    }

    async fn get_draft(
        &self,
        request: Request<pb::GetDraftRequest>,
    ) -> Result<Response<pb::GetDraftResponse>, Status> {
        let actor = caller(&request)?.actor;
        let message = request.into_inner();
        let mut wrong = Wrong::default();
        let draft = wrong.uuid("draft", &message.draft);
        wrong.end()?;
        let file = read::one(&self.0, &actor, &which(&message.name)?).await?;
        let (draft, text) = read::draft(&self.0, &actor, &file, draft).await?;
        let (title, content) = text.map(|t| (t.title, t.content)).unwrap_or_default();
        Ok(Response::new(pb::GetDraftResponse {
            draft: Some(pb::Draft {
                id: draft.row.row.to_string(),
                title,
                digest: draft.digest,
            }),
            content,
        }))
    }

    async fn list_history(
        &self,
        request: Request<pb::ListHistoryRequest>,
    ) -> Result<Response<pb::ListHistoryResponse>, Status> {
        let actor = caller(&request)?.actor;
        let message = request.into_inner();
        let mut wrong = Wrong::default();
        let size = size(&mut wrong, message.page_size, 100);
        let tag = format!("history/{}", message.name);
        let after: Option<i64> = page::decode(&tag, &message.page_token).unwrap_or_else(|_| {
            wrong.say("page_token", "không thuộc danh sách này");
            None
        });
        wrong.end()?;
        let which = which(&message.name)?;
        let events = read::history(&self.0, &actor, &which, after.unwrap_or_default()).await?;
        let size = usize::try_from(size).unwrap_or_default();
        let last = events
            .get(size.saturating_sub(1))
            .filter(|_| events.len() > size);
        let next = last.and_then(|e| page::encode(&tag, &e.aggregate_version).ok());
        let lines = events.iter().take(size).map(line).collect();
        Ok(Response::new(pb::ListHistoryResponse {
            lines,
            next_page_token: next.unwrap_or_default(),
        }))
    }

    async fn count_dossiers(
        &self,
        request: Request<pb::CountDossiersRequest>,
    ) -> Result<Response<pb::CountDossiersResponse>, Status> {
        let actor = caller(&request)?.actor;
        let app = &self.0;
        let mut wrong = Wrong::default();
        let unit = &request.get_ref().unit;
        let unit = (!unit.is_empty()).then(|| wrong.key("unit", "units/", unit));
        wrong.end()?;
        // What the caller may see is the caller's own unit, or every unit.
        let of_unit = Filter {
            unit: unit.unwrap_or_default(),
            ..Filter::default()
        };
        let now = app.clock.now();
        // The close of the next working day.
        let limit = Limit::WorkingDays(1);
        let soon = working_time::due(&app.calendar, &limit, Mode::Day, now, &[]);
        let soon = soon.map_err(Error::from)?.due;
        let due = |at: chrono::DateTime<chrono::Utc>| Filter {
            due_before: Some(at.timestamp_micros()),
            ..of_unit.clone()
        };
        let open = Filter {
            open: true,
            ..of_unit.clone()
        };
        let mine = Filter {
            mine: true,
            ..of_unit.clone()
        };
        let ready = Filter {
            states: vec!["result_ready".to_owned()],
            ..of_unit.clone()
        };
        let overdue = read::count(app, &actor, &due(now)).await?;
        Ok(Response::new(pb::CountDossiersResponse {
            mine: read::count(app, &actor, &mine).await?,
            open: read::count(app, &actor, &open).await?,
            due_soon: read::count(app, &actor, &due(soon))
                .await?
                .saturating_sub(overdue),
            overdue,
            ready: read::count(app, &actor, &ready).await?,
        }))
    }

    async fn get_private_row(
        &self,
        request: Request<pb::GetPrivateRowRequest>,
    ) -> Result<Response<pb::GetPrivateRowResponse>, Status> {
        let actor = caller(&request)?.actor;
        let message = request.into_inner();
        let mut wrong = Wrong::default();
        let row = wrong.uuid("row", &message.row);
        let purpose = wrong.text("purpose", &message.purpose, 1, 200);
        wrong.end()?;
        let opened = read::private(&self.0, &actor, (row, message.version), &purpose).await?;
        Ok(Response::new(pb::GetPrivateRowResponse {
            kind: opened.kind,
            content: opened.plain,
        }))
    }

    async fn look_up_dossier(
        &self,
        request: Request<pb::LookUpDossierRequest>,
    ) -> Result<Response<pb::LookUpDossierResponse>, Status> {
        let message = request.into_inner();
        let mut wrong = Wrong::default();
        let code = wrong.line("code", &message.code, 1, 50);
        wrong.end()?;
        let file = read::look_up(&self.0, &code, &message.second_factor).await?;
        let dossier = view::dossier(&self.0, &file, Detail::Bare).await?;
        Ok(Response::new(pb::LookUpDossierResponse {
            code: dossier.code,
            state: dossier.state,
            state_label: dossier.state_label,
            due: dossier.due,
        }))
    }
}

/// A line of history: what the verb is called, and nothing of what was said.
fn line(event: &storage::event::StoredEvent) -> pb::HistoryLine {
    let verb = event.event_type.trim_start_matches("dossier.");
    let known = domain::dossier::Verb::ALL
        .into_iter()
        .find(|v| v.name() == verb);
    let label = match (known, verb) {
        (Some(verb), _) => verb.vi(),
        (None, "submitted") => "Nộp hồ sơ",
        (None, "draft_attached") => "Đính kèm dự thảo",
        (None, _) => "Cập nhật hồ sơ",
    };
    pb::HistoryLine {
        at: Some(workflow::timestamp(event.at)),
        actor: event.actor.clone(),
        unit: event.unit.clone(),
        r#type: event.event_type.clone(),
        label: label.to_owned(),
    }
}
