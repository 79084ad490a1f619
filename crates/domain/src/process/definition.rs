//! Process definitions: the published step table, completed to what the legal
//! state table needs, and checked against it.

use serde::{Deserialize, Serialize};

use crate::actor::Role;
use crate::dossier::{self, State, Verb};
use crate::ids::UnitId;

/// The kind of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeKind {
    /// Tiếp nhận, kiểm tra.
    Reception,
    /// Chuyển hồ sơ.
    Transfer,
    /// Nhận hồ sơ.
    Receive,
    /// Phân công.
    Assign,
    /// Thẩm định, dự thảo.
    Process,
    /// Xem xét, ký nháy.
    Review,
    /// Họp hội đồng.
    Council,
    /// Phê duyệt; the last one is the signature.
    Approve,
    /// Đóng dấu, phát hành.
    Issue,
    /// Trả kết quả.
    Deliver,
}

/// Which unit holds a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnitRule {
    /// The unit that took the dossier in.
    Receiver,
    /// The unit that decides.
    Decider,
    /// This one.
    Named(UnitId),
}

/// A step as the province's decision prints it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrintedStep {
    /// `B1`, `B2`, …
    pub label: String,
    /// What is done.
    pub action: String,
    /// Its kind.
    pub kind: NodeKind,
    /// Who, in the decision's words.
    pub actor: String,
    /// Working minutes; 0 counts no time.
    pub minutes: u32,
    /// Which unit, where the decision names one that neither receives nor
    /// decides (a provincial approval of a department's case).
    pub unit: Option<UnitId>,
}

/// A task node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// `B1`, …; an implied node has the label of its kind in small letters.
    pub label: String,
    /// What is done.
    pub action: String,
    /// Its kind.
    pub kind: NodeKind,
    /// Who, in the decision's words; empty for an implied node.
    pub actor: String,
    /// The roles that may hold it.
    pub roles: Vec<Role>,
    /// Which unit holds it.
    pub unit: UnitRule,
    /// Working minutes allotted; 0 counts no time.
    pub minutes: u32,
    /// Whether the law needs it though the publication leaves it out.
    pub implied: bool,
    /// The legal state while it is held.
    pub holds: State,
    /// The verb that completes it.
    pub fires: Verb,
}

/// An immutable version of a process: task nodes in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Definition {
    /// Its id, such as `QT.GĐ.01`.
    pub id: String,
    /// Its version, from 1.
    pub version: i32,
    /// Its title.
    pub title: String,
    /// The nodes in order.
    pub nodes: Vec<Node>,
}

/// Why a step table cannot be a process.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DefinitionError {
    /// A step of this kind cannot stand here.
    #[error("bước {label} ({kind:?}) không thể đứng ở vị trí này")]
    OutOfPlace {
        /// The step.
        label: String,
        /// Its kind.
        kind: NodeKind,
    },
    /// The state table knows no such move.
    #[error("bước {label}: bảng trạng thái không cho phép {fires:?} từ {holds:?}")]
    Unlawful {
        /// The step.
        label: String,
        /// The state it holds.
        holds: State,
        /// The verb that it fires.
        fires: Verb,
    },
}

impl Definition {
    /// The process of a procedure for which none is published.
    pub fn standard() -> Self {
        // An empty table cannot have a step out of place.
        Self::completed(
            "tieu-chuan".to_owned(),
            1,
            "Quy trình chuẩn".to_owned(),
            &[],
        )
    }

    /// Makes a process of a printed step table: what the state table needs and
    /// the table leaves out is added as implied nodes without time; the last
    /// approval is the signature, and what comes before it, whatever its name,
    /// stays in settlement.
    pub fn normalise(
        id: &str,
        version: i32,
        title: &str,
        steps: &[PrintedStep],
    ) -> Result<Self, DefinitionError> {
        let order = |s: &PrintedStep| match s.kind {
            NodeKind::Reception => 0,
            NodeKind::Transfer => 1,
            NodeKind::Receive => 2,
            NodeKind::Assign => 3,
            NodeKind::Process | NodeKind::Review | NodeKind::Council => 4,
            NodeKind::Approve => 5,
            NodeKind::Issue => 6,
            NodeKind::Deliver => 7,
        };
        let signature = steps.iter().rposition(|s| s.kind == NodeKind::Approve);
        let mut reached = 0;
        for (at, step) in steps.iter().enumerate() {
            let intermediate = signature.is_some_and(|last| at < last) && order(step) > 4;
            let place = if intermediate { 4 } else { order(step) };
            let twice = place == reached && place != 4 && at > 0;
            if place < reached || twice {
                return Err(DefinitionError::OutOfPlace {
                    label: step.label.clone(),
                    kind: step.kind,
                });
            }
            reached = place;
        }
        let made = Self::completed(id.to_owned(), version, title.to_owned(), steps);
        made.check()?;
        Ok(made)
    }

    fn completed(id: String, version: i32, title: String, steps: &[PrintedStep]) -> Self {
        let signature = steps.iter().rposition(|s| s.kind == NodeKind::Approve);
        let one = |kind| steps.iter().find(|s| s.kind == kind);
        let mut nodes = Vec::new();
        for kind in [
            NodeKind::Reception,
            NodeKind::Transfer,
            NodeKind::Receive,
            NodeKind::Assign,
        ] {
            nodes.push(node(kind, one(kind), kind_of_desk(kind)));
        }
        let work = |(at, s): &(usize, &PrintedStep)| {
            let before = signature.is_none_or(|last| *at < last);
            before
                && matches!(
                    s.kind,
                    NodeKind::Process | NodeKind::Review | NodeKind::Council | NodeKind::Approve
                )
                || s.kind == NodeKind::Issue && signature.is_some_and(|last| *at < last)
        };
        let mut middle: Vec<Node> = steps
            .iter()
            .enumerate()
            .filter(work)
            .map(|(_, s)| node(s.kind, Some(s), (State::Processing, Verb::CompleteStep)))
            .collect();
        if middle.is_empty() {
            middle.push(node(
                NodeKind::Process,
                None,
                (State::Processing, Verb::CompleteStep),
            ));
        }
        if let Some(last) = middle.last_mut() {
            last.fires = Verb::SubmitForSignature;
        }
        nodes.append(&mut middle);
        nodes.push(node(
            NodeKind::Approve,
            signature.and_then(|at| steps.get(at)),
            kind_of_desk(NodeKind::Approve),
        ));
        let issue = steps
            .iter()
            .enumerate()
            .find(|(at, s)| s.kind == NodeKind::Issue && signature.is_none_or(|last| *at > last));
        nodes.push(node(
            NodeKind::Issue,
            issue.map(|(_, s)| s),
            kind_of_desk(NodeKind::Issue),
        ));
        nodes.push(node(
            NodeKind::Deliver,
            one(NodeKind::Deliver),
            kind_of_desk(NodeKind::Deliver),
        ));
        seal_where_signed(&mut nodes);
        Self {
            id,
            version,
            title,
            nodes,
        }
    }

    /// Proves that every node's move is one that the state table allows, and
    /// leads to the state that the next node holds.
    pub fn check(&self) -> Result<(), DefinitionError> {
        for (at, n) in self.nodes.iter().enumerate() {
            let unlawful = || DefinitionError::Unlawful {
                label: n.label.clone(),
                holds: n.holds,
                fires: n.fires,
            };
            let row = dossier::next(n.holds, n.fires).ok_or_else(unlawful)?;
            match self.nodes.get(at.saturating_add(1)) {
                Some(next) if next.holds != row.next => return Err(unlawful()),
                None if row.next != State::Returned => return Err(unlawful()),
                _ => {}
            }
        }
        Ok(())
    }

    /// The index of the first node of a kind that holds a state.
    pub fn find(&self, kind: NodeKind, holds: State) -> Option<usize> {
        self.nodes
            .iter()
            .position(|n| n.kind == kind && n.holds == holds)
    }
}

/// The state that a desk holds and the verb that it fires.
fn kind_of_desk(kind: NodeKind) -> (State, Verb) {
    match kind {
        NodeKind::Reception => (State::Checking, Verb::Accept),
        NodeKind::Transfer => (State::Accepted, Verb::Transfer),
        NodeKind::Receive => (State::InTransit, Verb::Receive),
        NodeKind::Assign => (State::AwaitingAssignment, Verb::Assign),
        NodeKind::Process | NodeKind::Review | NodeKind::Council => {
            (State::Processing, Verb::CompleteStep)
        }
        NodeKind::Approve => (State::AwaitingSignature, Verb::Sign),
        NodeKind::Issue => (State::AwaitingIssue, Verb::Issue),
        NodeKind::Deliver => (State::ResultReady, Verb::ReturnResult),
    }
}

fn node(kind: NodeKind, printed: Option<&PrintedStep>, (holds, fires): (State, Verb)) -> Node {
    let desk = match kind {
        NodeKind::Reception | NodeKind::Transfer | NodeKind::Deliver => UnitRule::Receiver,
        NodeKind::Receive
        | NodeKind::Assign
        | NodeKind::Process
        | NodeKind::Review
        | NodeKind::Council
        | NodeKind::Approve
        | NodeKind::Issue => UnitRule::Decider,
    };
    Node {
        label: printed.map_or_else(|| implied_label(kind).to_owned(), |p| p.label.clone()),
        action: printed.map_or_else(|| implied_action(kind).to_owned(), |p| p.action.clone()),
        kind,
        actor: printed.map(|p| p.actor.clone()).unwrap_or_default(),
        roles: roles(kind, holds),
        unit: printed
            .and_then(|p| p.unit.clone())
            .map_or(desk, UnitRule::Named),
        minutes: printed.map_or(0, |p| p.minutes),
        implied: printed.is_none(),
        holds,
        fires,
    }
}

#[expect(clippy::match_same_arms, reason = "one line a kind of step")]
fn roles(kind: NodeKind, holds: State) -> Vec<Role> {
    match (kind, holds) {
        (NodeKind::Reception | NodeKind::Transfer | NodeKind::Deliver, _) => vec![Role::Reception],
        (NodeKind::Receive, _) => vec![Role::Reception, Role::DivisionHead, Role::Clerk],
        (NodeKind::Assign, _) => vec![Role::DivisionHead, Role::Leader],
        (NodeKind::Process, _) => vec![Role::Processing],
        (NodeKind::Council, _) => vec![Role::Processing, Role::DivisionHead],
        (NodeKind::Review, _) => vec![Role::DivisionHead, Role::Leader],
        (NodeKind::Approve, _) => vec![Role::Leader],
        (NodeKind::Issue, State::AwaitingIssue) => vec![Role::Clerk],
        // A clerk's step on the way to a higher signature is settlement.
        (NodeKind::Issue, _) => vec![Role::Clerk, Role::Processing],
    }
}

fn implied_label(kind: NodeKind) -> &'static str {
    match kind {
        NodeKind::Reception => "tiếp nhận",
        NodeKind::Transfer => "chuyển",
        NodeKind::Receive => "nhận",
        NodeKind::Assign => "phân công",
        NodeKind::Process => "thụ lý",
        NodeKind::Review => "xem xét",
        NodeKind::Council => "hội đồng",
        NodeKind::Approve => "ký",
        NodeKind::Issue => "phát hành",
        NodeKind::Deliver => "trả kết quả",
    }
}

fn implied_action(kind: NodeKind) -> &'static str {
    match kind {
        NodeKind::Reception => "Kiểm tra, tiếp nhận hồ sơ",
        NodeKind::Transfer => "Chuyển hồ sơ đến nơi giải quyết",
        NodeKind::Receive => "Nhận hồ sơ",
        NodeKind::Assign => "Phân công thụ lý",
        NodeKind::Process => "Thẩm định, dự thảo kết quả",
        NodeKind::Review => "Xem xét kết quả thẩm định",
        NodeKind::Council => "Họp hội đồng",
        NodeKind::Approve => "Ký kết quả",
        NodeKind::Issue => "Cấp số, đóng dấu, phát hành",
        NodeKind::Deliver => "Trả kết quả",
    }
}

/// What follows a provincial signature is sealed where it was signed.
fn seal_where_signed(nodes: &mut [Node]) {
    let signed_at = nodes
        .iter()
        .rev()
        .find(|n| n.kind == NodeKind::Approve)
        .map(|n| n.unit.clone());
    for n in nodes
        .iter_mut()
        .filter(|n| n.kind == NodeKind::Issue && n.holds == State::AwaitingIssue)
    {
        if let (true, Some(unit)) = (n.implied, &signed_at) {
            n.unit = unit.clone();
        }
    }
}
