//! Messages to values. Every wrong field of a request is told at once.

use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use domain::ids::UnitId;
use domain::text::nfc;
use domain::working_time;
use proto::dossier::v1 as pb;
use proto::workflow::v1::ExplainDueResponse;
use runtime::FieldViolation;
use uuid::Uuid;

use crate::app::App;
use crate::app::submit::{Applicant, Submission};
use crate::error::Error;
use domain::case_file::{Channel, Part};

/// No case asks for more parts than this.
const PARTS: usize = 60;
/// No request for supplement has more lines than this.
const ITEMS: usize = 50;

/// Gathers what is wrong.
#[derive(Default)]
pub(super) struct Wrong(Vec<FieldViolation>);

impl Wrong {
    pub(super) fn say(&mut self, field: &str, why: impl Into<String>) {
        self.0.push(FieldViolation::new(field, why));
    }

    pub(super) fn into_fields(self) -> Vec<FieldViolation> {
        self.0
    }

    /// Nothing was wrong, or everything that was.
    pub(super) fn end(self) -> Result<(), Error> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(self.into())
        }
    }

    pub(super) fn uuid(&mut self, field: &str, text: &str) -> Uuid {
        text.parse().unwrap_or_else(|_| {
            self.say(field, "phải là một UUID");
            Uuid::nil()
        })
    }

    /// The id behind a resource name.
    pub(super) fn resource(&mut self, field: &str, prefix: &str, name: &str) -> Uuid {
        name.strip_prefix(prefix)
            .and_then(|id| id.parse().ok())
            .unwrap_or_else(|| {
                self.say(field, format!("phải có dạng {prefix}<UUID>"));
                Uuid::nil()
            })
    }

    /// The key behind a resource name: letters, digits, dots and dashes.
    pub(super) fn key(&mut self, field: &str, prefix: &str, name: &str) -> String {
        let key = name.strip_prefix(prefix).unwrap_or_default();
        let ok = (1..=64).contains(&key.chars().count())
            && key
                .chars()
                .all(|c| c.is_alphanumeric() || ".-_".contains(c));
        if !ok {
            self.say(field, format!("phải có dạng {prefix}<mã>"));
        }
        key.to_owned()
    }

    /// NFC text without control characters, from `least` to `most` characters.
    pub(super) fn text(&mut self, field: &str, text: &str, least: usize, most: usize) -> String {
        let text = nfc(text.trim());
        let length = text.chars().count();
        if length < least {
            self.say(field, "không được để trống");
        } else if length > most {
            self.say(field, format!("không được dài quá {most} ký tự"));
        } else if text.chars().any(is_invisible) {
            self.say(field, "có ký tự điều khiển");
        }
        text
    }

    /// As [`Wrong::text`], on one line: names, codes, numbers.
    pub(super) fn line(&mut self, field: &str, text: &str, least: usize, most: usize) -> String {
        let said = self.0.len();
        let text = self.text(field, text, least, most);
        if self.0.len() == said && text.contains(['\n', '\t']) {
            self.say(field, "phải nằm trên một dòng");
        }
        text
    }

    pub(super) fn digest(&mut self, field: &str, text: &str) -> String {
        if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            self.say(field, "phải là SHA-256 dạng thập lục phân");
        }
        text.to_ascii_lowercase()
    }

    pub(super) fn instant(
        &mut self,
        field: &str,
        at: Option<&prost_types::Timestamp>,
    ) -> DateTime<Utc> {
        let known =
            at.and_then(|t| DateTime::from_timestamp(t.seconds, u32::try_from(t.nanos).ok()?));
        if known.is_none() {
            self.say(field, "phải là một thời điểm");
        }
        domain::clock::to_micros(known.unwrap_or(DateTime::UNIX_EPOCH))
    }
}

/// Today in Vietnam.
pub(super) fn today(app: &App) -> Result<NaiveDate, Error> {
    Ok(working_time::local(app.clock.now())?.date())
}

/// A submission with its key.
pub(super) fn submission(
    message: &pb::SubmitRequest,
    today: NaiveDate,
) -> Result<(Uuid, Submission), Error> {
    let mut wrong = Wrong::default();
    let request_id = wrong.uuid("request_id", &message.request_id);
    let receiver = wrong.key("receiver", "units/", &message.receiver);
    let decider = (!message.decider.is_empty())
        .then(|| UnitId(wrong.key("decider", "units/", &message.decider)));
    let case = wrong.key("case", "cases/", &message.case);
    let applicant = applicant(&mut wrong, message.applicant.as_ref(), today);
    let parts = parts(&mut wrong, &message.parts);
    let channel = match message.channel() {
        pb::Channel::Counter => Channel::Counter,
        pb::Channel::Post => Channel::Post,
        pb::Channel::Online | pb::Channel::Unspecified => {
            wrong.say("channel", "tại quầy chỉ nhận trực tiếp hoặc qua bưu chính");
            Channel::Counter
        }
    };
    wrong.end()?;
    let submission = Submission {
        receiver: UnitId(receiver),
        decider,
        case,
        applicant,
        parts,
        channel,
        rehearsal: message.rehearsal,
        filing: None,
    };
    Ok((request_id, submission))
}

/// An applicant.
pub(super) fn applicant(
    wrong: &mut Wrong,
    message: Option<&pb::Applicant>,
    today: NaiveDate,
) -> Applicant {
    let empty = pb::Applicant::default();
    let a = message.unwrap_or_else(|| {
        wrong.say("applicant", "thiếu chủ hồ sơ");
        &empty
    });
    let full_name = wrong.line("applicant.full_name", &a.full_name, 1, 200);
    if !full_name.is_empty() && !full_name.chars().any(char::is_alphabetic) {
        wrong.say("applicant.full_name", "phải có chữ cái");
    }
    let birth = birth(wrong, &a.birth_date, today);
    let id_number = id_number(wrong, a.id_number.trim(), birth);
    let phone = a.phone.trim().to_owned();
    let phone_ok = phone.len() == 10 && phone.starts_with('0') && is_digits(&phone);
    if !phone.is_empty() && !phone_ok {
        wrong.say("applicant.phone", "phải có 10 chữ số, bắt đầu bằng 0");
    }
    let email = wrong.line("applicant.email", &a.email, 0, 200);
    let email_ok = email
        .split_once('@')
        .is_some_and(|(who, at)| !who.is_empty() && at.contains('.'));
    if !email.is_empty() && !email_ok {
        wrong.say("applicant.email", "không đúng dạng thư điện tử");
    }
    let address = wrong.text("applicant.address", &a.address, 0, 500);
    Applicant {
        full_name,
        id_number,
        birth_date: a.birth_date.clone(),
        phone,
        email,
        address,
    }
}

/// Control characters, and those that turn the writing's direction or have no
/// width: what is printed would not be what was typed.
fn is_invisible(c: char) -> bool {
    let control = c.is_control() && c != '\n' && c != '\t';
    control
        || matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

fn birth(wrong: &mut Wrong, text: &str, today: NaiveDate) -> Option<NaiveDate> {
    let field = "applicant.birth_date";
    let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
    // One spelling: what is stored is what is compared.
    let date = date.filter(|date| date.to_string() == text);
    match date {
        None => wrong.say(field, "phải là ngày dạng YYYY-MM-DD"),
        Some(date) if date > today => wrong.say(field, "không được ở tương lai"),
        Some(date) if date.year() < 1890 => wrong.say(field, "quá xa trong quá khứ"),
        Some(_) => {}
    }
    date
}

/// Twelve digits whose fourth tells century and sex and whose fifth and sixth
/// tell the year of birth (NĐ 137/2015 art. 13), or nine digits of an old card.
fn id_number(wrong: &mut Wrong, text: &str, birth: Option<NaiveDate>) -> String {
    let field = "applicant.id_number";
    if !is_digits(text) || !matches!(text.len(), 9 | 12) {
        wrong.say(field, "phải có 12 chữ số (hoặc 9 chữ số với CMND cũ)");
    } else if let (12, Some(birth)) = (text.len(), birth) {
        let digit = |at: usize| text.as_bytes().get(at).map_or(0, |b| i32::from(b - b'0'));
        let year = 1900 + digit(3) / 2 * 100 + digit(4) * 10 + digit(5);
        if year != birth.year() {
            wrong.say(field, "không khớp với năm sinh");
        }
    }
    text.to_owned()
}

/// The parts that are handed in.
pub(super) fn parts(wrong: &mut Wrong, parts: &[pb::Part]) -> Vec<Part> {
    if parts.len() > PARTS {
        wrong.say("parts", format!("không được quá {PARTS} thành phần"));
        return Vec::new();
    }
    let mut numbers = std::collections::BTreeSet::new();
    for part in parts {
        if !numbers.insert(part.number) {
            wrong.say(
                "parts.number",
                format!("thành phần số {} bị lặp", part.number),
            );
        }
        let counts = (0..=99).contains(&part.originals) && (0..=99).contains(&part.copies);
        if !counts || part.originals == 0 && part.copies == 0 {
            wrong.say(
                "parts",
                format!("số bản của thành phần {} phải từ 1 đến 99", part.number),
            );
        }
    }
    parts
        .iter()
        .map(|p| Part {
            number: p.number,
            name: String::new(),
            originals: p.originals,
            copies: p.copies,
        })
        .collect()
}

/// What is wanted in a request for supplement.
pub(super) fn items(wrong: &mut Wrong, items: &[pb::SupplementItem]) -> Vec<String> {
    if items.is_empty() || items.len() > ITEMS {
        wrong.say("items", format!("phải có từ 1 đến {ITEMS} dòng"));
    }
    items
        .iter()
        .take(ITEMS)
        .map(|item| wrong.text("items.what", &item.what, 1, 500))
        .collect()
}

/// The workflow's count on the wire.
pub(super) fn explanation(counted: ExplainDueResponse) -> pb::DueExplanation {
    let skipped = counted.skipped.into_iter().map(|day| pb::SkippedDay {
        date: day.date,
        why: day.why,
    });
    pb::DueExplanation {
        due: counted.due,
        started: counted.started,
        limit: counted.limit,
        counted: counted.counted,
        skipped: skipped.collect(),
        extended: counted.extended,
    }
}

/// How a result is handed out.
pub(super) fn way(wrong: &mut Wrong, way: pb::ReturnWay) -> String {
    match way {
        pb::ReturnWay::Counter => "counter",
        pb::ReturnWay::Post => "post",
        pb::ReturnWay::Electronic => "electronic",
        pb::ReturnWay::Unspecified => {
            wrong.say("way", "phải chọn cách trả kết quả");
            ""
        }
    }
    .to_owned()
}

impl From<Wrong> for Error {
    fn from(wrong: Wrong) -> Self {
        Error::Fields(wrong.into_fields())
    }
}
