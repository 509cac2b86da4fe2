-- Terms that inherit: at each scope a version says which fields are its own and which of these nobody below may change.
-- Rows stay whole: whatever is not a version's own is written into it from above, and written anew when that changes, so that
-- whoever reads the terms in force reads one row.

-- The names of the fields. The approvers are one of them.
create function settings_fields() returns text[]
    language sql immutable parallel safe
    as $$
        select array[
            'maximum', 'authentication', 'requires_justification', 'requires_ticket', 'requires_approval', 'approvers',
            'approval_timeout', 'approval_requires_justification',
            'eligible_may_be_permanent', 'eligible_maximum', 'eligible_requires_justification', 'eligible_requires_mfa',
            'active_may_be_permanent', 'active_maximum', 'active_requires_justification', 'active_requires_mfa'
        ]
    $$;

-- What was written before owned all of its fields.
alter table role_settings
    add column own_fields text[] not null default settings_fields(),
    add column enforced_fields text[] not null default '{}',
    -- The scope's own terms, while one enforced above overrules some of them.
    add column set_aside jsonb,
    -- The template that the version came from.
    add column template_name text,
    -- The version above that made this one necessary.
    add column because_id uuid references role_settings,
    add constraint role_settings_own_are_known check (own_fields <@ settings_fields()),
    add constraint role_settings_enforced_are_own check (enforced_fields <@ own_fields),
    -- The version at the organisation is the role's default: there is nothing that it could inherit from.
    add constraint role_settings_organisation_owns_all
        check (scope_id <> '00000000-0000-8000-8000-000000000000' or own_fields @> settings_fields()),
    add constraint role_settings_template_name_length check (char_length(template_name) between 1 and 120);
grant select, insert on role_settings to latchkey_app;

-- Each field of a version with its value, to be compared.
create function settings_values(terms role_settings) returns jsonb
    language sql stable
    as $$
        select jsonb_build_object(
            'maximum', terms.activation_maximum_seconds,
            'authentication', terms.activation_authentication,
            'requires_justification', terms.activation_requires_justification,
            'requires_ticket', terms.activation_requires_ticket,
            'requires_approval', terms.activation_requires_approval,
            'approvers', coalesce((
                select jsonb_agg(principal_id order by principal_id)
                from settings_approvers where settings_id = terms.id
            ), '[]'),
            'approval_timeout', terms.approval_timeout_seconds,
            'approval_requires_justification', terms.approval_requires_justification,
            'eligible_may_be_permanent', terms.eligible_may_be_permanent,
            'eligible_maximum', terms.eligible_maximum_seconds,
            'eligible_requires_justification', terms.eligible_requires_justification,
            'eligible_requires_mfa', terms.eligible_requires_mfa,
            'active_may_be_permanent', terms.active_may_be_permanent,
            'active_maximum', terms.active_maximum_seconds,
            'active_requires_justification', terms.active_requires_justification,
            'active_requires_mfa', terms.active_requires_mfa
        )
    $$;

-- At commit: what is not a scope's own, or is enforced above it, has the value that it has above; there and at every scope
-- below. Two who change the terms of one role wait for one another here, if they have not before.
create function role_settings_inherit() returns trigger language plpgsql as $$
declare
    broken record;
begin
    perform 1 from roles where id = new.role_id for no key update;
    select scopes.name, field into broken
    from scope_ancestors as below
    cross join lateral (
        select * from role_settings
        where role_id = new.role_id and role_settings.scope_id = below.scope_id
        order by version desc
        limit 1
    ) as terms
    join scopes on scopes.id = below.scope_id and scopes.parent_id is not null
    cross join lateral current_settings(new.role_id, scopes.parent_id) as above
    cross join lateral unnest(settings_fields()) as field
    where below.ancestor_id = new.scope_id
        and (field <> all (terms.own_fields) or exists (
            select from scope_ancestors as higher
            cross join lateral (
                select enforced_fields from role_settings
                where role_id = new.role_id and role_settings.scope_id = higher.ancestor_id
                order by version desc
                limit 1
            ) as enforcing
            where higher.scope_id = scopes.parent_id and field = any (enforcing.enforced_fields)
        ))
        and settings_values(terms) -> field is distinct from settings_values(above) -> field
    limit 1;
    if found then
        raise exception '% at % is not what is inherited', broken.field, broken.name
            using errcode = 'check_violation', constraint = tg_name;
    end if;
    return null;
end $$;
create constraint trigger role_settings_inherit after insert on role_settings
    deferrable initially deferred for each row execute function role_settings_inherit();

-- Terms by name, to be given to roles. They name no approvers: those are chosen when the terms are given.
create table settings_templates (
    id uuid primary key,
    name text not null,
    name_folded text not null,
    description text not null default '',
    built_in boolean not null default false,
    version integer not null default 1,
    terms jsonb not null,
    created_at timestamptz not null,
    retired_at timestamptz,
    constraint settings_templates_name_length check (char_length(name) between 1 and 120),
    constraint settings_templates_description_length check (char_length(description) <= 1000),
    constraint settings_templates_version_positive check (version > 0),
    constraint settings_templates_approvers_are_chosen_later
        check (coalesce(terms #> '{activation,approvers}', 'null') = '[]'),
    constraint settings_templates_built_in_stay check (not built_in or (version = 1 and retired_at is null)),
    constraint settings_templates_name_unique unique (name_folded)
);
create trigger settings_templates_frozen before update on settings_templates
    for each row execute function frozen_columns('id', 'built_in', 'created_at');
create trigger settings_templates_never_deleted before delete or truncate on settings_templates
    for each statement execute function never_deleted();
grant select, insert on settings_templates to latchkey_app;
grant update (name, name_folded, description, version, terms, retired_at) on settings_templates to latchkey_app;

-- These ship with Latchkey like the schema itself, and stay as they are. From here on every change is recorded.
insert into settings_templates (id, name, name_folded, description, built_in, terms, created_at)
select id::uuid, name, lower(name), description, true, terms::jsonb, instant()
from (values
    (
        '00000000-0000-8000-a000-000000000001', 'Small company baseline',
        'A fresh code and a reason, eight hours at most, and nobody holds the role actively without end. The terms that a new privileged role begins with.',
        '{
            "activation": {
                "maximum": "PT8H", "authentication": "mfa", "requires_justification": true, "requires_ticket": false,
                "requires_approval": false, "approvers": [], "approval_timeout": "PT24H",
                "approval_requires_justification": true
            },
            "eligible": {
                "may_be_permanent": true, "maximum": "PT8760H", "requires_justification": false, "requires_mfa": false
            },
            "active": {
                "may_be_permanent": false, "maximum": "PT4320H", "requires_justification": true, "requires_mfa": true
            }
        }'
    ),
    (
        '00000000-0000-8000-a000-000000000002', 'Strict',
        'A fresh code, a reason, a ticket and an approval for two hours at most; every assignment ends. For roles that can hurt everybody.',
        '{
            "activation": {
                "maximum": "PT2H", "authentication": "mfa", "requires_justification": true, "requires_ticket": true,
                "requires_approval": true, "approvers": [], "approval_timeout": "PT24H",
                "approval_requires_justification": true
            },
            "eligible": {
                "may_be_permanent": false, "maximum": "PT4320H", "requires_justification": true, "requires_mfa": false
            },
            "active": {
                "may_be_permanent": false, "maximum": "PT360H", "requires_justification": true, "requires_mfa": true
            }
        }'
    )
) as shipped (id, name, description, terms);

create constraint trigger settings_templates_recorded after insert or update on settings_templates
    deferrable initially deferred for each row execute function must_be_recorded('target');
