//! SIGTERM with calls in flight, open streams and idle lines: what is in flight is
//! carried out or refused cleanly, and the process is gone in bounded time.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::future::join_all;
use proto::dossier::v1 as pb;
use runtime::client::Channel;
use testkit::Engine;
use testkit::ledger::{Stored, Stores, stores};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tonic::{Code, Status, Streaming};
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};
use uuid::Uuid;

use crate::counter::{accept, filing, fresh, sign_in, submit};
use crate::place::{Place, postgres_is_there};

/// The whole of it ends within this.
const LIMIT: Duration = Duration::from_secs(30);
/// Calls in flight: on each of so many lines, so many filings and so many
/// acceptances of what was filed before.
const LINES: usize = 5;
const FILINGS: usize = 20;
const ACCEPTANCES: usize = 20;
/// Streams that never end by themselves, and lines on which nothing is said.
const STREAMS: usize = 20;
const IDLE: usize = 10;

#[tokio::test(flavor = "multi_thread")]
async fn a_server_on_sqlite_that_is_told_to_leave_finishes_what_it_has_begun() {
    leave(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_on_postgres_that_is_told_to_leave_finishes_what_it_has_begun() {
    if postgres_is_there() {
        leave(Engine::Postgres).await;
    }
}

async fn leave(engine: Engine) {
    let place = Place::new(engine).await;
    let mut server = place.serve().await;
    let token = sign_in(&place).await;
    let mut lines = Vec::new();
    for _ in 0..LINES {
        let line = place.operator().with_token(&token).expect("a header value");
        lines.push(line);
    }
    let filing = filing(&lines[0]).await;
    let mut calls = Vec::new();
    for line in &lines {
        let filed = (0..ACCEPTANCES).map(|_| submit(line, &filing, fresh()));
        let accepting = join_all(filed).await.into_iter().map(|filed| {
            let filed = filed.expect("a filing");
            Call::Accept(line.clone(), filed.name, filed.etag)
        });
        calls.extend(accepting);
        calls.extend((0..FILINGS).map(|_| Call::Submit(line.clone())));
    }
    let held = (idle(&place).await, streams(&place).await);

    // Told to leave once the first answer is there: the others are in flight.
    let (answered, mut first) = mpsc::channel(calls.len());
    let sent = calls.iter().map(|call| {
        let (filing, answered) = (&filing, answered.clone());
        async move {
            let key = fresh();
            let outcome = call.send(filing, key).await;
            // Nobody listens any more once the server was told to leave.
            let _ = answered.send(()).await;
            (call, key, outcome)
        }
    });
    let began = Instant::now();
    let telling = async {
        first.recv().await.expect("an answer");
        server.terminate().await;
    };
    let (outcomes, ()) = tokio::join!(join_all(sent), telling);
    let status = tokio::time::timeout(LIMIT, server.ended()).await;
    let status = status.unwrap_or_else(|_| panic!("still there: {}", place.log()));
    let took = began.elapsed().as_secs_f64();
    assert!(status.success(), "{status}: {}", place.log());
    drop(held);

    let kept = stores(&place.config()).await;
    let mut tally: BTreeMap<String, usize> = BTreeMap::new();
    for (call, key, outcome) in &outcomes {
        let times = call.times(*key, &kept);
        match outcome {
            Ok(_) => assert_eq!(times, 1, "acknowledged and {times} times there"),
            Err(status) => {
                assert!(cleanly(status), "{status:?}");
                assert!(times <= 1, "refused and {times} times there");
            }
        }
        let end = outcome.as_ref().map_or_else(Status::code, |_| Code::Ok);
        *tally.entry(format!("{} {end:?}", call.name())).or_default() += 1;
    }
    println!("{engine:?}: left in {took:.1} s: {tally:?}");
    // A few may not have been let in any more; none that was is given up.
    let done = outcomes
        .iter()
        .filter(|(_, _, outcome)| outcome.is_ok())
        .count();
    assert!(
        done * 10 >= outcomes.len() * 9,
        "{done} of {}",
        outcomes.len()
    );
    let (_, verified) = place.ask(&["verify", "--json"]).await;
    assert_eq!(verified["violations"], 0, "{verified}");
    place.end().await;
}

/// A call in flight.
enum Call {
    Submit(Channel),
    Accept(Channel, String, String),
}

impl Call {
    fn name(&self) -> &'static str {
        match self {
            Call::Submit(_) => "Submit",
            Call::Accept(..) => "Accept",
        }
    }

    async fn send(&self, filing: &pb::SubmitRequest, key: Uuid) -> Result<pb::Dossier, Status> {
        match self {
            Call::Submit(line) => submit(line, filing, key).await,
            Call::Accept(line, name, etag) => accept(line, name, etag, key).await,
        }
    }

    /// How often the store has what the call asked for.
    fn times(&self, key: Uuid, kept: &Stores) -> usize {
        let events = kept.dossiers.iter();
        match self {
            Call::Submit(_) => events.filter(|e| e.request_id == key).count(),
            Call::Accept(_, name, _) => {
                let of = |e: &&Stored| e.verb == "accept" && name.ends_with(&e.dossier.to_string());
                events.filter(of).count()
            }
        }
    }
}

async fn idle(place: &Place) -> Vec<TcpStream> {
    let target = place.target();
    let at = target.trim_start_matches("http://");
    let lines = (0..IDLE).map(|_| TcpStream::connect(at));
    let lines = join_all(lines).await.into_iter();
    lines.map(|line| line.expect("a line")).collect()
}

async fn streams(place: &Place) -> Vec<Streaming<HealthCheckResponse>> {
    let mut streams = Vec::new();
    for _ in 0..STREAMS {
        let watch = HealthClient::new(place.operator().anonymous())
            .watch(HealthCheckRequest::default())
            .await;
        let mut stream = watch.expect("a stream").into_inner();
        stream.message().await.expect("a first answer");
        streams.push(stream);
    }
    streams
}

/// A refusal that says: ask again.
fn cleanly(status: &Status) -> bool {
    [
        Code::Unavailable,
        Code::Cancelled,
        Code::DeadlineExceeded,
        Code::ResourceExhausted,
    ]
    .contains(&status.code())
        || std::error::Error::source(status).is_some()
}
