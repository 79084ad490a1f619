//! `FilingService`: what the gateway asks for partners and for the warehouse.

use chrono::NaiveDate;
use domain::ids::UnitId;
use prost::Message as _;
use proto::dossier::v1 as pb;
use proto::dossier::v1::filing_service_server::FilingService;
use runtime::auth::caller;
use tonic::{Request, Response, Status};

use super::convert::{self, Wrong};
use crate::app::App;
use crate::app::act::Act;
use crate::app::submit::{self, Submission};
use crate::app::summarise;
use crate::app::view::{self, Detail};
use crate::error::Error;
use crate::store::files;
use domain::case_file::{Channel, Filing};

/// The gateway's side over gRPC.
pub(crate) struct FilingApi(pub(crate) App);

#[tonic::async_trait]
impl FilingService for FilingApi {
    async fn file_online(
        &self,
        request: Request<pb::FileOnlineRequest>,
    ) -> Result<Response<pb::FileOnlineResponse>, Status> {
        let caller = caller(&request)?;
        if caller.service.as_deref() != Some("gateway") {
            return Err(Error::Denied("only the gateway files").into());
        }
        let body = request.get_ref().encode_to_vec();
        let m = request.into_inner();
        let today = convert::today(&self.0)?;
        let mut wrong = Wrong::default();
        let request_id = wrong.uuid("request_id", &m.request_id);
        let receiver = UnitId(wrong.key("receiver", "units/", &m.receiver));
        let case = wrong.key("case", "cases/", &m.case);
        let filing = Filing {
            partner: wrong.text("partner", &m.partner, 1, 100),
            id: wrong.text("partner_id", &m.partner_id, 1, 100),
            revision: m.partner_revision,
        };
        if m.partner_revision < 1 {
            wrong.say("partner_revision", "phải từ 1");
        }
        let applicant = convert::applicant(&mut wrong, m.applicant.as_ref(), today);
        let parts = convert::parts(&mut wrong, &m.parts);
        wrong.end()?;
        let submission = Submission {
            receiver,
            decider: None,
            case,
            applicant,
            parts,
            channel: Channel::Online,
            rehearsal: false,
            filing: Some(filing),
        };
        let act = Act::new(&self.0, caller.actor, "FileOnline", request_id, &body);
        let file = submit::run(&self.0, act, submission).await?;
        let dossier = Some(view::dossier(&self.0, &file, Detail::Bare).await?);
        Ok(Response::new(pb::FileOnlineResponse { dossier }))
    }

    async fn get_filing(
        &self,
        request: Request<pb::GetFilingRequest>,
    ) -> Result<Response<pb::GetFilingResponse>, Status> {
        let m = request.into_inner();
        let mut wrong = Wrong::default();
        let id = wrong.resource("name", "dossiers/", &m.name);
        wrong.end()?;
        let stored = files::find(self.0.db.read(), id)
            .await
            .map_err(Error::from)?;
        let file = stored.ok_or(Error::NotFound)?.file;
        let filing = file
            .filing
            .clone()
            .filter(|f| f.partner == m.partner)
            .ok_or(Error::NotFound)?;
        let dossier = Some(view::dossier(&self.0, &file, Detail::Bare).await?);
        Ok(Response::new(pb::GetFilingResponse {
            dossier,
            partner_id: filing.id,
        }))
    }

    async fn summarise(
        &self,
        request: Request<pb::SummariseRequest>,
    ) -> Result<Response<pb::SummariseResponse>, Status> {
        let m = request.into_inner();
        let mut wrong = Wrong::default();
        if !m.after_day.is_empty() && m.after_day.parse::<NaiveDate>().is_err() {
            wrong.say("after_day", "phải là ngày dạng YYYY-MM-DD");
        }
        wrong.end()?;
        let head = storage::event::head(self.0.db.read())
            .await
            .map_err(Error::from)?;
        let unit = Some(m.unit.trim_start_matches("units/")).filter(|unit| !unit.is_empty());
        let told = summarise::run(&self.0.db, unit, &m.after_day, summarise::ENOUGH).await;
        let (days, through_day) = told.map_err(Error::from)?;
        let days = days
            .into_iter()
            .map(|((unit, day), (rows, sum))| pb::DaySummary {
                unit: format!("units/{unit}"),
                day,
                rows,
                checksum: format!("{sum:032x}"),
            });
        Ok(Response::new(pb::SummariseResponse {
            days: days.collect(),
            position: head.position,
            through_day,
        }))
    }
}
