//! Giving roles, to one person or several.
use std::fmt::Display;

use serde_json::json;
use sqlx::PgConnection;

use super::{Proof, waiting};

use crate::{
    App,
    domain::{
        actor::Actor,
        assignment::{AssignmentKind, Window, faults},
        audit::{Event, Kind},
        change_request::Outcome,
        id::{AssignmentId, PrincipalId, RoleId, ScopeId},
        permission::Permission,
        principal::PrincipalKind,
        reach::Write as Reaching,
        role::ScopeKind,
        settings::{AssignmentTerms, Settings},
        step_up::Act,
        text::Justification,
        time::Instant,
    },
    error::Error,
    service::{
        access, change_request, group,
        notice::{self, Deed},
        reach, step_up,
    },
    store::{self, Change, assignment::NewAssignment, principal::Holder},
};

/// What an administrator assigns to one or several people.
#[derive(Clone, Debug)]
pub struct Assign {
    /// To whom.
    pub principals: Vec<PrincipalId>,
    /// Which role.
    pub role: RoleId,
    /// At which scope.
    pub scope: ScopeId,
    /// Eligible or active.
    pub kind: AssignmentKind,
    /// From when; none is at once.
    pub starts_at: Option<Instant>,
    /// Until when; none is for good.
    pub ends_at: Option<Instant>,
    /// Why.
    pub justification: Justification,
}

/// What became of one person's assignment.
#[derive(Debug)]
pub struct Assigned {
    /// Who was to get it.
    pub principal: PrincipalId,
    /// The assignment, or why there is none. One person's refusal does not stop the others.
    pub outcome: Result<Outcome<AssignmentId>, Error>,
}

/// Who may give and take this role at this kind of scope.
pub(in crate::service) fn permission(kind: ScopeKind) -> Permission {
    if kind == ScopeKind::Group { Permission::ManageGroups } else { Permission::ManageAssignments }
}

/// Terms for this kind of assignment.
pub(super) fn terms(settings: &Settings, kind: AssignmentKind) -> &AssignmentTerms {
    match kind {
        AssignmentKind::Eligible => &settings.eligible,
        AssignmentKind::Active => &settings.active,
    }
}

/// Assigns a role to several people; each by itself, so that some may be refused.
pub async fn assign(
    app: &App,
    actor: &Actor,
    wanted: &Assign,
    code: Option<&str>,
) -> Result<Vec<Assigned>, Error> {
    let mut connection = app.database.acquire().await?;
    authorise(&mut connection, actor, wanted).await?;
    if wanted.principals.is_empty() || wanted.principals.len() > 100 {
        return Err(Error::invalid("principals", "choose between one and a hundred people"));
    }
    let version = store::settings::current(&mut connection, wanted.role, wanted.scope).await?;
    let needs_proof = terms(&version.settings, wanted.kind).requires_mfa;
    drop(connection);
    let acts: Vec<_> = wanted
        .principals
        .iter()
        .map(|principal| Act::Assign {
            principal: *principal,
            role: wanted.role,
            scope: wanted.scope,
        })
        .collect();
    let proofs = match code.filter(|code| needs_proof && !code.trim().is_empty()) {
        Some(code) if !all_repeated(app, actor, &wanted.principals).await? => {
            step_up::verify(app, &Actor { idempotency: None, ..actor.clone() }, code, &acts).await?
        }
        Some(_) | None => Vec::new(),
    };
    let mut assigned = Vec::with_capacity(wanted.principals.len());
    for (index, (principal, act)) in wanted.principals.iter().zip(&acts).enumerate() {
        let proof = proofs.get(index).map_or(Proof::None, |proof| Proof::Given(*proof, act));
        let outcome = store::retried(|| assign_one(app, actor, wanted, *principal, proof)).await;
        assigned.push(Assigned { principal: *principal, outcome });
    }
    Ok(assigned)
}

/// Makes sure that `actor` may give this role there, and that it can be held there.
async fn authorise(
    connection: &mut PgConnection,
    actor: &Actor,
    wanted: &Assign,
) -> Result<(), Error> {
    let found = store::role::scope(connection, wanted.scope).await;
    if found.is_err() {
        // That there is no such place is for those to know who might give something somewhere.
        access::authorise_somewhere(connection, actor, Permission::ManageAssignments).await?;
    }
    let (kind, _) = found?;
    group::authorise_assigning(connection, actor, wanted.scope, kind).await?;
    let role = store::role::one(connection, wanted.role).await?;
    if role.retired_at.is_some() || !role.scope_kinds.contains(&kind) {
        return Err(Error::invalid("role", "this role can't be held there"));
    }
    Ok(())
}

/// Gives a role within a change, by whoever makes the change, if they may at this moment.
pub(in crate::service) async fn assign_within(
    app: &App,
    change: &mut Change,
    wanted: &Assign,
    principal: PrincipalId,
    proof: Proof<'_>,
) -> Result<AssignmentId, Error> {
    let actor = change.actor().clone();
    authorise(change.connection(), &actor, wanted).await?;
    give(app, change, wanted, principal, proof).await
}

/// Whether all of this was done before, under the same idempotency key: then it uses up no code.
pub(in crate::service) async fn all_repeated(
    app: &App,
    actor: &Actor,
    parts: &[impl Display],
) -> Result<bool, Error> {
    if actor.idempotency.is_none() {
        return Ok(false);
    }
    for each in parts {
        match Change::begin(&app.database, &part(actor, each)).await {
            Err(Error::Repeated(_)) => {}
            begun => return begun.map(|_| false),
        }
    }
    Ok(true)
}

/// The same actor, with the idempotency key of one among several.
pub(in crate::service) fn part(actor: &Actor, part: impl Display) -> Actor {
    let idempotency = actor.idempotency.as_ref().map(|idempotency| idempotency.part(part));
    Actor { idempotency, ..actor.clone() }
}

async fn assign_one(
    app: &App,
    actor: &Actor,
    wanted: &Assign,
    principal: PrincipalId,
    proof: Proof<'_>,
) -> Result<Outcome<AssignmentId>, Error> {
    let actor = part(actor, principal);
    let mut change = match Change::begin(&app.database, &actor).await {
        Err(Error::Repeated(before)) => {
            return change_request::repeated(app, before, AssignmentId(before)).await;
        }
        begun => begun?,
    };
    let id = match assign_within(app, &mut change, wanted, principal, proof).await {
        Err(Error::Widens(_)) => {
            drop(change);
            return waiting::give(app, &actor, wanted, principal).await;
        }
        made => made?,
    };
    change.made(id.0).await?;
    change.commit_recorded().await?;
    app.wake.everything();
    Ok(Outcome::Done(id))
}

/// What giving a role does beside what it gives: whom it reaches, and whose approvers it chooses.
async fn written(
    change: &mut Change,
    wanted: &Assign,
    (principal, holder): (PrincipalId, &Holder),
) -> Result<Reaching, Error> {
    let given = (wanted.role, wanted.scope);
    let eases = store::reach::approved_by(change.connection(), given).await?;
    Ok(Reaching {
        to: holder.people.iter().copied().collect(),
        group: (holder.kind == PrincipalKind::Group).then_some(principal),
        eases,
        moves: None,
    })
}

/// An application is powerful or not; there is nobody who would activate anything.
pub(super) fn refuse_eligible_application(
    holder: PrincipalKind,
    kind: AssignmentKind,
) -> Result<(), Error> {
    match (holder, kind) {
        (PrincipalKind::ServicePrincipal, AssignmentKind::Eligible) => Err(Error::invalid(
            "kind",
            "an application can't activate anything, so it can't be eligible: assign the role as active, with an end \
             if it is not needed for good",
        )),
        _ => Ok(()),
    }
}

/// Gives a role within a change, once it is clear that the actor may: judges the terms, records, and tells its holder.
pub(in crate::service) async fn give(
    app: &App,
    change: &mut Change,
    wanted: &Assign,
    principal: PrincipalId,
    proof: Proof<'_>,
) -> Result<AssignmentId, Error> {
    let id = give_untold(change, wanted, principal, proof).await?;
    notice::administered(app, change, id, wanted.justification.as_str(), Deed::Given).await?;
    Ok(id)
}

/// The same, for whoever tells its holder otherwise.
pub(super) async fn give_untold(
    change: &mut Change,
    wanted: &Assign,
    principal: PrincipalId,
    proof: Proof<'_>,
) -> Result<AssignmentId, Error> {
    let holder = store::principal::holder(change, principal).await?;
    if holder.disabled_at.is_some() {
        return Err(Error::Conflict(match holder.kind {
            PrincipalKind::User => format!("{}'s account is disabled", holder.name),
            PrincipalKind::Group => format!("the group {} is no longer in use", holder.name),
            PrincipalKind::ServicePrincipal => {
                format!("the application {} is disabled", holder.name)
            }
        }));
    }
    refuse_eligible_application(holder.kind, wanted.kind)?;
    let write = written(change, wanted, (principal, &holder)).await?;
    let before = reach::before_writing(change, write).await?;
    let version = store::settings::current(change.connection(), wanted.role, wanted.scope).await?;
    let now = change.settle().await?;
    let window =
        Window { starts_at: wanted.starts_at.unwrap_or(now).max(now), ends_at: wanted.ends_at };
    let by_terms = change.actor().principal().is_some();
    let faults = faults(
        window,
        terms(&version.settings, wanted.kind),
        !wanted.justification.is_empty(),
        proof.is_there(),
        now,
    );
    // The operator at the command line makes the first administrator, whatever the terms of later ones are.
    if by_terms && !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    let new = NewAssignment {
        kind: wanted.kind,
        principal,
        role: wanted.role,
        scope: wanted.scope,
        window,
        justification: wanted.justification.as_str(),
        settings: version.id,
    };
    let id = store::assignment::make(change, new).await?;
    reach::refuse_gain(change, before).await?;
    proof.spend(change, id.0).await?;
    let event = Event::new(Kind::AssignmentCreated)
        .subject(principal)
        .role(wanted.role, wanted.scope)
        .assignment(id)
        .detail(json!({
            "kind": wanted.kind,
            "starts_at": window.starts_at,
            "ends_at": window.ends_at,
            "justification": wanted.justification,
        }));
    change.record(&event).await?;
    Ok(id)
}
