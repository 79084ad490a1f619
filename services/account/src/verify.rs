//! Invariants of the stored organisation and sessions, for `motcua verify`.

use std::collections::{BTreeMap, BTreeSet};

use storage::{Check, Db, StorageError};
use uuid::Uuid;

use crate::store::{people, sessions, units};

/// More units, posts and people than a province has.
const EVERYTHING: u64 = 1_000_000;

/// Every post is of a unit that exists and filled by a person who exists; a
/// session has one live refresh token at most.
pub async fn verify(db: &Db) -> Result<Vec<Check>, StorageError> {
    let units = units::page(db.read(), "", EVERYTHING).await?;
    let known: BTreeSet<&str> = units.iter().map(|u| u.id.as_str()).collect();
    let mut parents = Check::new("account.units_have_parents");
    for unit in &units {
        let holds = unit.parent.as_deref().is_none_or(|p| known.contains(p));
        parents.expect(holds, || unit.id.clone());
    }
    let posts = units::all_posts(db.read()).await?;
    let filled = posts.iter().filter_map(|post| post.person).collect();
    let people = people::many(db.read(), filled).await?;
    let people: BTreeSet<Uuid> = people.iter().map(|person| person.id).collect();
    let mut places = Check::new("account.posts_are_of_units_and_people");
    for post in &posts {
        let somebody = post.person.is_none_or(|person| people.contains(&person));
        let somewhere = known.contains(post.unit.as_str());
        places.expect(somebody && somewhere, || post.id.to_string());
    }
    let mut live: BTreeMap<Uuid, u32> = BTreeMap::new();
    for family in sessions::live_families(db.read()).await? {
        let count = live.entry(family).or_default();
        *count = count.saturating_add(1);
    }
    let mut single = Check::new("account.one_live_token_a_session");
    for (family, count) in live {
        single.expect(count == 1, || family.to_string());
    }
    Ok(vec![parents, places, single])
}
