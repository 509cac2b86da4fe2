//! A database that takes no changes, and one whose disk is full.
use std::{
    fs::{self, File},
    io::Write as _,
    path::Path,
    process::Command,
    time::Duration,
};

use latchkey::gateway::private_postgres::DATABASE;
use sqlx::{Connection as _, PgConnection};

use crate::{
    Build, Form,
    client::{Load, Program},
    ends, invariants, patience,
    report::Row,
    server::Server,
    setting::{Folder, PEOPLE, Setting, named_folder},
};

/// How soon work goes on once it can.
const WORK_GOES_ON: Duration = Duration::from_secs(10);
/// How large the small disk is.
const SMALL: &str = "size=320m";

/// Lets the database take no changes: what is held is told all the same, by the clock, and nothing is claimed.
pub async fn read_only(build: Build, form: Form) -> Row {
    let setting = Setting::new().await;
    if !build.is_sound() {
        ends::ask_no_clock(&setting).await;
    }
    let server = Server::start(&setting, "one").await;
    let program = Program::new(&[server.address]);
    let mut row = Row::default();
    let rounds: usize = if build.is_sound() { form.choose(2, 20) } else { 1 };
    for round in 0..rounds {
        let (holder, stranger, late) = (2 * round + 1, 2 * round + 2, ends::first() + round);
        let works = activated(&program, &setting, holder, &format!("before-{round}")).await;
        assert!(works, "it works at first");
        ends::plan(&setting, (late, late), 3, &format!("read-only {round}")).await;
        switch(&setting, "set default_transaction_read_only = on").await;
        let refused = program.activate(&setting, stranger, &format!("during-{round}")).await;
        row.promise(refused.status == Some(503), || format!("a change was answered {refused:?}"));
        for (person, holds) in [(holder, true), (stranger, false)] {
            // A connection that has just been cut says so once.
            let told = patience::within(Duration::from_secs(3), || async {
                program.holds(&setting, person).await == Some(holds)
            });
            row.promise(told.await.is_some(), || format!("nobody was told {holds} of {person}"));
        }
        // Nobody can write down that it is over; it is over all the same.
        let over = patience::within(Duration::from_secs(6), || async {
            program.holds(&setting, late).await == Some(false)
        });
        row.promise(over.await.is_some(), || "access outlived its end".to_owned());
        switch(&setting, "reset default_transaction_read_only").await;
        let written = patience::within(WORK_GOES_ON, || async { ends::left(&setting).await == 0 });
        row.recovery.extend(written.await);
        let went_on = activated(&program, &setting, stranger, &format!("during-{round}")).await;
        row.promise(went_on, || "it did not go on".to_owned());
    }
    row.promise(row.recovery.len() == rounds, || "an end was not written down".to_owned());
    row.n = format!("{rounds} times");
    if build.is_sound() {
        invariants::check(&setting, &server, &mut row).await;
    }
    row
}

/// Whether somebody gets their role, asking again as clients do: a connection that has been cut says so once.
async fn activated(program: &Program, setting: &Setting, person: usize, key: &str) -> bool {
    let asked = patience::within(WORK_GOES_ON, || async {
        program.activate(setting, person, key).await.is_success()
    });
    asked.await.is_some()
}

async fn switch(setting: &Setting, how: &str) {
    setting.execute(format!("alter system {how}")).await;
    setting.execute("select pg_reload_conf()").await;
    let wanted = if how.starts_with("set") { "on" } else { "off" };
    patience::until(WORK_GOES_ON, "the database has read its settings", || async {
        let options = setting.superuser_options(DATABASE);
        let mut fresh = PgConnection::connect_with(&options).await.expect("it answers");
        let found: String =
            sqlx::query_scalar("select current_setting('default_transaction_read_only')")
                .fetch_one(&mut fresh)
                .await
                .expect("it says so");
        found == wanted
    })
    .await;
    // Those that are connected read it in their own time.
    setting.disconnect_servers().await;
}

/// A small disk of memory. Dropping it takes it away, whatever is on it.
struct SmallDisk(Folder);

impl SmallDisk {
    /// None where that is not allowed, and why.
    fn mount(name: &str) -> Result<Self, String> {
        let folder = named_folder(name);
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("{SMALL},mode=0711"), "tmpfs"]).arg(&folder.0);
        match mount.output() {
            Ok(output) if output.status.success() => Ok(Self(folder)),
            Ok(output) => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
            Err(failure) => Err(failure.to_string()),
        }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("--lazy").arg(&self.0.0).output());
    }
}

/// Fills the disk that the database is on, its log of changes as well, and makes room again. Broken, nobody makes room in time.
pub async fn disk_full(build: Build, form: Form) -> Row {
    let disk = match SmallDisk::mount("disk") {
        Ok(disk) => disk,
        Err(why) => return Row::skipped(format!("no small disk can be mounted ({why})")),
    };
    // Only the database is on it: what servers keep is elsewhere.
    let mut setting = Setting::with(named_folder("full"), disk.0.0.join("postgres"), PEOPLE).await;
    for limit in ["max_wal_size = '48MB'", "min_wal_size = '32MB'"] {
        setting.execute(format!("alter system set {limit}")).await;
    }
    setting.execute("select pg_reload_conf()").await;
    let mut server = Server::start(&setting, "one").await;
    let load = Load::begin(&setting, &[server.address], 16, true);
    let mut row = Row::default();
    let rounds: usize = if build.is_sound() { form.choose(1, 10) } else { 1 };
    for _ in 0..rounds {
        load.tally.more(100, Duration::from_mins(1)).await.expect("clients are at work");
        let filler = disk.0.0.join("filler");
        fill(&filler);
        let unknown = load.tally.unknown();
        let felt = patience::within(Duration::from_mins(1), || async {
            // What the database frees meanwhile is taken from it as well.
            fill(&filler);
            load.tally.unknown() > unknown
        });
        row.promise(felt.await.is_some(), || "the disk was full, and nobody felt it".to_owned());
        row.promise(server.status("/livez").await == Some(200), || "it did not live".to_owned());
        if build.is_sound() {
            make_room(&mut setting, &filler).await;
        }
        // Some changes still fit onto a full disk: as many as these do not.
        let went_on = load.tally.more(500, WORK_GOES_ON).await;
        row.promise(went_on.is_some(), || "work did not go on".to_owned());
        row.recovery.extend(went_on);
        if !build.is_sound() {
            make_room(&mut setting, &filler).await;
        }
    }
    row.promise(server.lives(), || "the server ended".to_owned());
    let tally = load.finish().await;
    tally.judge(&setting, &mut row).await;
    row.n = format!("{rounds} times full, {} acknowledged", tally.acknowledged());
    invariants::check(&setting, &server, &mut row).await;
    drop(server);
    drop(setting);
    drop(disk);
    row
}

/// Takes away what fills the disk. Where its log of changes did not fit, the database stops; whoever looks after it starts it again.
async fn make_room(setting: &mut Setting, filler: &Path) {
    fs::remove_file(filler).expect("room is made");
    if !setting.runs() || !answers(setting).await {
        setting.restart().await;
    }
}

/// Whether the database comes back by itself.
async fn answers(setting: &Setting) -> bool {
    patience::within(Duration::from_secs(10), || async {
        let looked = sqlx::query("select 1").execute(&setting.superuser);
        tokio::time::timeout(Duration::from_secs(2), looked).await.is_ok_and(|done| done.is_ok())
    })
    .await
    .is_some()
}

/// Writes until nothing more fits.
fn fill(path: &Path) {
    let mut options = File::options();
    let mut file = options.create(true).append(true).open(path).expect("a file can be made");
    let block = vec![0; 64 * 1024];
    for size in [block.len(), 4096, 1] {
        while block.get(..size).is_some_and(|part| file.write_all(part).is_ok()) {}
    }
}
