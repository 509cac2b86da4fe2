-- Changes that need somebody else's word, and the life of assignments: asked for more time, reminded of their end.

create type change_state as enum ('new', 'pending', 'carried_out', 'declined', 'withdrawn', 'lapsed', 'failed');

-- The legal moves of a change request. The foreign key from change_requests makes this table the state machine.
create table change_moves (
    prior change_state not null,
    next change_state not null,
    primary key (prior, next)
);
insert into change_moves values
    ('new', 'pending'), ('pending', 'carried_out'), ('pending', 'declined'), ('pending', 'withdrawn'),
    ('pending', 'lapsed'), ('pending', 'failed');

-- A change that somebody wants and somebody else must agree to, with all that it takes to carry it out then. Kept for ever.
create table change_requests (
    id uuid primary key,
    kind text not null,
    prior change_state not null,
    state change_state not null,
    author_id uuid not null,
    author_person_id uuid not null,
    -- What whoever decides must be allowed, at which scope.
    permission text not null,
    scope_id uuid not null references scopes,
    role_id uuid references roles,
    -- Whoever gets something by it.
    subject_id uuid references principals,
    -- What it changes, if that is an assignment.
    assignment_id uuid references assignments,
    payload jsonb not null,
    -- Before and after, field by field, as its author saw it.
    difference jsonb not null,
    reason text not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    decider_id uuid,
    decider_person_id uuid,
    decision_reason text not null default '',
    -- What the decider made of what was asked for, if anything else.
    amended jsonb,
    proof_id uuid unique,
    closed_at timestamptz,
    failure text,
    constraint change_requests_kind_is_a_name check (kind ~ '^[a-z_]+$'),
    constraint change_requests_author foreign key (author_id, author_person_id) references principals (id, person_id),
    constraint change_requests_decider foreign key (decider_id, decider_person_id) references principals (id, person_id),
    constraint change_requests_never_ones_own check (decider_person_id <> author_person_id),
    constraint change_requests_proof foreign key (proof_id, id) references mfa_proofs (id, spent_for),
    constraint change_requests_move foreign key (prior, state) references change_moves (prior, next),
    constraint change_requests_run_forward check (created_at < expires_at),
    constraint change_requests_closed check ((state = 'pending') = (closed_at is null)),
    -- What was carried out or declined was decided by somebody, with a proof; what was withdrawn or lapsed by nobody.
    constraint change_requests_decided_whole check (
        num_nonnulls(decider_id, decider_person_id, proof_id) in (0, 3)
        and (state not in ('carried_out', 'declined') or decider_id is not null)
        and (state not in ('pending', 'withdrawn', 'lapsed') or decider_id is null)
    ),
    constraint change_requests_in_time check (decider_id is null or closed_at < expires_at),
    constraint change_requests_failure check ((state = 'failed') = (failure is not null)),
    constraint change_requests_text_length
        check (char_length(reason) between 1 and 4096 and char_length(decision_reason) <= 4096)
);
create unique index change_requests_more_time_once on change_requests (assignment_id)
    where state = 'pending' and kind in ('extend_assignment', 'renew_assignment');
create index change_requests_pending on change_requests (expires_at) where state = 'pending';
create index change_requests_of_author on change_requests (author_person_id, created_at desc, id);
create index change_requests_of_decider on change_requests (decider_person_id, closed_at desc, id)
    where decider_person_id is not null;
create index change_requests_by_time on change_requests (created_at desc, id);

create function change_requests_move() returns trigger language plpgsql as $$
begin
    new.prior := case tg_op when 'INSERT' then 'new' else old.state end;
    if tg_op = 'UPDATE' and new.state = old.state then
        raise exception 'change request % is already %', old.id, old.state
            using errcode = 'check_violation', constraint = 'change_requests_move';
    end if;
    return new;
end $$;
create trigger change_requests_move before insert or update on change_requests
    for each row execute function change_requests_move();
create trigger change_requests_frozen before update on change_requests for each row execute function frozen_columns(
    'id', 'kind', 'author_id', 'author_person_id', 'permission', 'scope_id', 'role_id', 'subject_id', 'assignment_id',
    'payload', 'difference', 'reason', 'created_at', 'expires_at'
);
create trigger change_requests_never_deleted before delete or truncate on change_requests
    for each statement execute function never_deleted();
create constraint trigger change_requests_recorded after insert or update on change_requests
    deferrable initially deferred for each row execute function must_be_recorded('target');

-- The proof that a decision rests on is the decider's own.
create function change_proofs_are_ones_own() returns trigger language plpgsql as $$
begin
    perform 1 from mfa_proofs where id = new.proof_id and principal_id = new.decider_id;
    if not found then
        raise exception 'the proof is somebody else''s'
            using errcode = 'check_violation', constraint = 'change_proofs_are_ones_own';
    end if;
    return new;
end $$;
create trigger change_proofs_are_ones_own before update on change_requests
    for each row when (new.proof_id is not null) execute function change_proofs_are_ones_own();

-- Whether a human being would gain by a change: who gets the role, by whichever account or through a group; and for weaker
-- terms, who is eligible for the role that they are of.
create function gains_by_change(change uuid, person uuid, at timestamptz) returns boolean
    language sql stable
    as $$
        select exists (
            select from change_requests as asked
            join principals as accounts on accounts.person_id = person
            cross join lateral (select ways.principal_id as id from ways_of(accounts.id) as ways) as reached
            where asked.id = change and (
                asked.subject_id = reached.id
                or asked.kind = 'save_settings' and exists (
                    select from assignments as eligibilities
                    where eligibilities.role_id = asked.role_id and eligibilities.principal_id = reached.id
                        and eligibilities.kind = 'eligible' and ended_at is null and ends_at > at
                )
            )
        )
    $$;

-- Who may decide a change: whoever is allowed to make it at that moment, but neither its author nor anybody who gains by it.
create function deciders_of_change(change uuid, at timestamptz) returns table (principal_id uuid, person_id uuid)
    language sql stable
    as $$
        select distinct principals.id, principals.person_id
        from change_requests as asked
        join scope_ancestors on scope_ancestors.scope_id = asked.scope_id
        join live_assignments(at) as held on held.scope_id = ancestor_id
        join roles on roles.id = held.role_id and asked.permission = any(roles.permissions)
        join principals as holders on holders.id = held.principal_id
        cross join lateral (
            select holders.id where holders.kind = 'user'
            union all
            select members.principal_id from members_of(holders.id, at) as members where holders.kind = 'group'
        ) as candidates
        join principals on principals.id = candidates.id and principals.kind = 'user'
            and principals.disabled_at is null
        where asked.id = change and principals.person_id <> asked.author_person_id
            and not gains_by_change(change, principals.person_id, at)
    $$;

create type reminder_kind as enum ('two_weeks', 'one_day', 'ended');

-- Who was reminded of which end. An assignment that gets another end is told of anew.
create table reminders (
    assignment_id uuid not null references assignments,
    ends_at timestamptz not null,
    kind reminder_kind not null,
    told_at timestamptz not null,
    primary key (assignment_id, ends_at, kind)
);
create trigger reminders_frozen before update or delete or truncate on reminders
    for each statement execute function frozen_rows();

-- Up to which moment everybody was reminded, so that only what has come since is looked at, however much there is.
create table reminder_progress (
    kind reminder_kind primary key,
    through timestamptz not null
);
insert into reminder_progress select kind, instant() from unnest(enum_range(null::reminder_kind)) as kind;

create index assignments_run_out on assignments (ended_at) where end_reason = 'expired' and origin = 'assigned';

grant select, insert on change_requests, reminders to latchkey_app;
grant select on change_moves, reminder_progress to latchkey_app;
grant update (prior, state, decider_id, decider_person_id, decision_reason, amended, proof_id, closed_at, failure)
    on change_requests to latchkey_app;
grant update (through) on reminder_progress to latchkey_app;
