//! Changing, converting and taking roles that were given.
use serde_json::json;

use super::{
    Proof, commit,
    give::{Assign, give, give_untold, refuse_eligible_application, terms},
    waiting,
};
use crate::{
    App,
    domain::{
        actor::Actor,
        assignment::{AssignmentEnd, AssignmentKind, AssignmentOrigin, Window, faults},
        audit::{Event, Kind},
        change_request::{Outcome, Write},
        id::{AssignmentId, PrincipalId, RoleId},
        permission::Permission,
        step_up::Act,
        text::Justification,
        time::Instant,
    },
    error::Error,
    service::{
        access, approval, change_request, group, membership,
        notice::{self, Deed},
        reach, request, step_up, survivability,
    },
    store::{
        self, Change,
        assignment::{Locked, NewAssignment, Told},
        request::Of,
    },
};

/// Finds an assignment. That there is none is for those to know who might change it.
pub(super) async fn find(
    connection: &mut sqlx::PgConnection,
    actor: &Actor,
    id: AssignmentId,
) -> Result<Told, Error> {
    let found = store::assignment::one(connection, id).await;
    if found.is_err() {
        access::authorise_somewhere(connection, actor, Permission::ManageAssignments).await?;
    }
    found
}

/// Refuses whoever may not change what is held at the place of an assignment. To those who may not even see it, it does not
/// exist, as in [`find`].
pub(super) async fn authorise(
    connection: &mut sqlx::PgConnection,
    actor: &Actor,
    told: &Told,
) -> Result<(), Error> {
    let (place, _) = store::role::scope(connection, told.scope).await?;
    let allowed = group::authorise_assigning(connection, actor, told.scope, place).await;
    let Err(Error::Forbidden(_)) = allowed else { return allowed };
    if access::authorise_at(connection, actor, Permission::ReadRoles, told.scope).await.is_ok() {
        return allowed;
    }
    access::authorise_somewhere(connection, actor, Permission::ManageAssignments).await?;
    Err(Error::NotFound("assignment"))
}

/// Locks an assignment for an administrator who may change it and says so by name if it is over.
pub(in crate::service) async fn lock(
    change: &mut Change,
    actor: &Actor,
    id: AssignmentId,
) -> Result<Locked, Error> {
    let told = find(change.connection(), actor, id).await?;
    authorise(change.connection(), actor, &told).await?;
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
    store::retried(|| remove_once(app, actor, id, reason)).await?;
    app.wake.everything();
    Ok(())
}

async fn remove_once(
    app: &App,
    actor: &Actor,
    id: AssignmentId,
    reason: &Justification,
) -> Result<(), Error> {
    let mut change = Change::begin(&app.database, actor).await?;
    remove_within(app, &mut change, actor, id, (reason, Proof::None)).await?;
    change.made(id.0).await?;
    commit(change).await
}

/// Takes a role away within a change.
pub(in crate::service) async fn remove_within(
    app: &App,
    change: &mut Change,
    actor: &Actor,
    id: AssignmentId,
    (reason, proof): (&Justification, Proof<'_>),
) -> Result<(), Error> {
    let locked = lock(change, actor, id).await?;
    refuse_choosing(change, &locked).await?;
    let before = survivability::before(change, &[locked.principal]).await?;
    end(change, &locked, AssignmentEnd::Removed, reason).await?;
    approval::close_without_word(app, change, None).await?;
    survivability::refuse_loss(change, &before).await?;
    proof.spend(change, id.0).await?;
    notice::administered(app, change, id, reason.as_str(), Deed::Taken).await
}

/// Ends an assignment within a change, with all that rests on it, and records each end.
pub(in crate::service) async fn end(
    change: &mut Change,
    locked: &Locked,
    because: AssignmentEnd,
    reason: &Justification,
) -> Result<(), Error> {
    if locked.kind == AssignmentKind::Eligible {
        let why = "The eligibility was removed.";
        let closed = store::request::fail_all(change, Of::Eligibility(locked.id), why).await?;
        request::record_failures(change, &closed, "not_eligible", why).await?;
        let ended = store::activation::end_all_of_eligibility(change, locked.id).await?;
        for ended in &ended {
            let event = Event::new(Kind::ActivationEnded)
                .subject(ended.principal)
                .role(ended.role, ended.scope)
                .assignment(ended.id)
                .detail(json!({ "because": AssignmentEnd::EligibilityEnded }));
            change.record(&Event { request: ended.request, ..event }).await?;
        }
        if locked.role == RoleId::MEMBER && !ended.is_empty() {
            membership::shorten(change, locked.principal, locked.scope).await?;
        }
    }
    if locked.origin == AssignmentOrigin::Activated {
        request::fail_extensions(change, locked.id).await?;
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
    change.record(&Event { request: locked.request, ..event }).await?;
    if locked.role == RoleId::MEMBER && locked.kind == AssignmentKind::Active {
        membership::shorten(change, locked.principal, locked.scope).await?;
    }
    Ok(())
}

/// Other dates for an assignment.
#[derive(Clone, Copy, Debug)]
pub struct NewDates<'a> {
    /// From when; none leaves it as it is.
    pub starts_at: Option<Instant>,
    /// Until when; none is for good.
    pub ends_at: Option<Instant>,
    /// Why.
    pub reason: &'a Justification,
    /// A code from the administrator's authenticator, which giving more time may ask for.
    pub code: Option<&'a str>,
}

/// Gives an assignment other dates. Activations that rest on it never outlast it. More time asks for the same proof as
/// giving the role anew.
pub async fn update(
    app: &App,
    actor: &Actor,
    id: AssignmentId,
    dates: NewDates<'_>,
) -> Result<Outcome<()>, Error> {
    let NewDates { starts_at, ends_at, reason, code } = dates;
    let mut connection = app.database.acquire().await?;
    let told = find(&mut connection, actor, id).await?;
    let (act, needs_proof) = terms_of(&mut connection, actor, &told, told.kind).await?;
    drop(connection);
    let earlier = starts_at.is_some_and(|start| start < told.starts_at);
    let code = code.filter(|_| needs_proof && (earlier || outlasts(ends_at, told.ends_at)));
    let proof = step_up::prove(app, actor, code, &act).await?;
    let proof = proof.map_or(Proof::None, |proof| Proof::Given(proof, &act));
    let how = (reason, proof);
    match store::retried(|| update_once(app, actor, id, (starts_at, ends_at), how)).await {
        Err(Error::Widens(_)) => {
            let write = Write::UpdateAssignment { assignment: id, starts_at, ends_at };
            waiting::change(app, actor, &told, write, reason).await
        }
        updated => {
            updated?;
            app.wake.everything();
            Ok(Outcome::Done(()))
        }
    }
}

async fn update_once(
    app: &App,
    actor: &Actor,
    id: AssignmentId,
    dates: (Option<Instant>, Option<Instant>),
    how: (&Justification, Proof<'_>),
) -> Result<(), Error> {
    let mut change = Change::begin(&app.database, actor).await?;
    update_within(app, &mut change, actor, id, dates, how).await?;
    change.made(id.0).await?;
    commit(change).await
}

/// Gives an assignment other dates within a change.
pub(in crate::service) async fn update_within(
    app: &App,
    change: &mut Change,
    actor: &Actor,
    id: AssignmentId,
    (starts_at, ends_at): (Option<Instant>, Option<Instant>),
    (reason, proof): (&Justification, Proof<'_>),
) -> Result<(), Error> {
    let locked = lock(change, actor, id).await?;
    if locked.origin == AssignmentOrigin::Activated {
        return Err(Error::Conflict(
            "an activation can be ended, not changed: more time is its holder's request".to_owned(),
        ));
    }
    refuse_choosing(change, &locked).await?;
    let now = change.at();
    let window = new_window(&locked, starts_at, ends_at, now)?;
    let longer = outlasts(window.ends_at, locked.ends_at) || window.starts_at < locked.starts_at;
    if longer {
        refuse_own(change, locked.principal).await?;
    }
    let version = store::settings::current(change.connection(), locked.role, locked.scope).await?;
    let proved = !longer || proof.is_there();
    let faults =
        faults(window, terms(&version.settings, locked.kind), !reason.is_empty(), proved, now);
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    proof.spend(change, id.0).await?;
    let before = survivability::before(change, &[locked.principal]).await?;
    move_window(change, &locked, window, reason).await?;
    survivability::refuse_loss(change, &before).await?;
    notice::administered(app, change, id, reason.as_str(), Deed::Changed).await
}

/// Gives an assignment another window, and cuts what rests on it to that.
pub(super) async fn move_window(
    change: &mut Change,
    locked: &Locked,
    window: Window,
    reason: &Justification,
) -> Result<(), Error> {
    if let (AssignmentKind::Eligible, Some(end)) = (locked.kind, window.ends_at) {
        for cut in store::assignment::cut_activations(change, locked.id, end).await? {
            let event = Event::new(Kind::AssignmentUpdated)
                .subject(locked.principal)
                .role(locked.role, locked.scope)
                .assignment(cut)
                .detail(json!({ "because": AssignmentEnd::EligibilityEnded, "ends_at": end }));
            change.record(&event).await?;
        }
    }
    store::assignment::set_window(change, locked.id, window).await?;
    if locked.role == RoleId::MEMBER {
        membership::shorten(change, locked.principal, locked.scope).await?;
    }
    let event = Event::new(Kind::AssignmentUpdated)
        .subject(locked.principal)
        .role(locked.role, locked.scope)
        .assignment(locked.id)
        .detail(json!({
            "before": Window { starts_at: locked.starts_at, ends_at: locked.ends_at },
            "after": window,
            "justification": reason,
        }));
    change.record(&event).await
}

/// Nobody lengthens alone what they hold: by whichever account, application or group of theirs.
pub(super) async fn refuse_own(change: &mut Change, holder: PrincipalId) -> Result<(), Error> {
    if reach::is_own(change, holder).await? {
        return Err(Error::Widens(
            "nobody lengthens alone what they hold, from whichever account, or what an application or a group of \
             theirs holds: another administrator has to agree",
        ));
    }
    Ok(())
}

/// Refuses if whoever holds this approves what the actor waits for: somebody else says who holds it, and until when.
async fn refuse_choosing(change: &mut Change, locked: &Locked) -> Result<(), Error> {
    let given = (locked.role, locked.scope);
    let roles = store::reach::approved_by(change.connection(), given).await?;
    let people = change.actor().people().to_vec();
    if reach::wait_for(change.connection(), &people, roles).await?.is_empty() {
        Ok(())
    } else {
        Err(Error::Widens(
            "whoever holds this approves a role that you are eligible for yourself: another administrator has to agree who does",
        ))
    }
}

/// Whether one end comes after another; none never comes.
pub(super) fn outlasts(end: Option<Instant>, other: Option<Instant>) -> bool {
    match (end, other) {
        (_, None) => false,
        (None, Some(_)) => true,
        (Some(end), Some(other)) => end > other,
    }
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
) -> Result<Outcome<AssignmentId>, Error> {
    // A repeat uses up no code.
    if let Err(Error::Repeated(before)) = Change::begin(&app.database, actor).await {
        return change_request::repeated(app, before, AssignmentId(before)).await;
    }
    let mut connection = app.database.acquire().await?;
    let told = find(&mut connection, actor, id).await?;
    let (act, needs_proof) = terms_of(&mut connection, actor, &told, to).await?;
    drop(connection);
    let proof = step_up::prove(app, actor, code.filter(|_| needs_proof), &act).await?;
    let proof = proof.map_or(Proof::None, |proof| Proof::Given(proof, &act));
    match store::retried(|| convert_once(app, actor, (id, to), (reason, proof))).await {
        Err(Error::Repeated(before)) => {
            change_request::repeated(app, before, AssignmentId(before)).await
        }
        Err(Error::Widens(_)) => {
            let write = Write::ConvertAssignment { assignment: id, to };
            waiting::change(app, actor, &told, write, reason).await
        }
        converted => {
            let made = converted?;
            app.wake.everything();
            Ok(Outcome::Done(made))
        }
    }
}

async fn convert_once(
    app: &App,
    actor: &Actor,
    (id, to): (AssignmentId, AssignmentKind),
    how: (&Justification, Proof<'_>),
) -> Result<AssignmentId, Error> {
    let mut change = Change::begin(&app.database, actor).await?;
    let made = convert_within(app, &mut change, actor, (id, to, None), how).await?;
    change.made(made.0).await?;
    commit(change).await?;
    Ok(made)
}

/// Other dates for an assignment that is converted.
#[derive(Clone, Copy, Debug)]
pub(in crate::service) struct Dates {
    /// From when; as before if not said.
    pub(in crate::service) from: Option<Instant>,
    /// Until when; for good if not said.
    pub(in crate::service) until: Option<Instant>,
}

/// Makes an assignment one of the other kind within a change, with the same dates if no others are said.
pub(in crate::service) async fn convert_within(
    app: &App,
    change: &mut Change,
    actor: &Actor,
    (id, to, dates): (AssignmentId, AssignmentKind, Option<Dates>),
    (reason, proof): (&Justification, Proof<'_>),
) -> Result<AssignmentId, Error> {
    let locked = lock(change, actor, id).await?;
    if locked.origin == AssignmentOrigin::Activated || locked.kind == to {
        return Err(Error::Conflict(
            "only an assignment of the other kind can be made this".to_owned(),
        ));
    }
    refuse_choosing(change, &locked).await?;
    let holder = store::principal::holder(change, locked.principal).await?;
    refuse_eligible_application(holder.kind, to)?;
    let starts_at = dates.and_then(|dates| dates.from).unwrap_or(locked.starts_at);
    let ends_at = dates.map_or(locked.ends_at, |dates| dates.until);
    let is_longer = starts_at < locked.starts_at || outlasts(ends_at, locked.ends_at);
    let lessens_own = to == AssignmentKind::Eligible
        && !is_longer
        && reach::is_own(change, locked.principal).await?;
    let before = survivability::before(change, &[locked.principal]).await?;
    end(change, &locked, AssignmentEnd::Converted, reason).await?;
    if to == AssignmentKind::Eligible {
        survivability::refuse_loss(change, &before).await?;
    }
    let wanted = Assign {
        principals: vec![locked.principal],
        role: locked.role,
        scope: locked.scope,
        kind: to,
        starts_at: Some(starts_at),
        ends_at,
        justification: reason.clone(),
    };
    if lessens_own {
        let made = make_own_eligible(change, &wanted, locked.principal).await?;
        proof.spend(change, made.0).await?;
        Ok(made)
    } else {
        give(app, change, &wanted, locked.principal, proof).await
    }
}

/// What holding the role of an assignment in that way is, as an act, and whether its terms ask for a proof of it.
pub(in crate::service) async fn terms_of(
    connection: &mut sqlx::PgConnection,
    actor: &Actor,
    told: &Told,
    kind: AssignmentKind,
) -> Result<(Act, bool), Error> {
    authorise(connection, actor, told).await?;
    let version = store::settings::current(connection, told.role, told.scope).await?;
    let act = Act::Assign { principal: told.principal, role: told.role, scope: told.scope };
    let needs_proof = terms(&version.settings, kind).requires_mfa;
    Ok((act, needs_proof))
}

/// Makes the holder of standing access eligible beside it, within a change. Tells nobody.
pub(in crate::service) async fn make_eligible_beside(
    change: &mut Change,
    wanted: &Assign,
    principal: PrincipalId,
    proof: Proof<'_>,
) -> Result<AssignmentId, Error> {
    let holder = store::principal::holder(change, principal).await?;
    refuse_eligible_application(holder.kind, AssignmentKind::Eligible)?;
    if reach::is_own(change, principal).await? {
        let made = make_own_eligible(change, wanted, principal).await?;
        proof.spend(change, made.0).await?;
        Ok(made)
    } else {
        give_untold(change, wanted, principal, proof).await
    }
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
