//! Giving and taking roles.
use serde_json::json;

use crate::{
    App,
    domain::{
        actor::{Actor, Who},
        assignment::{AssignmentEnd, AssignmentKind, AssignmentOrigin, Window, faults},
        audit::{Event, Kind},
        id::{AssignmentId, PrincipalId, ProofId, RoleId, ScopeId},
        notice::{self, Administered},
        permission::Permission,
        role::ScopeKind,
        settings::{AssignmentTerms, Settings},
        step_up::Act,
        text::Justification,
        time::Instant,
    },
    error::Error,
    service::{access, step_up},
    store::{
        self, Change, OnConstraint as _,
        assignment::{Locked, NewAssignment, Wanted},
    },
};

pub use crate::store::assignment::Told;

/// How many assignments a page of a list has.
pub const PAGE: i64 = 100;

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
    pub outcome: Result<AssignmentId, Error>,
}

/// Who may give and take this role at this kind of scope.
fn permission(kind: ScopeKind) -> Permission {
    if kind == ScopeKind::Group { Permission::ManageGroups } else { Permission::ManageAssignments }
}

/// Terms for this kind of assignment.
fn terms(settings: &Settings, kind: AssignmentKind) -> &AssignmentTerms {
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
    let (kind, _) = store::role::scope(&mut connection, wanted.scope).await?;
    access::authorise(&mut connection, actor, permission(kind)).await?;
    if wanted.principals.is_empty() || wanted.principals.len() > 100 {
        return Err(Error::invalid("principals", "choose between one and a hundred people"));
    }
    let role = store::role::one(&mut connection, wanted.role).await?;
    if role.retired_at.is_some() || !role.scope_kinds.contains(&kind) {
        return Err(Error::invalid("role", "this role can't be held there"));
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
        Some(code) => {
            step_up::verify(app, &Actor { idempotency: None, ..actor.clone() }, code, &acts).await?
        }
        None => Vec::new(),
    };
    let mut assigned = Vec::with_capacity(wanted.principals.len());
    for (index, (principal, act)) in wanted.principals.iter().zip(&acts).enumerate() {
        let proof = proofs.get(index).map(|proof| (*proof, act));
        let outcome = assign_one(app, actor, wanted, *principal, proof).await;
        assigned.push(Assigned { principal: *principal, outcome });
    }
    Ok(assigned)
}

async fn assign_one(
    app: &App,
    actor: &Actor,
    wanted: &Assign,
    principal: PrincipalId,
    proof: Option<(ProofId, &Act)>,
) -> Result<AssignmentId, Error> {
    let idempotency = actor.idempotency.as_ref().map(|idempotency| idempotency.part(principal));
    let mut change =
        match Change::begin(&app.database, &Actor { idempotency, ..actor.clone() }).await {
            Err(Error::Repeated(before)) => return Ok(AssignmentId(before)),
            begun => begun?,
        };
    let id = give(app, &mut change, wanted, principal, proof).await?;
    change.made(id.0).await?;
    change.commit_recorded().await?;
    app.wake.everything();
    Ok(id)
}

/// Gives a role within a change, once it is clear that the actor may: judges the terms, records, and tells its holder.
pub(super) async fn give(
    app: &App,
    change: &mut Change,
    wanted: &Assign,
    principal: PrincipalId,
    proof: Option<(ProofId, &Act)>,
) -> Result<AssignmentId, Error> {
    let holder = store::person::one(change.connection(), principal).await?;
    if holder.disabled_at.is_some() {
        return Err(Error::Conflict(format!("{}'s account is disabled", holder.name)));
    }
    if change.actor().user().is_some_and(|user| user.person == holder.person) {
        return Err(Error::NotAllowed(
            "nobody can give a role to themself, from whichever account: ask another administrator"
                .to_owned(),
        ));
    }
    let version = store::settings::current(change.connection(), wanted.role, wanted.scope).await?;
    let now = change.settle().await?;
    let window =
        Window { starts_at: wanted.starts_at.unwrap_or(now).max(now), ends_at: wanted.ends_at };
    let by_terms = matches!(change.actor().who, Who::User(_));
    let faults = faults(
        window,
        terms(&version.settings, wanted.kind),
        !wanted.justification.is_empty(),
        proof.is_some(),
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
    if let Some((proof, act)) = proof {
        store::mfa_proof::spend(change, proof, act, id.0).await?;
    }
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
    tell(app, change, id, &wanted.justification, Telling::Given).await?;
    Ok(id)
}

/// What the holder is told.
enum Telling {
    Given,
    Taken,
}

async fn tell(
    app: &App,
    change: &mut Change,
    id: AssignmentId,
    reason: &Justification,
    telling: Telling,
) -> Result<(), Error> {
    let told = store::assignment::one(change.connection(), id).await?;
    let by = match &change.actor().who {
        Who::User(user) => user.name.clone(),
        Who::Operator => "The operator".to_owned(),
        Who::System | Who::Anonymous => "Latchkey".to_owned(),
    };
    let facts = Administered {
        by: &by,
        role: &told.role_name,
        scope: &told.scope_name,
        reason: reason.as_str(),
        link: &app.public_url,
    };
    let mail = match telling {
        Telling::Given => {
            notice::assignment_given(&facts, told.kind == AssignmentKind::Eligible, told.ends_at)
        }
        Telling::Taken => notice::activation_ended_early(&facts),
    };
    store::outbox::enqueue(change, told.principal, &mail, None).await
}

/// Locks an assignment for an administrator who may change it and says so by name if it is over.
async fn lock(change: &mut Change, actor: &Actor, id: AssignmentId) -> Result<Locked, Error> {
    let told = store::assignment::one(change.connection(), id).await?;
    let (kind, _) = store::role::scope(change.connection(), told.scope).await?;
    access::authorise(change.connection(), actor, permission(kind)).await?;
    let locked = store::assignment::lock(change, id).await?;
    change.settle().await?;
    if locked.ended {
        Err(Error::Conflict("this assignment is over already".to_owned()))
    } else {
        Ok(locked)
    }
}

/// Takes a role away at once. What rests on it ends in the same moment.
pub async fn remove(
    app: &App,
    actor: &Actor,
    id: AssignmentId,
    reason: &Justification,
) -> Result<(), Error> {
    let mut change = Change::begin(&app.database, actor).await?;
    let locked = lock(&mut change, actor, id).await?;
    end(&mut change, &locked, AssignmentEnd::Removed, reason).await?;
    tell(app, &mut change, id, reason, Telling::Taken).await?;
    change.made(id.0).await?;
    commit(change).await?;
    app.wake.everything();
    Ok(())
}

/// Ends an assignment within a change, with all that rests on it, and records each end.
pub(super) async fn end(
    change: &mut Change,
    locked: &Locked,
    because: AssignmentEnd,
    reason: &Justification,
) -> Result<(), Error> {
    if locked.kind == AssignmentKind::Eligible {
        for ended in store::activation::end_all_of_eligibility(change, locked.id).await? {
            let event = Event::new(Kind::ActivationEnded)
                .subject(ended.principal)
                .role(ended.role, ended.scope)
                .assignment(ended.id)
                .detail(json!({ "because": AssignmentEnd::EligibilityEnded }));
            change.record(&Event { request: ended.request, ..event }).await?;
        }
        let why = "The eligibility was removed.";
        for closed in store::request::fail_all_of_eligibility(change, locked.id, why).await? {
            let event = Event::refused(Kind::ActivationFailed)
                .subject(closed.principal)
                .role(closed.role, closed.scope)
                .request(closed.id)
                .detail(json!({ "rules": ["not_eligible"], "reasons": why }));
            change.record(&event).await?;
        }
    }
    if !store::activation::end(change, locked.id, because).await? {
        return Err(Error::Conflict("this assignment is over already".to_owned()));
    }
    let kind = match locked.origin {
        AssignmentOrigin::Assigned => Kind::AssignmentRemoved,
        AssignmentOrigin::Activated => Kind::ActivationEnded,
    };
    let event = Event::new(kind)
        .subject(locked.principal)
        .role(locked.role, locked.scope)
        .assignment(locked.id)
        .detail(json!({ "because": because, "kind": locked.kind, "due": locked.ends_at, "justification": reason }));
    change.record(&Event { request: locked.request, ..event }).await
}

/// Gives an assignment other dates. Activations that rest on it never outlast it.
pub async fn update(
    app: &App,
    actor: &Actor,
    id: AssignmentId,
    starts_at: Option<Instant>,
    ends_at: Option<Instant>,
    reason: &Justification,
) -> Result<(), Error> {
    let mut change = Change::begin(&app.database, actor).await?;
    let locked = lock(&mut change, actor, id).await?;
    if locked.origin == AssignmentOrigin::Activated {
        return Err(Error::Conflict(
            "an activation can be ended, not changed: more time is its holder's request".to_owned(),
        ));
    }
    let now = change.at();
    let window = new_window(&locked, starts_at, ends_at, now)?;
    let longer = match (locked.ends_at, window.ends_at) {
        (None, _) => false,
        (Some(_), None) => true,
        (Some(old), Some(new)) => new > old,
    } || window.starts_at < locked.starts_at;
    if longer && actor.user().is_some_and(|user| Some(user.person) == locked.person) {
        return Err(Error::NotAllowed(
            "nobody can lengthen an assignment of their own: ask another administrator".to_owned(),
        ));
    }
    let version = store::settings::current(change.connection(), locked.role, locked.scope).await?;
    let faults =
        faults(window, terms(&version.settings, locked.kind), !reason.is_empty(), true, now);
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    if let (AssignmentKind::Eligible, Some(end)) = (locked.kind, window.ends_at) {
        for cut in store::assignment::cut_activations(&mut change, id, end).await? {
            let event = Event::new(Kind::AssignmentUpdated)
                .subject(locked.principal)
                .role(locked.role, locked.scope)
                .assignment(cut)
                .detail(json!({ "because": AssignmentEnd::EligibilityEnded, "ends_at": end }));
            change.record(&event).await?;
        }
    }
    store::assignment::set_window(&mut change, id, window).await?;
    change.made(id.0).await?;
    let event = Event::new(Kind::AssignmentUpdated)
        .subject(locked.principal)
        .role(locked.role, locked.scope)
        .assignment(id)
        .detail(json!({
            "before": Window { starts_at: locked.starts_at, ends_at: locked.ends_at },
            "after": window,
            "justification": reason,
        }));
    change.record(&event).await?;
    commit(change).await?;
    app.wake.everything();
    Ok(())
}

/// The window after an update. What has begun keeps its beginning.
fn new_window(
    locked: &Locked,
    starts_at: Option<Instant>,
    ends_at: Option<Instant>,
    now: Instant,
) -> Result<Window, Error> {
    let starts_at = starts_at.unwrap_or(locked.starts_at);
    if starts_at != locked.starts_at && locked.starts_at <= now {
        return Err(Error::invalid(
            "starts_at",
            "it has begun already: its start can't be changed any more",
        ));
    }
    let starts_at = if starts_at == locked.starts_at { starts_at } else { starts_at.max(now) };
    Ok(Window { starts_at, ends_at })
}

/// Makes an eligible assignment active, or an active one eligible: the old one ends and the new one begins in one moment.
pub async fn convert(
    app: &App,
    actor: &Actor,
    id: AssignmentId,
    to: AssignmentKind,
    reason: &Justification,
    code: Option<&str>,
) -> Result<AssignmentId, Error> {
    let (told, act, needs_proof) = conversion(app, actor, id, to).await?;
    let proof = match code.filter(|code| needs_proof && !code.trim().is_empty()) {
        Some(code) => {
            let plain = Actor { idempotency: None, ..actor.clone() };
            step_up::verify(app, &plain, code, std::slice::from_ref(&act)).await?.into_iter().next()
        }
        None => None,
    };
    let mut change = match Change::begin(&app.database, actor).await {
        Err(Error::Repeated(before)) => return Ok(AssignmentId(before)),
        begun => begun?,
    };
    let locked = lock(&mut change, actor, id).await?;
    if locked.origin == AssignmentOrigin::Activated || locked.kind == to {
        return Err(Error::Conflict(
            "only an assignment of the other kind can be made this".to_owned(),
        ));
    }
    let own = actor.user().is_some_and(|user| Some(user.person) == locked.person);
    if own && to == AssignmentKind::Active {
        return Err(Error::NotAllowed(
            "nobody can make themself active for good: ask another administrator".to_owned(),
        ));
    }
    end(&mut change, &locked, AssignmentEnd::Converted, reason).await?;
    let wanted = Assign {
        principals: vec![locked.principal],
        role: locked.role,
        scope: locked.scope,
        kind: to,
        starts_at: Some(locked.starts_at),
        ends_at: locked.ends_at,
        justification: reason.clone(),
    };
    let made = if own {
        make_own_eligible(&mut change, &wanted, told.principal).await?
    } else {
        give(app, &mut change, &wanted, locked.principal, proof.map(|proof| (proof, &act))).await?
    };
    change.made(made.0).await?;
    commit(change).await?;
    app.wake.everything();
    Ok(made)
}

/// What a conversion is about, and whether it asks for a proof.
async fn conversion(
    app: &App,
    actor: &Actor,
    id: AssignmentId,
    to: AssignmentKind,
) -> Result<(Told, Act, bool), Error> {
    let mut connection = app.database.acquire().await?;
    let told = store::assignment::one(&mut connection, id).await?;
    let (kind, _) = store::role::scope(&mut connection, told.scope).await?;
    access::authorise(&mut connection, actor, permission(kind)).await?;
    let version = store::settings::current(&mut connection, told.role, told.scope).await?;
    let act = Act::Assign { principal: told.principal, role: told.role, scope: told.scope };
    let needs_proof = terms(&version.settings, to).requires_mfa;
    Ok((told, act, needs_proof))
}

/// Becoming eligible instead of active only ever takes power away, so one may do it to oneself.
async fn make_own_eligible(
    change: &mut Change,
    wanted: &Assign,
    principal: PrincipalId,
) -> Result<AssignmentId, Error> {
    let version = store::settings::current(change.connection(), wanted.role, wanted.scope).await?;
    let now = change.at();
    let window =
        Window { starts_at: wanted.starts_at.unwrap_or(now).max(now), ends_at: wanted.ends_at };
    let faults =
        faults(window, &version.settings.eligible, !wanted.justification.is_empty(), true, now);
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    let new = NewAssignment {
        kind: AssignmentKind::Eligible,
        principal,
        role: wanted.role,
        scope: wanted.scope,
        window,
        justification: wanted.justification.as_str(),
        settings: version.id,
    };
    let id = store::assignment::make(change, new).await?;
    let event = Event::new(Kind::AssignmentCreated)
        .subject(principal)
        .role(wanted.role, wanted.scope)
        .assignment(id)
        .detail(json!({ "kind": wanted.kind, "starts_at": window.starts_at, "ends_at": window.ends_at, "justification": wanted.justification }));
    change.record(&event).await?;
    Ok(id)
}

/// Commits, unless Latchkey would be left without an administrator.
pub(super) async fn commit(change: Change) -> Result<(), Error> {
    change.commit_recorded().await.on_constraint("an_administrator_remains", || {
        Error::Conflict(
            "this would leave nobody who holds Global Administrator for good: assign somebody else first".to_owned(),
        )
    })
}

/// Which assignments a list is to show.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filter {
    /// Those of this account.
    pub principal: Option<PrincipalId>,
    /// Those of this role.
    pub role: Option<RoleId>,
    /// Those at this scope.
    pub scope: Option<ScopeId>,
    /// Those of this kind.
    pub kind: Option<AssignmentKind>,
    /// Those that are over, instead of those that are not.
    pub over: bool,
    /// Those that come after this one.
    pub after: Option<AssignmentId>,
}

/// The assignments that `filter` asks for, [`PAGE`] at most. Everybody may see their own.
pub async fn list(app: &App, actor: &Actor, filter: Filter) -> Result<Vec<Told>, Error> {
    let mut connection = app.database.acquire().await?;
    let own = access::user(actor, crate::domain::actor::TokenScope::Read)?.principal;
    if filter.principal != Some(own) {
        access::authorise(&mut connection, actor, Permission::ReadRoles).await?;
    }
    let wanted = Wanted {
        id: None,
        principal: filter.principal,
        role: filter.role,
        scope: filter.scope,
        kind: filter.kind,
        after: filter.after,
    };
    if filter.over {
        store::assignment::ended(&mut connection, wanted, PAGE).await
    } else {
        store::assignment::list(&mut connection, wanted, PAGE).await
    }
}

/// One assignment.
pub async fn show(app: &App, actor: &Actor, id: AssignmentId) -> Result<Told, Error> {
    let mut connection = app.database.acquire().await?;
    let own = access::user(actor, crate::domain::actor::TokenScope::Read)?.principal;
    let told = store::assignment::one(&mut connection, id).await;
    match told {
        Ok(told) if told.principal == own => Ok(told),
        told => {
            access::authorise(&mut connection, actor, Permission::ReadRoles).await?;
            told
        }
    }
}
