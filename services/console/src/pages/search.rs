//! Finding a dossier by code, name without accents, or telephone; and the lists
//! behind the numbers of the home page.

use askama::Template;
use axum::extract::{Query, State};
use proto::dossier::v1::{ListDossiersRequest, State as Stage};

use super::{Fields, Page, render};
use crate::App;
use crate::frame::Frame;
use crate::view::{Row, escape};

#[derive(Template)]
#[template(path = "search.html")]
struct Search {
    frame: Frame,
    heading: &'static str,
    query: String,
    list: String,
    rows: Vec<Row>,
    next: Option<String>,
}

/// A day, within which something is due soon.
const SOON: i64 = 24 * 3600;
/// The year 9999: every due date is before it.
const NEVER: i64 = 253_402_300_000;

pub(crate) async fn show(
    State(app): State<App>,
    frame: Frame,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Page {
    let fields = Fields::of(pairs);
    let (query, list) = (fields.text("q"), fields.text("loc"));
    let mut request = asked(&query);
    let heading = narrowed(&mut request, &list, app.clock.now().timestamp());
    request.page_token = fields.text("trang");
    let found = app.backends.list(&frame.access, request).await?;
    let rows = found.dossiers.iter().map(Row::of).collect();
    let next = (!found.next_page_token.is_empty()).then(|| {
        format!(
            "/ho-so?q={}&loc={}&trang={}",
            escape(&query),
            escape(&list),
            escape(&found.next_page_token)
        )
    });
    render(&Search {
        frame,
        heading,
        query,
        list,
        rows,
        next,
    })
}

/// Narrows to one of the lists of the home page and answers its heading. The
/// instant is cut to the minute: the pages of a list belong to one question.
fn narrowed(request: &mut ListDossiersRequest, list: &str, now: i64) -> &'static str {
    let minute = now - now.rem_euclid(60);
    let before = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
    match list {
        "dang-giai-quyet" => {
            request.due_before = before(NEVER);
            "Đang giải quyết"
        }
        "sap-den-han" => {
            request.due_before = before(minute + SOON);
            "Đến hạn trong một ngày, kể cả đã quá hạn"
        }
        "qua-han" => {
            request.due_before = before(minute);
            "Quá hạn"
        }
        "cho-tra" => {
            request.states = vec![Stage::ResultReady.into()];
            "Chờ trả kết quả"
        }
        _ => "Tra cứu hồ sơ",
    }
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
        request.code = query.to_ascii_uppercase();
    } else {
        query.clone_into(&mut request.applicant_name);
    }
    request
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_decides_what_is_searched() {
        assert_eq!(asked("0912345678").phone, "0912345678");
        assert_eq!(asked("h27.tam.18583-261124").code, "H27.TAM.18583-261124");
        assert_eq!(asked("nguyen van an").applicant_name, "nguyen van an");
    }

    #[test]
    fn the_pages_of_a_list_within_a_minute_ask_the_same() {
        let mut one = ListDossiersRequest::default();
        let mut other = ListDossiersRequest::default();
        narrowed(&mut one, "qua-han", 120);
        narrowed(&mut other, "qua-han", 179);
        assert_eq!(one, other);
    }
}
