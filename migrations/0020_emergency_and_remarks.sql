-- Emergencies on ordinary accounts: approval is skipped, everybody is told, and somebody else looks at it afterwards. And what
-- people say and do about a request beside deciding it.

alter table role_settings
    add column allows_emergency boolean not null default false,
    add column emergency_maximum_seconds bigint not null default 3600,
    -- 5 minutes to 24 hours, in whole minutes.
    add constraint role_settings_emergency_maximum
        check (emergency_maximum_seconds between 300 and 86400 and emergency_maximum_seconds % 60 = 0);

alter table role_settings disable trigger user;
alter table role_settings
    drop constraint role_settings_own_are_known,
    drop constraint role_settings_organisation_owns_all;
create or replace function settings_fields() returns text[]
    language sql immutable parallel safe
    as $$
        select array[
            'maximum', 'authentication', 'requires_justification', 'requires_ticket', 'requires_approval', 'stages',
            'allows_emergency', 'emergency_maximum',
            'eligible_may_be_permanent', 'eligible_maximum', 'eligible_requires_justification', 'eligible_requires_mfa',
            'active_may_be_permanent', 'active_maximum', 'active_requires_justification', 'active_requires_mfa'
        ]
    $$;
-- The organisation says everything itself.
update role_settings set own_fields = own_fields || array['allows_emergency', 'emergency_maximum']
where scope_id = '00000000-0000-8000-8000-000000000000';
alter table role_settings
    add constraint role_settings_own_are_known check (own_fields <@ settings_fields()),
    add constraint role_settings_organisation_owns_all
        check (scope_id <> '00000000-0000-8000-8000-000000000000' or own_fields @> settings_fields()),
    alter column own_fields set default settings_fields(),
    alter column allows_emergency drop default,
    alter column emergency_maximum_seconds drop default;
alter table role_settings enable trigger user;

create or replace function settings_values(terms role_settings) returns jsonb
    language sql stable
    as $$
        select jsonb_build_object(
            'maximum', terms.activation_maximum_seconds,
            'authentication', terms.activation_authentication,
            'requires_justification', terms.activation_requires_justification,
            'requires_ticket', terms.activation_requires_ticket,
            'requires_approval', terms.activation_requires_approval,
            'stages', stages_of(terms.id),
            'allows_emergency', terms.allows_emergency,
            'emergency_maximum', terms.emergency_maximum_seconds,
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

alter table requests add column emergency boolean not null default false;
alter table requests add constraint requests_emergency
    check (not emergency or (starts_at is null and extends_id is null and justification <> ''));
create index requests_in_emergency on requests (created_at desc, id) where emergency;
drop trigger requests_frozen on requests;
create trigger requests_frozen before update on requests for each row execute function frozen_columns(
    'id', 'kind', 'principal_id', 'person_id', 'role_id', 'scope_id', 'eligibility_id', 'settings_id',
    'maximum_seconds', 'extends_id', 'requested_seconds', 'starts_at', 'justification', 'ticket_number',
    'ticket_system', 'proof_id', 'created_at', 'emergency'
);

create type review_verdict as enum ('justified', 'not_justified');

-- What somebody else makes of an emergency afterwards.
create table emergency_reviews (
    request_id uuid primary key,
    requester_person_id uuid not null,
    opened_at timestamptz not null,
    due_at timestamptz not null,
    -- When administrators were told that it is overdue.
    reminded_at timestamptz,
    verdict review_verdict,
    note text not null default '',
    reviewer_id uuid,
    reviewer_person_id uuid,
    closed_at timestamptz,
    constraint emergency_reviews_request foreign key (request_id, requester_person_id)
        references requests (id, person_id),
    constraint emergency_reviews_reviewer foreign key (reviewer_id, reviewer_person_id)
        references principals (id, person_id),
    constraint emergency_reviews_never_ones_own check (reviewer_person_id <> requester_person_id),
    constraint emergency_reviews_run_forward check (opened_at < due_at and opened_at <= closed_at),
    constraint emergency_reviews_closed_whole
        check (num_nonnulls(verdict, reviewer_id, reviewer_person_id, closed_at) in (0, 4)),
    constraint emergency_reviews_note
        check (char_length(note) <= 4096 and (closed_at is null or note <> ''))
);
create index emergency_reviews_open on emergency_reviews (due_at) where closed_at is null;
create trigger emergency_reviews_frozen before update on emergency_reviews
    for each row execute function frozen_columns('request_id', 'requester_person_id', 'opened_at', 'due_at');
create trigger emergency_reviews_never_deleted before delete or truncate on emergency_reviews
    for each statement execute function never_deleted();
create function emergency_reviews_stay_closed() returns trigger language plpgsql as $$
begin
    if old.closed_at is not null then
        raise exception 'the review of request % is closed', old.request_id
            using errcode = 'check_violation', constraint = tg_name;
    end if;
    return new;
end $$;
create trigger emergency_reviews_stay_closed before update on emergency_reviews
    for each row execute function emergency_reviews_stay_closed();
create function emergency_reviews_recorded() returns trigger language plpgsql as $$
begin
    if not exists (
        select from audit_events where request_id = new.request_id and transaction_id = pg_current_xact_id()
    ) then
        raise exception 'a change of % was not recorded', tg_table_name
            using errcode = 'check_violation', constraint = tg_name;
    end if;
    return null;
end $$;
create constraint trigger emergency_reviews_recorded after insert or update on emergency_reviews
    deferrable initially deferred for each row execute function emergency_reviews_recorded();
grant select, insert on emergency_reviews to latchkey_app;
grant update (reminded_at, verdict, note, reviewer_id, reviewer_person_id, closed_at) on emergency_reviews to latchkey_app;

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
    end if;
    if (pinned.activation_authentication = 'mfa' or newest.activation_authentication = 'mfa')
        and request.proof_id is null then
        raise exception 'request % has no proof', request.id
            using errcode = 'check_violation', constraint = 'assignments_need_a_proof';
    end if;
    return null;
end $$;

create type remark_kind as enum ('comment', 'claim', 'release', 'nudge');

-- What people say and do about a request beside deciding it: a word, "I am looking at it", "somebody please do".
create table request_remarks (
    id uuid primary key,
    request_id uuid not null references requests,
    kind remark_kind not null,
    author_id uuid not null,
    author_person_id uuid not null,
    text text not null default '',
    created_at timestamptz not null,
    constraint request_remarks_author foreign key (author_id, author_person_id) references principals (id, person_id),
    constraint request_remarks_text check (
        char_length(text) <= 2000 and (kind = 'comment') = (text <> '')
    )
);
create index request_remarks_of_request on request_remarks (request_id, created_at, id);
create trigger request_remarks_frozen before update or delete or truncate on request_remarks
    for each statement execute function frozen_rows();
create constraint trigger request_remarks_recorded after insert on request_remarks
    deferrable initially deferred for each row execute function must_be_recorded('target');

-- Once an hour, and only by whoever asks.
create function request_remarks_nudge_once_an_hour() returns trigger language plpgsql as $$
begin
    perform 1 from requests where id = new.request_id and person_id = new.author_person_id for update;
    if not found or exists (
        select from request_remarks
        where request_id = new.request_id and kind = 'nudge' and created_at > new.created_at - interval '1 hour'
    ) then
        raise exception 'request % was nudged within the hour', new.request_id
            using errcode = 'check_violation', constraint = tg_name;
    end if;
    return new;
end $$;
create trigger request_remarks_nudge_once_an_hour before insert on request_remarks
    for each row when (new.kind = 'nudge') execute function request_remarks_nudge_once_an_hour();
grant select, insert on request_remarks to latchkey_app;
