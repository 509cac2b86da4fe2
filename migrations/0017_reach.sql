-- What somebody may come to hold, more strictly: whoever answers for an application counts with every group that it is in.
create or replace function reaches_privilege(account uuid) returns boolean
    language sql stable
    as $$
        with own as materialized (
            select account as id
            union
            select application.id
            from principals as application
            where application.kind = 'service_principal'
                and application.person_id = (select person_id from principals where principals.id = account)
        ),
        ways as materialized (
            select distinct ways_of.principal_id from own cross join lateral ways_of(own.id) as ways_of
        )
        select exists (
            select from ways
            join assignments on assignments.principal_id = ways.principal_id and ended_at is null and ends_at > instant()
            join roles on roles.id = role_id
            join scopes on scopes.id = scope_id
            where privileged or 'audit.read' = any(permissions)
                or (role_id = '00000000-0000-8000-8000-000000000009' and scopes.kind <> 'group')
        )
        or exists (select from principals where id = account and break_glass)
        or exists (
            select from role_settings as terms
            join roles on roles.id = role_id and privileged
            join settings_approvers on settings_id = terms.id
            where activation_requires_approval and settings_approvers.principal_id in (select principal_id from ways)
                and not exists (
                    select from role_settings as newer
                    where newer.role_id = terms.role_id and newer.scope_id = terms.scope_id
                        and newer.version > terms.version
                )
        )
    $$;
