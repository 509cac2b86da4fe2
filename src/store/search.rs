//! Looking for people, groups, applications, roles and places by a part of their names.
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    domain::{
        id::{PersonId, PrincipalId, ScopeId},
        search::Found,
    },
    error::Error,
};

/// Who looks, and where they may.
#[derive(Clone, Debug, Default)]
pub struct Sight {
    /// The account, which always sees itself.
    pub principal: PrincipalId,
    /// The human being, who sees the applications that they answer for.
    pub person: Option<PersonId>,
    /// Below which places they see people; none is everywhere.
    pub people: Option<Vec<ScopeId>>,
    /// Below which places they see roles, groups and the places themselves; none is everywhere.
    pub roles: Option<Vec<ScopeId>>,
    /// Whether they see every application.
    pub applications: bool,
}

/// What is looked for.
#[derive(Clone, Debug)]
pub struct Wanted<'a> {
    /// A part of the name.
    pub asked: &'a str,
    /// Things of this kind; all kinds if none is given.
    pub kind: Option<Found>,
    /// What comes after this one.
    pub after: Option<&'a Position>,
    /// How many of each kind at most.
    pub each: i64,
}

/// Where something stands among those of its kind: first what begins as was asked, then by name.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Position(pub i32, pub String, pub Uuid);

/// Something that was found.
#[derive(Clone, Debug)]
pub struct Hit {
    /// What it is.
    pub kind: Found,
    /// Which.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// What tells it from others of that name: the account, the place above, what it is for.
    pub detail: String,
    /// Whether it is disabled.
    pub disabled: bool,
    /// Where it stands.
    pub position: Position,
}

/// What `sight` may see of what is asked for, `each` of a kind at most, by kind.
#[expect(clippy::too_many_lines, reason = "one statement, so that all of it is true at one moment")]
pub async fn find(
    connection: &mut PgConnection,
    sight: &Sight,
    wanted: &Wanted<'_>,
) -> Result<Vec<Hit>, Error> {
    let people = super::ids(sight.people.as_deref());
    let roles = super::ids(sight.roles.as_deref());
    let rows = sqlx::query!(
        r#"
        with people as (
            select principals.id, display_name as name, principals.name as detail, disabled_at is not null as disabled
            from persons
            join principals on person_id = persons.id and kind = 'user'
            where searchable(display_name) like search_pattern($1) or searchable(email_folded) like search_pattern($1)
            union
            select principals.id, display_name, principals.name, disabled_at is not null
            from principals
            join persons on persons.id = person_id
            where kind = 'user' and searchable(principals.name) like search_pattern($1)
        ),
        found as (
            (
                select 'person' as kind, people.*, starts.late
                from people
                cross join lateral (select (not starts_with(searchable(people.name), searchable($1)))::int as late) as starts
                where ($2::text is null or $2 = 'person')
                    and ($3::uuid[] is null or people.id = $5 or exists (
                        select from assignments
                        join scope_ancestors on scope_ancestors.scope_id = assignments.scope_id and ancestor_id = any($3)
                        where principal_id = people.id and ended_at is null and ends_at > instant()
                    ))
                    and ($8::int is null or (late, people.name, people.id) > ($8, $9, $10::uuid))
                order by late, people.name, people.id
                limit $11
            )
            union all
            (
                select 'group', principals.id, principals.name, '', false, starts.late
                from principals
                join scopes on scopes.group_id = principals.id and scopes.retired_at is null
                cross join lateral (
                    select (not starts_with(searchable(principals.name), searchable($1)))::int as late
                ) as starts
                where searchable(principals.name) like search_pattern($1) and principals.kind = 'group'
                    and ($2::text is null or $2 = 'group')
                    and ($4::uuid[] is null or exists (select from scope_ancestors
                        where scope_ancestors.scope_id = scopes.id and ancestor_id = any($4)))
                    and ($8::int is null or (late, principals.name, principals.id) > ($8, $9, $10::uuid))
                order by late, principals.name, principals.id
                limit $11
            )
            union all
            (
                select 'application', principals.id, principals.name, principals.description, disabled_at is not null,
                    starts.late
                from principals
                cross join lateral (
                    select (not starts_with(searchable(principals.name), searchable($1)))::int as late
                ) as starts
                where searchable(principals.name) like search_pattern($1) and principals.kind = 'service_principal'
                    and ($2::text is null or $2 = 'application')
                    and ($7 or exists (select from application_owners
                        where principal_id = principals.id and application_owners.person_id = $6 and ended_at is null))
                    and ($8::int is null or (late, principals.name, principals.id) > ($8, $9, $10::uuid))
                order by late, principals.name, principals.id
                limit $11
            )
            union all
            (
                select 'role', roles.id, roles.name, roles.description, false, starts.late
                from roles
                cross join lateral (select (not starts_with(searchable(roles.name), searchable($1)))::int as late) as starts
                where searchable(roles.name) like search_pattern($1) and retired_at is null
                    and roles.id <> '00000000-0000-8000-8000-000000000008'
                    and ($2::text is null or $2 = 'role') and ($4::uuid[] is null or cardinality($4) > 0)
                    and ($8::int is null or (late, roles.name, roles.id) > ($8, $9, $10::uuid))
                order by late, roles.name, roles.id
                limit $11
            )
            union all
            (
                select 'place', scopes.id, scopes.name, '', false, starts.late
                from scopes
                cross join lateral (select (not starts_with(searchable(scopes.name), searchable($1)))::int as late) as starts
                where searchable(scopes.name) like search_pattern($1) and retired_at is null and kind <> 'group'
                    and ($2::text is null or $2 = 'place')
                    and ($4::uuid[] is null or exists (select from scope_ancestors
                        where scope_ancestors.scope_id = scopes.id and ancestor_id = any($4)))
                    and ($8::int is null or (late, scopes.name, scopes.id) > ($8, $9, $10::uuid))
                order by late, scopes.name, scopes.id
                limit $11
            )
        )
        select
            found.kind as "kind!", found.id as "id!", found.name as "name!", disabled as "disabled!", late as "late!",
            case when found.kind in ('group', 'place') then coalesce((
                select string_agg(above.name, ' / ' order by way.depth desc)
                from scopes as here
                join scope_ancestors as way on way.scope_id = here.id and way.depth > 0
                join scopes as above on above.id = way.ancestor_id and above.parent_id is not null
                where found.id in (here.id, here.group_id)
            ), '') else found.detail end as "detail!"
        from found
        "#,
        wanted.asked,
        wanted.kind.map(Found::name),
        people.as_deref(),
        roles.as_deref(),
        sight.principal.0,
        sight.person.map(|id| id.0),
        sight.applications,
        wanted.after.map(|after| after.0),
        wanted.after.map(|after| after.1.as_str()),
        wanted.after.map(|after| after.2),
        wanted.each,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            Some(Hit {
                kind: Found::named(&row.kind)?,
                id: row.id,
                position: Position(row.late, row.name.clone(), row.id),
                name: row.name,
                detail: row.detail,
                disabled: row.disabled,
            })
        })
        .collect())
}
