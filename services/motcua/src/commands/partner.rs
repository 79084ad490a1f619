//! `motcua partner`: registers a partner system.

use std::io::{self, Write as _};
use std::process::ExitCode;

use domain::clock::Ids as _;
use proto::account::v1::RegisterPartnerRequest;
use proto::account::v1::provisioning_service_client::ProvisioningServiceClient;
use runtime::clock::SystemIds;

use crate::Outcome;
use crate::cli::PartnerArgs;
use crate::operator::{Operator, OperatorError};

/// Registers and prints the secret, once.
pub(crate) async fn run(args: PartnerArgs) -> Outcome {
    let operator = Operator::reach(&args.at.load()?).await?;
    let answer = register(&operator, args.client, args.scopes).await;
    operator.leave().await;
    writeln!(io::stdout(), "{}", answer?)?;
    Ok(ExitCode::SUCCESS)
}

async fn register(
    operator: &Operator,
    client_id: String,
    scopes: Vec<String>,
) -> Result<String, OperatorError> {
    let mut client = ProvisioningServiceClient::new(operator.line("account")?);
    let request = RegisterPartnerRequest {
        request_id: SystemIds.next().to_string(),
        client_id,
        scopes,
    };
    let answer = client.register_partner(request).await?.into_inner();
    Ok(answer.client_secret)
}
