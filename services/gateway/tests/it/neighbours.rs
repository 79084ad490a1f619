//! The services beside the gateway, as far as a test needs them: a dossier
//! service with a real feed, and catalogues.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use domain::case_file::CaseFile;
use domain::working_time::local;
use proto::account::v1 as account;
use proto::account::v1::directory_service_server::{DirectoryService, DirectoryServiceServer};
use proto::dossier::v1 as pb;
use proto::dossier::v1::dossier_query_service_server::{
    DossierQueryService, DossierQueryServiceServer,
};
use proto::dossier::v1::filing_service_server::{FilingService, FilingServiceServer};
use proto::workflow::v1 as workflow;
use proto::workflow::v1::catalogue_service_server::{CatalogueService, CatalogueServiceServer};
use runtime::Failure;
use runtime::auth::caller;
use runtime::client::{Channel, Outgoing};
use runtime::context::{Peers, Service};
use storage::{Db, StorageError, event};
use tonic::{Request, Response, Status};

use crate::house::Ground;
use crate::life::Life;

/// What the fakes know and have heard.
#[derive(Default)]
struct Known {
    files: BTreeMap<uuid::Uuid, CaseFile>,
    filed: Vec<(pb::FileOnlineRequest, Option<String>)>,
    refuse: Option<Failure>,
}

/// The neighbours of a gateway.
#[derive(Clone)]
pub(crate) struct Neighbours {
    db: Db,
    peers: Peers,
    known: Arc<Mutex<Known>>,
}

impl Neighbours {
    /// Serves them and tells the gateway how to reach them.
    pub(crate) fn new(ground: &Ground, db: &Db, peers: &Peers, outgoing: &Outgoing) -> Self {
        let this = Self {
            db: db.clone(),
            peers: peers.clone(),
            known: Arc::default(),
        };
        let ctx = ground.ctx("dossier", Peers::default());
        let offer = feed::offer("dossier", db, &ground.shutdown);
        let service = Service::new()
            .mount(FilingServiceServer::new(this.clone()))
            .mount(DossierQueryServiceServer::new(this.clone()))
            .mount(offer.server.into_service())
            .job("sequencer", offer.job);
        let dial = ground.serve(&ctx, service.start(&ground.shutdown));
        peers.set("dossier", Channel::memory(dial, outgoing.clone()));

        let ctx = ground.ctx("account", Peers::default());
        let service = Service::new().mount(DirectoryServiceServer::new(this.clone()));
        let dial = ground.serve(&ctx, service.start(&ground.shutdown));
        peers.set("account", Channel::memory(dial, outgoing.clone()));

        let ctx = ground.ctx("workflow", Peers::default());
        let service = Service::new().mount(CatalogueServiceServer::new(this.clone()));
        let dial = ground.serve(&ctx, service.start(&ground.shutdown));
        peers.set("workflow", Channel::memory(dial, outgoing.clone()));
        this
    }

    /// Lives happen: their files and their events are stored.
    pub(crate) async fn live(&self, lives: &[Life]) {
        let files = lives.iter().map(|life| (life.file.id.0, life.file.clone()));
        self.known.lock().unwrap().files.extend(files);
        let events: Arc<Vec<_>> = Arc::new(lives.iter().flat_map(Life::stored).collect());
        let appended = self.db.run("append", move |tx| {
            let events = Arc::clone(&events);
            Box::pin(async move {
                for new in events.iter() {
                    event::append(tx, new).await?;
                }
                Ok::<_, StorageError>(())
            })
        });
        appended.await.unwrap();
    }

    /// How many events there are, numbered or not.
    pub(crate) async fn head(&self) -> i64 {
        let all = event::scan(self.db.read(), 0, 100_000).await.unwrap();
        i64::try_from(all.len()).unwrap()
    }

    /// The gateway's line to the dossier service.
    pub(crate) fn line(&self) -> Channel {
        self.peers.get("dossier").unwrap()
    }

    /// Their store.
    pub(crate) fn db(&self) -> &Db {
        &self.db
    }

    /// From now on they refuse to file.
    pub(crate) fn refuse(&self, failure: Failure) {
        self.known.lock().unwrap().refuse = Some(failure);
    }

    /// What was filed, and which partner's token came along.
    pub(crate) fn filed(&self) -> Vec<(pb::FileOnlineRequest, Option<String>)> {
        self.known.lock().unwrap().filed.clone()
    }
}

fn dossier(file: &CaseFile) -> pb::Dossier {
    pb::Dossier {
        name: format!("dossiers/{}", file.id),
        code: file.code.clone().unwrap_or_default(),
        state: pb::State::Processing.into(),
        state_label: "Đang thụ lý".to_owned(),
        ..pb::Dossier::default()
    }
}

#[tonic::async_trait]
impl FilingService for Neighbours {
    async fn file_online(
        &self,
        request: Request<pb::FileOnlineRequest>,
    ) -> Result<Response<pb::FileOnlineResponse>, Status> {
        let caller = caller(&request)?;
        assert_eq!(caller.service.as_deref(), Some("gateway"));
        let mut known = self.known.lock().unwrap();
        if let Some(failure) = &known.refuse {
            return Err(failure.clone().into());
        }
        let behalf = Some(caller.actor.label());
        known.filed.push((request.into_inner(), behalf));
        let filed = pb::Dossier {
            name: "dossiers/00000000-0000-0000-0000-000000000001".to_owned(),
            state: pb::State::AwaitingReception.into(),
            ..pb::Dossier::default()
        };
        Ok(Response::new(pb::FileOnlineResponse {
            dossier: Some(filed),
        }))
    }

    async fn get_filing(
        &self,
        request: Request<pb::GetFilingRequest>,
    ) -> Result<Response<pb::GetFilingResponse>, Status> {
        let m = request.into_inner();
        let known = self.known.lock().unwrap();
        let id = m.name.trim_start_matches("dossiers/").parse().unwrap();
        // Every dossier here was filed by one partner.
        let found = known.files.get(&id).filter(|_| m.partner == "dvc");
        let file = found.ok_or_else(|| Failure::not_found("dossier"))?;
        Ok(Response::new(pb::GetFilingResponse {
            dossier: Some(dossier(file)),
            partner_id: "HS-1".to_owned(),
        }))
    }

    async fn summarise(
        &self,
        request: Request<pb::SummariseRequest>,
    ) -> Result<Response<pb::SummariseResponse>, Status> {
        let pb::SummariseRequest { unit, after_day } = request.into_inner();
        let head = event::head(self.db.read()).await.unwrap();
        let mut days: BTreeMap<(String, String), (i64, u128)> = BTreeMap::new();
        for file in self.known.lock().unwrap().files.values() {
            let receiver = format!("units/{}", file.receiver);
            if unit.is_empty() || unit == receiver {
                let day = local(file.submitted).unwrap().date().to_string();
                if day <= after_day {
                    continue;
                }
                let entry = days.entry((receiver, day)).or_default();
                entry.0 += 1;
                entry.1 = entry.1.wrapping_add(file.digestible().checksum());
            }
        }
        // A day at a time.
        let first = days.keys().map(|(_, day)| day.clone()).min();
        let last = days.keys().map(|(_, day)| day.clone()).max();
        let through_day = first.clone().filter(|_| first != last).unwrap_or_default();
        let days = days
            .into_iter()
            .filter(|((_, day), _)| Some(day) == first.as_ref())
            .map(|((unit, day), (rows, sum))| pb::DaySummary {
                unit,
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

fn not_needed<T>() -> Result<Response<T>, Status> {
    Err(Status::unimplemented("no test needs it"))
}

#[tonic::async_trait]
impl DossierQueryService for Neighbours {
    async fn look_up_dossier(
        &self,
        request: Request<pb::LookUpDossierRequest>,
    ) -> Result<Response<pb::LookUpDossierResponse>, Status> {
        let m = request.into_inner();
        let known = self.known.lock().unwrap();
        let found = known
            .files
            .values()
            .find(|file| file.code.as_deref() == Some(m.code.as_str()))
            .filter(|_| m.second_factor == "6789");
        let file = found.ok_or_else(|| Failure::not_found("dossier"))?;
        let shown = dossier(file);
        Ok(Response::new(pb::LookUpDossierResponse {
            code: shown.code,
            state: shown.state,
            state_label: shown.state_label,
            due: None,
        }))
    }

    async fn get_dossier(
        &self,
        _: Request<pb::GetDossierRequest>,
    ) -> Result<Response<pb::GetDossierResponse>, Status> {
        not_needed()
    }

    async fn list_dossiers(
        &self,
        _: Request<pb::ListDossiersRequest>,
    ) -> Result<Response<pb::ListDossiersResponse>, Status> {
        not_needed()
    }

    async fn explain_due(
        &self,
        _: Request<pb::ExplainDueRequest>,
    ) -> Result<Response<pb::ExplainDueResponse>, Status> {
        not_needed()
    }

    async fn list_history(
        &self,
        _: Request<pb::ListHistoryRequest>,
    ) -> Result<Response<pb::ListHistoryResponse>, Status> {
        not_needed()
    }

    async fn count_dossiers(
        &self,
        _: Request<pb::CountDossiersRequest>,
    ) -> Result<Response<pb::CountDossiersResponse>, Status> {
        not_needed()
    }

    async fn get_draft(
        &self,
        _: Request<pb::GetDraftRequest>,
    ) -> Result<Response<pb::GetDraftResponse>, Status> {
        not_needed()
    }

    async fn get_private_row(
        &self,
        _: Request<pb::GetPrivateRowRequest>,
    ) -> Result<Response<pb::GetPrivateRowResponse>, Status> {
        not_needed()
    }
}

#[tonic::async_trait]
impl DirectoryService for Neighbours {
    async fn list_units(
        &self,
        request: Request<account::ListUnitsRequest>,
    ) -> Result<Response<account::ListUnitsResponse>, Status> {
        let unit = |id: &str, full_name: &str, parent: &str| account::Unit {
            name: format!("units/{id}"),
            full_name: full_name.to_owned(),
            kind: "commune".to_owned(),
            parent: parent.to_owned(),
            valid_from: "2025-07-01".to_owned(),
        };
        // Two pages, so that a reader who stops at the first is found out.
        let (units, next_page_token) = match request.into_inner().page_token.as_str() {
            "" => (
                vec![unit("18583", "Xã Mai Phụ", "units/42")],
                "more".to_owned(),
            ),
            _ => (vec![unit("42", "Tỉnh Hà Tĩnh", "")], String::new()),
        };
        Ok(Response::new(account::ListUnitsResponse {
            units,
            next_page_token,
        }))
    }

    async fn list_officers(
        &self,
        _: Request<account::ListOfficersRequest>,
    ) -> Result<Response<account::ListOfficersResponse>, Status> {
        not_needed()
    }

    async fn get_account_readiness(
        &self,
        _: Request<account::GetAccountReadinessRequest>,
    ) -> Result<Response<account::GetAccountReadinessResponse>, Status> {
        not_needed()
    }
}

#[tonic::async_trait]
impl CatalogueService for Neighbours {
    async fn list_cases(
        &self,
        _: Request<workflow::ListCasesRequest>,
    ) -> Result<Response<workflow::ListCasesResponse>, Status> {
        let case = workflow::ProcedureCase {
            name: "cases/tt-0001".to_owned(),
            code: "1.001193".to_owned(),
            title: "Đăng ký khai sinh".to_owned(),
            field: "Hộ tịch".to_owned(),
            level: "commune".to_owned(),
            limit: "same-day".to_owned(),
            process: "processes/standard".to_owned(),
            ..workflow::ProcedureCase::default()
        };
        Ok(Response::new(workflow::ListCasesResponse {
            cases: vec![case],
            next_page_token: String::new(),
        }))
    }

    async fn get_case(
        &self,
        _: Request<workflow::GetCaseRequest>,
    ) -> Result<Response<workflow::GetCaseResponse>, Status> {
        not_needed()
    }

    async fn get_process(
        &self,
        _: Request<workflow::GetProcessRequest>,
    ) -> Result<Response<workflow::GetProcessResponse>, Status> {
        not_needed()
    }

    async fn get_readiness(
        &self,
        _: Request<workflow::GetReadinessRequest>,
    ) -> Result<Response<workflow::GetReadinessResponse>, Status> {
        not_needed()
    }
}
