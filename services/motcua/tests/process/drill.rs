//! The drill: copies are taken while the server works; stores come back from them,
//! alone and at different instants; nothing is written across the breach until the
//! sides were compared; and no code is given twice, paper included.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use motcua::SERVICES;
use proto::common::v1::ErrorReason;
use proto::dossier::v1 as pb;
use proto::dossier::v1::dossier_query_service_client::DossierQueryServiceClient;
use runtime::Failure;
use runtime::client::Channel;
use testkit::Engine;
use tokio::time::Instant;

use crate::counter::{accept, filing, fresh, sign_in, submit};
use crate::place::{Place, Server, postgres_is_there};

/// A server that was told to leave is gone within this.
const LEAVE: Duration = Duration::from_secs(30);
/// Followers have caught up within this.
const CATCH_UP: Duration = Duration::from_mins(1);

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_stores_of_different_instants_are_brought_together() {
    different_instants(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_stores_of_different_instants_are_brought_together() {
    if postgres_is_there() {
        different_instants(Engine::Postgres).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_sqlite_store_comes_back_alone() {
    alone(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_postgres_store_comes_back_alone() {
    if postgres_is_there() {
        alone(Engine::Postgres).await;
    }
}

/// Dossier older than workflow, then workflow older than dossier.
async fn different_instants(engine: Engine) {
    for (dossier, workflow) in [("a", "b"), ("b", "a")] {
        let mut drill = Drill::begin(engine).await;
        drill.copy("a").await;
        drill.accept_new(3).await;
        drill.accept_waiting().await;
        drill.copy("b").await;
        drill.accept_new(2).await;
        drill.stop().await;
        drill.restore("dossier", dossier).await;
        drill.restore("workflow", workflow).await;
        drill.is_refused().await;
        drill.reconcile().await;
        drill.goes_on().await;
        drill.end().await;
    }
}

async fn alone(engine: Engine) {
    let mut drill = Drill::begin(engine).await;
    drill.copy("a").await;
    drill.accept_new(2).await;
    for service in SERVICES {
        drill.stop().await;
        drill.restore(service, "a").await;
        if ["dossier", "workflow"].contains(&service) {
            drill.is_refused().await;
        }
        drill.reconcile().await;
        drill.goes_on().await;
    }
    drill.end().await;
}

/// A commune's counter, and what its officer remembers and has printed.
struct Drill {
    engine: Engine,
    place: Place,
    server: Option<Server>,
    /// The codes on slips, with the dossiers that they were printed for.
    slips: BTreeMap<String, String>,
    /// Filed before any copy and not accepted: one that will be, one that stays.
    waiting: (pb::Dossier, pb::Dossier),
}

impl Drill {
    async fn begin(engine: Engine) -> Self {
        let place = Place::new(engine).await;
        let server = place.serve().await;
        let line = line(&place).await;
        let filed = filing(&line).await;
        let file = async || submit(&line, &filed, fresh()).await.expect("a filing");
        let waiting = (file().await, file().await);
        let mut drill = Self {
            engine,
            place,
            server: Some(server),
            slips: BTreeMap::new(),
            waiting,
        };
        drill.accept_new(3).await;
        drill
    }

    fn folder(&self, name: &str) -> PathBuf {
        self.place.beside(name)
    }

    /// Copies every store while the server works.
    async fn copy(&mut self, name: &str) {
        let to = self.folder(name).display().to_string();
        let going = self.accept_new(1);
        going.await;
        let done = self.place.run(&["backup", "--to", &to]).await;
        assert!(done.status.success(), "{done:?}");
        // What is there already is not written over.
        let again = self.place.run(&["backup", "--to", &to]).await;
        assert!(!again.status.success());
    }

    /// Files and accepts at the counter; the codes are on paper from then on.
    async fn accept_new(&mut self, many: usize) {
        let line = line(&self.place).await;
        let filing = filing(&line).await;
        for _ in 0..many {
            let filed = submit(&line, &filing, fresh()).await.expect("a filing");
            let accepted = accept(&line, &filed.name, &filed.etag, fresh()).await;
            self.print(&accepted.expect("an acceptance"));
        }
    }

    async fn accept_waiting(&mut self) {
        let line = line(&self.place).await;
        let (filed, _) = self.waiting.clone();
        let accepted = accept(&line, &filed.name, &filed.etag, fresh()).await;
        self.print(&accepted.expect("an acceptance"));
    }

    fn print(&mut self, accepted: &pb::Dossier) {
        assert!(!accepted.code.is_empty());
        let before = self
            .slips
            .insert(accepted.code.clone(), accepted.name.clone());
        assert!(
            before.as_ref().is_none_or(|name| *name == accepted.name),
            "{} is on the slips of {before:?} and {}",
            accepted.code,
            accepted.name
        );
    }

    /// Stops the server once the warehouse has heard of everything.
    async fn stop(&mut self) {
        self.verified().await;
        let server = self.server.take().expect("a server");
        assert!(server.leave(LEAVE).await.success());
    }

    /// Puts a copy in the place of a store; without being told to, it takes nobody's.
    async fn restore(&self, service: &str, from: &str) {
        let from = self.folder(from).display().to_string();
        let asked = ["restore", "--from", &from, "--service", service];
        let refused = self.place.run(&asked).await;
        assert!(!refused.status.success());
        let words = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(words.contains("--replace"), "{words}");
        let done = self.place.run(&[&asked[..], &["--replace"]].concat()).await;
        assert!(done.status.success(), "{done:?}");
    }

    /// Across the breach nothing is written, and the refusal says why.
    async fn is_refused(&mut self) {
        let server = self.place.serve().await;
        let line = line(&self.place).await;
        let (_, filed) = self.waiting.clone();
        let refused = accept(&line, &filed.name, &filed.etag, fresh()).await;
        let failure = Failure::from_status(&refused.expect_err("a refusal"));
        assert_eq!(
            failure.reason(),
            ErrorReason::IncarnationMismatch,
            "{failure}"
        );
        let held = self.place.run(&["reconcile"]).await;
        assert!(!held.status.success(), "not while the server runs");
        if self.engine == Engine::Postgres {
            // Nor from a machine that shares no folder with it.
            let elsewhere = self.folder("elsewhere").display().to_string();
            let asked = ["reconcile", "--apply", "--data", &elsewhere];
            let held = self.place.run(&asked).await;
            assert!(!held.status.success(), "not while the server runs");
            let words = String::from_utf8_lossy(&held.stderr).into_owned();
            assert!(words.contains("dừng mọi dịch vụ"), "{words}");
        }
        assert!(server.leave(LEAVE).await.success());
    }

    /// Compared, mended, and nothing left to mend.
    async fn reconcile(&self) {
        let told = self.place.run(&["reconcile"]).await;
        println!("{}", String::from_utf8_lossy(&told.stdout));
        let done = self.place.run(&["reconcile", "--apply"]).await;
        assert!(done.status.success(), "{done:?}");
        let again = self.place.run(&["reconcile"]).await;
        assert!(again.status.success(), "{again:?}");
    }

    /// Everything holds, what is there has the code that is on its slip, and the
    /// counter goes on with codes of its own.
    async fn goes_on(&mut self) {
        self.server = Some(self.place.serve().await);
        self.verified().await;
        let line = line(&self.place).await;
        let (mut there, mut gone) = (0, 0);
        for (code, name) in &self.slips {
            let request = pb::GetDossierRequest { name: name.clone() };
            let mut client = DossierQueryServiceClient::new(line.clone());
            match client.get_dossier(request).await {
                Ok(answer) => {
                    let dossier = answer.into_inner().dossier.expect("a dossier");
                    assert_eq!(dossier.code, *code, "{name}");
                    there += 1;
                }
                Err(_) => gone += 1,
            }
        }
        println!("{there} of the slips have their dossier, {gone} have lost it");
        assert!(there > 0);
        self.accept_new(2).await;
        self.verified().await;
    }

    /// Waits until nothing is wrong.
    async fn verified(&self) {
        let began = Instant::now();
        loop {
            let (_, verified) = self.place.ask(&["verify", "--json"]).await;
            if verified["violations"] == 0 {
                return;
            }
            assert!(
                began.elapsed() < CATCH_UP,
                "{verified:#}\n{}",
                self.place.log()
            );
        }
    }

    async fn end(mut self) {
        self.stop().await;
        self.place.end().await;
    }
}

/// The officer's line.
async fn line(place: &Place) -> Channel {
    let token = sign_in(place).await;
    place.operator().with_token(&token).expect("a header value")
}
