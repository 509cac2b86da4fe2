-- Functions that look inside tables and are asked all the time, in a language that plans them once for each connection: in SQL they
-- were planned anew by every statement that calls them, which took longer than what they do.

create or replace function permitted(principal uuid, permission text, scope uuid, at timestamptz) returns boolean
    language plpgsql stable
    as $$
#variable_conflict use_column
begin
    return (
        select exists (
            select from effective_assignments(principal, at) as held
            join roles on roles.id = held.role_id and permission = any(roles.permissions)
            join scope_ancestors on scope_ancestors.scope_id = scope and ancestor_id = held.scope_id
        )
    );
end $$;

create or replace function stages_of(settings uuid) returns jsonb
    language plpgsql stable
    as $$
#variable_conflict use_column
begin
    return (
        select coalesce(jsonb_agg(jsonb_build_object(
            'approvers', named.first,
            'agree', coalesce(to_jsonb(agree), '"each"'),
            'timeout', 'PT' || timeout_seconds || 'S',
            'escalation', case when escalation_seconds is not null then
                jsonb_build_object('after', 'PT' || escalation_seconds || 'S', 'approvers', named.later)
            end,
            'on_silence', on_silence,
            'requires_justification', requires_justification,
            'authentication', authentication,
            'skipped_if', skipped_if
        ) order by position), '[]')
        from approval_stages
        cross join lateral (
            select
                coalesce(jsonb_agg(entry order by entry) filter (where not escalation), '[]') as first,
                coalesce(jsonb_agg(entry order by entry) filter (where escalation), '[]') as later
            from settings_approvers
            cross join lateral approver_entry(kind, principal_id, role_id) as entry
            where settings_approvers.settings_id = settings and stage = position
        ) as named
        where approval_stages.settings_id = settings
    );
end $$;

create or replace function silence_approves(request uuid) returns boolean
    language plpgsql stable
    as $$
#variable_conflict use_column
begin
    return (
        select exists (
            select from requests
            join roles on roles.id = requests.role_id and not privileged
            join request_stages as open on open.request_id = requests.id and open.state = 'open'
            join approval_stages as terms on terms.settings_id = requests.settings_id and terms.position = open.position
                and terms.on_silence = 'approve'
            cross join lateral current_settings(requests.role_id, requests.scope_id) as newest
            where requests.id = request and requests.state = 'pending' and (
                newest.id = requests.settings_id or not newest.activation_requires_approval or exists (
                    select from approval_stages as now
                    where now.settings_id = newest.id and now.position = open.position and now.on_silence = 'approve'
                )
            )
        )
    );
end $$;

create or replace function account_reaches_privilege(account uuid) returns boolean
    language plpgsql stable
    as $$
#variable_conflict use_column
begin
    return (
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
    );
end $$;
