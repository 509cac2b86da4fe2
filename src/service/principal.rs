//! Whoever can be chosen to hold a role: users, groups and applications, by name.
use crate::{
    App,
    domain::{actor::Actor, permission::Permission},
    error::Error,
    service::access,
    store,
};

pub use crate::store::principal::Candidate;

/// How many are offered at once.
const MOST: i64 = 1000;

/// Whoever is in use and has a name, user name or address that contains `search`; for those who assign, or set who approves.
pub async fn candidates(
    app: &App,
    actor: &Actor,
    search: Option<String>,
) -> Result<Vec<Candidate>, Error> {
    let mut connection = app.database.acquire().await?;
    let mut refused = None;
    for permission in [
        Permission::ManageAssignments,
        Permission::ManageGroups,
        Permission::ManageSettings,
        Permission::ReadPeople,
    ] {
        match access::authorise_somewhere(&mut connection, actor, permission).await {
            Ok(_) => {
                let search = search.map(|search| search.replace('\0', ""));
                return store::principal::candidates(&mut connection, search.as_deref(), MOST)
                    .await;
            }
            Err(error) => refused = refused.or(Some(error)),
        }
    }
    Err(refused.unwrap_or(Error::Unauthenticated))
}
