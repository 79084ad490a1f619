//! A collector hears of one call through several services as one trace.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use opentelemetry_proto::tonic::collector::logs::v1::logs_service_server::{
    LogsService, LogsServiceServer,
};
use opentelemetry_proto::tonic::collector::logs::v1::{
    ExportLogsServiceRequest, ExportLogsServiceResponse,
};
use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_server::{
    MetricsService, MetricsServiceServer,
};
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::trace::v1::Span;
use proto::account::v1::SignInRequest;
use proto::account::v1::auth_service_client::AuthServiceClient;
use proto::dossier::v1 as pb;
use proto::dossier::v1::dossier_service_client::DossierServiceClient;
use testkit::Engine;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use crate::place::Place;

/// The trace that the test's own call belongs to.
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
/// Everything that was exported is there within this after the process left.
const PATIENCE: Duration = Duration::from_mins(1);

#[derive(Clone, Default)]
struct Collector {
    spans: Arc<Mutex<Vec<Span>>>,
    metrics: Arc<Mutex<BTreeSet<String>>>,
    lines: Arc<Mutex<usize>>,
}

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let resources = request.into_inner().resource_spans;
        let scopes = resources.into_iter().flat_map(|r| r.scope_spans);
        let mut spans = self.spans.lock().unwrap();
        spans.extend(scopes.flat_map(|s| s.spans));
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

#[tonic::async_trait]
impl MetricsService for Collector {
    async fn export(
        &self,
        request: Request<ExportMetricsServiceRequest>,
    ) -> Result<Response<ExportMetricsServiceResponse>, Status> {
        let resources = request.into_inner().resource_metrics;
        let scopes = resources.into_iter().flat_map(|r| r.scope_metrics);
        let names = scopes.flat_map(|s| s.metrics).map(|m| m.name);
        self.metrics.lock().unwrap().extend(names);
        Ok(Response::new(ExportMetricsServiceResponse::default()))
    }
}

#[tonic::async_trait]
impl LogsService for Collector {
    async fn export(
        &self,
        request: Request<ExportLogsServiceRequest>,
    ) -> Result<Response<ExportLogsServiceResponse>, Status> {
        let resources = request.into_inner().resource_logs;
        let scopes = resources.into_iter().flat_map(|r| r.scope_logs);
        *self.lines.lock().unwrap() += scopes.map(|s| s.log_records.len()).sum::<usize>();
        Ok(Response::new(ExportLogsServiceResponse::default()))
    }
}

#[tokio::test]
async fn a_collector_hears_of_one_call_through_two_services_as_one_trace() {
    let collector = Collector::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let serving = tonic::transport::Server::builder()
        .add_service(TraceServiceServer::new(collector.clone()))
        .add_service(MetricsServiceServer::new(collector.clone()))
        .add_service(LogsServiceServer::new(collector.clone()))
        .serve_with_incoming(TcpListenerStream::new(listener));
    let place = Place::new(Engine::Sqlite).await;
    let watched = async {
        let server = place
            .serve_with(&[
                ("MOTCUA_TELEMETRY__ENDPOINT", endpoint.as_str()),
                ("MOTCUA_TELEMETRY__FILTER", "info"),
            ])
            .await;
        submit(&place).await;
        // Leaving sends what is left.
        assert!(server.leave(PATIENCE).await.success());
    };
    tokio::select! {
        ended = serving => panic!("the collector ended: {ended:?}"),
        () = watched => {}
    }
    let trace = hex::decode(TRACE).unwrap();
    let spans = collector.spans.lock().unwrap().clone();
    let ours: Vec<&Span> = spans.iter().filter(|s| s.trace_id == trace).collect();
    let attributes = format!(
        "{:?}",
        ours.iter().map(|s| &s.attributes).collect::<Vec<_>>()
    );
    for method in [
        "/motcua.dossier.v1.DossierService/Submit",
        "/motcua.workflow.v1.InstanceService/OpenInstance",
    ] {
        assert!(attributes.contains(method), "{attributes}");
    }
    // No name, number or reason is in a span.
    let told = format!("{spans:?}");
    assert!(!told.contains("Nguyễn Thị Vết") && !told.contains("042190000123"));
    assert!(
        collector
            .metrics
            .lock()
            .unwrap()
            .contains("motcua.unit_of_work")
    );
    place.end().await;
}

/// A birth registration at xã Mai Phụ, under a trace of the caller's.
async fn submit(place: &Place) {
    let door = place.operator().anonymous();
    let request = SignInRequest {
        login: "18583.tiepnhan1".to_owned(),
        password: place.password("18583.tiepnhan1"),
    };
    let answer = AuthServiceClient::new(door.clone()).sign_in(request).await;
    let access = answer.unwrap().into_inner().tokens.unwrap().access;
    let part = |number| pb::Part {
        number,
        originals: 1,
        ..pb::Part::default()
    };
    let message = pb::SubmitRequest {
        request_id: Uuid::from_u128(7).to_string(),
        receiver: "units/18583".to_owned(),
        case: "cases/tt-0001".to_owned(),
        applicant: Some(pb::Applicant {
            full_name: "Nguyễn Thị Vết".to_owned(),
            id_number: "042190000123".to_owned(),
            birth_date: "1990-05-06".to_owned(),
            ..pb::Applicant::default()
        }),
        parts: vec![part(1)],
        channel: pb::Channel::Counter.into(),
        ..pb::SubmitRequest::default()
    };
    let mut request = Request::new(message);
    let headers = request.metadata_mut();
    headers.insert("authorization", format!("Bearer {access}").parse().unwrap());
    let parent = format!("00-{TRACE}-00f067aa0ba902b7-01");
    headers.insert("traceparent", parent.parse().unwrap());
    // The client attaches the trace of its own, which is none: tonic's plain
    // channel sends what the test says.
    let channel = tonic::transport::Endpoint::from_shared(place.target()).unwrap();
    #[expect(
        clippy::disallowed_methods,
        reason = "a foreign client, which sends a trace of its own"
    )]
    let channel = channel.connect().await.unwrap();
    DossierServiceClient::new(channel)
        .submit(request)
        .await
        .unwrap();
}
