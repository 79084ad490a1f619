//! `DirectoryService`.

use proto::account::v1 as pb;
use proto::account::v1::directory_service_server::DirectoryService;
use runtime::auth::caller;
use storage::page;
use tonic::{Request, Response, Status};

use super::officer;
use crate::app::{App, directory};
use crate::error::Error;

/// The largest page.
const LARGEST: i32 = 500;

/// The directory over gRPC.
pub(crate) struct DirectoryApi(pub(crate) App);

fn size(asked: i32) -> Result<u64, Error> {
    match asked {
        0 => Ok(u64::from(LARGEST.unsigned_abs())),
        1..=LARGEST => Ok(u64::from(asked.unsigned_abs())),
        _ => Err(Error::Field("page_size", "phải từ 1 đến 500")),
    }
}

#[tonic::async_trait]
impl DirectoryService for DirectoryApi {
    async fn list_units(
        &self,
        request: Request<pb::ListUnitsRequest>,
    ) -> Result<Response<pb::ListUnitsResponse>, Status> {
        let m = request.into_inner();
        let size = size(m.page_size)?;
        let after: Option<String> = page::decode("units", &m.page_token)
            .map_err(|_| Error::Field("page_token", "không thuộc danh sách này"))?;
        let found = directory::units(&self.0, &after.unwrap_or_default(), size).await?;
        let full = u64::try_from(found.len()).is_ok_and(|n| n == size);
        let next = found
            .last()
            .filter(|_| full)
            .and_then(|u| page::encode("units", &u.id).ok());
        let units = found.into_iter().map(|u| pb::Unit {
            name: format!("units/{}", u.id),
            full_name: u.full_name,
            kind: u.kind,
            parent: u.parent.map(|p| format!("units/{p}")).unwrap_or_default(),
            valid_from: u.valid_from,
        });
        Ok(Response::new(pb::ListUnitsResponse {
            units: units.collect(),
            next_page_token: next.unwrap_or_default(),
        }))
    }

    async fn list_officers(
        &self,
        request: Request<pb::ListOfficersRequest>,
    ) -> Result<Response<pb::ListOfficersResponse>, Status> {
        let m = request.into_inner();
        size(m.page_size)?;
        let unit = m.unit.strip_prefix("units/");
        let unit = unit.ok_or(Error::Field("unit", "phải có dạng units/<mã>"))?;
        let found = directory::officers(&self.0, unit).await?;
        Ok(Response::new(pb::ListOfficersResponse {
            officers: found.iter().map(officer).collect(),
            next_page_token: String::new(),
        }))
    }

    async fn get_account_readiness(
        &self,
        request: Request<pb::GetAccountReadinessRequest>,
    ) -> Result<Response<pb::GetAccountReadinessResponse>, Status> {
        let actor = caller(&request)?.actor;
        let found = directory::readiness(&self.0, &actor).await?;
        let units = found.into_iter().map(|r| pb::AccountReadiness {
            unit: format!("units/{}", r.unit),
            full_name: r.full_name,
            posts_filled: r.filled,
            posts_empty: r.empty,
            accounts: r.accounts,
            stand_ins: r.stand_ins,
        });
        Ok(Response::new(pb::GetAccountReadinessResponse {
            units: units.collect(),
        }))
    }
}
