//! Units, posts and who fills them.

use std::collections::BTreeSet;

use domain::actor::{ActingPost, Role};
use domain::ids::{PostId, UnitId};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _,
};
use storage::{StorageError, Tx};
use uuid::Uuid;

use super::entity::{person, post, unit};
use crate::organisation::{self, Agency, VALID_FROM};

/// A unit's row.
pub(crate) type Unit = unit::Model;
/// A post's row.
pub(crate) type Post = post::Model;

/// What of all agencies is there already.
pub(crate) struct Known {
    units: BTreeSet<String>,
    posts: BTreeSet<Uuid>,
    people: BTreeSet<Uuid>,
}

impl Known {
    /// Reads it.
    pub(crate) async fn read<C: ConnectionTrait>(conn: &C) -> Result<Self, StorageError> {
        let units = unit::Entity::find().select_only().column(unit::Column::Id);
        let posts = post::Entity::find().select_only().column(post::Column::Id);
        let people = person::Entity::find()
            .select_only()
            .column(person::Column::Id);
        Ok(Self {
            units: units.into_tuple().all(conn).await?.into_iter().collect(),
            posts: posts.into_tuple().all(conn).await?.into_iter().collect(),
            people: people.into_tuple().all(conn).await?.into_iter().collect(),
        })
    }

    /// Whether an agency lacks nothing.
    pub(crate) fn whole(&self, agency: &Agency) -> bool {
        let post =
            |p: &organisation::Post| self.posts.contains(&p.id) && self.people.contains(&p.person);
        agency.units.iter().all(|u| self.units.contains(&u.id.0)) && agency.posts.iter().all(post)
    }
}

/// Adds what an agency lacks and answers how much that was.
pub(crate) async fn add(tx: &Tx, agency: &Agency) -> Result<u64, StorageError> {
    let mut added = 0;
    for u in &agency.units {
        let path: Vec<&str> = u.path.iter().map(UnitId::as_str).collect();
        let row = unit::ActiveModel {
            id: Set(u.id.0.clone()),
            kind: Set(u.kind.clone()),
            full_name: Set(u.full_name.clone()),
            parent: Set(u.parent.as_ref().map(|p| p.0.clone())),
            path: Set(format!("/{}/", path.join("/"))),
            valid_from: Set(VALID_FROM.to_owned()),
        };
        added += unit::Entity::insert(row)
            .on_conflict(OnConflict::column(unit::Column::Id).do_nothing().to_owned())
            .exec_without_returning(tx.conn())
            .await?;
    }
    for p in &agency.posts {
        let person = person::ActiveModel {
            id: Set(p.person),
            version: Set(1),
            login: Set(p.login.clone()),
            full_name: Set(format!("{} ({})", p.title, agency.id)),
            password: Set(None),
            failures: Set(0),
            wait_until: Set(None),
            epoch: Set(1),
        };
        added += person::Entity::insert(person)
            .on_conflict(
                OnConflict::column(person::Column::Id)
                    .do_nothing()
                    .to_owned(),
            )
            .exec_without_returning(tx.conn())
            .await?;
        let row = post::ActiveModel {
            id: Set(p.id),
            unit: Set(p.unit.0.clone()),
            title: Set(p.title.to_owned()),
            roles: Set(serde_json::to_string(&p.roles).unwrap_or_default()),
            stand_in: Set(p.stand_in),
            person: Set(Some(p.person)),
        };
        added += post::Entity::insert(row)
            .on_conflict(OnConflict::column(post::Column::Id).do_nothing().to_owned())
            .exec_without_returning(tx.conn())
            .await?;
    }
    Ok(added)
}

/// Units in order of id, after one.
pub(crate) async fn page<C: ConnectionTrait>(
    conn: &C,
    after: &str,
    limit: u64,
) -> Result<Vec<Unit>, StorageError> {
    Ok(unit::Entity::find()
        .filter(unit::Column::Id.gt(after))
        .order_by_asc(unit::Column::Id)
        .limit(limit)
        .all(conn)
        .await?)
}

/// A unit by its id.
pub(crate) async fn find<C: ConnectionTrait>(
    conn: &C,
    id: &str,
) -> Result<Option<Unit>, StorageError> {
    Ok(unit::Entity::find_by_id(id.to_owned()).one(conn).await?)
}

/// A unit and everything below it.
pub(crate) async fn below<C: ConnectionTrait>(
    conn: &C,
    id: &str,
) -> Result<Vec<Unit>, StorageError> {
    let part = format!("/{}/", id.replace(['%', '_', '\\'], ""));
    Ok(unit::Entity::find()
        .filter(unit::Column::Path.contains(part))
        .all(conn)
        .await?)
}

/// Every post.
pub(crate) async fn all_posts<C: ConnectionTrait>(conn: &C) -> Result<Vec<Post>, StorageError> {
    Ok(post::Entity::find().all(conn).await?)
}

/// The posts of units, in order of id.
pub(crate) async fn posts<C: ConnectionTrait>(
    conn: &C,
    units: &[Unit],
) -> Result<Vec<Post>, StorageError> {
    Ok(post::Entity::find()
        .filter(post::Column::Unit.is_in(units.iter().map(|u| u.id.clone())))
        .order_by_asc(post::Column::Unit)
        .order_by_asc(post::Column::Id)
        .all(conn)
        .await?)
}

/// The post that a person fills, with its unit.
pub(crate) async fn post_of<C: ConnectionTrait>(
    conn: &C,
    person: Uuid,
) -> Result<Option<(Post, Unit)>, StorageError> {
    let Some(post) = post::Entity::find()
        .filter(post::Column::Person.eq(person))
        .one(conn)
        .await?
    else {
        return Ok(None);
    };
    let unit = find(conn, &post.unit).await?;
    Ok(unit.map(|unit| (post, unit)))
}

/// A post as tokens carry it.
pub(crate) fn acting(post: &Post, unit: &Unit) -> ActingPost {
    ActingPost {
        id: PostId(post.id),
        unit: UnitId(unit.id.clone()),
        unit_path: unit
            .path
            .split('/')
            .filter(|p| !p.is_empty())
            .map(UnitId::from)
            .collect(),
        roles: roles(post).into_iter().collect(),
    }
}

/// The roles of a post.
pub(crate) fn roles(post: &Post) -> Vec<Role> {
    serde_json::from_str(&post.roles).unwrap_or_default()
}
