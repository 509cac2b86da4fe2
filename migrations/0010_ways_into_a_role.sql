-- What only some administrators may touch: an account that holds, is eligible for, or approves a privileged role anywhere,
-- reads the audit log, or is kept for emergencies. Whoever answers for others' use of such a role is as good as its holder.
create function reaches_privilege(account uuid) returns boolean
    language sql stable
    as $$
        select exists (
            select from assignments
            join roles on roles.id = role_id and (privileged or 'audit.read' = any(permissions))
            where principal_id = account and ended_at is null and ends_at > instant()
        )
        or exists (select from principals where id = account and break_glass)
        or exists (
            select from role_settings as terms
            join roles on roles.id = role_id and privileged
            cross join lateral approvers_of(terms.id, instant()) as approver
            where activation_requires_approval and approver.principal_id = account
                and not exists (
                    select from role_settings as newer
                    where newer.role_id = terms.role_id and newer.scope_id = terms.scope_id
                        and newer.version > terms.version
                )
        )
    $$;

-- A link that was made by somebody who may not touch such accounts does not open one that has become such an account since.
alter table one_time_links add column for_privileged boolean not null default false;
