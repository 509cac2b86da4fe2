//! What servers go through to the leader of two databases: it asks Patroni once a second which one that is, as a load
//! balancer does, and ends the connections to one that leads no more.
use std::{io, net::SocketAddr, time::Duration};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};

use crate::server::status_at;

/// Between two looks, and how long Patroni may take to answer one.
const LOOK: Duration = Duration::from_secs(1);
/// After so many looks in a row at which nobody led, nobody does.
const MISSES: u32 = 2;

/// Where a database listens, and where Patroni tells how it stands.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// The database.
    pub database: SocketAddr,
    /// Patroni.
    pub patroni: SocketAddr,
}

impl Place {
    /// Whether Patroni says so of the database there, as by `/primary`.
    pub async fn is(&self, what: &str) -> bool {
        let asked = tokio::time::timeout(LOOK, status_at(self.patroni, what)).await;
        asked.is_ok_and(|status| status == Some(200))
    }
}

/// A way to the leader. Dropping it ends every connection.
pub struct LeaderProxy {
    /// Where it listens.
    pub address: SocketAddr,
    leader: watch::Receiver<Option<usize>>,
    _tasks: JoinSet<()>,
}

impl LeaderProxy {
    /// One to whichever of the two leads.
    pub async fn start(places: [Place; 2]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a free port");
        let address = listener.local_addr().expect("it has an address");
        let (found, leader) = watch::channel(None);
        let watched = leader.clone();
        let mut tasks = JoinSet::new();
        tasks.spawn(look(places, found));
        tasks.spawn(async move {
            // Those that are open end with this one.
            let mut open = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let leader = watched.clone();
                open.spawn(async move {
                    // A connection that ends is what this is for.
                    drop(relay(client, places, leader).await);
                });
                while open.try_join_next().is_some() {}
            }
        });
        Self { address, leader, _tasks: tasks }
    }

    /// Which one leads, if one does.
    pub fn leader(&self) -> Option<usize> {
        *self.leader.borrow()
    }

    /// Waits until one leads that is not this one; false if that took too long.
    pub async fn until_led(&self, but: Option<usize>, limit: Duration) -> bool {
        let mut leader = self.leader.clone();
        let led = leader.wait_for(|leader| leader.is_some() && *leader != but);
        tokio::time::timeout(limit, led).await.is_ok_and(|led| led.is_ok())
    }
}

/// Looks again and again which one leads.
async fn look([one, two]: [Place; 2], leader: watch::Sender<Option<usize>>) {
    let mut misses = 0;
    loop {
        let found = match tokio::join!(one.is("/primary"), two.is("/primary")) {
            (true, _) => Some(0),
            (_, true) => Some(1),
            _ => None,
        };
        misses = if found.is_some() { 0 } else { misses + 1 };
        if found.is_some() || misses >= MISSES {
            leader.send_if_modified(|leader| std::mem::replace(leader, found) != found);
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// One connection. Where nobody leads it ends at once.
async fn relay(
    mut client: TcpStream,
    places: [Place; 2],
    mut leader: watch::Receiver<Option<usize>>,
) -> io::Result<()> {
    let now = *leader.borrow_and_update();
    let Some(place) = now.and_then(|now| places.get(now)) else { return Ok(()) };
    let mut server = TcpStream::connect(place.database).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    tokio::select! {
        done = copy_bidirectional(&mut client, &mut server) => done.map(drop),
        _ = leader.wait_for(|leader| *leader != now) => Ok(()),
    }
}
