//! Assignments: giving, changing and taking roles, and seeing who holds what.
use crate::{
    App,
    domain::{
        actor::{Actor, TokenScope},
        assignment::AssignmentKind,
        id::{AssignmentId, PrincipalId, RoleId, ScopeId},
        permission::Permission,
    },
    error::Error,
    service::access,
    store::{self, Change, OnConstraint as _, assignment::Wanted},
};

mod change;
mod give;

pub(super) use change::end;
pub use change::{NewDates, convert, remove, update};
pub(super) use give::give;
pub use give::{Assign, Assigned, assign};

pub use crate::store::assignment::Told;

/// How many assignments a page of a list has.
pub const PAGE: i64 = 100;

/// Commits, unless Latchkey would be left without an administrator.
pub(super) async fn commit(change: Change) -> Result<(), Error> {
    change.commit_recorded().await.on_constraint("an_administrator_remains", || {
        Error::Conflict(
            "this would leave nobody who holds Global Administrator for good: assign somebody else first".to_owned(),
        )
    })
}

/// Which assignments a list is to show.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filter {
    /// Those of this account.
    pub principal: Option<PrincipalId>,
    /// Those of this role.
    pub role: Option<RoleId>,
    /// Those at this scope.
    pub scope: Option<ScopeId>,
    /// Those of this kind.
    pub kind: Option<AssignmentKind>,
    /// Those that are over, instead of those that are not.
    pub over: bool,
    /// Those that come after this one.
    pub after: Option<AssignmentId>,
}

/// The assignments that `filter` asks for, [`PAGE`] at most. Everybody may see their own.
pub async fn list(app: &App, actor: &Actor, filter: Filter) -> Result<Vec<Told>, Error> {
    let mut connection = app.database.acquire().await?;
    let own = access::user(actor, TokenScope::Read)?.principal;
    if filter.principal != Some(own) {
        access::authorise(&mut connection, actor, Permission::ReadRoles).await?;
    }
    let wanted = Wanted {
        id: None,
        principal: filter.principal,
        role: filter.role,
        scope: filter.scope,
        kind: filter.kind,
        after: filter.after,
    };
    if filter.over {
        store::assignment::ended(&mut connection, wanted, PAGE).await
    } else {
        store::assignment::list(&mut connection, wanted, PAGE).await
    }
}

/// One assignment.
pub async fn show(app: &App, actor: &Actor, id: AssignmentId) -> Result<Told, Error> {
    let mut connection = app.database.acquire().await?;
    let own = access::user(actor, TokenScope::Read)?.principal;
    let told = store::assignment::one(&mut connection, id).await;
    match told {
        Ok(told) if told.principal == own => Ok(told),
        told => {
            access::authorise(&mut connection, actor, Permission::ReadRoles).await?;
            told
        }
    }
}
