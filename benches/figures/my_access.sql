\set n random(1, 20000)
select principal_id from access_tokens where token_hash = sha256(:n::text::bytea) and revoked_at is null;
select assignments.*, principals.name, display_name, roles.name, roles.description, privileged, scopes.name
from assignments
join principals on principals.id = principal_id
left join persons on persons.id = principals.person_id
join roles on roles.id = role_id
join scopes on scopes.id = scope_id
where ended_at is null and principal_id = figure_id(:n);
select assignment_id
from (select instant() as now) as clock cross join lateral effective_assignments(figure_id(:n), clock.now)
where through is not null;
select assignment_id
from (select instant() as now) as clock cross join lateral effective_eligibilities(figure_id(:n), clock.now)
where through is not null;
select requests.*, roles.name, scopes.name
from requests
join roles on roles.id = role_id
join scopes on scopes.id = scope_id
where principal_id = figure_id(:n) and state in ('pending', 'scheduled');
select *, stages_of(id) from role_settings
where id = any(array(select id from current_settings(figure_id(0, '5'), '00000000-0000-8000-8000-000000000000')));
select requests.id from requests
join settings_approvers on settings_approvers.settings_id = requests.settings_id
where state = 'pending' and settings_approvers.principal_id = figure_id(:n);
