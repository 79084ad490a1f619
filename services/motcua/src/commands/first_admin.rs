//! `motcua first-admin`: the one-time link of the first administrator, for
//! deployments that do not print it at their start.

use std::io::{self, Write as _};

use runtime::clock::SystemIds;

use crate::cli::AtArgs;
use crate::operator::{Operator, OperatorError};
use crate::serve::first_admin;
use crate::{Outcome, holds};

/// Prints the path of the link; fails when the account has been taken up.
pub(crate) async fn run(args: AtArgs) -> Outcome {
    let operator = Operator::reach(&args.load()?).await?;
    let token = ask(&operator).await;
    operator.leave().await;
    let token = token?;
    match &token {
        Some(token) => writeln!(io::stdout(), "/quan-tri-dau-tien?token={token}")?,
        None => writeln!(io::stderr(), "the first administrator is there already")?,
    }
    Ok(holds(token.is_some()))
}

async fn ask(operator: &Operator) -> Result<Option<String>, OperatorError> {
    first_admin(
        &operator.line("account")?,
        &SystemIds as &dyn domain::clock::Ids,
    )
    .await
}
