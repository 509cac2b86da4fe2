-- Applications: programs that hold roles of their own, the people who answer for them, and what they sign in with.

-- Built-in roles that look after applications. The events come first, as always.
insert into audit_events (id, at, kind, outcome, actor_kind, actor_name, role_id, role_name, target_id, detail)
select gen_random_uuid(), instant(), 'role.changed', 'success', 'system', 'Latchkey', id, name, id,
    '{"permission_added":"applications.manage"}'
from roles
where id in ('00000000-0000-8000-8000-000000000001', '00000000-0000-8000-8000-000000000002')
    and not 'applications.manage' = any(permissions);
update roles set permissions = array_append(permissions, 'applications.manage')
where id in ('00000000-0000-8000-8000-000000000001', '00000000-0000-8000-8000-000000000002')
    and not 'applications.manage' = any(permissions);

-- An application does things, too, and is named in the log like a user. (The new value cannot be said before it is
-- committed, so the others are.)
alter type actor_kind add value 'application';
alter table audit_events drop constraint audit_events_user_is_named;
alter table audit_events add constraint audit_events_user_is_named
    check ((actor_kind in ('system', 'operator', 'anonymous')) = (actor_id is null));

-- Who answers for an application may change. Whose account a user's is, never.
drop trigger principals_frozen on principals;
create trigger principals_frozen before update on principals
    for each row execute function frozen_columns('id', 'kind', 'created_at');
create trigger principals_person_frozen before update on principals
    for each row when (old.kind <> 'service_principal') execute function frozen_columns('person_id');

-- So the person of an author is checked when the author writes; history does not change with the owner.
alter table role_settings drop constraint role_settings_author;
alter table role_settings add constraint role_settings_author foreign key (author_id) references principals;
create function role_settings_author_is_themself() returns trigger language plpgsql as $$
begin
    perform 1 from principals where id = new.author_id and person_id = new.author_person_id;
    if not found then
        raise exception 'the author of settings % is somebody else', new.id
            using errcode = 'check_violation', constraint = tg_name;
    end if;
    return new;
end $$;
create trigger role_settings_author_is_themself before insert on role_settings
    for each row when (num_nonnulls(new.author_id, new.author_person_id) > 0)
    execute function role_settings_author_is_themself();

-- The people who answer for an application. One of them, the person of its principal, is accountable.
create table application_owners (
    id uuid primary key,
    principal_id uuid not null references principals,
    person_id uuid not null references persons,
    created_at timestamptz not null,
    ended_at timestamptz
);
create unique index application_owners_once on application_owners (principal_id, person_id) where ended_at is null;
create index application_owners_of_person on application_owners (person_id) where ended_at is null;

create function application_owners_are_people() returns trigger language plpgsql as $$
begin
    if not exists (select from principals where id = new.principal_id and kind = 'service_principal')
        or not exists (select from principals where person_id = new.person_id and kind = 'user') then
        raise exception 'people own applications, and nobody owns anything else'
            using errcode = 'check_violation', constraint = tg_name;
    end if;
    return new;
end $$;
create trigger application_owners_are_people before insert on application_owners
    for each row execute function application_owners_are_people();
create trigger application_owners_frozen before update on application_owners
    for each row execute function frozen_columns('id', 'principal_id', 'person_id', 'created_at');
create function application_owners_stay_ended() returns trigger language plpgsql as $$
begin
    raise exception 'who no longer owns an application is made its owner anew'
        using errcode = 'check_violation', constraint = tg_name;
end $$;
create trigger application_owners_stay_ended before update on application_owners
    for each row when (old.ended_at is not null) execute function application_owners_stay_ended();
create trigger application_owners_never_deleted before delete or truncate on application_owners
    for each statement execute function never_deleted();

-- The event names the application.
create function application_owners_recorded() returns trigger language plpgsql as $$
begin
    if not exists (select from audit_events
        where target_id = new.principal_id and (transaction_id = pg_current_xact_id()) is true) then
        raise exception 'a change of owners was not recorded'
            using errcode = 'check_violation', constraint = tg_name;
    end if;
    return null;
end $$;

-- An application begins with its accountable owner.
create function applications_begin_with_their_owner() returns trigger language plpgsql as $$
begin
    insert into application_owners (id, principal_id, person_id, created_at)
    values (gen_random_uuid(), new.id, new.person_id, new.created_at);
    return null;
end $$;
create trigger applications_begin_with_their_owner after insert on principals
    for each row when (new.kind = 'service_principal') execute function applications_begin_with_their_owner();
insert into application_owners (id, principal_id, person_id, created_at)
select gen_random_uuid(), id, person_id, created_at from principals where kind = 'service_principal';

create constraint trigger application_owners_recorded after insert or update on application_owners
    deferrable initially deferred for each row execute function application_owners_recorded();

-- The accountable owner is one of the owners: so there is always one.
create function an_owner_answers() returns trigger language plpgsql as $$
declare
    application uuid := coalesce(to_jsonb(new) ->> 'principal_id', to_jsonb(new) ->> 'id')::uuid;
begin
    -- Two who go at once wait for one another here.
    perform 1 from principals where id = application for no key update;
    if not exists (
        select from principals
        join application_owners as owner on owner.principal_id = principals.id
            and owner.person_id = principals.person_id and ended_at is null
        where principals.id = application
    ) then
        raise exception 'somebody must answer for application %', application
            using errcode = 'check_violation', constraint = tg_name;
    end if;
    return null;
end $$;
create constraint trigger an_owner_answers after update on application_owners
    deferrable initially deferred for each row when (new.ended_at is not null)
    execute function an_owner_answers();
create constraint trigger an_owner_answers after update on principals
    deferrable initially deferred for each row
    when (new.kind = 'service_principal' and old.person_id is distinct from new.person_id)
    execute function an_owner_answers();

create type application_credential_kind as enum ('secret', 'key');

-- What an application signs in with: secrets, of which only a hash is here, and public keys. Several at a time, so that
-- one can follow another without a gap.
create table application_credentials (
    id uuid primary key,
    principal_id uuid not null references principals,
    kind application_credential_kind not null,
    name text not null,
    secret_hash bytea unique,
    -- A SubjectPublicKeyInfo in DER. One key opens one application, and what was revoked never comes back.
    public_key bytea unique,
    created_at timestamptz not null,
    created_by uuid references principals,
    expires_at timestamptz not null,
    revoked_at timestamptz,
    last_used_at timestamptz,
    constraint application_credentials_name_length check (char_length(name) between 1 and 120),
    constraint application_credentials_of_one_kind
        check ((kind = 'secret') = (secret_hash is not null) and (kind = 'key') = (public_key is not null)),
    constraint application_credentials_hash_length check (octet_length(secret_hash) = 32),
    constraint application_credentials_key_length check (octet_length(public_key) between 32 and 1200),
    -- At most a year, and two years for keys, which never travel.
    constraint application_credentials_end check (
        expires_at > created_at
        and expires_at <= created_at + case kind when 'secret' then interval '366 days' else interval '732 days' end
    )
);
create index application_credentials_of_principal on application_credentials (principal_id) where revoked_at is null;

-- Waits for whoever is disabling the application at this moment, and then refuses.
create function application_credentials_need_an_application() returns trigger language plpgsql as $$
begin
    perform 1 from principals
    where id = new.principal_id and kind = 'service_principal' and disabled_at is null for share;
    if not found then
        raise exception 'only an enabled application signs in like this'
            using errcode = 'check_violation', constraint = tg_name;
    end if;
    return new;
end $$;
create trigger application_credentials_need_an_application before insert on application_credentials
    for each row execute function application_credentials_need_an_application();
create trigger application_credentials_frozen before update on application_credentials
    for each row execute function frozen_columns(
        'id', 'principal_id', 'kind', 'name', 'secret_hash', 'public_key', 'created_at', 'created_by', 'expires_at'
    );
create function application_credentials_stay_revoked() returns trigger language plpgsql as $$
begin
    raise exception 'credential % was revoked', old.id using errcode = 'check_violation', constraint = tg_name;
end $$;
create trigger application_credentials_stay_revoked before update on application_credentials
    for each row when (old.revoked_at is not null) execute function application_credentials_stay_revoked();
create trigger application_credentials_never_deleted before delete or truncate on application_credentials
    for each statement execute function never_deleted();
create constraint trigger application_credentials_recorded after insert on application_credentials
    deferrable initially deferred for each row execute function must_be_recorded('target');
create constraint trigger application_credentials_revoked_recorded after update on application_credentials
    deferrable initially deferred for each row when (old.revoked_at is distinct from new.revoked_at)
    execute function must_be_recorded('target');

-- An application's token rests on the credential that it was got with, is good for an hour at most, and ends with both.
alter table access_tokens add column credential_id uuid references application_credentials;
create index access_tokens_of_credential on access_tokens (credential_id)
    where credential_id is not null and revoked_at is null;
create function access_tokens_rest_on_a_credential() returns trigger language plpgsql as $$
declare
    holder principals;
    credential application_credentials;
begin
    select * into holder from principals where id = new.principal_id for share;
    if not found or (holder.kind = 'user' and new.credential_id is null) then
        return new;
    end if;
    select * into credential from application_credentials where id = new.credential_id for share;
    if not found or holder.kind <> 'service_principal' or holder.disabled_at is not null
        or credential.principal_id <> holder.id or credential.revoked_at is not null
        or new.expires_at > credential.expires_at or new.expires_at > new.created_at + interval '1 hour' then
        raise exception 'a token of an application rests on a credential of its own, for an hour at most'
            using errcode = 'check_violation', constraint = tg_name;
    end if;
    return new;
end $$;
create trigger access_tokens_rest_on_a_credential before insert on access_tokens
    for each row execute function access_tokens_rest_on_a_credential();
create trigger access_tokens_frozen before update on access_tokens
    for each row execute function frozen_columns(
        'id', 'principal_id', 'name', 'token_hash', 'scopes', 'created_at', 'expires_at', 'credential_id'
    );

create function revoking_ends_tokens() returns trigger language plpgsql as $$
begin
    if (tg_table_name = 'principals' and exists (select from access_tokens
            where principal_id = new.id and revoked_at is null and expires_at > instant()))
        or (tg_table_name <> 'principals' and exists (select from access_tokens
            where credential_id = new.id and revoked_at is null and expires_at > instant())) then
        raise exception '% still has a token', new.id using errcode = 'check_violation', constraint = tg_name;
    end if;
    return null;
end $$;
create constraint trigger revoking_ends_tokens after update on application_credentials
    deferrable initially deferred for each row when (old.revoked_at is null and new.revoked_at is not null)
    execute function revoking_ends_tokens();
create constraint trigger revoking_ends_tokens after update on principals
    deferrable initially deferred for each row
    when (new.kind = 'service_principal' and old.disabled_at is null and new.disabled_at is not null)
    execute function revoking_ends_tokens();

-- Tokens of people are kept. Those of applications are many, and forgotten when they are over; the log tells of them.
create function access_tokens_are_kept() returns trigger language plpgsql as $$
begin
    if old.credential_id is null or old.expires_at > instant() then
        raise exception 'token % is kept', old.id using errcode = 'insufficient_privilege', constraint = tg_name;
    end if;
    return old;
end $$;
create trigger access_tokens_are_kept before delete on access_tokens
    for each row execute function access_tokens_are_kept();

-- Assertions that were shown: none counts twice. Bookkeeping, forgotten when the assertion would no longer count anyway.
create table application_assertions (
    principal_id uuid not null references principals,
    digest bytea not null check (octet_length(digest) = 32),
    expires_at timestamptz not null,
    primary key (principal_id, digest)
);
create index application_assertions_over on application_assertions (expires_at);

-- A second factor is a person's: so no application activates or decides anything.
create function mfa_proofs_are_of_people() returns trigger language plpgsql as $$
begin
    perform 1 from principals where id = new.principal_id and kind = 'user';
    if not found then
        raise exception 'only people prove that it is still them'
            using errcode = 'check_violation', constraint = tg_name;
    end if;
    return new;
end $$;
create trigger mfa_proofs_are_of_people before insert on mfa_proofs
    for each row execute function mfa_proofs_are_of_people();

grant select, insert on application_owners, application_credentials, application_assertions to latchkey_app;
grant update (person_id) on principals to latchkey_app;
grant update (ended_at) on application_owners to latchkey_app;
grant update (revoked_at, last_used_at) on application_credentials to latchkey_app;
grant delete on application_assertions, access_tokens to latchkey_app;
