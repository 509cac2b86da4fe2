-- The organisation, Latchkey's own roles and their terms, and what the server may do with all of it.

insert into scopes (id, parent_id, kind, name, name_folded, created_at)
values ('00000000-0000-8000-8000-000000000000', null, 'organization', 'Organisation', 'organisation', instant());

-- The events come first: nothing is written that is not recorded.
insert into audit_events (id, at, kind, outcome, actor_kind, actor_name, role_id, role_name, target_id, detail)
select gen_random_uuid(), instant(), 'role.created', 'success', 'system', 'Latchkey', id, name, id, '{}'
from (values
    ('00000000-0000-8000-8000-000000000001'::uuid, 'Global Administrator'),
    ('00000000-0000-8000-8000-000000000002', 'Privileged Role Administrator'),
    ('00000000-0000-8000-8000-000000000003', 'User Administrator'),
    ('00000000-0000-8000-8000-000000000004', 'Security Administrator'),
    ('00000000-0000-8000-8000-000000000005', 'Security Reader'),
    ('00000000-0000-8000-8000-000000000006', 'Global Reader'),
    ('00000000-0000-8000-8000-000000000007', 'Auditor'),
    ('00000000-0000-8000-8000-000000000008', 'Member'),
    ('00000000-0000-8000-8000-000000000009', 'Owner')
) as shipped (id, name);

insert into roles (id, name, name_folded, description, built_in, privileged, permissions, scope_kinds, created_at)
select id::uuid, name, lower(name), description, true, privileged, permissions, scope_kinds::scope_kind[], instant()
from (values
    ('00000000-0000-8000-8000-000000000001', 'Global Administrator',
        'Everything in Latchkey: people, roles, assignments, settings, requests and the audit log.', true,
        array['roles.read', 'roles.manage', 'assignments.manage', 'settings.manage', 'people.read', 'people.manage',
            'privileged_people.manage', 'groups.manage', 'requests.read', 'requests.cancel', 'audit.read', 'access.check'],
        '{organization}'),
    ('00000000-0000-8000-8000-000000000002', 'Privileged Role Administrator',
        'Assigns roles and sets their terms; cancels requests; reads people and the audit log.', true,
        array['roles.read', 'roles.manage', 'assignments.manage', 'settings.manage', 'people.read', 'groups.manage',
            'requests.read', 'requests.cancel', 'audit.read', 'access.check'],
        '{organization}'),
    ('00000000-0000-8000-8000-000000000003', 'User Administrator',
        'Invites, disables and resets people who can reach no privileged role.', true,
        array['roles.read', 'people.read', 'people.manage'], '{organization}'),
    ('00000000-0000-8000-8000-000000000004', 'Security Administrator',
        'Reads roles, settings, requests, people and the audit log; asks who has access.', true,
        array['roles.read', 'people.read', 'requests.read', 'audit.read', 'access.check'], '{organization}'),
    ('00000000-0000-8000-8000-000000000005', 'Security Reader',
        'Reads roles, settings, requests, people and the audit log.', false,
        array['roles.read', 'people.read', 'requests.read', 'audit.read'], '{organization}'),
    ('00000000-0000-8000-8000-000000000006', 'Global Reader',
        'Reads everything; asks who has access.', false,
        array['roles.read', 'people.read', 'requests.read', 'audit.read', 'access.check'], '{organization}'),
    ('00000000-0000-8000-8000-000000000007', 'Auditor',
        'Reads and exports the audit log and every request.', false,
        array['roles.read', 'people.read', 'requests.read', 'audit.read'], '{organization}'),
    ('00000000-0000-8000-8000-000000000008', 'Member', 'Belongs to the group.', false, array[]::text[], '{group}'),
    ('00000000-0000-8000-8000-000000000009', 'Owner', 'Looks after the group.', false, array[]::text[], '{group}')
) as shipped (id, name, description, privileged, permissions, scope_kinds);

insert into audit_events (id, at, kind, outcome, actor_kind, actor_name, role_id, role_name, target_id, detail)
select gen_random_uuid(), instant(), 'settings.changed', 'success', 'system', 'Latchkey', id, name,
    replace(id::text, '0000-8000-8000', '0000-8000-9000')::uuid, '{"version":1}'
from roles;

-- The terms of the start: a second factor and a reason for what is privileged, eight hours at most, nobody's approval yet,
-- since a new organisation has nobody to give it.
insert into role_settings (
    id, role_id, scope_id, version,
    activation_maximum_seconds, activation_authentication, activation_requires_justification,
    activation_requires_ticket, activation_requires_approval, approval_timeout_seconds, approval_requires_justification,
    eligible_may_be_permanent, eligible_maximum_seconds, eligible_requires_justification, eligible_requires_mfa,
    active_may_be_permanent, active_maximum_seconds, active_requires_justification, active_requires_mfa,
    reason, created_at
)
select replace(id::text, '0000-8000-8000', '0000-8000-9000')::uuid, id,
    '00000000-0000-8000-8000-000000000000', 1,
    28800, 'mfa', true, false, false, 86400, true,
    true, 31536000, false, false, true, 15552000, true, false,
    'The terms that ship with Latchkey', instant()
from roles;

-- The server's role reads everything, adds to history, and changes only what may change. The owner runs migrations.
grant usage on schema public to latchkey_app;
grant select, insert on all tables in schema public to latchkey_app;
revoke insert on request_moves, scope_ancestors from latchkey_app;
-- Which transaction an event belongs to is for the database to say.
revoke insert on audit_events from latchkey_app;
grant insert (
    id, at, kind, outcome, actor_kind, actor_id, actor_person_id, actor_name, subject_id, subject_name, role_id,
    role_name, scope_id, scope_name, request_id, assignment_id, target_id, session_id, client_address,
    correlation_id, detail
) on audit_events to latchkey_app;
grant update (display_name, email, email_folded) on persons to latchkey_app;
grant update (name, name_folded, description, break_glass, disabled_at) on principals to latchkey_app;
grant update (name, name_folded, retired_at) on scopes to latchkey_app;
grant update (name, name_folded, description, privileged, permissions, scope_kinds, retired_at) on roles to latchkey_app;
grant update on password_credentials, totp_credentials, sessions, known_devices, sign_in_throttles, outbox, audit_head
    to latchkey_app;
grant update (used_at, removed_at) on recovery_codes to latchkey_app;
grant update (used_at, revoked_at) on one_time_links to latchkey_app;
grant update (revoked_at, last_used_at) on access_tokens to latchkey_app;
grant update (spent_for, spent_at) on mfa_proofs to latchkey_app;
grant update (starts_at, ends_at, ended_at, end_reason, eligibility_ends_at) on assignments to latchkey_app;
grant update (prior, state, granted_seconds, closed_at, failure) on requests to latchkey_app;
-- Bookkeeping that is nobody's history.
grant delete on sessions, known_devices, sign_in_throttles, idempotency_keys to latchkey_app;
