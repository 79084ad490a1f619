//! The internal console: server-rendered pages for officers, a gRPC client like
//! any other. It has no database and no rule; hiding a button never replaces a
//! refusal.

mod backends;
mod error;
mod form;
mod frame;
mod pages;
mod session;
mod view;

use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderValue, header};
use axum::middleware::from_fn;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use domain::clock::{Clock, Ids};
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::set_header::SetResponseHeaderLayer;

pub use backends::Backends;
use session::Sessions;

/// The largest form that a page may send, in bytes.
const FORM_LIMIT: usize = 256 * 1024;

/// Nothing from elsewhere, nothing inline, and no talk of scripts with anybody.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; \
    img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// What every page reaches.
#[derive(Clone)]
pub(crate) struct App {
    backends: Backends,
    sessions: Arc<Sessions>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    /// Whether cookies are marked `Secure`: everywhere but on loopback.
    secure_cookies: bool,
}

/// The console's routes over the given services.
pub fn router(
    backends: Backends,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    secure_cookies: bool,
) -> Router {
    let app = App {
        backends,
        sessions: Arc::new(Sessions::new(Arc::clone(&clock))),
        clock,
        ids,
        secure_cookies,
    };
    Router::new()
        .route("/", get(pages::home::show))
        .route(
            "/dang-nhap",
            get(pages::sign_in::show).post(pages::sign_in::submit),
        )
        .route("/dang-xuat", post(pages::sign_in::leave))
        .route(
            "/quan-tri-dau-tien",
            get(pages::first_admin::show).post(pages::first_admin::submit),
        )
        .route("/tiep-nhan", get(pages::intake::choose))
        .route(
            "/tiep-nhan/{case}",
            get(pages::intake::show).post(pages::intake::submit),
        )
        .route("/ho-so", get(pages::search::show))
        .route("/ho-so/{id}", get(pages::dossier::show))
        .route("/ho-so/{id}/phieu", get(pages::slip::show))
        .route(
            "/ho-so/{id}/sua",
            get(pages::amend::show).post(pages::amend::submit),
        )
        .route(
            "/ho-so/{id}/{method}",
            get(pages::act::show).post(pages::act::submit),
        )
        .route("/health", get(|| async { "ok" }))
        .route("/thong-bao", get(pages::inbox::show))
        .route("/thong-bao/{id}", post(pages::inbox::open))
        .merge(assets())
        .fallback(|| async { error::unknown_page() })
        .layer(from_fn(pages::sign_in::remember_way))
        .layer(RequestBodyLimitLayer::new(FORM_LIMIT))
        // Pages hold personal data, and counters share their computers.
        .layer(SetResponseHeaderLayer::if_not_present(
            header::CACHE_CONTROL,
            HeaderValue::from_static("no-store"),
        ))
        .layer(fixed(header::CONTENT_SECURITY_POLICY, POLICY))
        .layer(fixed(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(fixed(header::REFERRER_POLICY, "same-origin"))
        .with_state(app)
}

fn fixed(name: header::HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value))
}

/// What pages are dressed in; embedded, so that there is nothing to install.
fn assets() -> Router<App> {
    const CSS: &str = "text/css; charset=utf-8";
    const JS: &str = "text/javascript; charset=utf-8";
    let file = |kind, text| get(move || async move { asset(kind, text) });
    Router::new()
        .route(
            "/assets/motcua.css",
            file(CSS, include_str!("../assets/motcua.css")),
        )
        .route(
            "/assets/slip.css",
            file(CSS, include_str!("../assets/slip.css")),
        )
        .route(
            "/assets/motcua.js",
            file(JS, include_str!("../assets/motcua.js")),
        )
}

fn asset(kind: &'static str, body: &'static str) -> impl IntoResponse {
    (
        [
            (header::CONTENT_TYPE, kind),
            (header::CACHE_CONTROL, "no-cache"),
        ],
        body,
    )
}
