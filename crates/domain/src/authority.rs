//! Authority: may this actor do this to that? One exhaustive decision; deny
//! unless a rule allows. `domain.md` §8 and its *may not* column.
//!
//! The same relation serves lists: what [`Sight`] shows is what `read` allows.

use std::collections::BTreeSet;

use crate::actor::{Actor, Principal, Role};
use crate::dossier::{State, Verb};
use crate::ids::{PersonId, UnitId};
use crate::process::Instance;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// Taking a dossier in at a unit's counter.
    Submit,
    /// Reading one dossier, or seeing it in a list.
    Read,
    /// Attaching a draft result.
    AttachDraft,
    /// Moving it by a verb of the state table.
    Cross(Verb),
}

impl Action {
    /// Every action, for the golden matrix.
    pub fn all() -> Vec<Action> {
        [Action::Submit, Action::Read, Action::AttachDraft]
            .into_iter()
            .chain(Verb::ALL.into_iter().map(Action::Cross))
            .collect()
    }
}

/// How the actor's unit stands to a dossier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Relation {
    /// It has the dossier now.
    Owning,
    /// It took the dossier in.
    Receiving,
    /// It decides.
    Deciding,
    /// It supervises every unit.
    Supervising,
    /// None of these.
    Stranger,
}

/// What is asked about.
#[derive(Clone, Debug)]
pub struct Subject<'a> {
    /// The unit that took it in, or would.
    pub receiver: &'a UnitId,
    /// The unit that decides.
    pub decider: &'a UnitId,
    /// The unit that has it now.
    pub owner: &'a UnitId,
    /// The legal state.
    pub state: State,
    /// The roles of the present task.
    pub task_roles: &'a [Role],
    /// The officer whose task it is.
    pub task_person: Option<PersonId>,
    /// Whether the actor is applicant or owner, or their relative: such an
    /// officer must not handle it.
    pub is_party: bool,
}

impl<'a> Subject<'a> {
    /// The subject that an instance is.
    pub fn of(instance: &'a Instance) -> Self {
        Self {
            receiver: &instance.receiver,
            decider: &instance.decider,
            owner: &instance.owner,
            state: instance.state,
            task_roles: instance
                .task
                .as_ref()
                .map(|t| t.roles.as_slice())
                .unwrap_or_default(),
            task_person: instance.task.as_ref().and_then(|t| t.person),
            is_party: false,
        }
    }
}

/// The answer, with the rule that gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Allowed.
    Allow(&'static str),
    /// Known to the actor, but not allowed.
    Deny(&'static str),
    /// Not even known: answered as *not found*.
    Hidden,
}

impl Decision {
    /// Whether it is allowed.
    pub fn is_allowed(self) -> bool {
        matches!(self, Decision::Allow(_))
    }
}

/// The strongest relations of an actor to a subject; empty for no post.
pub fn relations(actor: &Actor, subject: &Subject<'_>) -> BTreeSet<Relation> {
    let Some(post) = &actor.post else {
        return BTreeSet::new();
    };
    let in_unit = |unit: &UnitId| works_in(&post.unit_path, unit);
    let mut all = BTreeSet::new();
    if in_unit(subject.owner) {
        all.insert(Relation::Owning);
    }
    if in_unit(subject.receiver) {
        all.insert(Relation::Receiving);
    }
    if in_unit(subject.decider) {
        all.insert(Relation::Deciding);
    }
    if actor.has(Role::Monitor) {
        all.insert(Relation::Supervising);
    }
    if all.is_empty() {
        all.insert(Relation::Stranger);
    }
    all
}

/// The province stands above every unit; its own people work in it, not in all.
const PROVINCE_DEPTH: usize = 1;

/// Whether a post with this path works in a unit: the unit itself or one of its
/// sub-units. Being below the province is not working in it.
fn works_in(path: &[UnitId], unit: &UnitId) -> bool {
    match path.iter().position(|u| u == unit) {
        Some(0) => path.len() == PROVINCE_DEPTH,
        Some(_) => true,
        None => false,
    }
}

/// Which dossiers an actor may see at all, for lists: the predicate that a
/// query compiles. Equal to `decide(actor, Action::Read, …)` by construction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sight {
    /// Every dossier.
    All,
    /// Those that one of these units received, decides or has.
    Units(Vec<UnitId>),
    /// None.
    Nothing,
}

/// The sight of an actor.
pub fn sight(actor: &Actor) -> Sight {
    let Some(post) = actor.post.as_ref().filter(|_| reads(actor)) else {
        return Sight::Nothing;
    };
    if actor.has(Role::Monitor) {
        return Sight::All;
    }
    let own = post
        .unit_path
        .iter()
        .filter(|u| works_in(&post.unit_path, u))
        .cloned();
    Sight::Units(own.collect())
}

/// Whether an actor may ask what units have and lack: our own services, and those
/// who look after units or watch them.
pub fn may_watch_units(actor: &Actor) -> bool {
    let watching = [
        Role::UnitAdmin,
        Role::ProvinceAdmin,
        Role::TechnicalAdmin,
        Role::Monitor,
        Role::Inspector,
    ];
    matches!(actor.principal, Principal::Service(_)) || watching.iter().any(|r| actor.has(*r))
}

/// Roles that work on dossiers. A technical or business administrator reads no
/// citizen's file by virtue of the role.
fn reads(actor: &Actor) -> bool {
    [
        Role::Reception,
        Role::Processing,
        Role::DivisionHead,
        Role::Leader,
        Role::Clerk,
        Role::Monitor,
    ]
    .into_iter()
    .any(|role| actor.has(role))
}

/// Decides.
pub fn decide(actor: &Actor, action: Action, subject: &Subject<'_>) -> Decision {
    if !matches!(actor.principal, Principal::Person(_)) {
        return Decision::Deny("only a person in a post acts on a dossier");
    }
    let relations = relations(actor, subject);
    let stranger = relations.is_empty() || relations.contains(&Relation::Stranger);
    if stranger || !reads(actor) {
        return if action == Action::Submit {
            Decision::Deny("a counter takes in for its own unit")
        } else {
            Decision::Hidden
        };
    }
    if action == Action::Read {
        return Decision::Allow("the unit received, decides, has or supervises it");
    }
    if subject.is_party {
        return Decision::Deny("an officer does not handle a dossier of their own");
    }
    let own = |role| relations.contains(&Relation::Owning) && actor.has(role);
    match action {
        Action::Read => Decision::Allow("the unit received, decides, has or supervises it"),
        Action::Submit => allow(
            relations.contains(&Relation::Receiving) && actor.has(Role::Reception),
            "reception takes in at its own counter",
        ),
        Action::AttachDraft => allow(
            subject.state == State::Processing && holds_task(actor, &relations, subject),
            "who has the step drafts",
        ),
        Action::Cross(verb) => cross(verb, actor, &relations, subject, own),
    }
}

fn allow(yes: bool, rule: &'static str) -> Decision {
    if yes {
        Decision::Allow(rule)
    } else {
        Decision::Deny(rule)
    }
}

fn holds_task(actor: &Actor, relations: &BTreeSet<Relation>, subject: &Subject<'_>) -> bool {
    let role = subject.task_roles.iter().any(|role| actor.has(*role));
    let person = match (subject.task_person, &actor.principal) {
        (None, _) => true,
        (Some(officer), Principal::Person(me)) => officer == *me,
        (Some(_), Principal::Service(_) | Principal::Partner(_)) => false,
    };
    relations.contains(&Relation::Owning) && role && person
}

fn cross(
    verb: Verb,
    actor: &Actor,
    relations: &BTreeSet<Relation>,
    subject: &Subject<'_>,
    own: impl Fn(Role) -> bool,
) -> Decision {
    let heads = || own(Role::DivisionHead) || own(Role::Leader);
    let at_counter = || relations.contains(&Relation::Receiving) && actor.has(Role::Reception);
    match verb {
        // Intake: the counter that received it.
        Verb::Amend
        | Verb::AskIntakeSupplement
        | Verb::ReceiveIntakeSupplement
        | Verb::ExpireIntakeSupplement
        | Verb::RefuseIntake
        | Verb::RequireFee
        | Verb::ConfirmFee
        | Verb::Accept
        | Verb::AcceptAndSettle => allow(at_counter(), "the receiving counter decides on intake"),
        // Result: the counter that received it.
        Verb::ReturnResult
        | Verb::RequireResultFee
        | Verb::ConfirmResultFee
        | Verb::HandToPost
        | Verb::ConfirmDelivery
        | Verb::ReturnDelivery => allow(at_counter(), "the receiving counter hands out"),
        // The present step: who holds its task.
        Verb::Transfer
        | Verb::Receive
        | Verb::ReturnMisrouted
        | Verb::CompleteStep
        | Verb::SubmitForSignature
        | Verb::Sign
        | Verb::RefuseToSign
        | Verb::Issue => allow(holds_task(actor, relations, subject), "who has the step"),
        Verb::Assign => allow(heads(), "a head or leader of the unit assigns"),
        // What an officer proposes and does in settlement.
        Verb::SendBack
        | Verb::AskOpinion
        | Verb::CloseOpinion
        | Verb::AskSupplement
        | Verb::CompleteSupplement
        | Verb::RequireFinancialDuty
        | Verb::CompleteFinancialDuty => allow(
            holds_task(actor, relations, subject) || own(Role::DivisionHead),
            "who has the step, or the head",
        ),
        Verb::RefuseSettlement
        | Verb::ExpireSupplement
        | Verb::Suspend
        | Verb::Resume
        | Verb::Extend
        | Verb::Stop => allow(own(Role::Leader), "a leader of the unit decides"),
        Verb::Withdraw if subject.state.is_before_acceptance() => allow(
            at_counter(),
            "the receiving counter takes a withdrawal before acceptance",
        ),
        Verb::Withdraw => allow(heads(), "after acceptance a head or leader consents"),
        Verb::Recall => allow(at_counter(), "the sender recalls"),
        Verb::Correct => allow(own(Role::Clerk), "the clerk corrects"),
        Verb::SubmitOnline | Verb::SubmitAtCounter | Verb::HandOverUnit => {
            Decision::Deny("no officer's verb on a single dossier")
        }
    }
}
