-- Who holds which role where and when, and how each activation came to be.

create type assignment_kind as enum ('eligible', 'active');
create type assignment_origin as enum ('assigned', 'activated');
create type assignment_end as enum (
    'expired', 'deactivated', 'removed', 'replaced', 'converted', 'eligibility_ended', 'principal_disabled'
);

create type request_kind as enum ('activate', 'extend');
create type request_state as enum (
    'new', 'pending', 'scheduled', 'granted', 'denied', 'cancelled', 'expired', 'failed'
);

-- The legal moves of a request. The foreign key from requests makes this table the state machine.
create table request_moves (
    prior request_state not null,
    next request_state not null,
    primary key (prior, next)
);
insert into request_moves values
    ('new', 'pending'), ('new', 'scheduled'), ('new', 'granted'),
    ('pending', 'scheduled'), ('pending', 'granted'), ('pending', 'denied'),
    ('pending', 'cancelled'), ('pending', 'expired'), ('pending', 'failed'),
    ('scheduled', 'granted'), ('scheduled', 'cancelled'), ('scheduled', 'failed');

-- A principal holds a role at a scope during a window: eligible for it, or actively. 'infinity' is permanent.
create table assignments (
    id uuid primary key,
    kind assignment_kind not null,
    origin assignment_origin not null,
    principal_id uuid not null references principals,
    role_id uuid not null references roles,
    scope_id uuid not null references scopes,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    ended_at timestamptz,
    end_reason assignment_end,
    justification text not null default '',
    created_at timestamptz not null,
    created_by uuid references principals,
    settings_id uuid not null references role_settings,
    -- Only of activations: the request that was granted, and the limits that were pinned with it.
    request_id uuid unique,
    eligibility_id uuid,
    eligibility_ends_at timestamptz,
    maximum_seconds bigint,
    constraint assignments_run_forward check (starts_at < ends_at),
    constraint assignments_end_whole check ((ended_at is null) = (end_reason is null)),
    constraint assignments_justification_length check (char_length(justification) <= 4096),
    constraint assignments_last_five_minutes
        check (origin = 'activated' or ends_at >= starts_at + interval '5 minutes'),
    constraint assignments_activated_are_active check (origin = 'assigned' or kind = 'active'),
    constraint assignments_activated_whole check (
        num_nonnulls(request_id, eligibility_id, eligibility_ends_at, maximum_seconds)
            = case origin when 'activated' then 4 else 0 end
    ),
    constraint assignments_within_maximum
        check (ends_at <= starts_at + maximum_seconds * interval '1 second'),
    constraint assignments_within_eligibility
        check (ended_at is not null or ends_at <= eligibility_ends_at),
    -- For the foreign key below.
    constraint assignments_window_end unique (id, ends_at),
    -- Shortening an eligibility reaches its activations, whose check then refuses until they are ended as well.
    constraint assignments_eligibility foreign key (eligibility_id, eligibility_ends_at)
        references assignments (id, ends_at) on update cascade,
    constraint assignments_do_not_overlap exclude using gist (
        principal_id with =, role_id with =, scope_id with =, kind with =,
        tstzrange(starts_at, ends_at) with &&
    ) where (ended_at is null)
);
create unique index assignments_one_activation on assignments (principal_id, role_id, scope_id)
    where origin = 'activated' and ended_at is null;
create index assignments_of_principal on assignments (principal_id, role_id, scope_id) where ended_at is null;
create index assignments_of_role on assignments (role_id, scope_id, kind, id) where ended_at is null;
create index assignments_due on assignments (ends_at) where ended_at is null and ends_at < 'infinity';
create index assignments_of_eligibility on assignments (eligibility_id) where ended_at is null;
create index assignments_ended on assignments (role_id, ended_at desc, id) where ended_at is not null;
create index assignments_ended_of_principal on assignments (principal_id, ended_at desc, id)
    where ended_at is not null;

-- One intent of a person, with what became of it. Kept for ever.
create table requests (
    id uuid primary key,
    kind request_kind not null,
    prior request_state not null,
    state request_state not null,
    principal_id uuid not null,
    person_id uuid not null,
    role_id uuid not null references roles,
    scope_id uuid not null references scopes,
    eligibility_id uuid not null references assignments,
    settings_id uuid not null references role_settings,
    maximum_seconds bigint not null,
    -- The running activation that an extension takes over from.
    extends_id uuid references assignments,
    requested_seconds bigint not null,
    -- None: as soon as it is granted.
    starts_at timestamptz,
    justification text not null default '',
    ticket_number text not null default '',
    ticket_system text not null default '',
    proof_id uuid unique,
    created_at timestamptz not null,
    -- When a pending request lapses.
    expires_at timestamptz,
    -- What an approver left of the duration.
    granted_seconds bigint,
    closed_at timestamptz,
    -- Why it failed, in words, when the facts had changed.
    failure text,
    constraint requests_principal foreign key (principal_id, person_id) references principals (id, person_id),
    constraint requests_move foreign key (prior, state) references request_moves,
    constraint requests_proof foreign key (proof_id, id) references mfa_proofs (id, spent_for),
    constraint requests_duration check (requested_seconds between 300 and 86400),
    constraint requests_within_maximum check (requested_seconds <= maximum_seconds),
    constraint requests_granted_duration check (granted_seconds between 300 and requested_seconds),
    constraint requests_extend_something check ((kind = 'extend') = (extends_id is not null)),
    constraint requests_extend_at_once check (kind = 'activate' or starts_at is null),
    constraint requests_pending_lapse check (state <> 'pending' or expires_at is not null),
    constraint requests_scheduled_start check (state <> 'scheduled' or starts_at is not null),
    constraint requests_closed check (
        (state in ('granted', 'denied', 'cancelled', 'expired', 'failed')) = (closed_at is not null)
    ),
    constraint requests_failure check ((state = 'failed') = (failure is not null)),
    constraint requests_text_length check (
        char_length(justification) <= 4096 and char_length(ticket_number) <= 120 and char_length(ticket_system) <= 120
    ),
    -- For foreign keys that pin what was asked for.
    constraint requests_person unique (id, person_id),
    constraint requests_terms unique (id, principal_id, role_id, scope_id, eligibility_id, maximum_seconds)
);
create unique index requests_one_open on requests (principal_id, role_id, scope_id)
    where state in ('pending', 'scheduled');
create index requests_of_principal on requests (principal_id, created_at desc, id);
create index requests_by_time on requests (created_at desc, id);
create index requests_of_role on requests (role_id, created_at desc, id);
create index requests_pending on requests (expires_at) where state = 'pending';
create index requests_pending_of_settings on requests (settings_id) where state = 'pending';
create index requests_scheduled on requests (starts_at) where state = 'scheduled';
create index requests_of_eligibility on requests (eligibility_id) where state in ('pending', 'scheduled');

alter table assignments add constraint assignments_request
    foreign key (request_id, principal_id, role_id, scope_id, eligibility_id, maximum_seconds)
    references requests (id, principal_id, role_id, scope_id, eligibility_id, maximum_seconds);

create function requests_move() returns trigger language plpgsql as $$
begin
    new.prior := case tg_op when 'INSERT' then 'new' else old.state end;
    if tg_op = 'UPDATE' and new.state = old.state then
        raise exception 'request % is already %', old.id, old.state
            using errcode = 'check_violation', constraint = 'requests_move';
    end if;
    return new;
end $$;
create trigger requests_move before insert or update on requests
    for each row execute function requests_move();
create trigger requests_frozen before update on requests for each row execute function frozen_columns(
    'id', 'kind', 'principal_id', 'person_id', 'role_id', 'scope_id', 'eligibility_id', 'settings_id',
    'maximum_seconds', 'extends_id', 'requested_seconds', 'starts_at', 'justification', 'ticket_number',
    'ticket_system', 'proof_id', 'created_at', 'expires_at'
);
create trigger requests_never_deleted before delete or truncate on requests
    for each statement execute function never_deleted();

create type verdict as enum ('approve', 'deny');

-- What an approver said. Never the requester, whichever account either uses.
create table decisions (
    id uuid primary key,
    request_id uuid not null,
    requester_person_id uuid not null,
    approver_id uuid not null,
    approver_person_id uuid not null,
    verdict verdict not null,
    justification text not null default '' check (char_length(justification) <= 4096),
    proof_id uuid not null unique,
    created_at timestamptz not null,
    constraint decisions_request foreign key (request_id, requester_person_id) references requests (id, person_id),
    constraint decisions_approver foreign key (approver_id, approver_person_id) references principals (id, person_id),
    constraint decisions_proof foreign key (proof_id, id) references mfa_proofs (id, spent_for),
    constraint decisions_never_ones_own check (approver_person_id <> requester_person_id),
    constraint decisions_one_vote_a_person unique (request_id, approver_person_id)
);
create index decisions_of_approver on decisions (approver_id, created_at desc);
create trigger decisions_frozen before update or delete or truncate on decisions
    for each statement execute function frozen_rows();

-- A decision is about a pending request, and about nothing else.
create function decisions_on_pending() returns trigger language plpgsql as $$
begin
    perform 1 from requests
    where id = new.request_id and state = 'pending' and created_at <= new.created_at and new.created_at < expires_at
    for update;
    if not found then
        raise exception 'request % is not pending', new.request_id
            using errcode = 'check_violation', constraint = 'decisions_on_pending';
    end if;
    return new;
end $$;
create trigger decisions_on_pending before insert on decisions
    for each row execute function decisions_on_pending();

create trigger assignments_frozen before update on assignments for each row execute function frozen_columns(
    'id', 'kind', 'origin', 'principal_id', 'role_id', 'scope_id', 'created_at', 'created_by', 'settings_id',
    'request_id', 'eligibility_id', 'maximum_seconds'
);
create trigger assignments_never_deleted before delete or truncate on assignments
    for each statement execute function never_deleted();

-- What has ended stays ended, and an activation never grows: more time is a new request.
create function assignments_only_shrink() returns trigger language plpgsql as $$
begin
    if old.ended_at is not null and (new.ended_at, new.end_reason, new.starts_at, new.ends_at)
        is distinct from (old.ended_at, old.end_reason, old.starts_at, old.ends_at) then
        raise exception 'assignment % has ended', old.id
            using errcode = 'check_violation', constraint = 'assignments_stay_ended';
    end if;
    if old.origin = 'activated' and (new.ends_at > old.ends_at or new.starts_at <> old.starts_at) then
        raise exception 'activation % cannot grow', old.id
            using errcode = 'check_violation', constraint = 'assignments_only_shrink';
    end if;
    return new;
end $$;
create trigger assignments_only_shrink before update on assignments
    for each row execute function assignments_only_shrink();

-- An application is powerful or not; there is nobody who would activate anything.
create function assignments_applications_are_never_eligible() returns trigger language plpgsql as $$
begin
    if exists (select from principals where id = new.principal_id and kind = 'service_principal') then
        raise exception 'an application cannot be eligible' using errcode = 'check_violation', constraint = tg_name;
    end if;
    return new;
end $$;
create trigger assignments_applications_are_never_eligible before insert on assignments
    for each row when (new.kind = 'eligible') execute function assignments_applications_are_never_eligible();

-- A request is made by an enabled user, on an eligibility of their own for that role. The locks, in the same order as
-- those of an activation, make whoever ends the eligibility or disables the account see the request, or refuse it.
create function requests_rest_on_an_eligibility() returns trigger language plpgsql as $$
begin
    perform 1 from principals where id = new.principal_id and kind = 'user' and disabled_at is null for share;
    if not found then
        raise exception 'the account is disabled'
            using errcode = 'check_violation', constraint = 'requests_need_an_enabled_user';
    end if;
    perform 1 from assignments
    where id = new.eligibility_id and kind = 'eligible' and principal_id = new.principal_id
        and role_id = new.role_id and ended_at is null
        and exists (
            select from scope_ancestors
            where scope_ancestors.scope_id = new.scope_id and ancestor_id = assignments.scope_id
        )
    for share;
    if not found then
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
create trigger requests_rest_on_an_eligibility before insert on requests
    for each row execute function requests_rest_on_an_eligibility();

-- An activation takes effect only while its holder is enabled and its eligibility is live. The locks, in this order,
-- keep both true until the transaction ends.
create function assignments_take_effect() returns trigger language plpgsql as $$
begin
    perform 1 from principals where id = new.principal_id and kind = 'user' and disabled_at is null for share;
    if not found then
        raise exception 'the account is disabled'
            using errcode = 'check_violation', constraint = 'assignments_need_an_enabled_user';
    end if;
    perform 1 from assignments
    where id = new.eligibility_id and kind = 'eligible' and principal_id = new.principal_id
        and role_id = new.role_id and ended_at is null and starts_at <= new.starts_at and new.starts_at < ends_at
        and exists (
            select from scope_ancestors
            where scope_ancestors.scope_id = new.scope_id and ancestor_id = assignments.scope_id
        )
    for share;
    if not found then
        raise exception 'the eligibility is not live'
            using errcode = 'check_violation', constraint = 'assignments_need_a_live_eligibility';
    end if;
    return new;
end $$;
create trigger assignments_take_effect before insert on assignments
    for each row when (new.origin = 'activated') execute function assignments_take_effect();

-- At commit: the stricter of the pinned and the newest settings holds for every activation, counted from rows.
create function assignments_gate() returns trigger language plpgsql as $$
declare
    request requests;
    pinned role_settings;
    newest role_settings;
begin
    select * into strict request from requests where id = new.request_id;
    select * into strict pinned from role_settings where id = request.settings_id;
    select * into strict newest from current_settings(new.role_id, new.scope_id);
    if request.state <> 'granted' then
        raise exception 'request % is not granted', request.id
            using errcode = 'check_violation', constraint = 'assignments_need_a_granted_request';
    end if;
    if new.starts_at < request.created_at or new.starts_at < request.starts_at
        or exists (select from decisions where request_id = request.id and new.starts_at < decisions.created_at) then
        raise exception 'activation % starts before it was asked for, decided or wanted', new.id
            using errcode = 'check_violation', constraint = 'assignments_in_order';
    end if;
    if new.ends_at - new.starts_at > make_interval(secs => least(
        pinned.activation_maximum_seconds, newest.activation_maximum_seconds,
        coalesce(request.granted_seconds, request.requested_seconds)
    )) then
        raise exception 'activation % is longer than allowed', new.id
            using errcode = 'check_violation', constraint = 'assignments_within_newest_maximum';
    end if;
    if (pinned.activation_requires_approval or newest.activation_requires_approval) and (
        not exists (select from decisions where request_id = request.id and verdict = 'approve')
        or exists (select from decisions where request_id = request.id and verdict = 'deny')
    ) then
        raise exception 'request % is not approved', request.id
            using errcode = 'check_violation', constraint = 'assignments_need_approval';
    end if;
    if (pinned.activation_authentication = 'mfa' or newest.activation_authentication = 'mfa')
        and request.proof_id is null then
        raise exception 'request % has no proof', request.id
            using errcode = 'check_violation', constraint = 'assignments_need_a_proof';
    end if;
    return null;
end $$;
create constraint trigger assignments_gate after insert on assignments
    deferrable initially deferred for each row when (new.origin = 'activated') execute function assignments_gate();

-- A proof that a request or decision rests on was made by the same principal.
create function proofs_are_ones_own() returns trigger language plpgsql as $$
declare
    claimant uuid := case tg_table_name when 'requests' then to_jsonb(new) ->> 'principal_id'
        else to_jsonb(new) ->> 'approver_id' end;
begin
    perform 1 from mfa_proofs where id = new.proof_id and principal_id = claimant;
    if not found then
        raise exception 'the proof is somebody else''s'
            using errcode = 'check_violation', constraint = 'proofs_are_ones_own';
    end if;
    return new;
end $$;
create trigger requests_proof_is_ones_own before insert on requests
    for each row when (new.proof_id is not null) execute function proofs_are_ones_own();
create trigger decisions_proof_is_ones_own before insert on decisions
    for each row execute function proofs_are_ones_own();

-- When an eligibility ends, or an account is disabled, nothing that rests on it goes on. Checked at commit.
create function eligibility_ends_all() returns trigger language plpgsql as $$
begin
    if exists (select from assignments where eligibility_id = new.id and ended_at is null)
        or exists (select from requests where eligibility_id = new.id and state in ('pending', 'scheduled')) then
        raise exception 'eligibility % still has an activation or an open request', new.id
            using errcode = 'check_violation', constraint = 'eligibility_ends_all';
    end if;
    return null;
end $$;
create constraint trigger eligibility_ends_all after update on assignments
    deferrable initially deferred for each row
    when (new.kind = 'eligible' and old.ended_at is null and new.ended_at is not null)
    execute function eligibility_ends_all();

create function disabling_ends_all() returns trigger language plpgsql as $$
begin
    if exists (
        select from assignments where principal_id = new.id and origin = 'activated' and ended_at is null
    ) or exists (select from requests where principal_id = new.id and state in ('pending', 'scheduled'))
        or exists (select from sessions where principal_id = new.id and sessions.ended_at is null) then
        raise exception 'principal % still has an activation, an open request or a session', new.id
            using errcode = 'check_violation', constraint = 'disabling_ends_all';
    end if;
    return null;
end $$;
create constraint trigger disabling_ends_all after update on principals
    deferrable initially deferred for each row
    when (old.disabled_at is null and new.disabled_at is not null)
    execute function disabling_ends_all();

-- The same for a role or a place that is no longer in use.
create function retiring_ends_all() returns trigger language plpgsql as $$
begin
    if exists (
        select from assignments
        where new.id in (role_id, scope_id) and origin = 'activated' and ended_at is null
    ) or exists (select from requests where new.id in (role_id, scope_id) and state in ('pending', 'scheduled')) then
        raise exception '% still has an activation or an open request', new.id
            using errcode = 'check_violation', constraint = 'retiring_ends_all';
    end if;
    return null;
end $$;
create constraint trigger retiring_ends_all after update on roles
    deferrable initially deferred for each row
    when (old.retired_at is null and new.retired_at is not null)
    execute function retiring_ends_all();
create constraint trigger retiring_ends_all after update on scopes
    deferrable initially deferred for each row
    when (old.retired_at is null and new.retired_at is not null)
    execute function retiring_ends_all();

-- Who holds power at an instant. Every reader, be it a page, the access check or a connector, asks here and nowhere else.
create function live_assignments(at timestamptz) returns setof assignments
    language sql stable
    as $$
        select assignments.*
        from assignments
        join principals on principals.id = assignments.principal_id and principals.disabled_at is null
        join roles on roles.id = assignments.role_id and roles.retired_at is null
        join scopes on scopes.id = assignments.scope_id and scopes.retired_at is null
        left join assignments as eligibility on eligibility.id = assignments.eligibility_id
        where assignments.kind = 'active' and assignments.ended_at is null
            and assignments.starts_at <= at and at < assignments.ends_at
            and (eligibility.id is null or (
                eligibility.ended_at is null and eligibility.starts_at <= at and at < eligibility.ends_at
            ))
    $$;

-- Who may activate what at an instant.
create function live_eligibilities(at timestamptz) returns setof assignments
    language sql stable
    as $$
        select assignments.*
        from assignments
        join principals on principals.id = principal_id and principals.disabled_at is null
        join roles on roles.id = role_id and roles.retired_at is null
        join scopes on scopes.id = scope_id and scopes.retired_at is null
        where assignments.kind = 'eligible' and ended_at is null and starts_at <= at and at < ends_at
    $$;

-- The accounts that may approve under a version of the settings at an instant: those named, and the members of groups named.
create function approvers_of(settings uuid, at timestamptz) returns table (principal_id uuid, person_id uuid)
    language sql stable
    as $$
        select distinct principals.id, principals.person_id
        from settings_approvers
        cross join lateral (
            select settings_approvers.principal_id as id
            union all
            select members.principal_id
            from scopes
            join live_assignments(at) as members on members.scope_id = scopes.id
            where scopes.group_id = settings_approvers.principal_id
                and members.role_id = '00000000-0000-8000-8000-000000000008'
        ) as candidates
        join principals on principals.id = candidates.id and principals.kind = 'user' and principals.disabled_at is null
        where settings_id = settings
    $$;

-- Somebody can always administer Latchkey: an enabled user who holds Global Administrator actively and for good.
create function an_administrator_remains() returns trigger language plpgsql as $$
begin
    -- Two who go at once wait for one another here.
    perform 1 from roles where id = '00000000-0000-8000-8000-000000000001' for no key update;
    if exists (select from assignments where role_id = '00000000-0000-8000-8000-000000000001')
        and not exists (
        select from assignments
        join principals on principals.id = principal_id
        where role_id = '00000000-0000-8000-8000-000000000001' and assignments.kind = 'active'
            and origin = 'assigned' and ended_at is null and ends_at = 'infinity' and starts_at <= instant()
            and principals.kind = 'user' and disabled_at is null
    ) then
        raise exception 'the last Global Administrator cannot go'
            using errcode = 'check_violation', constraint = 'an_administrator_remains';
    end if;
    return null;
end $$;
create constraint trigger an_administrator_remains after update on assignments
    deferrable initially deferred for each row
    when (old.role_id = '00000000-0000-8000-8000-000000000001' and old.origin = 'assigned'
        and (new.ended_at is not null or new.ends_at <> 'infinity' or new.starts_at > old.starts_at))
    execute function an_administrator_remains();
create constraint trigger an_administrator_remains after update on principals
    deferrable initially deferred for each row
    when (old.disabled_at is null and new.disabled_at is not null)
    execute function an_administrator_remains();
