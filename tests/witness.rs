//! A database that was put back to an earlier state gives nobody power, and never again what it gave before.
use std::{
    io::Write as _,
    path::PathBuf,
    process::{Command, Stdio},
    sync::Arc,
};

use latchkey::{
    domain::{
        id::AssignmentId, request::RequestState, text::Justification, time::Duration,
        witness::Statement,
    },
    error::Error,
    gateway::{private_postgres::DatabaseRole, witness::Witness},
    secret::{Keys, MasterKey},
    service::{
        audit,
        witness::{self, Witnessed},
    },
};
use sqlx::{Connection as _, PgConnection, postgres::PgConnectOptions};

use crate::support::{World, reason};

const ROLE: &str = "Operator";
const HOUR: Duration = Duration::hours(1);

/// An organisation whose log is witnessed: ada and bob may activate a role, rescue is kept for emergencies.
async fn world() -> (World, PathBuf) {
    let mut world = World::new().await;
    let name = format!("latchkey-witness-{}.jsonl", uuid::Uuid::now_v7());
    let file = std::env::temp_dir().join(name);
    world.app.witness = Arc::new(Witness::in_file(file.clone()));
    world.people(["ada", "bob", "rescue", "root"]).await;
    world.active("root", "Global Administrator").await;
    world.role(ROLE, |_| ()).await;
    world.eligible("ada", ROLE).await;
    world.eligible("bob", ROLE).await;
    world
        .execute(
            "begin;
             update principals set break_glass = true where name = 'rescue';
             insert into audit_events (id, at, kind, outcome, actor_kind, actor_name, target_id, detail)
             select gen_random_uuid(), instant(), 'person.changed', 'success', 'operator', 'A test', id, '{}'
             from principals where name = 'rescue';
             commit",
        )
        .await;
    (world, file)
}

/// What the server does every minute.
async fn attest(world: &World) -> Witnessed {
    while !matches!(audit::seal(&world.app, true).await.unwrap(), audit::Sealed::All(0)) {}
    witness::attest(&world.app, None).await.unwrap()
}

async fn active(world: &World, name: &str) -> AssignmentId {
    world.activate(name, ROLE, HOUR).await.unwrap().assignment.unwrap()
}

/// A copy of the database, as an operator makes it.
fn copy(world: &World) -> Vec<u8> {
    let options = world.database.options(DatabaseRole::Superuser);
    let output = program("pg_dump", &options).arg("--format=custom").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// Puts the database back to the copy, as an operator does.
async fn put_back(world: &World, copy: &[u8]) {
    let options = world.database.options(DatabaseRole::Superuser);
    let name = options.get_database().unwrap().to_owned();
    let mut superuser =
        PgConnection::connect_with(&options.clone().database("postgres")).await.unwrap();
    let anew =
        format!("drop database {name} with (force); create database {name} owner latchkey_owner");
    for statement in anew.split("; ") {
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement.to_owned()))
            .execute(&mut superuser)
            .await
            .unwrap();
    }
    let mut restore = program("pg_restore", &options)
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    restore.stdin.take().unwrap().write_all(copy).unwrap();
    let output = restore.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn program(name: &str, options: &PgConnectOptions) -> Command {
    let mut program = Command::new(name);
    program
        .arg(format!("--host={}", options.get_socket().unwrap().display()))
        .arg(format!("--port={}", options.get_port()))
        .arg(format!("--username={}", options.get_username()))
        .arg(format!("--dbname={}", options.get_database().unwrap()));
    program
}

async fn go_on(world: &World, name: &str) -> Result<i32, Error> {
    let code = world.fresh_code(name).await;
    witness::begin_epoch(&world.app, &world.actor(name).await, &reason(), &code).await
}

#[tokio::test]
async fn what_was_revoked_does_not_come_back_with_an_older_copy() {
    let (world, _) = world().await;
    let revoked = active(&world, "ada").await;
    assert!(matches!(attest(&world).await, Witnessed::Held(_)));
    let copied = copy(&world);
    world.deactivate("ada", revoked).await.unwrap();
    active(&world, "bob").await;
    assert!(matches!(attest(&world).await, Witnessed::Held(_)));

    put_back(&world, &copied).await;
    assert!(world.holds("ada", ROLE).await, "the copy says so");
    assert_eq!(witness::check(&world.app).await.unwrap(), Witnessed::Quarantined);
    assert!(!world.holds("ada", ROLE).await, "but the witness knows better");
    let outcome = world.activate("bob", ROLE, HOUR).await;
    assert!(matches!(outcome, Err(Error::Conflict(_))), "{outcome:?}");
    assert!(world.holds("root", "Global Administrator").await, "what is assigned stays");
    world.deactivate("ada", revoked).await.unwrap();
    world.check_invariants().await;
}

#[tokio::test]
async fn an_emergency_account_begins_a_new_epoch_in_which_nothing_of_before_is_left() {
    let (world, _) = world().await;
    let revoked = active(&world, "ada").await;
    let waiting = world.activate_later("bob", ROLE, HOUR, HOUR).await.unwrap().request;
    let (_, stale) = world.signed_in("ada").await;
    let token = world.access_token("ada", &["read"]).await;
    attest(&world).await;
    let copied = copy(&world);
    world.deactivate("ada", revoked).await.unwrap();
    attest(&world).await;
    put_back(&world, &copied).await;
    assert_eq!(attest(&world).await, Witnessed::Quarantined);
    assert_eq!(attest(&world).await, Witnessed::Quarantined, "however often it is looked at");
    assert_eq!(world.count("select count(*) from quarantines").await, 1);
    let told = world.count("select count(*) from outbox where event = 'quarantine.begun'").await;
    assert_eq!(told, 1, "the administrator is told, once");
    // A start whose time has come waits as well.
    world.advance(HOUR).await;
    world.run_due().await;
    assert_eq!(world.state(waiting).await, RequestState::Scheduled);

    assert_eq!(go_on(&world, "rescue").await.unwrap(), 2);
    assert_eq!(world.state(waiting).await, RequestState::Failed);
    assert!(!world.holds("ada", ROLE).await, "and it never comes back");
    let me = world.ask_api("get", "/v1/me", &token, None).await;
    assert_eq!(me.status, 401, "nor do tokens");
    let sessions = world
        .count("select count(*) from sessions where ended_at is null and principal_id <> (select id from principals where name = 'rescue')")
        .await;
    assert_eq!(sessions, 0, "nor sessions: {stale:?}");
    assert!(matches!(attest(&world).await, Witnessed::Held(Statement { epoch: 2, .. })));
    active(&world, "ada").await;
    assert!(world.holds("ada", ROLE).await, "people go on");
    attest(&world).await;
    let auditor = world.actor("root").await;
    let found = audit::verify(&world.app, &auditor, None).await.unwrap();
    assert_eq!(found.first_bad, None, "and all of it is on the record");
    let kinds = world.events().await;
    for kind in ["quarantine.begun", "epoch.begun"] {
        assert!(kinds.iter().any(|it| it == kind), "{kind}: {kinds:?}");
    }
    world.check_invariants().await;
}

#[tokio::test]
async fn nobody_else_goes_on_with_it() {
    let (world, _) = world().await;
    attest(&world).await;
    let copied = copy(&world);
    active(&world, "ada").await;
    attest(&world).await;
    let outcome = go_on(&world, "rescue").await;
    assert!(matches!(outcome, Err(Error::NotFound("quarantine"))), "all is well: {outcome:?}");
    put_back(&world, &copied).await;
    attest(&world).await;
    let outcome = go_on(&world, "root").await;
    assert!(matches!(outcome, Err(Error::NotFound(_))), "not even an administrator: {outcome:?}");
    let outcome = go_on(&world, "ada").await;
    assert!(matches!(outcome, Err(Error::Forbidden(_))), "{outcome:?}");
    let rescue = world.actor("rescue").await;
    let silent = witness::begin_epoch(&world.app, &rescue, &Justification::default(), "").await;
    assert!(matches!(silent, Err(Error::Invalid(_))), "{silent:?}");
    let unproved = witness::begin_epoch(&world.app, &rescue, &reason(), "").await;
    assert!(matches!(unproved, Err(Error::StepUp(_))), "{unproved:?}");
    assert_eq!(attest(&world).await, Witnessed::Quarantined);
}

#[tokio::test]
async fn an_end_that_was_cut_off_or_written_anew_is_found_out() {
    for tampering in [
        "delete from audit_seals where sequence > (select sequence - 3 from audit_head);
         update audit_head set (sequence, hash) = (select sequence, hash from audit_seals order by sequence desc limit 1)",
        "update audit_seals set hash = sha256('x') where sequence = (select sequence from audit_head)",
    ] {
        let (world, _) = world().await;
        assert!(matches!(attest(&world).await, Witnessed::Held(_)));
        let sql = format!("set session_replication_role = replica; {tampering}; reset session_replication_role");
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&world.owner).await.unwrap();
        assert_eq!(witness::check(&world.app).await.unwrap(), Witnessed::Quarantined, "{tampering}");
    }
}

#[tokio::test]
async fn only_what_was_said_with_our_key_counts() {
    let (world, file) = world().await;
    let Witnessed::Held(said) = attest(&world).await else { panic!("all is well") };
    let before = std::fs::read_to_string(&file).unwrap();
    assert_eq!(before.lines().count(), 1);
    let mut later = said;
    later.head.sequence += 1000;
    let stranger = Keys::derive(&MasterKey::random());
    let forged = later.line(&stranger.sign(&later.bytes()));
    std::fs::write(&file, format!("{before}{forged}\n{{\"epoch\":1,\"sequ")).unwrap();
    assert!(matches!(witness::check(&world.app).await.unwrap(), Witnessed::Held(_)));
    // A line that was cut off by a crash swallows none after it.
    active(&world, "ada").await;
    assert!(matches!(attest(&world).await, Witnessed::Held(_)));
    let ours = later.line(&world.app.keys.sign(&later.bytes()));
    let so_far = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{so_far}{ours}\n")).unwrap();
    assert_eq!(witness::check(&world.app).await.unwrap(), Witnessed::Quarantined);
}

#[tokio::test]
async fn nothing_is_written_down_twice_and_what_cannot_be_read_is_an_error() {
    let (world, file) = world().await;
    let Witnessed::Held(said) = attest(&world).await else { panic!("all is well") };
    witness::attest(&world.app, Some(said)).await.unwrap();
    assert_eq!(std::fs::read_to_string(&file).unwrap().lines().count(), 1);
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir(&file).unwrap();
    assert!(
        witness::check(&world.app).await.is_err(),
        "nobody knows, so nobody says that all is well"
    );
}

#[tokio::test]
async fn nobody_activates_anything_while_the_clock_of_the_database_is_behind_its_own_log() {
    let (world, _) = world().await;
    let running = active(&world, "ada").await;
    attest(&world).await;
    world.advance_seconds(-2).await;
    let outcome = world.activate("bob", ROLE, HOUR).await;
    assert!(matches!(outcome, Err(Error::Conflict(_))), "{outcome:?}");
    world.deactivate("ada", running).await.unwrap();
    world.advance_seconds(2).await;
    active(&world, "bob").await;
}
