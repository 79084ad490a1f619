//! What a page answers when it cannot answer.

use std::collections::BTreeMap;

use askama::Template;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use runtime::failure::{Failure, Reason};
use tonic::{Code, Status};

/// Where one signs in.
pub(crate) const SIGN_IN: &str = "/dang-nhap";

/// Why a page could not be shown.
#[derive(Debug)]
pub(crate) enum Problem {
    /// Nobody is signed in.
    SignIn,
    /// The form is not one of this session's.
    ForeignForm,
    /// A service refused or is away.
    Refused(Box<Status>),
    /// A service is away, and this is what it should have been sent.
    Unsent(Box<Unsent>),
    /// A page of ours failed.
    Broken,
}

/// A form that reached nobody: sent again as it is, under the same key.
#[derive(Debug)]
pub(crate) struct Unsent {
    pub(crate) action: String,
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) status: Status,
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
    /// A link that asks for the same page again.
    again: bool,
    unsent: Option<(String, Vec<(String, String)>)>,
}

impl Page {
    fn told(heading: &'static str, text: impl Into<String>) -> Self {
        Self {
            heading,
            text: text.into(),
            again: false,
            unsent: None,
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, page) = match self {
            Self::SignIn => return Redirect::to(SIGN_IN).into_response(),
            Self::ForeignForm => (
                StatusCode::FORBIDDEN,
                Page::told(
                    "Biểu mẫu đã cũ",
                    "Biểu mẫu này không thuộc phiên làm việc hiện tại. Hãy mở lại trang và nhập lại.",
                ),
            ),
            Self::Refused(status) => {
                let page = Page {
                    again: is_away(&status),
                    ..Page::told(heading(&status), message(&status))
                };
                (http(&status), page)
            }
            Self::Unsent(unsent) => {
                let text = format!(
                    "{} Những gì đã nhập vẫn còn nguyên, bấm Gửi lại để thử lần nữa; hồ sơ không bị ghi hai lần.",
                    message(&unsent.status)
                );
                let page = Page {
                    unsent: Some((unsent.action, unsent.fields)),
                    ..Page::told("Chưa gửi được", text)
                };
                (http(&unsent.status), page)
            }
            Self::Broken => (
                StatusCode::INTERNAL_SERVER_ERROR,
                Page::told(
                    "Hệ thống gặp lỗi",
                    "Xin thử lại; nếu vẫn lỗi, báo bộ phận hỗ trợ.",
                ),
            ),
        };
        (status, Html(page.render().unwrap_or_default())).into_response()
    }
}

/// What a refusal's page is called and coded; the rest is what a form refuses.
const PAGES: &[(Code, StatusCode, &str)] = &[
    (Code::NotFound, StatusCode::NOT_FOUND, "Không tìm thấy"),
    (
        Code::PermissionDenied,
        StatusCode::FORBIDDEN,
        "Không có quyền",
    ),
    (Code::Aborted, StatusCode::CONFLICT, "Đã có thay đổi"),
    (
        Code::ResourceExhausted,
        StatusCode::TOO_MANY_REQUESTS,
        "Xin chờ giây lát",
    ),
    (
        Code::Unavailable,
        StatusCode::SERVICE_UNAVAILABLE,
        "Dịch vụ đang gián đoạn",
    ),
    (
        Code::DeadlineExceeded,
        StatusCode::SERVICE_UNAVAILABLE,
        "Dịch vụ đang gián đoạn",
    ),
    (
        Code::Internal,
        StatusCode::INTERNAL_SERVER_ERROR,
        "Hệ thống gặp lỗi",
    ),
];

fn heading(status: &Status) -> &'static str {
    let page = PAGES.iter().find(|page| page.0 == status.code());
    page.map_or("Không thực hiện được", |page| page.2)
}

/// The code of the page that tells a refusal.
pub(crate) fn http(status: &Status) -> StatusCode {
    let page = PAGES.iter().find(|page| page.0 == status.code());
    page.map_or(StatusCode::UNPROCESSABLE_ENTITY, |page| page.1)
}

/// An address that is no page or action of ours.
pub(crate) fn unknown_page() -> Problem {
    Problem::Refused(Box::new(Status::not_found("no such page")))
}

/// What a refusal says to a person: the service's own Vietnamese text, and the
/// number by which support finds the incident.
pub(crate) fn message(status: &Status) -> String {
    let failure = Failure::from_status(status);
    match failure.metadata("incident") {
        Some(incident) => format!("{} Mã sự cố: {incident}.", failure.message()),
        None => failure.message().to_owned(),
    }
}

/// Whether the same form, sent again, may get through.
pub(crate) fn is_away(status: &Status) -> bool {
    Failure::from_status(status).is_transient()
}

/// Whether somebody else was faster.
pub(crate) fn is_stale(status: &Status) -> bool {
    Failure::from_status(status).reason() == Reason::StaleEtag
}

/// What is wrong with each field, by the last name of its path that a form
/// knows: `applicant.full_name` is `full_name`, `items.what` is `items`.
pub(crate) fn wrong(status: &Status) -> BTreeMap<String, String> {
    let mut wrong = BTreeMap::new();
    for violation in Failure::from_status(status).fields() {
        let path = violation.field.as_str();
        let path = path.strip_prefix("applicant.").unwrap_or(path);
        let name = path.split('.').next().unwrap_or(path).to_owned();
        // The first word on a field is enough to mend it.
        wrong
            .entry(name)
            .or_insert_with(|| sentence(&violation.message));
    }
    wrong
}

/// A fragment as a sentence: `không khớp` becomes `Không khớp.`
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first: String = letters
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .collect();
    format!("{first}{}.", letters.as_str().trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use runtime::FieldViolation;

    use super::*;

    #[test]
    fn a_wrong_field_is_told_by_the_name_that_the_form_has() {
        let failure = Failure::invalid(vec![
            FieldViolation::new("applicant.full_name", "không được để trống"),
            FieldViolation::new("parts.number", "thành phần số 1 bị lặp"),
            FieldViolation::new("parts", "khác"),
        ]);
        let wrong = wrong(&failure.into());
        assert_eq!(wrong["full_name"], "Không được để trống.");
        assert_eq!(wrong["parts"], "Thành phần số 1 bị lặp.");
    }

    #[tokio::test]
    async fn a_form_that_reached_nobody_can_be_sent_again_as_it_was() {
        let unsent = Unsent {
            action: "/tiep-nhan/tt-0001".to_owned(),
            fields: vec![
                ("request_id".to_owned(), "a-key".to_owned()),
                ("full_name".to_owned(), "\"Đặng\" <b>".to_owned()),
            ],
            status: Failure::unavailable("dossier").into(),
        };
        let answer = Problem::Unsent(Box::new(unsent)).into_response();
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        let body = axum::body::to_bytes(answer.into_body(), 100_000).await;
        let page = String::from_utf8(body.unwrap().to_vec()).unwrap();
        assert!(page.contains("action=\"/tiep-nhan/tt-0001\""), "{page}");
        assert!(
            page.contains("name=\"request_id\" value=\"a-key\""),
            "{page}"
        );
        // What was typed comes back as text and as nothing else.
        assert!(!page.contains("<b>"), "{page}");
        assert!(page.contains("Đặng"), "{page}");
    }

    #[test]
    fn an_incident_is_told_with_its_number() {
        let text = message(&Failure::bug("broken").into());
        assert!(text.contains("Mã sự cố: "), "{text}");
    }
}
