//! The way of assignments from standing to eligible.
use sqlx::PgConnection;

use crate::{
    domain::{
        id::{AssignmentId, ConversionId, PrincipalId, RoleId, ScopeId},
        time::Instant,
    },
    error::Error,
    store::{Change, OnConstraint as _, ids},
};

/// A conversion as it is told.
#[derive(Clone, Debug)]
pub struct Told {
    /// Which.
    pub id: ConversionId,
    /// The standing assignment.
    pub active: AssignmentId,
    /// The eligible one.
    pub eligible: AssignmentId,
    /// Whether the eligible one was made for this.
    pub eligible_made: bool,
    /// Who holds them.
    pub principal: PrincipalId,
    /// The holder's name.
    pub holder: String,
    /// The account's name.
    pub account: String,
    /// Which role.
    pub role: RoleId,
    /// Its name.
    pub role_name: String,
    /// Where.
    pub scope: ScopeId,
    /// That place's name.
    pub scope_name: String,
    /// The account that began it.
    pub started_by: PrincipalId,
    /// Their name.
    pub started_by_name: String,
    /// When.
    pub started_at: Instant,
    /// Who tried it.
    pub tried_by_name: Option<String>,
    /// When.
    pub tried_at: Option<Instant>,
    /// Who finished it.
    pub finished_by_name: Option<String>,
    /// When.
    pub finished_at: Option<Instant>,
    /// Who gave it up.
    pub abandoned_by_name: Option<String>,
    /// When.
    pub abandoned_at: Option<Instant>,
    /// Whether the standing assignment has ended.
    pub active_ended: bool,
    /// Whether the eligible assignment is in force.
    pub eligible_live: bool,
}

/// Which conversions are wanted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted<'a> {
    /// These.
    pub ids: Option<&'a [ConversionId]>,
    /// Those under way, or those that are over.
    pub open: Option<bool>,
    /// Those that this account could try: its own, and its groups'.
    pub for_account: Option<PrincipalId>,
    /// Those begun before this one.
    pub before: Option<ConversionId>,
    /// Those at or below these places.
    pub places: Option<&'a [ScopeId]>,
}

/// Conversions, newest first, `limit` at most.
pub async fn list(
    connection: &mut PgConnection,
    wanted: Wanted<'_>,
    limit: i64,
) -> Result<Vec<Told>, Error> {
    let places = ids(wanted.places);
    let wanted_ids = wanted.ids.map(|ids| ids.iter().map(|id| id.0).collect::<Vec<_>>());
    Ok(sqlx::query_as!(
        Told,
        r#"
        select
            conversions.id as "id: ConversionId", active_id as "active: AssignmentId",
            eligible_id as "eligible: AssignmentId", eligible_made, active.principal_id as "principal: PrincipalId",
            coalesce((select display_name from persons where id = person_id and principals.kind = 'user'), principals.name)
                as "holder!",
            principals.name as account, active.role_id as "role: RoleId", roles.name as role_name,
            active.scope_id as "scope: ScopeId", scopes.name as scope_name, started_by as "started_by: PrincipalId",
            name_of(started_by) as "started_by_name!", started_at, name_of(tried_by) as tried_by_name, tried_at,
            name_of(finished_by) as finished_by_name, finished_at,
            name_of(abandoned_by) as abandoned_by_name, abandoned_at, active.ended_at is not null as "active_ended!",
            eligible.ended_at is null and eligible.starts_at <= instant() and eligible.ends_at > instant()
                as "eligible_live!"
        from conversions
        join assignments as active on active.id = active_id
        join assignments as eligible on eligible.id = eligible_id
        join principals on principals.id = active.principal_id
        join roles on roles.id = active.role_id
        join scopes on scopes.id = active.scope_id
        where ($1::uuid[] is null or conversions.id = any($1))
            and ($2::boolean is null
                or (finished_at is null and abandoned_at is null and active.ended_at is null) = $2)
            and ($3::uuid is null or active.principal_id = $3 or active.principal_id in (
                select groups.group_id from belongs_to($3, instant()) as groups
            ))
            and ($4::uuid is null or conversions.id < $4)
            and ($5::uuid[] is null or exists (
                select from scope_ancestors
                where scope_ancestors.scope_id = active.scope_id and ancestor_id = any($5)
            ))
        order by conversions.id desc
        limit $6
        "#,
        wanted_ids.as_deref(),
        wanted.open,
        wanted.for_account.map(|id| id.0),
        wanted.before.map(|id| id.0),
        places.as_deref(),
        limit,
    )
    .fetch_all(connection)
    .await?)
}

/// The conversions that an account is to try: of its own access, and of its groups', newest first, `limit` at most.
pub async fn to_try(
    connection: &mut PgConnection,
    account: PrincipalId,
    limit: i64,
) -> Result<Vec<ConversionId>, Error> {
    Ok(sqlx::query_scalar!(
        r#"
        select conversions.id as "id: ConversionId"
        from (
            select $1::uuid as id
            union all
            select groups.group_id from belongs_to($1, instant()) as groups
        ) as holders
        join assignments on assignments.principal_id = holders.id and assignments.kind = 'active'
            and origin = 'assigned' and ended_at is null
        join conversions on active_id = assignments.id and finished_at is null and abandoned_at is null
        where tried_at is null
        order by conversions.id desc
        limit $2
        "#,
        account.0,
        limit,
    )
    .fetch_all(connection)
    .await?)
}

/// How many conversions are under way at or below `places`, counted up to `most`.
pub async fn under_way(
    connection: &mut PgConnection,
    places: Option<&[ScopeId]>,
    most: i64,
) -> Result<i64, Error> {
    let places = ids(places);
    Ok(sqlx::query_scalar!(
        r#"
        select count(*) as "number!" from (
            select from conversions
            join assignments on assignments.id = active_id and ended_at is null
            where finished_at is null and abandoned_at is null
                and ($1::uuid[] is null or exists (
                    select from scope_ancestors
                    where scope_ancestors.scope_id = assignments.scope_id and ancestor_id = any($1)
                ))
            limit $2
        ) as counted
        "#,
        places.as_deref(),
        most,
    )
    .fetch_one(connection)
    .await?)
}

/// One conversion.
pub async fn one(connection: &mut PgConnection, id: ConversionId) -> Result<Told, Error> {
    let wanted = Wanted { ids: Some(&[id]), ..Wanted::default() };
    list(connection, wanted, 1).await?.pop().ok_or(Error::NotFound("conversion"))
}

/// Holds a conversion under lock until the change ends, and then reads it.
pub async fn lock(change: &mut Change, id: ConversionId) -> Result<Told, Error> {
    sqlx::query!("select id from conversions where id = $1 for update", id.0)
        .fetch_optional(change.connection())
        .await?;
    one(change.connection(), id).await
}

/// An eligible assignment that stands beside the standing one already, or is to come, if there is one.
pub async fn eligible_beside(
    change: &mut Change,
    principal: PrincipalId,
    role: RoleId,
    scope: ScopeId,
) -> Result<Option<(AssignmentId, bool)>, Error> {
    let found = sqlx::query!(
        r#"
        select id as "id: AssignmentId", starts_at <= instant() as "live!"
        from assignments
        where principal_id = $1 and role_id = $2 and scope_id = $3 and kind = 'eligible' and ended_at is null
            and ends_at > instant()
        order by starts_at
        limit 1
        "#,
        principal.0,
        role.0,
        scope.0,
    )
    .fetch_optional(change.connection())
    .await?;
    Ok(found.map(|found| (found.id, found.live)))
}

/// Begins a conversion.
pub async fn begin(
    change: &mut Change,
    by: PrincipalId,
    active: AssignmentId,
    (eligible, made): (AssignmentId, bool),
) -> Result<ConversionId, Error> {
    let id = ConversionId::new();
    let at = change.at();
    sqlx::query!(
        r#"
        insert into conversions (id, active_id, eligible_id, eligible_made, started_by, started_at)
        values ($1, $2, $3, $4, $5, $6)
        "#,
        id.0,
        active.0,
        eligible.0,
        made,
        by.0,
        at,
    )
    .execute(change.connection())
    .await
    .on_constraint("conversions_one_open", || {
        Error::Conflict("this access is on its way to eligibility already".to_owned())
    })?;
    Ok(id)
}

/// Notes that the eligibility was tried and works.
pub async fn note_try(change: &mut Change, id: ConversionId, by: PrincipalId) -> Result<(), Error> {
    let at = change.at();
    sqlx::query!(
        "update conversions set tried_by = $2, tried_at = $3 where id = $1",
        id.0,
        by.0,
        at
    )
    .execute(change.connection())
    .await?;
    Ok(())
}

/// Notes that the standing access has ended.
pub async fn finish(change: &mut Change, id: ConversionId, by: PrincipalId) -> Result<(), Error> {
    let at = change.at();
    sqlx::query!(
        "update conversions set finished_by = $2, finished_at = $3 where id = $1",
        id.0,
        by.0,
        at,
    )
    .execute(change.connection())
    .await?;
    Ok(())
}

/// Notes that the standing access stays.
pub async fn abandon(change: &mut Change, id: ConversionId, by: PrincipalId) -> Result<(), Error> {
    let at = change.at();
    sqlx::query!(
        "update conversions set abandoned_by = $2, abandoned_at = $3 where id = $1",
        id.0,
        by.0,
        at,
    )
    .execute(change.connection())
    .await?;
    Ok(())
}

/// The accounts that act for a holder: itself, or the members of a group.
pub async fn accounts_behind(
    change: &mut Change,
    holder: PrincipalId,
) -> Result<Vec<PrincipalId>, Error> {
    Ok(sqlx::query_scalar!(
        r#"
        select account as "account!: PrincipalId" from accounts_behind($1) as account
        join principals on principals.id = account and principals.kind = 'user' and disabled_at is null
        "#,
        holder.0,
    )
    .fetch_all(change.connection())
    .await?)
}
