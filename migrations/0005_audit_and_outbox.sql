-- The record of everything that happened, and what is to be told to the outside because of it.

create type actor_kind as enum ('user', 'system', 'operator', 'anonymous');
create type audit_outcome as enum ('success', 'refused', 'failure');

-- One event for each state change, written in the change's own transaction. Names are those of the moment, so that a copy
-- of this table alone tells the story. `detail` is json, not jsonb: it keeps the very bytes that were hashed.
create table audit_events (
    id uuid primary key,
    transaction_id xid8 not null default pg_current_xact_id(),
    at timestamptz not null,
    kind text not null check (kind ~ '^[a-z_]+\.[a-z_]+$'),
    outcome audit_outcome not null,
    actor_kind actor_kind not null,
    actor_id uuid,
    actor_person_id uuid,
    actor_name text not null,
    subject_id uuid,
    subject_name text,
    role_id uuid,
    role_name text,
    scope_id uuid,
    scope_name text,
    request_id uuid,
    assignment_id uuid,
    -- The changed row, when it is none of the above.
    target_id uuid,
    session_id uuid,
    client_address inet,
    correlation_id uuid,
    detail json not null,
    constraint audit_events_user_is_named check ((actor_kind = 'user') = (actor_id is not null)),
    constraint audit_events_detail_size check (octet_length(detail::text) <= 65536)
);
create index audit_events_by_time on audit_events (at desc, id desc);
create index audit_events_unsettled on audit_events (transaction_id);
create index audit_events_of_actor on audit_events (actor_id, at desc, id desc) where actor_id is not null;
create index audit_events_of_subject on audit_events (subject_id, at desc, id desc) where subject_id is not null;
create index audit_events_of_role on audit_events (role_id, at desc, id desc) where role_id is not null;
create index audit_events_of_request on audit_events (request_id) where request_id is not null;
create index audit_events_of_assignment on audit_events (assignment_id) where assignment_id is not null;
create index audit_events_of_target on audit_events (target_id) where target_id is not null;

-- The chain: events numbered in the order in which they became visible, each hash covering the one before.
create table audit_seals (
    sequence bigint primary key check (sequence > 0),
    event_id uuid not null unique references audit_events,
    sealed_at timestamptz not null,
    previous_hash bytea not null check (octet_length(previous_hash) = 32),
    hash bytea not null check (octet_length(hash) = 32)
);

-- Where the chain ends, and the oldest transaction that was still running when it was last looked at.
create table audit_head (
    only_one boolean primary key default true check (only_one),
    sequence bigint not null,
    hash bytea not null check (octet_length(hash) = 32),
    settled_before xid8 not null
);
insert into audit_head (sequence, hash, settled_before) values (0, decode(repeat('00', 32), 'hex'), '0');

create function audit_is_final() returns trigger language plpgsql as $$
begin
    raise exception 'the audit log cannot be changed or removed' using errcode = 'insufficient_privilege';
end $$;
create trigger audit_events_are_final before update or delete or truncate on audit_events
    for each statement execute function audit_is_final();
create trigger audit_seals_are_final before update or delete or truncate on audit_seals
    for each statement execute function audit_is_final();
create trigger audit_head_stays before delete or truncate on audit_head
    for each statement execute function audit_is_final();

-- Refuses to commit a change that has no event in its own transaction. The argument says which column of the event names
-- the changed row.
create function must_be_recorded() returns trigger language plpgsql as $$
declare
    recorded boolean;
begin
    case tg_argv[0]
        when 'request' then
            select exists (select from audit_events
                where request_id = new.id and transaction_id = pg_current_xact_id()) into recorded;
        when 'assignment' then
            select exists (select from audit_events
                where assignment_id = new.id and transaction_id = pg_current_xact_id()) into recorded;
        else
            select exists (select from audit_events
                where target_id = new.id and transaction_id = pg_current_xact_id()) into recorded;
    end case;
    if not recorded then
        raise exception 'a change of % was not recorded', tg_table_name
            using errcode = 'check_violation', constraint = tg_name;
    end if;
    return null;
end $$;

create constraint trigger requests_recorded after insert or update on requests
    deferrable initially deferred for each row execute function must_be_recorded('request');
create constraint trigger assignments_recorded after insert on assignments
    deferrable initially deferred for each row execute function must_be_recorded('assignment');
-- When an eligibility gets another end, its activations of old follow without a change of their own.
create constraint trigger assignments_changes_recorded after update on assignments
    deferrable initially deferred for each row
    when ((old.starts_at, old.ends_at, old.ended_at, old.end_reason)
        is distinct from (new.starts_at, new.ends_at, new.ended_at, new.end_reason))
    execute function must_be_recorded('assignment');
create constraint trigger decisions_recorded after insert on decisions
    deferrable initially deferred for each row execute function must_be_recorded('target');
create constraint trigger role_settings_recorded after insert on role_settings
    deferrable initially deferred for each row execute function must_be_recorded('target');
create constraint trigger roles_recorded after insert or update on roles
    deferrable initially deferred for each row execute function must_be_recorded('target');
create constraint trigger principals_recorded after insert or update on principals
    deferrable initially deferred for each row execute function must_be_recorded('target');
create constraint trigger one_time_links_recorded after insert on one_time_links
    deferrable initially deferred for each row execute function must_be_recorded('target');
create constraint trigger password_credentials_recorded after insert or update on password_credentials
    deferrable initially deferred for each row execute function must_be_recorded('target');
create constraint trigger totp_credentials_recorded after update on totp_credentials
    deferrable initially deferred for each row
    when (old.confirmed_at is distinct from new.confirmed_at or old.disabled_at is distinct from new.disabled_at
        or old.removed_at is distinct from new.removed_at)
    execute function must_be_recorded('target');
create constraint trigger access_tokens_recorded after insert on access_tokens
    deferrable initially deferred for each row execute function must_be_recorded('target');
create constraint trigger access_tokens_revoked_recorded after update on access_tokens
    deferrable initially deferred for each row when (old.revoked_at is distinct from new.revoked_at)
    execute function must_be_recorded('target');

-- Mail to be sent. A row is written by the change that causes it, and sent after that change has committed.
create table outbox (
    id uuid primary key,
    recipient_id uuid references principals,
    address text not null check (char_length(address) between 3 and 254),
    subject text not null check (char_length(subject) between 1 and 400),
    body text not null check (char_length(body) <= 65536),
    -- Messages about one request belong to one thread.
    thread_id uuid,
    created_at timestamptz not null,
    next_attempt_at timestamptz not null,
    attempts integer not null default 0 check (attempts >= 0),
    claimed_until timestamptz,
    sent_at timestamptz,
    last_error text
);
create index outbox_waiting on outbox (next_attempt_at) where sent_at is null;

-- What a client's repeat of a request refers to: the same key never takes effect twice.
create table idempotency_keys (
    principal_id uuid not null references principals,
    key text not null check (char_length(key) between 1 and 200),
    fingerprint bytea not null check (octet_length(fingerprint) = 32),
    target_id uuid not null,
    created_at timestamptz not null,
    primary key (principal_id, key)
);
create index idempotency_keys_by_age on idempotency_keys (created_at);
