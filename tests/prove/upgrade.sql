-- Runs after tests/constraints/fixture.sql in the first schema: many people like ada, with what she has, and a place where a
-- migration can be stopped when all of it is done but for its commit.
set session_replication_role = replica;

insert into persons
select (jsonb_populate_record(ada, jsonb_build_object(
    'id', person(n::text), 'display_name', 'Åse "' || n || E'" \\ O''Neil\u2003;--', 'email', n || '@example.org', 'email_folded', n || '@example.org'
))).*
from persons as ada
cross join generate_series(1, PEOPLE) as n
where ada.id = person('ada');

insert into principals
select (jsonb_populate_record(ada, jsonb_build_object(
    'id', id(n::text), 'person_id', person(n::text), 'name', n::text, 'name_folded', n::text,
    'disabled_at', case when n % 50 = 0 then now() end
))).*
from principals as ada
cross join generate_series(1, PEOPLE) as n
where ada.id = id('ada');

-- What she may activate, for good and until in thirty days; of one in ten it has ended.
insert into assignments
select (jsonb_populate_record(hers, jsonb_build_object(
    'id', id(n || ' ' || roles.name), 'principal_id', id(n::text),
    'ended_at', case when n % 10 = 0 then now() end, 'end_reason', case when n % 10 = 0 then 'removed' end
))).*
from assignments as hers
join roles on roles.id = role_id
cross join generate_series(1, PEOPLE) as n
where principal_id = id('ada') and hers.kind = 'eligible';

-- What she runs, and what she asked for.
insert into requests
select (jsonb_populate_record(hers, jsonb_build_object(
    'id', id(n || ' granted'), 'principal_id', id(n::text), 'person_id', person(n::text), 'eligibility_id', id(n || ' operator'),
    'justification', repeat('long ', 1 + n % 700)
))).*
from requests as hers
cross join generate_series(1, PEOPLE) as n
where hers.id = id('granted') and n % 10 <> 0;

insert into assignments
select (jsonb_populate_record(hers, jsonb_build_object(
    'id', id(n || ' running'), 'principal_id', id(n::text), 'request_id', id(n || ' granted'), 'eligibility_id', id(n || ' operator')
))).*
from assignments as hers
cross join generate_series(1, PEOPLE) as n
where hers.id = id('running') and n % 10 <> 0;

insert into audit_events (id, at, kind, outcome, actor_kind, actor_name, request_id, assignment_id, target_id, detail)
select gen_random_uuid(), now(), 'test.changed', 'success', 'system', 'A test', request, assignment, target, '{}'
from (
    select id, null::uuid, null::uuid from requests
    union all
    select null, id, null from assignments
    union all
    select null, null, id from principals
) as made (request, assignment, target);
set session_replication_role = origin;
analyze;

create schema proving;
create table proving.stop (version bigint not null);
insert into proving.stop values (0);
create function proving.wait() returns trigger language plpgsql security definer as $$
begin
    if new.version = (select version from proving.stop) then
        perform pg_advisory_xact_lock_shared(4711);
    end if;
    return new;
end
$$;
create trigger proving before insert on _sqlx_migrations for each row execute function proving.wait();
