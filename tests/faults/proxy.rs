//! A wire that can be cut: TCP, passed on byte by byte until it is told otherwise.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// What the wire does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    /// Passes on.
    Whole,
    /// Ends what is open, and whatever is opened.
    Cut,
    /// Passes nothing on and ends nothing; later everything arrives.
    Stalled,
    /// Passes on what is asked, and loses what is answered.
    HalfOpen,
    /// Each piece arrives so much later.
    Slow(Duration),
    /// In pieces of a few bytes.
    Sliced,
    /// Ends each direction of a line after so many bytes more.
    Until(usize),
}

/// A listener that passes on to one address.
pub(crate) struct Proxy {
    /// Where it listens.
    pub(crate) at: SocketAddr,
    mood: watch::Sender<Mood>,
    /// Everything ends with it.
    _tasks: JoinSet<()>,
}

/// Which way bytes go.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    There,
    Back,
}

impl Proxy {
    /// Before an address of the loopback.
    pub(crate) async fn before(port: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.expect("a free port");
        let at = listener.local_addr().expect("an address");
        let (mood, moods) = watch::channel(Mood::Whole);
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, port, moods));
        Self {
            at,
            mood,
            _tasks: tasks,
        }
    }

    /// Changes what it does, for lines that are open too.
    pub(crate) fn turn(&self, mood: Mood) {
        self.mood.send_replace(mood);
    }
}

async fn accept(listener: TcpListener, port: u16, moods: watch::Receiver<Mood>) {
    let mut lines = JoinSet::new();
    loop {
        tokio::select! {
            Ok((near, _)) = listener.accept() => {
                if *moods.borrow() != Mood::Cut {
                    lines.spawn(line(near, port, moods.clone()));
                }
            }
            Some(_) = lines.join_next() => {}
        }
    }
}

/// One line, until either side or the mood ends it.
async fn line(near: TcpStream, port: u16, moods: watch::Receiver<Mood>) {
    let Ok(far) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await else {
        return;
    };
    // Small pieces leave at once.
    if near.set_nodelay(true).is_err() || far.set_nodelay(true).is_err() {
        return;
    }
    let (near_in, near_out) = near.into_split();
    let (far_in, far_out) = far.into_split();
    // Whichever ends first takes the other with it.
    tokio::select! {
        () = pass(near_in, far_out, moods.clone(), Way::There) => {}
        () = pass(far_in, near_out, moods, Way::Back) => {}
    }
}

async fn pass(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut moods: watch::Receiver<Mood>,
    way: Way,
) {
    let mut piece = vec![0; 16 * 1024];
    let mut left = None;
    let mut lost = false;
    loop {
        let read = tokio::select! {
            biased;
            changed = moods.changed() => {
                // Bytes that were lost leave a line that nobody can go on with.
                if changed.is_err() || lost || *moods.borrow_and_update() == Mood::Cut {
                    return;
                }
                left = None;
                continue;
            }
            read = from.read(&mut piece) => read,
        };
        let Ok(read @ 1..) = read else { return };
        let mut bytes = &piece[..read];
        while *moods.borrow() == Mood::Stalled {
            if moods.changed().await.is_err() {
                return;
            }
        }
        let mood = *moods.borrow();
        match mood {
            Mood::Cut => return,
            Mood::HalfOpen if way == Way::Back => {
                lost = true;
                continue;
            }
            Mood::Slow(wait) => pause(wait).await,
            Mood::Until(most) => {
                let rest = *left.get_or_insert(most);
                bytes = &bytes[..read.min(rest)];
                left = Some(rest - bytes.len());
            }
            Mood::Whole | Mood::Stalled | Mood::HalfOpen | Mood::Sliced => {}
        }
        let size = if mood == Mood::Sliced { 7 } else { read };
        for slice in bytes.chunks(size) {
            if to.write_all(slice).await.is_err() {
                return;
            }
        }
        if left == Some(0) {
            return;
        }
    }
}

/// A wire that takes its time has no condition to wait for.
async fn pause(time: Duration) {
    let _ = tokio::time::timeout(time, std::future::pending::<()>()).await;
}

#[tokio::test]
async fn a_wire_passes_on_stalls_loses_and_is_cut() {
    let echo = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = echo.local_addr().unwrap().port();
    let mut serving = JoinSet::new();
    serving.spawn(async move {
        loop {
            let (mut line, _) = echo.accept().await.unwrap();
            let mut piece = [0; 64];
            while let Ok(read @ 1..) = line.read(&mut piece).await {
                if line.write_all(&piece[..read]).await.is_err() {
                    break;
                }
            }
        }
    });
    let proxy = Proxy::before(port).await;
    let said = |line: &TcpStream, text: &'static [u8]| {
        let sent = line.try_write(text).unwrap();
        assert_eq!(sent, text.len());
    };
    let connect = async || {
        let line = TcpStream::connect(proxy.at).await.unwrap();
        line.writable().await.unwrap();
        line
    };
    let mut heard = [0; 4];

    let mut line = connect().await;
    for mood in [
        Mood::Whole,
        Mood::Sliced,
        Mood::Slow(Duration::from_millis(20)),
    ] {
        proxy.turn(mood);
        said(&line, b"whol");
        line.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"whol");
    }
    proxy.turn(Mood::Stalled);
    said(&line, b"late");
    let silent = Duration::from_millis(100);
    let nothing = tokio::time::timeout(silent, line.read(&mut heard)).await;
    assert!(nothing.is_err());
    proxy.turn(Mood::Whole);
    line.read_exact(&mut heard).await.unwrap();
    assert_eq!(&heard, b"late");

    proxy.turn(Mood::HalfOpen);
    said(&line, b"lost");
    let nothing = tokio::time::timeout(silent, line.read(&mut heard)).await;
    assert!(nothing.is_err());
    proxy.turn(Mood::Whole);
    assert!(matches!(line.read(&mut heard).await, Ok(0) | Err(_)));

    let mut line = connect().await;
    said(&line, b"open");
    line.read_exact(&mut heard).await.unwrap();
    proxy.turn(Mood::Until(2));
    said(&line, b"half");
    let mut rest = Vec::new();
    let _ = line.read_to_end(&mut rest).await;
    // Two bytes went there and the line ended; they may have come back before.
    assert!(rest.len() <= 2, "{rest:?}");

    proxy.turn(Mood::Whole);
    let mut line = connect().await;
    proxy.turn(Mood::Cut);
    assert!(matches!(line.read(&mut heard).await, Ok(0) | Err(_)));
    let mut refused = connect().await;
    assert!(matches!(refused.read(&mut heard).await, Ok(0) | Err(_)));
}
