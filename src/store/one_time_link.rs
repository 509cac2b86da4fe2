//! Links that let their bearer set up an account, once.
use sqlx::PgConnection;

use crate::{
    domain::{
        id::{LinkId, PrincipalId},
        sign_in::LinkPurpose,
        time::Instant,
    },
    error::Error,
    secret::TokenHash,
    store::Change,
};

/// A link that can still be used.
pub struct Link {
    /// Which one.
    pub id: LinkId,
    /// Whose account it sets up.
    pub principal: PrincipalId,
}

/// Makes a link, in the place of every unused one before it. Unless it is `for_privileged`, it no longer counts once the
/// account reaches a privileged role.
pub async fn issue(
    change: &mut Change,
    principal: PrincipalId,
    purpose: LinkPurpose,
    token: &TokenHash,
    for_privileged: bool,
) -> Result<LinkId, Error> {
    let (id, at) = (LinkId::new(), change.at());
    revoke_all(change, principal).await?;
    sqlx::query!(
        "
        insert into one_time_links (id, principal_id, purpose, token_hash, created_at, expires_at, for_privileged)
        values ($1, $2, $3, $4, $5, $6, $7)
        ",
        id.0,
        principal.0,
        purpose as LinkPurpose,
        token.as_bytes(),
        at as Instant,
        at.plus_seconds(purpose.lasts()) as Instant,
        for_privileged,
    )
    .execute(change.connection())
    .await?;
    Ok(id)
}

/// Takes back every unused link to an account.
pub async fn revoke_all(change: &mut Change, principal: PrincipalId) -> Result<u64, Error> {
    let revoked = sqlx::query!(
        "
        update one_time_links set revoked_at = $2
        where principal_id = $1 and used_at is null and revoked_at is null
        ",
        principal.0,
        change.at() as Instant,
    )
    .execute(change.connection())
    .await?;
    Ok(revoked.rows_affected())
}

/// Finds a link that can still be used, to an account that is enabled.
pub async fn find(
    connection: &mut PgConnection,
    purpose: LinkPurpose,
    token: &TokenHash,
) -> Result<Option<Link>, Error> {
    Ok(sqlx::query_as!(
        Link,
        r#"
        select one_time_links.id as "id: LinkId", principal_id as "principal: PrincipalId"
        from one_time_links
        join principals on principals.id = principal_id and disabled_at is null
        where token_hash = $1 and purpose = $2 and used_at is null and revoked_at is null and expires_at > instant()
            and (for_privileged or not reaches_privilege(principal_id))
        "#,
        token.as_bytes(),
        purpose as LinkPurpose,
    )
    .fetch_optional(connection)
    .await?)
}

/// Uses a link up. Says what it was for, or nothing if it can no longer be used: only one of many wins.
pub async fn use_up(change: &mut Change, link: LinkId) -> Result<Option<LinkPurpose>, Error> {
    Ok(sqlx::query_scalar!(
        r#"
        update one_time_links set used_at = $2
        where id = $1 and used_at is null and revoked_at is null and expires_at > $2
            and (for_privileged or not reaches_privilege(principal_id))
        returning purpose as "purpose: LinkPurpose"
        "#,
        link.0,
        change.at() as Instant,
    )
    .fetch_optional(change.connection())
    .await?)
}

/// Reads what a link is for.
pub async fn purpose(
    connection: &mut PgConnection,
    link: LinkId,
) -> Result<Option<LinkPurpose>, Error> {
    Ok(sqlx::query_scalar!(
        r#"
        select purpose as "purpose: LinkPurpose" from one_time_links
        where id = $1 and used_at is null and revoked_at is null and expires_at > instant()
            and (for_privileged or not reaches_privilege(principal_id))
        "#,
        link.0,
    )
    .fetch_optional(connection)
    .await?)
}
