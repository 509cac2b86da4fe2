-- Runs after benches/figures/populate.sql, in the same session, whose triggers are off: adds what the races need, and gives
-- everything its event, so that the promises of tests/support/invariants.sql hold when the faults begin.

-- When an identifier was made, in milliseconds; none of those made here says so.
create function made_at(id uuid) returns bigint
    language sql immutable
    as $$ select ('x' || left(replace(id::text, '-', ''), 12))::bit(48)::bigint $$;

-- A role that somebody has to approve, without a code, so that clients can race; and one that is only given and taken.
insert into roles (id, name, name_folded, description, privileged, scope_kinds, created_at)
values
    (figure_id(0, 'a'), 'Keeper', 'keeper', 'What is approved', false, '{organization}', instant()),
    (figure_id(0, 'd'), 'Guest', 'guest', 'What is given and taken', false, '{organization}', instant());

insert into role_settings
select (jsonb_populate_record(terms, own)).*
from role_settings as terms
cross join (values
    (jsonb_build_object('id', figure_id(0, 'b'), 'role_id', figure_id(0, 'a'), 'activation_requires_approval', true)),
    (jsonb_build_object('id', figure_id(0, 'f'), 'role_id', figure_id(0, 'd')))
) as others (own)
where terms.id = figure_id(0, '6');

insert into approval_stages (
    settings_id, position, agree, timeout_seconds, on_silence, requires_justification, authentication
)
values (figure_id(0, 'b'), 1, 1, 3600, 'deny', false, 'none');

insert into settings_approvers (settings_id, principal_id, stage, kind, escalation)
select figure_id(0, 'b'), figure_id(n), 1, 'principal', false
from generate_series(1, 6) as n;

insert into assignments (id, kind, origin, principal_id, role_id, scope_id, starts_at, ends_at, created_at, settings_id)
select figure_id(n, 'c'), 'eligible', 'assigned', figure_id(n), figure_id(0, 'a'),
    '00000000-0000-8000-8000-000000000000', instant() - interval '1 day', 'infinity', instant(), figure_id(0, 'b')
from generate_series(1, 8) as n;

-- What triggers would have kept.
insert into standing_access (assignment_id, list, rank, principal_id, role_id, scope_id, last_used_at)
select assignments.id, 'people', standing_rank_of(roles, ends_at), principal_id, role_id, scope_id, '-infinity'
from assignments
join roles on roles.id = role_id
where kind = 'active' and origin = 'assigned' and ended_at is null
    and not exists (select from standing_access where assignment_id = assignments.id);

insert into audit_events (id, at, kind, outcome, actor_kind, actor_name, assignment_id, target_id, detail)
select gen_random_uuid(), instant(), 'person.changed', 'success', 'operator', 'Proving', assignment_id, target_id, '{}'
from (
    select id as assignment_id, null::uuid as target_id
    from assignments
    where not exists (select from audit_events where assignment_id = assignments.id)
    union all
    select null, made.id
    from (
        select id from roles union all select id from principals union all select id from role_settings
    ) as made
    where not exists (select from audit_events where target_id = made.id)
) as prepared;
