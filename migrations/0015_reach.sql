-- What people may come to hold, seen the same way wherever it is asked: with every application that they can sign in as, and
-- through groups.

-- Who could sign in as whoever made a secret or key, at the moment when it was made: they may have it as long as it is good,
-- whatever they own since.
alter table application_credentials add column people uuid[] not null default '{}';
update application_credentials set people = array(
    select makers.person_id from principals as makers where makers.id = created_by and makers.kind = 'user'
    union
    select owners.person_id from application_owners as owners where owners.principal_id = created_by and ended_at is null
)
where revoked_at is null;
drop trigger application_credentials_frozen on application_credentials;
create trigger application_credentials_frozen before update on application_credentials
    for each row execute function frozen_columns(
        'id', 'principal_id', 'kind', 'name', 'secret_hash', 'public_key', 'created_at', 'created_by', 'expires_at', 'people'
    );
create index application_credentials_by_people on application_credentials using gin (people) where revoked_at is null;
create index application_credentials_by_maker on application_credentials (created_by) where revoked_at is null;

-- As which applications an account, of a person or of another application, can sign in: those that its person owns, by
-- whichever account; those of which its person may have a secret or a key; and those of which it made one itself.
create function acts_as(account uuid) returns table (application_id uuid)
    language sql stable
    as $$
        select owned.principal_id
        from principals as own
        join application_owners as owned on owned.person_id = own.person_id and owned.ended_at is null
        where own.id = account and own.kind = 'user'
        union all
        select made.principal_id
        from principals as own
        join application_credentials as made
            on made.people @> array[own.person_id] and made.revoked_at is null and made.expires_at > instant()
        where own.id = account and own.kind = 'user'
        union all
        select made.principal_id
        from application_credentials as made
        join principals as makers on makers.id = made.created_by and makers.kind = 'service_principal'
        where made.created_by = account and made.revoked_at is null and made.expires_at > instant()
    $$;

-- The people behind an application, who can sign in as it, directly or as another application: the same, seen from the other
-- end.
create function people_of_application(application uuid) returns table (person_id uuid)
    language sql stable
    as $$
        with recursive behind (id) as (
            select application
            union
            select made.created_by
            from behind
            join application_credentials as made
                on made.principal_id = behind.id and made.revoked_at is null and made.expires_at > instant()
            join principals as makers on makers.id = made.created_by and makers.kind = 'service_principal'
        )
        select owners.person_id
        from behind
        join application_owners as owners on owners.principal_id = behind.id and owners.ended_at is null
        union
        select unnest(made.people)
        from behind
        join application_credentials as made
            on made.principal_id = behind.id and made.revoked_at is null and made.expires_at > instant()
    $$;

-- Everything that an account may come to act as: itself, the applications that it can sign in as, and every group that these
-- belong to, may get into, or own.
create or replace function ways_of(account uuid) returns table (principal_id uuid)
    language sql stable
    as $$
        with recursive own (id) as (
            select account
            union
            select next.application_id from own cross join lateral acts_as(own.id) as next
        ),
        carriers (id) as (
            select id from own
            union
            select scopes.group_id
            from carriers
            join assignments on assignments.principal_id = carriers.id and ended_at is null and ends_at > instant()
                and role_id in ('00000000-0000-8000-8000-000000000008', '00000000-0000-8000-8000-000000000009')
            join scopes on scopes.id = assignments.scope_id and scopes.kind = 'group'
        )
        select id from carriers
    $$;

create or replace function reaches_privilege(account uuid) returns boolean
    language sql stable
    as $$
        with ways as materialized (select principal_id from ways_of(account))
        select exists (
            select from ways
            join assignments on assignments.principal_id = ways.principal_id and ended_at is null and ends_at > instant()
            join roles on roles.id = role_id
            join scopes on scopes.id = scope_id
            where privileged or 'audit.read' = any(permissions)
                or (role_id = '00000000-0000-8000-8000-000000000009' and scopes.kind <> 'group')
        )
        or exists (select from principals where id = account and break_glass)
        or exists (
            select from role_settings as terms
            join roles on roles.id = role_id and privileged
            join settings_approvers on settings_id = terms.id
            where activation_requires_approval and settings_approvers.principal_id in (select principal_id from ways)
                and not exists (
                    select from role_settings as newer
                    where newer.role_id = terms.role_id and newer.scope_id = terms.scope_id
                        and newer.version > terms.version
                )
        )
    $$;

-- Access that counts at an instant, with the eligibility that an activation rests on. Only activations have one, so it is
-- asked for row by row: what was assigned never looks for any.
create or replace function in_force(at timestamptz) returns setof assignments
    language sql stable
    as $$
        select assignments.*
        from assignments
        join principals on principals.id = assignments.principal_id and principals.disabled_at is null
        join roles on roles.id = assignments.role_id and roles.retired_at is null
        join scopes on scopes.id = assignments.scope_id and scopes.retired_at is null
        where assignments.kind = 'active' and assignments.ended_at is null
            and assignments.starts_at <= at and at < assignments.ends_at
            and (assignments.eligibility_id is null or exists (
                select from assignments as eligibility
                where eligibility.id = assignments.eligibility_id and eligibility.ended_at is null
                    and eligibility.starts_at <= at and at < eligibility.ends_at
                    and (eligibility.scope_id = assignments.scope_id or exists (
                        select from scope_ancestors
                        where scope_ancestors.scope_id = assignments.scope_id and ancestor_id = eligibility.scope_id
                    ))
            ))
    $$;

-- What is in force, but for activations whose owner no longer belongs to the group that is eligible.
create or replace function live_assignments(at timestamptz) returns setof assignments
    language sql stable
    as $$
        select held.*
        from in_force(at) as held
        where held.eligibility_id is null or exists (
            select from assignments as eligibility
            where eligibility.id = held.eligibility_id
                and (eligibility.principal_id = held.principal_id or exists (
                    select from belongs_to(held.principal_id, at) as groups where groups.group_id = eligibility.principal_id
                ))
        )
    $$;

-- Who has power now, longest first.
create index assignments_in_force on assignments (origin, starts_at, id) where kind = 'active' and ended_at is null;

-- The enabled people who are allowed this at a scope: by what they hold there or above, themselves or through a group.
create function people_permitted(permission text, scope uuid, at timestamptz)
    returns table (principal_id uuid, person_id uuid)
    language sql stable
    as $$
        select distinct principals.id, principals.person_id
        from scope_ancestors
        join live_assignments(at) as held on held.scope_id = ancestor_id
        join roles on roles.id = held.role_id and permission = any(roles.permissions)
        join principals as holders on holders.id = held.principal_id
        cross join lateral (
            select holders.id where holders.kind = 'user'
            union all
            select members.principal_id from members_of(holders.id, at) as members where holders.kind = 'group'
        ) as candidates
        join principals on principals.id = candidates.id and principals.kind = 'user'
            and principals.disabled_at is null
        where scope_ancestors.scope_id = scope
    $$;

create or replace function deciders_of_change(change uuid, at timestamptz)
    returns table (principal_id uuid, person_id uuid)
    language sql stable
    as $$
        select allowed.principal_id, allowed.person_id
        from change_requests as asked
        cross join lateral people_permitted(asked.permission, asked.scope_id, at) as allowed
        where asked.id = change and allowed.person_id <> asked.author_person_id
            and not gains_by_change(change, allowed.person_id, at)
    $$;

-- A role is given where it can be held, and neither it nor the place is going out of use at this moment: whoever is changing or
-- retiring one of them is waited for, and then looked at again.
create or replace function assignments_fit_the_role() returns trigger language plpgsql as $$
begin
    perform 1 from roles where id = new.role_id and retired_at is null for key share;
    if found then
        perform 1 from scopes where id = new.scope_id and retired_at is null for key share;
    end if;
    if not found then
        raise exception 'role % or scope % is out of use', new.role_id, new.scope_id
            using errcode = 'check_violation', constraint = 'assignments_need_what_is_in_use';
    end if;
    if not exists (
        select from roles
        join scopes on scopes.id = new.scope_id and scopes.kind = any(roles.scope_kinds)
        where roles.id = new.role_id
    ) then
        raise exception 'role % cannot be held at scope %', new.role_id, new.scope_id
            using errcode = 'check_violation', constraint = tg_name;
    end if;
    return new;
end $$;
