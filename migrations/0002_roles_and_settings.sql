-- Roles, and the terms on which they may be held.

-- A named set of permissions. A role's permissions are Latchkey's own; what it means elsewhere is the target's affair.
create table roles (
    id uuid primary key,
    name text not null,
    name_folded text not null,
    description text not null,
    built_in boolean not null default false,
    privileged boolean not null,
    permissions text[] not null default '{}',
    scope_kinds scope_kind[] not null,
    created_at timestamptz not null,
    retired_at timestamptz,
    constraint roles_name_length check (char_length(name) between 1 and 120),
    constraint roles_description_length check (char_length(description) <= 1000),
    constraint roles_held_somewhere check (cardinality(scope_kinds) > 0),
    constraint roles_built_in_stay check (not built_in or retired_at is null),
    constraint roles_name_unique unique (name_folded)
);
create trigger roles_frozen before update on roles
    for each row execute function frozen_columns('id', 'built_in', 'created_at');
create trigger roles_never_deleted before delete or truncate on roles
    for each statement execute function never_deleted();

create type authentication_requirement as enum ('none', 'mfa');

-- One frozen version of the terms of a role at a scope. The newest version at the nearest scope counts.
create table role_settings (
    id uuid primary key,
    role_id uuid not null references roles,
    scope_id uuid not null references scopes,
    version integer not null check (version > 0),
    -- activation
    activation_maximum_seconds bigint not null,
    activation_authentication authentication_requirement not null,
    activation_requires_justification boolean not null,
    activation_requires_ticket boolean not null,
    activation_requires_approval boolean not null,
    approval_timeout_seconds bigint not null,
    approval_requires_justification boolean not null,
    -- assignment
    eligible_may_be_permanent boolean not null,
    eligible_maximum_seconds bigint not null,
    eligible_requires_justification boolean not null,
    eligible_requires_mfa boolean not null,
    active_may_be_permanent boolean not null,
    active_maximum_seconds bigint not null,
    active_requires_justification boolean not null,
    active_requires_mfa boolean not null,
    -- who, when and why; the author is none for the terms that ship with Latchkey
    author_id uuid,
    author_person_id uuid,
    reason text not null,
    created_at timestamptz not null,
    constraint role_settings_author foreign key (author_id, author_person_id)
        references principals (id, person_id),
    constraint role_settings_version_unique unique (role_id, scope_id, version),
    -- 5 minutes to 24 hours, in whole minutes.
    constraint role_settings_activation_maximum
        check (activation_maximum_seconds between 300 and 86400 and activation_maximum_seconds % 60 = 0),
    constraint role_settings_approval_timeout
        check (approval_timeout_seconds between 300 and 2592000 and approval_timeout_seconds % 60 = 0),
    -- 5 minutes to 10 years.
    constraint role_settings_eligible_maximum
        check (eligible_maximum_seconds between 300 and 315360000 and eligible_maximum_seconds % 60 = 0),
    constraint role_settings_active_maximum
        check (active_maximum_seconds between 300 and 315360000 and active_maximum_seconds % 60 = 0),
    constraint role_settings_reason_length check (char_length(reason) between 1 and 4096)
);

-- Who may approve activations under a version of the settings: users, or groups for their members.
create table settings_approvers (
    settings_id uuid not null references role_settings,
    principal_id uuid not null references principals,
    primary key (settings_id, principal_id)
);

create function frozen_rows() returns trigger language plpgsql as $$
begin
    raise exception '% are frozen: write a new one', tg_table_name
        using errcode = 'insufficient_privilege';
end $$;
create trigger role_settings_frozen before update or delete or truncate on role_settings
    for each statement execute function frozen_rows();
create trigger settings_approvers_frozen before update or delete or truncate on settings_approvers
    for each statement execute function frozen_rows();

-- Who approves is part of a version, and frozen with it: approvers come in the transaction that writes the version.
create function settings_approvers_come_with_their_version() returns trigger language plpgsql as $$
begin
    perform 1 from role_settings where id = new.settings_id and xmin = xid(pg_current_xact_id());
    if not found then
        raise exception 'the approvers of settings % are frozen', new.settings_id
            using errcode = 'check_violation', constraint = tg_name;
    end if;
    return new;
end $$;
create trigger settings_approvers_come_with_their_version before insert on settings_approvers
    for each row execute function settings_approvers_come_with_their_version();

-- The terms in force for a role at a scope: nearest scope first, newest version of it.
create function current_settings(role uuid, scope uuid) returns setof role_settings
    language sql stable
    as $$
        select settings.*
        from scope_ancestors
        cross join lateral (
            select *
            from role_settings
            where role_id = role and scope_id = ancestor_id
            order by version desc
            limit 1
        ) as settings
        where scope_ancestors.scope_id = scope
        order by depth
        limit 1
    $$;
