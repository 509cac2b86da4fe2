//! What an account proves with that it is its owner's, looked at and taken away by somebody else.
use sqlx::PgConnection;

use super::Change;
use crate::{
    domain::{
        id::{CredentialId, PrincipalId},
        time::Instant,
    },
    error::Error,
};

/// Takes the authenticator and the recovery codes of an account away. Gives back the authenticator, if there was one.
pub async fn remove(
    change: &mut Change,
    principal: PrincipalId,
) -> Result<Option<CredentialId>, Error> {
    let at = change.at();
    sqlx::query!(
        "update recovery_codes set removed_at = $2 where principal_id = $1 and removed_at is null",
        principal.0,
        at as Instant,
    )
    .execute(change.connection())
    .await?;
    Ok(sqlx::query_scalar!(
        r#"
        update totp_credentials set removed_at = $2
        where principal_id = $1 and confirmed_at is not null and removed_at is null
        returning id as "id: CredentialId"
        "#,
        principal.0,
        at as Instant,
    )
    .fetch_optional(change.connection())
    .await?)
}

/// What somebody proves with that it is them.
#[derive(Clone, Debug, Default)]
pub struct Factors {
    /// When the password was chosen.
    pub password_since: Option<Instant>,
    /// From when the authenticator is.
    pub authenticator_since: Option<Instant>,
    /// Since when it is switched off, after too many wrong codes.
    pub authenticator_off: Option<Instant>,
    /// How many recovery codes are left.
    pub recovery_codes: i64,
    /// In how many browsers they are signed in.
    pub sessions: i64,
    /// How many access tokens work.
    pub tokens: i64,
}

/// What an account proves with that it is its owner's, and where it is in use.
pub async fn of(connection: &mut PgConnection, principal: PrincipalId) -> Result<Factors, Error> {
    Ok(sqlx::query_as!(
        Factors,
        r#"
        select
            (select changed_at from password_credentials where principal_id = $1) as password_since,
            totp.confirmed_at as "authenticator_since?", totp.disabled_at as "authenticator_off?",
            (select count(*) from recovery_codes
                where principal_id = $1 and used_at is null and removed_at is null) as "recovery_codes!",
            (select count(*) from sessions
                where principal_id = $1 and stage = 'signed_in' and ended_at is null and expires_at > clock.now)
                as "sessions!",
            (select count(*) from access_tokens
                where principal_id = $1 and revoked_at is null and expires_at > clock.now) as "tokens!"
        from (select instant() as now) as clock
        left join totp_credentials as totp
            on totp.principal_id = $1 and totp.confirmed_at is not null and totp.removed_at is null
        "#,
        principal.0,
    )
    .fetch_one(connection)
    .await?)
}
