-- What `store::due` does in batches, in one statement.
with ended as (
    update assignments set ended_at = clock_timestamp(), end_reason = 'expired'
    where kind = 'active' and ended_at is null and ends_at <= clock_timestamp() and ends_at < 'infinity'
    returning *
)
insert into audit_events (
    id, at, kind, outcome, actor_kind, actor_name, subject_id, subject_name, role_id, role_name, scope_id, scope_name,
    assignment_id, correlation_id, detail
)
select gen_random_uuid(), ended_at, 'assignment.expired', 'success', 'system', 'Latchkey', principal_id, display_name,
    role_id, roles.name, scope_id, scopes.name, ended.id, gen_random_uuid(), json_build_object('due', ends_at)
from ended
join principals on principals.id = principal_id
left join persons on persons.id = principals.person_id
join roles on roles.id = role_id
join scopes on scopes.id = scope_id
