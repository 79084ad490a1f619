//! Who asks: the verified caller, as every rule sees it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::ids::{PersonId, PostId, SessionId, UnitId};

/// A role (*vai trò*) that a post carries (`domain.md` §8 lists what each may
/// and may not do).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Công chức tiếp nhận và trả kết quả: checks, accepts, hands out.
    Reception,
    /// Cán bộ thụ lý: appraises, drafts.
    Processing,
    /// Lãnh đạo phòng: assigns, reviews.
    DivisionHead,
    /// Lãnh đạo UBND/sở: signs, refuses to sign.
    Leader,
    /// Văn thư: numbers, seals, issues.
    Clerk,
    /// Quản trị đơn vị: posts and people of one unit.
    UnitAdmin,
    /// Quản trị nghiệp vụ tỉnh (KSTTHC): procedures, processes, calendars.
    ProvinceAdmin,
    /// Quản trị kỹ thuật: runs the system, reads no dossier.
    TechnicalAdmin,
    /// Trung tâm PVHCC tỉnh: monitors every unit.
    Monitor,
    /// Kiểm tra, giám sát: read-only.
    Inspector,
}

/// Who is calling.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Principal {
    /// A person.
    Person(PersonId),
    /// One of our services, by name.
    Service(String),
    /// A partner system, by its client id.
    Partner(String),
}

/// The post in which a person acts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActingPost {
    /// The post.
    pub id: PostId,
    /// The unit that the post belongs to.
    pub unit: UnitId,
    /// From the province down to `unit`, both included.
    pub unit_path: Vec<UnitId>,
    /// The roles of the post.
    pub roles: BTreeSet<Role>,
}

/// The verified caller of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// Who.
    pub principal: Principal,
    /// The post acted in; only a person has one.
    pub post: Option<ActingPost>,
    /// The sign-in session of a person.
    pub session: Option<SessionId>,
    /// The grant epoch under which the token was made.
    pub epoch: i64,
    /// What a partner may do.
    pub scopes: BTreeSet<String>,
}

impl Actor {
    /// The actor as event logs name it: `person:<uuid>/post:<uuid>`,
    /// `service:<name>` or `partner:<id>`.
    pub fn label(&self) -> String {
        match (&self.principal, &self.post) {
            (Principal::Person(id), Some(post)) => format!("person:{id}/post:{}", post.id),
            (Principal::Person(id), None) => format!("person:{id}"),
            (Principal::Service(name), _) => format!("service:{name}"),
            (Principal::Partner(id), _) => format!("partner:{id}"),
        }
    }

    /// Whether the acting post has the role.
    pub fn has(&self, role: Role) -> bool {
        self.post.as_ref().is_some_and(|p| p.roles.contains(&role))
    }
}
