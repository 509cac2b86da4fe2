//! Applications, and the people who answer for them.
use sqlx::PgConnection;

use super::{Change, OnConstraint as _};
use crate::{
    domain::{
        id::{PersonId, PrincipalId},
        text::{Description, Name},
        time::Instant,
    },
    error::Error,
};

mod credential;

pub use credential::*;

/// An application as it is told.
#[derive(Clone, Debug)]
pub struct Told {
    /// The application.
    pub principal: PrincipalId,
    /// What it is called.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// The person who is accountable for it.
    pub accountable: PersonId,
    /// Their name.
    pub accountable_name: String,
    /// How many people own it.
    pub owners: i64,
    /// The roles that it holds now, with their places where that is not the organisation.
    pub roles: Vec<String>,
    /// How many secrets and keys it has that are good.
    pub credentials: i64,
    /// When the first of these ends.
    pub credentials_end_at: Option<Instant>,
    /// When it was last seen.
    pub last_used_at: Option<Instant>,
    /// When it was registered.
    pub created_at: Instant,
    /// When it was disabled.
    pub disabled_at: Option<Instant>,
}

/// Which applications are wanted.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// This one.
    pub principal: Option<PrincipalId>,
    /// Those that this person owns.
    pub owner: Option<PersonId>,
    /// Those whose name or description contains this.
    pub search: Option<String>,
    /// Those that come after this name.
    pub after: Option<String>,
}

/// Applications by name, `limit` at most.
pub async fn list(
    connection: &mut PgConnection,
    wanted: &Wanted,
    limit: i64,
) -> Result<Vec<Told>, Error> {
    Ok(sqlx::query_as!(
        Told,
        r#"
        select
            principals.id as "principal: PrincipalId", principals.name, description,
            persons.id as "accountable: PersonId", display_name as accountable_name,
            (select count(*) from application_owners
                where principal_id = principals.id and ended_at is null) as "owners!",
            array(
                select roles.name || case when scopes.parent_id is null then '' else ' at ' || scopes.name end
                from live_assignments(clock.now) as held
                join roles on roles.id = role_id
                join scopes on scopes.id = scope_id
                where held.principal_id = principals.id
                order by 1
            ) as "roles!",
            coalesce(good.credentials, 0) as "credentials!", good.ends_at as credentials_end_at,
            (select max(last_used_at) from application_credentials
                where principal_id = principals.id) as last_used_at,
            principals.created_at, disabled_at
        from (select instant() as now) as clock
        cross join principals
        join persons on persons.id = principals.person_id
        left join lateral (
            select count(*) as credentials, min(expires_at) as ends_at
            from application_credentials
            where principal_id = principals.id and revoked_at is null and expires_at > clock.now
        ) as good on true
        where principals.kind = 'service_principal'
            and ($1::uuid is null or principals.id = $1)
            and ($2::uuid is null or exists (select from application_owners
                where principal_id = principals.id and person_id = $2 and ended_at is null))
            and ($3::text is null or position(lower($3) in principals.name_folded) > 0
                or position(lower($3) in lower(description)) > 0)
            and ($4::text is null or principals.name_folded > lower($4))
        order by principals.name_folded
        limit $5
        "#,
        wanted.principal.map(|id| id.0),
        wanted.owner.map(|id| id.0),
        wanted.search,
        wanted.after,
        limit,
    )
    .fetch_all(connection)
    .await?)
}

/// One application.
pub async fn one(connection: &mut PgConnection, id: PrincipalId) -> Result<Told, Error> {
    let wanted = Wanted { principal: Some(id), ..Wanted::default() };
    list(connection, &wanted, 1).await?.pop().ok_or(Error::NotFound("application"))
}

/// Somebody who answers for an application.
#[derive(Clone, Debug)]
pub struct Owner {
    /// The human being.
    pub person: PersonId,
    /// Their name.
    pub name: String,
    /// An account of theirs, one that is enabled if there is one.
    pub principal: PrincipalId,
    /// What that account is called.
    pub user_name: String,
    /// Whether every account of theirs is disabled.
    pub disabled: bool,
    /// Whether they are accountable.
    pub accountable: bool,
    /// Since when.
    pub since: Instant,
}

/// Who answers for an application, the accountable one first.
pub async fn owners(
    connection: &mut PgConnection,
    application: PrincipalId,
) -> Result<Vec<Owner>, Error> {
    Ok(sqlx::query_as!(
        Owner,
        r#"
        select
            owner.person_id as "person: PersonId", display_name as name, account.id as "principal: PrincipalId",
            account.name as user_name, account.disabled_at is not null as "disabled!",
            owner.person_id = application.person_id as "accountable!", owner.created_at as since
        from application_owners as owner
        join principals as application on application.id = owner.principal_id
        join persons on persons.id = owner.person_id
        cross join lateral (
            select id, name, disabled_at from principals
            where person_id = owner.person_id and kind = 'user'
            order by disabled_at is not null, created_at, id
            limit 1
        ) as account
        where owner.principal_id = $1 and ended_at is null
        order by owner.person_id <> application.person_id, owner.created_at, display_name
        "#,
        application.0,
    )
    .fetch_all(connection)
    .await?)
}

/// Whether somebody owns an application, or any at all if none is said.
pub async fn owns(
    connection: &mut PgConnection,
    person: PersonId,
    application: Option<PrincipalId>,
) -> Result<bool, Error> {
    Ok(sqlx::query_scalar!(
        r#"
        select exists (
            select from application_owners
            where person_id = $1 and ended_at is null and ($2::uuid is null or principal_id = $2)
        ) as "owns!"
        "#,
        person.0,
        application.map(|id| id.0),
    )
    .fetch_one(connection)
    .await?)
}

/// Holds an application under lock until the change ends: nobody changes it, its owners or what it holds meanwhile.
pub async fn lock(change: &mut Change, id: PrincipalId) -> Result<Told, Error> {
    super::account::hold_alone(change, id).await?;
    one(change.connection(), id).await
}

/// Registers an application, with who is accountable for it.
pub async fn create(
    change: &mut Change,
    name: &Name,
    description: &Description,
    accountable: PersonId,
) -> Result<PrincipalId, Error> {
    let id = PrincipalId::new();
    let at = change.at();
    sqlx::query!(
        r#"
        insert into principals (id, kind, person_id, name, name_folded, description, created_at)
        values ($1, 'service_principal', $2, $3, $4, $5, $6)
        "#,
        id.0,
        accountable.0,
        name.as_str(),
        name.folded(),
        description.as_str(),
        at,
    )
    .execute(change.connection())
    .await
    .on_constraint("principals_name_unique", name_taken)?;
    Ok(id)
}

fn name_taken() -> Error {
    Error::invalid("name", "there is an application of that name already")
}

/// Gives an application another name and description.
pub async fn rename(
    change: &mut Change,
    id: PrincipalId,
    name: &Name,
    description: &Description,
) -> Result<(), Error> {
    sqlx::query!(
        "update principals set name = $2, name_folded = $3, description = $4 where id = $1",
        id.0,
        name.as_str(),
        name.folded(),
        description.as_str(),
    )
    .execute(change.connection())
    .await
    .on_constraint("principals_name_unique", name_taken)?;
    Ok(())
}

/// Makes somebody an owner. Says whether they were none before.
pub async fn add_owner(
    change: &mut Change,
    application: PrincipalId,
    person: PersonId,
) -> Result<bool, Error> {
    let at = change.at();
    let added = sqlx::query!(
        r#"
        insert into application_owners (id, principal_id, person_id, created_at)
        values ($1, $2, $3, $4)
        on conflict (principal_id, person_id) where ended_at is null do nothing
        "#,
        uuid::Uuid::now_v7(),
        application.0,
        person.0,
        at,
    )
    .execute(change.connection())
    .await?;
    Ok(added.rows_affected() == 1)
}

/// Ends that somebody owns an application. Says whether they did.
pub async fn remove_owner(
    change: &mut Change,
    application: PrincipalId,
    person: PersonId,
) -> Result<bool, Error> {
    let at = change.at();
    let ended = sqlx::query!(
        r#"
        update application_owners set ended_at = $3
        where principal_id = $1 and person_id = $2 and ended_at is null
        "#,
        application.0,
        person.0,
        at,
    )
    .execute(change.connection())
    .await?;
    Ok(ended.rows_affected() == 1)
}

/// Makes one of the owners accountable.
pub async fn make_accountable(
    change: &mut Change,
    application: PrincipalId,
    person: PersonId,
) -> Result<(), Error> {
    sqlx::query!("update principals set person_id = $2 where id = $1", application.0, person.0)
        .execute(change.connection())
        .await?;
    Ok(())
}
