//! Standing access, worst first.
use sqlx::Acquire as _;

use crate::{
    App,
    domain::{
        actor::Actor,
        id::{AssignmentId, RoleId, ScopeId},
        inventory::{Facts, Score, rank, score},
        permission::Permission,
        principal::PrincipalKind,
        time::Instant,
    },
    error::Error,
    service::access,
    store::{self, inventory::standing::Wanted},
};

pub use crate::store::inventory::standing::{Counts, List, Told};

/// How many rows a page has.
pub const PAGE: usize = 50;
/// Counting ends here: more is "more than".
pub const MOST_COUNTED: i64 = 10_000;

/// Which standing access a list is to show.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filter {
    /// In which list.
    pub list: List,
    /// Of this role.
    pub role: Option<RoleId>,
    /// At this place, or below it.
    pub scope: Option<ScopeId>,
    /// Of privileged roles, or of others.
    pub privileged: Option<bool>,
    /// Without an end, or with one.
    pub permanent: Option<bool>,
    /// What comes after this one.
    pub after: Option<Position>,
}

/// A place in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The rank.
    pub rank: i16,
    /// When the holder was last here.
    pub last_here: Option<Instant>,
    /// The assignment.
    pub assignment: AssignmentId,
}

/// One standing assignment, judged.
#[derive(Clone, Debug)]
pub struct Standing {
    /// What it is.
    pub told: Told,
    /// How bad that is, and why.
    pub score: Score,
}

/// A page of the list.
#[derive(Clone, Debug)]
pub struct Listed {
    /// What is on it.
    pub rows: Vec<Standing>,
    /// Where the next page begins; none on the last one.
    pub next: Option<Position>,
}

/// Standing access, worst first. Whoever may read roles at a place may read what stands there.
pub async fn list(app: &App, actor: &Actor, filter: &Filter) -> Result<Listed, Error> {
    let mut connection = app.database.acquire().await?;
    let places = match filter.scope {
        Some(place) => {
            access::authorise_at(&mut connection, actor, Permission::ReadRoles, place).await?;
            Some(vec![place])
        }
        None => access::authorise_somewhere(&mut connection, actor, Permission::ReadRoles)
            .await?
            .limited(),
    };
    let mut search = connection.begin().await?;
    let now = store::now(&mut search).await?;
    store::audit::plan_each_search(&mut search).await?;
    let mut found: Vec<Told> = Vec::with_capacity(PAGE + 1);
    for rank in ranks(filter) {
        let missing = PAGE + 1 - found.len();
        if missing == 0 {
            break;
        }
        let wanted = Wanted {
            list: filter.list,
            rank,
            role: filter.role,
            places: places.as_deref(),
            after: filter
                .after
                .filter(|after| after.rank == rank)
                .map(|after| (after.last_here, after.assignment)),
        };
        let missing = i64::try_from(missing).unwrap_or(i64::MAX);
        found.extend(store::inventory::standing::list(&mut search, wanted, missing).await?);
    }
    let more = found.len() > PAGE;
    found.truncate(PAGE);
    let next = found.last().filter(|_| more).map(|last| Position {
        rank: last.rank,
        last_here: last.last_here,
        assignment: last.assignment,
    });
    let rows = found.into_iter().map(|told| Standing { score: judged(&told, now), told }).collect();
    Ok(Listed { rows, next })
}

/// The ranks that a filter lets through, worst first, from where the page begins.
fn ranks(filter: &Filter) -> impl Iterator<Item = i16> {
    let worst = filter.after.map_or(i16::MAX, |after| after.rank);
    let wanted = |wish: Option<bool>, is: bool| wish.is_none_or(|wish| wish == is);
    [(true, true), (true, false), (false, true), (false, false)]
        .into_iter()
        .filter(move |(privileged, permanent)| {
            wanted(filter.privileged, *privileged) && wanted(filter.permanent, *permanent)
        })
        .map(|(privileged, permanent)| rank(privileged, permanent))
        .filter(move |rank| *rank <= worst)
}

fn judged(told: &Told, now: Instant) -> Score {
    score(&Facts {
        now,
        privileged: told.privileged,
        permanent: told.ends_at.is_none(),
        last_here: told.last_here,
        is_group: told.holder_kind == PrincipalKind::Group,
        is_application: told.holder_kind == PrincipalKind::ServicePrincipal,
    })
}

/// How much standing access there is where the asker may see it, each number up to [`MOST_COUNTED`].
pub async fn counts(app: &App, actor: &Actor) -> Result<Counts, Error> {
    let mut connection = app.database.acquire().await?;
    let places = access::authorise_somewhere(&mut connection, actor, Permission::ReadRoles).await?;
    let most = MOST_COUNTED + 1;
    store::inventory::standing::counts(&mut connection, places.limited().as_deref(), most).await
}
