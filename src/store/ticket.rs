//! Tickets that a ticket system was asked about.
use sqlx::{PgConnection, types::Json};

use super::Change;
use crate::{
    domain::{
        id::{AssignmentId, PrincipalId, RequestId, RoleId, ScopeId},
        ticket::Found,
        time::Instant,
    },
    error::Error,
};

/// Keeps what was found of a request's ticket.
pub async fn note(change: &mut Change, request: RequestId, found: &Found) -> Result<(), Error> {
    let at = change.at();
    sqlx::query!(
        "insert into request_tickets (request_id, verified_at, found) values ($1, $2, $3)",
        request.0,
        at as Instant,
        Json(found) as _,
    )
    .execute(change.connection())
    .await?;
    Ok(())
}

/// When a request's ticket was verified, and what was found; none if it was not.
pub async fn of(
    connection: &mut PgConnection,
    request: RequestId,
) -> Result<Option<(Instant, Found)>, Error> {
    let row = sqlx::query!(
        r#"select verified_at, found as "found: Json<Found>" from request_tickets where request_id = $1"#,
        request.0,
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| (row.verified_at, row.found.0)))
}

/// The addresses and names by which a ticket system may know an account.
pub async fn names(
    connection: &mut PgConnection,
    account: PrincipalId,
) -> Result<Vec<String>, Error> {
    let row = sqlx::query!(
        r#"
        select name, email as "email?" from principals left join persons on persons.id = person_id where principals.id = $1
        "#,
        account.0,
    )
    .fetch_one(connection)
    .await?;
    Ok(row.email.into_iter().chain([row.name]).collect())
}

/// An activation that runs on a ticket.
#[derive(Clone, Debug)]
pub struct Running {
    /// Which.
    pub activation: AssignmentId,
    /// The request that gave it.
    pub request: RequestId,
    /// Whose.
    pub principal: PrincipalId,
    /// Which role.
    pub role: RoleId,
    /// Where.
    pub scope: ScopeId,
    /// The ticket.
    pub number: String,
    /// Where that is.
    pub system: String,
}

/// The activations that run on tickets of these systems.
pub async fn running(
    connection: &mut PgConnection,
    systems: &[String],
) -> Result<Vec<Running>, Error> {
    Ok(sqlx::query_as!(
        Running,
        r#"
        select assignments.id as "activation: _", requests.id as "request: _", assignments.principal_id as "principal: _",
            assignments.role_id as "role: _", assignments.scope_id as "scope: _", ticket_number as number,
            ticket_system as system
        from assignments
        join requests on requests.id = assignments.request_id and not emergency
        join request_tickets on request_tickets.request_id = requests.id
        where assignments.origin = 'activated' and assignments.ended_at is null and assignments.ends_at > instant()
            and ticket_number <> '' and ticket_system = any($1)
        order by ticket_system, ticket_number, assignments.id
        "#,
        systems,
    )
    .fetch_all(connection)
    .await?)
}
