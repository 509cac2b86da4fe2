//! Standing access, worst first.
use sqlx::PgConnection;

use crate::{
    domain::{
        id::{AssignmentId, ConversionId, PrincipalId, RoleId, ScopeId},
        principal::PrincipalKind,
        time::Instant,
    },
    error::Error,
    store::ids,
};

/// The lists that standing access comes in.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    serde::Serialize,
    serde::Deserialize,
    sqlx::Type,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "standing_list", rename_all = "snake_case")]
pub enum List {
    /// People and groups: what should go.
    #[default]
    People,
    /// Applications, which can activate nothing.
    Applications,
    /// Accounts that are kept for emergencies: meant to be there.
    BreakGlass,
}

/// Which standing access is wanted.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// In which list.
    pub list: List,
    /// Of this rank.
    pub rank: i16,
    /// Of this role.
    pub role: Option<RoleId>,
    /// At or below these places.
    pub places: Option<&'a [ScopeId]>,
    /// What comes after this one.
    pub after: Option<(Option<Instant>, AssignmentId)>,
}

/// One standing assignment.
#[derive(Clone, Debug)]
pub struct Told {
    /// Which.
    pub assignment: AssignmentId,
    /// 2 for a privileged role, and 1 for no end.
    pub rank: i16,
    /// Who holds it.
    pub principal: PrincipalId,
    /// What kind of holder that is.
    pub holder_kind: PrincipalKind,
    /// The name of the person, group or application.
    pub holder: String,
    /// The account's name.
    pub account: String,
    /// Which role.
    pub role: RoleId,
    /// Its name.
    pub role_name: String,
    /// Whether it is privileged, or gives roles away.
    pub privileged: bool,
    /// Where.
    pub scope: ScopeId,
    /// That place's name.
    pub scope_name: String,
    /// From when.
    pub starts_at: Instant,
    /// Until when; none if for good.
    pub ends_at: Option<Instant>,
    /// When its holder, or a member, was last here.
    pub last_here: Option<Instant>,
    /// When its holder last activated the same role there.
    pub last_activated: Option<Instant>,
    /// The conversion of it that is under way.
    pub conversion: Option<ConversionId>,
}

/// Standing access of one rank, whoever was away for longest first, `limit` at most.
///
/// Expects [`crate::store::audit::plan_each_search`], so that what does not narrow falls away.
pub async fn list(
    connection: &mut PgConnection,
    wanted: Wanted<'_>,
    limit: i64,
) -> Result<Vec<Told>, Error> {
    let places = ids(wanted.places);
    Ok(sqlx::query_as!(
        Told,
        r#"
        select
            standing.assignment_id as "assignment!: AssignmentId", standing.rank as "rank!",
            standing.principal_id as "principal!: PrincipalId", principals.kind as "holder_kind: PrincipalKind",
            coalesce((select display_name from persons where id = person_id and principals.kind = 'user'), principals.name)
                as "holder!",
            principals.name as account, standing.role_id as "role!: RoleId", roles.name as role_name,
            standing.rank >= 2 as "privileged!",
            standing.scope_id as "scope!: ScopeId", scopes.name as scope_name, starts_at,
            nullif(ends_at, 'infinity') as "ends_at: Instant", nullif(last_used_at, '-infinity') as "last_here: Instant",
            -- Two questions, since no index has both what has ended and what has not.
            greatest(
                (select max(used.starts_at) from assignments as used
                where used.principal_id = standing.principal_id and used.role_id = standing.role_id
                    and used.scope_id = standing.scope_id and used.origin = 'activated' and used.ended_at is null),
                (select max(used.starts_at) from assignments as used
                where used.principal_id = standing.principal_id and used.role_id = standing.role_id
                    and used.scope_id = standing.scope_id and used.origin = 'activated' and used.ended_at is not null)
            ) as last_activated,
            (
                select id from conversions
                where active_id = standing.assignment_id and finished_at is null and abandoned_at is null
            ) as "conversion: ConversionId"
        from (select instant() as now) as clock
        cross join lateral standing_at(clock.now) as standing
        join assignments on assignments.id = standing.assignment_id
        join principals on principals.id = standing.principal_id
        join roles on roles.id = standing.role_id
        join scopes on scopes.id = standing.scope_id
        where standing.list = $1 and standing.rank = $2
            and ($3::uuid is null or standing.role_id = $3)
            and ($4::uuid[] is null or standing.scope_id in (
                select scope_id from scope_ancestors where ancestor_id = any($4)
            ))
            and ($6::uuid is null
                or (last_used_at, standing.assignment_id) > (coalesce($5::timestamptz, '-infinity'), $6))
        order by last_used_at, standing.assignment_id
        limit $7
        "#,
        wanted.list as List,
        wanted.rank,
        wanted.role.map(|id| id.0),
        places.as_deref(),
        wanted.after.and_then(|(at, _)| at),
        wanted.after.map(|(_, id)| id.0),
        limit,
    )
    .fetch_all(connection)
    .await?)
}

/// How much there is, counted no further than `most`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Of privileged roles, held by people and groups.
    pub privileged: i64,
    /// Of other roles, held by people and groups.
    pub other: i64,
    /// Held by applications.
    pub applications: i64,
    /// Held by accounts that are kept for emergencies.
    pub break_glass: i64,
}

/// Counts standing access at or below `places`, each kind up to `most`.
pub async fn counts(
    connection: &mut PgConnection,
    places: Option<&[ScopeId]>,
    most: i64,
) -> Result<Counts, Error> {
    let places = ids(places);
    Ok(sqlx::query_as!(
        Counts,
        r#"
        with listed (list, rank) as not materialized (
            select list, rank
            from (select instant() as now) as clock
            cross join lateral standing_at(clock.now)
            where $2::uuid[] is null
                or scope_id in (select scope_ancestors.scope_id from scope_ancestors where ancestor_id = any($2))
        )
        select
            (select count(*) from (select from listed where list = 'people' and rank >= 2 limit $1) as counted)
                as "privileged!",
            (select count(*) from (select from listed where list = 'people' and rank < 2 limit $1) as counted)
                as "other!",
            (select count(*) from (select from listed where list = 'applications' limit $1) as counted)
                as "applications!",
            (select count(*) from (select from listed where list = 'break_glass' limit $1) as counted)
                as "break_glass!"
        "#,
        most,
        places.as_deref(),
    )
    .fetch_one(connection)
    .await?)
}
