//! Processes that end in the middle of what they do: servers, and the database.
use std::time::{Duration, Instant};

use crate::{
    Build, Form, chance::Chance, client::Load, invariants, report::Row, server::Server,
    setting::Setting,
};

/// How soon a server is to answer after its start, and work to go on after the database takes connections.
const SERVER_ANSWERS: Duration = Duration::from_secs(2);
const WORK_GOES_ON: Duration = Duration::from_secs(5);
pub const CLIENTS: usize = 32;
/// Longer than this nobody waits to see whether work goes on at all.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// Kills one of two servers after the other.
pub async fn server(build: Build, form: Form) -> Row {
    let setting = Setting::new().await;
    let mut servers = [Server::start(&setting, "one").await, Server::start(&setting, "two").await];
    let addresses: Vec<_> = servers.iter().map(|server| server.address).collect();
    let load = Load::begin(&setting, &addresses, CLIENTS, build.is_sound());
    let (mut chance, mut row) = (Chance::new(1), Row::default());
    let kills: usize = form.choose(5, if build.is_sound() { 200 } else { 20 });
    for nth in 0..kills {
        going(&load).await;
        // At any moment of their work: that is the point.
        tokio::time::sleep(chance.seconds(2, 6)).await;
        let server = servers.get_mut(nth % 2).expect("there are two");
        server.kill().await;
        let ready = server.restart().await;
        row.promise(ready <= SERVER_ANSWERS, || {
            format!("a server answered only {:.1} s after its start", ready.as_secs_f64())
        });
        row.recovery.push(ready);
    }
    let tally = load.finish().await;
    tally.judge(&setting, &mut row).await;
    row.n = format!("{kills} kills, {} acknowledged", tally.acknowledged());
    let [one, _] = &servers;
    invariants::check(&setting, one, &mut row).await;
    row
}

/// How the database ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HowToEnd {
    /// The server and all that it has made are killed.
    Kill,
    /// It is stopped: at once and in order, by turns.
    Stop,
}

/// Ends the database again and again under load.
pub async fn database(build: Build, form: Form, how: HowToEnd) -> Row {
    let mut setting = Setting::new().await;
    let mut server = Server::start(&setting, "one").await;
    if !build.is_sound() {
        do_not_wait_for_the_disk(&setting).await;
    }
    let load = Load::begin(&setting, &[server.address], CLIENTS, true);
    let (mut chance, mut row) = (Chance::new(2), Row::default());
    let ends: usize = form.choose(3, if build.is_sound() { 50 } else { 5 });
    for nth in 0..ends {
        going(&load).await;
        tokio::time::sleep(chance.seconds(2, 5)).await;
        match how {
            HowToEnd::Kill => setting.kill().await,
            HowToEnd::Stop => setting.stop(nth % 2 == 0).await,
        }
        setting.restart().await;
        let went_on = load.tally.more(1, PATIENCE).await;
        row.promise(went_on.is_some_and(|took| took <= WORK_GOES_ON), || match went_on {
            Some(took) => format!("work went on only after {:.1} s", took.as_secs_f64()),
            None => "work did not go on".to_owned(),
        });
        row.recovery.extend(went_on);
    }
    let tally = load.finish().await;
    tally.judge(&setting, &mut row).await;
    row.n = format!("{ends} ends, {} acknowledged", tally.acknowledged());
    row.promise(server.lives(), || "the server ended with its database".to_owned());
    // Where it must be lost, whether it is whole otherwise is not asked.
    if build.is_sound() {
        invariants::check(&setting, &server, &mut row).await;
    }
    row
}

/// Waits until the clients are at work.
pub async fn going(load: &Load) {
    let began = Instant::now();
    let goes = load.tally.more(50, PATIENCE).await;
    assert!(goes.is_some(), "nothing was acknowledged for {} s", began.elapsed().as_secs());
}

/// Breaks it: what is committed is told of before the disk has it. The server has looked at its start, and is not asked again.
///
/// A process that is killed loses only what the system has not been given yet, so the database is told to take its time.
async fn do_not_wait_for_the_disk(setting: &Setting) {
    // Not within a transaction, which these refuse.
    for setting_of_it in ["wal_writer_delay = '10s'", "wal_writer_flush_after = '1GB'"] {
        setting.execute(format!("alter system set {setting_of_it}")).await;
    }
    setting.execute("alter role latchkey_app set synchronous_commit = off").await;
    setting.execute("select pg_reload_conf()").await;
    setting.disconnect_servers().await;
}
