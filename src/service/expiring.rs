//! Assignments that end soon, and those that have run out lately: everybody's for administrators, one's own for all.
use crate::{
    App,
    domain::{
        actor::{Actor, TokenScope},
        assignment::{ASKED_AFTER, ASKED_BEFORE},
        id::{AssignmentId, RoleId},
        permission::Permission,
        time::{Duration, Instant},
    },
    error::Error,
    service::access,
    store::{self, expiring::Wanted},
};

pub use crate::store::expiring::Told;

/// How many a page of the list has.
pub const PAGE: i64 = 100;

/// The most that can be looked ahead.
const FURTHEST: Duration = Duration::days(366);

/// Which of them a list is to show.
#[derive(Clone, Copy, Debug)]
pub struct Filter {
    /// Those that have run out in the last thirty days, instead of those that end.
    pub over: bool,
    /// How soon they end.
    pub within: Duration,
    /// Those of this role.
    pub role: Option<RoleId>,
    /// Those that come after this one.
    pub after: Option<(Instant, AssignmentId)>,
}

impl Default for Filter {
    fn default() -> Self {
        Self { over: false, within: ASKED_BEFORE, role: None, after: None }
    }
}

/// What ends soon, or has run out, [`PAGE`] at most.
pub async fn list(app: &App, actor: &Actor, filter: Filter) -> Result<Vec<Told>, Error> {
    let mut connection = app.database.acquire().await?;
    access::authorise(&mut connection, actor, Permission::ReadRoles).await?;
    let within = if filter.over { ASKED_AFTER } else { filter.within.min(FURTHEST) };
    let wanted = Wanted {
        principal: None,
        role: filter.role,
        within_seconds: within.seconds(),
        after: filter.after,
    };
    if filter.over {
        store::expiring::run_out(&mut connection, wanted, PAGE).await
    } else {
        store::expiring::ending(&mut connection, wanted, PAGE).await
    }
}

/// What of the asker's own they may ask more time for: first what ends soon, then what has run out.
pub async fn own(app: &App, actor: &Actor) -> Result<(Vec<Told>, Vec<Told>), Error> {
    let user = access::user(actor, TokenScope::Read)?;
    let mut connection = app.database.acquire().await?;
    let wanted = |within: Duration| Wanted {
        principal: Some(user.principal),
        role: None,
        within_seconds: within.seconds(),
        after: None,
    };
    let ending = store::expiring::ending(&mut connection, wanted(ASKED_BEFORE), PAGE).await?;
    let over = store::expiring::run_out(&mut connection, wanted(ASKED_AFTER), PAGE).await?;
    Ok((ending, over))
}
