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
mod refusals;
mod search;

pub use chain::*;
pub use refusals::is_new_refusal;
pub use search::*;

/// Adds many events at once, each as [`append`] would.
pub(super) async fn append_all(
    connection: &mut PgConnection,
    actor: &Actor,
    at: Instant,
    events: &[Event],
) -> Result<(), Error> {
    /// More in one statement gains nothing.
    const PART: usize = 2000;
    let (kind, name, session) = whoever(actor);
    for part in events.chunks(PART) {
        let of = |what: fn(&Event) -> Option<uuid::Uuid>| part.iter().map(what).collect::<Vec<_>>();
        let ids: Vec<_> = part.iter().map(|_| EventId::new().0).collect();
        let kinds: Vec<_> = part.iter().map(|event| event.kind.name().to_owned()).collect();
        let outcomes: Vec<_> = part.iter().map(|event| event.outcome.name().to_owned()).collect();
        let details: Vec<_> = part.iter().map(|event| event.detail.to_string()).collect();
        sqlx::query!(
            r#"
            insert into audit_events (
                id, at, kind, outcome, actor_kind, actor_id, actor_person_id, actor_name, subject_id, subject_name,
                role_id, role_name, scope_id, scope_name, request_id, assignment_id, target_id, session_id,
                client_address, correlation_id, detail
            )
            select
                event.id, $1, event.kind, event.outcome::audit_outcome, $2, $3, $4, $5, event.subject,
                case principals.kind when 'user' then persons.display_name else principals.name end,
                event.role, roles.name, event.scope, scopes.name,
                event.request, event.assignment, event.target, $6, $7, $8, event.detail::json
            from unnest(
                $9::uuid[], $10::text[], $11::text[], $12::uuid[], $13::uuid[], $14::uuid[], $15::uuid[], $16::uuid[],
                $17::uuid[], $18::text[]
            ) as event (id, kind, outcome, subject, role, scope, request, assignment, target, detail)
            left join principals on principals.id = event.subject
            left join persons on persons.id = principals.person_id
            left join roles on roles.id = event.role
            left join scopes on scopes.id = event.scope
            "#,
            at,
            kind as ActorKind,
            actor.principal().map(|id| id.0),
            actor.people().first().map(|id| id.0),
            name,
            session as Option<SessionId>,
            actor.address.map(ipnet::IpNet::from) as Option<ipnet::IpNet>,
            actor.correlation,
            &ids,
            &kinds,
            &outcomes,
            &of(|event| event.subject.map(|id| id.0)) as &[Option<uuid::Uuid>],
            &of(|event| event.role.map(|id| id.0)) as &[Option<uuid::Uuid>],
            &of(|event| event.scope.map(|id| id.0)) as &[Option<uuid::Uuid>],
            &of(|event| event.request.map(|id| id.0)) as &[Option<uuid::Uuid>],
            &of(|event| event.assignment.map(|id| id.0)) as &[Option<uuid::Uuid>],
            &of(|event| event.target) as &[Option<uuid::Uuid>],
            &details,
        )
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// Who an event is by: the kind, the name at the time, and the session.
fn whoever(actor: &Actor) -> (ActorKind, &str, Option<SessionId>) {
    let (kind, name) = match &actor.who {
        Who::User(user) => (ActorKind::User, user.name.as_str()),
        Who::Application(application) => (ActorKind::Application, application.name.as_str()),
        Who::System => (ActorKind::System, "Latchkey"),
        Who::Operator => (ActorKind::Operator, "Operator at the command line"),
        Who::Anonymous => (ActorKind::Anonymous, "Nobody signed in"),
    };
    let session = actor.user().and_then(|user| match user.via {
        Via::Session(session) => Some(session),
        Via::AccessToken(..) => None,
    });
    (kind, name, session)
}

/// Adds an event. Names are looked up here, so that the log says who people and roles were called at the time.
pub(super) async fn append(
    connection: &mut PgConnection,
    actor: &Actor,
    at: Instant,
    event: &Event,
) -> Result<(), Error> {
    let (kind, name, session) = whoever(actor);
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
