\set i :i + 1
\set n 58000 + :client_id * 1900 + :i
select principal_id from access_tokens where token_hash = sha256(:n::text::bytea) and revoked_at is null;
begin;
select instant() as at \gset
select eligibilities.id, person_id, role_id, roles.name, scope_id, starts_at, ends_at, disabled_at, roles.retired_at
from assignments as eligibilities
join principals on principals.id = principal_id
join roles on roles.id = role_id
join scopes on scopes.id = scope_id
where eligibilities.id = figure_id(:n, 'b') and eligibilities.kind = 'eligible' and principal_id = figure_id(:n)
for no key update of principals for share of eligibilities;
select *, is_approved(requests) from requests where id = figure_id(:n, 'a') for update;
select clock.now, running.id,
    exists (select from assignments where principal_id = figure_id(:n) and role_id = figure_id(99, '5')
        and scope_id = '00000000-0000-8000-8000-000000000000' and kind = 'active' and origin = 'assigned'
        and ended_at is null and starts_at <= clock.now and clock.now < ends_at)
from (select instant() as now) as clock
left join assignments as running on principal_id = figure_id(:n) and role_id = figure_id(99, '5')
    and scope_id = '00000000-0000-8000-8000-000000000000' and origin = 'activated' and ended_at is null;
select *, stages_of(id) from role_settings
where id = any(array(select id from current_settings(figure_id(99, '5'), '00000000-0000-8000-8000-000000000000')));
select * from request_stages where request_id = figure_id(:n, 'a') order by position;
select * from deciders_of(figure_id(:n, 'a'), :at);
insert into decisions (
    id, request_id, requester_person_id, approver_id, approver_person_id, verdict, created_at, stage, for_person_id, entries
)
values (
    figure_id(:n, 'd'), figure_id(:n, 'a'), figure_id(:n), figure_id(PEOPLE), figure_id(PEOPLE), 'approve', :at, 1,
    figure_id(PEOPLE), array(select entry from deciders_of(figure_id(:n, 'a'), :at) where principal_id = figure_id(PEOPLE))
);
insert into audit_events (
    id, at, kind, outcome, actor_kind, actor_id, actor_person_id, actor_name, subject_id, subject_name, role_id, role_name,
    scope_id, scope_name, request_id, target_id, correlation_id, detail
)
select gen_random_uuid(), :at::timestamptz, 'request.approved', 'success', 'user', figure_id(PEOPLE), figure_id(PEOPLE), 'Approver',
    figure_id(:n), display_name, roles.id, roles.name, scopes.id, scopes.name, figure_id(:n, 'a'), figure_id(:n, 'd'),
    gen_random_uuid(), '{}'
from persons, roles, scopes
where persons.id = figure_id(:n) and roles.id = figure_id(99, '5') and scopes.id = '00000000-0000-8000-8000-000000000000';
update request_stages set state = 'agreed', settled_at = :at
where request_id = figure_id(:n, 'a') and position = 1 and state = 'open';
update requests set state = 'granted', closed_at = :at
where id = figure_id(:n, 'a') and state in ('pending', 'scheduled');
insert into assignments (
    id, kind, origin, principal_id, role_id, scope_id, starts_at, ends_at, created_at, created_by, settings_id, request_id,
    eligibility_id, eligibility_ends_at, maximum_seconds
)
values (
    figure_id(:n, 'c'), 'active', 'activated', figure_id(:n), figure_id(99, '5'), '00000000-0000-8000-8000-000000000000',
    :at, :at::timestamptz + interval '1 hour', :at, figure_id(:n), figure_id(99, '6'), figure_id(:n, 'a'),
    figure_id(:n, 'b'), 'infinity', 28800
);
insert into audit_events (
    id, at, kind, outcome, actor_kind, actor_id, actor_person_id, actor_name, subject_id, subject_name, role_id, role_name,
    scope_id, scope_name, request_id, assignment_id, correlation_id, detail
)
select gen_random_uuid(), :at::timestamptz, 'activation.started', 'success', 'user', figure_id(PEOPLE), figure_id(PEOPLE), 'Approver',
    figure_id(:n), display_name, roles.id, roles.name, scopes.id, scopes.name, figure_id(:n, 'a'), figure_id(:n, 'c'),
    gen_random_uuid(), '{}'
from persons, roles, scopes
where persons.id = figure_id(:n) and roles.id = figure_id(99, '5') and scopes.id = '00000000-0000-8000-8000-000000000000';
insert into outbox (id, recipient_id, address, subject, body, thread_id, created_at, next_attempt_at, waiting_since)
select gen_random_uuid(), figure_id(:n), email, 'Approved', repeat('x', 1000), figure_id(:n, 'a'), :at::timestamptz, :at::timestamptz,
    :at::timestamptz
from persons
where id = figure_id(:n);
commit;
