-- What was applied from policy files: by whom, when, and the files themselves, so that what has drifted since can be told.

create table policy_applications (
    id uuid primary key,
    applied_at timestamptz not null,
    applied_by uuid not null references principals,
    -- As it was then; with whoever agreed to it, where that took two.
    actor_name text not null,
    -- The places below which whoever wrote the files could see; none if that was everywhere. The files speak of no others.
    places uuid[],
    digest text not null,
    files jsonb not null,
    prune boolean not null,
    -- How many things it did.
    steps integer not null,
    reason text not null,
    constraint policy_applications_did_something check (steps > 0),
    constraint policy_applications_reason_length check (char_length(reason) between 1 and 4096)
);
create index policy_applications_by_time on policy_applications (applied_at desc, id);
create trigger policy_applications_frozen before update or delete or truncate on policy_applications
    for each statement execute function frozen_rows();
create constraint trigger policy_applications_recorded after insert on policy_applications
    deferrable initially deferred for each row execute function must_be_recorded('target');

grant select, insert on policy_applications to latchkey_app;

-- The same files are not asked for twice while they wait.
create unique index change_requests_policy_once on change_requests (author_person_id, (payload ->> 'plan'))
    where state = 'pending' and kind = 'apply_policy';

-- Whether a human being would gain by a change: who gets the role, by whichever account or through a group; and for weaker
-- terms, who is eligible for the role that they are of. Policy files may give several roles and weaken the terms of several.
create or replace function gains_by_change(change uuid, person uuid, at timestamptz) returns boolean
    language sql stable
    as $$
        select exists (
            select from change_requests as asked
            join principals as accounts on accounts.person_id = person
            cross join lateral (select ways.principal_id as id from ways_of(accounts.id) as ways) as reached
            where asked.id = change and (
                asked.subject_id = reached.id
                or asked.kind = 'apply_policy' and asked.payload -> 'holders' ? reached.id::text
                or asked.kind in ('save_settings', 'apply_policy') and exists (
                    select from assignments as eligibilities
                    where eligibilities.principal_id = reached.id
                        and (
                            eligibilities.role_id = asked.role_id
                            or asked.kind = 'apply_policy' and asked.payload -> 'weaker' ? eligibilities.role_id::text
                        )
                        and eligibilities.kind = 'eligible' and ended_at is null and ends_at > at
                )
            )
        )
    $$;

-- Who approves comes in the transaction that writes the version; within a savepoint, too, whose own number comes after that of
-- the transaction: a row that is seen while what wrote it is in progress is one's own.
create or replace function settings_approvers_come_with_their_version() returns trigger language plpgsql as $$
declare
    own bigint := pg_current_xact_id()::text::bigint;
    later bigint;
    is_own boolean := false;
begin
    -- Row versions carry only the last 32 bits of a number. What is not later was there before.
    select mod(xmin::text::bigint - mod(own, 4294967296) + 4294967296, 4294967296) into later
    from role_settings where id = new.settings_id;
    if later < 2147483648 then
        is_own := pg_xact_status((own + later)::text::xid8) is not distinct from 'in progress';
    end if;
    if not is_own then
        raise exception 'the approvers of settings % are frozen', new.settings_id
            using errcode = 'check_violation', constraint = tg_name;
    end if;
    return new;
end $$;
