//! The leader of two databases ends, and the other one takes over.
use std::{
    fs,
    path::PathBuf,
    time::{Duration, Instant},
};

use crate::{
    Build, Form,
    chance::Chance,
    client::Load,
    invariants,
    kill::{CLIENTS, going},
    leader::LeaderProxy,
    patience,
    patroni::{Cluster, Part, Programs},
    report::Row,
    server::Server,
    setting::{PEOPLE, Setting, own_folder},
};

/// How soon after the leader is gone a change is acknowledged again.
const WRITABLE: Duration = Duration::from_secs(30);
/// Longer than this nobody waits to see whether another one leads at all, and then whether one that was killed follows.
const PATIENCE: Duration = Duration::from_secs(90);
/// How soon a server tells that there is no leader.
const TOLD: Duration = Duration::from_secs(15);

/// Kills the leader again and again under load, and switches over in order at the end.
///
/// Broken, the follower is not waited for, and is behind when the leader is killed: what was acknowledged meanwhile is
/// lost, and the witness has to notice.
pub async fn failover(build: Build, form: Form) -> Row {
    let programs = match Programs::find() {
        Ok(programs) => programs,
        Err(missing) => return Row::skipped(missing),
    };
    let cluster = Cluster::start(programs, build.is_sound()).await;
    let proxy = LeaderProxy::start(cluster.places()).await;
    assert!(proxy.until_led(None, PATIENCE).await, "one of the two leads");
    let ways = cluster.prepare(proxy.address).await;
    let setting = Setting::at(own_folder(), ways, PEOPLE).await;
    let servers = [witnessed(&setting, "one").await, witnessed(&setting, "two").await];
    let addresses: Vec<_> = servers.iter().map(|server| server.address).collect();
    let load = Load::begin(&setting, &addresses, CLIENTS, true);
    let drill = Drill { cluster, proxy, servers, load, row: Row::default() };
    if build.is_sound() {
        drill.kill_leaders(&setting, form).await
    } else {
        drill.kill_one_that_is_ahead(&setting).await
    }
}

/// A server that writes down outside of the database how far its log goes.
async fn witnessed(setting: &Setting, name: &str) -> Server {
    let file = witness(setting, name);
    let file = file.to_string_lossy();
    let kept = [("LATCHKEY_WITNESS_FILE", &*file)];
    Server::with(setting, name, &setting.database_url(), &kept).await
}

fn witness(setting: &Setting, name: &str) -> PathBuf {
    setting.folder().join(name).with_extension("witness")
}

/// How often it was written down.
fn statements(setting: &Setting, name: &str) -> usize {
    fs::read_to_string(witness(setting, name)).unwrap_or_default().lines().count()
}

/// What is at work while leaders end.
struct Drill {
    row: Row,
    load: Load,
    servers: [Server; 2],
    proxy: LeaderProxy,
    // Last: the others have let go of it.
    cluster: Cluster,
}

impl Drill {
    /// Kills one leader after the other: by turns all of it, and Patroni alone.
    async fn kill_leaders(mut self, setting: &Setting, form: Form) -> Row {
        let mut chance = Chance::new(6);
        let kills: usize = form.choose(2, 20);
        let mut followed = Duration::ZERO;
        for nth in 0..kills {
            going(&self.load).await;
            tokio::time::sleep(chance.seconds(2, 5)).await;
            let (old, killed) = (self.leader(), Instant::now());
            self.cluster.kill(old, if nth % 2 == 0 { Part::All } else { Part::Patroni }).await;
            self.is_told().await;
            let took = self.until_writable(old, killed).await;
            self.row.recovery.extend(took);
            self.refuses(old).await;
            self.cluster.begin(old);
            followed = followed.max(self.until_follows(old).await);
            self.refuses(old).await;
        }
        going(&self.load).await;
        let (old, asked) = (self.leader(), Instant::now());
        self.cluster.switch_over(old).await;
        let switched = self.until_writable(old, asked).await.unwrap_or_default();
        going(&self.load).await;
        let Self { mut row, load, mut servers, .. } = self;
        let tally = load.finish().await;
        tally.judge(setting, &mut row).await;
        row.n = format!("{kills} kills, {} acknowledged", tally.acknowledged());
        row.notes.push(format!(
            "a switchover in order took {:.1} s; what was killed followed again {:.1} s after its start at most",
            switched.as_secs_f64(),
            followed.as_secs_f64()
        ));
        for server in &mut servers {
            row.promise(server.lives(), || "a server ended with its database".to_owned());
        }
        let [one, two] = &mut servers;
        let noticed = notices(setting, two).await;
        row.promise(!noticed, || "the witness missed something".to_owned());
        invariants::check(setting, one, &mut row).await;
        row
    }

    /// Breaks it: the follower is not waited for. It is held back for some seconds, in which the witness speaks, and
    /// then the leader is killed.
    async fn kill_one_that_is_ahead(mut self, setting: &Setting) -> Row {
        going(&self.load).await;
        let [_, two] = &mut self.servers;
        // It writes down soon after a start how far the log goes, and then once a minute.
        two.kill().await;
        two.restart().await;
        let old = self.leader();
        self.cluster.hold_back(old, true);
        let held = Instant::now();
        going(&self.load).await;
        let said = statements(setting, "two");
        patience::until(PATIENCE, "the witness speaks", || async {
            statements(setting, "two") > said
        })
        .await;
        let (behind, killed) = (held.elapsed(), Instant::now());
        self.cluster.kill(old, Part::All).await;
        self.cluster.hold_back(old, false);
        let took = self.until_writable(old, killed).await;
        let Self { mut row, load, servers, .. } = self;
        row.recovery.extend(took);
        let tally = load.finish().await;
        tally.judge(setting, &mut row).await;
        row.n = format!("1 kill, {} acknowledged", tally.acknowledged());
        assert!(row.lost > 0, "nothing was lost although the follower was behind");
        let [_, mut two] = servers;
        assert!(notices(setting, &mut two).await, "the witness did not notice what was lost");
        row.notes.push(format!(
            "the follower was {:.1} s behind: {} of {} acknowledged are lost; the witness noticed at the next start",
            behind.as_secs_f64(),
            row.lost,
            tally.acknowledged()
        ));
        row
    }

    fn leader(&self) -> usize {
        self.proxy.leader().expect("one of the two leads")
    }

    /// Without a leader, a server says that it is not ready, and lives.
    async fn is_told(&mut self) {
        let [one, _] = &self.servers;
        let told = patience::within(TOLD, || async { one.status("/readyz").await == Some(503) });
        let told = told.await.is_some() && one.status("/livez").await == Some(200);
        self.row.promise(told, || "nobody was told that there is no leader".to_owned());
    }

    /// Waits until a change is acknowledged under another leader, and says how long that took in all; none if it did
    /// not come.
    async fn until_writable(&mut self, old: usize, began: Instant) -> Option<Duration> {
        let led = self.proxy.until_led(Some(old), PATIENCE).await;
        let writable = led && self.load.tally.more(1, PATIENCE).await.is_some();
        let took = began.elapsed();
        self.row.promise(writable && took <= WRITABLE, || {
            if writable {
                format!("it was writable only after {:.1} s", took.as_secs_f64())
            } else {
                "it was not writable again".to_owned()
            }
        });
        writable.then_some(took)
    }

    /// Whoever goes to the old leader past the proxy must not be told that something is done.
    async fn refuses(&mut self, old: usize) {
        let acknowledged = self.cluster.acknowledges(old).await;
        self.row.promise(!acknowledged, || "the old leader acknowledged a change".to_owned());
    }

    /// Waits until the one that was killed is again waited for at each commit, and says how long that took.
    async fn until_follows(&self, node: usize) -> Duration {
        patience::until(PATIENCE, "the old leader follows", || self.cluster.follows(node)).await
    }
}

/// Whether a server that starts finds that something is missing of what was written down outside of the database.
async fn notices(setting: &Setting, server: &mut Server) -> bool {
    server.stop().await;
    server.restart().await;
    setting.count("select count(*) from quarantines").await > 0
}
