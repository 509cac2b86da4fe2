\set i :i + 1
\set n 60000 + :client_id * 1800 + :i
select principal_id from access_tokens where token_hash = sha256(:n::text::bytea) and revoked_at is null;
begin;
select instant() as at \gset
select eligibilities.id, person_id, role_id, roles.name, scope_id, starts_at, ends_at, disabled_at, roles.retired_at
from assignments as eligibilities
join principals on principals.id = principal_id
join roles on roles.id = role_id
join scopes on scopes.id = scope_id
where eligibilities.id = figure_id(:n, '7') and eligibilities.kind = 'eligible' and principal_id = figure_id(:n)
for share of principals for update of eligibilities;
select *, array(select principal_id from settings_approvers where settings_id = role_settings.id) from role_settings
where id = any(array(select id from current_settings(figure_id(0, '5'), '00000000-0000-8000-8000-000000000000')));
select clock.now, running.id,
    exists (select from assignments where principal_id = figure_id(:n) and role_id = figure_id(0, '5')
        and scope_id = '00000000-0000-8000-8000-000000000000' and kind = 'active' and origin = 'assigned'
        and ended_at is null and starts_at <= clock.now and clock.now < ends_at),
    exists (select from requests where principal_id = figure_id(:n) and role_id = figure_id(0, '5')
        and scope_id = '00000000-0000-8000-8000-000000000000' and state in ('pending', 'scheduled'))
from (select instant() as now) as clock
left join assignments as running on principal_id = figure_id(:n) and role_id = figure_id(0, '5')
    and scope_id = '00000000-0000-8000-8000-000000000000' and origin = 'activated' and ended_at is null;
insert into requests (
    id, kind, prior, state, principal_id, person_id, role_id, scope_id, eligibility_id, settings_id, maximum_seconds,
    requested_seconds, justification, created_at, closed_at
)
values (
    figure_id(:n, '8'), 'activate', 'new', 'granted', figure_id(:n), figure_id(:n), figure_id(0, '5'),
    '00000000-0000-8000-8000-000000000000', figure_id(:n, '7'), figure_id(0, '6'), 28800, 3600, 'figures', :at, :at
);
insert into assignments (
    id, kind, origin, principal_id, role_id, scope_id, starts_at, ends_at, created_at, created_by, settings_id, request_id,
    eligibility_id, eligibility_ends_at, maximum_seconds
)
values (
    figure_id(:n, '9'), 'active', 'activated', figure_id(:n), figure_id(0, '5'), '00000000-0000-8000-8000-000000000000',
    :at, :at::timestamptz + interval '1 hour', :at, figure_id(:n), figure_id(0, '6'), figure_id(:n, '8'),
    figure_id(:n, '7'), 'infinity', 28800
);
insert into audit_events (
    id, at, kind, outcome, actor_kind, actor_id, actor_person_id, actor_name, subject_id, subject_name, role_id, role_name,
    scope_id, scope_name, request_id, assignment_id, correlation_id, detail
)
values (
    gen_random_uuid(), :at, 'activation.started', 'success', 'user', figure_id(:n), figure_id(:n), 'Somebody', figure_id(:n),
    (select coalesce(display_name, name) from principals left join persons on persons.id = person_id
        where principals.id = figure_id(:n)),
    figure_id(0, '5'), (select name from roles where id = figure_id(0, '5')), '00000000-0000-8000-8000-000000000000',
    (select name from scopes where id = '00000000-0000-8000-8000-000000000000'), figure_id(:n, '8'), figure_id(:n, '9'),
    gen_random_uuid(), '{"duration":"PT1H","justification":"figures"}'
);
commit;
