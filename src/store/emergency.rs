//! Emergencies and their reviews.
use sqlx::PgConnection;

use super::Change;
use crate::{
    domain::{
        emergency::ReviewVerdict,
        id::{PersonId, PrincipalId, RequestId, RoleId, ScopeId, SettingsId},
        time::Instant,
    },
    error::Error,
};

/// An emergency with its review.
#[derive(Clone, Debug)]
pub struct Told {
    /// The request.
    pub request: RequestId,
    /// Who.
    pub principal: PrincipalId,
    /// The human being.
    pub person: PersonId,
    /// The terms on which it was asked for.
    pub settings: SettingsId,
    /// Their name.
    pub requester: String,
    /// Which role.
    pub role: RoleId,
    /// Its name.
    pub role_name: String,
    /// Where.
    pub scope: ScopeId,
    /// Its name.
    pub scope_name: String,
    /// Why, as they said.
    pub justification: String,
    /// When.
    pub opened_at: Instant,
    /// By when somebody must have looked at it.
    pub due_at: Instant,
    /// What somebody made of it.
    pub verdict: Option<ReviewVerdict>,
    /// In their words.
    pub note: String,
    /// Who that was.
    pub reviewer: Option<String>,
    /// When.
    pub closed_at: Option<Instant>,
}

/// Opens the review of an emergency.
pub async fn open(
    change: &mut Change,
    request: RequestId,
    requester: PersonId,
    due_at: Instant,
) -> Result<(), Error> {
    let at = change.at();
    sqlx::query!(
        r#"
        insert into emergency_reviews (request_id, requester_person_id, opened_at, due_at)
        values ($1, $2, $3, $4)
        "#,
        request.0,
        requester.0,
        at,
        due_at,
    )
    .execute(change.connection())
    .await?;
    Ok(())
}

/// Which emergencies are wanted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted<'a> {
    /// This one.
    pub request: Option<RequestId>,
    /// Those that somebody has looked at, or those that nobody has.
    pub closed: Option<bool>,
    /// Those that come after this one in the list, newest first.
    pub after: Option<(Instant, RequestId)>,
    /// Those at or below these places.
    pub places: Option<&'a [ScopeId]>,
    /// Those first whose review is due first, not the newest.
    pub by_due: bool,
}

/// Emergencies, newest first, `limit` at most.
pub async fn list(
    connection: &mut PgConnection,
    wanted: Wanted<'_>,
    limit: i64,
) -> Result<Vec<Told>, Error> {
    let places = super::ids(wanted.places);
    Ok(sqlx::query_as!(
        Told,
        r#"
        select
            requests.id as "request: RequestId", requests.principal_id as "principal: PrincipalId",
            requests.person_id as "person: PersonId",
            requests.settings_id as "settings: SettingsId", persons.display_name as requester,
            requests.role_id as "role: RoleId", roles.name as role_name, requests.scope_id as "scope: ScopeId",
            scopes.name as scope_name, requests.justification, opened_at, due_at,
            verdict as "verdict: ReviewVerdict", note, reviewers.display_name as "reviewer?",
            reviews.closed_at as "closed_at: Instant"
        from emergency_reviews as reviews
        join requests on requests.id = reviews.request_id
        join persons on persons.id = requests.person_id
        join roles on roles.id = requests.role_id
        join scopes on scopes.id = requests.scope_id
        left join persons as reviewers on reviewers.id = reviewer_person_id
        where ($1::uuid is null or requests.id = $1)
            and ($2::boolean is null or (reviews.closed_at is not null) = $2)
            and ($3::timestamptz is null or (opened_at, request_id) < ($3, $4::uuid))
            and ($5::uuid[] is null or exists (
                select from scope_ancestors
                where scope_ancestors.scope_id = requests.scope_id and ancestor_id = any($5)
            ))
        order by case when $7 then due_at end, opened_at desc, request_id desc
        limit $6
        "#,
        wanted.request.map(|id| id.0),
        wanted.closed,
        wanted.after.map(|(at, _)| at),
        wanted.after.map(|(_, id)| id.0),
        places.as_deref(),
        limit,
        wanted.by_due,
    )
    .fetch_all(connection)
    .await?)
}

/// Closes a review that is open. False if somebody has closed it meanwhile.
pub async fn close(
    change: &mut Change,
    request: RequestId,
    verdict: ReviewVerdict,
    note: &str,
) -> Result<bool, Error> {
    let at = change.at();
    let reviewer = change
        .actor()
        .user()
        .map(|user| (user.principal, user.person))
        .ok_or(Error::Unauthenticated)?;
    let closed = sqlx::query!(
        r#"
        update emergency_reviews
        set verdict = $2, note = $3, reviewer_id = $4, reviewer_person_id = $5, closed_at = $6
        where request_id = $1 and closed_at is null
        "#,
        request.0,
        verdict as ReviewVerdict,
        note,
        reviewer.0.0,
        reviewer.1.0,
        at,
    )
    .execute(change.connection())
    .await?;
    Ok(closed.rows_affected() == 1)
}

/// How many reviews are overdue, of emergencies at or below these places.
pub async fn count_overdue(
    connection: &mut PgConnection,
    places: Option<&[ScopeId]>,
) -> Result<usize, Error> {
    let places = super::ids(places);
    let count = sqlx::query_scalar!(
        r#"
        select count(*) as "count!"
        from emergency_reviews as reviews
        join requests on requests.id = reviews.request_id
        where reviews.closed_at is null and due_at <= instant() and ($1::uuid[] is null or exists (
            select from scope_ancestors
            where scope_ancestors.scope_id = requests.scope_id and ancestor_id = any($1)
        ))
        "#,
        places.as_deref(),
    )
    .fetch_one(connection)
    .await?;
    Ok(usize::try_from(count).unwrap_or(0))
}

/// The reviews that are overdue and that nobody was told of, `limit` at most. Nothing is locked.
pub async fn overdue(connection: &mut PgConnection, limit: i64) -> Result<Vec<RequestId>, Error> {
    Ok(sqlx::query_scalar!(
        r#"
        select request_id as "id: RequestId" from emergency_reviews
        where closed_at is null and reminded_at is null and due_at <= instant()
        order by due_at
        limit $1
        "#,
        limit,
    )
    .fetch_all(connection)
    .await?)
}

/// Notes that people were told of an overdue review. False if somebody else has noted it, or it is closed.
pub async fn remind(change: &mut Change, request: RequestId) -> Result<bool, Error> {
    let at = change.at();
    let noted = sqlx::query!(
        r#"
        update emergency_reviews set reminded_at = $2
        where request_id = $1 and closed_at is null and reminded_at is null and due_at <= $2
        "#,
        request.0,
        at,
    )
    .execute(change.connection())
    .await?;
    Ok(noted.rows_affected() == 1)
}
