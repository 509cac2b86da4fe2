//! No lift: nobody widens, by an administrative act, what they can come to hold themself.
use std::collections::{BTreeMap, BTreeSet};

use sqlx::PgConnection;

use crate::{
    domain::{
        id::{PersonId, PrincipalId, RoleId, ScopeId},
        permission::Permission,
        reach::{Graph, Judgement, Power, Write, judge},
    },
    error::Error,
    store::{self, Change},
};

/// What an actor sees before an act, to be compared with what they see after it.
pub(super) struct Before {
    people: Vec<PersonId>,
    graph: Graph,
    write: Write,
    /// Whether they can step into other people's accounts, so that it matters what those hold.
    steps_in: bool,
}

/// Looks before an act; at `moved` too, if the act moves a place.
pub(super) async fn before(change: &mut Change, moved: Option<ScopeId>) -> Result<Before, Error> {
    let write = Write { moves: moved, ..Write::default() };
    before_writing(change, write).await
}

/// The same before an act that does more than what is seen before and after it.
pub(super) async fn before_writing(change: &mut Change, write: Write) -> Result<Before, Error> {
    let people = change.actor().people().to_vec();
    let mut graph = Graph::default();
    let mut steps_in = false;
    if !people.is_empty() {
        graph = of(change.connection(), &people, false, &write).await?;
        steps_in = steps_into_accounts(&graph);
        if steps_in {
            graph = of(change.connection(), &people, true, &write).await?;
        }
    }
    Ok(Before { people, graph, write, steps_in })
}

/// Whether whoever looks may help people back in, without being able to give everything anyway.
fn steps_into_accounts(graph: &Graph) -> bool {
    let free = graph.unguarded();
    let may = |graph: &Graph, permission| {
        graph.powers(&graph.reach(), ScopeId::ROOT).contains(&Power::May(permission))
    };
    may(graph, Permission::ManagePeople)
        && !(may(&free, Permission::ManagePeople) && may(&free, Permission::ManageAssignments))
}

/// Refuses the act if its author may not do it alone. The refusal undoes it: nothing was committed.
pub(super) async fn refuse_gain(change: &mut Change, before: Before) -> Result<(), Error> {
    match judged(change, before).await? {
        Judgement::Alone => Ok(()),
        Judgement::Gains(_) => Err(Error::Widens(
            "this would widen what you can come to hold yourself: another administrator has to agree, who gains nothing by it",
        )),
        Judgement::Eases => Err(Error::Widens(
            "this makes it easier to get a role that you are eligible for yourself: another administrator has to agree",
        )),
        Judgement::ToThemself => Err(Error::Widens(
            "nobody gives a role to themself alone, from whichever account, or to an application or a group of theirs: another administrator has to agree",
        )),
    }
}

/// Judges an act that was just written, by what was seen before it.
pub(super) async fn judged(change: &mut Change, before: Before) -> Result<Judgement, Error> {
    let Before { people, graph: mut seen, write, steps_in } = before;
    if people.is_empty() {
        return Ok(Judgement::Alone);
    }
    let mut now = of(change.connection(), &people, steps_in, &write).await?;
    if !steps_in && steps_into_accounts(&now) {
        // Helping people back in is a gain by itself; what lies behind it need not be looked at.
        return Ok(judge(&people, &seen, &now, &write));
    }
    if write.moves.is_none() {
        // The tree is as it was: what is known of it after the act was so before.
        let mut tree = seen.within.clone();
        tree.extend(now.within.clone());
        seen.within.clone_from(&tree);
        now.within = tree;
    }
    Ok(judge(&people, &seen, &now, &write))
}

/// What these people see at this moment; with other people's accounts, or without.
async fn of(
    connection: &mut PgConnection,
    people: &[PersonId],
    everybody: bool,
    write: &Write,
) -> Result<Graph, Error> {
    let mut graph = if everybody {
        store::reach::whole(connection, people).await?
    } else {
        let own = store::reach::own(connection, people).await?;
        store::reach::graph(connection, &own).await?
    };
    graph.permissions = store::reach::permissions(connection).await?;
    let mut places: BTreeSet<_> = graph.holdings.iter().map(|(.., place)| *place).collect();
    places.insert(ScopeId::ROOT);
    places.extend(graph.groups.values().map(|group| group.place));
    places.extend(write.moves);
    places.extend(write.eases.iter().map(|(_, place)| *place));
    let mut within: BTreeMap<ScopeId, BTreeSet<ScopeId>> = BTreeMap::new();
    for (place, above) in store::reach::nesting(connection, &places).await? {
        within.entry(place).or_default().insert(above);
    }
    graph.within = within;
    Ok(graph)
}

/// Refuses an act, before it is written, that makes it easier to get a role which its author waits to activate.
pub(super) async fn refuse_easing(
    change: &mut Change,
    role: RoleId,
    scope: ScopeId,
) -> Result<(), Error> {
    let write = Write { eases: [(role, scope)].into(), ..Write::default() };
    let before = before_writing(change, write).await?;
    refuse_gain(change, before).await
}

/// Of these roles, those that `people` wait to activate, so that nobody of them makes that easier.
pub(super) async fn wait_for(
    connection: &mut PgConnection,
    people: &[PersonId],
    roles: BTreeSet<(RoleId, ScopeId)>,
) -> Result<BTreeSet<(RoleId, ScopeId)>, Error> {
    if roles.is_empty() {
        return Ok(roles);
    }
    let mut write = Write { eases: roles.clone(), ..Write::default() };
    let graph = of(connection, people, false, &write).await?;
    let waited_for = |role: &(RoleId, ScopeId)| {
        write.eases = [*role].into();
        judge(people, &graph, &graph, &write) == Judgement::Eases
    };
    Ok(roles.into_iter().filter(waited_for).collect())
}

/// Everybody and everything that `people` act for or can get into: their accounts, the applications that they can sign in
/// as, and the groups that these belong to, may get into, or own.
pub(super) async fn acts_for(
    connection: &mut PgConnection,
    people: &[PersonId],
) -> Result<BTreeSet<PrincipalId>, Error> {
    let own = store::reach::own(connection, people).await?;
    Ok(store::reach::graph(connection, &own).await?.carriers())
}

/// Whether what `principal` holds counts as the actor's own: their accounts, applications and groups.
pub(super) async fn is_own(change: &mut Change, principal: PrincipalId) -> Result<bool, Error> {
    let people = change.actor().people().to_vec();
    Ok(acts_for(change.connection(), &people).await?.contains(&principal))
}
