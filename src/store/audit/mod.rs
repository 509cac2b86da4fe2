//! The audit log: written with every change, read by auditors, chained by the sealer.
use sqlx::PgConnection;

use crate::{
    domain::{
        actor::{Actor, Via, Who},
        audit::{ActorKind, Event, Outcome},
        id::{EventId, SessionId},
        time::Instant,
    },
    error::Error,
};

mod chain;
mod search;

pub use chain::*;
pub use search::*;

/// Adds an event. Names are looked up here, so that the log says who people and roles were called at the time.
pub(super) async fn append(
    connection: &mut PgConnection,
    actor: &Actor,
    at: Instant,
    event: &Event,
) -> Result<(), Error> {
    let user = actor.user();
    let (kind, name) = match &actor.who {
        Who::User(user) => (ActorKind::User, user.name.as_str()),
        Who::Application(application) => (ActorKind::Application, application.name.as_str()),
        Who::System => (ActorKind::System, "Latchkey"),
        Who::Operator => (ActorKind::Operator, "Operator at the command line"),
        Who::Anonymous => (ActorKind::Anonymous, "Nobody signed in"),
    };
    let session = user.and_then(|user| match user.via {
        Via::Session(session) => Some(session),
        Via::AccessToken(..) => None,
    });
    sqlx::query!(
        r#"
        insert into audit_events (
            id, at, kind, outcome, actor_kind, actor_id, actor_person_id, actor_name, subject_id, subject_name,
            role_id, role_name, scope_id, scope_name, request_id, assignment_id, target_id, session_id,
            client_address, correlation_id, detail
        )
        values (
            $1, $2, $3, $4, $5, $6, $7, $8, $9,
            (select case kind when 'user' then persons.display_name else principals.name end from principals
                left join persons on persons.id = person_id where principals.id = $9),
            $10, (select name from roles where id = $10), $11, (select name from scopes where id = $11),
            $12, $13, $14, $15, $16, $17, $18
        )
        "#,
        EventId::new().0,
        at,
        event.kind.name(),
        event.outcome as Outcome,
        kind as ActorKind,
        actor.principal().map(|id| id.0),
        actor.people().first().map(|id| id.0),
        name,
        event.subject.map(|id| id.0),
        event.role.map(|id| id.0),
        event.scope.map(|id| id.0),
        event.request.map(|id| id.0),
        event.assignment.map(|id| id.0),
        event.target,
        session as Option<SessionId>,
        actor.address.map(ipnet::IpNet::from) as Option<ipnet::IpNet>,
        actor.correlation,
        &event.detail,
    )
    .execute(connection)
    .await?;
    Ok(())
}
