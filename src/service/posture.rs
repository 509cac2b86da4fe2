//! How the whole stands: the numbers that an administrator looks at first, who has power now, and what everything would fall
//! with.
use crate::{
    App,
    domain::{
        actor::Actor,
        assignment::ASKED_BEFORE,
        id::{AssignmentId, ScopeId},
        permission::Permission,
        survivability::{Footing, Problem},
        time::Instant,
    },
    error::Error,
    service::access,
    store::{self, posture::Wanted},
};

pub use crate::store::posture::{COUNTED, Counts, Holder};

/// How many a page of the list has.
pub const PAGE: i64 = 100;

/// How many are shown with the numbers.
const FIRST: i64 = 10;

/// More problems than this are not told at once.
const MOST_PROBLEMS: usize = 100;

/// How the whole stands, as far as the asker may see it.
#[derive(Clone, Debug)]
pub struct Posture {
    /// The numbers.
    pub counts: Counts,
    /// Whether the asker may see requests, and the changes that wait.
    pub sees_requests: bool,
    /// Whether the asker sees the whole organisation, not only a part of it.
    pub everywhere: bool,
    /// What everything would fall with, the worst first.
    pub problems: Vec<Problem>,
    /// Some of those who have activated a role.
    pub active: Vec<Holder>,
}

/// How the whole stands. Who looks after a part of the organisation sees how that part does.
pub async fn show(app: &App, actor: &Actor) -> Result<Posture, Error> {
    let mut connection = app.database.acquire().await?;
    let places =
        access::authorise_somewhere(&mut connection, actor, Permission::ReadRoles).await?.limited();
    let places = places.as_deref();
    let requests = access::seen(&mut connection, actor, Permission::ReadRequests).await?;
    let sees_requests = match (places, requests) {
        (_, None) => true,
        (None, Some(_)) => false,
        (Some(places), Some(seen)) => places.iter().all(|place| seen.contains(place)),
    };
    let active = Wanted { activated: true, places, after: None };
    Ok(Posture {
        counts: store::posture::counts(&mut connection, places, ASKED_BEFORE.seconds()).await?,
        sees_requests,
        everywhere: places.is_none(),
        problems: problems(&mut connection, places).await?,
        active: store::posture::holders(&mut connection, active, FIRST).await?,
    })
}

/// What everything would fall with. Who is ready for an emergency is told to those who see the whole organisation.
async fn problems(
    connection: &mut sqlx::PgConnection,
    places: Option<&[ScopeId]>,
) -> Result<Vec<Problem>, Error> {
    let wanted = store::survivability::Wanted {
        places,
        lacking: true,
        ..store::survivability::Wanted::default()
    };
    let approvals = store::survivability::approvals(connection, wanted, MOST_PROBLEMS).await?;
    let people = match places {
        None => store::survivability::people(connection).await?,
        Some(_) => Footing { ready: usize::MAX, administrators: usize::MAX, ..Footing::default() },
    };
    let unreviewed = store::emergency::count_overdue(connection, places).await?;
    Ok(Footing { approvals, unreviewed, ..people }.problems())
}

/// Who has power now, who has had it longest first, [`PAGE`] at most.
pub async fn holders(
    app: &App,
    actor: &Actor,
    activated: bool,
    after: Option<(Instant, AssignmentId)>,
) -> Result<Vec<Holder>, Error> {
    let mut connection = app.database.acquire().await?;
    let places =
        access::authorise_somewhere(&mut connection, actor, Permission::ReadRoles).await?.limited();
    let wanted = Wanted { activated, places: places.as_deref(), after };
    store::posture::holders(&mut connection, wanted, PAGE).await
}
