-- A yes counts while whoever gave it could still give it, and nobody decides by a right that they owe to whoever asks.

-- Whether a yes still counts for what has not begun: the account that gave it may be used, whoever it was given for has not left, and
-- nobody took away what made that one an approver. What only ran out, such as a membership with an end, takes nothing back: who
-- is on call today may agree to what begins tomorrow.
create function word_stands(word decisions) returns boolean
    language plpgsql stable
    as $$
#variable_conflict use_column
begin
    return exists (select from principals where id = word.approver_id and disabled_at is null)
        and exists (
            select from principals
            where person_id = word.for_person_id and principals.kind = 'user' and disabled_at is null
        )
        and (
            not exists (
                select from principals as accounts
                join assignments as taken on taken.principal_id = accounts.id and taken.ended_at >= word.created_at
                    and taken.end_reason = 'removed'
                where accounts.person_id = word.for_person_id and accounts.kind = 'user' and (
                    taken.role_id in ('00000000-0000-8000-8000-000000000008', '00000000-0000-8000-8000-000000000009')
                    or exists (
                        select from requests
                        join settings_approvers as named on named.settings_id = requests.settings_id
                        where requests.id = word.request_id and named.role_id = taken.role_id
                    )
                )
            )
            or exists (
                select from requests
                cross join lateral candidates_of(
                    requests.settings_id, requests.person_id, requests.scope_id, instant()
                ) as named
                where requests.id = word.request_id and named.stage = word.stage and named.person_id = word.for_person_id
            )
        );
end $$;

create or replace function is_approved(request requests) returns boolean
    language plpgsql stable
    as $$
#variable_conflict use_column
begin
    return (
        select exists (select from approval_stages where settings_id = request.settings_id)
            and not exists (select from decisions where request_id = request.id and verdict = 'deny')
            and not exists (
                select from decisions
                where request_id = request.id and verdict = 'approve' and not word_stands(decisions)
            )
            and not exists (
                select from approval_stages as stage
                left join request_stages as standing
                    on standing.request_id = request.id and standing.position = stage.position
                where stage.settings_id = request.settings_id and not coalesce(case standing.state
                    when 'skipped' then stage.skipped_if <> '{}'
                    when 'silent' then stage.on_silence = 'approve' and standing.settled_at >= standing.expires_at
                    when 'agreed' then (
                        select count(*) from decisions
                        where request_id = request.id and decisions.stage = stage.position and verdict = 'approve'
                    ) >= needed_in(stage)
                    else false
                end, false)
            )
    );
end $$;

-- Whether holding `role` makes somebody one of the approvers that `entry` names.
create function is_named_by(role uuid, entry text) returns boolean
    language sql immutable parallel safe
    as $$
        select entry = 'holders of ' || role::text
            or (entry = 'scope owners' and role = '00000000-0000-8000-8000-000000000009')
    $$;

-- Whether an activation rests on a yes of `person`: they agreed to it, or to the activation by which somebody agreed to it, and
-- so on.
create function rests_on_a_yes_of(activation_request uuid, person uuid) returns boolean
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
            join assignments as carrying on carrying.principal_id = accounts.id and carrying.origin = 'activated'
                and carrying.starts_at <= words.created_at
                and words.created_at <= coalesce(carrying.ended_at, carrying.ends_at)
            -- Whoever is named themself needs nothing else.
            where not words.entries && array[accounts.id::text, 'manager'] and (
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
-- asks: then that one would in the end agree to their own request.
create function speaks_in_a_circle(speaker uuid, entry text, requester uuid, place uuid, at timestamptz) returns boolean
    language plpgsql stable
    as $$
#variable_conflict use_column
begin
    -- Most people hold nothing that they activated: then there is nothing to look at.
    if requester is null or not exists (
        select from principals as accounts
        join assignments as held on held.principal_id = accounts.id and held.origin = 'activated' and held.ended_at is null
            and held.starts_at <= at and at < held.ends_at
        where accounts.person_id = speaker and accounts.kind = 'user'
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

-- Who may decide a request now, as before, and whether by nothing but a right that they owe to whoever asks.
create function speakers_in_the_open_stage(request uuid, at timestamptz) returns table (
    principal_id uuid, person_id uuid, for_person_id uuid, entry text, escalation boolean, stage smallint, circular boolean
)
    language plpgsql stable
    as $$
#variable_conflict use_column
begin
    return query
        select speaking.principal_id, speaking.person_id, speaking.for_person_id, speaking.entry, speaking.escalation,
            speaking.stage,
            speaks_in_a_circle(speaking.for_person_id, speaking.entry, requests.person_id, requests.scope_id, at)
        from requests
        join request_stages as stages on stages.request_id = requests.id and stages.state = 'open'
        join speakers_of(request, at) as speaking on speaking.stage = stages.position
        where requests.id = request and requests.state = 'pending' and not exists (
            select from decisions
            where decisions.request_id = request and (
                decisions.approver_person_id = speaking.person_id or decisions.for_person_id = speaking.for_person_id
            )
        );
end $$;

create or replace function deciders_of(request uuid, at timestamptz) returns table (
    principal_id uuid, person_id uuid, for_person_id uuid, entry text, escalation boolean, stage smallint
)
    language sql stable
    as $$
        select speaking.principal_id, speaking.person_id, speaking.for_person_id, speaking.entry, speaking.escalation,
            speaking.stage
        from speakers_in_the_open_stage(request, at) as speaking
        where not circular
    $$;

-- A decision is not made by a right that rests on a yes of whoever asks.
create function decisions_in_no_circle() returns trigger language plpgsql as $$
begin
    if (
        select bool_and(circular) from speakers_in_the_open_stage(new.request_id, new.created_at) as speaking
        where speaking.principal_id = new.approver_id and speaking.for_person_id = new.for_person_id
    ) then
        raise exception 'whoever asks agreed to that by which % would decide', new.approver_id
            using errcode = 'check_violation', constraint = tg_name;
    end if;
    return new;
end $$;
create trigger decisions_in_no_circle before insert on decisions
    for each row execute function decisions_in_no_circle();

-- When `requester` last agreed to something that `approver` asked for, within thirty days: then the two agree by turns.
create function agreed_by_turns(requester uuid, approver uuid, at timestamptz) returns timestamptz
    language plpgsql stable
    as $$
#variable_conflict use_column
begin
    return (
        select max(words.created_at)
        from principals as accounts
        join decisions as words on words.approver_id = accounts.id and words.verdict = 'approve'
            and words.created_at >= at - interval '30 days' and words.created_at <= at
        where accounts.person_id = requester and accounts.kind = 'user' and words.requester_person_id = approver
    );
end $$;
