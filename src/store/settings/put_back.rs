//! Terms that were made weaker and are stricter again after a short while.
use sqlx::PgConnection;

use crate::{
    domain::{
        id::{RoleId, ScopeId},
        notice::change::PutBack,
        time::Instant,
    },
    error::Error,
};

/// Since when, within the day before `at`, the terms of a role at one of these places have been weaker, and how many activations of it
/// began meanwhile; none if they have not.
pub async fn weakened_lately(
    connection: &mut PgConnection,
    role: RoleId,
    places: &[ScopeId],
    at: Instant,
) -> Result<Option<PutBack>, Error> {
    let places: Vec<_> = places.iter().map(|place| place.0).collect();
    let row = sqlx::query!(
        r#"
        select weak.since as "since!: Instant", (
            select count(*) from assignments
            where role_id = $1 and origin = 'activated' and starts_at >= weak.since
                and (ended_at is null or ended_at >= weak.since)
        ) as "begun!"
        from (
            select min(at) as since from audit_events
            where role_id = $1 and kind = 'settings.changed' and scope_id = any($2)
                and at > $3::timestamptz - interval '1 day' and detail ->> 'weakened' = 'true'
        ) as weak
        where weak.since is not null
        "#,
        role.0,
        &places,
        at,
    )
    .fetch_optional(connection)
    .await?;
    // What this very change weakens has not been weaker before.
    let put_back = row.map(|row| PutBack { since: row.since, begun: row.begun });
    Ok(put_back.filter(|it| it.since < at))
}
