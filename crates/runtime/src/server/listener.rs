//! Where calls come from: a socket, or the same process.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::DuplexStream;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_stream::Stream;

/// Bytes in flight on an in-memory line, in each direction.
const BUFFER: usize = 64 * 1024;

/// Where a server listens.
#[derive(Debug)]
pub enum Listener {
    /// A bound socket.
    Tcp(TcpListener),
    /// Lines inside the process.
    Memory(Lines),
}

impl Listener {
    /// Binds a socket; port 0 takes a free one.
    pub async fn tcp(address: SocketAddr) -> io::Result<Self> {
        TcpListener::bind(address).await.map(Self::Tcp)
    }

    /// A listener inside the process, and the way to dial it.
    pub fn memory() -> (Self, Dial) {
        let (sender, receiver) = mpsc::channel(16);
        (Self::Memory(Lines(receiver)), Dial(sender))
    }

    /// The bound address of a socket.
    pub fn local_addr(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(socket) => socket.local_addr().ok(),
            Self::Memory(_) => None,
        }
    }
}

/// The server's end of in-memory lines.
#[derive(Debug)]
pub struct Lines(mpsc::Receiver<DuplexStream>);

impl Stream for Lines {
    type Item = io::Result<DuplexStream>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(cx).map(|line| line.map(Ok))
    }
}

/// Opens in-memory lines to one listener.
#[derive(Clone, Debug)]
pub struct Dial(mpsc::Sender<DuplexStream>);

impl Dial {
    pub(crate) async fn connect(&self) -> io::Result<DuplexStream> {
        let (ours, theirs) = tokio::io::duplex(BUFFER);
        let gone = |_| io::Error::from(io::ErrorKind::ConnectionRefused);
        self.0.send(theirs).await.map_err(gone)?;
        Ok(ours)
    }
}
