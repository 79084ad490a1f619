//! `motcua health`: whether the process of this pod serves. The kubelet's own
//! gRPC probe speaks no TLS.

use std::time::Duration;

use runtime::client::{Channel, Config as Peer, Outgoing};
use runtime::incarnation::Incarnations;
use tonic::Request;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::cli::HealthArgs;
use crate::house::Means;
use crate::{Outcome, holds};

/// A pod that takes longer is not well.
const PATIENCE: Duration = Duration::from_secs(2);

/// Asks the door of this machine, under the service's own name.
pub(crate) async fn run(args: HealthArgs) -> Outcome {
    let config = args.at.load()?;
    let port = config.grpc.listen.port();
    let peer = Peer {
        endpoint: format!("{}://127.0.0.1:{port}", config.grpc.scheme()),
        authority_file: config.peers.authority_file.clone(),
        certificate_file: config.peers.certificate_file.clone(),
        key_file: config.peers.key_file.clone(),
        domain: config.grpc.tls().map(|_| args.service.clone()),
    };
    let nobody = Outgoing {
        identity: None,
        incarnations: Incarnations::default(),
        clock: Means::default().clock,
    };
    let mut client = HealthClient::new(Channel::tcp(&peer, nobody)?);
    let mut request = Request::new(HealthCheckRequest::default());
    request.set_timeout(PATIENCE);
    let answer = client.check(request).await?.into_inner();
    Ok(holds(answer.status() == ServingStatus::Serving))
}
