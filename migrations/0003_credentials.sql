-- What people prove themselves with. Secrets are stored as hashes, or encrypted with a key that is not in the database.

create table password_credentials (
    id uuid primary key,
    principal_id uuid not null unique references principals,
    hash text not null,
    changed_at timestamptz not null
);

create table totp_credentials (
    id uuid primary key,
    principal_id uuid not null references principals,
    secret bytea not null,
    created_at timestamptz not null,
    -- It counts once a code from it was seen in the browser that it was shown to.
    confirmed_at timestamptz,
    session_id uuid,
    -- The newest time step that was accepted: codes count once, and only forwards.
    last_step bigint not null default 0,
    -- Wrong codes in a row, for the limit at which the credential is switched off, and since the last quiet five
    -- minutes, for the delay.
    failures integer not null default 0 check (failures >= 0),
    recent_failures integer not null default 0 check (recent_failures >= 0),
    last_failure_at timestamptz,
    disabled_at timestamptz,
    removed_at timestamptz
);
create unique index totp_credentials_one_in_use on totp_credentials (principal_id)
    where confirmed_at is not null and removed_at is null;

create table recovery_codes (
    id uuid primary key,
    principal_id uuid not null references principals,
    code_hash bytea not null unique check (octet_length(code_hash) = 32),
    created_at timestamptz not null,
    used_at timestamptz,
    removed_at timestamptz
);
create index recovery_codes_of_principal on recovery_codes (principal_id)
    where used_at is null and removed_at is null;

create type link_purpose as enum ('invitation', 'recovery');

-- A link that lets its bearer set up an account's credentials, once.
create table one_time_links (
    id uuid primary key,
    principal_id uuid not null references principals,
    purpose link_purpose not null,
    token_hash bytea not null unique check (octet_length(token_hash) = 32),
    created_at timestamptz not null,
    expires_at timestamptz not null,
    used_at timestamptz,
    revoked_at timestamptz,
    constraint one_time_links_run_forward check (created_at < expires_at)
);
create index one_time_links_of_principal on one_time_links (principal_id);

create type session_stage as enum ('password_verified', 'enrolling', 'signed_in');

-- A browser that someone is signing in, or signed in, with. Only a hash of its secret is here.
create table sessions (
    id uuid primary key,
    principal_id uuid not null references principals,
    stage session_stage not null,
    secret_hash bytea not null unique check (octet_length(secret_hash) = 32),
    created_at timestamptz not null,
    authenticated_at timestamptz,
    last_seen_at timestamptz not null,
    expires_at timestamptz not null,
    ended_at timestamptz,
    client_address inet,
    user_agent text not null default '' check (char_length(user_agent) <= 400),
    -- The link that let somebody in who is setting up an account.
    link_id uuid references one_time_links,
    constraint sessions_enrolling_have_a_link check ((stage = 'enrolling') = (link_id is not null)),
    -- The password that was chosen there. It counts only together with everything else.
    password_hash text,
    constraint sessions_enrolling_have_a_password check (password_hash is null or stage = 'enrolling'),
    constraint sessions_signed_in_are_authenticated
        check ((stage = 'signed_in') = (authenticated_at is not null))
);
create index sessions_of_principal on sessions (principal_id) where ended_at is null;
create index sessions_over on sessions (expires_at);

-- Waits for whoever is disabling the account at this moment, and then refuses.
create function sessions_need_an_enabled_account() returns trigger language plpgsql as $$
begin
    perform 1 from principals where id = new.principal_id and disabled_at is null for share;
    if not found then
        raise exception 'the account is disabled' using errcode = 'check_violation', constraint = tg_name;
    end if;
    return new;
end $$;
create trigger sessions_need_an_enabled_account before insert on sessions
    for each row execute function sessions_need_an_enabled_account();

-- A browser that has signed in before: its wrong passwords are counted apart, so that strangers cannot lock anyone out.
create table known_devices (
    id uuid primary key,
    principal_id uuid not null references principals,
    token_hash bytea not null unique check (octet_length(token_hash) = 32),
    created_at timestamptz not null,
    expires_at timestamptz not null
);

-- Failed attempts at passwords, by account and network or device. The key is a MAC: it tells nothing by itself.
create table sign_in_throttles (
    key bytea primary key check (octet_length(key) = 32),
    failures integer not null default 0 check (failures >= 0),
    last_failure_at timestamptz
);

create table access_tokens (
    id uuid primary key,
    principal_id uuid not null references principals,
    name text not null check (char_length(name) between 1 and 120),
    token_hash bytea not null unique check (octet_length(token_hash) = 32),
    scopes text[] not null check (cardinality(scopes) > 0),
    created_at timestamptz not null,
    expires_at timestamptz not null,
    revoked_at timestamptz,
    last_used_at timestamptz,
    -- At most a year.
    constraint access_tokens_end check (expires_at > created_at and expires_at <= created_at + interval '366 days')
);
create index access_tokens_of_principal on access_tokens (principal_id);

create type mfa_method as enum ('totp', 'recovery_code');

-- A fresh proof of who somebody is, good for one act: the challenge is a digest of everything that the act is about.
create table mfa_proofs (
    id uuid primary key,
    principal_id uuid not null references principals,
    session_id uuid,
    access_token_id uuid references access_tokens,
    method mfa_method not null,
    challenge bytea not null check (octet_length(challenge) = 32),
    created_at timestamptz not null,
    -- What it was spent for: a request, a decision, or another row that points back here.
    spent_for uuid,
    spent_at timestamptz,
    constraint mfa_proofs_are_bound check (num_nonnulls(session_id, access_token_id) = 1),
    constraint mfa_proofs_spent_whole check ((spent_for is null) = (spent_at is null)),
    constraint mfa_proofs_fresh check (spent_at is null or spent_at <= created_at + interval '300 seconds'),
    constraint mfa_proofs_spent_unique unique (id, spent_for)
);
create function mfa_proofs_spend_once() returns trigger language plpgsql as $$
begin
    if old.spent_at is not null then
        raise exception 'a proof counts once'
            using errcode = 'check_violation', constraint = 'mfa_proofs_spend_once';
    end if;
    return new;
end $$;
create trigger mfa_proofs_spend_once before update on mfa_proofs
    for each row execute function mfa_proofs_spend_once();
create trigger mfa_proofs_frozen before update on mfa_proofs
    for each row execute function frozen_columns('id', 'principal_id', 'session_id', 'access_token_id', 'method', 'challenge', 'created_at');
create trigger mfa_proofs_never_deleted before delete or truncate on mfa_proofs
    for each statement execute function never_deleted();

create function totp_steps_rise() returns trigger language plpgsql as $$
begin
    if new.last_step < old.last_step then
        raise exception 'an accepted time step never comes back'
            using errcode = 'check_violation', constraint = 'totp_steps_rise';
    end if;
    return new;
end $$;
create trigger totp_steps_rise before update on totp_credentials
    for each row execute function totp_steps_rise();
