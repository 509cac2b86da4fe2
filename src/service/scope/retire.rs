//! Taking a place out of use, with all that lies below it.
use serde_json::json;

use super::{Holding, MOST, record_ends, visible};
use crate::{
    App,
    domain::{
        actor::Actor,
        assignment::{AssignmentEnd, AssignmentKind},
        audit::{Event, Kind},
        id::{PrincipalId, ScopeId},
        permission::Permission,
        role::ScopeKind,
        text::Justification,
    },
    error::Error,
    service::{
        access,
        assignment::{self, Proof},
        group, request, survivability,
    },
    store::{self, Change, request::Of, resting::Resting, scope::Place},
};

/// What retiring a place does.
#[derive(Clone, Debug, Default)]
pub struct RetireEffect {
    /// The places that are retired with it.
    pub places: Vec<Place>,
    /// Who loses what; the first of them.
    pub holdings: Vec<Holding>,
    /// How many assignments and activations end.
    pub assignments: i64,
    /// How many open requests are closed.
    pub requests: i64,
}

/// Says what retiring a place would do. Nothing is retired.
pub async fn preview_retire(app: &App, actor: &Actor, id: ScopeId) -> Result<RetireEffect, Error> {
    let actor = Actor { idempotency: None, ..actor.clone() };
    let mut change = Change::begin(&app.database, &actor).await?;
    retire_effect(&mut change, &actor, id).await.map(|(effect, _)| effect)
}

async fn retire_effect(
    change: &mut Change,
    actor: &Actor,
    id: ScopeId,
) -> Result<(RetireEffect, Vec<(ScopeId, Option<PrincipalId>)>), Error> {
    let told = visible(change, actor, id).await?;
    let Some(parent) = told.parent else {
        return Err(Error::Conflict("the organisation cannot be retired".to_owned()));
    };
    let places = store::scope::below(change.connection(), id, None, 100_000).await?;
    let retired = store::scope::lock_below(change, id).await?;
    if told.kind != ScopeKind::Group {
        access::authorise_at(change.connection(), actor, Permission::ManageScopes, parent).await?;
        access::authorise_at(change.connection(), actor, Permission::ManageAssignments, id).await?;
    }
    for (place, _) in retired.iter().filter(|(_, group)| group.is_some()) {
        group::authorise(change.connection(), actor, *place).await?;
    }
    let ids: Vec<_> = retired.iter().map(|(place, _)| *place).collect();
    let (assignments, requests) = store::scope::count(change.connection(), &ids).await?;
    let holdings = store::scope::holdings(change.connection(), &ids, MOST).await?;
    Ok((RetireEffect { places, holdings, assignments, requests }, retired))
}

/// Takes a place, and everything below it, out of use: what is held there ends at once, open requests are closed.
pub async fn retire(
    app: &App,
    actor: &Actor,
    id: ScopeId,
    reason: &Justification,
) -> Result<RetireEffect, Error> {
    let effect = store::retried(|| retire_once(app, actor, id, reason)).await?;
    app.wake.everything();
    Ok(effect)
}

async fn retire_once(
    app: &App,
    actor: &Actor,
    id: ScopeId,
    reason: &Justification,
) -> Result<RetireEffect, Error> {
    let mut change = Change::begin(&app.database, actor).await?;
    let effect = retire_within(app, &mut change, actor, id, reason).await?;
    change.made(id.0).await?;
    change.commit_recorded().await?;
    Ok(effect)
}

/// The same within a change.
pub(in crate::service) async fn retire_within(
    app: &App,
    change: &mut Change,
    actor: &Actor,
    id: ScopeId,
    reason: &Justification,
) -> Result<RetireEffect, Error> {
    let (effect, retired) = retire_effect(change, actor, id).await?;
    let (ids, groups): (Vec<_>, Vec<_>) = retired.into_iter().unzip();
    let groups: Vec<_> = groups.into_iter().flatten().collect();
    store::principal::hold_all(change, &groups).await?;
    let held = store::resting::hold(change, Resting::AtPlaces(&ids)).await?;
    change.settle().await?;
    let before = survivability::before(change, &groups).await?;
    let why = "The place was retired.";
    for place in &ids {
        let closed = store::request::fail_all(change, Of::Scope(*place), why).await?;
        request::record_failures(change, &closed, "role_retired", why).await?;
    }
    // A group that goes may be eligible for something elsewhere, and so may its members be by it.
    for group in groups {
        end_what_it_holds(app, change, actor, group, reason).await?;
    }
    let ended = store::scope::end_assignments(change, &held).await?;
    record_ends(change, &ended, AssignmentEnd::ScopeRetired).await?;
    for group in store::scope::retire(change, &ids).await? {
        let event = Event::new(Kind::GroupChanged).subject(group).target(group.0);
        change.record(&event.detail(json!({ "retired": true, "justification": reason }))).await?;
    }
    for place in &ids {
        let event = Event { scope: Some(*place), ..Event::new(Kind::ScopeRetired) };
        change.record(&event.target(place.0).detail(json!({ "justification": reason }))).await?;
    }
    survivability::refuse_loss(change, &before).await?;
    Ok(effect)
}

/// Takes from a group what it holds anywhere.
async fn end_what_it_holds(
    app: &App,
    change: &mut Change,
    actor: &Actor,
    group: PrincipalId,
    reason: &Justification,
) -> Result<(), Error> {
    for kind in [AssignmentKind::Eligible, AssignmentKind::Active] {
        let wanted = store::assignment::Wanted {
            principal: Some(group),
            kind: Some(kind),
            ..store::assignment::Wanted::default()
        };
        for held in store::assignment::list(change.connection(), wanted, 10_000).await? {
            let why = (reason, Proof::None);
            assignment::remove_within(app, change, actor, held.id, why).await?;
        }
    }
    Ok(())
}
