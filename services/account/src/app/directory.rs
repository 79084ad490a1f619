//! Who and what there is.

use std::collections::BTreeMap;

use domain::actor::Actor;
use domain::authority;

use super::App;
use super::tokens::Officer;
use crate::error::Error;
use crate::store::people;
use crate::store::units::{self, Unit};

/// What account has for one commune.
#[derive(Clone, Debug, Default)]
pub(crate) struct Readiness {
    /// The commune.
    pub(crate) unit: String,
    /// Its name.
    pub(crate) full_name: String,
    /// Posts with a person.
    pub(crate) filled: i32,
    /// Posts without.
    pub(crate) empty: i32,
    /// People who can sign in.
    pub(crate) accounts: i32,
    /// Posts that stand in.
    pub(crate) stand_ins: i32,
}

/// The officers of a unit and of everything below it.
pub(crate) async fn officers(app: &App, unit: &str) -> Result<Vec<Officer>, Error> {
    let below = units::below(app.db.read(), unit).await?;
    let names: BTreeMap<_, _> = below
        .iter()
        .map(|u| (u.id.clone(), u.full_name.clone()))
        .collect();
    let posts = units::posts(app.db.read(), &below).await?;
    let people = people::many(
        app.db.read(),
        posts.iter().filter_map(|p| p.person).collect(),
    )
    .await?;
    let officer = |post: &units::Post| {
        let person = people.iter().find(|p| Some(p.id) == post.person)?;
        Some(Officer {
            person: person.id,
            full_name: person.full_name.clone(),
            unit: post.unit.clone(),
            unit_name: names.get(&post.unit).cloned().unwrap_or_default(),
            title: post.title.clone(),
            roles: units::roles(post),
            stand_in: post.stand_in,
        })
    };
    Ok(posts.iter().filter_map(officer).collect())
}

/// Units after one, in order of id.
pub(crate) async fn units(app: &App, after: &str, size: u64) -> Result<Vec<Unit>, Error> {
    Ok(units::page(app.db.read(), after, size).await?)
}

/// What each commune has.
pub(crate) async fn readiness(app: &App, actor: &Actor) -> Result<Vec<Readiness>, Error> {
    if !authority::may_watch_units(actor) {
        return Err(Error::Denied);
    }
    let all = units::page(app.db.read(), "", 10_000).await?;
    let mut found = Vec::new();
    for commune in all
        .iter()
        .filter(|u| matches!(u.kind.as_str(), "commune" | "ward"))
    {
        let below: Vec<Unit> = all
            .iter()
            .filter(|u| u.path.contains(&format!("/{}/", commune.id)))
            .cloned()
            .collect();
        let posts = units::posts(app.db.read(), &below).await?;
        let ids: Vec<_> = posts.iter().filter_map(|p| p.person).collect();
        let filled = ids.len();
        let people = people::many(app.db.read(), ids).await?;
        let count = |n: usize| i32::try_from(n).unwrap_or(i32::MAX);
        found.push(Readiness {
            unit: commune.id.clone(),
            full_name: commune.full_name.clone(),
            filled: count(filled),
            empty: count(posts.len().saturating_sub(filled)),
            accounts: count(people.iter().filter(|p| p.password.is_some()).count()),
            stand_ins: count(posts.iter().filter(|p| p.stand_in).count()),
        });
    }
    Ok(found)
}
