-- A tree eight deep, and groups nested five deep.

-- Three places in each place; the numbers of those below n are 3n+1 to 3n+3, so that the organisation is 0.
create function growth_place(number bigint) returns uuid language sql immutable
    as $$
        select case number when 0 then '00000000-0000-8000-8000-000000000000'::uuid else figure_id(number, '8') end
    $$;
insert into scopes (id, parent_id, kind, name, name_folded, created_at)
select growth_place(n), growth_place((n - 1) / 3), 'folder', 'Place ' || n, 'place ' || n, instant()
from generate_series(1, 9840) as n;
with recursive way (place, above, depth) as (
    select n, n, 0 from generate_series(1, 9840) as n
    union all
    select place, (above - 1) / 3, depth + 1 from way where above > 0
)
insert into scope_ancestors (scope_id, ancestor_id, depth)
select growth_place(place), growth_place(above), depth from way;

insert into roles (id, name, name_folded, description, privileged, scope_kinds, created_at)
select figure_id(n, '5'), 'Role ' || n, 'role ' || n, 'One of many', n % 2 = 0, '{organization,folder}', instant()
from generate_series(1, 50) as n;
insert into role_settings (
    id, role_id, scope_id, version, activation_maximum_seconds, activation_authentication,
    activation_requires_justification, activation_requires_ticket, activation_requires_approval,
    eligible_may_be_permanent, eligible_maximum_seconds, eligible_requires_justification, eligible_requires_mfa,
    active_may_be_permanent, active_maximum_seconds, active_requires_justification, active_requires_mfa,
    allows_emergency, emergency_maximum_seconds, author_id, author_person_id, reason, created_at
)
select figure_id(n, '6'), figure_id(n, '5'), scope_id, version, activation_maximum_seconds, activation_authentication,
    activation_requires_justification, activation_requires_ticket, activation_requires_approval, eligible_may_be_permanent, eligible_maximum_seconds, eligible_requires_justification,
    eligible_requires_mfa, active_may_be_permanent, active_maximum_seconds, active_requires_justification,
    active_requires_mfa, allows_emergency, emergency_maximum_seconds, author_id, author_person_id, reason, created_at
from role_settings, generate_series(1, 50) as n
where id = figure_id(0, '6');

-- Two thousand groups: those whose number is not a multiple of five belong to the one before.
insert into principals (id, kind, name, name_folded, created_at)
select figure_id(n, '9'), 'group', 'group ' || n, 'group ' || n, instant() from generate_series(0, 1999) as n;
insert into scopes (id, parent_id, kind, group_id, name, name_folded, created_at)
select figure_id(n, 'a'), '00000000-0000-8000-8000-000000000000', 'group', figure_id(n, '9'), 'group ' || n, 'group ' || n,
    instant()
from generate_series(0, 1999) as n;
insert into scope_ancestors (scope_id, ancestor_id, depth)
select figure_id(n, 'a'), figure_id(n, 'a'), 0 from generate_series(0, 1999) as n
union all
select figure_id(n, 'a'), '00000000-0000-8000-8000-000000000000', 1 from generate_series(0, 1999) as n;
-- Everybody belongs to one of the innermost groups; the outermost hold a role each, half of them only eligible.
insert into assignments (id, kind, origin, principal_id, role_id, scope_id, starts_at, ends_at, created_at, settings_id)
select figure_id(n, 'b'), 'active'::assignment_kind, 'assigned'::assignment_origin, figure_id(n, '9'), '00000000-0000-8000-8000-000000000008'::uuid,
    figure_id(n - 1, 'a'), instant() - interval '1 day', 'infinity'::timestamptz, instant(), figure_id(0, '6')
from generate_series(0, 1999) as n
where n % 5 > 0
union all
select figure_id(n, 'c'), 'active', 'assigned', figure_id(n), '00000000-0000-8000-8000-000000000008',
    figure_id(n % 400 * 5 + 4, 'a'), instant() - interval '1 day', 'infinity', instant(), figure_id(0, '6')
from generate_series(1, PEOPLE) as n
union all
select figure_id(n, 'd'), case n % 2 when 0 then 'active' else 'eligible' end::assignment_kind, 'assigned',
    figure_id(n * 5, '9'), figure_id(n % 50 + 1, '5'), growth_place(n % 3 + 1), instant() - interval '1 day', 'infinity',
    instant(), figure_id(n % 50 + 1, '6')
from generate_series(0, 399) as n;
