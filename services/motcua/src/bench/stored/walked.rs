//! Lives of several weeks, walked through the real services by a clock of our own.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::{DateTime, Datelike as _, TimeDelta, Utc, Weekday};
use domain::clock::Clock;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use runtime::client::Channel;
use runtime::clock::SystemClock;
use storage::Db;
use storage::private_row::{self, Vault};
use uuid::Uuid;

use super::rows::{Cell, Line, Tables};
use super::template::{Found, Private, Template, take_apart};
use crate::bench::Broken;
use crate::bench::deployment::Place;
use crate::bench::lives::Play;
use crate::config::Config;
use crate::house::Means;
use crate::keys::Keys;
use crate::serve::{DEMO_PASSWORDS, Served};
use crate::trial::cast::{Cast, Lines};

/// How many working days before today; lives of today are still open.
const DAYS: usize = 19;
/// Lives at once.
const AT_ONCE: usize = 8;
/// Followers have followed after as many looks, or the bench fails.
const LOOKS: u32 = 6_000;
const LOOK: Duration = Duration::from_millis(100);

/// Lives by day, and where the stores stood after them.
pub(super) struct Walked {
    pub(super) lives: Vec<Vec<Template>>,
    /// The last serial of each series and day.
    pub(super) serials: HashMap<(String, String), u32>,
    /// The end of the dossier feed.
    pub(super) position: i64,
}

/// A clock that stands where it is put.
struct Put(AtomicI64);

impl Clock for Put {
    fn now(&self) -> DateTime<Utc> {
        let micros = self.0.load(Ordering::Relaxed);
        DateTime::from_timestamp_micros(micros).unwrap_or_default()
    }
}

/// Morning in Vietnam on the last working days, and now.
fn days(now: DateTime<Utc>) -> Vec<DateTime<Utc>> {
    let morning = |day: DateTime<Utc>| day.date_naive().and_hms_opt(2, 0, 0);
    let before = (1..).map(|n| now - TimeDelta::days(n));
    let working = before.filter(|day| !matches!(day.weekday(), Weekday::Sat | Weekday::Sun));
    let mornings = working.filter_map(morning).map(|at| at.and_utc());
    let mut days: Vec<_> = mornings.take(DAYS).collect();
    days.reverse();
    days.push(now);
    days
}

/// Walks them on fresh stores, which keep what is in them.
pub(super) async fn walk(place: &Place) -> Result<Walked, Broken> {
    let config = place.config();
    let days = days(SystemClock.now());
    let clock = Arc::new(Put(AtomicI64::new(0)));
    let put = |day: &DateTime<Utc>| clock.0.store(day.timestamp_micros(), Ordering::Relaxed);
    days.first().map(put);
    let means = Means {
        clock: Arc::<Put>::clone(&clock),
        ..Means::default()
    };
    let served = Served::start(&config, "all", true, means).await?;
    let door = served.house.inner_door()?.anonymous();
    let (lines, passwords) = (Lines::through(&door), config.data.join(DEMO_PASSWORDS));
    let cast = Cast::gather_by(&lines, &passwords, "all", Arc::<Put>::clone(&clock)).await?;
    let communes = cast.communes.len();
    let play = Play::rehearse(cast, &door).await?;
    let mut dossiers = Vec::new();
    for (nth, day) in days.iter().enumerate() {
        put(day);
        let open = nth + 1 == days.len();
        dossiers.push(day_of(&play, &door, communes, open).await?);
    }
    followed(&config).await?;
    served.end().await;
    let found = find(&config).await?;
    let (serials, position) = stand(&found.stores)?;
    let mut lives = take_apart(found, &dossiers.concat())?.into_iter();
    let by_day = dossiers
        .iter()
        .map(|day| lives.by_ref().take(day.len()).collect());
    Ok(Walked {
        lives: by_day.collect(),
        serials,
        position,
    })
}

/// A life in every commune: whole, or as far as its commune's place says.
async fn day_of(
    play: &Play,
    door: &Channel,
    communes: usize,
    open: bool,
) -> Result<Vec<Uuid>, Broken> {
    let acts = play.plan().methods().len();
    let walk = |nth: usize| async move {
        let mut walk = play.walk(door);
        let most = if open { 1 + nth % (acts - 1) } else { acts };
        for _ in 0..most {
            walk.act().await?;
        }
        let name = walk.dossier().ok_or("a life without a dossier")?;
        Ok::<_, Broken>(name.trim_start_matches("dossiers/").parse::<Uuid>()?)
    };
    let walks = stream::iter(0..communes).map(walk);
    walks.buffer_unordered(AT_ONCE).try_collect().await
}

/// Waits until every event is numbered and every follower has it.
async fn followed(config: &Config) -> Result<(), Broken> {
    for _ in 0..LOOKS {
        if all_followed(config).await? {
            return Ok(());
        }
        let _ = tokio::time::timeout(LOOK, std::future::pending::<()>()).await;
    }
    Err("the followers do not follow".into())
}

async fn all_followed(config: &Config) -> Result<bool, Broken> {
    let mut heads = BTreeMap::new();
    let mut cursors = Vec::new();
    for service in crate::SERVICES {
        let mut line = Line::open(config, service).await?;
        let waiting = "SELECT 'waiting' FROM event WHERE position IS NULL LIMIT 1";
        if !line.texts(waiting).await?.is_empty() {
            return Ok(false);
        }
        heads.insert(service, head(&mut line).await?);
        cursors.extend(cursor(&mut line).await?);
    }
    // Other entries are notes of a service about itself.
    let at_head = |(consumer, position): &(String, i64)| {
        source(consumer).is_none_or(|source| heads.get(source) == Some(position))
    };
    Ok(cursors.iter().all(at_head))
}

async fn head(line: &mut Line) -> Result<i64, Broken> {
    let texts = line
        .texts("SELECT CAST(position AS text) FROM feed_head")
        .await?;
    Ok(texts.first().ok_or("no head")?.parse()?)
}

async fn cursor(line: &mut Line) -> Result<Vec<(String, i64)>, Broken> {
    let table = line.table("cursor").await?;
    let at = table.column("consumer").zip(table.column("position"));
    let (consumer, position) = at.ok_or("no columns of cursors")?;
    let pair = |row: &Vec<Cell>| {
        let consumer = row.get(consumer)?.text()?.to_owned();
        Some((consumer, row.get(position)?.number()?))
    };
    Ok(table.rows.iter().filter_map(pair).collect())
}

/// Whose feed a consumer follows: `gateway.dossier` that of dossier.
pub(super) fn source(consumer: &str) -> Option<&str> {
    consumer.rsplit_once('.').map(|(_, source)| source)
}

/// The stores as they are, and what is sealed in them, opened.
async fn find(config: &Config) -> Result<Found, Broken> {
    let mut stores = BTreeMap::new();
    for service in crate::SERVICES {
        let tables = Line::open(config, service).await?.tables().await?;
        stores.insert(service, tables);
    }
    let known = stores.remove("account").unwrap_or_default();
    let private = private(config, stores.get("dossier")).await?;
    Ok(Found {
        stores,
        private,
        shared: ids(&known),
    })
}

fn ids(tables: &Tables) -> BTreeSet<Uuid> {
    let named = ["person", "post"];
    let rows = named.iter().filter_map(|name| tables.get(*name));
    let cells = rows.flat_map(|table| table.rows.iter().flatten());
    cells
        .filter_map(|cell| match cell {
            Cell::Bytes(bytes) => Uuid::from_slice(bytes).ok(),
            Cell::Text(text) => Uuid::try_parse_ascii(text).ok(),
            Cell::Null | Cell::Int(_) => None,
        })
        .collect()
}

async fn private(
    config: &Config,
    tables: Option<&Tables>,
) -> Result<HashMap<Uuid, Vec<Private>>, Broken> {
    let vault = vault(config)?;
    let db = Db::open(&config.store("dossier")?).await?;
    let table = tables.and_then(|t| t.get("private_row"));
    let table = table.ok_or("no private rows")?;
    let at = table.column("id").zip(table.column("version"));
    let (id, version) = at.ok_or("no columns of private rows")?;
    let mut found: HashMap<Uuid, Vec<Private>> = HashMap::new();
    for row in &table.rows {
        let id = row.get(id).map(Cell::bytes).unwrap_or_default();
        let id = Uuid::from_slice(id).or_else(|_| Uuid::try_parse_ascii(id))?;
        let version = row.get(version).and_then(Cell::number).unwrap_or_default();
        let opened = private_row::get(db.read(), &vault, id, version).await?;
        let opened = opened.ok_or("a private row that does not open")?;
        found.entry(opened.subject).or_default().push(Private {
            row: id,
            version,
            kind: opened.kind,
            plain: opened.plain,
            commitment: opened.commitment.0,
        });
    }
    Ok(found)
}

/// The vault of the place.
pub(super) fn vault(config: &Config) -> Result<Vault, Broken> {
    let keys = Keys::new(config.keys(), !config.is_production());
    Ok(Vault::new(&keys.master()?)?)
}

type Stand = (HashMap<(String, String), u32>, i64);

/// The counters of codes and the end of the dossier feed.
fn stand(stores: &BTreeMap<&'static str, Tables>) -> Result<Stand, Broken> {
    let tables = stores.get("dossier").ok_or("no store of dossiers")?;
    let counter = tables.get("code_counter").ok_or("no counters")?;
    let place = |name| counter.column(name).ok_or("no column of counters");
    let (series, day, last) = (place("series")?, place("day")?, place("last")?);
    let of = |row: &Vec<Cell>| {
        let text = |at: usize| Some(row.get(at)?.text()?.to_owned());
        let last = u32::try_from(row.get(last)?.number()?).ok()?;
        Some(((text(series)?, text(day)?), last))
    };
    let head = tables.get("feed_head").ok_or("no head")?;
    let position = head.column("position").ok_or("no position")?;
    let position = head
        .rows
        .first()
        .and_then(|row| row.get(position)?.number());
    let serials = counter.rows.iter().filter_map(of).collect();
    Ok((serials, position.ok_or("no position")?))
}
