-- The same rules as before, at less cost. What is measured is in benches/figures.

-- One role at one scope is not held twice at a time in the same way. The slot is a hash: whoever looks for assignments can't
-- stray into this index, which is slow to read, and it stays small. Two slots that are the same by chance, once in 10^19,
-- would only keep windows apart that might overlap.
alter table assignments drop constraint assignments_do_not_overlap;
alter table assignments add constraint assignments_do_not_overlap exclude using gist (
    uuid_hash_extended(principal_id, uuid_hash_extended(role_id, uuid_hash_extended(
        scope_id, case kind when 'active' then 1 else 0 end
    ))) with =,
    tstzrange(starts_at, ends_at) with &&
) where (ended_at is null);

-- An eligibility that gets another end finds its activations, old ones too, by this.
create index assignments_on_eligibility on assignments (eligibility_id) where eligibility_id is not null;
drop index assignments_of_eligibility;

-- Each row is read once, not once for each column; and where rows change by the thousand, only if something is wrong.
create or replace function frozen_columns() returns trigger language plpgsql as $$
declare
    before constant jsonb := to_jsonb(old);
    after constant jsonb := to_jsonb(new);
    frozen text;
begin
    foreach frozen in array tg_argv loop
        if after -> frozen is distinct from before -> frozen then
            raise exception '%.% cannot be changed', tg_table_name, frozen
                using errcode = 'check_violation', constraint = tg_name;
        end if;
    end loop;
    return new;
end $$;

drop trigger assignments_frozen on assignments;
create trigger assignments_frozen before update on assignments
    for each row when (
        (old.id, old.kind, old.origin, old.principal_id, old.role_id, old.scope_id, old.created_at, old.created_by,
            old.settings_id, old.request_id, old.eligibility_id, old.maximum_seconds)
        is distinct from
        (new.id, new.kind, new.origin, new.principal_id, new.role_id, new.scope_id, new.created_at, new.created_by,
            new.settings_id, new.request_id, new.eligibility_id, new.maximum_seconds)
    )
    execute function frozen_columns(
        'id', 'kind', 'origin', 'principal_id', 'role_id', 'scope_id', 'created_at', 'created_by', 'settings_id',
        'request_id', 'eligibility_id', 'maximum_seconds'
    );

-- The event is found by what it is about. By its transaction, which is "is true" so that no index is used for it, each of
-- a thousand changes would read the events of all the others.
create or replace function must_be_recorded() returns trigger language plpgsql as $$
declare
    recorded boolean;
begin
    case tg_argv[0]
        when 'request' then
            select exists (select from audit_events
                where request_id = new.id and (transaction_id = pg_current_xact_id()) is true) into recorded;
        when 'assignment' then
            select exists (select from audit_events
                where assignment_id = new.id and (transaction_id = pg_current_xact_id()) is true) into recorded;
        else
            select exists (select from audit_events
                where target_id = new.id and (transaction_id = pg_current_xact_id()) is true) into recorded;
    end case;
    if not recorded then
        raise exception 'a change of % was not recorded', tg_table_name
            using errcode = 'check_violation', constraint = tg_name;
    end if;
    return null;
end $$;

-- The eligibility is found by its identifier alone, whatever else the planner might think of, and judged then.
create or replace function requests_rest_on_an_eligibility() returns trigger language plpgsql as $$
declare
    eligibility assignments;
begin
    perform 1 from principals where id = new.principal_id and kind = 'user' and disabled_at is null for share;
    if not found then
        raise exception 'the account is disabled'
            using errcode = 'check_violation', constraint = 'requests_need_an_enabled_user';
    end if;
    select * into eligibility from assignments where id = new.eligibility_id for share;
    if not found or eligibility.kind <> 'eligible' or eligibility.principal_id <> new.principal_id
        or eligibility.role_id <> new.role_id or eligibility.ended_at is not null
        or not exists (
            select from scope_ancestors
            where scope_ancestors.scope_id = new.scope_id and ancestor_id = eligibility.scope_id
        ) then
        raise exception 'there is no such eligibility'
            using errcode = 'check_violation', constraint = 'requests_need_an_eligibility';
    end if;
    if new.extends_id is not null and not exists (
        select from assignments
        where id = new.extends_id and origin = 'activated' and principal_id = new.principal_id
            and role_id = new.role_id and scope_id = new.scope_id
    ) then
        raise exception 'only an activation of the same role can be extended'
            using errcode = 'check_violation', constraint = 'requests_extend_their_own';
    end if;
    return new;
end $$;

create or replace function assignments_take_effect() returns trigger language plpgsql as $$
declare
    eligibility assignments;
begin
    perform 1 from principals where id = new.principal_id and kind = 'user' and disabled_at is null for share;
    if not found then
        raise exception 'the account is disabled'
            using errcode = 'check_violation', constraint = 'assignments_need_an_enabled_user';
    end if;
    select * into eligibility from assignments where id = new.eligibility_id for share;
    if not found or eligibility.kind <> 'eligible' or eligibility.principal_id <> new.principal_id
        or eligibility.role_id <> new.role_id or eligibility.ended_at is not null
        or eligibility.starts_at > new.starts_at or new.starts_at >= eligibility.ends_at
        or not exists (
            select from scope_ancestors
            where scope_ancestors.scope_id = new.scope_id and ancestor_id = eligibility.scope_id
        ) then
        raise exception 'the eligibility is not live'
            using errcode = 'check_violation', constraint = 'assignments_need_a_live_eligibility';
    end if;
    return new;
end $$;

-- Who holds what, for `asker`: for each question in their order whether that account (the asker, if none is said) holds that
-- role there, directly or at a scope above; all judged at one instant. The hottest path: each question is asked by itself,
-- so that one plan serves for all, because making a plan costs more than the answer.
create function held(asker uuid, principals uuid[], roles uuid[], scopes uuid[])
    returns table (number int, at timestamptz, assignment_id uuid, until timestamptz, may_ask boolean)
    language plpgsql volatile
    as $$
declare
    principal uuid;
    may_ask_about_others boolean;
begin
    at := instant();
    for question in 1 .. cardinality(principals) loop
        number := question;
        principal := coalesce(principals[question], asker);
        may_ask := principal = asker;
        if not may_ask then
            may_ask_about_others := coalesce(may_ask_about_others, exists (
                select from live_assignments(held.at) as own
                join public.roles on roles.id = own.role_id and 'access.check' = any(permissions)
                join public.scopes on scopes.id = own.scope_id and scopes.kind = 'organization'
                where own.principal_id = asker
            ));
            may_ask := may_ask_about_others;
        end if;
        select live.id, nullif(live.ends_at, 'infinity') into assignment_id, until
        from live_assignments(held.at) as live
        join scope_ancestors on scope_ancestors.scope_id = scopes[question] and ancestor_id = live.scope_id
        where live.principal_id = principal and live.role_id = roles[question]
        order by live.ends_at desc
        limit 1;
        return next;
    end loop;
end $$;
