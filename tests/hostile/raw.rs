//! Calls whose request is any bytes.

use std::time::Duration;

use bytes::{Buf as _, BufMut as _};
use prost_reflect::MethodDescriptor;
use runtime::client::Channel;
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::http::uri::PathAndQuery;
use tonic::{Request, Status};

/// A stream without an end is read for this long.
const READ: Duration = Duration::from_millis(100);
/// No call takes longer.
pub(crate) const LONGEST: Duration = Duration::from_secs(10);

/// Bytes out, bytes in.
#[derive(Default)]
struct Raw;

impl Codec for Raw {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Raw;
    type Decoder = Raw;

    fn encoder(&mut self) -> Raw {
        Raw
    }

    fn decoder(&mut self) -> Raw {
        Raw
    }
}

impl Encoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        to.put_slice(&item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        let mut bytes = vec![0; from.remaining()];
        from.copy_to_slice(&mut bytes);
        Ok(Some(bytes))
    }
}

/// Sends bytes to a method; answers what it refuses with, if it does.
pub(crate) async fn call(
    line: &Channel,
    method: &MethodDescriptor,
    bytes: Vec<u8>,
) -> Result<(), Status> {
    let service = method.parent_service().full_name().to_owned();
    let path: PathAndQuery = format!("/{service}/{}", method.name()).parse().unwrap();
    let mut grpc = Grpc::new(line.clone());
    grpc.ready()
        .await
        .map_err(|error| Status::unavailable(error.to_string()))?;
    if !method.is_server_streaming() {
        return grpc.unary(Request::new(bytes), path, Raw).await.map(drop);
    }
    let answer = grpc
        .server_streaming(Request::new(bytes), path, Raw)
        .await?;
    let mut stream = answer.into_inner();
    // One that goes on has been accepted.
    match tokio::time::timeout(READ, stream.message()).await {
        Ok(Err(status)) => Err(status),
        Ok(Ok(_)) | Err(_) => Ok(()),
    }
}
