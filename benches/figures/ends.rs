//! How late ends are, with the timer armed at the next due instant.
use std::time::{Duration, Instant};

use latchkey::worker;
use tokio_util::sync::CancellationToken;

use crate::{
    report::Report,
    setting::{SECONDS, Setting},
};

/// How many are due at one instant.
const CROWD: i64 = 100_000;

pub async fn measure(setting: &Setting, report: &mut Report) {
    for (rate, wanted) in [(250, "p99 < 50 ms"), (2000, "p99 < 200 ms")] {
        let lateness = lateness(setting, rate).await;
        report.say(&format!("lateness of ends at {rate}/s (p50 / p99 / max)"), lateness, wanted);
    }
    let product = crowd(setting).await;
    let limit = bare(setting).await;
    report.lasts(
        "100,000 ends due at one instant, against one bare statement",
        product,
        limit,
        "< 10 s",
    );
}

/// The same end of as many by one statement, which holds them all up until the last is done.
async fn bare(setting: &Setting) -> f64 {
    plan(setting, CROWD, "0 seconds").await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let began = Instant::now();
    sqlx::raw_sql(include_str!("ends.sql"))
        .execute(&setting.superuser)
        .await
        .expect("they are ended");
    began.elapsed().as_secs_f64()
}

/// Activations of people nobody else uses here, `count` of them, the nth of which ends after `every` × n.
async fn plan(setting: &Setting, count: i64, every: &str) {
    let sql = format!(
        "set session_replication_role = replica;
         update assignments set ended_at = ends_at, end_reason = 'expired' where kind = 'active' and ended_at is null
             and ends_at < 'infinity';
         insert into assignments (id, kind, origin, principal_id, role_id, scope_id, starts_at, ends_at, created_at, settings_id)
         select gen_random_uuid(), 'active', 'assigned', figure_id(n), figure_id(0, '5'),
             '00000000-0000-8000-8000-000000000000', now() - interval '1 hour',
             clock_timestamp() + interval '2 seconds' + n * interval '{every}', now(), figure_id(0, '6')
         from generate_series(1, {count}) as n;
         set session_replication_role = origin; analyze assignments"
    );
    let mut connection = setting.superuser.acquire().await.expect("it answers");
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut *connection).await.expect("it is planned");
}

async fn lateness(setting: &Setting, rate: i64) -> String {
    let count = rate * i64::try_from(SECONDS).unwrap_or(8);
    plan(setting, count, &format!("{} microseconds", 1_000_000 / rate)).await;
    let shutdown = CancellationToken::new();
    let loops = tokio::spawn(worker::due::run(setting.app.clone(), shutdown.clone()));
    wait_until_done(setting).await;
    shutdown.cancel();
    loops.await.expect("it stops");
    setting
        .text(
            "select format('%s / %s / %s ms',
                 round((percentile_cont(0.5) within group (order by late))::numeric, 1),
                 round((percentile_cont(0.99) within group (order by late))::numeric, 1), round(max(late), 1))
             from (select extract(epoch from ended_at - ends_at) * 1000 as late from assignments
                 where end_reason = 'expired' and ended_at > ends_at) as lateness",
        )
        .await
}

async fn crowd(setting: &Setting) -> f64 {
    plan(setting, CROWD, "0 seconds").await;
    let shutdown = CancellationToken::new();
    let loops = tokio::spawn(worker::due::run(setting.app.clone(), shutdown.clone()));
    wait_until_done(setting).await;
    shutdown.cancel();
    loops.await.expect("it stops");
    let seconds = setting
        .text("select extract(epoch from max(ended_at - ends_at))::text from assignments where ended_at > ends_at")
        .await;
    seconds.parse().unwrap_or(f64::NAN)
}

async fn wait_until_done(setting: &Setting) {
    let began = Instant::now();
    while began.elapsed() < Duration::from_mins(2) {
        let left = setting
            .text("select count(*)::text from assignments where ended_at is null and kind = 'active' and ends_at < 'infinity'")
            .await;
        if left == "0" {
            return;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("ends are not done after two minutes");
}
