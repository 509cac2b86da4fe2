-- The clock of a test: it stands still unless it is told to run, and moves when it is told to.
create table test_clock (
    only_one boolean primary key default true check (only_one),
    at timestamptz not null,
    -- Since when it runs; none while it stands still.
    running_since timestamptz,
    -- Everything that later transactions record was done by the test.
    set_up_in xid8 not null default pg_current_xact_id()
);
insert into test_clock (at) values ('2040-03-05 09:00:00+00');
grant select on test_clock to latchkey_app;

create or replace function instant() returns timestamptz
    language sql volatile parallel safe
    as 'select at + coalesce(clock_timestamp() - running_since, interval ''0'') from test_clock';

-- When an identifier was made, in milliseconds of real time; none of those that ship with Latchkey has one.
create function made_at(id uuid) returns bigint
    language sql immutable
    as $$ select ('x' || left(replace(id::text, '-', ''), 12))::bit(48)::bigint $$;
