//! Passwords, authenticators and recovery codes.
use sqlx::PgConnection;

use crate::{
    domain::{
        id::{CredentialId, PrincipalId, SessionId},
        throttle::Guesses,
        time::Instant,
        totp::Step,
    },
    error::Error,
    secret::TokenHash,
    store::Change,
};

/// An authenticator in use.
pub struct Authenticator {
    /// Which one.
    pub id: CredentialId,
    /// Its seed, sealed.
    pub seed: Vec<u8>,
    /// The newest step that was accepted.
    pub last_step: Step,
    /// The wrong codes so far.
    pub guesses: Guesses,
    /// Whether it was switched off.
    pub is_disabled: bool,
}

/// An authenticator that has not shown its first code.
pub struct PendingAuthenticator {
    /// Which one.
    pub id: CredentialId,
    /// Its seed, sealed.
    pub seed: Vec<u8>,
}

/// A stored password.
pub struct Password {
    /// Which one.
    pub id: CredentialId,
    /// Its hash.
    pub hash: String,
}

/// Locks the authenticator that is in use, so that codes for it are judged one after the other.
pub async fn lock_authenticator(
    change: &mut Change,
    principal: PrincipalId,
) -> Result<Option<Authenticator>, Error> {
    let row = sqlx::query!(
        r#"
        select id as "id: CredentialId", secret, last_step, failures, recent_failures, last_failure_at,
            disabled_at is not null as "is_disabled!"
        from totp_credentials
        where principal_id = $1 and confirmed_at is not null and removed_at is null
        for update
        "#,
        principal.0,
    )
    .fetch_optional(change.connection())
    .await?;
    Ok(row.map(|row| Authenticator {
        id: row.id,
        seed: row.secret,
        last_step: Step(row.last_step),
        guesses: Guesses {
            recent: row.recent_failures.unsigned_abs(),
            in_a_row: row.failures.unsigned_abs(),
            last_at: row.last_failure_at,
        },
        is_disabled: row.is_disabled,
    }))
}

/// Remembers an accepted step, unless it or a later one was accepted before. Says whether it was remembered.
pub async fn accept_step(
    change: &mut Change,
    authenticator: CredentialId,
    step: Step,
) -> Result<bool, Error> {
    let accepted = sqlx::query!(
        "
        update totp_credentials
        set last_step = $2, failures = 0, recent_failures = 0, last_failure_at = null
        where id = $1 and last_step < $2 and disabled_at is null
        ",
        authenticator.0,
        step.0,
    )
    .execute(change.connection())
    .await?;
    Ok(accepted.rows_affected() == 1)
}

/// Counts a wrong code.
pub async fn count_guess(
    change: &mut Change,
    authenticator: CredentialId,
    guesses: Guesses,
) -> Result<(), Error> {
    sqlx::query!(
        "update totp_credentials set failures = $2, recent_failures = $3, last_failure_at = $4 where id = $1",
        authenticator.0,
        i32::try_from(guesses.in_a_row).unwrap_or(i32::MAX),
        i32::try_from(guesses.recent).unwrap_or(i32::MAX),
        guesses.last_at as Option<Instant>,
    )
    .execute(change.connection())
    .await?;
    Ok(())
}

/// Switches an authenticator off.
pub async fn disable_authenticator(
    change: &mut Change,
    authenticator: CredentialId,
) -> Result<(), Error> {
    sqlx::query!(
        "update totp_credentials set disabled_at = $2 where id = $1 and disabled_at is null",
        authenticator.0,
        change.at() as Instant,
    )
    .execute(change.connection())
    .await?;
    Ok(())
}

/// Keeps a new authenticator, which counts once it has shown a code in the same session.
pub async fn propose_authenticator(
    change: &mut Change,
    principal: PrincipalId,
    session: SessionId,
    id: CredentialId,
    sealed: &[u8],
) -> Result<(), Error> {
    let at = change.at();
    sqlx::query!(
        "
        update totp_credentials set removed_at = $2
        where session_id = $1 and confirmed_at is null and removed_at is null
        ",
        session.0,
        at as Instant,
    )
    .execute(change.connection())
    .await?;
    sqlx::query!(
        "insert into totp_credentials (id, principal_id, session_id, secret, created_at) values ($1, $2, $3, $4, $5)",
        id.0,
        principal.0,
        session.0,
        sealed,
        at as Instant,
    )
    .execute(change.connection())
    .await?;
    Ok(())
}

/// Finds the authenticator that waits for its first code in a session, if it has not waited for too long.
pub async fn pending_authenticator(
    connection: &mut PgConnection,
    session: SessionId,
    lasts: i64,
) -> Result<Option<PendingAuthenticator>, Error> {
    let row = sqlx::query!(
        r#"
        select id as "id: CredentialId", secret from totp_credentials
        where session_id = $1 and confirmed_at is null and removed_at is null
            and created_at > instant() - make_interval(secs => $2)
        for update
        "#,
        session.0,
        seconds(lasts),
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| PendingAuthenticator { id: row.id, seed: row.secret }))
}

/// Puts a confirmed authenticator in the place of the one before. Gives back those that it replaced.
pub async fn confirm_authenticator(
    change: &mut Change,
    principal: PrincipalId,
    id: CredentialId,
    step: Step,
) -> Result<Vec<CredentialId>, Error> {
    let at = change.at();
    let replaced = sqlx::query_scalar!(
        r#"
        update totp_credentials set removed_at = $2
        where principal_id = $1 and confirmed_at is not null and removed_at is null
        returning id as "id: CredentialId"
        "#,
        principal.0,
        at as Instant,
    )
    .fetch_all(change.connection())
    .await?;
    sqlx::query!(
        "update totp_credentials set confirmed_at = $2, last_step = $3 where id = $1",
        id.0,
        at as Instant,
        step.0,
    )
    .execute(change.connection())
    .await?;
    Ok(replaced)
}

/// Uses a recovery code up. Gives back which one it was.
pub async fn use_recovery_code(
    change: &mut Change,
    principal: PrincipalId,
    code: &TokenHash,
) -> Result<Option<CredentialId>, Error> {
    Ok(sqlx::query_scalar!(
        r#"
        update recovery_codes set used_at = $3
        where principal_id = $1 and code_hash = $2 and used_at is null and removed_at is null
        returning id as "id: CredentialId"
        "#,
        principal.0,
        code.as_bytes(),
        change.at() as Instant,
    )
    .fetch_optional(change.connection())
    .await?)
}

/// Says how many recovery codes are left.
pub async fn recovery_codes_left(
    connection: &mut PgConnection,
    principal: PrincipalId,
) -> Result<i64, Error> {
    Ok(sqlx::query_scalar!(
        r#"
        select count(*) as "count!" from recovery_codes
        where principal_id = $1 and used_at is null and removed_at is null
        "#,
        principal.0,
    )
    .fetch_one(connection)
    .await?)
}

/// Puts new recovery codes in the place of all before.
pub async fn replace_recovery_codes(
    change: &mut Change,
    principal: PrincipalId,
    codes: &[TokenHash],
) -> Result<(), Error> {
    let at = change.at();
    sqlx::query!(
        "update recovery_codes set removed_at = $2 where principal_id = $1 and removed_at is null",
        principal.0,
        at as Instant,
    )
    .execute(change.connection())
    .await?;
    let ids: Vec<_> = codes.iter().map(|_| CredentialId::new().0).collect();
    let hashes: Vec<_> = codes.iter().map(|code| code.as_bytes().to_vec()).collect();
    sqlx::query!(
        "
        insert into recovery_codes (id, principal_id, code_hash, created_at)
        select id, $3, code_hash, $4 from unnest($1::uuid[], $2::bytea[]) as codes (id, code_hash)
        ",
        &ids,
        &hashes,
        principal.0,
        at as Instant,
    )
    .execute(change.connection())
    .await?;
    Ok(())
}

/// Reads somebody's password.
pub async fn password(
    connection: &mut PgConnection,
    principal: PrincipalId,
) -> Result<Option<Password>, Error> {
    Ok(sqlx::query_as!(
        Password,
        r#"select id as "id: CredentialId", hash from password_credentials where principal_id = $1"#,
        principal.0,
    )
    .fetch_optional(connection)
    .await?)
}

/// Puts a password in the place of the one before. Gives back which credential changed.
pub async fn set_password(
    change: &mut Change,
    principal: PrincipalId,
    hash: &str,
) -> Result<CredentialId, Error> {
    Ok(sqlx::query_scalar!(
        r#"
        insert into password_credentials (id, principal_id, hash, changed_at) values ($1, $2, $3, $4)
        on conflict (principal_id) do update set hash = excluded.hash, changed_at = excluded.changed_at
        returning id as "id: CredentialId"
        "#,
        CredentialId::new().0,
        principal.0,
        hash,
        change.at() as Instant,
    )
    .fetch_one(change.connection())
    .await?)
}

/// Puts a password's hash of today's cost in the place of one of another, if that is still there.
pub async fn rehash_password(
    change: &mut Change,
    password: &Password,
    hash: &str,
) -> Result<bool, Error> {
    let replaced = sqlx::query!(
        "update password_credentials set hash = $3 where id = $1 and hash = $2",
        password.id.0,
        password.hash,
        hash,
    )
    .execute(change.connection())
    .await?;
    Ok(replaced.rows_affected() == 1)
}

/// Seconds as the database takes them.
#[expect(clippy::cast_precision_loss, reason = "spans here are far below 2^52 seconds")]
pub(super) const fn seconds(span: i64) -> f64 {
    span as f64
}
