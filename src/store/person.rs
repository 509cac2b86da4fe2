//! People and their accounts.
use sqlx::PgConnection;

use super::{Change, OnConstraint as _};
use crate::{
    domain::{
        id::{PersonId, PrincipalId},
        text::{DisplayName, Email, UserName, fold},
        time::Instant,
    },
    error::Error,
};

/// A user as it is told.
#[derive(Clone, Debug)]
pub struct Told {
    /// The account.
    pub principal: PrincipalId,
    /// The human being.
    pub person: PersonId,
    /// Their name.
    pub name: String,
    /// The name that they sign in with.
    pub user_name: String,
    /// Their address.
    pub email: String,
    /// Whether the account is kept for emergencies.
    pub break_glass: bool,
    /// When it was made.
    pub created_at: Instant,
    /// When it was disabled.
    pub disabled_at: Option<Instant>,
    /// Whether they have a password and an authenticator.
    pub enrolled: bool,
    /// When they last signed in.
    pub last_signed_in_at: Option<Instant>,
    /// How many roles they are eligible for.
    pub eligible: i64,
    /// How many roles they hold now.
    pub active: i64,
}

/// Which users are wanted.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// This account.
    pub principal: Option<PrincipalId>,
    /// The accounts of this human being.
    pub person: Option<PersonId>,
    /// Those whose name, user name or address contains this.
    pub search: Option<String>,
    /// Those that come after this name and account.
    pub after: Option<(String, PrincipalId)>,
}

/// Users by name, `limit` at most.
pub async fn list(
    connection: &mut PgConnection,
    wanted: &Wanted,
    limit: i64,
) -> Result<Vec<Told>, Error> {
    Ok(sqlx::query_as!(
        Told,
        r#"
        select
            principals.id as "principal: PrincipalId", persons.id as "person: PersonId", display_name as name,
            principals.name as user_name, email, break_glass, principals.created_at, disabled_at,
            exists (select from password_credentials where principal_id = principals.id)
                and exists (select from totp_credentials where principal_id = principals.id
                    and confirmed_at is not null and removed_at is null) as "enrolled!",
            -- Sessions are forgotten after a while; the log is not.
            (select at from audit_events where actor_id = principals.id and kind = 'sign_in.succeeded'
                order by at desc limit 1) as last_signed_in_at,
            coalesce(held.eligible, 0) as "eligible!", coalesce(held.active, 0) as "active!"
        from principals
        join persons on persons.id = person_id
        left join lateral (
            select count(*) filter (where kind = 'eligible') as eligible, count(*) filter (where kind = 'active') as active
            from assignments
            where principal_id = principals.id and ended_at is null and starts_at <= instant() and ends_at > instant()
        ) as held on true
        where principals.kind = 'user'
            and ($1::uuid is null or principals.id = $1)
            and ($2::text is null or position(lower($2) in lower(display_name)) > 0
                or position(lower($2) in principals.name_folded) > 0 or position(lower($2) in email_folded) > 0)
            and ($3::text is null or (display_name, principals.id) > ($3, $4::uuid))
            and ($6::uuid is null or principals.person_id = $6)
        order by display_name, principals.id
        limit $5
        "#,
        wanted.principal.map(|id| id.0),
        wanted.search,
        wanted.after.as_ref().map(|(name, _)| name.as_str()),
        wanted.after.as_ref().map(|(_, id)| id.0),
        limit,
        wanted.person.map(|id| id.0),
    )
    .fetch_all(connection)
    .await?)
}

/// One user.
pub async fn one(connection: &mut PgConnection, principal: PrincipalId) -> Result<Told, Error> {
    let wanted = Wanted { principal: Some(principal), ..Wanted::default() };
    list(connection, &wanted, 1).await?.pop().ok_or(Error::NotFound("person"))
}

/// The account that signs in by this name.
pub async fn named(
    connection: &mut PgConnection,
    user_name: &UserName,
) -> Result<Option<PrincipalId>, Error> {
    Ok(sqlx::query_scalar!(
        r#"select id as "id: PrincipalId" from principals where kind = 'user' and name_folded = $1"#,
        user_name.folded(),
    )
    .fetch_optional(connection)
    .await?)
}

/// Whether nobody is there yet.
pub async fn nobody(connection: &mut PgConnection) -> Result<bool, Error> {
    Ok(sqlx::query_scalar!(
        r#"select not exists (select from principals where kind = 'user') as "nobody!""#
    )
    .fetch_one(connection)
    .await?)
}

/// Who is invited.
#[derive(Clone, Debug)]
pub struct NewPerson {
    /// Their name.
    pub name: DisplayName,
    /// The name to sign in with.
    pub user_name: UserName,
    /// Their address.
    pub email: Email,
    /// Whether the account is kept for emergencies.
    pub break_glass: bool,
}

/// Creates a person with an account.
pub async fn create(
    change: &mut Change,
    new: &NewPerson,
) -> Result<(PersonId, PrincipalId), Error> {
    let person = PersonId::new();
    let at = change.at();
    sqlx::query!(
        "insert into persons (id, display_name, email, email_folded, created_at) values ($1, $2, $3, $4, $5)",
        person.0,
        new.name.as_str(),
        new.email.as_str(),
        new.email.folded(),
        at,
    )
    .execute(change.connection())
    .await
    .on_constraint("persons_email_unique", || {
        Error::invalid("email", "somebody has this address already: give that person another account instead")
    })?;
    Ok((person, add_account(change, person, &new.user_name, new.break_glass).await?))
}

/// Gives a person another account. Both stay one person: neither can approve for the other.
pub async fn add_account(
    change: &mut Change,
    person: PersonId,
    user_name: &UserName,
    break_glass: bool,
) -> Result<PrincipalId, Error> {
    let principal = PrincipalId::new();
    let at = change.at();
    sqlx::query!(
        r#"
        insert into principals (id, kind, person_id, name, name_folded, break_glass, created_at)
        values ($1, 'user', $2, $3, $4, $5, $6)
        "#,
        principal.0,
        person.0,
        user_name.as_str(),
        user_name.folded(),
        break_glass,
        at,
    )
    .execute(change.connection())
    .await
    .on_constraint("principals_name_unique", || {
        Error::invalid("user_name", "this user name is taken")
    })?;
    Ok(principal)
}

/// The other accounts of a person.
pub async fn accounts(
    connection: &mut PgConnection,
    person: PersonId,
) -> Result<Vec<PrincipalId>, Error> {
    Ok(sqlx::query_scalar!(
        r#"select id as "id: PrincipalId" from principals where person_id = $1 and kind = 'user' order by id"#,
        person.0,
    )
    .fetch_all(connection)
    .await?)
}

/// The accounts of a person as they are told, a hundred at most.
pub async fn accounts_told(
    connection: &mut PgConnection,
    person: PersonId,
) -> Result<Vec<Told>, Error> {
    list(connection, &Wanted { person: Some(person), ..Wanted::default() }, 100).await
}

/// Disables an account, or enables it again. False if it was so already.
pub async fn set_disabled(
    change: &mut Change,
    principal: PrincipalId,
    disabled: bool,
) -> Result<bool, Error> {
    let at = change.at();
    let changed = sqlx::query!(
        r#"
        update principals set disabled_at = $2
        where id = $1 and (disabled_at is null) = ($2::timestamptz is not null)
        "#,
        principal.0,
        disabled.then_some(at),
    )
    .execute(change.connection())
    .await?;
    Ok(changed.rows_affected() == 1)
}

/// The enabled account that is known by this user name or mail address, exactly, with the human being behind it. None too if
/// it is the user name of one and the mail address of another: nobody is to be taken for somebody else.
pub async fn called(
    connection: &mut PgConnection,
    text: &str,
) -> Result<Option<(PrincipalId, PersonId)>, Error> {
    // Nobody's name has such a character, and the database takes none.
    if text.contains('\0') {
        return Ok(None);
    }
    let found = sqlx::query!(
        r#"
        -- Two questions, since no index has both what an account and what its person is called.
        with called as (
            select id, person_id, disabled_at, created_at, true as by_name
            from principals
            where kind = 'user' and name_folded = $1
            union all
            select accounts.id, accounts.person_id, disabled_at, accounts.created_at, false
            from persons
            join principals as accounts on accounts.person_id = persons.id and kind = 'user'
            where email_folded = $1
        )
        select id as "id!: PrincipalId", person_id as "person!: PersonId"
        from called
        where disabled_at is null and (select count(distinct person_id) from called) = 1
        order by by_name desc, created_at
        limit 1
        "#,
        fold(text),
    )
    .fetch_optional(connection)
    .await?;
    Ok(found.map(|row| (row.id, row.person)))
}

/// Whom a person answers to.
pub async fn manager(
    connection: &mut PgConnection,
    person: PersonId,
) -> Result<Option<(PersonId, String)>, Error> {
    let found = sqlx::query!(
        r#"
        select managers.id as "id: PersonId", managers.display_name
        from persons join persons as managers on managers.id = persons.manager_id
        where persons.id = $1
        "#,
        person.0,
    )
    .fetch_optional(connection)
    .await?;
    Ok(found.map(|row| (row.id, row.display_name)))
}

/// Sets whom a person answers to; none: nobody.
pub async fn set_manager(
    change: &mut Change,
    person: PersonId,
    manager: Option<PersonId>,
) -> Result<(), Error> {
    sqlx::query!(
        "update persons set manager_id = $2 where id = $1",
        person.0,
        manager.map(|manager| manager.0),
    )
    .execute(change.connection())
    .await
    .on_constraint("persons_manage_others", || {
        Error::invalid("manager", "nobody is their own manager")
    })?;
    Ok(())
}
