//! The promises that hold at every commit, counted, and the chain of events, walked along by the program itself.
use crate::{report::Row, server::Server, setting::Setting};

/// Notes every promise that is broken in the database as it is now.
pub async fn check(setting: &Setting, server: &Server, row: &mut Row) {
    count(setting, row).await;
    let (whole, said) = server.command(&["audit", "verify"]).await;
    row.promise(whole, || format!("the chain: {}", said.lines().next_back().unwrap_or("no word")));
}

/// The same without the chain.
pub async fn count(setting: &Setting, row: &mut Row) {
    let broken: Vec<(String, i64)> = sqlx::query_as(include_str!("../support/invariants.sql"))
        .fetch_all(&setting.superuser)
        .await
        .expect("the promises can be counted");
    row.broken.extend(broken.into_iter().map(|(promise, times)| format!("{promise} ({times})")));
}
