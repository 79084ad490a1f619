//! `motcua verify`: every invariant over the stored data.

use std::io::{self, Write as _};

use serde_json::json;
use storage::Check;

use crate::cli::ReportArgs;
use crate::operator::Operator;
use crate::{Outcome, holds};

/// Checks and tells; fails on a violation.
pub(crate) async fn run(args: ReportArgs) -> Outcome {
    let operator = Operator::reach(&args.at.load()?).await?;
    let checks = operator.verify().await;
    operator.leave().await;
    let checks = checks?;
    let violations: u64 = checks.iter().map(|c| c.violations).sum();
    let mut out = io::stdout().lock();
    if args.json {
        let answer = json!({ "checks": checks, "violations": violations });
        writeln!(out, "{answer}")?;
    } else {
        tell(&mut out, &checks)?;
        writeln!(out, "violations: {violations}")?;
    }
    Ok(holds(violations == 0))
}

/// One line an invariant, then what breaks it.
pub(crate) fn tell(out: &mut impl io::Write, checks: &[Check]) -> io::Result<()> {
    for check in checks {
        let Check { id, checked, .. } = check;
        writeln!(
            out,
            "{id:<42} {checked:>9} checked  {:>4} violations",
            check.violations
        )?;
        for named in &check.named {
            writeln!(out, "    {named}")?;
        }
    }
    Ok(())
}
