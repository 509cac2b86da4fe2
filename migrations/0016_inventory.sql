-- What is held today: brought in from elsewhere, listed worst first, and turned into eligibility step by step.

create type import_state as enum ('draft', 'done', 'discarded');
create type import_format as enum ('csv', 'json', 'json_lines');

-- A list of what is held elsewhere, as it was handed in. Kept for ever; the file itself only until it is decided what
-- becomes of it.
create table imports (
    id uuid primary key,
    state import_state not null,
    file_name text not null,
    format import_format not null,
    digest bytea not null,
    rows_read integer not null,
    file bytea,
    mapping json,
    -- Of the file and the mapping together: the same again changes nothing, and this says so.
    fingerprint bytea,
    created_by uuid not null references principals,
    created_at timestamptz not null,
    closed_at timestamptz,
    made integer,
    already integer,
    left_out integer,
    shortened integer,
    roles_made integer,
    scopes_made integer,
    constraint imports_file_name_length check (char_length(file_name) between 1 and 200),
    constraint imports_digest_length check (octet_length(digest) = 32),
    constraint imports_fingerprint_length check (octet_length(fingerprint) = 32),
    constraint imports_size check (octet_length(file) <= 10485760 and rows_read between 0 and 50000),
    constraint imports_file_until_closed check ((state = 'draft') = (file is not null)),
    constraint imports_closed_whole check ((state = 'draft') = (closed_at is null)),
    constraint imports_done_whole check (
        num_nonnulls(made, already, left_out, shortened, roles_made, scopes_made)
            = case state when 'done' then 6 else 0 end
        and (state <> 'done' or (mapping is not null and fingerprint is not null))
    )
);
create index imports_in_hand on imports (created_by) where state = 'draft';
create index imports_of_fingerprint on imports (fingerprint) where state = 'done';

create trigger imports_frozen before update on imports
    for each row when (
        (old.id, old.file_name, old.format, old.digest, old.rows_read, old.created_by, old.created_at)
        is distinct from
        (new.id, new.file_name, new.format, new.digest, new.rows_read, new.created_by, new.created_at)
    )
    execute function frozen_columns('id', 'file_name', 'format', 'digest', 'rows_read', 'created_by', 'created_at');
create function imports_stay_closed() returns trigger language plpgsql as $$
begin
    raise exception 'import % is closed', old.id using errcode = 'check_violation', constraint = tg_name;
end $$;
create trigger imports_stay_closed before update on imports
    for each row when (old.state <> 'draft') execute function imports_stay_closed();
create trigger imports_never_deleted before delete or truncate on imports
    for each statement execute function never_deleted();
create constraint trigger imports_recorded after insert on imports
    deferrable initially deferred for each row execute function must_be_recorded('target');
create constraint trigger imports_closing_recorded after update on imports
    deferrable initially deferred for each row when (old.state is distinct from new.state)
    execute function must_be_recorded('target');

create type import_outcome as enum ('made', 'already', 'left_out');

-- What became of each row of an import, with what it said.
create table import_rows (
    import_id uuid not null references imports,
    line integer not null,
    outcome import_outcome not null,
    said json not null,
    -- Why it was left out, or in which way it is not what was said.
    notes text[] not null default '{}',
    assignment_id uuid references assignments,
    constraint import_rows_line check (line > 0),
    constraint import_rows_made_something check (outcome <> 'made' or assignment_id is not null),
    primary key (import_id, line)
);
create trigger import_rows_frozen before update or delete or truncate on import_rows
    for each statement execute function frozen_rows();

-- From standing access to eligibility: the eligible assignment stands beside the active one, its holder tries it, and then
-- the active one ends.
create table conversions (
    id uuid primary key,
    active_id uuid not null references assignments,
    eligible_id uuid not null references assignments,
    -- Whether the eligible assignment was made for this, or was there before.
    eligible_made boolean not null,
    started_by uuid not null references principals,
    started_at timestamptz not null,
    tried_by uuid references principals,
    tried_at timestamptz,
    finished_by uuid references principals,
    finished_at timestamptz,
    abandoned_by uuid references principals,
    abandoned_at timestamptz,
    constraint conversions_tried_whole check ((tried_by is null) = (tried_at is null)),
    constraint conversions_finished_whole check ((finished_by is null) = (finished_at is null)),
    constraint conversions_abandoned_whole check ((abandoned_by is null) = (abandoned_at is null)),
    constraint conversions_one_end check (num_nonnulls(finished_at, abandoned_at) <= 1),
    -- Nobody is left with an eligibility that was never seen to work.
    constraint conversions_tried_first check (finished_at is null or tried_at is not null),
    constraint conversions_in_order check (
        tried_at >= started_at and finished_at >= tried_at and abandoned_at >= started_at
    )
);
create unique index conversions_one_open on conversions (active_id) where finished_at is null and abandoned_at is null;
create index conversions_on_eligible on conversions (eligible_id);

create function conversions_of_one_role() returns trigger language plpgsql as $$
begin
    perform 1 from assignments as active
    join assignments as eligible on (eligible.principal_id, eligible.role_id, eligible.scope_id)
        = (active.principal_id, active.role_id, active.scope_id)
    where active.id = new.active_id and active.kind = 'active' and active.origin = 'assigned' and active.ended_at is null
        and eligible.id = new.eligible_id and eligible.kind = 'eligible' and eligible.ended_at is null;
    if not found then
        raise exception 'a conversion is from standing access to eligibility for the same role'
            using errcode = 'check_violation', constraint = tg_name;
    end if;
    return new;
end $$;
create trigger conversions_of_one_role before insert on conversions
    for each row execute function conversions_of_one_role();
create trigger conversions_frozen before update on conversions for each row
    execute function frozen_columns('id', 'active_id', 'eligible_id', 'eligible_made', 'started_by', 'started_at');
create function conversions_stay_over() returns trigger language plpgsql as $$
begin
    raise exception 'conversion % is over', old.id using errcode = 'check_violation', constraint = tg_name;
end $$;
create trigger conversions_stay_over before update on conversions
    for each row when (old.finished_at is not null or old.abandoned_at is not null)
    execute function conversions_stay_over();
create trigger conversions_never_deleted before delete or truncate on conversions
    for each statement execute function never_deleted();
create constraint trigger conversions_recorded after insert or update on conversions
    deferrable initially deferred for each row execute function must_be_recorded('target');

-- At commit: what is finished has ended the standing access.
create function conversions_end_standing_access() returns trigger language plpgsql as $$
begin
    if exists (select from assignments where id = new.active_id and ended_at is null) then
        raise exception 'conversion % is finished and the standing access goes on', new.id
            using errcode = 'check_violation', constraint = tg_name;
    end if;
    return null;
end $$;
create constraint trigger conversions_end_standing_access after update on conversions
    deferrable initially deferred for each row when (new.finished_at is not null)
    execute function conversions_end_standing_access();

-- Once a day, how much standing access there is. Kept for ever.
create table access_history (
    day date primary key,
    taken_at timestamptz not null,
    standing_privileged bigint not null,
    standing_other bigint not null,
    eligible bigint not null,
    -- Of the whole day before, since this day has only begun.
    activations_day_before bigint not null,
    constraint access_history_counts check (
        least(standing_privileged, standing_other, eligible, activations_day_before) >= 0
    )
);
create trigger access_history_frozen before update or delete or truncate on access_history
    for each statement execute function frozen_rows();
-- Counts the activations of a day without reading all of them: rows lie in the order in which they were made.
create index assignments_by_making on assignments using brin (created_at);

-- Standing access in the order in which it is to be looked at, worst first. A copy of what the assignments say, kept by
-- triggers and by nobody else, since no index of theirs has this order: rank, and then whoever has not been here for longest.
create type standing_list as enum ('people', 'applications', 'break_glass');
create table standing_access (
    assignment_id uuid primary key references assignments,
    list standing_list not null,
    -- 2 for a privileged role, and 1 for no end.
    rank smallint not null,
    principal_id uuid not null references principals,
    role_id uuid not null references roles,
    scope_id uuid not null references scopes,
    -- '-infinity' is never.
    last_used_at timestamptz not null,
    constraint standing_access_rank check (rank between 0 and 3)
);
create index standing_access_worst on standing_access (list, rank, last_used_at, assignment_id);
create index standing_access_of_role on standing_access (role_id, list, rank, last_used_at, assignment_id);
create index standing_access_of_scope on standing_access (scope_id, list, rank, last_used_at, assignment_id);
create index standing_access_of_both on standing_access (role_id, scope_id, list, rank, last_used_at, assignment_id);
create index standing_access_of_principal on standing_access (principal_id, last_used_at);

-- Those who act for a principal: the account or application itself, or everybody who belongs to a group.
create function accounts_behind(principal uuid) returns setof uuid
    language sql stable
    as $$
        select principal
        union all
        select members.principal_id from members_of(principal, instant()) as members
        where exists (select from principals where id = principal and kind = 'group')
    $$;

-- When somebody who acts for a principal was last here, signed in or by a token: all that can be known of whether access
-- is used. Whoever activates a role has been here. It keeps its plan, since many are asked about one after the other.
create function last_here(principal uuid) returns timestamptz
    language plpgsql stable
    as $$
begin
    return (
        select coalesce(max(greatest(
            (select at from audit_events where actor_id = account and kind = 'sign_in.succeeded'
                order by at desc limit 1),
            (select max(authenticated_at) from sessions where principal_id = account and ended_at is null),
            (select max(last_used_at) from access_tokens where principal_id = account)
        )), '-infinity')
        from accounts_behind(principal) as account
    );
end $$;

create function standing_list_of(kind principal_kind, break_glass boolean) returns standing_list
    language sql immutable
    as $$
        select case when break_glass then 'break_glass' when kind = 'service_principal' then 'applications'
            else 'people' end::standing_list
    $$;
-- Owner of a place gives its roles away, though it is not labelled so.
create function standing_rank_of(role roles, ends_at timestamptz) returns smallint
    language sql immutable
    as $$
        select (
            case when role.privileged or role.id = '00000000-0000-8000-8000-000000000009' then 2 else 0 end
            + case when ends_at = 'infinity' then 1 else 0 end
        )::smallint
    $$;

-- Belonging to a group and owning it are not listed; what the group itself holds is.
create function standing_access_begins() returns trigger
    language plpgsql security definer set search_path = public, pg_temp as $$
begin
    insert into standing_access (assignment_id, list, rank, principal_id, role_id, scope_id, last_used_at)
    select new.id, standing_list_of(principals.kind, break_glass), standing_rank_of(roles, new.ends_at),
        new.principal_id, new.role_id, new.scope_id, last_here(new.principal_id)
    from principals, roles, scopes
    where principals.id = new.principal_id and roles.id = new.role_id and scopes.id = new.scope_id
        and scopes.kind <> 'group';
    return null;
end $$;
create trigger standing_access_begins after insert on assignments
    for each row when (new.kind = 'active' and new.origin = 'assigned' and new.ended_at is null)
    execute function standing_access_begins();

create function standing_access_changes() returns trigger
    language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if new.ended_at is not null then
        delete from standing_access where assignment_id = new.id;
    else
        update standing_access set rank = standing_rank_of(roles, new.ends_at)
        from roles
        where assignment_id = new.id and roles.id = new.role_id;
    end if;
    return null;
end $$;
create trigger standing_access_changes after update on assignments
    for each row when (
        new.kind = 'active' and new.origin = 'assigned'
        and (old.ends_at, old.ended_at) is distinct from (new.ends_at, new.ended_at)
    )
    execute function standing_access_changes();

create function standing_access_ranked() returns trigger
    language plpgsql security definer set search_path = public, pg_temp as $$
begin
    update standing_access set rank = standing_rank_of(new, ends_at)
    from assignments
    where standing_access.role_id = new.id and assignments.id = assignment_id;
    return null;
end $$;
create trigger standing_access_ranked after update on roles
    for each row when (old.privileged is distinct from new.privileged) execute function standing_access_ranked();

create function standing_access_listed() returns trigger
    language plpgsql security definer set search_path = public, pg_temp as $$
begin
    update standing_access set list = standing_list_of(new.kind, new.break_glass) where principal_id = new.id;
    return null;
end $$;
create trigger standing_access_listed after update on principals
    for each row when (old.break_glass is distinct from new.break_glass) execute function standing_access_listed();

-- Whoever is here is noted to the hour. What somebody else is writing at this moment is left alone: they write the same,
-- and nobody waits for anybody here.
create function standing_access_used() returns trigger
    language plpgsql security definer set search_path = public, pg_temp as $$
declare
    here constant timestamptz := instant();
begin
    update standing_access set last_used_at = here
    where assignment_id in (
        select assignment_id from standing_access
        where last_used_at < here - interval '1 hour' and principal_id in (
            select new.principal_id
            union all
            select groups.group_id from belongs_to(new.principal_id, here) as groups
        )
        for update skip locked
    );
    return null;
end $$;
create trigger standing_access_used after insert on sessions
    for each row when (new.stage = 'signed_in') execute function standing_access_used();
create trigger standing_access_used_later after update on sessions
    for each row when (new.stage = 'signed_in' and old.stage <> 'signed_in') execute function standing_access_used();
create trigger standing_access_used after update on access_tokens
    for each row when (new.last_used_at is distinct from old.last_used_at) execute function standing_access_used();

-- Standing access that counts at an instant: begun, not over, and nothing of it out of use. Called with a column, never with
-- instant() itself, it becomes part of the query that asks, and so finds its indexes.
create function standing_at(at timestamptz) returns setof standing_access
    language sql stable
    as $$
        select standing.*
        from standing_access as standing
        join assignments on assignments.id = standing.assignment_id and starts_at <= at and ends_at > at
        join principals on principals.id = standing.principal_id and disabled_at is null
        join roles on roles.id = standing.role_id and roles.retired_at is null
        join scopes on scopes.id = standing.scope_id and scopes.retired_at is null
    $$;

-- What stands already.
insert into standing_access (assignment_id, list, rank, principal_id, role_id, scope_id, last_used_at)
select assignments.id, standing_list_of(principals.kind, break_glass), standing_rank_of(roles, ends_at),
    principal_id, role_id, scope_id, last_here(principal_id)
from assignments
join principals on principals.id = principal_id
join roles on roles.id = role_id
join scopes on scopes.id = scope_id and scopes.kind <> 'group'
where assignments.kind = 'active' and origin = 'assigned' and ended_at is null;

grant select, insert on imports, import_rows, conversions, access_history to latchkey_app;
grant select on standing_access to latchkey_app;
grant update (
    state, file, mapping, fingerprint, closed_at, made, already, left_out, shortened, roles_made, scopes_made
) on imports to latchkey_app;
grant update (tried_by, tried_at, finished_by, finished_at, abandoned_by, abandoned_at)
    on conversions to latchkey_app;

-- Who somebody is, for people to read.
create function name_of(principal uuid) returns text
    language sql stable
    as $$
        select coalesce(display_name, principals.name)
        from principals
        left join persons on persons.id = person_id
        where principals.id = principal
    $$;
