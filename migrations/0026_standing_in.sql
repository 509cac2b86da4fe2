-- Whoever stands in for somebody is as powerful as that one; changes that were asked for before there were stages can be read; and
-- paths to what is looked for often.

-- Whoever answers for others' use of a privileged role is as good as its holder: by name, through a group, by a role that they
-- hold, as the owner of a place, as somebody's manager, or standing in for one of these.
create or replace function reaches_privilege(account uuid) returns boolean
    language sql stable
    as $$
        with ways as materialized (select principal_id from ways_of(account)),
        represented as materialized (
            select deputies.person_id
            from principals as own
            join deputies on deputies.deputy_id = own.person_id and deputies.ended_at is null and deputies.ends_at > instant()
            where own.id = account
        ),
        standing_in as materialized (
            select ways.principal_id
            from represented
            join principals as others on others.person_id = represented.person_id and others.kind = 'user'
            cross join lateral ways_of(others.id) as ways
        )
        select exists (
            select from ways
            join assignments on assignments.principal_id = ways.principal_id and ended_at is null and ends_at > instant()
            join roles on roles.id = role_id
            join scopes on scopes.id = scope_id
            where privileged or 'audit.read' = any(permissions)
                or (role_id = '00000000-0000-8000-8000-000000000009' and scopes.kind <> 'group')
        )
        or exists (select from principals where id = account and break_glass)
        or exists (
            select from standing_in
            join assignments on assignments.principal_id = standing_in.principal_id and ended_at is null and ends_at > instant()
            join scopes on scopes.id = scope_id
            where role_id = '00000000-0000-8000-8000-000000000009' and scopes.kind <> 'group'
        )
        or exists (
            select from settings_approvers as named
            join role_settings as terms on terms.id = named.settings_id and terms.activation_requires_approval
            join roles on roles.id = terms.role_id and privileged
            where (
                named.principal_id in (select principal_id from ways union all select principal_id from standing_in)
                or named.role_id in (
                    select held.role_id
                    from (select principal_id from ways union all select principal_id from standing_in) as all_ways
                    join assignments as held on held.principal_id = all_ways.principal_id and held.ended_at is null
                        and held.ends_at > instant()
                )
                or named.kind = 'manager' and exists (
                    select from persons
                    where persons.manager_id in (
                        select own.person_id from principals as own where own.id = account
                        union all
                        select represented.person_id from represented
                    )
                )
            ) and not exists (
                select from role_settings as newer
                where newer.role_id = terms.role_id and newer.scope_id = terms.scope_id
                    and newer.version > terms.version
            )
        )
        -- Whoever says who is on call says who needs nobody's word.
        or exists (
            select from ways
            join approval_stages as stages on stages.skipped_if ? 'on_call'
                and stages.skipped_if ->> 'on_call' = ways.principal_id::text
            join role_settings as terms on terms.id = stages.settings_id and terms.activation_requires_approval
            join roles on roles.id = terms.role_id and privileged
            where not exists (
                select from role_settings as newer
                where newer.role_id = terms.role_id and newer.scope_id = terms.scope_id
                    and newer.version > terms.version
            )
        )
    $$;
create index approval_stages_on_call on approval_stages ((skipped_if ->> 'on_call')) where skipped_if ? 'on_call';

-- A stage opens after it has waited, and is settled for good; by silence not before its time is over, and only where that means yes.
create or replace function request_stages_move() returns trigger language plpgsql as $$
begin
    if not (
        (old.state = 'waiting' and new.state = 'open') or (old.state = 'open' and new.state = 'agreed')
        or (old.state = 'open' and new.state = 'silent' and old.expires_at <= instant() and silence_approves(old.request_id))
        or (old.state = 'open' and new.state = 'open' and old.escalated_at is null and new.escalated_at is not null)
        or (old.state in ('waiting', 'open') and new.state = 'closed')
    ) or (old.state = 'open' and (new.opened_at, new.expires_at, new.escalates_at)
        is distinct from (old.opened_at, old.expires_at, old.escalates_at)) then
        raise exception 'stage % of request % is %', old.position, old.request_id, old.state
            using errcode = 'check_violation', constraint = tg_name;
    end if;
    return new;
end $$;

-- Who may speak in the stages of a request that have opened, as before; whom the newest terms name is found once, not once for
-- everybody whom the pinned ones name.
create or replace function speakers_of(request uuid, at timestamptz) returns table (
    principal_id uuid, person_id uuid, for_person_id uuid, entry text, escalation boolean, stage smallint
)
    language sql stable
    as $$
        with asked as materialized (
            select requests.id, requests.person_id, requests.settings_id, requests.scope_id, newest.id as newest,
                newest.activation_requires_approval as still_asks
            from requests
            cross join lateral current_settings(requests.role_id, requests.scope_id) as newest
            where requests.id = request
        ),
        still as materialized (
            select distinct named.principal_id
            from asked
            cross join lateral candidates_of(asked.newest, asked.person_id, asked.scope_id, at) as named
            where asked.newest <> asked.settings_id and asked.still_asks
        ),
        named as materialized (
            select named.*
            from asked
            cross join lateral candidates_of(asked.settings_id, asked.person_id, asked.scope_id, at) as named
            join request_stages as stages on stages.request_id = asked.id and stages.position = named.stage
                and stages.opened_at is not null
            where (not named.escalation or stages.escalates_at <= least(at, stages.settled_at))
                and named.person_id <> asked.person_id
                and (asked.newest = asked.settings_id or not asked.still_asks
                    or named.principal_id in (select still.principal_id from still))
        )
        select speaking.*
        from asked
        cross join lateral (
            select named.principal_id, named.person_id, named.person_id as for_person_id, named.entry, named.escalation,
                named.stage
            from named
            union
            select accounts.id, accounts.person_id, named.person_id, named.entry, named.escalation, named.stage
            from named
            join deputies on deputies.person_id = named.person_id and deputies.ended_at is null
                and deputies.starts_at <= at and at < deputies.ends_at
            join principals as accounts on accounts.person_id = deputies.deputy_id and accounts.kind = 'user'
                and accounts.disabled_at is null
        ) as speaking
        where speaking.person_id <> asked.person_id
    $$;

-- Changes of terms that were asked for when who approves, in which time and with which reason were three fields. What the
-- organisation says it says in every field.
create function pg_temp.with_stages(fields jsonb, asking jsonb) returns jsonb language sql as $$
    select coalesce(jsonb_agg(distinct field), '[]')
    from (
        select field from jsonb_array_elements(fields) as field
        where field not in ('"approvers"', '"approval_timeout"', '"approval_requires_justification"')
        union all
        select '"stages"' where fields ?| array(select jsonb_array_elements_text(asking))
    ) as fields
$$;
alter table change_requests disable trigger user;
update change_requests
set payload = jsonb_set(
    jsonb_set(payload, '{own,own}', case payload ->> 'scope'
        when '00000000-0000-8000-8000-000000000000' then to_jsonb(settings_fields())
        else pg_temp.with_stages(
            payload #> '{own,own}', '["approvers", "approval_timeout", "approval_requires_justification"]'
        )
    end),
    '{own,enforced}', pg_temp.with_stages(payload #> '{own,enforced}', '["approvers"]')
)
where kind = 'save_settings'
    and (payload #> '{own,own}') || (payload #> '{own,enforced}')
        ?| array['approvers', 'approval_timeout', 'approval_requires_justification'];
alter table change_requests enable trigger user;

-- Emergencies are listed newest first, a page at a time.
create index emergency_reviews_newest on emergency_reviews (opened_at, request_id);
-- Access that comes to its last minutes: what was assigned for good or for long is none of it.
create index assignments_activated_due on assignments (ends_at) where origin = 'activated' and ended_at is null;
