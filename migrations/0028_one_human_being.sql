-- One human being is looked at as one, and what waits is agreed to by the stricter of the terms, stage by stage.

-- Deputies and managers belong to people, not to accounts: whoever gets into one account of somebody can name who decides for
-- all of them. So an account is protected as soon as any other account of the same human being is.
alter function reaches_privilege(uuid) rename to account_reaches_privilege;
create function reaches_privilege(account uuid) returns boolean
    language sql stable
    as $$
        select account_reaches_privilege(account) or exists (
            select from principals as own
            join principals as others on others.person_id = own.person_id and others.kind = 'user' and others.id <> own.id
            where own.id = account and own.kind = 'user' and account_reaches_privilege(others.id)
        )
    $$;

-- How many must agree in a stage: so many people, or somebody for each of those who are named.
create function needed_in(stage approval_stages) returns bigint
    language sql stable
    as $$
        select coalesce(stage.agree, (
            select count(*) from settings_approvers as named
            where named.settings_id = stage.settings_id and named.stage = stage.position and not named.escalation
        ))
    $$;

-- Whether the newest terms ask for more agreement than those that a request was made under: another stage, or more people in
-- one. Who they are is looked at when they speak.
create function asks_for_more(newest uuid, pinned uuid) returns boolean
    language sql stable
    as $$
        select newest <> pinned and exists (
            select from approval_stages as now
            left join approval_stages as was on was.settings_id = pinned and was.position = now.position
            where now.settings_id = newest and (was.position is null or needed_in(was) < needed_in(now))
        )
    $$;

create or replace function assignments_gate() returns trigger language plpgsql as $$
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
    if request.emergency then
        if not (pinned.allows_emergency and newest.allows_emergency) or new.ends_at - new.starts_at > make_interval(
            secs => least(pinned.emergency_maximum_seconds, newest.emergency_maximum_seconds)
        ) then
            raise exception 'activation % is not allowed in an emergency', new.id
                using errcode = 'check_violation', constraint = 'assignments_in_emergency';
        end if;
        if not exists (select from emergency_reviews where request_id = request.id) then
            raise exception 'nobody would review activation %', new.id
                using errcode = 'check_violation', constraint = 'assignments_in_emergency_are_reviewed';
        end if;
    elsif (pinned.activation_requires_approval or newest.activation_requires_approval) and not (
        pinned.activation_requires_approval and is_approved(request)
    ) then
        raise exception 'request % is not approved', request.id
            using errcode = 'check_violation', constraint = 'assignments_need_approval';
    elsif newest.activation_requires_approval and asks_for_more(newest.id, pinned.id) then
        raise exception 'request % is not approved as it would have to be by now', request.id
            using errcode = 'check_violation', constraint = 'assignments_need_the_newest_approval';
    end if;
    if (pinned.activation_authentication = 'mfa' or newest.activation_authentication = 'mfa')
        and request.proof_id is null then
        raise exception 'request % has no proof', request.id
            using errcode = 'check_violation', constraint = 'assignments_need_a_proof';
    end if;
    return null;
end $$;
