//! What stands between a server and its database, and passes on, delays, holds back or cuts what goes through it.
//!
//! It speaks to the database's socket in the file system; where the database is our own, that is all it listens on.
use std::{
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream, UnixStream},
    sync::watch,
    task::JoinSet,
};

/// How long the database may take to answer a commit that is about to be cut.
const ANSWER: Duration = Duration::from_secs(5);

/// What is done with what goes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// All of it goes through.
    Pass,
    /// What the server says comes so much later.
    Delay(Duration),
    /// A connection ends after so many bytes.
    CutAfter(usize),
    /// Nothing goes through any more, in neither direction, and nothing ends.
    BlackHole,
    /// Every so many commits, the connection ends when the commit was passed on and its answer was not.
    CutAtCommit(u64),
}

/// A way to the database. Dropping it ends every connection.
pub struct Proxy {
    address: SocketAddr,
    mode: watch::Sender<Mode>,
    cuts: Arc<AtomicU64>,
    _connections: JoinSet<()>,
}

impl Proxy {
    /// One to the socket in that folder.
    pub async fn start(sockets: &Path) -> Self {
        Self::to(sockets.join(".s.PGSQL.5432")).await
    }

    /// One to that socket, which need not be there yet.
    pub async fn to(socket: PathBuf) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a free port");
        let address = listener.local_addr().expect("it has an address");
        let (mode, watched) = watch::channel(Mode::Pass);
        let (cuts, commits) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let counted = Arc::clone(&cuts);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            // Those that are open end with this one.
            let mut open = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let way = Way {
                    mode: watched.clone(),
                    cuts: Arc::clone(&counted),
                    commits: Arc::clone(&commits),
                };
                let socket = socket.clone();
                open.spawn(async move {
                    // A connection that ends is what this is for.
                    drop(way.relay(client, socket).await);
                });
                while open.try_join_next().is_some() {}
            }
        });
        Self { address, mode, cuts, _connections: tasks }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How a server gets to the database through it.
    pub fn database_url(&self) -> String {
        format!("postgres://latchkey_app@{}/latchkey?sslmode=disable", self.address)
    }

    pub fn set(&self, mode: Mode) {
        self.mode.send_replace(mode);
    }

    /// How many connections it has cut.
    pub fn cuts(&self) -> u64 {
        self.cuts.load(Ordering::Relaxed)
    }
}

/// One connection.
struct Way {
    mode: watch::Receiver<Mode>,
    cuts: Arc<AtomicU64>,
    commits: Arc<AtomicU64>,
}

impl Way {
    async fn relay(mut self, mut client: TcpStream, socket: PathBuf) -> io::Result<()> {
        client.set_nodelay(true)?;
        self.pass_a_hole().await?;
        let mut server = UnixStream::connect(socket).await?;
        let (mut asked, mut said) = (vec![0; 16 * 1024], vec![0; 16 * 1024]);
        let mut passed = 0;
        loop {
            tokio::select! {
                // In this order: once there is a hole, nothing more goes through.
                biased;
                changed = self.mode.changed() => {
                    changed.map_err(io::Error::other)?;
                    self.pass_a_hole().await?;
                }
                count = client.read(&mut asked) => {
                    let Some(bytes) = asked.get(..count?).filter(|bytes| !bytes.is_empty()) else {
                        return Ok(());
                    };
                    server.write_all(bytes).await?;
                    passed += bytes.len();
                    if self.cuts_at(bytes) {
                        // Half of them before the database has done it, half of them after.
                        if self.cuts.fetch_add(1, Ordering::Relaxed) % 2 == 1 {
                            drop(tokio::time::timeout(ANSWER, server.read(&mut said)).await);
                        }
                        return Ok(());
                    }
                }
                count = server.read(&mut said) => {
                    let Some(bytes) = said.get(..count?).filter(|bytes| !bytes.is_empty()) else {
                        return Ok(());
                    };
                    self.wait().await;
                    client.write_all(bytes).await?;
                    passed += bytes.len();
                }
            }
            if matches!(*self.mode.borrow(), Mode::CutAfter(most) if passed > most) {
                self.cuts.fetch_add(1, Ordering::Relaxed);
                return Ok(());
            }
        }
    }

    /// Waits for the end of a hole. What was in it does not come out again: the connection ends.
    async fn pass_a_hole(&mut self) -> io::Result<()> {
        if *self.mode.borrow() != Mode::BlackHole {
            return Ok(());
        }
        self.mode.wait_for(|mode| *mode != Mode::BlackHole).await.map_err(io::Error::other)?;
        Err(io::ErrorKind::ConnectionReset.into())
    }

    async fn wait(&self) {
        let Mode::Delay(delay) = *self.mode.borrow() else { return };
        tokio::time::sleep(delay).await;
    }

    fn cuts_at(&self, bytes: &[u8]) -> bool {
        let Mode::CutAtCommit(every) = *self.mode.borrow() else { return false };
        bytes.windows(6).any(|word| word == b"COMMIT")
            && self.commits.fetch_add(1, Ordering::Relaxed).is_multiple_of(every)
    }
}
