//! Databases that were put back, cut off or edited: what the witness file outside of them is for.
use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use latchkey::gateway::private_postgres::DATABASE;
use sqlx::{Connection as _, PgConnection};
use tokio::process::Command;

use crate::{
    Build, Form, client::Program, invariants, patience, report::Row, server::Server,
    setting::Setting,
};

/// How soon after the start of a server a database that was put back is in quarantine.
const QUARANTINED: f64 = 1.0;

/// Whose access is ended, whose begins after the copy was made, and who asks too late.
const ADA: usize = 1;
const BOB: usize = 2;
const EVE: usize = 3;

pub async fn restore(build: Build, form: Form) -> Row {
    let mut row = Row::default();
    let rounds: usize = if build.is_sound() { form.choose(1, 10) } else { 1 };
    for _ in 0..rounds {
        round(build, &mut row).await;
    }
    row.n = format!("{rounds} of each");
    row
}

async fn round(build: Build, row: &mut Row) {
    let setting = Setting::new().await;
    let witness = setting.folder().join("witness.jsonl");
    let shown = witness.to_string_lossy().into_owned();
    let kept = [("LATCHKEY_WITNESS_FILE", shown.as_str())];
    let kept = if build.is_sound() { kept.as_slice() } else { &[] };
    let url = setting.database_url();
    let mut server = Server::with(&setting, "one", &url, kept).await;
    let program = Program::new(&[server.address]);
    let activated = program.activate(&setting, ADA, "ada").await;
    let ada = activated.id("/outcomes/0/request/assignment").expect("it works at first");
    setting.until_sealed().await;
    let stale = copy(&setting, "stale").await;
    let path = format!("/activations/{ada}/deactivate");
    let token = crate::client::token_of(&setting, ADA);
    let ended = program.post(0, &path, &token, None, &serde_json::Value::Null).await;
    assert!(ended.is_success(), "it is ended: {ended:?}");
    assert!(program.activate(&setting, BOB, "bob").await.is_success(), "bob's begins");
    setting.until_sealed().await;
    if build.is_sound() {
        // It is written down soon after a start, and then once a minute.
        server.stop().await;
        server.restart().await;
        let head = setting.count("select sequence from audit_head").await;
        patience::until(Duration::from_secs(90), "the witness writes it down", || async {
            said(&witness) >= head
        })
        .await;
        server.stop().await;
        let newest = copy(&setting, "newest").await;
        edited(&setting, &server, row).await;
        whole(&setting, &mut server, &program, &newest, row).await;
        truncated(&setting, &mut server, &program, row).await;
    } else {
        server.stop().await;
    }
    put_back(&setting, &stale).await;
    starts_in_quarantine(&setting, &mut server, row, "an older copy").await;
    for (name, person) in [("what was ended", ADA), ("what began later", BOB)] {
        let holds = program.holds(&setting, person).await;
        row.promise(holds == Some(false), || format!("{name} gives access: {holds:?}"));
    }
    let late = program.activate(&setting, EVE, "eve").await;
    row.promise(!late.is_success(), || "somebody activated in quarantine".to_owned());
    invariants::count(&setting, row).await;
}

/// An event was changed by somebody whom no trigger stops: the chain says which.
async fn edited(setting: &Setting, server: &Server, row: &mut Row) {
    setting
        .execute(
            "begin;
             set local session_replication_role = replica;
             update audit_events set detail = '{\"edited\":true}'
             where id = (select event_id from audit_seals order by sequence desc limit 1 offset 2);
             commit",
        )
        .await;
    let (passed, said) = server.command(&["audit", "verify"]).await;
    row.promise(!passed && said.contains("tampered"), || {
        format!("an edited event was not named: {said}")
    });
}

/// The newest copy is put back as it is: all is there, nothing is in quarantine, and nobody may do more than before.
async fn whole(
    setting: &Setting,
    server: &mut Server,
    program: &Program,
    newest: &Path,
    row: &mut Row,
) {
    put_back(setting, newest).await;
    server.restart().await;
    let quarantines = setting.count("select count(*) from quarantines").await;
    row.promise(quarantines == 0, || "the newest copy was taken for an older one".to_owned());
    let holds = (program.holds(setting, ADA).await, program.holds(setting, BOB).await);
    row.promise(holds == (Some(false), Some(true)), || {
        format!("after a restore they hold {holds:?}")
    });
    let more = setting
        .count("select has_table_privilege('latchkey_app', 'audit_events', 'delete, update')::int::int8")
        .await;
    row.promise(more == 0, || "the server's role may rewrite history after a restore".to_owned());
    invariants::check(setting, server, row).await;
    server.stop().await;
}

/// The last of the chain is gone, and its head is where it then ends.
async fn truncated(setting: &Setting, server: &mut Server, program: &Program, row: &mut Row) {
    setting
        .execute(
            "begin;
             set local session_replication_role = replica;
             delete from audit_events where id in (select event_id from audit_seals order by sequence desc limit 40);
             delete from audit_seals where sequence > (select sequence - 40 from audit_head);
             update audit_head set (sequence, hash) =
                 (select sequence, hash from audit_seals order by sequence desc limit 1);
             commit",
        )
        .await;
    starts_in_quarantine(setting, server, row, "a log that was cut off").await;
    let holds = program.holds(setting, BOB).await;
    row.promise(holds == Some(false), || format!("a log that was cut off: bob holds {holds:?}"));
    server.stop().await;
}

/// Starts the server, and notes how soon the database is in quarantine.
async fn starts_in_quarantine(setting: &Setting, server: &mut Server, row: &mut Row, what: &str) {
    let began: f64 = sqlx::query_scalar("select extract(epoch from instant())::float8")
        .fetch_one(&setting.superuser)
        .await
        .expect("it has a clock");
    server.restart().await;
    let quarantined: Option<f64> = sqlx::query_scalar(
        "select extract(epoch from max(begun_at))::float8 from quarantines where ended_by is null",
    )
    .fetch_one(&setting.superuser)
    .await
    .expect("it can be counted");
    let Some(quarantined) = quarantined else {
        row.broken.push(format!("{what} was not found out"));
        return;
    };
    let took = (quarantined - began).max(0.0);
    row.promise(took <= QUARANTINED, || format!("{what} was found out after {took:.1} s"));
    row.recovery.push(Duration::from_secs_f64(took));
}

/// How far the witness has written.
fn said(witness: &Path) -> i64 {
    let text = fs::read_to_string(witness).unwrap_or_default();
    let last = text.lines().next_back().unwrap_or_default();
    let line: serde_json::Value = serde_json::from_str(last).unwrap_or_default();
    line.get("sequence").and_then(serde_json::Value::as_i64).unwrap_or(-1)
}

/// A copy, as an operator makes it.
async fn copy(setting: &Setting, name: &str) -> PathBuf {
    let file = setting.folder().join(name);
    let mut dump = program(setting, "pg_dump");
    dump.arg("--format=custom").arg(format!("--file={}", file.display()));
    run(&mut dump).await;
    file
}

/// Puts the database back to a copy, as an operator does.
async fn put_back(setting: &Setting, copy: &Path) {
    let mut superuser = PgConnection::connect_with(&setting.superuser_options("postgres"))
        .await
        .expect("it answers");
    for statement in [
        "drop database latchkey with (force)",
        "create database latchkey owner latchkey_owner",
        "revoke all on database latchkey from public",
        "grant connect on database latchkey to latchkey_app",
    ] {
        sqlx::raw_sql(statement).execute(&mut superuser).await.expect("the superuser may do that");
    }
    superuser.close().await.expect("it leaves");
    // The private cluster makes it as a part of itself, so that no copy holds it.
    setting.execute("create extension if not exists btree_gist").await;
    let mut restore = program(setting, "pg_restore");
    restore.arg("--exit-on-error").arg(copy);
    run(&mut restore).await;
}

/// One of the database's own programs, beside its server if it is there.
fn program(setting: &Setting, name: &str) -> Command {
    let beside = std::env::var_os("LATCHKEY_POSTGRES_BINARIES")
        .map(|folder| PathBuf::from(folder).join(name))
        .filter(|path| path.exists());
    let mut command = Command::new(beside.unwrap_or_else(|| name.into()));
    command
        .arg(format!("--host={}", setting.sockets().display()))
        .args(["--port=5432", "--username=postgres"])
        .arg(format!("--dbname={DATABASE}"))
        .kill_on_drop(true);
    command
}

async fn run(command: &mut Command) {
    let output = tokio::time::timeout(Duration::from_mins(10), command.output())
        .await
        .expect("it comes to its end")
        .expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}
