//! `motcua readiness`: what each commune has, and what it lacks by name.

use std::collections::BTreeMap;
use std::io::{self, Write as _};

use proto::account::v1::GetAccountReadinessRequest;
use proto::account::v1::directory_service_client::DirectoryServiceClient;
use proto::gateway::v1::ListTrialsRequest;
use proto::gateway::v1::job_service_client::JobServiceClient;
use proto::workflow::v1::GetReadinessRequest;
use proto::workflow::v1::catalogue_service_client::CatalogueServiceClient;
use serde::Serialize;

use crate::cli::ReportArgs;
use crate::operator::{Operator, OperatorError};
use crate::{Outcome, holds};

/// What one commune has.
#[derive(Debug, Default, Serialize)]
struct Unit {
    code: String,
    name: String,
    posts_filled: i32,
    posts_empty: i32,
    accounts: i32,
    stand_ins: i32,
    calendar: bool,
    procedures: i32,
    with_process: i32,
    without_limit: usize,
    last_trial: Option<Trial>,
    missing: Vec<String>,
}

/// The last rehearsal.
#[derive(Clone, Debug, Serialize)]
struct Trial {
    at: String,
    passed: bool,
}

/// The whole answer.
#[derive(Debug, Serialize)]
struct Readiness {
    units: usize,
    ready: usize,
    /// Procedure cases for which no limit is published: accepted without a due
    /// date.
    without_limit: Vec<String>,
    by_unit: Vec<Unit>,
}

/// Asks and tells; fails when a commune is not ready.
pub(crate) async fn run(args: ReportArgs) -> Outcome {
    let operator = Operator::reach(&args.at.load()?).await?;
    let readiness = ask(&operator).await;
    operator.leave().await;
    let readiness = readiness?;
    let mut out = io::stdout().lock();
    if args.json {
        writeln!(out, "{}", serde_json::to_string(&readiness)?)?;
    } else {
        tell(&mut out, &readiness)?;
    }
    Ok(holds(readiness.ready == readiness.units))
}

async fn ask(operator: &Operator) -> Result<Readiness, OperatorError> {
    let mut directory = DirectoryServiceClient::new(operator.line("account")?);
    let accounts = directory
        .get_account_readiness(GetAccountReadinessRequest {})
        .await?
        .into_inner();
    let mut catalogue = CatalogueServiceClient::new(operator.line("workflow")?);
    let processes = catalogue.get_readiness(GetReadinessRequest {}).await?;
    let processes: BTreeMap<_, _> = processes
        .into_inner()
        .units
        .into_iter()
        .map(|unit| (unit.unit.clone(), unit))
        .collect();
    let trials = trials(operator).await?;
    let mut without_limit = Vec::new();
    let mut by_unit = Vec::new();
    for account in accounts.units {
        let process = processes.get(&account.unit).cloned().unwrap_or_default();
        if without_limit.is_empty() {
            without_limit.clone_from(&process.without_limit);
        }
        let mut unit = Unit {
            code: account.unit.trim_start_matches("units/").to_owned(),
            name: account.full_name,
            posts_filled: account.posts_filled,
            posts_empty: account.posts_empty,
            accounts: account.accounts,
            stand_ins: account.stand_ins,
            calendar: process.calendar,
            procedures: process.cases,
            with_process: process.with_process,
            without_limit: process.without_limit.len(),
            last_trial: trials.get(&account.unit).cloned(),
            missing: Vec::new(),
        };
        unit.missing = missing(&unit);
        by_unit.push(unit);
    }
    let ready = by_unit.iter().filter(|u| u.missing.is_empty()).count();
    Ok(Readiness {
        units: by_unit.len(),
        ready,
        without_limit,
        by_unit,
    })
}

async fn trials(operator: &Operator) -> Result<BTreeMap<String, Trial>, OperatorError> {
    let mut client = JobServiceClient::new(operator.line("gateway")?);
    let mut found = BTreeMap::new();
    let mut page_token = String::new();
    loop {
        let request = ListTrialsRequest {
            page_token,
            ..Default::default()
        };
        let page = client.list_trials(request).await?.into_inner();
        for trial in page.trials {
            let at = trial.at.unwrap_or_default();
            let at = chrono::DateTime::from_timestamp(at.seconds, 0).unwrap_or_default();
            let passed = trial.passed;
            let at = at.to_rfc3339();
            found.insert(trial.unit, Trial { at, passed });
        }
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(found);
        }
    }
}

/// What keeps a commune from being ready, for people.
fn missing(unit: &Unit) -> Vec<String> {
    let mut missing = Vec::new();
    let mut lacks = |yes: bool, what: String| {
        if yes {
            missing.push(what);
        }
    };
    lacks(unit.posts_filled == 0, "chưa có vị trí nào có người".into());
    lacks(
        unit.posts_empty > 0,
        format!("{} vị trí chưa có người", unit.posts_empty),
    );
    lacks(
        unit.accounts < unit.posts_filled,
        format!(
            "{} người chưa có mật khẩu",
            unit.posts_filled.saturating_sub(unit.accounts)
        ),
    );
    lacks(unit.stand_ins == 0, "chưa có người thay thế".into());
    lacks(!unit.calendar, "chưa có lịch làm việc".into());
    lacks(unit.procedures == 0, "chưa có thủ tục".into());
    lacks(
        unit.with_process < unit.procedures,
        format!(
            "{} thủ tục chưa có quy trình",
            unit.procedures.saturating_sub(unit.with_process)
        ),
    );
    match &unit.last_trial {
        None => lacks(true, "chưa vận hành thử nghiệm".into()),
        Some(trial) => lacks(!trial.passed, "vận hành thử nghiệm chưa đạt".into()),
    }
    missing
}

fn tell(out: &mut impl io::Write, readiness: &Readiness) -> io::Result<()> {
    for unit in &readiness.by_unit {
        let state = if unit.missing.is_empty() {
            "sẵn sàng".to_owned()
        } else {
            format!("thiếu: {}", unit.missing.join("; "))
        };
        writeln!(out, "{} {}: {state}", unit.code, unit.name)?;
    }
    writeln!(
        out,
        "Thủ tục chưa công bố thời hạn (tiếp nhận không hẹn ngày): {}",
        readiness.without_limit.len()
    )?;
    writeln!(out, "Sẵn sàng: {}/{}", readiness.ready, readiness.units)
}
