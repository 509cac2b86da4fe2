//! What the database is like: how durable it is, who we are in it, and which schema it holds.
use std::time::Duration;

use sqlx::{
    Connection as _, PgConnection, PgPool,
    migrate::{Migrate, MigrateError},
    postgres::{PgConnectOptions, PgPoolOptions},
};

use super::MIGRATOR;
use crate::error::Error;

/// A connection that has been idle for longer may have gone with its server, unnoticed.
const FRESH: Duration = Duration::from_secs(1);

/// The connections of a server, `size` at most; whoever needs one waits so long for it.
///
/// One that was in use a moment ago is used again without asking whether it is still there, which would cost every use a
/// round trip.
///
/// Nothing is compiled by the database for one question: plans that look large, since they name whole groups, touch few rows, and
/// compiling them took a hundred times as long as answering.
pub async fn pool(
    options: PgConnectOptions,
    size: u32,
    patience: Duration,
) -> sqlx::Result<PgPool> {
    PgPoolOptions::new()
        .max_connections(size)
        .acquire_timeout(patience)
        .test_before_acquire(false)
        .before_acquire(|connection, about| {
            Box::pin(async move { Ok(about.idle_for < FRESH || connection.ping().await.is_ok()) })
        })
        .connect_with(options.options([("jit", "off")]))
        .await
}

/// What was found out about a database.
#[derive(Debug, Clone)]
pub struct Condition {
    /// The server's version, as it says it.
    pub version: String,
    /// The database's name.
    pub name: String,
    /// The role that we have there.
    pub role: String,
    /// Whether that role may rewrite history: as superuser, past row security, or as the owner of the tables.
    pub may_rewrite_history: bool,
    /// The settings that are off although what was committed would be lost without them.
    pub missing_durability: Vec<String>,
    /// How far the database's clock is ahead of this machine's, in milliseconds.
    pub clock_lead: i64,
    /// How the schema compares with ours.
    pub schema: Schema,
}

/// How a schema compares with the one in this program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schema {
    /// There is none.
    Empty,
    /// So many migrations are missing.
    Older(usize),
    /// It is the same.
    Current,
    /// It has migrations that this program does not know, as during an upgrade of several servers.
    Newer,
    /// A migration was not what this program has under the same number.
    Different(i64),
}

/// Finds out what a database is like. `here` is this machine's time in milliseconds since 1970.
pub async fn examine(connection: &mut PgConnection, here: i64) -> Result<Condition, Error> {
    let found = sqlx::query!(
        r#"
        select
            current_setting('server_version') as "version!",
            current_database()::text as "name!",
            current_user::text as "role!",
            roles.rolsuper or roles.rolbypassrls or exists (
                select from pg_class
                where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
                    and pg_has_role(current_user, relowner, 'member')
            ) as "may_rewrite_history!",
            array(
                select name from unnest(array['fsync', 'full_page_writes', 'synchronous_commit']) as name
                where current_setting(name) in ('off', 'local')
            ) as "missing_durability!",
            (extract(epoch from clock_timestamp()) * 1000)::bigint as "there!"
        from pg_roles as roles
        where rolname = current_user
        "#,
    )
    .fetch_one(&mut *connection)
    .await?;
    Ok(Condition {
        version: found.version,
        name: found.name,
        role: found.role,
        may_rewrite_history: found.may_rewrite_history,
        missing_durability: found.missing_durability,
        clock_lead: found.there - here,
        schema: schema(connection).await?,
    })
}

/// How the schema of a database compares with the one in this program.
async fn schema(connection: &mut PgConnection) -> Result<Schema, Error> {
    let exists = sqlx::query_scalar!(
        r#"select to_regclass($1) is not null as "exists!""#,
        MIGRATOR.table_name.as_ref(),
    )
    .fetch_one(&mut *connection)
    .await?;
    if !exists {
        return Ok(Schema::Empty);
    }
    let applied = connection.list_applied_migrations(&MIGRATOR.table_name).await.map_err(failed)?;
    for one in &applied {
        let ours = MIGRATOR.iter().find(|migration| migration.version == one.version);
        match ours {
            None => return Ok(Schema::Newer),
            Some(ours) if ours.checksum != one.checksum => {
                return Ok(Schema::Different(one.version));
            }
            Some(_) => {}
        }
    }
    Ok(match MIGRATOR.iter().len() - applied.len() {
        0 => Schema::Current,
        missing => Schema::Older(missing),
    })
}

/// Brings a database to the schema of this program, as the owner of its tables.
pub async fn migrate(owner: &mut PgConnection) -> Result<(), Error> {
    MIGRATOR.run(owner).await.map_err(failed)
}

/// Brings an empty database as far as its clock, so that it can be moved before anything is recorded.
pub(super) async fn migrate_clock(owner: &mut PgConnection) -> Result<(), Error> {
    MIGRATOR.run_to(1, owner).await.map_err(failed)
}

fn failed(error: MigrateError) -> Error {
    match error {
        MigrateError::Execute(error) => Error::Database(error),
        other => Error::Internal(other.to_string()),
    }
}
