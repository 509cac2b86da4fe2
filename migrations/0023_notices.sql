-- Who is told of what: rules with the terms of each role, what each person chose, what is due to be told, and what waits for the
-- summary of the day.

-- The rules are one field of the terms. What is not in them is as it ships.
alter table role_settings
    add column notices jsonb not null default '{}',
    add constraint role_settings_notices_are_rules check (jsonb_typeof(notices) = 'object');

-- Every organisation's own version owns the new field from here on, as it owns all others.
do $$
begin
    execute format(
        'create or replace function settings_fields() returns text[] language sql immutable parallel safe as %L',
        format('select %L::text[]', settings_fields() || array['notices'])
    );
end $$;
alter table role_settings disable trigger user;
update role_settings set own_fields = own_fields || array['notices'] where scope_id = '00000000-0000-8000-8000-000000000000';
alter table role_settings enable trigger user;

alter function settings_values(role_settings) rename to settings_values_of_terms;
create function settings_values(terms role_settings) returns jsonb
    language sql stable
    as $$
        select settings_values_of_terms(terms) || jsonb_build_object('notices', terms.notices)
    $$;

-- How somebody wants to be told of what asks nothing of them. Nobody without a row has chosen anything.
create table notice_preferences (
    -- Whose they are.
    id uuid primary key references persons,
    ways jsonb not null default '{}',
    quiet_from time,
    quiet_to time,
    daily boolean not null default true,
    weekly boolean not null default true,
    constraint notice_preferences_ways_are_named check (jsonb_typeof(ways) = 'object'),
    constraint notice_preferences_quiet_whole check (num_nulls(quiet_from, quiet_to) in (0, 2)),
    constraint notice_preferences_quiet_ends check (quiet_from <> quiet_to)
);
create constraint trigger notice_preferences_recorded after insert or update on notice_preferences
    deferrable initially deferred for each row execute function must_be_recorded('target');
create trigger notice_preferences_never_deleted before delete or truncate on notice_preferences
    for each statement execute function never_deleted();

-- What waits for the summary of the day.
create table gathered_notices (
    id uuid primary key,
    recipient_id uuid not null references principals,
    occasion text not null,
    line text not null,
    link text not null,
    created_at timestamptz not null,
    constraint gathered_notices_occasion_is_a_name check (occasion ~ '^[a-z_]+$'),
    constraint gathered_notices_line_length check (char_length(line) between 1 and 400),
    constraint gathered_notices_link_length check (char_length(link) between 1 and 2000)
);
create index gathered_notices_of_recipient on gathered_notices (recipient_id, created_at, id);

-- Up to which moment everybody was told of what becomes due by itself, so that only what has come since is looked at.
create table notice_progress (
    kind text primary key,
    through timestamptz not null,
    constraint notice_progress_kind_is_known
        check (kind in ('ending_soon', 'ended', 'lapsed', 'daily_summary', 'weekly_summary'))
);
insert into notice_progress
select kind, instant() from unnest(array['ending_soon', 'ended', 'lapsed', 'daily_summary', 'weekly_summary']) as kind;

-- What was told of by itself: each once, however many servers there are. Access that gets another end is told of anew.
create table told_notices (
    kind text not null references notice_progress,
    about_id uuid not null,
    due_at timestamptz not null,
    told_at timestamptz not null,
    primary key (about_id, kind, due_at)
);
create index told_notices_by_age on told_notices (told_at);

-- What has ended by itself, and what nobody decided, since a moment ago.
create index assignments_activations_over on assignments (ended_at)
    where origin = 'activated' and end_reason in ('expired', 'eligibility_ended');
create index requests_lapsed on requests (closed_at) where state = 'expired';
-- What changed within a week, for its summary.
create index role_settings_by_time on role_settings (created_at);

-- Who may do this at a scope, or could after activating a role: the eligible ones as well.
create function people_permitted_or_eligible(permission text, scope uuid, at timestamptz)
    returns table (principal_id uuid, person_id uuid)
    language sql stable
    as $$
        select principal_id, person_id from people_permitted(permission, scope, at)
        union
        select principals.id, principals.person_id
        from scope_ancestors
        join live_eligibilities(at) as held on held.scope_id = ancestor_id
        join roles on roles.id = held.role_id and permission = any(roles.permissions) and roles.retired_at is null
        join principals as holders on holders.id = held.principal_id
        cross join lateral (
            select holders.id where holders.kind = 'user'
            union all
            select members.principal_id from members_of(holders.id, at) as members where holders.kind = 'group'
        ) as candidates
        join principals on principals.id = candidates.id and principals.kind = 'user' and principals.disabled_at is null
        where scope_ancestors.scope_id = scope
    $$;

grant select, insert, update on notice_preferences to latchkey_app;
grant select, insert, delete on gathered_notices to latchkey_app;
grant select, insert, delete on told_notices to latchkey_app;
grant select on notice_progress to latchkey_app;
grant update (through) on notice_progress to latchkey_app;
