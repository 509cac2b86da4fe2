//! What nobody does alone, since they would gain by it, as changes that wait for somebody else's word.
use super::{Assign, permission};
use crate::{
    App,
    domain::{
        actor::Actor,
        change_request::{Line, Outcome, Proposed, Write},
        id::{AssignmentId, PrincipalId},
        permission::Permission,
        text::Justification,
        time::Instant,
    },
    error::Error,
    service::change_request,
    store::{self, assignment::Told},
};

/// Lets an assignment that its author may not make alone wait.
pub(super) async fn give(
    app: &App,
    actor: &Actor,
    wanted: &Assign,
    principal: PrincipalId,
) -> Result<Outcome<AssignmentId>, Error> {
    let mut connection = app.database.acquire().await?;
    let (place, _) = store::role::scope(&mut connection, wanted.scope).await?;
    drop(connection);
    let proposed = given(wanted, principal, permission(place));
    change_request::propose_instead(app, actor, proposed).await
}

/// What its author may not give alone, as a change that waits.
fn given(wanted: &Assign, principal: PrincipalId, permission: Permission) -> Proposed {
    let Assign { role, scope, kind, starts_at, ends_at, ref justification, .. } = *wanted;
    let lines = [
        ("kind", kind.name().to_owned()),
        ("starts_at", said(starts_at)),
        ("ends_at", said(ends_at)),
    ];
    Proposed {
        permission,
        scope,
        role: Some(role),
        subject: Some(principal),
        difference: lines.map(|(field, after)| Line::new(field, "", after)).into(),
        reason: justification.clone(),
        expires_at: None,
        write: Write::Assign {
            principal,
            role,
            scope,
            kind,
            starts_at,
            ends_at,
            justification: justification.clone(),
        },
    }
}

/// Lets a change of an assignment that its author may not make alone wait for somebody else's word.
pub(super) async fn change<T>(
    app: &App,
    actor: &Actor,
    told: &Told,
    write: Write,
    reason: &Justification,
) -> Result<Outcome<T>, Error> {
    let line = |field, before, after| (before != after).then(|| Line::new(field, before, after));
    let difference = match &write {
        Write::UpdateAssignment { starts_at, ends_at, .. } => vec![
            line(
                "starts_at",
                told.starts_at.to_string(),
                starts_at.unwrap_or(told.starts_at).to_string(),
            ),
            line("ends_at", said(told.ends_at), said(*ends_at)),
        ],
        Write::ConvertAssignment { to, .. } => {
            vec![line("kind", told.kind.name().to_owned(), to.name().to_owned())]
        }
        _ => Vec::new(),
    };
    let (place, _) = store::role::scope(&mut *app.database.acquire().await?, told.scope).await?;
    let proposed = Proposed {
        permission: permission(place),
        scope: told.scope,
        role: Some(told.role),
        subject: Some(told.principal),
        difference: difference.into_iter().flatten().collect(),
        reason: reason.clone(),
        expires_at: None,
        write,
    };
    change_request::propose_instead(app, actor, proposed).await
}

fn said(at: Option<Instant>) -> String {
    at.map(|at| at.to_string()).unwrap_or_default()
}
