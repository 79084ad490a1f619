//! Lines that break.

use std::sync::Arc;

use proto::account::v1::GetKeySetRequest;
use proto::account::v1::auth_service_client::AuthServiceClient;
use runtime::Failure;
use runtime::client::{Channel, Config, Outgoing};
use runtime::failure::Reason;
use runtime::incarnation::Incarnations;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use motcua_runtime as runtime;

use crate::Still;

/// What a peer says before anything else, and that it has heard us: two frames of
/// HTTP/2, empty settings and their acknowledgement.
const HELLO: [u8; 18] = [0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0];
/// Our preface is shorter than this, and our first request longer.
const PREFACE: usize = 100;

/// How a peer leaves in the middle of the first call.
const ENDS: [(&str, &[u8]); 4] = [
    ("it dies", &[]),
    // GOAWAY after stream 1: no error, and an internal one.
    (
        "it leaves",
        &[0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0],
    ),
    (
        "it breaks",
        &[0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2],
    ),
    // RST_STREAM of stream 1 with an internal error.
    ("it resets", &[0, 0, 4, 3, 0, 0, 0, 0, 1, 0, 0, 0, 2]),
];

#[tokio::test]
async fn a_line_that_breaks_under_a_call_is_away_and_no_fault_of_the_service() {
    for (how, end) in ENDS {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let peer = tokio::spawn(async move {
            let (mut line, _) = listener.accept().await.unwrap();
            line.write_all(&HELLO).await.unwrap();
            let mut heard = 0;
            while heard < PREFACE {
                let mut some = [0; 4096];
                heard += line.read(&mut some).await.unwrap();
            }
            line.write_all(end).await.unwrap();
        });
        let config = Config {
            endpoint,
            authority_file: None,
            certificate_file: None,
            key_file: None,
            domain: None,
        };
        let outgoing = Outgoing {
            identity: None,
            incarnations: Incarnations::default(),
            clock: Arc::new(Still::new()),
        };
        let channel = Channel::tcp(&config, outgoing).unwrap();
        let call = AuthServiceClient::new(channel)
            .get_key_set(GetKeySetRequest {})
            .await;
        let status = call.unwrap_err();
        let failure = Failure::from_status(&status);
        assert_eq!(failure.reason(), Reason::Unavailable, "{how}: {status:?}");
        // Nobody knows whether it was done.
        assert!(failure.is_undecided(), "{how}");
        peer.await.unwrap();
    }
}
