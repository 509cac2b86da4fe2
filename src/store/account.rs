//! Accounts as sign-in sees them.
use sqlx::PgConnection;

use crate::{
    domain::id::{PersonId, PrincipalId, RoleId},
    error::Error,
    store::Change,
};

/// An account that somebody may sign in to.
#[derive(Clone, Debug)]
pub struct Account {
    /// Which one.
    pub principal: PrincipalId,
    /// The human being behind it.
    pub person: PersonId,
    /// The name that is signed in with.
    pub user_name: String,
    /// The person's name.
    pub display_name: String,
    /// The person's address.
    pub email: String,
    /// Whether it is kept for emergencies.
    pub break_glass: bool,
    /// The organisation's name.
    pub organization: String,
}

impl Account {
    /// What an attacker would try first for a password.
    #[must_use]
    pub fn words(&self) -> [&str; 4] {
        [&self.user_name, &self.display_name, &self.email, &self.organization]
    }
}

/// Finds an enabled account by the folded name that is signed in with.
pub async fn named(
    connection: &mut PgConnection,
    folded: &str,
) -> Result<Option<PrincipalId>, Error> {
    Ok(sqlx::query_scalar!(
        r#"
        select id as "id: PrincipalId" from principals
        where kind = 'user' and name_folded = $1 and disabled_at is null
        "#,
        folded,
    )
    .fetch_optional(connection)
    .await?)
}

/// Reads an enabled account.
pub async fn read(
    connection: &mut PgConnection,
    principal: PrincipalId,
) -> Result<Option<Account>, Error> {
    Ok(sqlx::query_as!(
        Account,
        r#"
        select principals.id as "principal: PrincipalId", person_id as "person!: PersonId",
            principals.name as user_name, display_name, email, break_glass, root.name as organization
        from principals
        join persons on persons.id = person_id
        join scopes as root on root.parent_id is null
        where principals.id = $1 and principals.kind = 'user' and disabled_at is null
        "#,
        principal.0,
    )
    .fetch_optional(connection)
    .await?)
}

/// Reads an enabled account and keeps it enabled until the change is committed. Comes before every other lock.
pub async fn hold(change: &mut Change, principal: PrincipalId) -> Result<Account, Error> {
    sqlx::query!("select id from principals where id = $1 for share", principal.0)
        .fetch_optional(change.connection())
        .await?;
    read(change.connection(), principal).await?.ok_or(Error::Unauthenticated)
}

/// Lets nobody sign in to an account, or begin anything as it, until the change is committed. Comes before every other lock.
pub async fn hold_alone(change: &mut Change, principal: PrincipalId) -> Result<(), Error> {
    sqlx::query!("select id from principals where id = $1 for no key update", principal.0)
        .fetch_optional(change.connection())
        .await?;
    Ok(())
}

/// Lists the enabled people who hold Global Administrator or may activate it, directly or through a group.
pub async fn administrators(change: &mut Change) -> Result<Vec<PrincipalId>, Error> {
    Ok(sqlx::query_scalar!(
        r#"
        with clock as (select instant() as now),
        holders as (
            select principal_id from clock, live_assignments(now) where role_id = $1
            union
            select principal_id from clock, live_eligibilities(now) where role_id = $1
        ),
        members as (
            select principal_id from holders
            union
            select member.principal_id
            from clock
            cross join holders
            join principals as groups on groups.id = holders.principal_id and groups.kind = 'group'
            cross join lateral members_of(groups.id, now) as member
        )
        select principals.id as "id: PrincipalId"
        from principals
        join members on members.principal_id = principals.id
        where principals.kind = 'user' and disabled_at is null
        order by principals.id
        "#,
        RoleId::GLOBAL_ADMINISTRATOR.0,
    )
    .fetch_all(change.connection())
    .await?)
}
