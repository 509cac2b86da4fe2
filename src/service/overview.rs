//! My access: what somebody can do, and what they hold right now.
use crate::{
    App,
    domain::{
        actor::{Actor, TokenScope},
        assignment::{AssignmentKind, AssignmentOrigin},
        settings::ActivationTerms,
        time::{Duration, Instant},
    },
    error::Error,
    service::{access, frame},
    store::{self, assignment::Told, request},
};

/// So many assignments and so many open requests are told.
const MOST: i64 = 500;
/// Access that ends within this time is worth a look.
const SOON: Duration = Duration::minutes(30);

/// Everything on the first page.
#[derive(Clone, Debug)]
pub struct MyAccess {
    /// The time of the answer.
    pub now: Instant,
    /// What is held now, activated or assigned.
    pub active: Vec<Told>,
    /// What has been asked for and is open.
    pub open: Vec<request::Told>,
    /// What can be activated, with its terms.
    pub eligible: Vec<Eligible>,
    /// How many activations end soon.
    pub ending_soon: usize,
}

/// Something that can be activated.
#[derive(Clone, Debug)]
pub struct Eligible {
    /// The assignment.
    pub assignment: Told,
    /// The terms of activating it.
    pub terms: ActivationTerms,
    /// Whether it is held now.
    pub active: bool,
    /// Whether a request for it is open.
    pub requested: bool,
    /// Whether it can be taken in an emergency meanwhile, which takes the place of that request.
    pub in_emergency: bool,
}

/// How many requests, changes and reviews of emergencies wait for the asker's word.
pub async fn awaiting_me(app: &App, actor: &Actor) -> Result<usize, Error> {
    frame::awaiting(&mut *app.database.acquire().await?, actor).await
}

/// What the asker can do, and holds right now.
pub async fn my_access(app: &App, actor: &Actor) -> Result<MyAccess, Error> {
    let user = access::user(actor, TokenScope::Read)?;
    let mut connection = app.database.acquire().await?;
    let now = store::now(&mut connection).await?;
    let held = store::assignment::of_account(&mut connection, user.principal, MOST).await?;
    let live = |told: &Told| told.starts_at <= now && told.ends_at.is_none_or(|end| now < end);
    let (mut active, eligible): (Vec<_>, Vec<_>) =
        held.into_iter().filter(live).partition(|told| told.kind == AssignmentKind::Active);
    // What ends first is looked for first; what is always on is not.
    active.sort_by_key(|told| (told.ends_at.is_none(), told.ends_at));
    let open = store::request::open_of(&mut connection, user.principal, MOST).await?;
    let mut can = Vec::with_capacity(eligible.len());
    for assignment in eligible {
        let version =
            store::settings::current(&mut connection, assignment.role, assignment.scope).await?;
        let same = |role, scope| role == assignment.role && scope == assignment.scope;
        let terms = version.settings.activation;
        can.push(Eligible {
            active: active.iter().any(|held| same(held.role, held.scope)),
            requested: open.iter().any(|request| same(request.role, request.scope)),
            in_emergency: terms.requires_approval && terms.allows_emergency,
            terms,
            assignment,
        });
    }
    let soon = |told: &&Told| {
        told.origin == AssignmentOrigin::Activated
            && told.ends_at.is_some_and(|end| end < now + SOON)
    };
    Ok(MyAccess {
        now,
        ending_soon: active.iter().filter(soon).count(),
        active,
        open,
        eligible: can,
    })
}
