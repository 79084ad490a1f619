//! The load: whole lives of dossiers through the public contract, each act by
//! the officer whose it is, under a real token, with the etag of the act before.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use domain::clock::Ids as _;
use prost::Message as _;
use proto::dossier::v1 as pb;
use runtime::client::Channel;
use runtime::clock::SystemIds;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::Broken;
use super::echo::Size;
use crate::trial::cast::{Cast, Officer, Scene};
use crate::trial::driver::{Act, Life, Miss};
use crate::trial::kinds::Kind;
use crate::trial::people::People;

/// The kind of life that is measured: a birth registration, whose unit receives,
/// decides and returns.
const KIND: Kind = Kind::SameDayBirth;

/// The bytes of a request's key, as text, and of the fields' tags.
const KEY: usize = 44;

/// Which officer of a scene does what, in order; the first act files.
#[derive(Clone, Debug)]
pub(crate) struct Plan(Vec<(&'static str, usize)>);

impl Plan {
    /// The methods in order.
    pub(crate) fn methods(&self) -> Vec<&'static str> {
        self.0.iter().map(|(method, _)| *method).collect()
    }
}

/// Everybody that takes part, and what they do.
pub(crate) struct Play {
    scenes: Vec<Scene<'static>>,
    people: People,
    plan: Plan,
    next: AtomicU64,
}

impl Play {
    /// Learns the plan by walking one life, and signs everybody in.
    pub(crate) async fn rehearse(cast: Cast, channel: &Channel) -> Result<Arc<Self>, Broken> {
        // As long as the bench, which measures a few deployments and ends.
        let cast: &'static Cast = Box::leak(Box::new(cast));
        let scenes: Result<Vec<_>, _> = cast
            .communes
            .iter()
            .enumerate()
            .map(|(unit, commune)| cast.scene(KIND, commune, unit))
            .collect();
        let scenes = scenes?;
        let people = People::load()?;
        let plan = learn(scenes.first().ok_or("no commune")?, &people, channel).await?;
        for officer in scenes.iter().flat_map(|scene| &scene.officers) {
            officer.access().await?;
        }
        Ok(Arc::new(Self {
            scenes,
            people,
            plan,
            next: AtomicU64::new(1),
        }))
    }

    /// What is done in a life.
    pub(crate) fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The officers of the first commune, reception first.
    pub(crate) fn officers(&self) -> &[&'static Officer] {
        self.scenes.first().map_or(&[], |scene| &scene.officers)
    }

    /// One more life, in the next commune.
    pub(crate) fn walk(&self, channel: &Channel) -> Walk<'_> {
        Walk {
            play: self,
            channel: channel.clone(),
            number: self.next.fetch_add(1, Ordering::Relaxed),
            seed: SystemIds.next(),
            nth: 0,
            dossier: None,
        }
    }

    /// A whole life, as far as it comes, under a client's watch.
    async fn life(&self, channel: &Channel, client: &mut Client) -> Result<(), Miss> {
        let mut walk = self.walk(channel);
        while !walk.is_over() {
            let (nth, began) = (walk.nth, client.turn().await);
            let done = walk.act().await;
            client.done(nth, began, done.is_ok());
            done?;
        }
        client.lived();
        Ok(())
    }
}

/// A life on its way.
pub(crate) struct Walk<'a> {
    play: &'a Play,
    channel: Channel,
    number: u64,
    seed: Uuid,
    nth: usize,
    dossier: Option<pb::Dossier>,
}

impl Walk<'_> {
    /// Whether nothing is left to do.
    pub(crate) fn is_over(&self) -> bool {
        self.nth >= self.play.plan.0.len()
    }

    /// The dossier's name, once it is filed.
    pub(crate) fn dossier(&self) -> Option<&str> {
        self.dossier.as_ref().map(|dossier| dossier.name.as_str())
    }

    /// The next act; answers the sizes of its messages.
    pub(crate) async fn act(&mut self) -> Result<Size, Miss> {
        let scenes = &self.play.scenes;
        let at = usize::try_from(self.number).unwrap_or_default();
        let scene = at.checked_rem(scenes.len()).and_then(|at| scenes.get(at));
        let step = self.play.plan.0.get(self.nth);
        let (Some(scene), Some((method, officer))) = (scene, step) else {
            return Err(Miss::Stuck(pb::State::Unspecified));
        };
        let nobody = Miss::Nobody {
            act: method,
            state: pb::State::Unspecified,
        };
        let officer = *scene.officers.get(*officer).ok_or(nobody)?;
        let life = Life {
            kind: KIND,
            channel: self.channel.clone(),
            officers: &scene.officers,
            seed: self.seed,
            acknowledged: &|_| {},
        };
        let mut asked = 0;
        let done = match &self.dossier {
            None => {
                let applicant = self.play.people.person(self.number);
                let filed = scene.filing(applicant, false);
                asked = filed.encoded_len() + KEY;
                life.submit(filed).await
            }
            Some(seen) => {
                asked += KEY + seen.name.len() + seen.etag.len();
                if *method == "AttachDraft" {
                    asked += seen.case_title.len();
                }
                let key = Uuid::new_v5(&self.seed, &self.nth.to_be_bytes());
                let done = life.call(method, officer, seen, key).await;
                done.map_err(|status| Miss::Refused {
                    act: method,
                    status: Box::new(status),
                })
            }
        };
        let done = done?;
        let answered = u32::try_from(done.encoded_len()).unwrap_or(u32::MAX);
        self.dossier = Some(done);
        self.nth += 1;
        Ok(Size { asked, answered })
    }
}

/// Walks one life as the rehearsal does and writes down who did what.
async fn learn(scene: &Scene<'_>, people: &People, channel: &Channel) -> Result<Plan, Broken> {
    let acts = Mutex::new(Vec::new());
    let life = Life {
        kind: KIND,
        channel: channel.clone(),
        officers: &scene.officers,
        seed: SystemIds.next(),
        acknowledged: &|act: &Act| {
            let mut acts = acts.lock().unwrap_or_else(PoisonError::into_inner);
            acts.push((act.method, act.person.clone()));
        },
    };
    life.walk(scene.filing(people.person(0), false)).await?;
    let mut names = Vec::new();
    for officer in &scene.officers {
        names.push(officer.person().await?);
    }
    let acts = acts.into_inner().unwrap_or_else(PoisonError::into_inner);
    let officer = |person: &str| names.iter().position(|name| name == person);
    let plan: Option<Vec<_>> = acts
        .iter()
        .map(|(method, person)| Some((*method, officer(person)?)))
        .collect();
    Ok(Plan(plan.ok_or("an act by nobody of the scene")?))
}

/// How much, how long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    /// Lives at once.
    pub(crate) clients: u32,
    /// Before the measurement.
    pub(crate) warm_up: Duration,
    /// The measurement.
    pub(crate) length: Duration,
    /// Acts a second; none: as many as there can be.
    pub(crate) rate: Option<f64>,
}

/// Acts that ended within the measurement.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counted {
    /// Lives.
    pub(crate) lives: u64,
    /// Refused acts.
    pub(crate) errors: u64,
    /// What the first refusal said.
    pub(crate) first_error: Option<String>,
    /// Each act: its place in the plan, the second in which it ended, and what it
    /// took in microseconds.
    pub(crate) acts: Vec<(u8, u32, u32)>,
}

/// A client's own count, added up at the end: clients share nothing while they
/// measure.
pub(crate) struct Client {
    from: Instant,
    until: Instant,
    turns: Option<Arc<Turns>>,
    pub(crate) counted: Counted,
}

/// Acts that begin at a fixed rate, whichever client is free.
pub(crate) struct Turns {
    from: Instant,
    every: Duration,
    next: AtomicU64,
}

impl Turns {
    pub(crate) fn new(from: Instant, rate: f64) -> Self {
        Self {
            from,
            every: Duration::from_secs_f64(1.0 / rate.max(0.001)),
            next: AtomicU64::new(0),
        }
    }

    async fn take(&self) -> Instant {
        let nth = self.next.fetch_add(1, Ordering::Relaxed);
        let at = self.from + self.every * u32::try_from(nth).unwrap_or(u32::MAX);
        tokio::time::sleep_until(at.into()).await;
        at
    }
}

impl Client {
    fn counts(&self, at: Instant) -> bool {
        self.from <= at && at < self.until
    }

    /// Waits until the next act may begin; answers when it should have begun.
    async fn turn(&mut self) -> Instant {
        match &self.turns {
            Some(turns) => turns.take().await,
            None => Instant::now(),
        }
    }

    /// The nth act of a life has ended.
    fn done(&mut self, nth: usize, began: Instant, well: bool) {
        let ended = Instant::now();
        if !self.counts(ended) {
            return;
        }
        if !well {
            self.counted.errors += 1;
            return;
        }
        let took = u32::try_from((ended - began).as_micros()).unwrap_or(u32::MAX);
        let second = u32::try_from((ended - self.from).as_secs()).unwrap_or(u32::MAX);
        let nth = u8::try_from(nth).unwrap_or(u8::MAX);
        self.counted.acts.push((nth, second, took));
    }

    /// A life has ended.
    fn lived(&mut self) {
        if self.counts(Instant::now()) {
            self.counted.lives += 1;
        }
    }
}

/// Lives at once until the time is over; `line` gives each client its own line.
pub(crate) async fn run(
    play: &Arc<Play>,
    load: Load,
    line: impl Fn() -> Result<Channel, Broken>,
) -> Result<Counted, Broken> {
    let from = Instant::now() + load.warm_up;
    let until = from + load.length;
    let turns = load
        .rate
        .map(|rate| Arc::new(Turns::new(Instant::now(), rate)));
    let mut clients = JoinSet::new();
    for _ in 0..load.clients {
        let (play, line) = (Arc::clone(play), line()?);
        let mut client = Client {
            from,
            until,
            turns: turns.clone(),
            counted: Counted::default(),
        };
        clients.spawn(async move {
            while Instant::now() < until {
                if let Err(miss) = play.life(&line, &mut client).await {
                    client.counted.first_error.get_or_insert(miss.to_string());
                }
            }
            client.counted
        });
    }
    let mut sum = Counted::default();
    while let Some(counted) = clients.join_next().await {
        let counted = counted?;
        sum.lives += counted.lives;
        sum.errors += counted.errors;
        sum.first_error = sum.first_error.or(counted.first_error);
        sum.acts.extend(counted.acts);
    }
    Ok(sum)
}
