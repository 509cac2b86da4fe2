//! More time: for an assignment that ends soon, and for one that has run out. Asked for by its holder, or given.
use super::{
    Assign, Proof,
    change::{authorise, end, find, move_window, outlasts, refuse_own, terms_of},
    commit,
    give::{give, permission, terms},
};
use crate::{
    App,
    domain::{
        actor::{Actor, TokenScope},
        assignment::{ASKED_AFTER, AssignmentEnd, AssignmentKind, Life, MoreTime, Window, faults},
        change_request::{Line, Proposed, Write},
        id::{AssignmentId, ChangeRequestId},
        text::Justification,
        time::{Duration, Instant},
    },
    error::Error,
    service::{
        access, change_request,
        notice::{self, Deed},
        step_up,
    },
    store::{
        self, Change,
        assignment::{Locked, Told, Wanted},
    },
};

/// More time, as it is given.
#[derive(Clone, Copy, Debug)]
pub struct Prolonged<'a> {
    /// Of another kind from now on; none leaves it.
    pub kind: Option<AssignmentKind>,
    /// Until when.
    pub ends_at: Instant,
    /// Why.
    pub reason: &'a Justification,
}

fn life(told: &Told) -> Life {
    Life { origin: told.origin, ends_at: told.ends_at, end: told.end_reason }
}

/// Asks for more time for an assignment of one's own: for another end from 14 days before it ends, or for it to be given
/// again within 30 days after that. Whoever may assign it decides.
pub async fn ask_for_more_time(
    app: &App,
    actor: &Actor,
    id: AssignmentId,
    ends_at: Instant,
    reason: &Justification,
) -> Result<ChangeRequestId, Error> {
    let user = access::user(actor, TokenScope::Activate)?;
    let mut change = match Change::begin(&app.database, actor).await {
        Err(Error::Repeated(before)) => return Ok(ChangeRequestId(before)),
        begun => begun?,
    };
    store::account::hold(&mut change, user.principal).await?;
    let told = store::assignment::one(change.connection(), id)
        .await
        .ok()
        .filter(|told| told.principal == user.principal)
        .ok_or(Error::NotFound("assignment"))?;
    let now = change.settle().await?;
    let more = life(&told).may_ask(now).map_err(|why| Error::Conflict(why.to_owned()))?;
    if more == MoreTime::Renew {
        refuse_held(&mut change, &told).await?;
    } else {
        refuse_shorter(told.ends_at, ends_at)?;
    }
    let version = store::settings::current(change.connection(), told.role, told.scope).await?;
    let window = Window { starts_at: now, ends_at: Some(ends_at) };
    let faults = faults(window, terms(&version.settings, told.kind), true, true, now);
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    let (place, _) = store::role::scope(change.connection(), told.scope).await?;
    let end = told.ends_at.unwrap_or(now);
    let proposed = Proposed {
        write: match more {
            MoreTime::Extend => Write::ExtendAssignment { assignment: id, ends_at },
            MoreTime::Renew => Write::RenewAssignment { assignment: id, ends_at },
        },
        permission: permission(place),
        scope: told.scope,
        role: Some(told.role),
        subject: Some(told.principal),
        difference: vec![Line::new("ends_at", end.to_string(), ends_at.to_string())],
        reason: reason.clone(),
        expires_at: Some(end + ASKED_AFTER),
    };
    change_request::propose(app, change, proposed).await
}

/// Refuses if the same role is held again already.
async fn refuse_held(change: &mut Change, told: &Told) -> Result<(), Error> {
    let wanted = Wanted {
        principal: Some(told.principal),
        role: Some(told.role),
        scope: Some(told.scope),
        kind: Some(told.kind),
        ..Wanted::default()
    };
    let held = store::assignment::list(change.connection(), wanted, 10).await?;
    if held.iter().any(|held| held.id != told.id) {
        return Err(Error::Conflict("this has been assigned again already".to_owned()));
    }
    Ok(())
}

fn refuse_shorter(now: Option<Instant>, wanted: Instant) -> Result<(), Error> {
    if outlasts(Some(wanted), now) {
        Ok(())
    } else {
        Err(Error::invalid("ends_at", "choose an end that comes after the one of now"))
    }
}

/// Gives more time for somebody else's assignment, without anybody asking.
pub async fn prolong(
    app: &App,
    actor: &Actor,
    id: AssignmentId,
    prolonged: Prolonged<'_>,
    code: Option<&str>,
) -> Result<AssignmentId, Error> {
    // A repeat uses up no code.
    if let Err(Error::Repeated(before)) = Change::begin(&app.database, actor).await {
        return Ok(AssignmentId(before));
    }
    let mut connection = app.database.acquire().await?;
    let told = find(&mut connection, actor, id).await?;
    let kind = prolonged.kind.unwrap_or(told.kind);
    let (act, needs_proof) = terms_of(&mut connection, actor, &told, kind).await?;
    drop(connection);
    let proof = step_up::prove(app, actor, code.filter(|_| needs_proof), &act).await?;
    let proof = proof.map_or(Proof::None, |proof| Proof::Given(proof, &act));
    match store::retried(|| prolong_once(app, actor, (id, &prolonged), proof)).await {
        Err(Error::Repeated(before)) => Ok(AssignmentId(before)),
        prolonged => {
            let made = prolonged?;
            app.wake.everything();
            Ok(made)
        }
    }
}

async fn prolong_once(
    app: &App,
    actor: &Actor,
    wanted: (AssignmentId, &Prolonged<'_>),
    proof: Proof<'_>,
) -> Result<AssignmentId, Error> {
    let mut change = Change::begin(&app.database, actor).await?;
    let made = prolong_within(app, &mut change, actor, wanted, proof).await?;
    change.made(made.0).await?;
    commit(change).await?;
    Ok(made)
}

/// Gives more time within a change: another end to what runs, or the same anew if it has run out. It is judged by the terms
/// as what is given now.
pub(in crate::service) async fn prolong_within(
    app: &App,
    change: &mut Change,
    actor: &Actor,
    (id, prolonged): (AssignmentId, &Prolonged<'_>),
    proof: Proof<'_>,
) -> Result<AssignmentId, Error> {
    let told = find(change.connection(), actor, id).await?;
    authorise(change.connection(), actor, &told).await?;
    let locked = store::assignment::lock(change, id).await?;
    // Under lock it may be over for another reason than before.
    let told = store::assignment::one(change.connection(), id).await?;
    let now = change.settle().await?;
    refuse_own(change, locked.principal).await?;
    let kind = prolonged.kind.unwrap_or(told.kind);
    match life(&told).more_time(now).map_err(|why| Error::Conflict(why.to_owned()))? {
        MoreTime::Extend if kind == told.kind => {
            extend(app, change, &locked, prolonged, proof).await?;
            Ok(id)
        }
        MoreTime::Extend => {
            end(change, &locked, AssignmentEnd::Converted, prolonged.reason).await?;
            give_anew(app, change, (&told, kind), prolonged, proof).await
        }
        MoreTime::Renew => give_anew(app, change, (&told, kind), prolonged, proof).await,
    }
}

async fn extend(
    app: &App,
    change: &mut Change,
    locked: &Locked,
    prolonged: &Prolonged<'_>,
    proof: Proof<'_>,
) -> Result<(), Error> {
    let Prolonged { ends_at, reason, .. } = *prolonged;
    refuse_shorter(locked.ends_at, ends_at)?;
    let now = change.at();
    let version = store::settings::current(change.connection(), locked.role, locked.scope).await?;
    let judged = Window { starts_at: locked.starts_at.max(now), ends_at: Some(ends_at) };
    let faults = faults(
        judged,
        terms(&version.settings, locked.kind),
        !reason.is_empty(),
        proof.is_there(),
        now,
    );
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    proof.spend(change, locked.id.0).await?;
    let window = Window { starts_at: locked.starts_at, ends_at: Some(ends_at) };
    move_window(change, locked, window, reason).await?;
    notice::administered(app, change, locked.id, reason.as_str(), Deed::Changed).await
}

async fn give_anew(
    app: &App,
    change: &mut Change,
    (told, kind): (&Told, AssignmentKind),
    prolonged: &Prolonged<'_>,
    proof: Proof<'_>,
) -> Result<AssignmentId, Error> {
    let wanted = Assign {
        principals: vec![told.principal],
        role: told.role,
        scope: told.scope,
        kind,
        starts_at: None,
        ends_at: Some(prolonged.ends_at),
        justification: prolonged.reason.clone(),
    };
    give(app, change, &wanted, told.principal, proof).await
}

/// What somebody may ask more time for, and on which terms.
#[derive(Clone, Debug)]
pub struct Wish {
    /// The assignment.
    pub told: Told,
    /// The longest that it may be given for from now on.
    pub maximum: Duration,
    /// Whether it may be longer than that.
    pub may_be_permanent: bool,
    /// Whether it has run out.
    pub over: bool,
}

/// What the asker may ask for at this moment.
pub async fn may_wish(app: &App, actor: &Actor, id: AssignmentId) -> Result<Wish, Error> {
    let user = access::user(actor, TokenScope::Read)?;
    let mut connection = app.database.acquire().await?;
    let told = store::assignment::one(&mut connection, id)
        .await
        .ok()
        .filter(|told| told.principal == user.principal)
        .ok_or(Error::NotFound("assignment"))?;
    let now = store::now(&mut connection).await?;
    let more = life(&told).may_ask(now).map_err(|why| Error::Conflict(why.to_owned()))?;
    let version = store::settings::current(&mut connection, told.role, told.scope).await?;
    let terms = terms(&version.settings, told.kind);
    Ok(Wish {
        maximum: terms.maximum,
        may_be_permanent: terms.may_be_permanent,
        over: more == MoreTime::Renew,
        told,
    })
}
