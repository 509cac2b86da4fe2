//! Browsers that somebody is signing in, or signed in, with; and those that somebody signed in from before.
use std::net::IpAddr;

use ipnet::IpNet;
use sqlx::PgConnection;

use crate::{
    domain::{
        id::{LinkId, PersonId, PrincipalId, SessionId},
        sign_in::{DEVICE_LASTS, SESSION_IDLE, SESSION_LASTS, SIGN_IN_LASTS},
        time::Instant,
    },
    error::Error,
    secret::TokenHash,
    store::{Change, credential::seconds},
};

/// How far somebody has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "session_stage", rename_all = "snake_case")]
pub enum Stage {
    /// The password was right; the second factor is missing.
    PasswordVerified,
    /// A link was followed; the account is being set up.
    Enrolling,
    /// Signed in.
    SignedIn,
}

/// A session that is about to begin.
pub struct NewSession<'a> {
    /// Which one it will be.
    pub id: SessionId,
    /// Whose.
    pub principal: PrincipalId,
    /// How far they have come.
    pub stage: Stage,
    /// The hash of its secret.
    pub secret: &'a TokenHash,
    /// Where the browser is.
    pub address: Option<IpAddr>,
    /// What the browser calls itself.
    pub user_agent: &'a str,
    /// The link that was followed, if the account is being set up.
    pub link: Option<LinkId>,
}

/// A session that a browser has shown the secret of.
#[derive(Clone, Debug)]
pub struct Session {
    /// Which one.
    pub id: SessionId,
    /// Whose account.
    pub principal: PrincipalId,
    /// Whose person.
    pub person: PersonId,
    /// The person's name.
    pub name: String,
    /// The link that was followed, if the account is being set up.
    pub link: Option<LinkId>,
    /// The hash of the password that was chosen there.
    pub password_hash: Option<String>,
    /// The language that the person has chosen.
    pub language: Option<String>,
    /// The time zone that the person has chosen.
    pub time_zone: Option<String>,
    /// Whether [`touch`] has nothing to add.
    pub noted: bool,
}

/// A session in the list of one's own.
#[derive(Clone, Debug, serde::Serialize, utoipa::ToSchema)]
pub struct ListedSession {
    /// Which one.
    pub id: SessionId,
    /// When it began.
    pub created_at: Instant,
    /// When it was last used.
    pub last_seen_at: Instant,
    /// When it ends at the latest.
    pub expires_at: Instant,
    /// Where the browser was.
    #[schema(value_type = Option<String>)]
    pub client_address: Option<IpAddr>,
    /// What the browser calls itself.
    pub user_agent: String,
}

/// Begins a session. Its account must be enabled, and stays so until the change is committed.
pub async fn begin(change: &mut Change, new: &NewSession<'_>) -> Result<(), Error> {
    let (id, at) = (new.id, change.at());
    let lasts = if new.stage == Stage::SignedIn { SESSION_LASTS } else { SIGN_IN_LASTS };
    let lasts = if new.stage == Stage::Enrolling { SESSION_IDLE } else { lasts };
    let user_agent: String = new.user_agent.chars().take(400).collect();
    let begun = sqlx::query!(
        "
        insert into sessions (
            id, principal_id, stage, secret_hash, created_at, authenticated_at, last_seen_at, expires_at,
            client_address, user_agent, link_id
        )
        select $1, id, $3, $4, $5::timestamptz, case when $3 = 'signed_in'::session_stage then $5 end, $5, $6, $7, $8, $9
        from principals where id = $2 and kind = 'user' and disabled_at is null
        for share
        ",
        id.0,
        new.principal.0,
        new.stage as Stage,
        new.secret.as_bytes(),
        at as Instant,
        at.plus_seconds(lasts) as Instant,
        new.address.map(IpNet::from) as Option<IpNet>,
        user_agent,
        new.link.map(|link| link.0),
    )
    .execute(change.connection())
    .await?;
    if begun.rows_affected() == 1 { Ok(()) } else { Err(Error::Unauthenticated) }
}

/// Finds the live session of a secret at a stage. Live is a comparison with the database's clock, made here only.
pub async fn find(
    connection: &mut PgConnection,
    secret: &TokenHash,
    stage: Stage,
) -> Result<Option<Session>, Error> {
    Ok(sqlx::query_as!(
        Session,
        r#"
        select sessions.id as "id: SessionId", principal_id as "principal: PrincipalId",
            person_id as "person!: PersonId", display_name as name, link_id as "link: LinkId", password_hash,
            language, time_zone,
            last_seen_at > instant() - interval '1 minute' as "noted!"
        from sessions
        join principals on principals.id = principal_id and disabled_at is null
        join persons on persons.id = person_id
        where secret_hash = $1 and stage = $2 and ended_at is null
            and expires_at > instant() and last_seen_at > instant() - make_interval(secs => $3)
        "#,
        secret.as_bytes(),
        stage as Stage,
        seconds(SESSION_IDLE),
    )
    .fetch_optional(connection)
    .await?)
}

/// Notes that a session is in use; at most once a minute, since it costs a write.
pub async fn touch(connection: &mut PgConnection, session: SessionId) -> Result<(), Error> {
    sqlx::query!(
        "
        update sessions set last_seen_at = instant()
        where id = $1 and ended_at is null and last_seen_at < instant() - interval '1 minute'
        ",
        session.0,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends a session that is at a stage. Says whether it was there to be ended: only one of many wins.
pub async fn end(change: &mut Change, session: SessionId, stage: Stage) -> Result<bool, Error> {
    let ended = sqlx::query!(
        "
        update sessions set ended_at = $3, password_hash = null
        where id = $1 and stage = $2 and ended_at is null and expires_at > $3
        ",
        session.0,
        stage as Stage,
        change.at() as Instant,
    )
    .execute(change.connection())
    .await?;
    Ok(ended.rows_affected() == 1)
}

/// Ends one's own session. Says whether there was one.
pub async fn end_own(
    change: &mut Change,
    principal: PrincipalId,
    session: SessionId,
) -> Result<bool, Error> {
    let ended = sqlx::query!(
        "update sessions set ended_at = $3 where id = $1 and principal_id = $2 and ended_at is null",
        session.0,
        principal.0,
        change.at() as Instant,
    )
    .execute(change.connection())
    .await?;
    Ok(ended.rows_affected() == 1)
}

/// Ends every session of an account, but for one that may be kept. Says how many.
pub async fn end_all(
    change: &mut Change,
    principal: PrincipalId,
    but: Option<SessionId>,
) -> Result<u64, Error> {
    let ended = sqlx::query!(
        "
        update sessions set ended_at = $2
        where principal_id = $1 and ended_at is null and id is distinct from $3
        ",
        principal.0,
        change.at() as Instant,
        but.map(|session| session.0),
    )
    .execute(change.connection())
    .await?;
    Ok(ended.rows_affected())
}

/// Ends every sign-in of an account that has not finished.
pub async fn end_unfinished(change: &mut Change, principal: PrincipalId) -> Result<(), Error> {
    sqlx::query!(
        "update sessions set ended_at = $2 where principal_id = $1 and ended_at is null and stage = 'password_verified'",
        principal.0,
        change.at() as Instant,
    )
    .execute(change.connection())
    .await?;
    Ok(())
}

/// Ends every session that is setting an account up through a link.
pub async fn end_enrolling(change: &mut Change, principal: PrincipalId) -> Result<(), Error> {
    sqlx::query!(
        "
        update sessions set ended_at = $2, password_hash = null
        where principal_id = $1 and ended_at is null and stage = 'enrolling'
        ",
        principal.0,
        change.at() as Instant,
    )
    .execute(change.connection())
    .await?;
    Ok(())
}

/// Keeps the hash of the password that was chosen while an account is being set up.
pub async fn choose_password(
    change: &mut Change,
    session: SessionId,
    hash: &str,
) -> Result<(), Error> {
    let kept = sqlx::query!(
        "update sessions set password_hash = $2 where id = $1 and stage = 'enrolling' and ended_at is null",
        session.0,
        hash,
    )
    .execute(change.connection())
    .await?;
    if kept.rows_affected() == 1 { Ok(()) } else { Err(Error::Unauthenticated) }
}

/// Gives a session another secret; the one before stops working in the same commit.
pub async fn rotate(
    change: &mut Change,
    session: SessionId,
    secret: &TokenHash,
) -> Result<(), Error> {
    let rotated = sqlx::query!(
        "update sessions set secret_hash = $2 where id = $1 and stage = 'signed_in' and ended_at is null",
        session.0,
        secret.as_bytes(),
    )
    .execute(change.connection())
    .await?;
    if rotated.rows_affected() == 1 { Ok(()) } else { Err(Error::Unauthenticated) }
}

/// Lists the live sessions of an account, the latest used first.
pub async fn list(
    connection: &mut PgConnection,
    principal: PrincipalId,
) -> Result<Vec<ListedSession>, Error> {
    let rows = sqlx::query!(
        r#"
        select id as "id: SessionId", created_at, last_seen_at, expires_at,
            client_address as "client_address: IpNet", user_agent
        from sessions
        where principal_id = $1 and stage = 'signed_in' and ended_at is null
            and expires_at > instant() and last_seen_at > instant() - make_interval(secs => $2)
        order by last_seen_at desc, id
        "#,
        principal.0,
        seconds(SESSION_IDLE),
    )
    .fetch_all(connection)
    .await?;
    let listed = rows.into_iter().map(|row| ListedSession {
        id: row.id,
        created_at: row.created_at,
        last_seen_at: row.last_seen_at,
        expires_at: row.expires_at,
        client_address: row.client_address.map(|network| network.addr()),
        user_agent: row.user_agent,
    });
    Ok(listed.collect())
}

/// Says whether somebody signed in to this account from a browser before.
pub async fn is_known_device(
    connection: &mut PgConnection,
    principal: PrincipalId,
    device: &TokenHash,
) -> Result<bool, Error> {
    Ok(sqlx::query_scalar!(
        r#"
        select exists (
            select from known_devices where principal_id = $1 and token_hash = $2 and expires_at > instant()
        ) as "known!"
        "#,
        principal.0,
        device.as_bytes(),
    )
    .fetch_one(connection)
    .await?)
}

/// Remembers a browser that somebody signed in from.
pub async fn remember_device(
    change: &mut Change,
    principal: PrincipalId,
    device: &TokenHash,
) -> Result<(), Error> {
    let at = change.at();
    sqlx::query!(
        "
        insert into known_devices (id, principal_id, token_hash, created_at, expires_at)
        values ($1, $2, $3, $4, $5)
        ",
        SessionId::new().0,
        principal.0,
        device.as_bytes(),
        at as Instant,
        at.plus_seconds(DEVICE_LASTS) as Instant,
    )
    .execute(change.connection())
    .await?;
    Ok(())
}

/// Forgets every browser that somebody signed in from.
pub async fn forget_devices(change: &mut Change, principal: PrincipalId) -> Result<(), Error> {
    sqlx::query!("delete from known_devices where principal_id = $1", principal.0)
        .execute(change.connection())
        .await?;
    Ok(())
}

/// Removes sessions and browsers that have been over for a week. The audit log keeps what matters.
pub async fn prune(connection: &mut PgConnection) -> Result<u64, Error> {
    let sessions =
        sqlx::query!("delete from sessions where expires_at < instant() - interval '7 days'")
            .execute(&mut *connection)
            .await?;
    let devices = sqlx::query!("delete from known_devices where expires_at < instant()")
        .execute(connection)
        .await?;
    Ok(sessions.rows_affected() + devices.rows_affected())
}
