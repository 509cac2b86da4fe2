//! Assignments: giving, changing and taking roles, and seeing who holds what.
use crate::{
    App,
    domain::{
        actor::{Actor, TokenScope},
        assignment::AssignmentKind,
        id::{AssignmentId, PrincipalId, ProofId, RoleId, ScopeId},
        permission::Permission,
        step_up::Act,
    },
    error::Error,
    service::{access, group},
    store::{self, Change, OnConstraint as _, assignment::Wanted},
};

mod bulk;
mod change;
mod give;
mod prolong;
mod waiting;

pub use bulk::{Bulk, Operation, Row, change_many, rehearse};
pub(super) use change::{
    Dates, convert_within, end, lock, make_eligible_beside, remove_within, terms_of, update_within,
};
pub use change::{NewDates, convert, remove, update};
pub use give::{Assign, Assigned, assign};
pub(super) use give::{all_repeated, assign_within, give, part, permission};
pub(super) use prolong::prolong_within;
pub use prolong::{Prolonged, Wish, ask_for_more_time, may_wish, prolong};

pub use crate::store::assignment::Told;

/// The proof that comes with a change of an assignment.
#[derive(Clone, Copy, Debug)]
pub(super) enum Proof<'a> {
    /// There is none.
    None,
    /// One that was given for this act, and is spent on it.
    Given(ProofId, &'a Act),
    /// There would be one. Only for what is tried and then undone.
    Rehearsed,
    /// There is one for the whole that this is part of, and it is spent there.
    OfTheWhole,
}

impl Proof<'_> {
    /// Whether there is one.
    fn is_there(self) -> bool {
        !matches!(self, Self::None)
    }

    /// Spends it, if one was given, for the row that the act makes or changes.
    async fn spend(self, change: &mut Change, spent_for: uuid::Uuid) -> Result<(), Error> {
        match self {
            Self::Given(proof, act) => store::mfa_proof::spend(change, proof, act, spent_for).await,
            Self::None | Self::Rehearsed | Self::OfTheWhole => Ok(()),
        }
    }
}

/// How many assignments a page of a list has.
pub const PAGE: i64 = 100;

/// Commits, unless Latchkey would be left without an administrator, or a group without an owner.
pub(super) async fn commit(change: Change) -> Result<(), Error> {
    somebody_remains(change.commit_recorded().await)
}

/// Judges, before anything is committed, what a commit would: whether somebody remains, and all that the database looks at
/// last.
pub(super) async fn judge(change: &mut Change) -> Result<(), Error> {
    somebody_remains(change.judge().await)
}

/// Tells what only the database sees, since it looks at all that remains.
fn somebody_remains<T>(outcome: Result<T, Error>) -> Result<T, Error> {
    outcome
        .on_constraint("an_administrator_remains", || {
            Error::Conflict(
                "this would leave nobody who holds Global Administrator for good: assign somebody else first".to_owned(),
            )
        })
        .on_constraint("an_owner_remains", || {
            Error::Conflict(
                "this would leave the group without an owner for good: make somebody else its owner first".to_owned(),
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
    let own = access::principal(actor, TokenScope::Read)?;
    let places = if filter.principal == Some(own) {
        None
    } else {
        access::authorise_somewhere(&mut connection, actor, Permission::ReadRoles).await?.limited()
    };
    let wanted = Wanted {
        places: places.as_deref(),
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
    let own = access::principal(actor, TokenScope::Read)?;
    let told = store::assignment::one(&mut connection, id).await;
    if let Ok(told) = &told
        && (told.principal == own
            || store::access::belongs(&mut connection, own, told.principal).await?)
    {
        return Ok(told.clone());
    }
    access::authorise_somewhere(&mut connection, actor, Permission::ReadRoles).await?;
    let told = told?;
    access::authorise_at(&mut connection, actor, Permission::ReadRoles, told.scope)
        .await
        .map_err(|_| Error::NotFound("assignment"))?;
    Ok(told)
}

/// Whether `actor` may change assignments at this scope.
pub async fn may_change(app: &App, actor: &Actor, scope: ScopeId) -> Result<bool, Error> {
    let mut connection = app.database.acquire().await?;
    let Ok((kind, _)) = store::role::scope(&mut connection, scope).await else {
        return Ok(false);
    };
    Ok(group::authorise_assigning(&mut connection, actor, scope, kind).await.is_ok())
}
