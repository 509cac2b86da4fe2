-- What is asked most often is answered in as few steps as it takes. A function in SQL that cannot be merged into the statement around
-- it is planned at each call, one in PL/pgSQL once for each connection; and setting up a plan costs more than running it where it
-- finds one row, so that nothing is set up for groups where somebody belongs to none.

create or replace function belongs_to(principal uuid, at timestamptz) returns table (group_id uuid, until timestamptz)
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

create function assignments_through_groups(principal uuid, at timestamptz) returns table (
    assignment_id uuid, role_id uuid, scope_id uuid, origin assignment_origin, through uuid, until timestamptz
)
    language sql stable
    as $$
        select held.id, held.role_id, held.scope_id, held.origin, groups.group_id, least(held.ends_at, groups.until)
        from belongs_to(principal, at) as groups
        cross join lateral in_force_of(groups.group_id, at) as held
    $$;

create or replace function effective_assignments(principal uuid, at timestamptz) returns table (
    assignment_id uuid, role_id uuid, scope_id uuid, origin assignment_origin, through uuid, until timestamptz
)
    language sql stable
    as $$
        select held.id, held.role_id, held.scope_id, held.origin, null::uuid, held.ends_at
        from live_assignments_of(principal, at) as held
        union all
        select * from assignments_through_groups(principal, at)
    $$;

create or replace function held(asker uuid, principals uuid[], roles uuid[], scopes uuid[]) returns table (
    number int, at timestamptz, assignment_id uuid, until timestamptz, through uuid, held_at uuid, may_ask boolean
)
    language plpgsql volatile
    as $$
declare
    principal uuid;
    by_group record;
    judged uuid;
    may_ask_there boolean;
begin
    at := instant();
    for question in 1 .. cardinality(principals) loop
        number := question;
        principal := coalesce(principals[question], asker);
        if principal = asker then
            may_ask := true;
        else
            -- Many are asked about at one place.
            if judged is distinct from scopes[question] then
                judged := scopes[question];
                may_ask_there := permitted(asker, 'access.check', judged, held.at);
            end if;
            may_ask := may_ask_there;
        end if;
        select direct.id, direct.ends_at, null, direct.scope_id
        into assignment_id, until, through, held_at
        from live_assignments_of(principal, held.at) as direct
        join scope_ancestors on scope_ancestors.scope_id = scopes[question] and ancestor_id = direct.scope_id
        where direct.role_id = roles[question]
        order by direct.ends_at desc
        limit 1;
        -- What lasts longest is told; nothing lasts longer than for good.
        if until is distinct from 'infinity' and exists (
            select from assignments
            where principal_id = principal and role_id = '00000000-0000-8000-8000-000000000008' and kind = 'active'
                and ended_at is null
        ) then
            select held_by.assignment_id, held_by.until, held_by.through, held_by.scope_id
            into by_group
            from assignments_through_groups(principal, held.at) as held_by
            join scope_ancestors on scope_ancestors.scope_id = scopes[question] and ancestor_id = held_by.scope_id
            where held_by.role_id = roles[question]
            order by held_by.until desc
            limit 1;
            if found and (until is null or by_group.until > until) then
                assignment_id := by_group.assignment_id;
                until := by_group.until;
                through := by_group.through;
                held_at := by_group.scope_id;
            end if;
        end if;
        until := nullif(until, 'infinity');
        return next;
    end loop;
end $$;

create or replace function in_quarantine() returns boolean language plpgsql stable as $$
begin
    return exists (select from quarantines where ended_by is null);
end $$;

create or replace function clock_went_back() returns boolean language plpgsql stable as $$
begin
    return exists (
        select from audit_head
        join audit_seals on audit_seals.sequence = audit_head.sequence
        where sealed_at > instant() + interval '1 second'
    );
end $$;

create or replace function eligibility_is_ones_own(eligibility assignments, principal uuid) returns boolean
    language plpgsql volatile
    as $$
begin
    return eligibility.principal_id = principal or exists (
        select from belongs_to(principal, instant()) as groups where groups.group_id = eligibility.principal_id
    );
end $$;
