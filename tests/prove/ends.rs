//! Ends: by the database's clock whatever a server's clock says, once each however many servers there are, and without
//! anybody's doing.
use std::{fs, time::Duration};

use crate::{
    Build, Form,
    client::Program,
    invariants, patience,
    report::Row,
    server::Server,
    setting::{CLIENTS_PEOPLE, ROOT, Setting},
};

/// How long a crowd may take, and somebody alone.
const CROWD: Duration = Duration::from_secs(30);
const ALONE: f64 = 2.0;
/// How soon a wrong clock is told of.
const TOLD: Duration = Duration::from_secs(10);

/// The first person for whom no client speaks.
pub fn first() -> usize {
    CLIENTS_PEOPLE + 1
}

/// Gives some people a role that ends in so many seconds, for all of them at one instant.
pub async fn plan(setting: &Setting, (from, to): (usize, usize), seconds: u32, label: &str) {
    let sql = format!(
        "begin;
         set local session_replication_role = replica;
         with planned as (
             insert into assignments (
                 id, kind, origin, principal_id, role_id, scope_id, starts_at, ends_at, justification, created_at, settings_id
             )
             select gen_random_uuid(), 'active', 'assigned', figure_id(n), figure_id(0, '5'), '{ROOT}',
                 now() - interval '1 hour', now() + interval '{seconds} seconds', '{label}', now(), figure_id(0, '6')
             from generate_series({from}, {to}) as n
             returning id
         )
         insert into audit_events (id, at, kind, outcome, actor_kind, actor_name, assignment_id, detail)
         select gen_random_uuid(), now(), 'person.changed', 'success', 'operator', 'Proving', id, '{{}}' from planned;
         commit"
    );
    setting.execute(sql).await;
}

/// How many ends are due or planned.
pub async fn left(setting: &Setting) -> i64 {
    setting
        .count(
            "select count(*) from assignments
             where kind = 'active' and origin = 'assigned' and ended_at is null and ends_at < 'infinity'",
        )
        .await
}

/// How late ends were that were planned under a label, in seconds: the 99th percentile, the last and the first.
pub async fn lateness(setting: &Setting, label: &str) -> (f64, f64, f64) {
    sqlx::query_as(
        "select coalesce(percentile_cont(0.99) within group (order by late), 0), coalesce(max(late), 0), coalesce(min(late), 0)
         from (
             select extract(epoch from ended_at - ends_at)::float8 as late
             from assignments where justification like $1 || '%' and ended_at is not null
         ) as ended",
    )
    .bind(label)
    .fetch_one(&setting.superuser)
    .await
    .expect("it can be counted")
}

/// Lets the server's clock jump forth and back. Broken, the database's is wrong as well.
pub async fn clock(build: Build, form: Form) -> Row {
    let Some(library) = std::env::var_os("LATCHKEY_TEST_FAKETIME") else {
        return Row::skipped("there is no libfaketime (LATCHKEY_TEST_FAKETIME)");
    };
    let setting = Setting::new().await;
    if !build.is_sound() {
        run_ahead(&setting).await;
    }
    let file = setting.folder().join("clock");
    fs::write(&file, "+0\n").expect("the clock is set");
    let (library, shown) = (library.to_string_lossy(), file.to_string_lossy());
    let lies = [
        ("LD_PRELOAD", &*library),
        ("FAKETIME_TIMESTAMP_FILE", &*shown),
        ("FAKETIME_NO_CACHE", "1"),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
    ];
    let server = Server::with(&setting, "one", &setting.database_url(), &lies).await;
    let program = Program::new(&[server.address]);
    let held = program.activate(&setting, 1, "held-all-the-while").await;
    assert!(held.is_success(), "it works at first: {held:?}");
    let mut row = Row::default();
    let rounds: usize = if build.is_sound() { form.choose(1, 10) } else { 1 };
    for round in 0..rounds {
        for jump in ["+3600", "-3600", "+86400", "-86400"] {
            let label = format!("clock {round} {jump}");
            fs::write(&file, format!("{jump}\n")).expect("the clock is set");
            jumped(&setting, &server, &program, &label, &mut row).await;
        }
        fs::write(&file, "+0\n").expect("the clock is set");
        let ready =
            patience::within(TOLD, || async { server.status("/readyz").await == Some(200) });
        row.recovery.extend(ready.await);
    }
    row.promise(row.recovery.len() == rounds, || "it was not ready again".to_owned());
    row.n = format!("{} jumps, {} ends", rounds * 4, rounds * 80);
    if build.is_sound() {
        invariants::check(&setting, &server, &mut row).await;
    }
    row
}

/// What must hold while the server's clock is wrong.
async fn jumped(setting: &Setting, server: &Server, program: &Program, label: &str, row: &mut Row) {
    let told = patience::within(TOLD, || async { server.status("/readyz").await == Some(503) });
    row.promise(told.await.is_some(), || format!("{label}: nobody was told"));
    row.promise(server.status("/livez").await == Some(200), || format!("{label}: not alive"));
    plan(setting, (first(), first() + 19), 2, label).await;
    let done = patience::within(CROWD, || async { left(setting).await == 0 });
    row.promise(done.await.is_some(), || format!("{label}: ends were not written down"));
    let (_, last, earliest) = lateness(setting, label).await;
    row.promise((0.0..ALONE).contains(&last) && earliest >= 0.0, || {
        format!("{label}: ends came {earliest:.1} to {last:.1} s after their time")
    });
    let holds = program.holds(setting, 1).await;
    row.promise(holds == Some(true), || format!("{label}: access was cut short"));
}

/// Lets five servers end a crowd at one instant, and then holds all of them up.
pub async fn five_servers(build: Build, form: Form) -> Row {
    let crowd: usize = if build.is_sound() { 5000 } else { 200 };
    let setting = Setting::of(first() + crowd).await;
    if !build.is_sound() {
        ask_no_clock(&setting).await;
    }
    let mut servers = Vec::new();
    for name in ["one", "two", "three", "four", "five"] {
        servers.push(Server::start(&setting, name).await);
    }
    let one = servers.first().expect("there are five");
    let program = Program::new(&[one.address]);
    let mut row = Row::default();
    let rounds: usize = if build.is_sound() { form.choose(1, 5) } else { 1 };
    for round in 0..rounds {
        plan(&setting, (first(), first() + crowd - 1), 4, &format!("crowd {round}")).await;
        let done = patience::within(CROWD, || async { left(&setting).await == 0 }).await;
        row.promise(done.is_some(), || "the crowd was not ended".to_owned());
        held_up(&setting, &program, round, &mut row).await;
    }
    let (lost, doubled): (i64, i64) = sqlx::query_as(
        "select count(*) filter (where times = 0), count(*) filter (where times > 1)
         from (
             select (
                 select count(*) from audit_events where assignment_id = assignments.id and kind = 'assignment.expired'
             ) as times
             from assignments where justification like 'crowd %'
         ) as ends",
    )
    .fetch_one(&setting.superuser)
    .await
    .expect("it can be counted");
    (row.lost, row.doubled) = (lost, doubled);
    let (p99, latest, earliest) = lateness(&setting, "crowd").await;
    row.promise(earliest >= 0.0, || format!("one came {:.1} s too early", -earliest));
    row.promise(latest < 5.0, || format!("one came {latest:.1} s late"));
    row.notes.push(format!(
        "ends of a crowd of {crowd} came {p99:.2} s late (p99), {latest:.2} s at most (n = {})",
        rounds * crowd
    ));
    row.n = format!("{} ends, 5 servers", rounds * crowd);
    if build.is_sound() {
        invariants::check(&setting, one, &mut row).await;
    }
    row
}

/// Holds on to what is due, so that no server can write its end down, and asks whether it gives access all the same.
async fn held_up(setting: &Setting, program: &Program, round: usize, row: &mut Row) {
    let (person, label) = (first(), format!("held up {round}"));
    plan(setting, (person, person), 3, &label).await;
    let mut holder = setting.superuser.begin().await.expect("it answers");
    sqlx::query("select from assignments where justification = $1 for update")
        .bind(&label)
        .execute(&mut *holder)
        .await
        .expect("it is held");
    row.promise(program.holds(setting, person).await == Some(true), || {
        "it was over before its time".to_owned()
    });
    let over = patience::within(Duration::from_secs(5), || async {
        program.holds(setting, person).await == Some(false)
    });
    row.promise(over.await.is_some(), || {
        "access outlived its end while nobody could write it down".to_owned()
    });
    row.promise(left(setting).await == 1, || "it was written down all the same".to_owned());
    holder.rollback().await.expect("it is let go");
    let written = patience::within(Duration::from_secs(5), || async { left(setting).await == 0 });
    row.recovery.extend(written.await);
}

/// Breaks it: the clock by which the database ends access is ten seconds ahead.
async fn run_ahead(setting: &Setting) {
    setting
        .execute(
            "create or replace function instant() returns timestamptz
                 language sql volatile parallel safe
                 as $$ select clock_timestamp() + interval '10 seconds' $$",
        )
        .await;
}

/// Breaks it: access lasts until somebody writes down that it is over.
pub async fn ask_no_clock(setting: &Setting) {
    setting
        .execute(
            "create or replace function in_force_of(holder uuid, at timestamptz) returns setof assignments
                 language sql stable
                 as $$
                     select assignments.* from assignments
                     where principal_id = holder and kind = 'active' and ended_at is null and starts_at <= at
                 $$",
        )
        .await;
}
