//! What a page answers when it cannot answer.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use runtime::failure::Failure;
use tonic::{Code, Status};

/// Why a page could not be shown.
#[derive(Debug)]
pub(crate) enum Problem {
    /// Nobody is signed in.
    SignIn,
    /// The form is not one of this session's.
    ForeignForm,
    /// A service refused or is away.
    Refused(Box<Status>),
    /// A page of ours failed.
    Broken,
}

impl From<Status> for Problem {
    fn from(status: Status) -> Self {
        if status.code() == Code::Unauthenticated {
            return Self::SignIn;
        }
        Self::Refused(Box::new(status))
    }
}

impl From<askama::Error> for Problem {
    fn from(error: askama::Error) -> Self {
        tracing::error!(%error, "a page did not render");
        Self::Broken
    }
}

#[derive(Template)]
#[template(path = "problem.html")]
struct Page {
    heading: &'static str,
    text: String,
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, heading, text) = match self {
            Self::SignIn => return Redirect::to("/dang-nhap").into_response(),
            Self::ForeignForm => (
                StatusCode::FORBIDDEN,
                "Biểu mẫu đã cũ",
                "Hãy mở lại trang và nhập lại.".to_owned(),
            ),
            Self::Refused(status) => (
                match status.code() {
                    Code::NotFound => StatusCode::NOT_FOUND,
                    Code::PermissionDenied => StatusCode::FORBIDDEN,
                    Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
                    _ => StatusCode::UNPROCESSABLE_ENTITY,
                },
                "Không thực hiện được",
                message(&status),
            ),
            Self::Broken => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "Hệ thống gặp lỗi",
                "Xin thử lại; nếu vẫn lỗi, báo bộ phận hỗ trợ.".to_owned(),
            ),
        };
        let page = Page { heading, text }.render().unwrap_or_default();
        (status, Html(page)).into_response()
    }
}

/// An address that is no page or action of ours.
pub(crate) fn unknown_action() -> Problem {
    Problem::Refused(Box::new(Status::not_found("no such action")))
}

/// What a refusal says to a person: the service's own Vietnamese text.
pub(crate) fn message(status: &Status) -> String {
    Failure::from_status(status).message().to_owned()
}

/// The refusal's lines, one a wrong field where there are any.
pub(crate) fn lines(status: &Status) -> Vec<String> {
    let failure = Failure::from_status(status);
    if failure.fields().is_empty() {
        return vec![failure.message().to_owned()];
    }
    failure
        .fields()
        .iter()
        .map(|f| format!("{}: {}", f.field, f.message))
        .collect()
}
