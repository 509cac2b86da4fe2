-- People, the accounts and groups that act for them, and the tree of places where power is held.

-- Exclusion constraints below compare identifiers and ranges in one index.
create extension if not exists btree_gist;

-- The time. Nothing else in Latchkey decides what "now" is: constraints, readers and workers all ask here.
-- Unlike now(), it moves during a transaction, so it can be read after locks were waited for.
create function instant() returns timestamptz
    language sql volatile parallel safe
    as 'select clock_timestamp()';

-- A human being. Two accounts of one person never count as two people.
create table persons (
    id uuid primary key,
    display_name text not null,
    email text not null,
    email_folded text not null,
    created_at timestamptz not null,
    constraint persons_display_name_length check (char_length(display_name) between 1 and 120),
    constraint persons_email_length check (char_length(email) between 3 and 254),
    constraint persons_email_unique unique (email_folded)
);

create type principal_kind as enum ('user', 'group', 'service_principal');

-- Who can hold a role: a user (an account of a person), a group, or an application, whose person is its owner.
create table principals (
    id uuid primary key,
    kind principal_kind not null,
    person_id uuid references persons,
    name text not null,
    name_folded text not null,
    description text not null default '',
    break_glass boolean not null default false,
    created_at timestamptz not null,
    disabled_at timestamptz,
    constraint principals_name_length check (char_length(name) between 1 and 120),
    constraint principals_description_length check (char_length(description) <= 1000),
    constraint principals_have_a_person check ((kind = 'group') = (person_id is null)),
    constraint principals_break_glass_is_a_user check (not break_glass or kind = 'user'),
    constraint principals_name_unique unique (kind, name_folded),
    -- For foreign keys that carry the person along, so that nobody can lie about who stands behind an account.
    constraint principals_person unique (id, person_id)
);
create index principals_of_person on principals (person_id);

create type scope_kind as enum ('organization', 'folder', 'system', 'resource', 'group');

-- A place where a role can be held. The root is the organisation; a group is a place too.
create table scopes (
    id uuid primary key,
    parent_id uuid references scopes,
    kind scope_kind not null,
    group_id uuid unique references principals,
    name text not null,
    name_folded text not null,
    created_at timestamptz not null,
    retired_at timestamptz,
    constraint scopes_name_length check (char_length(name) between 1 and 120),
    constraint scopes_root_is_the_organization check ((kind = 'organization') = (parent_id is null)),
    constraint scopes_root_stays check (parent_id is not null or retired_at is null),
    constraint scopes_group_has_its_principal check ((kind = 'group') = (group_id is not null)),
    constraint scopes_name_unique unique (parent_id, name_folded)
);
create unique index scopes_one_root on scopes ((true)) where parent_id is null;

-- Every scope with each of its ancestors, itself at depth 0.
create table scope_ancestors (
    scope_id uuid not null references scopes,
    ancestor_id uuid not null references scopes,
    depth integer not null check (depth >= 0),
    primary key (scope_id, ancestor_id)
);
create index scope_descendants on scope_ancestors (ancestor_id, depth);

-- Runs with the owner's rights, since nobody else may say what lies below what.
create function scopes_grow() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
    insert into scope_ancestors (scope_id, ancestor_id, depth)
    select new.id, new.id, 0
    union all
    select new.id, ancestor_id, depth + 1 from scope_ancestors where scope_id = new.parent_id;
    return null;
end $$;
create trigger scopes_grow after insert on scopes for each row execute function scopes_grow();

-- Refuses a change of the columns named as arguments.
create function frozen_columns() returns trigger language plpgsql as $$
declare
    frozen text;
begin
    foreach frozen in array tg_argv loop
        if to_jsonb(new) -> frozen is distinct from to_jsonb(old) -> frozen then
            raise exception '%.% cannot be changed', tg_table_name, frozen
                using errcode = 'check_violation', constraint = tg_name;
        end if;
    end loop;
    return new;
end $$;

create trigger persons_frozen before update on persons
    for each row execute function frozen_columns('id', 'created_at');
create trigger principals_frozen before update on principals
    for each row execute function frozen_columns('id', 'kind', 'person_id', 'created_at');
create trigger scopes_frozen before update on scopes
    for each row execute function frozen_columns('id', 'parent_id', 'kind', 'group_id', 'created_at');

-- History outlives what it tells of: nothing in the tables that carry this trigger is ever deleted.
create function never_deleted() returns trigger language plpgsql as $$
begin
    raise exception '% is history and cannot be removed', tg_table_name
        using errcode = 'insufficient_privilege';
end $$;

create trigger persons_never_deleted before delete or truncate on persons
    for each statement execute function never_deleted();
create trigger principals_never_deleted before delete or truncate on principals
    for each statement execute function never_deleted();
create trigger scopes_never_deleted before delete or truncate on scopes
    for each statement execute function never_deleted();
