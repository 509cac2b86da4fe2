//! What somebody tried without the right to it, so often that it need not be written down again.
use crate::{
    domain::{audit::Kind, id::PrincipalId},
    error::Error,
    store::Change,
};

/// The most that is written down of one account in an hour.
const MOST: i64 = 60;

/// Whether what an account `tried` at `target` is to be written down: it has not been within the hour, nor has all too much else.
pub async fn is_new_refusal(
    change: &mut Change,
    account: PrincipalId,
    tried: &str,
    target: Option<uuid::Uuid>,
) -> Result<bool, Error> {
    let kind = Kind::AccessRefused.name();
    // Many at once count one after the other.
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended($1 || $2, 0))",
        kind,
        account.0.to_string(),
    )
    .execute(change.connection())
    .await?;
    let at = change.settle().await?;
    Ok(sqlx::query_scalar!(
        r#"
        select count(*) < $6 and not coalesce(bool_or(detail ->> 'tried' = $3 and target_id is not distinct from $4), false)
            as "new!"
        from audit_events
        where actor_id = $1 and kind = $2 and at > $5::timestamptz - interval '1 hour'
        "#,
        account.0,
        kind,
        tried,
        target,
        at,
        MOST,
    )
    .fetch_one(change.connection())
    .await?)
}
