-- A role that two people approve, for which everybody else is eligible and has asked.
set session_replication_role = replica;
insert into roles (id, name, name_folded, description, privileged, scope_kinds, created_at)
values (figure_id(99, '5'), 'Approved', 'approved', 'What is approved', false, '{organization}', instant());
insert into role_settings (
    id, role_id, scope_id, version, activation_maximum_seconds, activation_authentication,
    activation_requires_justification, activation_requires_ticket, activation_requires_approval,
    eligible_may_be_permanent, eligible_maximum_seconds, eligible_requires_justification, eligible_requires_mfa,
    active_may_be_permanent, active_maximum_seconds, active_requires_justification, active_requires_mfa,
    allows_emergency, emergency_maximum_seconds, reason, created_at
)
select figure_id(99, '6'), figure_id(99, '5'), scope_id, version, activation_maximum_seconds, activation_authentication,
    activation_requires_justification, activation_requires_ticket, true, eligible_may_be_permanent,
    eligible_maximum_seconds, eligible_requires_justification, eligible_requires_mfa, active_may_be_permanent,
    active_maximum_seconds, active_requires_justification, active_requires_mfa, allows_emergency,
    emergency_maximum_seconds, reason, created_at
from role_settings
where id = figure_id(0, '6');
insert into approval_stages (settings_id, position, agree, timeout_seconds, on_silence, requires_justification, authentication)
values (figure_id(99, '6'), 1, 1, 86400, 'deny', false, 'none');
insert into settings_approvers (settings_id, stage, kind, principal_id, escalation)
select figure_id(99, '6'), 1, 'principal', figure_id(n), false from generate_series(PEOPLE - 1, PEOPLE) as n;

insert into assignments (id, kind, origin, principal_id, role_id, scope_id, starts_at, ends_at, created_at, settings_id)
select figure_id(n, 'b'), 'eligible', 'assigned', figure_id(n), figure_id(99, '5'),
    '00000000-0000-8000-8000-000000000000', instant() - interval '1 day', 'infinity', instant(), figure_id(99, '6')
from generate_series(1, PEOPLE - 2) as n;
insert into requests (
    id, kind, prior, state, principal_id, person_id, role_id, scope_id, eligibility_id, settings_id, maximum_seconds,
    requested_seconds, justification, created_at, expires_at
)
select figure_id(n, 'a'), 'activate', 'new', 'pending', figure_id(n), figure_id(n), figure_id(99, '5'),
    '00000000-0000-8000-8000-000000000000', figure_id(n, 'b'), figure_id(99, '6'), 28800, 3600, 'figures', instant(),
    instant() + interval '1 day'
from generate_series(1, PEOPLE - 2) as n;
insert into request_stages (request_id, position, state, opened_at, expires_at)
select id, 1, 'open', created_at, expires_at from requests where settings_id = figure_id(99, '6');
set session_replication_role = origin;
analyze assignments, requests, request_stages;
