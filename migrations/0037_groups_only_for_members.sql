-- Most people belong to no group when they ask. What they hold through groups is then known at once, without setting up a plan for it,
-- which cost as much as all the rest of the question.
create or replace function assignments_through_groups(principal uuid, at timestamptz) returns table (
    assignment_id uuid, role_id uuid, scope_id uuid, origin assignment_origin, through uuid, until timestamptz
)
    language plpgsql stable rows 5
    as $$
#variable_conflict use_column
begin
    if not exists (
        select from assignments
        where principal_id = principal and role_id = '00000000-0000-8000-8000-000000000008' and kind = 'active'
            and ended_at is null
    ) then
        return;
    end if;
    return query
        select held.id, held.role_id, held.scope_id, held.origin, groups.group_id, least(held.ends_at, groups.until)
        from belongs_to(principal, at) as groups
        cross join lateral in_force_of(groups.group_id, at) as held;
end $$;

create function eligibilities_through_groups(principal uuid, at timestamptz) returns table (
    assignment_id uuid, role_id uuid, scope_id uuid, through uuid, until timestamptz
)
    language plpgsql stable rows 5
    as $$
#variable_conflict use_column
begin
    if not exists (
        select from assignments
        where principal_id = principal and role_id = '00000000-0000-8000-8000-000000000008' and kind = 'active'
            and ended_at is null
    ) then
        return;
    end if;
    return query
        select held.id, held.role_id, held.scope_id, groups.group_id, least(held.ends_at, groups.until)
        from belongs_to(principal, at) as groups
        cross join lateral (
            -- The offset keeps every other condition, and so every other index, out of here.
            select * from assignments where principal_id = groups.group_id and ended_at is null offset 0
        ) as held
        join principals on principals.id = held.principal_id and principals.disabled_at is null
        join roles on roles.id = held.role_id and roles.retired_at is null
        join scopes on scopes.id = held.scope_id and scopes.retired_at is null
        where held.kind = 'eligible' and held.starts_at <= at and at < held.ends_at;
end $$;

create or replace function effective_eligibilities(principal uuid, at timestamptz) returns table (
    assignment_id uuid, role_id uuid, scope_id uuid, through uuid, until timestamptz
)
    language sql stable
    as $$
        select held.id, held.role_id, held.scope_id, null::uuid, held.ends_at
        from live_eligibilities(at) as held
        where held.principal_id = principal
        union all
        select * from eligibilities_through_groups(principal, at)
    $$;
