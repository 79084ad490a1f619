//! Lists: one predicate for what an actor may see, the filters, keyset pages.

use domain::actor::Actor;
use domain::actor::Principal;
use domain::authority::{Sight, sight};
use sea_orm::sea_query::{
    Condition, Expr, ExprTrait as _, LikeExpr, Order, Query, SelectStatement, UnionType,
};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, PaginatorTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _, QueryTrait as _, Select,
};
use storage::StorageError;
use uuid::Uuid;

use super::entity::dossier::{Column, Entity};
use super::files::{Stored, name_of, stored};

/// What a list asks for. Empty fields ask for nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    /// The code begins so.
    pub(crate) code: String,
    /// Words of the applicant's name, folded.
    pub(crate) name_words: Vec<String>,
    /// Keyed index of the telephone.
    pub(crate) phone_index: Option<Vec<u8>>,
    /// This unit receives, decides or has it.
    pub(crate) unit: String,
    /// In one of these states.
    pub(crate) states: Vec<String>,
    /// Waiting for the actor.
    pub(crate) mine: bool,
    /// Accepted and not settled yet, whether or not a date is promised.
    pub(crate) open: bool,
    /// Due before this instant, in microseconds.
    pub(crate) due_before: Option<i64>,
}

/// The key of the last row of a page.
pub(crate) type Key = (i64, Uuid);

/// A page in order of due date, then id.
pub(crate) async fn page<C: ConnectionTrait>(
    conn: &C,
    actor: &Actor,
    filter: &Filter,
    after: Option<Key>,
    limit: u64,
) -> Result<Vec<Stored>, StorageError> {
    let asked = beyond(asked(actor, filter), after);
    let query = match anchors(actor, filter) {
        Some(units) => Entity::find().filter(Column::Id.in_subquery(first(&asked, &units, limit))),
        None => asked,
    };
    let rows = in_order(query).limit(limit).all(conn).await?;
    rows.into_iter().map(stored).collect()
}

/// Only rows after a key.
fn beyond(query: Select<Entity>, after: Option<Key>) -> Select<Entity> {
    let Some((due, id)) = after else { return query };
    // Compared as a pair, so that an index is entered at its place.
    let key = [Column::DueKey, Column::Id].map(Expr::col);
    query.filter(Expr::tuple(key).gt(Expr::tuple([due.into(), id.into()])))
}

fn in_order(query: Select<Entity>) -> Select<Entity> {
    query.order_by_asc(Column::DueKey).order_by_asc(Column::Id)
}

/// More units than this are not asked one by one.
const ANCHORS: usize = 6;

/// The units of which one must receive, decide or have whatever is asked for, where
/// there are few: each column then has an index that is in the order of lists.
fn anchors(actor: &Actor, filter: &Filter) -> Option<Vec<String>> {
    if !filter.unit.is_empty() {
        return Some(vec![filter.unit.clone()]);
    }
    match sight(actor) {
        Sight::Units(units) if units.len() <= ANCHORS => {
            Some(units.into_iter().map(|unit| unit.0).collect())
        }
        Sight::Units(_) | Sight::All | Sight::Nothing => None,
    }
}

/// The ids of the first of what is asked for. Of a condition with `OR` a database
/// reads and sorts all that fits; of each unit and column it reads the first few.
fn first(asked: &Select<Entity>, units: &[String], limit: u64) -> SelectStatement {
    let columns = [Column::Owner, Column::Receiver, Column::Decider];
    let each = units
        .iter()
        .flat_map(|unit| columns.map(|column| (column, unit)));
    let mut found: Option<SelectStatement> = None;
    for (column, unit) in each {
        let some = in_order(asked.clone().filter(column.eq(unit.as_str())))
            .select_only()
            .columns([Column::Id, Column::DueKey])
            .limit(limit)
            .into_query();
        // SQLite has no limit within a union but in a subquery.
        let mut some = keys(some);
        match &mut found {
            Some(found) => {
                found.union(UnionType::Distinct, some);
            }
            None => found = Some(std::mem::take(&mut some)),
        }
    }
    let mut ids = Query::select();
    ids.column(Column::Id)
        .from_subquery(found.unwrap_or_default(), "found")
        .order_by(Column::DueKey, Order::Asc)
        .order_by(Column::Id, Order::Asc)
        .limit(limit);
    ids
}

fn keys(of: SelectStatement) -> SelectStatement {
    Query::select()
        .columns([Column::Id, Column::DueKey])
        .from_subquery(of, "some")
        .take()
}

/// How many there are.
pub(crate) async fn count<C: ConnectionTrait>(
    conn: &C,
    actor: &Actor,
    filter: &Filter,
) -> Result<u64, StorageError> {
    Ok(asked(actor, filter).count(conn).await?)
}

/// The rows that an actor may see: [`sight`] as SQL. A property test holds it
/// equal to the decision of reading one.
fn visible(actor: &Actor) -> Condition {
    match sight(actor) {
        Sight::All => Condition::all(),
        Sight::Nothing => Condition::all().add(Expr::value(1).eq(0)),
        Sight::Units(units) => {
            let units: Vec<String> = units.into_iter().map(|u| u.0).collect();
            Condition::any()
                .add(Column::Owner.is_in(units.clone()))
                .add(Column::Receiver.is_in(units.clone()))
                .add(Column::Decider.is_in(units))
        }
    }
}

fn asked(actor: &Actor, filter: &Filter) -> Select<Entity> {
    let mut query = Entity::find().filter(visible(actor));
    if !filter.code.is_empty() {
        let begins = LikeExpr::new(format!("{}%", literal(&filter.code))).escape('\\');
        query = query.filter(Column::Code.like(begins));
    }
    for word in &filter.name_words {
        let within = LikeExpr::new(format!("%{}%", literal(word))).escape('\\');
        query = query.filter(Column::NameFolded.like(within));
    }
    if let Some(index) = &filter.phone_index {
        query = query.filter(Column::PhoneIndex.eq(index.clone()));
    }
    if !filter.unit.is_empty() {
        let unit = filter.unit.as_str();
        query = query.filter(
            Condition::any()
                .add(Column::Owner.eq(unit))
                .add(Column::Receiver.eq(unit))
                .add(Column::Decider.eq(unit)),
        );
    }
    if !filter.states.is_empty() {
        query = query.filter(Column::State.is_in(filter.states.clone()));
    }
    if let Some(before) = filter.due_before {
        query = query.filter(Column::DueKey.lt(before));
    }
    if filter.open || filter.due_before.is_some() {
        query = query.filter(Column::Open.eq(true));
    }
    if filter.mine {
        query.filter(waiting(actor))
    } else {
        query
    }
}

/// Assigned to the actor, or waiting for a role of the actor's own unit.
fn waiting(actor: &Actor) -> Condition {
    let (Some(post), Principal::Person(me)) = (&actor.post, &actor.principal) else {
        return Condition::all().add(Expr::value(1).eq(0));
    };
    let units: Vec<String> = post.unit_path.iter().map(|u| u.0.clone()).collect();
    let roles = post.roles.iter().fold(Condition::any(), |any, role| {
        any.add(Column::TaskRoles.contains(format!(",{},", name_of(role))))
    });
    Condition::any().add(Column::Assignee.eq(me.0)).add(
        Condition::all()
            .add(Column::Assignee.is_null())
            .add(Column::Owner.is_in(units))
            .add(roles),
    )
}

/// `%`, `_` and `\` mean themselves in what people type.
fn literal(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            let marked = matches!(c, '%' | '_' | '\\').then_some('\\');
            marked.into_iter().chain([c])
        })
        .collect()
}
