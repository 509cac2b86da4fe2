//! Moving a place, with all that lies below it.
use std::collections::BTreeMap;

use serde_json::json;

use super::{Holding, MOST, close, record_ends, visible};
use crate::{
    App,
    domain::{
        actor::Actor,
        assignment::AssignmentEnd,
        audit::{Event, Kind},
        change_request::{Line, Outcome, Proposed, Write},
        id::{RoleId, ScopeId},
        permission::Permission,
        reach::Judgement,
        role::ScopeKind,
        settings::Settings,
        text::Justification,
    },
    error::Error,
    service::{access, change_request, group, reach, settings},
    store::{self, Change, scope::Place},
};

/// What moving a place does to those who hold something above it.
#[derive(Clone, Debug, Default)]
pub struct MoveEffect {
    /// Who holds what where the place lies now, and will not count there any more.
    pub lose: Vec<Holding>,
    /// Who holds what where the place will lie, and will count there.
    pub gain: Vec<Holding>,
    /// How many activations end.
    pub ending: usize,
    /// How many open requests are closed.
    pub closing: usize,
    /// Whether whoever moves it would come to hold more themself.
    pub gains: bool,
    /// Whether the settings of a privileged role become weaker.
    pub weakens: bool,
}

impl MoveEffect {
    /// Why nobody moves it alone, if that is so.
    #[must_use]
    pub fn waits(&self) -> Option<&'static str> {
        if self.gains {
            Some("Moving it there would widen what you can come to hold yourself.")
        } else {
            self.weakens
                .then_some("Moving it there makes the settings of a privileged role weaker.")
        }
    }
}

/// Says what moving a place would do. Nothing moves.
pub async fn preview_move(
    app: &App,
    actor: &Actor,
    id: ScopeId,
    parent: ScopeId,
) -> Result<MoveEffect, Error> {
    let actor = Actor { idempotency: None, ..actor.clone() };
    let mut change = Change::begin(&app.database, &actor).await?;
    // What is done here is given up with the change.
    relocate_within(app, &mut change, &actor, id, parent, &Justification::default()).await
}

/// Puts a place, with all that lies below it, into another one. What is held at it stays; what is held above it counts or
/// does not count according to where it lies then, and activations that no longer lie below their eligibility end.
pub async fn relocate(
    app: &App,
    actor: &Actor,
    id: ScopeId,
    parent: ScopeId,
    reason: &Justification,
) -> Result<Outcome<MoveEffect>, Error> {
    let mut change = match Change::begin(&app.database, actor).await {
        Err(Error::Repeated(before)) => {
            return change_request::repeated(app, before, MoveEffect::default()).await;
        }
        begun => begun?,
    };
    let told = visible(&mut change, actor, id).await?;
    let effect = relocate_within(app, &mut change, actor, id, parent, reason).await?;
    if effect.waits().is_some() && actor.principal().is_some() {
        let name = async |change: &mut Change, place: ScopeId| {
            let path = store::scope::path(change.connection(), place).await?;
            Ok::<_, Error>(if path.is_empty() { "The whole organisation".to_owned() } else { path })
        };
        let old = told.parent.unwrap_or(ScopeId::ROOT);
        let line =
            Line::new("lies_in", name(&mut change, old).await?, name(&mut change, parent).await?);
        drop(change);
        let proposed = Proposed {
            permission: Permission::ManageScopes,
            scope: id,
            role: None,
            subject: None,
            difference: vec![line],
            reason: reason.clone(),
            expires_at: None,
            write: Write::MoveScope { scope: id, from: old, parent },
        };
        return change_request::propose_instead(app, actor, proposed).await;
    }
    change.made(id.0).await?;
    change.commit_recorded().await?;
    app.wake.everything();
    Ok(Outcome::Done(effect))
}

/// The same within a change. Whether its author may move it alone is told with the effect.
pub(in crate::service) async fn relocate_within(
    app: &App,
    change: &mut Change,
    actor: &Actor,
    id: ScopeId,
    parent: ScopeId,
    reason: &Justification,
) -> Result<MoveEffect, Error> {
    let told = visible(change, actor, id).await?;
    let Some(old) = told.parent else {
        return Err(Error::Conflict("the organisation cannot be moved".to_owned()));
    };
    for place in [old, parent] {
        access::authorise_at(change.connection(), actor, Permission::ManageScopes, place).await?;
    }
    if old == parent {
        return Err(Error::Conflict("it lies there already".to_owned()));
    }
    if told.kind == ScopeKind::Group {
        group::authorise(change.connection(), actor, id).await?;
    }
    let before = reach::before(change, Some(id)).await?;
    let ways = Ways::read(change, old, parent).await?;
    let terms = ways.privileged_terms(change, id).await?;
    store::scope::relocate(change, id, parent).await?;
    let lose = store::scope::holdings(change.connection(), &ways.left, MOST).await?;
    let gain = store::scope::holdings(change.connection(), &ways.joined, MOST).await?;
    change.settle().await?;
    let ended = store::scope::end_moved(change, id).await?;
    record_ends(change, &ended, AssignmentEnd::ScopeMoved).await?;
    let moved = store::scope::moved_requests(change.connection(), id).await?;
    close(change, &moved, "The place was moved away from below that of the eligibility.").await?;
    let because = moved_because(&told.name);
    let rewritten = settings::recompute_below(app, change, None, id, &because).await?;
    // What has terms of its own below was written anew; all else has those of the place itself.
    let now = ways.privileged_terms(change, id).await?;
    let weakens = rewritten.iter().any(|terms| terms.weakened && terms.privileged)
        || terms.iter().any(|(role, old)| now.get(role).is_some_and(|new| old.weakened_by(new)));
    let gains = reach::judged(change, before).await? != Judgement::Alone;
    let event = Event { scope: Some(id), ..Event::new(Kind::ScopeMoved) };
    let detail = json!({ "from": old, "to": parent, "justification": reason });
    change.record(&event.target(id.0).detail(detail)).await?;
    Ok(MoveEffect { lose, gain, ending: ended.len(), closing: moved.len(), gains, weakens })
}

/// The places that a place lies in before it is moved, and not after; and the other way round.
struct Ways {
    left: Vec<ScopeId>,
    joined: Vec<ScopeId>,
}

impl Ways {
    async fn read(change: &mut Change, old: ScopeId, new: ScopeId) -> Result<Self, Error> {
        let above = |way: Vec<Place>| way.into_iter().map(|place| place.id).collect::<Vec<_>>();
        let was = above(store::scope::way_to(change.connection(), old).await?);
        let is = above(store::scope::way_to(change.connection(), new).await?);
        let only = |these: &[ScopeId], others: &[ScopeId]| {
            these.iter().copied().filter(|place| !others.contains(place)).collect()
        };
        Ok(Self { left: only(&was, &is), joined: only(&is, &was) })
    }

    /// The terms in force at `place` of the privileged roles for which one of these ways says something.
    async fn privileged_terms(
        &self,
        change: &mut Change,
        place: ScopeId,
    ) -> Result<BTreeMap<RoleId, Settings>, Error> {
        let places = [self.left.as_slice(), &self.joined].concat();
        settings::privileged_terms(change.connection(), place, &places).await
    }
}

/// Why terms become others below a place that has moved.
fn moved_because(name: &str) -> Justification {
    Justification::parse(&format!("{name} was moved")).unwrap_or_default()
}
