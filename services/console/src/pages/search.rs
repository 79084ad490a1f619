//! Finding a dossier by code, name without accents, or telephone.

use askama::Template;
use axum::extract::{Query, State};
use proto::dossier::v1::ListDossiersRequest;

use super::{Fields, Page, render};
use crate::App;
use crate::frame::Frame;
use crate::view::Row;

#[derive(Template)]
#[template(path = "search.html")]
struct Search {
    frame: Frame,
    query: String,
    rows: Vec<Row>,
    next: Option<String>,
}

pub(crate) async fn show(
    State(app): State<App>,
    frame: Frame,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Page {
    let fields = Fields::of(pairs);
    let query = fields.text("q");
    let mut request = asked(&query);
    request.page_token = fields.text("trang");
    let list = app.backends.list(&frame.access, request).await?;
    let rows = list.dossiers.iter().map(Row::of).collect();
    let next = (!list.next_page_token.is_empty()).then(|| {
        format!(
            "/ho-so?q={}&trang={}",
            escape(&query),
            escape(&list.next_page_token)
        )
    });
    render(&Search {
        frame,
        query,
        rows,
        next,
    })
}

/// Ten digits are a telephone; a code has digits and a dash; the rest is a name.
fn asked(query: &str) -> ListDossiersRequest {
    let digits = query.chars().filter(char::is_ascii_digit).count();
    let mut request = ListDossiersRequest {
        page_size: 50,
        ..Default::default()
    };
    if query.is_empty() {
        return request;
    }
    if digits == query.chars().count() && digits == 10 {
        query.clone_into(&mut request.phone);
    } else if digits > 0 && query.is_ascii() && !query.contains(' ') {
        query.clone_into(&mut request.code);
    } else {
        query.clone_into(&mut request.applicant_name);
    }
    request
}

/// Percent-encodes everything but the unreserved characters.
fn escape(text: &str) -> String {
    text.bytes()
        .fold(String::with_capacity(text.len()), |mut out, b| {
            if b.is_ascii_alphanumeric() || b"-._~".contains(&b) {
                out.push(char::from(b));
            } else {
                out.push_str(&format!("%{b:02X}"));
            }
            out
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_decides_what_is_searched() {
        assert_eq!(asked("0912345678").phone, "0912345678");
        assert_eq!(asked("H27.TAM.18583-261124").code, "H27.TAM.18583-261124");
        assert_eq!(asked("nguyen van an").applicant_name, "nguyen van an");
    }

    #[test]
    fn a_query_survives_its_link() {
        assert_eq!(escape("Đỗ a"), "%C4%90%E1%BB%97%20a");
    }
}
