-- The whole tree: places that move and retire, groups inside groups and as holders of roles, and Latchkey's own roles held at
-- any place.

alter type assignment_end add value 'membership_ended';
alter type assignment_end add value 'scope_moved';
alter type assignment_end add value 'scope_retired';
alter type assignment_end add value 'role_retired';

-- A role is held only at the kinds of place that it allows.
create function assignments_fit_the_role() returns trigger language plpgsql as $$
begin
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
create trigger assignments_fit_the_role before insert on assignments
    for each row when (new.origin = 'assigned') execute function assignments_fit_the_role();

-- Places.

alter table scopes add column description text not null default '';
alter table scopes add constraint scopes_description_length check (char_length(description) <= 1000);
-- What is retired leaves its name to others.
alter table scopes drop constraint scopes_name_unique;
create unique index scopes_name_unique on scopes (parent_id, name_folded) where retired_at is null;

drop trigger scopes_frozen on scopes;
create trigger scopes_frozen before update on scopes
    for each row execute function frozen_columns('id', 'kind', 'group_id', 'created_at');

-- What lies in what: nothing in a group, no folders and systems in systems and resources, nothing in what is retired.
-- Whoever adds a place waits for those that move, so that what lies below what is never read half way.
create function scopes_fit() returns trigger language plpgsql as $$
declare
    parent scopes;
begin
    if new.parent_id is null then
        return new;
    end if;
    if tg_op = 'INSERT' then
        perform pg_advisory_xact_lock_shared(hashtext('scopes'));
    else
        perform pg_advisory_xact_lock(hashtext('scopes'));
    end if;
    select * into parent from scopes where id = new.parent_id;
    if parent.kind = 'group' or (parent.kind in ('system', 'resource') and new.kind in ('folder', 'system')) then
        raise exception 'a % cannot lie in a %', new.kind, parent.kind
            using errcode = 'check_violation', constraint = 'scopes_fit';
    end if;
    if parent.retired_at is not null then
        raise exception 'scope % is retired', parent.id
            using errcode = 'check_violation', constraint = 'scopes_parent_in_use';
    end if;
    if tg_op = 'UPDATE' and exists (
        select from scope_ancestors where scope_id = new.parent_id and ancestor_id = new.id
    ) then
        raise exception 'scope % cannot lie in itself', new.id
            using errcode = 'check_violation', constraint = 'scopes_acyclic';
    end if;
    return new;
end $$;
create trigger scopes_fit before insert on scopes for each row execute function scopes_fit();
create trigger scopes_still_fit before update on scopes for each row
    when (old.parent_id is distinct from new.parent_id) execute function scopes_fit();

create function scopes_move() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
    delete from scope_ancestors as stale
    using scope_ancestors as below
    where below.ancestor_id = new.id and stale.scope_id = below.scope_id
        and not exists (
            select from scope_ancestors as inside
            where inside.ancestor_id = new.id and inside.scope_id = stale.ancestor_id
        );
    insert into scope_ancestors (scope_id, ancestor_id, depth)
    select below.scope_id, above.ancestor_id, below.depth + above.depth + 1
    from scope_ancestors as below
    cross join scope_ancestors as above
    where below.ancestor_id = new.id and above.scope_id = new.parent_id;
    return null;
end $$;
create trigger scopes_move after update on scopes for each row
    when (old.parent_id is distinct from new.parent_id) execute function scopes_move();

create constraint trigger scopes_recorded after insert on scopes
    deferrable initially deferred for each row when (new.kind <> 'group') execute function must_be_recorded('target');
-- The organisation's name comes from the server's own settings; nobody's power depends on it.
create constraint trigger scopes_changes_recorded after update on scopes
    deferrable initially deferred for each row when (new.parent_id is not null) execute function must_be_recorded('target');

-- Nothing goes on at a place, or by a role, that is no longer in use; nor below it.
create or replace function retiring_ends_all() returns trigger language plpgsql as $$
begin
    if exists (select from assignments where new.id in (role_id, scope_id) and ended_at is null)
        or exists (select from requests where new.id in (role_id, scope_id) and state in ('pending', 'scheduled')) then
        raise exception '% still has an assignment or an open request', new.id
            using errcode = 'check_violation', constraint = 'retiring_ends_all';
    end if;
    if tg_table_name = 'scopes' and exists (select from scopes where parent_id = new.id and retired_at is null) then
        raise exception 'something in % is still in use', new.id
            using errcode = 'check_violation', constraint = 'retiring_ends_all';
    end if;
    return null;
end $$;

grant update (parent_id, description) on scopes to latchkey_app;

-- Groups.

-- What is in force at an instant by itself: an assignment in its time, its holder enabled, its role and place in use, and,
-- of an activation, its eligibility too. Whether somebody who activated a group's eligibility still belongs to that group
-- is not looked at here; live_assignments does.
create function in_force(at timestamptz) returns setof assignments
    language sql stable
    as $$
        select assignments.*
        from assignments
        join principals on principals.id = assignments.principal_id and principals.disabled_at is null
        join roles on roles.id = assignments.role_id and roles.retired_at is null
        join scopes on scopes.id = assignments.scope_id and scopes.retired_at is null
        left join assignments as eligibility on eligibility.id = assignments.eligibility_id
        where assignments.kind = 'active' and assignments.ended_at is null
            and assignments.starts_at <= at and at < assignments.ends_at
            and (eligibility.id is null or (
                eligibility.ended_at is null and eligibility.starts_at <= at and at < eligibility.ends_at
                and (eligibility.scope_id = assignments.scope_id or exists (
                    select from scope_ancestors
                    where scope_ancestors.scope_id = assignments.scope_id and ancestor_id = eligibility.scope_id
                ))
            ))
    $$;

create index assignments_membership on assignments (principal_id, scope_id)
    where role_id = '00000000-0000-8000-8000-000000000008' and kind = 'active' and ended_at is null;

-- The groups that an account belongs to at an instant, by its own memberships and those of its groups in others, and until
-- when. A membership that was activated on a group's eligibility counts only while that group is belonged to. It has a
-- plan of its own, and does not make those of its readers longer.
create function belongs_to(principal uuid, at timestamptz) returns table (group_id uuid, until timestamptz)
    language plpgsql stable rows 5
    as $$
#variable_conflict use_column
begin
    return query
        with recursive own as (
            select scopes.group_id, held.ends_at, eligibility.principal_id as through
            from in_force(at) as held
            join scopes on scopes.id = held.scope_id
            left join assignments as eligibility
                on eligibility.id = held.eligibility_id and eligibility.principal_id <> held.principal_id
            where held.principal_id = principal and held.role_id = '00000000-0000-8000-8000-000000000008'
        ),
        belonging (group_id, until) as (
            select own.group_id, own.ends_at from own where through is null
            union
            select next.group_id, least(belonging.until, next.ends_at)
            from belonging
            cross join lateral (
                select own.group_id, own.ends_at from own where through = belonging.group_id
                union all
                select scopes.group_id, nested.ends_at
                from in_force(at) as nested
                join scopes on scopes.id = nested.scope_id
                where nested.principal_id = belonging.group_id
                    and nested.role_id = '00000000-0000-8000-8000-000000000008'
            ) as next
        )
        select belonging.group_id, max(belonging.until) from belonging group by belonging.group_id;
end $$;

-- Who holds power at an instant, by name. Every reader, be it a page, the access check or a connector, asks here, or for one
-- account with all its groups and places, at effective_assignments.
create or replace function live_assignments(at timestamptz) returns setof assignments
    language sql stable
    as $$
        select assignments.*
        from assignments
        join principals on principals.id = assignments.principal_id and principals.disabled_at is null
        join roles on roles.id = assignments.role_id and roles.retired_at is null
        join scopes on scopes.id = assignments.scope_id and scopes.retired_at is null
        left join assignments as eligibility on eligibility.id = assignments.eligibility_id
        where assignments.kind = 'active' and assignments.ended_at is null
            and assignments.starts_at <= at and at < assignments.ends_at
            and (eligibility.id is null or (
                eligibility.ended_at is null and eligibility.starts_at <= at and at < eligibility.ends_at
                and (eligibility.scope_id = assignments.scope_id or exists (
                    select from scope_ancestors
                    where scope_ancestors.scope_id = assignments.scope_id and ancestor_id = eligibility.scope_id
                ))
                and (eligibility.principal_id = assignments.principal_id or exists (
                    select from belongs_to(assignments.principal_id, at) as groups
                    where groups.group_id = eligibility.principal_id
                ))
            ))
    $$;

-- What an account holds at an instant: by itself, and through the groups that it belongs to. Each counts at its place and
-- everywhere below.
create function effective_assignments(principal uuid, at timestamptz) returns table (
    assignment_id uuid, role_id uuid, scope_id uuid, origin assignment_origin, through uuid, until timestamptz
)
    language sql stable
    as $$
        select held.id, held.role_id, held.scope_id, held.origin, null::uuid, held.ends_at
        from live_assignments(at) as held
        where held.principal_id = principal
        union all
        select held.id, held.role_id, held.scope_id, held.origin, groups.group_id, least(held.ends_at, groups.until)
        from belongs_to(principal, at) as groups
        join in_force(at) as held on held.principal_id = groups.group_id
    $$;

-- What an account may activate at an instant: its own eligibilities, and those of the groups that it belongs to.
create function effective_eligibilities(principal uuid, at timestamptz) returns table (
    assignment_id uuid, role_id uuid, scope_id uuid, through uuid, until timestamptz
)
    language sql stable
    as $$
        select held.id, held.role_id, held.scope_id, null::uuid, held.ends_at
        from live_eligibilities(at) as held
        where held.principal_id = principal
        union all
        select held.id, held.role_id, held.scope_id, groups.group_id, least(held.ends_at, groups.until)
        from belongs_to(principal, at) as groups
        join live_eligibilities(at) as held on held.principal_id = groups.group_id
    $$;

-- Whether an account may do something in Latchkey at a place: by a role held there or above.
create function permitted(principal uuid, permission text, scope uuid, at timestamptz) returns boolean
    language sql stable
    as $$
        select exists (
            select from effective_assignments(principal, at) as held
            join roles on roles.id = held.role_id and permission = any(roles.permissions)
            join scope_ancestors on scope_ancestors.scope_id = scope and ancestor_id = held.scope_id
        )
    $$;

-- The users who belong to a group at an instant, by themselves or through groups in it.
create function members_of(of_group uuid, at timestamptz) returns table (principal_id uuid)
    language plpgsql stable rows 20
    as $$
#variable_conflict use_column
begin
    return query
        with recursive inside (group_id) as (
            select of_group
            union
            select nested.principal_id
            from inside
            join scopes on scopes.group_id = inside.group_id
            join in_force(at) as nested
                on nested.scope_id = scopes.id and nested.role_id = '00000000-0000-8000-8000-000000000008'
            join principals on principals.id = nested.principal_id and principals.kind = 'group'
        )
        select distinct members.principal_id
        from inside
        join scopes on scopes.group_id = inside.group_id
        join live_assignments(at) as members
            on members.scope_id = scopes.id and members.role_id = '00000000-0000-8000-8000-000000000008'
        join principals on principals.id = members.principal_id and principals.kind = 'user';
end $$;

create or replace function approvers_of(settings uuid, at timestamptz) returns table (principal_id uuid, person_id uuid)
    language sql stable
    as $$
        select distinct principals.id, principals.person_id
        from settings_approvers
        join principals as named on named.id = settings_approvers.principal_id
        cross join lateral (
            select named.id where named.kind = 'user'
            union all
            select members.principal_id from members_of(named.id, at) as members where named.kind = 'group'
        ) as candidates
        join principals on principals.id = candidates.id and principals.kind = 'user' and principals.disabled_at is null
        where settings_id = settings
    $$;

-- Groups lie in groups without a circle, at most five in a row. An eligibility for membership counts as membership: it can
-- become one at any time. Two who nest at once wait for one another.
create function groups_nest() returns trigger language plpgsql as $$
declare
    container uuid;
    above integer;
    below integer;
begin
    if not exists (select from principals where id = new.principal_id and kind = 'group') then
        return null;
    end if;
    perform pg_advisory_xact_lock(hashtext('groups'));
    select group_id into strict container from scopes where id = new.scope_id;
    with recursive up (group_id, length) as (
        select container, 1
        union
        select scopes.group_id, up.length + 1
        from up
        join assignments on assignments.principal_id = up.group_id and ended_at is null and ends_at > instant()
            and role_id = '00000000-0000-8000-8000-000000000008'
        join scopes on scopes.id = assignments.scope_id
        where up.length <= 6
    )
    select max(length) into above from up;
    with recursive down (group_id, length) as (
        select new.principal_id, 1
        union
        select assignments.principal_id, down.length + 1
        from down
        join scopes on scopes.group_id = down.group_id
        join assignments on assignments.scope_id = scopes.id and ended_at is null and ends_at > instant()
            and role_id = '00000000-0000-8000-8000-000000000008'
        join principals on principals.id = assignments.principal_id and principals.kind = 'group'
        where down.length <= 6
    )
    select max(length) into below from down;
    if above > 5 or below > 5 then
        raise exception 'a group cannot belong to itself'
            using errcode = 'check_violation', constraint = 'groups_nest_without_a_circle';
    end if;
    if above + below > 5 then
        raise exception 'groups can be nested five deep'
            using errcode = 'check_violation', constraint = 'groups_nest_five_deep';
    end if;
    return null;
end $$;
create constraint trigger groups_nest after insert on assignments
    deferrable initially immediate for each row
    when (new.role_id = '00000000-0000-8000-8000-000000000008') execute function groups_nest();

-- Whoever belongs to a group that is eligible activates for themself; nobody activates for a group.
create function eligibility_is_ones_own(eligibility assignments, principal uuid) returns boolean
    language sql volatile
    as $$
        select eligibility.principal_id = principal or exists (
            select from belongs_to(principal, instant()) as groups where groups.group_id = eligibility.principal_id
        )
    $$;

create or replace function requests_rest_on_an_eligibility() returns trigger language plpgsql as $$
declare
    eligibility assignments;
begin
    perform 1 from principals where id = new.principal_id and kind = 'user' and disabled_at is null for share;
    if not found then
        raise exception 'the account is disabled'
            using errcode = 'check_violation', constraint = 'requests_need_an_enabled_user';
    end if;
    select * into eligibility from assignments where id = new.eligibility_id for share;
    if not found or eligibility.kind <> 'eligible' or eligibility.role_id <> new.role_id
        or eligibility.ended_at is not null or not eligibility_is_ones_own(eligibility, new.principal_id)
        or not exists (
            select from scope_ancestors
            where scope_ancestors.scope_id = new.scope_id and ancestor_id = eligibility.scope_id
        ) then
        raise exception 'there is no such eligibility'
            using errcode = 'check_violation', constraint = 'requests_need_an_eligibility';
    end if;
    if new.scope_id <> eligibility.scope_id and not exists (
        select from roles
        join scopes on scopes.id = new.scope_id and scopes.kind = any(roles.scope_kinds)
        where roles.id = new.role_id
    ) then
        raise exception 'role % cannot be held at scope %', new.role_id, new.scope_id
            using errcode = 'check_violation', constraint = 'requests_fit_the_role';
    end if;
    if new.extends_id is not null and not exists (
        select from assignments
        where id = new.extends_id and origin = 'activated' and principal_id = new.principal_id
            and role_id = new.role_id and scope_id = new.scope_id
    ) then
        raise exception 'only an activation of the same role can be extended'
            using errcode = 'check_violation', constraint = 'requests_extend_their_own';
    end if;
    return new;
end $$;

create or replace function assignments_take_effect() returns trigger language plpgsql as $$
declare
    eligibility assignments;
begin
    perform 1 from principals where id = new.principal_id and kind = 'user' and disabled_at is null for share;
    if not found then
        raise exception 'the account is disabled'
            using errcode = 'check_violation', constraint = 'assignments_need_an_enabled_user';
    end if;
    select * into eligibility from assignments where id = new.eligibility_id for share;
    if not found or eligibility.kind <> 'eligible' or eligibility.role_id <> new.role_id
        or eligibility.ended_at is not null or not eligibility_is_ones_own(eligibility, new.principal_id)
        or eligibility.starts_at > new.starts_at or new.starts_at >= eligibility.ends_at
        or not exists (
            select from scope_ancestors
            where scope_ancestors.scope_id = new.scope_id and ancestor_id = eligibility.scope_id
        ) then
        raise exception 'the eligibility is not live'
            using errcode = 'check_violation', constraint = 'assignments_need_a_live_eligibility';
    end if;
    return new;
end $$;

-- The activations, and the open requests, of people who rest on the eligibility of a group that they no longer belong to:
-- of everybody whom a membership of `member` in `of_group` may have carried there.
create function unsupported(member uuid, of_group uuid) returns table (activation_id uuid, request_id uuid)
    language sql volatile
    as $$
        with recursive up (group_id) as (
            select of_group
            union
            select scopes.group_id
            from up
            join assignments on assignments.principal_id = up.group_id and ended_at is null
                and role_id = '00000000-0000-8000-8000-000000000008'
            join scopes on scopes.id = assignments.scope_id
        ),
        resting as (
            select eligibility.id, eligibility.principal_id as group_id
            from up
            join assignments as eligibility on eligibility.principal_id = up.group_id and eligibility.kind = 'eligible'
                and eligibility.ended_at is null
        )
        select activation.id, null::uuid
        from resting
        join assignments as activation on activation.eligibility_id = resting.id and activation.ended_at is null
        where not exists (
            select from belongs_to(activation.principal_id, instant()) as groups
            where groups.group_id = resting.group_id
        )
        union all
        select null, open.id
        from resting
        join requests as open on open.eligibility_id = resting.id and open.state in ('pending', 'scheduled')
        where not exists (
            select from belongs_to(open.principal_id, instant()) as groups where groups.group_id = resting.group_id
        )
    $$;

-- When somebody leaves a group before their time, nothing that rests on belonging to it goes on. What ends by itself needs
-- no such check: an activation never outlasts the membership that it rests on.
create function membership_ends_all() returns trigger language plpgsql as $$
begin
    if exists (
        select from unsupported(new.principal_id, (select group_id from scopes where id = new.scope_id))
    ) then
        raise exception 'membership % still has an activation or an open request', new.id
            using errcode = 'check_violation', constraint = 'membership_ends_all';
    end if;
    return null;
end $$;
create constraint trigger membership_ends_all after update on assignments
    deferrable initially deferred for each row
    when (new.role_id = '00000000-0000-8000-8000-000000000008' and new.kind = 'active'
        and old.ended_at is null and new.end_reason <> 'expired')
    execute function membership_ends_all();

-- A group that somebody owns for good keeps such an owner, as long as it is in use.
create function an_owner_remains() returns trigger language plpgsql as $$
begin
    -- Two who go at once wait for one another here.
    perform 1 from scopes where id = new.scope_id for no key update;
    if exists (select from scopes where id = new.scope_id and kind = 'group' and retired_at is null)
        and not exists (
            select from assignments
            where scope_id = new.scope_id and role_id = '00000000-0000-8000-8000-000000000009' and kind = 'active'
                and origin = 'assigned' and ended_at is null and ends_at = 'infinity' and starts_at <= instant()
        ) then
        raise exception 'the last owner of a group cannot go'
            using errcode = 'check_violation', constraint = 'an_owner_remains';
    end if;
    return null;
end $$;
create constraint trigger an_owner_remains after update on assignments
    deferrable initially deferred for each row
    when (old.role_id = '00000000-0000-8000-8000-000000000009' and old.kind = 'active' and old.origin = 'assigned'
        and old.ended_at is null and old.ends_at = 'infinity'
        and (new.ended_at is not null or new.ends_at <> 'infinity' or new.starts_at > old.starts_at))
    execute function an_owner_remains();

-- Somebody can always administer all of Latchkey: holding the role at a place below does not count.
create or replace function an_administrator_remains() returns trigger language plpgsql as $$
begin
    -- Two who go at once wait for one another here.
    perform 1 from roles where id = '00000000-0000-8000-8000-000000000001' for no key update;
    if exists (
        select from assignments
        where role_id = '00000000-0000-8000-8000-000000000001' and scope_id = '00000000-0000-8000-8000-000000000000'
    )
        and not exists (
        select from assignments
        join principals on principals.id = principal_id
        where role_id = '00000000-0000-8000-8000-000000000001' and scope_id = '00000000-0000-8000-8000-000000000000'
            and assignments.kind = 'active' and origin = 'assigned' and ended_at is null and ends_at = 'infinity'
            and starts_at <= instant() and principals.kind = 'user' and disabled_at is null
    ) then
        raise exception 'the last Global Administrator cannot go'
            using errcode = 'check_violation', constraint = 'an_administrator_remains';
    end if;
    return null;
end $$;

-- Delegation: Latchkey's own roles can be held at any place, and count there and below.

insert into audit_events (id, at, kind, outcome, actor_kind, actor_name, role_id, role_name, target_id, detail)
select gen_random_uuid(), instant(), 'role.changed', 'success', 'system', 'Latchkey', id, name, id,
    '{"because":"administration can be delegated at any place"}'
from roles
where built_in and id <> '00000000-0000-8000-8000-000000000008';

update roles set scope_kinds = '{organization,folder,system,resource,group}'
where built_in and id not in (
    -- People belong to the organisation, not to a place in it.
    '00000000-0000-8000-8000-000000000003',
    '00000000-0000-8000-8000-000000000008', '00000000-0000-8000-8000-000000000009'
);
update roles set permissions = array_append(permissions, 'scopes.manage')
where id in ('00000000-0000-8000-8000-000000000001', '00000000-0000-8000-8000-000000000002');
update roles set
    description = 'Looks after a place or a group: who holds which role there, and on what terms.',
    permissions = array[
        'roles.read', 'scopes.manage', 'assignments.manage', 'settings.manage', 'groups.manage', 'requests.read',
        'requests.cancel'
    ],
    scope_kinds = '{folder,system,resource,group}'
where id = '00000000-0000-8000-8000-000000000009';

-- A table that still has something to check cannot be altered.
set constraints all immediate;
set constraints all deferred;

-- Whoever can change something in Latchkey is privileged. Owning a group is so only as far as the group carries something.
alter table roles add constraint roles_that_administer_are_privileged check (
    privileged or id = '00000000-0000-8000-8000-000000000009'
    or permissions <@ array['roles.read', 'people.read', 'requests.read', 'audit.read', 'access.check']
);
alter table roles add constraint roles_permissions_are_known check (permissions <@ array[
    'roles.read', 'roles.manage', 'scopes.manage', 'assignments.manage', 'settings.manage', 'people.read', 'people.manage',
    'privileged_people.manage', 'groups.manage', 'applications.manage', 'requests.read', 'requests.cancel', 'audit.read',
    'access.check'
]);

-- What an account may come to hold: everything that it, or a group that it can get into, or that it answers for, is given
-- or eligible for, now or later. Owning a group is as good as belonging to it.
create function ways_of(account uuid) returns table (principal_id uuid)
    language sql stable
    as $$
        with recursive carriers (id) as (
            select account
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
            select from principals as application
            join assignments on assignments.principal_id = application.id and ended_at is null and ends_at > instant()
            join roles on roles.id = role_id and (privileged or 'audit.read' = any(permissions))
            where application.kind = 'service_principal'
                and application.person_id = (select person_id from principals where principals.id = account)
        )
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

-- The same answer as before, through groups too, and with what is asked for told: by which group, and at which place above.
drop function held(uuid, uuid[], uuid[], uuid[]);
create function held(asker uuid, principals uuid[], roles uuid[], scopes uuid[]) returns table (
    number int, at timestamptz, assignment_id uuid, until timestamptz, through uuid, held_at uuid, may_ask boolean
)
    language plpgsql volatile
    as $$
declare
    principal uuid;
begin
    at := instant();
    for question in 1 .. cardinality(principals) loop
        number := question;
        principal := coalesce(principals[question], asker);
        may_ask := principal = asker or permitted(asker, 'access.check', scopes[question], held.at);
        select held_by.assignment_id, nullif(held_by.until, 'infinity'), held_by.through, held_by.scope_id
        into assignment_id, until, through, held_at
        from effective_assignments(principal, held.at) as held_by
        join scope_ancestors on scope_ancestors.scope_id = scopes[question] and ancestor_id = held_by.scope_id
        where held_by.role_id = roles[question]
        order by held_by.until desc
        limit 1;
        return next;
    end loop;
end $$;
