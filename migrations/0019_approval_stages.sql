-- Approvals in stages: who must agree, one stage after the other, what silence means, and when nobody needs to be asked.

create type approver_kind as enum ('principal', 'manager', 'scope_owners', 'role_holders');
create type silence as enum ('deny', 'approve');
create type stage_state as enum ('waiting', 'open', 'agreed', 'skipped', 'silent', 'closed');

create table approval_stages (
    settings_id uuid not null references role_settings,
    position smallint not null,
    -- How many people must agree; none: one for each of the approvers that are named.
    agree smallint,
    timeout_seconds bigint not null,
    -- After how long those that are marked so may decide as well.
    escalation_seconds bigint,
    on_silence silence not null,
    requires_justification boolean not null,
    authentication authentication_requirement not null,
    -- The stage is skipped if all that is there holds; with nothing it never is.
    skipped_if jsonb not null default '{}',
    primary key (settings_id, position),
    constraint approval_stages_position check (position between 1 and 5),
    constraint approval_stages_agree check (agree between 1 and 10),
    -- 5 minutes to 30 days, in whole minutes.
    constraint approval_stages_timeout
        check (timeout_seconds between 300 and 2592000 and timeout_seconds % 60 = 0),
    constraint approval_stages_escalation
        check (escalation_seconds >= 300 and escalation_seconds < timeout_seconds and escalation_seconds % 60 = 0),
    constraint approval_stages_skipped_if check (jsonb_typeof(skipped_if) = 'object')
);

-- What was one stage without a name becomes the first. Where a place above enforces who approves, it enforces the whole stage.
insert into approval_stages (
    settings_id, position, agree, timeout_seconds, on_silence, requires_justification, authentication
)
select
    terms.id, 1, 1, coalesce(above.approval_timeout_seconds, terms.approval_timeout_seconds), 'deny',
    coalesce(above.approval_requires_justification, terms.approval_requires_justification), 'mfa'
from role_settings as terms
left join lateral (
    select higher.*
    from scope_ancestors
    cross join lateral (
        select * from role_settings
        where role_settings.role_id = terms.role_id and role_settings.scope_id = ancestor_id
        order by version desc
        limit 1
    ) as higher
    where scope_ancestors.scope_id = terms.scope_id and depth > 0 and 'approvers' = any (higher.enforced_fields)
    order by depth desc
    limit 1
) as above on not exists (
    select from role_settings as newer
    where newer.role_id = terms.role_id and newer.scope_id = terms.scope_id and newer.version > terms.version
)
where terms.activation_requires_approval
    or exists (select from settings_approvers where settings_approvers.settings_id = terms.id);

alter table settings_approvers
    add column stage smallint not null default 1,
    add column kind approver_kind not null default 'principal',
    add column role_id uuid references roles,
    add column escalation boolean not null default false,
    drop constraint settings_approvers_pkey;
alter table settings_approvers
    alter column principal_id drop not null,
    alter column stage drop default,
    alter column kind drop default,
    alter column escalation drop default,
    add constraint settings_approvers_stage foreign key (settings_id, stage) references approval_stages,
    add constraint settings_approvers_whole check (
        (kind = 'principal') = (principal_id is not null) and (kind = 'role_holders') = (role_id is not null)
    ),
    add constraint settings_approvers_once unique nulls not distinct (settings_id, stage, kind, principal_id, role_id);
create index settings_approvers_of_principal on settings_approvers (principal_id) where principal_id is not null;
create index settings_approvers_of_role on settings_approvers (role_id) where role_id is not null;

create trigger approval_stages_frozen before update or delete or truncate on approval_stages
    for each statement execute function frozen_rows();
create trigger approval_stages_come_with_their_version before insert on approval_stages
    for each row execute function settings_approvers_come_with_their_version();

-- The names of the fields: what were three is one.
create function pg_temp.with_stages(fields text[]) returns text[] language sql as $$
    select coalesce(array_agg(field), '{}') from unnest(fields) as field
    where field not in ('approvers', 'approval_timeout', 'approval_requires_justification')
$$;
alter table role_settings disable trigger user;
alter table role_settings
    drop constraint role_settings_own_are_known,
    drop constraint role_settings_organisation_owns_all;
create or replace function settings_fields() returns text[]
    language sql immutable parallel safe
    as $$
        select array[
            'maximum', 'authentication', 'requires_justification', 'requires_ticket', 'requires_approval', 'stages',
            'eligible_may_be_permanent', 'eligible_maximum', 'eligible_requires_justification', 'eligible_requires_mfa',
            'active_may_be_permanent', 'active_maximum', 'active_requires_justification', 'active_requires_mfa'
        ]
    $$;
update role_settings set
    own_fields = pg_temp.with_stages(own_fields) || case
        when own_fields && array['approvers', 'approval_timeout', 'approval_requires_justification']
            then array['stages'] else '{}'
    end,
    enforced_fields = pg_temp.with_stages(enforced_fields)
        || case when 'approvers' = any (enforced_fields) then array['stages'] else '{}' end;

-- The same of terms that are kept as they were written.
create function pg_temp.settings_with_stages(settings jsonb) returns jsonb language sql as $$
    select jsonb_set(
        settings #- '{activation,approvers}' #- '{activation,approval_timeout}'
            #- '{activation,approval_requires_justification}',
        '{activation,stages}',
        case
            when (settings #>> '{activation,requires_approval}')::boolean
                or jsonb_array_length(settings #> '{activation,approvers}') > 0
            then jsonb_build_array(jsonb_build_object(
                'approvers', settings #> '{activation,approvers}', 'agree', 1,
                'timeout', settings #> '{activation,approval_timeout}', 'escalation', null, 'on_silence', 'deny',
                'requires_justification', settings #> '{activation,approval_requires_justification}',
                'authentication', 'mfa', 'skipped_if', '{}'::jsonb
            ))
            else '[]'::jsonb
        end
    )
$$;
update role_settings set set_aside = pg_temp.settings_with_stages(set_aside) where set_aside is not null;
alter table role_settings
    add constraint role_settings_own_are_known check (own_fields <@ settings_fields()),
    add constraint role_settings_organisation_owns_all
        check (scope_id <> '00000000-0000-8000-8000-000000000000' or own_fields @> settings_fields()),
    drop column approval_timeout_seconds,
    drop column approval_requires_justification;
alter table role_settings enable trigger user;

alter table settings_templates disable trigger user;
alter table settings_templates drop constraint settings_templates_approvers_are_chosen_later;
update settings_templates set terms = pg_temp.settings_with_stages(terms);
-- A template names no people: those are chosen when the terms are given.
alter table settings_templates add constraint settings_templates_people_are_chosen_later check (
    jsonb_path_exists(terms, '$.activation.stages')
    and not jsonb_path_exists(terms, '$.activation.stages[*].*.approvers[*] ? (@ like_regex "^[0-9a-f]{8}-")')
    and not jsonb_path_exists(terms, '$.activation.stages[*].approvers[*] ? (@ like_regex "^[0-9a-f]{8}-")')
    and not jsonb_path_exists(terms, '$.activation.stages[*].skipped_if.on_call')
);
alter table settings_templates enable trigger user;

alter table change_requests disable trigger user;
update change_requests
set payload = jsonb_set(payload, '{own,settings}', pg_temp.settings_with_stages(payload #> '{own,settings}'))
where kind = 'save_settings' and payload #> '{own,settings,activation,approvers}' is not null;
alter table change_requests enable trigger user;

-- An approver as it is written.
create function approver_entry(kind approver_kind, principal_id uuid, role_id uuid) returns text
    language sql immutable parallel safe
    as $$
        select case kind
            when 'principal' then principal_id::text
            when 'manager' then 'manager'
            when 'scope_owners' then 'scope owners'
            else 'holders of ' || role_id::text
        end
    $$;

-- The stages of some terms, as they are written.
create function stages_of(settings uuid) returns jsonb
    language sql stable
    as $$
        select coalesce(jsonb_agg(jsonb_build_object(
            'approvers', named.first,
            'agree', coalesce(to_jsonb(agree), '"each"'),
            'timeout', 'PT' || timeout_seconds || 'S',
            'escalation', case when escalation_seconds is not null then
                jsonb_build_object('after', 'PT' || escalation_seconds || 'S', 'approvers', named.later)
            end,
            'on_silence', on_silence,
            'requires_justification', requires_justification,
            'authentication', authentication,
            'skipped_if', skipped_if
        ) order by position), '[]')
        from approval_stages
        cross join lateral (
            select
                coalesce(jsonb_agg(entry order by entry) filter (where not escalation), '[]') as first,
                coalesce(jsonb_agg(entry order by entry) filter (where escalation), '[]') as later
            from settings_approvers
            cross join lateral approver_entry(kind, principal_id, role_id) as entry
            where settings_approvers.settings_id = settings and stage = position
        ) as named
        where approval_stages.settings_id = settings
    $$;

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

-- Whom somebody answers to.
alter table persons add column manager_id uuid references persons;
alter table persons add constraint persons_manage_others check (manager_id <> id);
create index persons_of_manager on persons (manager_id) where manager_id is not null;
grant update (manager_id) on persons to latchkey_app;

-- Somebody who decides for an approver while that one is away.
create table deputies (
    id uuid primary key,
    person_id uuid not null references persons,
    deputy_id uuid not null references persons,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    reason text not null default '',
    created_at timestamptz not null,
    ended_at timestamptz,
    constraint deputies_are_others check (deputy_id <> person_id),
    constraint deputies_run_forward check (starts_at < ends_at),
    -- A holiday, not a life: 92 days at most.
    constraint deputies_are_for_a_while check (ends_at <= starts_at + interval '92 days'),
    constraint deputies_reason_length check (char_length(reason) <= 1000),
    constraint deputies_do_not_overlap exclude using gist (
        person_id with =, deputy_id with =, tstzrange(starts_at, ends_at) with &&
    ) where (ended_at is null)
);
create index deputies_of_person on deputies (person_id, ends_at) where ended_at is null;
create index deputies_by_deputy on deputies (deputy_id, ends_at) where ended_at is null;
create trigger deputies_frozen before update on deputies
    for each row execute function frozen_columns(
        'id', 'person_id', 'deputy_id', 'starts_at', 'ends_at', 'reason', 'created_at'
    );
create trigger deputies_never_deleted before delete or truncate on deputies
    for each statement execute function never_deleted();
create function deputies_stay_ended() returns trigger language plpgsql as $$
begin
    if old.ended_at is not null then
        raise exception 'this deputy''s time is over' using errcode = 'check_violation', constraint = tg_name;
    end if;
    return new;
end $$;
create trigger deputies_stay_ended before update on deputies
    for each row execute function deputies_stay_ended();
create constraint trigger deputies_recorded after insert or update on deputies
    deferrable initially deferred for each row execute function must_be_recorded('target');
grant select, insert on deputies to latchkey_app;
grant update (ended_at) on deputies to latchkey_app;

-- How a request goes through the stages that were pinned with it.
create table request_stages (
    request_id uuid not null references requests,
    position smallint not null,
    state stage_state not null,
    opened_at timestamptz,
    escalates_at timestamptz,
    -- Since when others are asked as well.
    escalated_at timestamptz,
    expires_at timestamptz,
    settled_at timestamptz,
    -- Why it was skipped, in words.
    explanation text not null default '',
    primary key (request_id, position),
    constraint request_stages_position check (position between 1 and 5),
    constraint request_stages_opened check (
        (opened_at is null) = (expires_at is null)
        and case when state in ('waiting', 'skipped') then opened_at is null
            when state <> 'closed' then opened_at is not null else true end
    ),
    constraint request_stages_settled check ((state in ('waiting', 'open')) = (settled_at is null)),
    constraint request_stages_run_forward check (opened_at < expires_at),
    constraint request_stages_escalate_in_time check (opened_at < escalates_at and escalates_at < expires_at),
    constraint request_stages_escalate_when_due check (escalates_at <= escalated_at),
    constraint request_stages_explanation_length check (char_length(explanation) <= 1000)
);
create unique index request_stages_one_open on request_stages (request_id) where state = 'open';
create index request_stages_to_escalate on request_stages (escalates_at) where state = 'open' and escalated_at is null;
create trigger request_stages_frozen before update on request_stages
    for each row execute function frozen_columns('request_id', 'position');
create trigger request_stages_never_deleted before delete or truncate on request_stages
    for each statement execute function never_deleted();

-- A stage opens after it has waited, and is settled for good.
create function request_stages_move() returns trigger language plpgsql as $$
begin
    if not (
        (old.state = 'waiting' and new.state = 'open') or (old.state = 'open' and new.state in ('agreed', 'silent'))
        or (old.state = 'open' and new.state = 'open' and old.escalated_at is null and new.escalated_at is not null)
        or (old.state in ('waiting', 'open') and new.state = 'closed')
    ) or (old.state = 'open' and (new.opened_at, new.expires_at, new.escalates_at)
        is distinct from (old.opened_at, old.expires_at, old.escalates_at)) then
        raise exception 'stage % of request % is %', old.position, old.request_id, old.state
            using errcode = 'check_violation', constraint = tg_name;
    end if;
    return new;
end $$;
create trigger request_stages_move before update on request_stages
    for each row execute function request_stages_move();

-- When a request ends undecided, so do its stages.
create function requests_close_their_stages() returns trigger language plpgsql as $$
begin
    update request_stages set state = 'closed', settled_at = new.closed_at
    where request_id = new.id and state in ('waiting', 'open');
    return null;
end $$;
create trigger requests_close_their_stages after update on requests
    for each row when (old.state = 'pending' and new.state in ('denied', 'cancelled', 'expired', 'failed'))
    execute function requests_close_their_stages();

-- Stages belong to a request from the beginning: nobody adds one that is settled to another.
create function request_stages_come_with_their_request() returns trigger language plpgsql as $$
begin
    perform 1 from requests
    join approval_stages on approval_stages.settings_id = requests.settings_id and approval_stages.position = new.position
    where requests.id = new.request_id and requests.created_at = coalesce(new.opened_at, new.settled_at, requests.created_at);
    if not found or new.state not in ('waiting', 'open', 'skipped') then
        raise exception 'request % has no such stage', new.request_id
            using errcode = 'check_violation', constraint = tg_name;
    end if;
    return new;
end $$;

insert into request_stages (request_id, position, state, opened_at, expires_at, settled_at)
select
    requests.id, 1, case state when 'pending' then 'open' else 'agreed' end::stage_state, requests.created_at,
    requests.expires_at, case when state <> 'pending' then coalesce(decisions.created_at, requests.closed_at) end
from requests
join approval_stages on approval_stages.settings_id = requests.settings_id and position = 1
left join lateral (
    select created_at from decisions where request_id = requests.id and verdict = 'approve' limit 1
) as decisions on true
where requests.expires_at is not null and (state = 'pending' or decisions.created_at is not null);
create trigger request_stages_come_with_their_request before insert on request_stages
    for each row execute function request_stages_come_with_their_request();
grant select, insert on request_stages, approval_stages to latchkey_app;
grant update (state, opened_at, escalates_at, escalated_at, expires_at, settled_at) on request_stages to latchkey_app;

-- A request lapses when the stage that is open does.
drop trigger requests_frozen on requests;
create trigger requests_frozen before update on requests for each row execute function frozen_columns(
    'id', 'kind', 'principal_id', 'person_id', 'role_id', 'scope_id', 'eligibility_id', 'settings_id',
    'maximum_seconds', 'extends_id', 'requested_seconds', 'starts_at', 'justification', 'ticket_number',
    'ticket_system', 'proof_id', 'created_at'
);
create or replace function requests_move() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and new.state = old.state and (new.state <> 'pending' or (
        new.expires_at is not distinct from old.expires_at and new.granted_seconds is not distinct from old.granted_seconds
    )) then
        raise exception 'request % is already %', old.id, old.state
            using errcode = 'check_violation', constraint = 'requests_move';
    end if;
    -- What is over keeps the time that it had.
    if tg_op = 'UPDATE' and new.state <> old.state and new.expires_at is distinct from old.expires_at then
        raise exception 'request % is over', old.id using errcode = 'check_violation', constraint = 'requests_move';
    end if;
    new.prior := case
        when tg_op = 'INSERT' then 'new'
        when new.state = old.state then old.prior
        else old.state
    end;
    return new;
end $$;
grant update (expires_at) on requests to latchkey_app;

-- What was said, in which stage, and for whom.
alter table decisions
    add column stage smallint not null default 1,
    add column for_person_id uuid references persons,
    -- By which of the stage's approvers, as they are written, and whether they were asked only later.
    add column entries text[] not null default '{}',
    add column escalation boolean not null default false,
    alter column proof_id drop not null;
alter table decisions disable trigger user;
update decisions set for_person_id = approver_person_id;
alter table decisions enable trigger user;
alter table decisions
    alter column for_person_id set not null,
    alter column stage drop default,
    add constraint decisions_for_others check (for_person_id <> requester_person_id),
    -- Of an approver and their deputy one counts.
    add constraint decisions_one_word_an_approver unique (request_id, for_person_id);
drop trigger decisions_proof_is_ones_own on decisions;
create trigger decisions_proof_is_ones_own before insert on decisions
    for each row when (new.proof_id is not null) execute function proofs_are_ones_own();

-- The accounts behind an approver that terms name: for a place and whoever asks there, if anybody does yet.
create function accounts_behind(
    approver approver_kind, holder uuid, role uuid, requester uuid, place uuid, at timestamptz
) returns table (principal_id uuid, person_id uuid)
    language sql stable
    as $$
        select distinct users.id, users.person_id
        from (
            select holder as id where approver = 'principal'
            union all
            select accounts.id
            from persons
            join principals as accounts on accounts.person_id = persons.manager_id
            where approver = 'manager' and persons.id = requester
            union all
            select held.principal_id
            from scope_ancestors
            join live_assignments(at) as held on held.scope_id = ancestor_id
            where approver in ('scope_owners', 'role_holders') and scope_ancestors.scope_id = place
                and held.role_id = coalesce(role, '00000000-0000-8000-8000-000000000009')
        ) as holders
        join principals as found on found.id = holders.id
        cross join lateral (
            select found.id where found.kind = 'user'
            union all
            select members.principal_id from members_of(found.id, at) as members where found.kind = 'group'
        ) as candidates
        join principals as users on users.id = candidates.id and users.kind = 'user' and users.disabled_at is null
    $$;

-- Who may decide in the stages of some terms. `entry` is the approver as it is written.
create function candidates_of(settings uuid, requester uuid, place uuid, at timestamptz)
    returns table (stage smallint, entry text, escalation boolean, principal_id uuid, person_id uuid)
    language sql stable
    as $$
        select named.stage, approver_entry(named.kind, named.principal_id, named.role_id), named.escalation,
            accounts.principal_id, accounts.person_id
        from settings_approvers as named
        cross join lateral accounts_behind(
            named.kind, named.principal_id, named.role_id, requester, place, at
        ) as accounts
        where named.settings_id = settings
    $$;

-- Who may speak in the stages of a request that have opened: whoever the terms that were pinned with it name, and who stands in for
-- them; but those whom the newest terms, if they ask for approval, no longer name. Nobody speaks of a request of their own, from
-- whichever account, nor does whoever stands in for them.
create function speakers_of(request uuid, at timestamptz) returns table (
    principal_id uuid, person_id uuid, for_person_id uuid, entry text, escalation boolean, stage smallint
)
    language sql stable
    as $$
        with asked as materialized (
            select requests.id, requests.person_id, requests.settings_id, requests.scope_id, newest.id as newest,
                newest.activation_requires_approval as still_asks
            from requests
            cross join lateral current_settings(requests.role_id, requests.scope_id) as newest
            where requests.id = request
        ),
        named as materialized (
            select named.*
            from asked
            cross join lateral candidates_of(asked.settings_id, asked.person_id, asked.scope_id, at) as named
            join request_stages as stages on stages.request_id = asked.id and stages.position = named.stage
                and stages.opened_at is not null
            where (not named.escalation or stages.escalates_at <= least(at, stages.settled_at))
                and named.person_id <> asked.person_id
                and (asked.newest = asked.settings_id or not asked.still_asks or exists (
                    select from candidates_of(asked.newest, asked.person_id, asked.scope_id, at) as still
                    where still.principal_id = named.principal_id
                ))
        )
        select speaking.*
        from asked
        cross join lateral (
            select named.principal_id, named.person_id, named.person_id as for_person_id, named.entry, named.escalation,
                named.stage
            from named
            union
            select accounts.id, accounts.person_id, named.person_id, named.entry, named.escalation, named.stage
            from named
            join deputies on deputies.person_id = named.person_id and deputies.ended_at is null
                and deputies.starts_at <= at and at < deputies.ends_at
            join principals as accounts on accounts.person_id = deputies.deputy_id and accounts.kind = 'user'
                and accounts.disabled_at is null
        ) as speaking
        where speaking.person_id <> asked.person_id
    $$;

-- Who may decide a request now: whoever may speak in the stage that is open and has not; and of an approver and their deputies one.
drop function deciders_of(uuid, timestamptz);
create function deciders_of(request uuid, at timestamptz) returns table (
    principal_id uuid, person_id uuid, for_person_id uuid, entry text, escalation boolean, stage smallint
)
    language sql stable
    as $$
        select speaking.*
        from requests
        join request_stages as stages on stages.request_id = requests.id and stages.state = 'open'
        join speakers_of(request, at) as speaking on speaking.stage = stages.position
        where requests.id = request and requests.state = 'pending' and not exists (
            select from decisions
            where decisions.request_id = request and (
                decisions.approver_person_id = speaking.person_id or decisions.for_person_id = speaking.for_person_id
            )
        )
    $$;

-- Who may approve under some terms, whoever asks: for those who look at the terms themselves.
create or replace function approvers_of(settings uuid, at timestamptz) returns table (principal_id uuid, person_id uuid)
    language sql stable
    as $$
        select distinct named.principal_id, named.person_id
        from role_settings as terms
        cross join lateral candidates_of(terms.id, null, terms.scope_id, at) as named
        where terms.id = settings
    $$;

-- A decision is about a pending request, in the stage that is open, and about nothing else. Who speaks for somebody stands in for
-- them at that moment.
create or replace function decisions_on_pending() returns trigger language plpgsql as $$
begin
    perform 1 from requests
    where id = new.request_id and state = 'pending' and created_at <= new.created_at and new.created_at < expires_at
    for update;
    if not found then
        raise exception 'request % is not pending', new.request_id
            using errcode = 'check_violation', constraint = 'decisions_on_pending';
    end if;
    if not exists (
        select from request_stages where request_id = new.request_id and position = new.stage and state = 'open'
    ) then
        raise exception 'stage % of request % is not open', new.stage, new.request_id
            using errcode = 'check_violation', constraint = 'decisions_in_the_open_stage';
    end if;
    if new.for_person_id <> new.approver_person_id and not exists (
        select from deputies
        where person_id = new.for_person_id and deputy_id = new.approver_person_id and ended_at is null
            and starts_at <= new.created_at and new.created_at < ends_at
    ) then
        raise exception 'nobody stands in for %', new.for_person_id
            using errcode = 'check_violation', constraint = 'decisions_by_deputies';
    end if;
    return new;
end $$;

-- A decision without a fresh proof is for stages that ask for none, by the terms that were pinned and by the newest.
create function decisions_need_a_proof() returns trigger language plpgsql as $$
begin
    if exists (
        select from requests
        cross join lateral current_settings(requests.role_id, requests.scope_id) as newest
        join approval_stages on authentication = 'mfa' and (
            approval_stages.settings_id = requests.settings_id and position = new.stage
            or newest.activation_requires_approval and newest.id <> requests.settings_id
                and approval_stages.settings_id = newest.id
        )
        where requests.id = new.request_id
    ) then
        raise exception 'the decision has no proof' using errcode = 'check_violation', constraint = tg_name;
    end if;
    return new;
end $$;
create trigger decisions_need_a_proof before insert on decisions
    for each row when (new.proof_id is null) execute function decisions_need_a_proof();

-- Whether silence means yes in the stage that is open: by the terms that were pinned, and by the newest where they ask for approval.
-- Of what has become privileged since it is a no.
create function silence_approves(request uuid) returns boolean
    language sql stable
    as $$
        select exists (
            select from requests
            join roles on roles.id = requests.role_id and not privileged
            join request_stages as open on open.request_id = requests.id and open.state = 'open'
            join approval_stages as terms on terms.settings_id = requests.settings_id and terms.position = open.position
                and terms.on_silence = 'approve'
            cross join lateral current_settings(requests.role_id, requests.scope_id) as newest
            where requests.id = request and requests.state = 'pending' and (
                newest.id = requests.settings_id or not newest.activation_requires_approval or exists (
                    select from approval_stages as now
                    where now.settings_id = newest.id and now.position = open.position and now.on_silence = 'approve'
                )
            )
        )
    $$;

-- Whether a request was agreed to, counted from rows: no no, and every stage of its terms agreed, skipped or passed in silence, each
-- as far as those terms allow it.
create function is_approved(request requests) returns boolean
    language sql stable
    as $$
        select exists (select from approval_stages where settings_id = request.settings_id)
            and not exists (select from decisions where request_id = request.id and verdict = 'deny')
            and not exists (
                select from approval_stages as stage
                left join request_stages as standing
                    on standing.request_id = request.id and standing.position = stage.position
                where stage.settings_id = request.settings_id and not coalesce(case standing.state
                    when 'skipped' then stage.skipped_if <> '{}'
                    when 'silent' then stage.on_silence = 'approve' and standing.settled_at >= standing.expires_at
                    when 'agreed' then (
                        select count(*) from decisions
                        where request_id = request.id and decisions.stage = stage.position and verdict = 'approve'
                    ) >= coalesce(stage.agree, (
                        select count(*) from settings_approvers as named
                        where named.settings_id = stage.settings_id and named.stage = stage.position
                            and not named.escalation
                    ))
                    else false
                end, false)
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
    if (pinned.activation_requires_approval or newest.activation_requires_approval) and not (
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

-- Whoever answers for others' use of a privileged role is as good as its holder: by name, through a group, by a role that they
-- hold, as somebody's manager, or standing in for one of these.
create or replace function reaches_privilege(account uuid) returns boolean
    language sql stable
    as $$
        with ways as materialized (select principal_id from ways_of(account)),
        standing_in as materialized (
            select ways.principal_id
            from principals as own
            join deputies on deputies.deputy_id = own.person_id and deputies.ended_at is null and deputies.ends_at > instant()
            join principals as others on others.person_id = deputies.person_id and others.kind = 'user'
            cross join lateral ways_of(others.id) as ways
            where own.id = account
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
            select from settings_approvers as named
            join role_settings as terms on terms.id = named.settings_id and terms.activation_requires_approval
            join roles on roles.id = terms.role_id and privileged
            where (
                named.principal_id in (select principal_id from ways union all select principal_id from standing_in)
                or named.role_id in (
                    select held.role_id
                    from (select principal_id from ways union all select principal_id from standing_in) as all_ways
                    join assignments as held on held.principal_id = all_ways.principal_id and held.ended_at is null
                        and held.ends_at > instant()
                )
                or named.kind = 'manager' and exists (
                    select from principals as own
                    join persons on persons.manager_id = own.person_id
                    where own.id = account
                )
            ) and not exists (
                select from role_settings as newer
                where newer.role_id = terms.role_id and newer.scope_id = terms.scope_id
                    and newer.version > terms.version
            )
        )
    $$;
