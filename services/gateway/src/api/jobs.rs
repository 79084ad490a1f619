//! `JobService`: long work as a visible thing, and what rehearsals found.

use prost::Message as _;
use proto::gateway::v1 as pb;
use proto::gateway::v1::job_service_server::JobService;
use runtime::auth::caller;
use storage::page;
use tonic::{Request, Response, Status};

use super::convert::{self, Wrong};
use crate::app::{self, App, jobs, trials};
use crate::store::jobs::Key;

/// A page without a stated size.
const JOBS: u64 = 50;
const TRIALS: u64 = 100;

/// Jobs over gRPC.
pub(crate) struct JobApi(pub(crate) App);

#[tonic::async_trait]
impl JobService for JobApi {
    async fn start_job(
        &self,
        request: Request<pb::StartJobRequest>,
    ) -> Result<Response<pb::StartJobResponse>, Status> {
        let actor = caller(&request)?.actor;
        let message = request.into_inner();
        let (id, wanted) = convert::wanted(&message)?;
        let key = app::request::Request::new(&actor, "StartJob", id, &message.encode_to_vec());
        let job = jobs::start(&self.0, &actor, &key, wanted).await?;
        Ok(Response::new(pb::StartJobResponse {
            job: Some(convert::job(job)),
        }))
    }

    async fn get_job(
        &self,
        request: Request<pb::GetJobRequest>,
    ) -> Result<Response<pb::GetJobResponse>, Status> {
        let actor = caller(&request)?.actor;
        let mut wrong = Wrong::default();
        let id = wrong.resource("name", "jobs/", &request.get_ref().name);
        wrong.end()?;
        let job = jobs::get(&self.0, &actor, id).await?;
        Ok(Response::new(pb::GetJobResponse {
            job: Some(convert::job(job)),
        }))
    }

    async fn list_jobs(
        &self,
        request: Request<pb::ListJobsRequest>,
    ) -> Result<Response<pb::ListJobsResponse>, Status> {
        let actor = caller(&request)?.actor;
        let message = request.into_inner();
        let mut wrong = Wrong::default();
        let size = wrong.size(message.page_size, JOBS);
        let after: Option<Key> = wrong.after("jobs", &message.page_token);
        wrong.end()?;
        let found = jobs::page(&self.0, &actor, after, size).await?;
        let full = u64::try_from(found.len()).is_ok_and(|n| n == size);
        let last = found.last().filter(|_| full);
        let next = last.map(|job| (job.created.timestamp_micros(), job.id));
        let next = next.and_then(|key| page::encode("jobs", &key).ok());
        Ok(Response::new(pb::ListJobsResponse {
            jobs: found.into_iter().map(convert::job).collect(),
            next_page_token: next.unwrap_or_default(),
        }))
    }

    async fn record_trial(
        &self,
        request: Request<pb::RecordTrialRequest>,
    ) -> Result<Response<pb::RecordTrialResponse>, Status> {
        let actor = caller(&request)?.actor;
        let message = request.into_inner();
        let (id, trial) = convert::recorded(&message)?;
        let key = app::request::Request::new(&actor, "RecordTrial", id, &message.encode_to_vec());
        let trial = trials::record(&self.0, &actor, &key, trial).await?;
        Ok(Response::new(pb::RecordTrialResponse {
            trial: Some(convert::trial(&trial)),
        }))
    }

    async fn list_trials(
        &self,
        request: Request<pb::ListTrialsRequest>,
    ) -> Result<Response<pb::ListTrialsResponse>, Status> {
        let actor = caller(&request)?.actor;
        let message = request.into_inner();
        let mut wrong = Wrong::default();
        let size = wrong.size(message.page_size, TRIALS);
        let after: Option<String> = wrong.after("trials", &message.page_token);
        wrong.end()?;
        let after = after.unwrap_or_default();
        let found = trials::page(&self.0, &actor, &after, size).await?;
        let full = u64::try_from(found.len()).is_ok_and(|n| n == size);
        let last = found.last().filter(|_| full);
        let next = last.and_then(|trial| page::encode("trials", &trial.unit).ok());
        Ok(Response::new(pb::ListTrialsResponse {
            trials: found.iter().map(convert::trial).collect(),
            next_page_token: next.unwrap_or_default(),
        }))
    }
}
