-- Approvers are found through indexes, however many hold a role. What follows gives the answers that it gave before.

-- The accounts behind an approver that terms name: for a place and whoever asks there, if anybody does yet. Each kind is planned
-- for itself, and counts as few: planned together, and guessed from how many hold a role on average, all accounts were read.
create or replace function accounts_behind(
    approver approver_kind, holder uuid, role uuid, requester uuid, place uuid, at timestamptz
) returns table (principal_id uuid, person_id uuid)
    language plpgsql stable rows 5
    as $$
#variable_conflict use_column
declare
    given uuid[];
    holders uuid[];
begin
    if approver = 'principal' then
        holders := array[holder];
    elsif approver = 'manager' then
        holders := array(
            select accounts.id
            from persons
            join principals as accounts on accounts.person_id = persons.manager_id
            where persons.id = requester
        );
    else
        given := array(
            select id
            from assignments
            where role_id = coalesce(role, '00000000-0000-8000-8000-000000000009') and kind = 'active' and ended_at is null
                and scope_id = any (array(select ancestor_id from scope_ancestors where scope_ancestors.scope_id = place))
        );
        holders := array(select held.principal_id from live_assignments(at) as held where held.id = any (given));
    end if;
    return query
        select distinct users.id, users.person_id
        from principals as found
        cross join lateral (
            select found.id where found.kind = 'user'
            union all
            select members.principal_id from members_of(found.id, at) as members where found.kind = 'group'
        ) as candidates
        join principals as users on users.id = candidates.id and users.kind = 'user' and users.disabled_at is null
        where found.id = any (holders);
end $$;

-- A stage asks few.
alter function speakers_in_the_open_stage(uuid, timestamptz) rows 5;

-- Whether an activation rests on a yes of `person`: they agreed to it, or to the activation by which somebody agreed to it, and
-- so on. What runs and what is over are in different indexes, so they are asked for one after the other.
create or replace function rests_on_a_yes_of(activation_request uuid, person uuid) returns boolean
    language plpgsql stable
    as $$
#variable_conflict use_column
begin
    return (
        with recursive behind (request_id) as (
            select activation_request
            union
            select carrying.request_id
            from behind
            join decisions as words on words.request_id = behind.request_id and words.verdict = 'approve'
            join principals as accounts on accounts.person_id in (words.approver_person_id, words.for_person_id)
                and accounts.kind = 'user'
            cross join lateral (
                select * from assignments
                where principal_id = accounts.id and ended_at is null and words.created_at <= ends_at
                union all
                select * from assignments
                where principal_id = accounts.id and ended_at is not null and words.created_at <= ended_at
            ) as carrying
            -- Whoever is named themself needs nothing else.
            where carrying.origin = 'activated' and carrying.starts_at <= words.created_at
                and not words.entries && array[accounts.id::text, 'manager'] and (
                    carrying.role_id = '00000000-0000-8000-8000-000000000008'
                    or exists (select from unnest(words.entries) as entry where is_named_by(carrying.role_id, entry))
                )
        )
        select exists (
            select from behind
            join decisions as words on words.request_id = behind.request_id and words.verdict = 'approve'
            where person in (words.approver_person_id, words.for_person_id)
        )
    );
end $$;

-- Whether all that makes `speaker` one of the approvers that `entry` names at a place is activated, and rests on a yes of whoever
-- asks: then that one would in the end agree to their own request. Looks at what the speaker holds, never at what runs.
create or replace function speaks_in_a_circle(speaker uuid, entry text, requester uuid, place uuid, at timestamptz) returns boolean
    language plpgsql stable
    as $$
#variable_conflict use_column
begin
    -- Most people hold nothing that they activated: then there is nothing to look at.
    if requester is null or not exists (
        select from principals as accounts
        cross join lateral (
            -- The offset keeps every other condition, and so every other index, out of here.
            select * from assignments where principal_id = accounts.id and ended_at is null offset 0
        ) as held
        where accounts.person_id = speaker and accounts.kind = 'user' and held.origin = 'activated'
            and held.starts_at <= at and at < held.ends_at
    ) then
        return false;
    end if;
    return coalesce((
        select bool_and(held.request_id is not null and rests_on_a_yes_of(held.request_id, requester))
        from principals as accounts
        cross join lateral live_assignments_of(accounts.id, at) as held
        left join scopes as groups on groups.id = held.scope_id
            and held.role_id = '00000000-0000-8000-8000-000000000008'
        where accounts.person_id = speaker and accounts.kind = 'user' and accounts.disabled_at is null and (
            is_named_by(held.role_id, entry) and exists (
                select from scope_ancestors where scope_ancestors.scope_id = place and ancestor_id = held.scope_id
            )
            or exists (
                select from (
                    select groups.group_id as id where groups.group_id is not null
                    union all
                    select belonging.group_id from belongs_to(groups.group_id, at) as belonging
                ) as inside
                where inside.id::text = entry or exists (
                    select from in_force_of(inside.id, at) as given
                    join scope_ancestors on scope_ancestors.scope_id = place and ancestor_id = given.scope_id
                    where is_named_by(given.role_id, entry)
                )
            )
        )
    ), false);
end $$;
