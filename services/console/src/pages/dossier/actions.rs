//! The forms of the dossier page: what each action asks.

use proto::account::v1::{Officer, Role};
use proto::dossier::v1 as pb;
use uuid::Uuid;

use super::super::amend;
use super::Attempt;
use crate::form::{Group, Input, mark};

/// An action and its form.
pub(super) struct Action {
    pub(super) method: String,
    pub(super) label: String,
    pub(super) request_id: String,
    /// Whether this is the usual next step: it stands open. The others are folded
    /// and must be opened before they can be sent.
    pub(super) forward: bool,
    /// Whether a folded one is open: it was just refused.
    pub(super) open: bool,
    /// Whether it ends the dossier.
    pub(super) last: bool,
    pub(super) inputs: Vec<Input>,
}

/// Actions that end, return or ask again: never the highlighted button.
const BACKWARD: &[&str] = &[
    "RefuseIntake",
    "AskIntakeSupplement",
    "AskSupplement",
    "ReturnMisrouted",
    "RefuseToSign",
    "RefuseSettlement",
    "SendBack",
    "ExpireIntakeSupplement",
    "ExpireSupplement",
    "Withdraw",
    "Stop",
    "Extend",
    "AttachDraft",
];

/// Actions that nothing undoes.
const LAST: &[&str] = &[
    "RefuseIntake",
    "RefuseSettlement",
    "ExpireIntakeSupplement",
    "ExpireSupplement",
    "Withdraw",
    "Stop",
];

/// The forms for what the officer may do, the usual next step first; the one
/// that was refused just now holds what was typed.
pub(super) fn actions(
    d: &pb::Dossier,
    officers: &[Officer],
    fresh: impl Fn() -> Uuid,
    attempt: Option<&Attempt>,
) -> Vec<Action> {
    let assigned = d.state() != pb::State::AwaitingAssignment;
    // To assign again is no step forward.
    let is_back = |method: &str| BACKWARD.contains(&method) || method == "Assign" && assigned;
    // Without a draft, the draft is what the step is about.
    let drafting = d.drafts.is_empty() && d.actions.iter().all(|a| is_back(&a.method));
    let mut all: Vec<Action> = d
        .actions
        .iter()
        // It has a page of its own.
        .filter(|a| a.method != amend::METHOD)
        .map(|a| {
            let forward = !is_back(&a.method) || drafting && a.method == "AttachDraft";
            let tried = attempt.filter(|t| t.method == a.method);
            Action {
                inputs: filled(inputs(&a.method, d, officers), &a.method, tried),
                label: a.label.clone(),
                request_id: fresh().to_string(),
                forward,
                open: tried.is_some(),
                last: LAST.contains(&a.method.as_str()),
                method: a.method.clone(),
            }
        })
        .collect();
    all.sort_by_key(|a| (!a.forward, a.last));
    all
}

/// With ids of their own, and with what was typed and is wrong.
fn filled(inputs: Vec<Input>, method: &str, tried: Option<&Attempt>) -> Vec<Input> {
    let mut inputs: Vec<Input> = inputs
        .into_iter()
        .map(|input| Input {
            id: format!("{method}-{}", input.name),
            wide: true,
            ..input
        })
        .collect();
    if let Some(tried) = tried {
        for input in &mut inputs {
            // A fact is what the page knows now, not what it knew then.
            if input.text.is_empty() {
                input.value = tried.fields.text(input.name);
            }
        }
        mark(&mut inputs, &tried.wrong);
    }
    inputs
}

fn inputs(method: &str, d: &pb::Dossier, officers: &[Officer]) -> Vec<Input> {
    let reason = |label| Input::area("reason", label);
    let ground =
        || Input::line("ground", "Căn cứ pháp lý").hint("Điều, khoản của văn bản quy định.");
    match method {
        "AskIntakeSupplement" | "AskSupplement" => vec![
            Input::area("items", "Giấy tờ cần bổ sung").hint("Mỗi giấy tờ một dòng."),
            reason("Lý do, ghi cho người nộp đọc"),
        ],
        "RefuseIntake" => vec![reason("Lý do, ghi cho người nộp đọc"), ground()],
        "Stop" => vec![reason("Lý do"), ground()],
        "ReturnMisrouted" => vec![ground()],
        "SendBack" => vec![reason("Lý do, ghi cho bước trước đọc")],
        "ExpireIntakeSupplement" | "ExpireSupplement" => {
            vec![reason("Lý do, ghi cho người nộp đọc")]
        }
        "RefuseToSign" => vec![reason("Lý do, ghi cho người trình đọc")],
        "RefuseSettlement" | "Withdraw" => vec![reason("Lý do")],
        "Assign" => vec![Input::choice("person", "Giao cho", people(officers))],
        "CompleteStep" => vec![Input::area("note", "Ý kiến").optional()],
        "AttachDraft" => vec![
            Input::line("title", "Tên dự thảo").keys("text", 200),
            Input::area("content", "Nội dung dự thảo"),
        ],
        "SubmitForSignature" => vec![draft(d, "draft", "Dự thảo trình ký", |x| {
            x.id.clone()
        })],
        "Sign" => vec![draft(d, "digest", "Dự thảo sẽ ký", |x| {
            x.digest.clone()
        })],
        "Issue" => vec![
            Input::line("number", "Số, ký hiệu văn bản")
                .hint("Ví dụ: 15/TLKS-BS.")
                .keys("text", 100),
        ],
        "ReturnResult" => {
            let name = d.applicant.as_ref().map(|a| a.full_name.clone());
            vec![
                Input::line("taker", "Người nhận kết quả")
                    .with(name.unwrap_or_default())
                    .keys("text", 200),
            ]
        }
        "Extend" => vec![
            Input {
                kind: crate::form::Kind::Instant,
                ..Input::line("new_due", "Hẹn lại vào")
            },
            reason("Lý do, ghi trong văn bản xin lỗi"),
        ],
        _ => Vec::new(),
    }
}

/// Who works on dossiers first, then the others of the unit.
fn people(officers: &[Officer]) -> Vec<Group> {
    let processing = |o: &&Officer| o.roles().any(|role| role == Role::Processing);
    let option = |o: &Officer| (o.name.clone(), who(o));
    let group = |label, options: Vec<_>| Group { label, options };
    vec![
        group("", vec![(String::new(), "Chọn người…".to_owned())]),
        group(
            "Cán bộ thụ lý",
            officers.iter().filter(processing).map(option).collect(),
        ),
        group(
            "Người khác trong đơn vị",
            officers
                .iter()
                .filter(|o| !processing(o))
                .map(option)
                .collect(),
        ),
    ]
}

/// Name, post and room of an officer, none of them twice.
pub(super) fn who(o: &Officer) -> String {
    let mut text = o.full_name.clone();
    if !o.title.is_empty() && !text.contains(&o.title) {
        text = format!("{text}, {}", o.title);
    }
    // `Phòng Kinh tế – Xã Mai Phụ`: within the unit its room is enough.
    let room = o.unit_name.split(" – ").next().unwrap_or_default();
    if room.is_empty() || text.contains(room) {
        text
    } else {
        format!("{text}, {room}")
    }
}

/// The only draft is told; of several, the newest is proposed.
fn draft(
    d: &pb::Dossier,
    name: &'static str,
    label: &'static str,
    value: impl Fn(&pb::Draft) -> String,
) -> Input {
    match d.drafts.as_slice() {
        [only] => Input::fact(name, label, value(only), only.title.clone()),
        several => {
            let option = |x: &pb::Draft| (value(x), format!("{} ({}…)", x.title, short(&x.digest)));
            let options: Vec<_> = several.iter().rev().map(option).collect();
            let newest = options.first().map(|o| o.0.clone()).unwrap_or_default();
            let group = Group {
                label: "Mới nhất ở trên",
                options,
            };
            Input::choice(name, label, vec![group]).with(newest)
        }
    }
}

fn short(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn officer(name: &str, title: &str, role: Role) -> Officer {
        Officer {
            name: format!("people/{name}"),
            full_name: name.to_owned(),
            title: title.to_owned(),
            unit_name: "Văn phòng – Xã Mai Phụ".to_owned(),
            roles: vec![role.into()],
            ..Officer::default()
        }
    }

    #[test]
    fn those_who_work_on_dossiers_are_offered_first() {
        let officers = [
            officer("An", "Chủ tịch", Role::Leader),
            officer("Bình", "Chuyên viên", Role::Processing),
        ];
        let groups = people(&officers);
        assert_eq!(groups[1].options[0].1, "Bình, Chuyên viên, Văn phòng");
        assert_eq!(groups[2].options[0].0, "people/An");
    }

    #[test]
    fn what_ends_a_dossier_is_folded_and_comes_last() {
        let act = |method: &str| pb::AvailableAction {
            method: method.to_owned(),
            label: method.to_owned(),
        };
        let dossier = pb::Dossier {
            actions: vec![act("Withdraw"), act("Extend"), act("CompleteStep")],
            ..pb::Dossier::default()
        };
        let all = actions(&dossier, &[], Uuid::nil, None);
        let order: Vec<_> = all
            .iter()
            .map(|a| (a.method.as_str(), !a.forward))
            .collect();
        assert_eq!(
            order,
            [
                ("CompleteStep", false),
                ("Extend", true),
                ("Withdraw", true)
            ]
        );
    }

    #[test]
    fn a_signer_sees_the_draft_and_types_no_digest() {
        let dossier = pb::Dossier {
            drafts: vec![pb::Draft {
                id: "1".into(),
                title: "Trích lục khai sinh".into(),
                digest: "ab".repeat(32),
            }],
            ..pb::Dossier::default()
        };
        let input = &inputs("Sign", &dossier, &[])[0];
        assert!(input.kind == crate::form::Kind::Fact);
        assert_eq!(input.text, "Trích lục khai sinh");
        assert_eq!(input.value, "ab".repeat(32));
    }
}
