//! Who plays in a rehearsal: the communes, their officers, and the procedures
//! that each kind of life is about.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use domain::clock::Clock;
use proto::account::v1::ListUnitsRequest;
use proto::account::v1::directory_service_client::DirectoryServiceClient;
use proto::dossier::v1 as pb;
use proto::workflow::v1::catalogue_service_client::CatalogueServiceClient;
use proto::workflow::v1::{ListCasesRequest, ProcedureCase};
use runtime::client::Channel;
use runtime::clock::SystemClock;
use tonic::Status;

use super::driver::{Miss, bearing};
use super::kinds::Kind;
use super::officer::Credential;
pub(crate) use super::officer::Officer;
use super::patience::persist;

/// The national code of birth registration.
const BIRTH: &str = "1.001193";
/// The process of a procedure for which none is published.
const STANDARD: &str = "processes/tieu-chuan";
/// The province.
const PROVINCE: &str = "units/42";

/// Why a rehearsal cannot begin.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CastError {
    /// The credentials cannot be read.
    #[error("{0} cannot be read: {1}")]
    Credentials(String, csv::Error),
    /// No such commune.
    #[error("{0} is no commune")]
    Unit(String),
    /// A role of a unit has nobody.
    #[error("no officer with credentials has role {0} in {1}")]
    Nobody(&'static str, String),
    /// The catalogue has no procedure for a kind.
    #[error("the catalogue has no procedure for {0:?}")]
    NoCase(Kind),
    /// A service refused.
    #[error("{0}")]
    Refused(String),
}

impl From<Status> for CastError {
    fn from(status: Status) -> Self {
        Self::Refused(runtime::Failure::from_status(&status).to_string())
    }
}

/// A commune of the rehearsal.
#[derive(Clone, Debug)]
pub(crate) struct Commune {
    /// Its code.
    pub(crate) code: String,
    /// Its full name.
    pub(crate) name: String,
}

/// A life's stage: who acts and what is filed.
pub(crate) struct Scene<'a> {
    /// The receiver's reception first; the decider's processing officer last.
    pub(crate) officers: Vec<&'a Officer>,
    case: &'a ProcedureCase,
    receiver: String,
    decider: Option<String>,
}

/// The lines on which people call: one door to all, or one a service.
#[derive(Clone)]
pub(crate) struct Lines {
    /// Signing in, units.
    pub(crate) account: Channel,
    /// The catalogue.
    pub(crate) workflow: Channel,
    /// Dossiers.
    pub(crate) dossier: Channel,
}

impl Lines {
    /// All through one door.
    pub(crate) fn through(door: &Channel) -> Self {
        Self {
            account: door.clone(),
            workflow: door.clone(),
            dossier: door.clone(),
        }
    }
}

/// Everybody.
pub(crate) struct Cast {
    /// The communes that are rehearsed.
    pub(crate) communes: Vec<Commune>,
    everywhere: Vec<Commune>,
    officers: BTreeMap<String, Vec<Officer>>,
    cases: Vec<ProcedureCase>,
}

impl Cast {
    /// Reads the credentials, signs one officer in, and reads units and cases.
    pub(crate) async fn gather(
        lines: &Lines,
        credentials: &Path,
        units: &str,
    ) -> Result<Self, CastError> {
        Self::gather_by(lines, credentials, units, Arc::new(SystemClock)).await
    }

    /// The same, where tokens live and die by another clock.
    pub(crate) async fn gather_by(
        lines: &Lines,
        credentials: &Path,
        units: &str,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, CastError> {
        let officers = officers(credentials, &lines.account, &clock)?;
        let first = officers.values().flatten().next();
        let first = first.ok_or_else(|| CastError::Nobody("any", "all units".to_owned()))?;
        let everywhere = communes(&lines.account, first).await?;
        let cases = cases(&lines.workflow, first).await?;
        let communes = if units == "all" {
            everywhere.clone()
        } else {
            let find = |code: &str| {
                let found = everywhere.iter().find(|c| c.code == code).cloned();
                found.ok_or_else(|| CastError::Unit(code.to_owned()))
            };
            units
                .split(',')
                .map(|c| find(c.trim()))
                .collect::<Result<_, _>>()?
        };
        Ok(Self {
            communes,
            everywhere,
            officers,
            cases,
        })
    }

    /// The stage of a kind of life in a commune.
    pub(crate) fn scene(
        &self,
        kind: Kind,
        commune: &Commune,
        unit: usize,
    ) -> Result<Scene<'_>, Miss> {
        let receiver = format!("units/{}", commune.code);
        let case = self.case(kind, unit)?;
        let decider = match kind {
            Kind::NonTerritorial => self.neighbour(commune),
            Kind::SameDayBirth
            | Kind::Supplement
            | Kind::RefusedAtIntake
            | Kind::Withdrawn
            | Kind::Department => None,
        };
        let decides = match (&decider, case.decider.as_str()) {
            (Some(other), _) => other.clone(),
            (None, "") => receiver.clone(),
            (None, department) => department.to_owned(),
        };
        let mut officers = vec![self.officer(&receiver, "ROLE_RECEPTION")?];
        let (last, mut working) = self.staff(&decides)?;
        officers.append(&mut working);
        if kind == Kind::Department {
            // A department's case may need the provincial committee's signature.
            let (provincial, mut others) = self.staff(PROVINCE)?;
            officers.append(&mut others);
            officers.push(provincial);
        }
        officers.push(last);
        Ok(Scene {
            officers,
            case,
            receiver,
            decider,
        })
    }

    /// The processing officer of a unit, and the others of its staff.
    fn staff(&self, unit: &str) -> Result<(&Officer, Vec<&Officer>), Miss> {
        let mut others = Vec::new();
        for role in ["ROLE_DIVISION_HEAD", "ROLE_LEADER", "ROLE_CLERK"] {
            // The province has no divisions of its own here.
            if let Ok(officer) = self.officer(unit, role) {
                others.push(officer);
            }
        }
        Ok((self.officer(unit, "ROLE_PROCESSING")?, others))
    }

    fn officer(&self, unit: &str, role: &'static str) -> Result<&Officer, Miss> {
        let below = format!("{unit}-");
        let of = |at: &str| at == unit || at.starts_with(&below);
        self.officers
            .iter()
            .filter(|(at, _)| of(at))
            .flat_map(|(_, officers)| officers)
            .find(|o| o.has(role))
            .ok_or_else(|| CastError::Nobody(role, unit.to_owned()).into())
    }

    /// Another commune: the next one in the list.
    fn neighbour(&self, commune: &Commune) -> Option<String> {
        let all = &self.everywhere;
        let at = all.iter().position(|c| c.code == commune.code)?;
        let next = all.iter().cycle().nth(at + 1)?;
        Some(format!("units/{}", next.code))
    }

    fn case(&self, kind: Kind, unit: usize) -> Result<&ProcedureCase, Miss> {
        let fits = |case: &&ProcedureCase| {
            let commune = case.level == "commune" && !case.parts.is_empty();
            match kind {
                Kind::SameDayBirth => case.code == BIRTH,
                Kind::Supplement | Kind::NonTerritorial => commune && case.limit.ends_with("wd"),
                Kind::RefusedAtIntake | Kind::Withdrawn => commune,
                Kind::Department => {
                    case.level == "province" && case.process != STANDARD && !case.parts.is_empty()
                }
            }
        };
        let fitting: Vec<_> = self.cases.iter().filter(fits).collect();
        let nth = unit.checked_rem(fitting.len()).unwrap_or_default();
        let found = fitting.get(nth).copied();
        found.ok_or_else(|| CastError::NoCase(kind).into())
    }
}

impl Scene<'_> {
    /// What is filed; the driver gives the key.
    pub(crate) fn filing(&self, applicant: pb::Applicant, rehearsal: bool) -> pb::SubmitRequest {
        let part = |number| pb::Part {
            number,
            name: String::new(),
            originals: 1,
            copies: 0,
        };
        let parts = i32::try_from(self.case.parts.len()).unwrap_or(1);
        pb::SubmitRequest {
            request_id: String::new(),
            receiver: self.receiver.clone(),
            decider: self.decider.clone().unwrap_or_default(),
            case: self.case.name.clone(),
            applicant: Some(applicant),
            parts: (1..=parts).map(part).collect(),
            channel: pb::Channel::Counter.into(),
            rehearsal,
        }
    }
}

fn officers(
    file: &Path,
    door: &Channel,
    clock: &Arc<dyn Clock>,
) -> Result<BTreeMap<String, Vec<Officer>>, CastError> {
    let failed = |error| CastError::Credentials(file.display().to_string(), error);
    let mut officers: BTreeMap<String, Vec<Officer>> = BTreeMap::new();
    for row in csv::Reader::from_path(file).map_err(failed)?.deserialize() {
        let credential: Credential = row.map_err(failed)?;
        let unit = officers.entry(credential.unit.clone()).or_default();
        unit.push(Officer::new(credential, door, Arc::clone(clock)));
    }
    Ok(officers)
}

async fn communes(door: &Channel, officer: &Officer) -> Result<Vec<Commune>, CastError> {
    let client = DirectoryServiceClient::new(door.clone());
    let mut found = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = ListUnitsRequest {
            page_size: 500,
            page_token,
        };
        let page = persist(|| async {
            let request = bearing(&officer.access().await?, request.clone())?;
            client.clone().list_units(request).await
        })
        .await?
        .into_inner();
        let communes = page
            .units
            .into_iter()
            .filter(|u| matches!(u.kind.as_str(), "commune" | "ward"));
        found.extend(communes.map(|u| Commune {
            code: u.name.trim_start_matches("units/").to_owned(),
            name: u.full_name,
        }));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(found);
        }
    }
}

async fn cases(door: &Channel, officer: &Officer) -> Result<Vec<ProcedureCase>, CastError> {
    let client = CatalogueServiceClient::new(door.clone());
    let mut found = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = ListCasesRequest {
            page_size: 500,
            page_token,
            query: String::new(),
        };
        let page = persist(|| async {
            let request = bearing(&officer.access().await?, request.clone())?;
            client.clone().list_cases(request).await
        })
        .await?
        .into_inner();
        found.extend(page.cases);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(found);
        }
    }
}
