//! The ground that the tests of instances stand on.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use domain::actor::{ActingPost, Actor, Principal, Role};
use domain::clock::{Clock, Ids};
use domain::dossier::State;
use domain::ids::{PersonId, PostId, UnitId};
use domain::process::{Command, Instance};
use motcua_workflow::Error;
use motcua_workflow::app::instance::{Asker, Moved};
use motcua_workflow::app::{App, cross, open_instance, seed, verify};
use motcua_workflow::store::migration;
use motcua_workflow::store::reference::References;
use uuid::Uuid;

pub(crate) struct Moving(pub(crate) Mutex<DateTime<Utc>>);

impl Clock for Moving {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
}

pub(crate) struct Counting(pub(crate) AtomicU64);

impl Ids for Counting {
    fn next(&self) -> Uuid {
        Uuid::from_u128(u128::from(self.0.fetch_add(1, Ordering::Relaxed)))
    }
}

pub(crate) struct House {
    pub(crate) app: App,
    pub(crate) clock: Arc<Moving>,
    pub(crate) ids: Arc<Counting>,
}

pub(crate) const UNIT: &str = "18583";

pub(crate) fn officer(n: u128, unit: &str, role: Role) -> Asker {
    let actor = Actor {
        principal: Principal::Person(PersonId(Uuid::from_u128(n))),
        post: Some(ActingPost {
            id: PostId(Uuid::from_u128(n + 100)),
            unit: UnitId::from(unit),
            unit_path: vec![UnitId::from("42"), UnitId::from(unit)],
            roles: [role].into(),
        }),
        session: None,
        epoch: 0,
        scopes: BTreeSet::default(),
    };
    Asker {
        actor,
        service: Some("dossier".to_owned()),
    }
}

pub(crate) fn reception() -> Asker {
    officer(1, UNIT, Role::Reception)
}

pub(crate) fn itself() -> Asker {
    let principal = Principal::Service("dossier".to_owned());
    let actor = Actor {
        principal,
        post: None,
        ..reception().actor
    };
    Asker {
        actor,
        service: Some("dossier".to_owned()),
    }
}

pub(crate) fn encode(moved: &Moved) -> Vec<u8> {
    moved.instance.clone()
}

impl House {
    pub(crate) async fn new(db: storage::Db) -> Self {
        // Monday, 09:00 in Vietnam.
        let now = "2026-11-30T02:00:00Z".parse().unwrap();
        let clock = Arc::new(Moving(Mutex::new(now)));
        let ids = Arc::new(Counting(AtomicU64::new(1_000_000)));
        let app = App {
            db,
            clock: Arc::<Moving>::clone(&clock),
            ids: Arc::<Counting>::clone(&ids),
            references: References::default(),
        };
        seed::run(&app).await.unwrap();
        Self { app, clock, ids }
    }

    pub(crate) fn wait(&self, minutes: i64) {
        *self.clock.0.lock().unwrap() += TimeDelta::minutes(minutes);
    }

    pub(crate) async fn open(&self, case: &str) -> Instance {
        let id = self.ids.next();
        let ask = open_instance::Ask {
            request_id: self.ids.next(),
            body_hash: vec![1],
            dossier: id,
            case: case.to_owned(),
            receiver: UnitId::from(UNIT),
            decider: None,
            online: false,
            submitted: self.clock.now(),
        };
        let answer = open_instance::run(&self.app, &itself(), ask, encode)
            .await
            .unwrap();
        serde_json::from_slice(&answer).unwrap()
    }

    pub(crate) fn ask(&self, seen: &Instance, command: Command) -> cross::Ask {
        cross::Ask {
            request_id: self.ids.next(),
            body_hash: vec![2],
            dossier: seen.dossier.0,
            instance_version: seen.version,
            file_version: seen.version,
            command,
            received: self.clock.now(),
        }
    }

    pub(crate) async fn cross(
        &self,
        who: &Asker,
        seen: &Instance,
        command: Command,
    ) -> Result<Instance, Error> {
        let ask = self.ask(seen, command);
        let answer = cross::run(&self.app, who, ask, encode).await?;
        Ok(serde_json::from_slice(&answer).unwrap())
    }

    pub(crate) async fn violations(&self) -> Vec<(String, u64)> {
        let checks = verify::run(&self.app).await.unwrap();
        assert!(checks.iter().all(|c| c.checked > 0));
        checks
            .into_iter()
            .filter(|c| c.violations > 0)
            .map(|c| (c.id, c.violations))
            .collect()
    }
}

pub(crate) async fn houses() -> Vec<(storage::test::TestDb, House)> {
    let mut all = Vec::new();
    for one in storage::test::databases(migration::all).await {
        let house = House::new(one.db.clone()).await;
        all.push((one, house));
    }
    all
}

/// A whole life; who does what in a commune.
pub(crate) fn life(person: PersonId) -> Vec<(Asker, Command, State)> {
    let at = |n, role| officer(n, UNIT, role);
    let digest = "ab".repeat(32);
    vec![
        (
            reception(),
            Command::AskIntakeSupplement {},
            State::AwaitingIntakeSupplement,
        ),
        (
            reception(),
            Command::ReceiveIntakeSupplement {},
            State::Checking,
        ),
        (reception(), Command::Accept {}, State::Accepted),
        (reception(), Command::Transfer {}, State::InTransit),
        (
            at(4, Role::DivisionHead),
            Command::Receive {},
            State::AwaitingAssignment,
        ),
        (
            at(4, Role::DivisionHead),
            Command::Assign { person },
            State::Processing,
        ),
        (
            at(3, Role::Processing),
            Command::AskSupplement {
                sector_ground: false,
            },
            State::AwaitingSupplement,
        ),
        (
            at(3, Role::Processing),
            Command::CompleteSupplement {},
            State::Processing,
        ),
        (
            at(3, Role::Processing),
            Command::SubmitForSignature {
                digest: digest.clone(),
            },
            State::AwaitingSignature,
        ),
        (
            at(5, Role::Leader),
            Command::RefuseToSign {},
            State::Processing,
        ),
        (
            at(3, Role::Processing),
            Command::SubmitForSignature {
                digest: digest.clone(),
            },
            State::AwaitingSignature,
        ),
        (
            at(5, Role::Leader),
            Command::Sign { digest },
            State::AwaitingIssue,
        ),
        (at(6, Role::Clerk), Command::Issue {}, State::ResultReady),
        (reception(), Command::ReturnResult {}, State::Returned),
    ]
}
