-- Triggers are off: this prepares what is measured, and is not itself measured.
set session_replication_role = replica;

-- Spread like identifiers in use, and not all alike in front, which no index likes.
create function figure_id(number bigint, what text default '4') returns uuid language sql immutable
    as $$
        select (
            lpad(to_hex(number * 2654435761 % 4294967296), 8, '0') || '-0000-' || what || '000-8000-'
                || lpad(to_hex(number), 12, '0')
        )::uuid
    $$;

insert into persons (id, display_name, email, email_folded, created_at)
select figure_id(n), 'Person ' || n, n || '@example.org', n || '@example.org', instant()
from generate_series(0, PEOPLE) as n;

insert into principals (id, kind, person_id, name, name_folded, created_at)
select figure_id(n), 'user', figure_id(n), 'person-' || n, 'person-' || n, instant()
from generate_series(0, PEOPLE) as n;

insert into roles (id, name, name_folded, description, privileged, scope_kinds, created_at)
values (figure_id(0, '5'), 'Operator', 'operator', 'What is activated', false, '{organization}', instant());

insert into role_settings (
    id, role_id, scope_id, version,
    activation_maximum_seconds, activation_authentication, activation_requires_justification,
    activation_requires_ticket, activation_requires_approval,
    eligible_may_be_permanent, eligible_maximum_seconds, eligible_requires_justification, eligible_requires_mfa,
    active_may_be_permanent, active_maximum_seconds, active_requires_justification, active_requires_mfa, allows_emergency,
    emergency_maximum_seconds, reason, created_at
)
values (
    figure_id(0, '6'), figure_id(0, '5'), '00000000-0000-8000-8000-000000000000', 1,
    28800, 'none', true, false, false, true, 31536000, false, false, true, 15552000, true, false, false, 3600, 'figures',
    instant()
);

insert into assignments (id, kind, origin, principal_id, role_id, scope_id, starts_at, ends_at, created_at, settings_id)
select figure_id(n, '7'), 'eligible', 'assigned', figure_id(n), figure_id(0, '5'),
    '00000000-0000-8000-8000-000000000000', instant() - interval '1 day', 'infinity', instant(), figure_id(0, '6')
from generate_series(1, PEOPLE) as n;

-- The one who asks holds what is checked, and everything in Latchkey.
insert into assignments (id, kind, origin, principal_id, role_id, scope_id, starts_at, ends_at, created_at, settings_id)
select gen_random_uuid(), 'active', 'assigned', figure_id(0), role, '00000000-0000-8000-8000-000000000000',
    instant() - interval '1 day', 'infinity', instant(), figure_id(0, '6')
from unnest(array[figure_id(0, '5'), '00000000-0000-8000-8000-000000000001']) as role;
