//! No lift: nobody widens, by an administrative act, what they can come to hold themself.
use std::collections::BTreeSet;

use sqlx::PgConnection;

use crate::{
    domain::{
        id::{PersonId, PrincipalId, RoleId, ScopeId},
        reach::Reach,
    },
    error::Error,
    store::{self, Change},
};

/// What an actor could come to hold before an act, to be compared with what they could after it.
pub(super) struct Before {
    people: Vec<PersonId>,
    reach: Reach,
    /// What they reach at a place that the act moves.
    at: Option<(ScopeId, BTreeSet<RoleId>)>,
}

/// Looks before an act; at `moved` too, if the act moves a place.
pub(super) async fn before(change: &mut Change, moved: Option<ScopeId>) -> Result<Before, Error> {
    let people = change.actor().people().to_vec();
    let reach = of(change, &people).await?;
    let at = match moved {
        None => None,
        Some(scope) => Some((scope, roles_at(change, &reach, scope).await?)),
    };
    Ok(Before { people, reach, at })
}

/// Refuses the act if it has widened what the actor can come to hold. The refusal undoes it: nothing was committed.
pub(super) async fn refuse_gain(change: &mut Change, before: Before) -> Result<(), Error> {
    if gains(change, before).await?.is_empty() {
        return Ok(());
    }
    Err(Error::NotAllowed(
        "this would widen what you can come to hold yourself: another administrator has to do it, who gains nothing by it"
            .to_owned(),
    ))
}

/// The roles that the actor can come to hold since `before`, and could not then.
pub(super) async fn gains(change: &mut Change, before: Before) -> Result<Vec<RoleId>, Error> {
    if before.people.is_empty() {
        return Ok(Vec::new());
    }
    let after = of(change, &before.people).await?;
    let places = before.reach.0.iter().chain(&after.0).map(|(_, scope)| *scope).collect();
    let nesting = store::reach::nesting(change.connection(), &places).await?;
    let beyond = after.beyond(&before.reach, |place, above| nesting.contains(&(place, above)));
    let mut gained: BTreeSet<_> = beyond.into_iter().map(|(role, _)| role).collect();
    if let Some((scope, had)) = before.at {
        gained.extend(roles_at(change, &after, scope).await?.difference(&had));
    }
    Ok(gained.into_iter().collect())
}

/// Everybody and everything that `people` act for or can get into: their accounts, the applications that they answer for,
/// and the groups that these belong to, may get into, or own.
pub(super) async fn acts_for(
    connection: &mut PgConnection,
    people: &[PersonId],
) -> Result<BTreeSet<PrincipalId>, Error> {
    let own = store::reach::own(connection, people).await?;
    let graph = store::reach::graph(connection, &own).await?;
    Ok(own.into_iter().chain(graph.ways.into_iter().map(|(_, group)| group)).collect())
}

async fn of(change: &mut Change, people: &[PersonId]) -> Result<Reach, Error> {
    if people.is_empty() {
        return Ok(Reach::default());
    }
    let own = store::reach::own(change.connection(), people).await?;
    Ok(store::reach::graph(change.connection(), &own).await?.reach(&own))
}

/// The roles that count at `scope`: held there or above.
async fn roles_at(
    change: &mut Change,
    reach: &Reach,
    scope: ScopeId,
) -> Result<BTreeSet<RoleId>, Error> {
    let above: BTreeSet<_> = store::scope::way_to(change.connection(), scope)
        .await?
        .into_iter()
        .map(|place| place.id)
        .collect();
    Ok(reach.0.iter().filter(|(_, at)| above.contains(at)).map(|(role, _)| *role).collect())
}
