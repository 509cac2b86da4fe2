//! From standing access to eligibility, step by step: the eligibility comes beside it, its holder tries that, and then the
//! standing access ends. Until then it can be given up, and everything is as it was.
use serde_json::json;

use crate::{
    App,
    domain::{
        activation::{Ask, Decision, Facts, Intent, Refusal, decide},
        actor::{Actor, TokenScope, User},
        assignment::{AssignmentEnd, AssignmentKind, AssignmentOrigin, Window, faults},
        audit::{Event, Kind},
        id::{AssignmentId, ConversionId, PrincipalId},
        inventory::{HolderKind, Step, finishable},
        notice::{self, Administered, Mail},
        permission::Permission,
        role::ScopeKind,
        settings::{ActivationTerms, Authentication},
        step_up::Act,
        text::Justification,
        time::{Duration, Instant},
    },
    error::Error,
    service::{access, activation::Reasons, assignment, step_up},
    store::{
        self, Change,
        assignment::{Locked, NewAssignment},
        inventory::conversion::{Rehearsal, Wanted},
        settings::Version,
    },
};

pub use crate::store::inventory::conversion::Told;

/// How many conversions a page has.
pub const PAGE: i64 = 100;

/// Where a conversion stands.
#[must_use]
pub fn step(told: &Told) -> Step {
    Step::of(told.tried_at, told.finished_at, told.abandoned_at)
}

/// The conversions under way, or those that are over.
pub async fn list(
    app: &App,
    actor: &Actor,
    open: Option<bool>,
    before: Option<ConversionId>,
) -> Result<Vec<Told>, Error> {
    let mut connection = app.database.acquire().await?;
    access::authorise(&mut connection, actor, Permission::ReadRoles).await?;
    let wanted = Wanted { open, before, ..Wanted::default() };
    store::inventory::conversion::list(&mut connection, wanted, PAGE).await
}

/// What the actor is to try: of their own, and of groups that they belong to.
pub async fn to_try(app: &App, actor: &Actor) -> Result<Vec<Told>, Error> {
    let user = access::user(actor, TokenScope::Read)?;
    let wanted =
        Wanted { for_account: Some(user.principal), open: Some(true), ..Wanted::default() };
    let mut connection = app.database.acquire().await?;
    let mut mine = store::inventory::conversion::list(&mut connection, wanted, PAGE).await?;
    mine.retain(|told| told.tried_at.is_none() && !told.active_ended);
    Ok(mine)
}

/// One conversion: for those whose it is, and for those who may read roles.
pub async fn show(app: &App, actor: &Actor, id: ConversionId) -> Result<Told, Error> {
    let user = access::user(actor, TokenScope::Read)?;
    let mut connection = app.database.acquire().await?;
    let mine = Wanted { id: Some(id), for_account: Some(user.principal), ..Wanted::default() };
    if let Some(told) = store::inventory::conversion::list(&mut connection, mine, 1).await?.pop() {
        return Ok(told);
    }
    access::authorise(&mut connection, actor, Permission::ReadRoles).await?;
    store::inventory::conversion::one(&mut connection, id).await
}

/// What became of one of several.
#[derive(Debug)]
pub struct Begun {
    /// The standing assignment.
    pub assignment: AssignmentId,
    /// The conversion, or why there is none. One refusal does not stop the others.
    pub outcome: Result<ConversionId, Error>,
}

/// Begins to turn standing assignments into eligibility: each gets an eligible one beside it, which its holder can try.
pub async fn start(
    app: &App,
    actor: &Actor,
    assignments: &[AssignmentId],
    reason: &Justification,
    code: Option<&str>,
) -> Result<Vec<Begun>, Error> {
    access::user(actor, TokenScope::Administer)?;
    if assignments.is_empty() || assignments.len() > 100 {
        return Err(Error::invalid("assignments", "choose between one and a hundred"));
    }
    let plain = Actor { idempotency: None, ..actor.clone() };
    let mut acts = Vec::with_capacity(assignments.len());
    for id in assignments {
        acts.push(if code.is_some_and(|code| !code.trim().is_empty()) {
            act(app, &plain, *id).await
        } else {
            None
        });
    }
    let wanted: Vec<_> = acts.iter().flatten().cloned().collect();
    let mut proofs = match code {
        Some(code) if !wanted.is_empty() => step_up::verify(app, &plain, code, &wanted).await?,
        Some(_) | None => Vec::new(),
    }
    .into_iter();
    let mut begun = Vec::with_capacity(assignments.len());
    for (id, act) in assignments.iter().zip(acts) {
        let proof = act.and_then(|act| proofs.next().map(|proof| (proof, act)));
        let part = Actor {
            idempotency: actor.idempotency.as_ref().map(|key| key.part(*id)),
            ..actor.clone()
        };
        let outcome = start_one(app, &part, *id, reason, proof).await;
        begun.push(Begun { assignment: *id, outcome });
    }
    Ok(begun)
}

/// What a code proves for one assignment; none if the terms ask for none, or it can't be converted at all.
async fn act(app: &App, actor: &Actor, id: AssignmentId) -> Option<Act> {
    let mut connection = app.database.acquire().await.ok()?;
    let told = store::assignment::one(&mut connection, id).await.ok()?;
    authorise(&mut connection, actor, told.scope).await.ok()?;
    let version = store::settings::current(&mut connection, told.role, told.scope).await.ok()?;
    version.settings.eligible.requires_mfa.then_some(Act::Assign {
        principal: told.principal,
        role: told.role,
        scope: told.scope,
    })
}

async fn authorise(
    connection: &mut sqlx::PgConnection,
    actor: &Actor,
    scope: crate::domain::id::ScopeId,
) -> Result<(), Error> {
    let (kind, _) = store::role::scope(connection, scope).await?;
    let permission = if kind == ScopeKind::Group {
        Permission::ManageGroups
    } else {
        Permission::ManageAssignments
    };
    access::authorise_at(connection, actor, permission, scope).await
}

async fn start_one(
    app: &App,
    actor: &Actor,
    id: AssignmentId,
    reason: &Justification,
    proof: Option<(crate::domain::id::ProofId, Act)>,
) -> Result<ConversionId, Error> {
    let mut change = match Change::begin(&app.database, actor).await {
        Err(Error::Repeated(before)) => return Ok(ConversionId(before)),
        begun => begun?,
    };
    let user = access::user(actor, TokenScope::Administer)?;
    let told = match store::assignment::one(change.connection(), id).await {
        Ok(told) => told,
        Err(error) => {
            access::authorise(change.connection(), actor, Permission::ManageAssignments).await?;
            return Err(error);
        }
    };
    authorise(change.connection(), actor, told.scope).await?;
    let locked = store::assignment::lock(&mut change, id).await?;
    change.settle().await?;
    refuse_what_does_not_stand(&locked)?;
    if kind_of(&mut change, locked.principal).await? == Some(HolderKind::ServicePrincipal) {
        return Err(Error::Conflict(
            "an application can activate nothing: remove its access if it needs none".to_owned(),
        ));
    }
    let eligible = eligibility(&mut change, user, &locked, reason, proof).await?;
    let conversion =
        store::inventory::conversion::begin(&mut change, user.principal, id, eligible).await?;
    let link = format!("{}/inventory/conversions/{conversion}/try", app.public_url);
    let mail = notice::conversion_started(&Administered {
        by: &user.name,
        role: &locked.role_name,
        scope: &locked.scope_name,
        reason: reason.as_str(),
        link: &link,
    });
    tell_holder(&mut change, locked.principal, &mail).await?;
    change.made(conversion.0).await?;
    let event = about(Kind::ConversionStarted, &locked, conversion).detail(json!({
        "eligible": eligible.0, "eligible_made": eligible.1, "justification": reason,
    }));
    change.record(&event).await?;
    change.commit_recorded().await?;
    app.wake.everything();
    Ok(conversion)
}

fn refuse_what_does_not_stand(locked: &Locked) -> Result<(), Error> {
    let because = if locked.ended {
        "this assignment is over already"
    } else if locked.kind != AssignmentKind::Active || locked.origin != AssignmentOrigin::Assigned {
        "only standing access can be turned into eligibility"
    } else {
        return Ok(());
    };
    Err(Error::Conflict(because.to_owned()))
}

fn about(kind: Kind, locked: &Locked, conversion: ConversionId) -> Event {
    Event::new(kind)
        .subject(locked.principal)
        .role(locked.role, locked.scope)
        .assignment(locked.id)
        .target(conversion.0)
}

async fn kind_of(change: &mut Change, principal: PrincipalId) -> Result<Option<HolderKind>, Error> {
    store::inventory::lookup::kind_of(change.connection(), principal).await
}

/// The eligible assignment that is to stay: one that is there already, or a new one for as long as the terms allow.
///
/// Of one's own it is never for longer than the standing one: then it would give.
async fn eligibility(
    change: &mut Change,
    user: &User,
    locked: &Locked,
    reason: &Justification,
    proof: Option<(crate::domain::id::ProofId, Act)>,
) -> Result<(AssignmentId, bool), Error> {
    let (principal, role, scope) = (locked.principal, locked.role, locked.scope);
    match store::inventory::conversion::eligible_beside(change, principal, role, scope).await? {
        Some((there, true)) => return Ok((there, false)),
        Some((_, false)) => {
            return Err(Error::Conflict(
                "an eligibility for this role is to begin later: change its start first".to_owned(),
            ));
        }
        None => {}
    }
    let version = store::settings::current(change.connection(), role, scope).await?;
    let terms = &version.settings.eligible;
    let now = change.at();
    let longest = (!terms.may_be_permanent).then(|| now + terms.maximum);
    let own = locked.person == Some(user.person);
    let ends_at = longest.into_iter().chain(locked.ends_at.filter(|_| own)).min();
    let window = Window { starts_at: now, ends_at };
    let proved = proof.is_some() || own;
    let faults = faults(window, terms, !reason.is_empty(), proved, now);
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    let new = NewAssignment {
        kind: AssignmentKind::Eligible,
        principal,
        role,
        scope,
        window,
        justification: reason.as_str(),
        settings: version.id,
    };
    let id = store::assignment::make(change, new).await?;
    if let Some((proof, act)) = proof {
        store::mfa_proof::spend(change, proof, &act, id.0).await?;
    }
    let event = Event::new(Kind::AssignmentCreated)
        .subject(principal)
        .role(role, scope)
        .assignment(id)
        .detail(json!({
            "kind": new.kind, "starts_at": window.starts_at, "ends_at": ends_at, "justification": reason,
        }));
    change.record(&event).await?;
    Ok((id, true))
}

/// Tells whoever acts for a holder: the account, or each member of a group.
async fn tell_holder(change: &mut Change, holder: PrincipalId, mail: &Mail) -> Result<(), Error> {
    for account in store::inventory::conversion::accounts_behind(change, holder).await? {
        store::outbox::enqueue(change, account, mail, None).await?;
    }
    Ok(())
}

/// What the form for a try shows.
#[derive(Clone, Debug)]
pub struct Trial {
    /// The conversion.
    pub told: Told,
    /// The terms of activating.
    pub terms: ActivationTerms,
}

/// What a try of the actor's asks for. Only holders and members of the holding group may try.
pub async fn trial(app: &App, actor: &Actor, id: ConversionId) -> Result<Trial, Error> {
    let user = access::user(actor, TokenScope::Activate)?;
    let mut connection = app.database.acquire().await?;
    let told = mine(&mut connection, user, id).await?;
    let version = store::settings::current(&mut connection, told.role, told.scope).await?;
    Ok(Trial { told, terms: version.settings.activation })
}

async fn mine(
    connection: &mut sqlx::PgConnection,
    user: &User,
    id: ConversionId,
) -> Result<Told, Error> {
    let wanted = Wanted { id: Some(id), for_account: Some(user.principal), ..Wanted::default() };
    store::inventory::conversion::list(connection, wanted, 1)
        .await?
        .pop()
        .ok_or(Error::NotFound("conversion"))
}

/// Tries the new eligibility: judged like an activation, as if the standing access were not there. It gives nothing; if all
/// is well, the standing access can go.
pub async fn rehearse(
    app: &App,
    actor: &Actor,
    id: ConversionId,
    duration: Duration,
    reasons: &Reasons,
    code: Option<&str>,
) -> Result<(), Error> {
    if let Err(Error::Repeated(_)) = Change::begin(&app.database, actor).await {
        return Ok(());
    }
    let Trial { told, terms } = trial(app, actor, id).await?;
    refuse_another_try(&told)?;
    let act = Act::Rehearse { conversion: id, duration };
    let asked_for = terms.authentication == Authentication::Mfa;
    let proof = step_up::prove(app, actor, code.filter(|_| asked_for), &act).await?;
    let mut change = match Change::begin(&app.database, actor).await {
        Err(Error::Repeated(_)) => return Ok(()),
        begun => begun?,
    };
    let user = access::user(actor, TokenScope::Activate)?.clone();
    mine(change.connection(), &user, id).await?;
    let told = store::inventory::conversion::lock(&mut change, id).await?;
    refuse_another_try(&told)?;
    if let Some(proof) = proof {
        store::mfa_proof::spend(&mut change, proof, &act, id.0).await?;
    }
    let refusals =
        refusals(&mut change, &user, &told, (duration, reasons), proof.is_some()).await?;
    let event = Event::new(Kind::ConversionTried)
        .subject(told.principal)
        .role(told.role, told.scope)
        .assignment(told.eligible)
        .target(id.0);
    if refusals.is_empty() {
        store::inventory::conversion::note_try(&mut change, id, user.principal).await?;
        tell_of_try(app, &mut change, &user, &told).await?;
        change.made(id.0).await?;
        change
            .commit(&event.detail(json!({ "duration": duration, "mfa": proof.is_some() })))
            .await?;
        app.wake.everything();
        Ok(())
    } else {
        let rules: Vec<_> = refusals.iter().map(Refusal::rule).collect();
        let event = Event { outcome: crate::domain::audit::Outcome::Refused, ..event };
        change.commit(&event.detail(json!({ "rules": rules }))).await?;
        app.wake.audit().notify_one();
        Err(Error::Refused(refusals))
    }
}

fn refuse_another_try(told: &Told) -> Result<(), Error> {
    match step(told) {
        Step::Started => Ok(()),
        Step::Tried => Err(Error::Conflict("this was tried already, and it works".to_owned())),
        Step::Finished | Step::Abandoned => {
            Err(Error::Conflict("this conversion is over already".to_owned()))
        }
    }
}

/// What would stand in the way of an activation, if the role were not held all the time.
async fn refusals(
    change: &mut Change,
    user: &User,
    told: &Told,
    (duration, reasons): (Duration, &Reasons),
    proved: bool,
) -> Result<Vec<Refusal>, Error> {
    let version = store::settings::current(change.connection(), told.role, told.scope).await?;
    let rehearsal =
        store::inventory::conversion::rehearsal(change, told.eligible, user.principal).await?;
    let approvers = other_approvers(change, &version, user, rehearsal.now).await?;
    let ask = Ask {
        duration,
        starts_at: None,
        justification: reasons.justification.clone(),
        ticket_number: reasons.ticket_number.clone(),
        ticket_system: reasons.ticket_system.clone(),
    };
    let facts = facts(&rehearsal, proved, approvers);
    Ok(match decide(Intent::Activate, &ask, &version.settings.activation, &facts) {
        Decision::Refuse(refusals) => refusals,
        Decision::AwaitApproval { .. } | Decision::Schedule { .. } | Decision::Activate(_) => {
            Vec::new()
        }
    })
}

fn facts(rehearsal: &Rehearsal, proved: bool, other_approvers: usize) -> Facts {
    Facts {
        now: rehearsal.now,
        enabled: rehearsal.enabled,
        role_in_use: rehearsal.role_in_use,
        eligible_from: rehearsal.eligible_from,
        eligible_until: rehearsal.eligible_until,
        running: rehearsal.running,
        // That is what is to go.
        standing: false,
        open_request: rehearsal.open_request,
        proved,
        other_approvers,
    }
}

/// How many people beside the one who tries could approve.
async fn other_approvers(
    change: &mut Change,
    version: &Version,
    user: &User,
    at: Instant,
) -> Result<usize, Error> {
    if !version.settings.activation.requires_approval {
        return Ok(0);
    }
    let approvers = store::settings::approvers(change.connection(), version.id, at).await?;
    Ok(approvers.iter().filter(|approver| approver.person != user.person).count())
}

async fn tell_of_try(
    app: &App,
    change: &mut Change,
    user: &User,
    told: &Told,
) -> Result<(), Error> {
    let link = format!("{}/inventory/conversions", app.public_url);
    let mail = notice::conversion_tried(&Administered {
        by: &user.name,
        role: &told.role_name,
        scope: &told.scope_name,
        reason: "",
        link: &link,
    });
    tell_holder(change, told.principal, &mail).await?;
    let behind = store::inventory::conversion::accounts_behind(change, told.principal).await?;
    if !behind.contains(&told.started_by) {
        store::outbox::enqueue(change, told.started_by, &mail, None).await?;
    }
    Ok(())
}

/// Ends the standing access; the eligibility stays. Refused while nobody has tried that, unless `without_try` says so: then
/// the reason is kept.
pub async fn finish(
    app: &App,
    actor: &Actor,
    id: ConversionId,
    without_try: bool,
    reason: &Justification,
) -> Result<(), Error> {
    let mut change = Change::begin(&app.database, actor).await?;
    let (user, told, locked) = take(&mut change, actor, id).await?;
    let untried = without_try.then_some(reason.as_str());
    if told.active_ended {
        // Somebody has ended it in another way: nothing is left but to say so.
        if !step(&told).is_open() {
            return Err(Error::Conflict("this conversion is over already".to_owned()));
        }
    } else {
        finishable(step(&told), told.eligible_live, untried)
            .map_err(|error| Error::Conflict(error.to_string()))?;
        if !store::activation::end(&mut change, locked.id, AssignmentEnd::Converted).await? {
            return Err(Error::Conflict("this assignment is over already".to_owned()));
        }
    }
    let kept = match (told.tried_at, told.active_ended) {
        (Some(_), _) => None,
        (None, true) => Some("The standing access had ended already."),
        (None, false) => untried,
    };
    store::inventory::conversion::finish(&mut change, id, user.principal, kept).await?;
    let mail = notice::conversion_finished(&Administered {
        by: &user.name,
        role: &locked.role_name,
        scope: &locked.scope_name,
        reason: reason.as_str(),
        link: &app.public_url,
    });
    tell_holder(&mut change, locked.principal, &mail).await?;
    change.made(id.0).await?;
    let detail = json!({
        "because": AssignmentEnd::Converted, "kind": locked.kind, "due": locked.ends_at, "justification": reason,
        "tried": told.tried_at.is_some(), "conversion": id,
    });
    if !told.active_ended {
        let removed = Event { target: None, ..about(Kind::AssignmentRemoved, &locked, id) };
        change.record(&removed.detail(detail.clone())).await?;
    }
    change.record(&about(Kind::ConversionFinished, &locked, id).detail(detail)).await?;
    assignment::commit(change).await?;
    app.wake.everything();
    Ok(())
}

/// Gives a conversion up: the standing access stays, and an eligibility that was made for this goes.
pub async fn abandon(
    app: &App,
    actor: &Actor,
    id: ConversionId,
    reason: &Justification,
) -> Result<(), Error> {
    let mut change = Change::begin(&app.database, actor).await?;
    let (user, told, locked) = take(&mut change, actor, id).await?;
    if !step(&told).is_open() {
        return Err(Error::Conflict("this conversion is over already".to_owned()));
    }
    if told.eligible_made {
        let eligible = store::assignment::lock(&mut change, told.eligible).await?;
        if !eligible.ended {
            assignment::end(&mut change, &eligible, AssignmentEnd::Removed, reason).await?;
        }
    }
    store::inventory::conversion::abandon(&mut change, id, user.principal).await?;
    let mail = notice::conversion_abandoned(&Administered {
        by: &user.name,
        role: &locked.role_name,
        scope: &locked.scope_name,
        reason: reason.as_str(),
        link: &app.public_url,
    });
    tell_holder(&mut change, locked.principal, &mail).await?;
    change.made(id.0).await?;
    let event = about(Kind::ConversionAbandoned, &locked, id);
    change.record(&event.detail(json!({ "justification": reason }))).await?;
    assignment::commit(change).await?;
    app.wake.everything();
    Ok(())
}

/// Takes a conversion in hand, for an administrator of its place: the assignment is locked first, as everywhere.
async fn take(
    change: &mut Change,
    actor: &Actor,
    id: ConversionId,
) -> Result<(User, Told, Locked), Error> {
    let user = access::user(actor, TokenScope::Administer)?.clone();
    let told = match store::inventory::conversion::one(change.connection(), id).await {
        Ok(told) => told,
        Err(error) => {
            access::authorise(change.connection(), actor, Permission::ManageAssignments).await?;
            return Err(error);
        }
    };
    authorise(change.connection(), actor, told.scope).await?;
    let locked = store::assignment::lock(change, told.active).await?;
    let told = store::inventory::conversion::lock(change, id).await?;
    change.settle().await?;
    Ok((user, told, locked))
}
