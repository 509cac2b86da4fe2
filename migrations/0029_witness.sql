-- A database that was put back to an earlier state is found out by what was said of it outside, and gives nobody anything that was
-- activated until somebody has looked at it.
alter type assignment_end add value 'restored';

-- The times between which a database was put back and somebody agreed to go on.
create table epochs (
    number integer primary key,
    started_at timestamptz not null,
    started_by uuid references principals,
    reason text not null,
    constraint epochs_number check (number >= 1),
    constraint epochs_started_by check ((number = 1) = (started_by is null)),
    constraint epochs_reason check (char_length(reason) between 1 and 4096)
);
insert into epochs (number, started_at, reason) values (1, instant(), 'The beginning');

-- What was found when the database did not hold what a witness had said of it.
create table quarantines (
    id uuid primary key,
    begun_at timestamptz not null,
    epoch integer not null references epochs,
    witnessed_epoch integer not null,
    witnessed_sequence bigint not null,
    witnessed_hash bytea not null,
    witnessed_at timestamptz not null,
    found_sequence bigint not null,
    found_hash bytea not null,
    ended_by integer references epochs,
    constraint quarantines_hashes check (octet_length(witnessed_hash) = 32 and octet_length(found_hash) = 32),
    constraint quarantines_end_later check (ended_by > epoch)
);
create unique index quarantines_one on quarantines ((true)) where ended_by is null;

create trigger epochs_frozen before update or delete or truncate on epochs
    for each statement execute function frozen_rows();
create trigger quarantines_kept before delete or truncate on quarantines
    for each statement execute function frozen_rows();
create constraint trigger quarantines_recorded after insert on quarantines
    deferrable initially deferred for each row execute function must_be_recorded('target');

-- Only the end may be written, and only once.
create function quarantines_frozen() returns trigger language plpgsql as $$
begin
    if old.ended_by is not null or (to_jsonb(new) - 'ended_by') is distinct from (to_jsonb(old) - 'ended_by') then
        raise exception 'quarantine % is history', old.id using errcode = 'check_violation', constraint = 'quarantines_frozen';
    end if;
    return new;
end $$;
create trigger quarantines_frozen before update on quarantines for each row execute function quarantines_frozen();

-- A new epoch follows the last one, ends a quarantine, and is begun by somebody who is kept for emergencies.
create function epochs_start() returns trigger language plpgsql as $$
begin
    if new.number <> (select max(number) + 1 from epochs)
        or not exists (select from quarantines where ended_by is null)
        or not exists (select from principals where id = new.started_by and break_glass and disabled_at is null) then
        raise exception 'epoch % may not begin', new.number using errcode = 'check_violation', constraint = 'epochs_start';
    end if;
    return new;
end $$;
create trigger epochs_start before insert on epochs for each row execute function epochs_start();

-- Nothing of before is left when a new epoch begins: whoever needs something activates it anew.
create function epochs_begin_empty() returns trigger language plpgsql as $$
begin
    if exists (select from quarantines where ended_by is null)
        or exists (select from assignments where origin = 'activated' and ended_at is null)
        or exists (select from requests where state in ('pending', 'scheduled')) then
        raise exception 'epoch % begins with what is left of before', new.number
            using errcode = 'check_violation', constraint = 'epochs_begin_empty';
    end if;
    return null;
end $$;
create constraint trigger epochs_begin_empty after insert on epochs
    deferrable initially deferred for each row execute function epochs_begin_empty();

grant select on epochs, quarantines to latchkey_app;
grant insert on epochs, quarantines to latchkey_app;
grant update (ended_by) on quarantines to latchkey_app;

create function in_quarantine() returns boolean
    language sql stable
    as $$ select exists (select from quarantines where ended_by is null) $$;

-- Whether the clock of the database went back: by more than a second behind the last event that was sealed.
create function clock_went_back() returns boolean
    language sql stable
    as $$
        select exists (
            select from audit_head
            join audit_seals on audit_seals.sequence = audit_head.sequence
            where sealed_at > instant() + interval '1 second'
        )
    $$;

-- What is in force at a moment, belonging to groups not looked at.
create or replace function in_force(at timestamptz) returns setof assignments
    language sql stable
    as $$
        select assignments.*
        from assignments
        join principals on principals.id = assignments.principal_id and principals.disabled_at is null
        join roles on roles.id = assignments.role_id and roles.retired_at is null
        join scopes on scopes.id = assignments.scope_id and scopes.retired_at is null
        where assignments.kind = 'active' and assignments.ended_at is null
            and assignments.starts_at <= at and at < assignments.ends_at
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

-- Nobody activates anything meanwhile.
create function assignments_not_in_quarantine() returns trigger language plpgsql as $$
begin
    if in_quarantine() then
        raise exception 'activation % in quarantine', new.id
            using errcode = 'check_violation', constraint = 'assignments_not_in_quarantine';
    end if;
    return new;
end $$;
create trigger assignments_not_in_quarantine before insert on assignments
    for each row when (new.origin = 'activated') execute function assignments_not_in_quarantine();
