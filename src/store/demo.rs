//! The demo's clock: its weeks of history are made by the same services as everything else, with the time moved back.
//!
//! Only the owner of the tables can do this, and `latchkey demo` is the only one who does, in a database of its own.
use sqlx::PgConnection;

use super::database;
use crate::{domain::time::Instant, error::Error};

/// Brings an empty database to its schema at a time that is long past, so that what the schema itself records is the beginning
/// of the story.
pub async fn migrate_at(owner: &mut PgConnection, at: Instant) -> Result<(), Error> {
    database::migrate_clock(owner).await?;
    set_clock(owner, at).await?;
    database::migrate(owner).await
}

/// Lets the database's time stand at `at` until it is moved again or released.
pub async fn set_clock(owner: &mut PgConnection, at: Instant) -> Result<(), Error> {
    let sql = format!(
        "create or replace function instant() returns timestamptz language sql volatile parallel safe \
         as $$ select '{at}'::timestamptz $$"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(owner).await?;
    Ok(())
}

/// Gives the database its own clock back, and drops the mails about what is long over.
pub async fn release_clock(owner: &mut PgConnection) -> Result<(), Error> {
    sqlx::raw_sql(
        "create or replace function instant() returns timestamptz language sql volatile parallel safe \
         as 'select clock_timestamp()'; \
         update outbox set sent_at = created_at where created_at < instant() - interval '1 hour'",
    )
    .execute(owner)
    .await?;
    Ok(())
}

/// The machine's own time, whatever the demo's clock says.
pub async fn real_time(owner: &mut PgConnection) -> Result<Instant, Error> {
    Ok(sqlx::query_scalar!(r#"select clock_timestamp() as "now!""#).fetch_one(owner).await?)
}
