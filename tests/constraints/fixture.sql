-- A few rows of everything, with identifiers that follow from their names: id('ada') is the account, person('ada') the person.
create function id(name text) returns uuid language sql immutable as 'select md5(name)::uuid';
create function person(name text) returns uuid language sql immutable as 'select md5(''person '' || name)::uuid';
create function hash(name text) returns bytea language sql immutable as 'select sha256(name::bytea)';
create function root() returns uuid language sql immutable as 'select ''00000000-0000-8000-8000-000000000000''::uuid';

-- Writes the event that a change of a row wants.
create function record(what text, changed uuid) returns void language sql as $$
    insert into audit_events (id, at, kind, outcome, actor_kind, actor_name, request_id, assignment_id, target_id, detail)
    values (
        gen_random_uuid(), instant(), 'test.changed', 'success', 'system', 'A test',
        case what when 'request' then changed end, case what when 'assignment' then changed end,
        case what when 'target' then changed end, '{}'
    )
$$;

begin;

insert into persons
select person(name), initcap(name), name || '@example.org', name || '@example.org', instant()
from unnest(array['ada', 'bob', 'eve', 'root']) as name;

insert into principals (id, kind, person_id, name, name_folded, created_at)
select id(name), kind::principal_kind, person(of), name, name, instant()
from (values
    ('ada', 'user', 'ada'), ('ada-admin', 'user', 'ada'), ('bob', 'user', 'bob'), ('eve', 'user', 'eve'),
    ('root', 'user', 'root'), ('backup', 'service_principal', 'bob')
) as account (name, kind, of);
insert into principals (id, kind, name, name_folded, created_at) values (id('team'), 'group', 'team', 'team', instant());
select record('target', id) from principals;

insert into scopes (id, parent_id, kind, group_id, name, name_folded, created_at) values
    (id('system'), root(), 'system', null, 'system', 'system', instant()),
    (id('team scope'), root(), 'group', id('team'), 'team', 'team', instant());
select record('target', id('system'));

insert into roles (id, name, name_folded, description, privileged, scope_kinds, created_at)
select id(name), name, name, '', true, '{organization,system}', instant() from unnest(array['operator', 'guarded', 'proved']) as name;
select record('target', id(name)) from unnest(array['operator', 'guarded', 'proved']) as name;

-- The terms: nothing asked for; approval by one of two people; a second factor. What only some versions of the schema have
-- is as in the terms that ship with Latchkey.
insert into role_settings
select (jsonb_populate_record(shipped, jsonb_build_object(
    'id', id(name || ' terms'), 'role_id', id(name), 'activation_maximum_seconds', longest,
    'activation_authentication', authentication, 'activation_requires_justification', false,
    'activation_requires_approval', approval, 'approval_requires_justification', false, 'active_may_be_permanent', true,
    'active_maximum_seconds', 31536000, 'active_requires_justification', false, 'reason', 'For a test',
    'created_at', instant()
))).*
from role_settings as shipped
cross join (values
    ('operator', 28800, 'none', false), ('guarded', 14400, 'none', true), ('proved', 28800, 'mfa', false)
) as terms (name, longest, authentication, approval)
where shipped.id = '00000000-0000-8000-9000-000000000001';
do $$
begin
    if to_regclass('approval_stages') is null then
        insert into settings_approvers (settings_id, principal_id)
        values (id('guarded terms'), id('bob')), (id('guarded terms'), id('eve'));
    else
        insert into approval_stages (settings_id, position, agree, timeout_seconds, on_silence, requires_justification, authentication)
        values (id('guarded terms'), 1, 1, 86400, 'deny', false, 'mfa');
        insert into settings_approvers (settings_id, principal_id, stage, kind, escalation)
        values (id('guarded terms'), id('bob'), 1, 'principal', false), (id('guarded terms'), id('eve'), 1, 'principal', false);
    end if;
end $$;
select record('target', id(name || ' terms')) from unnest(array['operator', 'guarded', 'proved']) as name;

insert into sessions (id, principal_id, stage, secret_hash, created_at, authenticated_at, last_seen_at, expires_at)
select id(name || ' session'), id(name), 'signed_in', hash(name || ' session'), instant(), instant(), instant(),
    instant() + interval '12 hours'
from unnest(array['ada', 'bob']) as name;

-- 'bob proof' and the like are unspent; those named after what they were spent for are not.
insert into mfa_proofs (id, principal_id, session_id, method, challenge, created_at, spent_for, spent_at)
select id(name), id(of), id(of || ' session'), 'totp', hash(name), instant(), id(spent_for),
    case when spent_for is not null then instant() end
from (values
    ('ada proof', 'ada', null), ('ada-admin proof', 'ada-admin', null), ('bob proof', 'bob', null),
    ('eve proof', 'eve', null), ('new proof', 'ada', 'new'), ('waiting proof', 'ada', 'waiting'),
    ('said proof', 'bob', 'said')
) as proof (name, of, spent_for);

-- Eligible for all three roles: for good, and until in thirty days.
insert into assignments (id, kind, origin, principal_id, role_id, scope_id, starts_at, ends_at, created_at, settings_id)
select id(of || ' ' || role), 'eligible', 'assigned', id(of), id(role), root(), instant() - interval '1 day',
    case when role = 'guarded' then instant() + interval '30 days' else 'infinity' end, instant(), id(role || ' terms')
from unnest(array['ada', 'bob']) as of, unnest(array['operator', 'guarded', 'proved']) as role;
insert into assignments (id, kind, origin, principal_id, role_id, scope_id, starts_at, ends_at, created_at, settings_id)
values
    (id('root admin'), 'active', 'assigned', id('root'), '00000000-0000-8000-8000-000000000001', root(), instant(),
        'infinity', instant(), '00000000-0000-8000-9000-000000000001'),
    (id('standing'), 'active', 'assigned', id('eve'), id('operator'), root(), instant(), instant() + interval '90 days',
        instant(), id('operator terms')),
    (id('eve proved'), 'eligible', 'assigned', id('eve'), id('proved'), root(), instant(), 'infinity', instant(),
        id('proved terms')),
    (id('eve standing'), 'active', 'assigned', id('eve'), id('proved'), root(), instant(), 'infinity', instant(),
        id('proved terms'));
select record('assignment', id) from assignments;

-- One request that waits, and one that was granted and runs.
insert into requests (
    id, kind, state, principal_id, person_id, role_id, scope_id, eligibility_id, settings_id, maximum_seconds,
    requested_seconds, created_at, expires_at, proof_id
) values (
    id('waiting'), 'activate', 'pending', id('ada'), person('ada'), id('guarded'), root(), id('ada guarded'),
    id('guarded terms'), 14400, 7200, instant(), instant() + interval '1 day', id('waiting proof')
);
do $$
begin
    if to_regclass('request_stages') is not null then
        insert into request_stages (request_id, position, state, opened_at, expires_at)
        select id, 1, 'open', created_at, expires_at from requests where id = id('waiting');
    end if;
end $$;
insert into requests (
    id, kind, state, principal_id, person_id, role_id, scope_id, eligibility_id, settings_id, maximum_seconds,
    requested_seconds, created_at, closed_at
) values (
    id('granted'), 'activate', 'granted', id('ada'), person('ada'), id('operator'), root(), id('ada operator'),
    id('operator terms'), 28800, 3600, instant(), instant()
);
insert into assignments (
    id, kind, origin, principal_id, role_id, scope_id, starts_at, ends_at, created_at, settings_id,
    request_id, eligibility_id, eligibility_ends_at, maximum_seconds
) values (
    id('running'), 'active', 'activated', id('ada'), id('operator'), root(), instant(), instant() + interval '1 hour',
    instant(), id('operator terms'), id('granted'), id('ada operator'), 'infinity', 28800
);
select record('request', id) from requests;
select record('assignment', id('running'));

commit;
grant execute on all functions in schema public to latchkey_app;
