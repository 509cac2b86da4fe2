//! Who may do what: asked at the start of every use case.
use sqlx::PgConnection;

use crate::{
    App,
    domain::{
        actor::{Actor, Application, TokenScope, User, Via, Who},
        id::{PrincipalId, ScopeId},
        permission::{Permission, Permissions},
    },
    error::Error,
    store,
};

pub use crate::store::access::Allowed;

/// The person who asks. What people do for themselves, such as activating and deciding, is not for applications.
pub fn person(actor: &Actor) -> Result<&User, Error> {
    match &actor.who {
        Who::User(user) => Ok(user),
        Who::Application(_) => Err(Error::NotAllowed(
            "only people do this: an application holds its roles without activating them, and decides nothing"
                .to_owned(),
        )),
        Who::System | Who::Operator | Who::Anonymous => Err(Error::Unauthenticated),
    }
}

/// The account or application that asks, if what it came in with is good for `scope`.
pub fn principal(actor: &Actor, scope: TokenScope) -> Result<PrincipalId, Error> {
    match &actor.who {
        Who::Application(application) if application.scopes.contains(&scope) => {
            Ok(application.principal)
        }
        Who::Application(_) => Err(lacks(scope)),
        _ => user(actor, scope).map(|user| user.principal),
    }
}

/// The signed-in user, if what they came in with is good for `scope`.
pub fn user(actor: &Actor, scope: TokenScope) -> Result<&User, Error> {
    let user = person(actor)?;
    match &user.via {
        Via::Session(_) => Ok(user),
        Via::AccessToken(_, scopes) if scopes.contains(&scope) => Ok(user),
        Via::AccessToken(..) => Err(lacks(scope)),
    }
}

/// The scope that a token needs for what `permission` allows.
fn scope_for(permission: Permission) -> TokenScope {
    match permission {
        Permission::ReadRoles | Permission::ReadPeople | Permission::ReadRequests => {
            TokenScope::Read
        }
        Permission::ReadAudit => TokenScope::Audit,
        Permission::CheckAccess => TokenScope::CheckAccess,
        Permission::ManageRoles
        | Permission::ManageScopes
        | Permission::ManageAssignments
        | Permission::ManageSettings
        | Permission::ManagePeople
        | Permission::ManagePrivilegedPeople
        | Permission::ManageGroups
        | Permission::ManageApplications
        | Permission::CancelRequests => TokenScope::Administer,
    }
}

/// What `actor` may do at this moment.
pub async fn allowed(connection: &mut PgConnection, actor: &Actor) -> Result<Allowed, Error> {
    match &actor.who {
        Who::User(User { principal, .. }) | Who::Application(Application { principal, .. }) => {
            store::access::allowed(connection, *principal).await
        }
        Who::System | Who::Operator => {
            Ok(Allowed { everywhere: Permissions::all(), somewhere: Permissions::all() })
        }
        Who::Anonymous => Ok(Allowed::default()),
    }
}

/// What `actor` may do at this moment in the whole organisation.
pub async fn permissions(
    connection: &mut PgConnection,
    actor: &Actor,
) -> Result<Permissions, Error> {
    Ok(allowed(connection, actor).await?.everywhere)
}

/// What `actor`'s roles in Latchkey allow at this moment, in the whole organisation.
pub async fn my_permissions(app: &App, actor: &Actor) -> Result<Permissions, Error> {
    permissions(&mut *app.database.acquire().await?, actor).await
}

/// Where somebody may do something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Places {
    /// In the whole organisation.
    Everywhere,
    /// At these places, and below each.
    Below(Vec<ScopeId>),
}

impl Places {
    /// The places, for those readers that are limited to some.
    #[must_use]
    pub fn limited(self) -> Option<Vec<ScopeId>> {
        match self {
            Self::Everywhere => None,
            Self::Below(places) => Some(places),
        }
    }
}

/// Where `actor` may do this at this moment, with what they came in with; refuses if that is nowhere.
pub async fn authorise_somewhere(
    connection: &mut PgConnection,
    actor: &Actor,
    permission: Permission,
) -> Result<Places, Error> {
    let principal = match &actor.who {
        Who::User(_) | Who::Application(_) => principal(actor, scope_for(permission))?,
        Who::System | Who::Operator => return Ok(Places::Everywhere),
        Who::Anonymous => return Err(Error::Unauthenticated),
    };
    somewhere(connection, principal, permission).await
}

/// Where an account may do this at this moment, whoever asks; refuses if that is nowhere.
pub(super) async fn somewhere(
    connection: &mut PgConnection,
    principal: PrincipalId,
    permission: Permission,
) -> Result<Places, Error> {
    let places = store::access::places(connection, principal, permission).await?;
    if places.is_empty() {
        Err(Error::Forbidden(permission))
    } else if places.contains(&ScopeId::ROOT) {
        Ok(Places::Everywhere)
    } else {
        Ok(Places::Below(places))
    }
}

/// Below which places the asker may see this; none is everywhere, and no place at all is nowhere.
pub(super) async fn seen(
    connection: &mut PgConnection,
    actor: &Actor,
    permission: Permission,
) -> Result<Option<Vec<ScopeId>>, Error> {
    match authorise_somewhere(connection, actor, permission).await {
        Ok(places) => Ok(places.limited()),
        Err(Error::Forbidden(_)) => Ok(Some(Vec::new())),
        Err(error) => Err(error),
    }
}

/// Refuses unless `actor` may do this in the whole organisation at this moment, with what they came in with.
pub async fn authorise(
    connection: &mut PgConnection,
    actor: &Actor,
    permission: Permission,
) -> Result<(), Error> {
    authorise_at(connection, actor, permission, ScopeId::ROOT).await
}

/// Refuses unless `actor` may do this at `scope` at this moment: by a role held there or at a scope above.
pub async fn authorise_at(
    connection: &mut PgConnection,
    actor: &Actor,
    permission: Permission,
    scope: ScopeId,
) -> Result<(), Error> {
    let principal = match &actor.who {
        Who::User(_) | Who::Application(_) => principal(actor, scope_for(permission))?,
        Who::System | Who::Operator => return Ok(()),
        Who::Anonymous => return Err(Error::Unauthenticated),
    };
    if store::access::permitted(connection, principal, permission, scope).await? {
        Ok(())
    } else {
        Err(Error::Forbidden(permission))
    }
}

/// The same at a place that is named, and has to be in use. Whoever may not do this is told so whether there is such a place or
/// not.
pub async fn authorise_at_place(
    connection: &mut PgConnection,
    actor: &Actor,
    permission: Permission,
    scope: ScopeId,
) -> Result<(), Error> {
    if let Err(refused) = authorise_at(connection, actor, permission, scope).await {
        // Below the organisation nobody has any right at what is not there.
        authorise(connection, actor, permission).await.map_err(|_| refused)?;
    }
    store::settings::place(connection, scope).await.map(drop)
}

/// A token that was shown lacks this.
pub(super) fn lacks(scope: TokenScope) -> Error {
    Error::NotAllowed(format!("this token lacks the scope {}", scope.name()))
}
