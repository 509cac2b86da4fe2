-- What somebody holds is found by who holds it, and never by the role or by the time. Plans are kept for as long as a connection lives,
-- and one that was made while few had anything was content to look at everybody: a thousand activations later the access check took a
-- hundred times as long.

create function in_force_of(holder uuid, at timestamptz) returns setof assignments
    language sql stable
    as $$
        select assignments.*
        from (
            -- The offset keeps every other condition, and so every other index, out of here.
            select * from assignments where principal_id = holder and ended_at is null offset 0
        ) as assignments
        join principals on principals.id = assignments.principal_id and principals.disabled_at is null
        join roles on roles.id = assignments.role_id and roles.retired_at is null
        join scopes on scopes.id = assignments.scope_id and scopes.retired_at is null
        where assignments.kind = 'active' and assignments.starts_at <= at and at < assignments.ends_at
            and (assignments.eligibility_id is null or (
                not exists (select from quarantines where ended_by is null) and exists (
                    select from assignments as eligibility
                    where eligibility.id = assignments.eligibility_id and eligibility.ended_at is null
                        and eligibility.starts_at <= at and at < eligibility.ends_at
                        and (eligibility.scope_id = assignments.scope_id or exists (
                            select from scope_ancestors
                            where scope_ancestors.scope_id = assignments.scope_id and ancestor_id = eligibility.scope_id
                        ))
                )
            ))
    $$;

create or replace function belongs_to(principal uuid, at timestamptz) returns table (group_id uuid, until timestamptz)
    language plpgsql stable rows 5
    as $$
#variable_conflict use_column
begin
    return query
        with recursive own as (
            select scopes.group_id, held.ends_at, eligibility.principal_id as through
            from in_force_of(principal, at) as held
            join scopes on scopes.id = held.scope_id
            left join assignments as eligibility
                on eligibility.id = held.eligibility_id and eligibility.principal_id <> held.principal_id
            where held.role_id = '00000000-0000-8000-8000-000000000008'
        ),
        belonging (group_id, until) as (
            select own.group_id, own.ends_at from own where through is null
            union
            select next.group_id, least(belonging.until, next.ends_at)
            from belonging
            cross join lateral (
                select own.group_id, own.ends_at from own where through = belonging.group_id
                union all
                select scopes.group_id, nested.ends_at
                from in_force_of(belonging.group_id, at) as nested
                join scopes on scopes.id = nested.scope_id
                where nested.role_id = '00000000-0000-8000-8000-000000000008'
            ) as next
        )
        select belonging.group_id, max(belonging.until) from belonging group by belonging.group_id;
end $$;

create function live_assignments_of(holder uuid, at timestamptz) returns setof assignments
    language sql stable
    as $$
        select held.*
        from in_force_of(holder, at) as held
        where held.eligibility_id is null or exists (
            select from assignments as eligibility
            where eligibility.id = held.eligibility_id
                and (eligibility.principal_id = holder or exists (
                    select from belongs_to(holder, at) as groups where groups.group_id = eligibility.principal_id
                ))
        )
    $$;

create or replace function effective_assignments(principal uuid, at timestamptz) returns table (
    assignment_id uuid, role_id uuid, scope_id uuid, origin assignment_origin, through uuid, until timestamptz
)
    language sql stable
    as $$
        select held.id, held.role_id, held.scope_id, held.origin, null::uuid, held.ends_at
        from live_assignments_of(principal, at) as held
        union all
        select held.id, held.role_id, held.scope_id, held.origin, groups.group_id, least(held.ends_at, groups.until)
        from belongs_to(principal, at) as groups
        cross join lateral in_force_of(groups.group_id, at) as held
    $$;
