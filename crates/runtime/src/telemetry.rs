//! Logs, traces and metrics: to the terminal always, over OTLP when an endpoint
//! is configured.

use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::propagation::{Extractor, Injector};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry::{Context, global};
use opentelemetry_appender_tracing::layer::OpenTelemetryTracingBridge;
use opentelemetry_otlp::WithExportConfig as _;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::logs::SdkLoggerProvider;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use serde::Deserialize;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

/// The `telemetry` section of the configuration.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// What is logged, such as `info,motcua_dossier=debug`.
    pub filter: String,
    /// How lines look.
    pub format: Format,
    /// OTLP over gRPC, such as `http://127.0.0.1:4317`; empty: nothing is sent.
    #[serde(deserialize_with = "crate::config::or_none")]
    pub endpoint: Option<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            filter: "info".to_owned(),
            format: Format::Text,
            endpoint: None,
        }
    }
}

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Why telemetry cannot start.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter cannot be read.
    #[error("telemetry.filter cannot be read")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// The endpoint cannot be used.
    #[error("telemetry.endpoint cannot be used")]
    Endpoint(#[from] opentelemetry_otlp::ExporterBuildError),
    /// Somebody else started before.
    #[error("telemetry has been started before")]
    Again(#[from] tracing_subscriber::util::TryInitError),
}

/// Sends what is left when it is dropped.
#[derive(Default)]
pub struct Guard {
    traces: Option<SdkTracerProvider>,
    metrics: Option<SdkMeterProvider>,
    logs: Option<SdkLoggerProvider>,
}

impl Drop for Guard {
    fn drop(&mut self) {
        // The process is ending: a collector that is away loses the last batch.
        let _ = self.traces.take().map(|p| p.shutdown());
        let _ = self.metrics.take().map(|p| p.shutdown());
        let _ = self.logs.take().map(|p| p.shutdown());
    }
}

/// The transport's own chatter would trace itself.
const QUIET: &str =
    ",h2=warn,hyper=warn,hyper_util=warn,tonic=warn,tower=warn,sqlx=warn,sea_orm=warn";

/// Starts telemetry for the process; inside a Tokio runtime.
pub fn init(config: &Config, service: &str) -> Result<Guard, TelemetryError> {
    global::set_text_map_propagator(TraceContextPropagator::new());
    let filter = EnvFilter::try_new(format!("{}{QUIET}", config.filter))?;
    let lines = match config.format {
        Format::Text => tracing_subscriber::fmt::layer()
            .with_writer(std::io::stderr)
            .boxed(),
        Format::Json => tracing_subscriber::fmt::layer()
            .json()
            .with_writer(std::io::stderr)
            .boxed(),
    };
    let registry = tracing_subscriber::registry().with(filter).with(lines);
    let Some(endpoint) = &config.endpoint else {
        registry.try_init()?;
        return Ok(Guard::default());
    };
    let resource = Resource::builder()
        .with_service_name(service.to_owned())
        .build();
    let traces = SdkTracerProvider::builder()
        .with_batch_exporter(
            opentelemetry_otlp::SpanExporter::builder()
                .with_tonic()
                .with_endpoint(endpoint)
                .build()?,
        )
        .with_resource(resource.clone())
        .build();
    let metrics = SdkMeterProvider::builder()
        .with_periodic_exporter(
            opentelemetry_otlp::MetricExporter::builder()
                .with_tonic()
                .with_endpoint(endpoint)
                .build()?,
        )
        .with_resource(resource.clone())
        .build();
    let logs = SdkLoggerProvider::builder()
        .with_batch_exporter(
            opentelemetry_otlp::LogExporter::builder()
                .with_tonic()
                .with_endpoint(endpoint)
                .build()?,
        )
        .with_resource(resource)
        .build();
    global::set_meter_provider(metrics.clone());
    registry
        .with(tracing_opentelemetry::layer().with_tracer(traces.tracer("motcua")))
        .with(OpenTelemetryTracingBridge::new(&logs))
        .try_init()?;
    Ok(Guard {
        traces: Some(traces),
        metrics: Some(metrics),
        logs: Some(logs),
    })
}

struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(HeaderName::as_str).collect()
    }
}

struct HeadersMut<'a>(&'a mut HeaderMap);

impl Injector for HeadersMut<'_> {
    fn set(&mut self, key: &str, value: String) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(key), HeaderValue::try_from(value)) {
            self.0.insert(name, value);
        }
    }
}

/// Writes the present trace into headers.
pub(crate) fn inject(headers: &mut HeaderMap) {
    let context = tracing::Span::current().context();
    global::get_text_map_propagator(|p| p.inject_context(&context, &mut HeadersMut(headers)));
}

/// The trace that headers continue.
pub(crate) fn extract(headers: &HeaderMap) -> Context {
    global::get_text_map_propagator(|p| p.extract(&Headers(headers)))
}
