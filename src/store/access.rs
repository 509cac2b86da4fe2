//! Who may do what right now: always asked of the live assignments, never remembered.
use sqlx::PgConnection;

use super::access_token;
use crate::{
    domain::{
        actor::TokenScope,
        id::{AccessTokenId, AssignmentId, PrincipalId, RoleId, ScopeId},
        permission::{Permission, Permissions},
        time::Instant,
    },
    error::Error,
    secret::TokenHash,
};

/// What `principal`'s active roles in Latchkey allow at this moment.
pub async fn permissions(
    connection: &mut PgConnection,
    principal: PrincipalId,
) -> Result<Permissions, Error> {
    let names = sqlx::query_scalar!(
        r#"
        select distinct unnest(roles.permissions) as "name!"
        from (select instant() as now) as clock
        cross join lateral live_assignments(clock.now) as held
        join roles on roles.id = held.role_id
        join scopes on scopes.id = held.scope_id and scopes.kind = 'organization'
        where held.principal_id = $1
        "#,
        principal.0,
    )
    .fetch_all(connection)
    .await?;
    Ok(Permissions::named(&names))
}

/// Whether one of `principal`'s active roles in Latchkey allows this at `scope`, being held there or at a scope above.
pub async fn permitted(
    connection: &mut PgConnection,
    principal: PrincipalId,
    permission: Permission,
    scope: ScopeId,
) -> Result<bool, Error> {
    Ok(sqlx::query_scalar!(
        r#"
        select exists (
            select from (select instant() as now) as clock
            cross join lateral live_assignments(clock.now) as held
            join roles on roles.id = held.role_id and $2 = any(roles.permissions)
            join scope_ancestors on scope_ancestors.scope_id = $3 and ancestor_id = held.scope_id
            where held.principal_id = $1
        ) as "permitted!"
        "#,
        principal.0,
        permission.name(),
        scope.0,
    )
    .fetch_one(connection)
    .await?)
}

/// Does this account hold this role there?
#[derive(Clone, Copy, Debug)]
pub struct Question {
    /// The account; whoever asks, if none is said.
    pub principal: Option<PrincipalId>,
    /// The role.
    pub role: RoleId,
    /// Where.
    pub scope: ScopeId,
}

/// The answer to a [`Question`].
#[derive(Clone, Copy, Debug)]
pub struct Held {
    /// The time of the answer, the same for all that were asked together.
    pub at: Instant,
    /// The assignment that gives it; none if it is not held.
    pub assignment: Option<AssignmentId>,
    /// Until when, if that ends.
    pub until: Option<Instant>,
    /// Whether the asker's own roles allow asking about others.
    pub may_ask: bool,
}

/// Who asked, and the answers.
#[derive(Clone, Debug)]
pub struct Answered {
    /// The token that was shown.
    pub token: AccessTokenId,
    /// What it may be used for.
    pub scopes: Vec<TokenScope>,
    /// Whether [`access_token::touch`] has nothing to add.
    pub noted: bool,
    /// In the order of the questions.
    pub held: Vec<Held>,
}

/// Whether roles are held, directly or at a scope above, all judged at one instant; asked with a token, and none if that
/// is not live.
///
/// The hottest path: one statement finds out who asks and answers, whatever is asked.
pub async fn held(
    connection: &mut PgConnection,
    token: &TokenHash,
    questions: &[Question],
) -> Result<Option<Answered>, Error> {
    let principals: Vec<_> =
        questions.iter().map(|question| question.principal.map(|id| id.0)).collect();
    let roles: Vec<_> = questions.iter().map(|question| question.role.0).collect();
    let scopes: Vec<_> = questions.iter().map(|question| question.scope.0).collect();
    let rows = sqlx::query!(
        r#"
        select
            bearer.id as "token: AccessTokenId", bearer.scopes,
            coalesce(last_used_at > instant() - interval '1 minute', false) as "noted!",
            held.at as "at!", assignment_id as "assignment?: AssignmentId", until as "until?", may_ask as "may_ask!"
        from access_tokens as bearer
        join principals on principals.id = principal_id and disabled_at is null
        cross join lateral held(principal_id, $2, $3, $4) as held
        where token_hash = $1 and revoked_at is null and expires_at > instant()
        order by held.number
        "#,
        token.as_bytes(),
        &principals as &[Option<uuid::Uuid>],
        &roles,
        &scopes,
    )
    .fetch_all(connection)
    .await?;
    let Some(first) = rows.first() else { return Ok(None) };
    Ok(Some(Answered {
        token: first.token,
        scopes: access_token::named(&first.scopes),
        noted: first.noted,
        held: rows
            .iter()
            .map(|row| Held {
                at: row.at,
                assignment: row.assignment,
                until: row.until,
                may_ask: row.may_ask,
            })
            .collect(),
    }))
}

/// Whether `principal` holds, is eligible for, or approves a privileged role anywhere: what only some administrators may
/// touch.
pub async fn reaches_privilege(
    connection: &mut PgConnection,
    principal: PrincipalId,
) -> Result<bool, Error> {
    Ok(sqlx::query_scalar!(r#"select reaches_privilege($1) as "reaches!""#, principal.0)
        .fetch_one(connection)
        .await?)
}
