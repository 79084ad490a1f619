//! What tonic alone does with messages of a life's sizes: a server that answers
//! zeros, over TCP on the loopback, in this process.

use std::convert::Infallible;
use std::net::TcpListener;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::task::JoinSet;
use tonic::body::Body;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::codegen::http::{Request as Call, Response as Answered};
use tonic::codegen::{BoxFuture, Service};
use tonic::server::{NamedService, UnaryService};
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Endpoint, Server};
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;

use super::Broken;
use super::machine::Spent;
use super::table::{count, ratio};

/// How long each measurement takes.
const LENGTH: Duration = Duration::from_secs(3);

/// Bytes of a request and of its answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    /// Of the request.
    pub(crate) asked: usize,
    /// Of the answer.
    pub(crate) answered: u32,
}

/// What was measured.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Echo {
    /// Calls at once.
    pub(crate) clients: u32,
    /// Calls a second.
    pub(crate) calls_per_s: f64,
    /// Processor time of a call, client and server.
    pub(crate) cpu_ms_per_call: f64,
}

/// Answers as many zeros as the request's first four bytes say.
#[derive(Clone)]
struct Zeros;

impl NamedService for Zeros {
    const NAME: &'static str = "motcua.bench.Echo";
}

impl UnaryService<Vec<u8>> for Zeros {
    type Response = Vec<u8>;
    type Future = BoxFuture<Response<Vec<u8>>, Status>;

    fn call(&mut self, request: Request<Vec<u8>>) -> Self::Future {
        let wanted = request.get_ref().first_chunk().copied();
        let wanted = u32::from_be_bytes(wanted.unwrap_or_default());
        let zeros = vec![0; usize::try_from(wanted).unwrap_or_default()];
        Box::pin(async move { Ok(Response::new(zeros)) })
    }
}

impl Service<Call<Body>> for Zeros {
    type Response = Answered<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Self::Error>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, call: Call<Body>) -> Self::Future {
        Box::pin(async move {
            let codec = ProstCodec::<Vec<u8>, Vec<u8>>::default();
            Ok(tonic::server::Grpc::new(codec).unary(Zeros, call).await)
        })
    }
}

/// Echoes a life's messages, over and over.
pub(crate) async fn run(sizes: &[Size], clients: &[u32]) -> Result<Vec<Echo>, Broken> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    let address = format!("http://{}", listener.local_addr()?);
    let incoming = TcpIncoming::from(tokio::net::TcpListener::from_std(listener)?);
    let incoming = incoming.with_nodelay(Some(true));
    let mut server = JoinSet::new();
    server.spawn(
        Server::builder()
            .add_service(Zeros)
            .serve_with_incoming(incoming),
    );
    let mut told = Vec::new();
    for clients in clients {
        told.push(measure(&address, sizes, *clients).await?);
    }
    Ok(told)
}

async fn measure(address: &str, sizes: &[Size], clients: u32) -> Result<Echo, Broken> {
    let before = Spent::now();
    let until = Instant::now() + LENGTH;
    let mut calling = JoinSet::new();
    for _ in 0..clients {
        let endpoint = Endpoint::from_shared(address.to_owned())?.tcp_nodelay(true);
        #[expect(
            clippy::disallowed_methods,
            reason = "tonic alone, without what our client attaches"
        )]
        let channel = endpoint.connect().await?;
        let sizes = sizes.to_vec();
        calling.spawn(async move {
            let mut client = tonic::client::Grpc::new(channel);
            let mut calls = 0_usize;
            while Instant::now() < until {
                for size in &sizes {
                    let mut message = size.answered.to_be_bytes().to_vec();
                    message.resize(size.asked.max(4), 0);
                    client.ready().await?;
                    let path = PathAndQuery::from_static("/motcua.bench.Echo/Call");
                    let codec = ProstCodec::<Vec<u8>, Vec<u8>>::default();
                    client.unary(Request::new(message), path, codec).await?;
                    calls += 1;
                }
            }
            Ok::<_, Broken>(calls)
        });
    }
    let mut calls = 0;
    while let Some(called) = calling.join_next().await {
        calls += called??;
    }
    let spent = Spent::now().since(before);
    Ok(Echo {
        clients,
        calls_per_s: count(calls) / LENGTH.as_secs_f64(),
        cpu_ms_per_call: ratio(spent.own * 1000.0, count(calls)),
    })
}
