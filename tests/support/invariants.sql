-- The promises about grants, decisions and the audit log, each as the number of rows that break it. Only broken ones are
-- listed. Written without the program's own views, so that a mistake there shows here.
with
person_of as (
    select id, coalesce(person_id, id) as person_id from principals
),
granted as (
    select
        assignments.*, requests.state, requests.requested_seconds, requests.granted_seconds, requests.proof_id,
        requests.created_at as asked_at, requests.starts_at as wanted_at,
        requests.settings_id as pinned_id, requests.emergency, least(assignments.ended_at, assignments.ends_at) as over_at
    from assignments
    left join requests on requests.id = assignments.request_id
    where origin = 'activated'
),
-- What every version asked for that may have been the newest when access was given: by the time in the identifiers, since
-- a test's clock may stand still, and give or take a second, since it does not say which of two was committed first.
with_terms as (
    select granted.*,
        least(pinned.activation_maximum_seconds, newest.longest) as longest,
        pinned.activation_requires_approval or newest.wants_approval as wants_approval,
        pinned.activation_authentication = 'mfa' or newest.wants_proof as wants_proof
    from granted
    join role_settings as pinned on pinned.id = pinned_id
    cross join lateral (
        select max(activation_maximum_seconds) as longest, bool_and(activation_requires_approval) as wants_approval,
            bool_and(activation_authentication = 'mfa') as wants_proof
        from role_settings as terms
        join scope_ancestors on scope_ancestors.scope_id = granted.scope_id and ancestor_id = terms.scope_id
        where terms.role_id = granted.role_id and made_at(terms.id) <= made_at(granted.id)
            and not exists (
                select from role_settings as newer
                where newer.role_id = terms.role_id and newer.scope_id = terms.scope_id
                    and newer.version > terms.version and made_at(newer.id) + 1000 < made_at(granted.id)
            )
    ) as newest
),
promises (promise, broken) as (
    select 'whoever is live is enabled, in time, and rests on a live eligibility', count(*)
    from live_assignments(instant()) as live
    join principals on principals.id = live.principal_id
    join roles on roles.id = live.role_id
    join scopes on scopes.id = live.scope_id
    left join assignments as eligibility on eligibility.id = live.eligibility_id
    where live.kind <> 'active' or live.ended_at is not null or live.starts_at > instant() or live.ends_at <= instant()
        or principals.disabled_at is not null or roles.retired_at is not null or scopes.retired_at is not null
        or (live.origin = 'activated' and (
            eligibility.id is null or eligibility.ended_at is not null
            or eligibility.starts_at > instant() or eligibility.ends_at <= instant()
        ))

    union all
    select 'what is in force is the same for all together and for each holder', count(*)
    from (
        select 'in force' as how, id from in_force(instant())
        union all
        select 'live', id from live_assignments(instant())
    ) as together
    full join (
        select 'in force' as how, held.id from principals cross join lateral in_force_of(principals.id, instant()) as held
        union all
        select 'live', held.id from principals cross join lateral live_assignments_of(principals.id, instant()) as held
    ) as each using (how, id)
    where together.id is null or each.id is null

    union all
    select 'standing access is listed as it is', count(*)
    from (
        select assignments.id from assignments
        join scopes on scopes.id = scope_id and scopes.kind <> 'group'
        where assignments.kind = 'active' and origin = 'assigned' and ended_at is null
    ) as stands
    full join standing_access on assignment_id = stands.id
    left join assignments on assignments.id = coalesce(stands.id, assignment_id)
    left join roles on roles.id = assignments.role_id
    where stands.id is null or assignment_id is null
        or rank <> case when privileged or roles.id = '00000000-0000-8000-8000-000000000009' then 2 else 0 end + case when ends_at = 'infinity' then 1 else 0 end

    union all
    select 'a role is held once at a time, now and in all history', count(*)
    from granted as one
    join granted as other using (principal_id, role_id, scope_id)
    where one.id < other.id and one.over_at > one.starts_at and other.over_at > other.starts_at
        and tstzrange(one.starts_at, one.over_at) && tstzrange(other.starts_at, other.over_at)

    union all
    select 'an activation is no longer than it was granted, pinned and newest terms allow', count(*)
    from with_terms
    where ends_at - starts_at > interval '1 second' * least(
        longest, maximum_seconds, requested_seconds, granted_seconds
    )

    union all
    select 'an activation never outlives its eligibility', count(*)
    from granted
    join assignments as eligibility on eligibility.id = granted.eligibility_id
    where granted.over_at > least(eligibility.ended_at, eligibility.ends_at)
        or granted.starts_at < eligibility.starts_at
        or granted.role_id <> eligibility.role_id or eligibility.kind <> 'eligible'

    union all
    select 'everybody activates for themself, or by a group that they belong to all the while', count(*)
    from granted
    join assignments as eligibility on eligibility.id = granted.eligibility_id
    cross join lateral (values (granted.starts_at), (granted.over_at - interval '1 microsecond')) as moment (at)
    where granted.principal_id <> eligibility.principal_id and granted.starts_at < granted.over_at and not exists (
        with recursive up (id) as (
            select granted.principal_id
            union
            select scopes.group_id
            from up
            join assignments as membership on membership.principal_id = up.id and membership.kind = 'active'
                and membership.role_id = '00000000-0000-8000-8000-000000000008'
                and membership.starts_at <= moment.at and moment.at < least(membership.ended_at, membership.ends_at)
            join scopes on scopes.id = membership.scope_id
        )
        select from up where id = eligibility.principal_id
    )

    union all
    select 'asked, then decided, then started, and never before the wanted start', count(*)
    from granted
    left join decisions using (request_id)
    where starts_at < asked_at or starts_at < decisions.created_at or decisions.created_at < asked_at
        or starts_at < wanted_at

    union all
    select 'a granted request gave access once, and no other gave any', count(*)
    from requests
    full join granted on granted.request_id = requests.id
    where (requests.state is not distinct from 'granted') <> (granted.id is not null)

    union all
    select 'a request moves along legal edges only', count(*)
    from requests
    where not exists (select from request_moves where request_moves.prior = requests.prior and next = state)
        or (closed_at is null) <> (state in ('pending', 'scheduled'))
        or closed_at < created_at

    union all
    select 'what asks for approval was agreed to in each stage, as far as its terms let go of that, and not denied', count(*)
    from with_terms
    where wants_approval and not emergency and (
        not exists (select from approval_stages where settings_id = pinned_id)
        or exists (select from decisions where decisions.request_id = with_terms.request_id and verdict = 'deny')
        or exists (
            select from approval_stages as stage
            left join request_stages as stands
                on stands.request_id = with_terms.request_id and stands.position = stage.position
            where stage.settings_id = pinned_id and not coalesce(case stands.state
                when 'agreed' then (
                    select count(distinct approver_person_id) from decisions
                    where decisions.request_id = with_terms.request_id and decisions.stage = stage.position
                        and verdict = 'approve'
                ) >= coalesce(stage.agree, (
                    select count(*) from settings_approvers as named
                    where named.settings_id = pinned_id and named.stage = stage.position and not named.escalation
                ))
                when 'skipped' then stage.skipped_if <> '{}'
                when 'silent' then stage.on_silence = 'approve' and stands.settled_at >= stands.expires_at
            end, false)
        )
    )

    union all
    select 'an emergency was allowed, is short, and somebody else reviews it', count(*)
    from granted
    join role_settings as pinned on pinned.id = pinned_id
    join person_of as requester on requester.id = granted.principal_id
    left join emergency_reviews using (request_id)
    where emergency and (
        not pinned.allows_emergency or opened_at is null or reviewer_person_id = requester.person_id
        or granted.ends_at - granted.starts_at > interval '1 second' * pinned.emergency_maximum_seconds
    )

    union all
    select 'a denied request was denied by somebody', count(*)
    from requests
    where (state = 'denied') <> exists (select from decisions where request_id = requests.id and verdict = 'deny')

    union all
    select 'nobody says two things of a request, and no approver is spoken for twice', count(*)
    from (
        select from decisions group by request_id, approver_person_id having count(*) > 1
        union all
        select from decisions group by request_id, for_person_id having count(*) > 1
    ) as doubly_decided

    union all
    select 'what was granted was agreed to in every stage that was not skipped', count(*)
    from requests
    join assignments on assignments.request_id = requests.id
    join role_settings as pinned on pinned.id = requests.settings_id and pinned.activation_requires_approval
    where exists (
        select from request_stages
        where request_stages.request_id = requests.id and request_stages.state in ('waiting', 'open', 'closed')
    )

    union all
    select 'a request that is over has no open stage', count(*)
    from requests
    join request_stages on request_stages.request_id = requests.id and request_stages.state = 'open'
    where requests.state <> 'pending'

    union all
    select 'nobody decides their own request, by whichever account', count(*)
    from decisions
    join requests on requests.id = request_id
    join person_of as requester on requester.id = requests.principal_id
    join person_of as approver on approver.id = approver_id
    where requester.person_id = approver.person_id

    union all
    select 'whoever decided was named as an approver, directly or as a member', count(*)
    from decisions
    join requests on requests.id = request_id
    where not exists (
        select from settings_approvers
        where settings_approvers.settings_id = requests.settings_id and settings_approvers.stage = decisions.stage and (
            settings_approvers.kind <> 'principal'
            or settings_approvers.principal_id = approver_id
            or approver_person_id <> for_person_id and exists (
                select from deputies
                where deputies.person_id = for_person_id and deputy_id = approver_person_id
                    and deputies.starts_at <= decisions.created_at and decisions.created_at < deputies.ends_at
            )
            or exists (
                with recursive up (id) as (
                    select approver_id
                    union
                    select scopes.group_id
                    from up
                    join assignments as membership on membership.principal_id = up.id and membership.kind = 'active'
                        and membership.role_id = '00000000-0000-8000-8000-000000000008'
                        and membership.starts_at <= decisions.created_at
                        and decisions.created_at <= coalesce(membership.ended_at, membership.ends_at)
                    join scopes on scopes.id = membership.scope_id
                )
                select from up where id = settings_approvers.principal_id
            )
        )
    )

    union all
    select 'nothing goes on for a disabled account or an ended eligibility', count(*)
    from principals
    where disabled_at is not null and (
        exists (select from assignments where principal_id = principals.id and origin = 'activated' and ended_at is null)
        or exists (select from requests where principal_id = principals.id and state in ('pending', 'scheduled'))
        or exists (select from sessions where principal_id = principals.id and sessions.ended_at is null)
    )

    union all
    select 'nothing rests on an eligibility that has ended', count(*)
    from assignments as eligibility
    where eligibility.ended_at is not null and (
        exists (select from assignments where eligibility_id = eligibility.id and ended_at is null)
        or exists (select from requests where eligibility_id = eligibility.id and state in ('pending', 'scheduled'))
    )

    union all
    select 'a proof is asked for where the terms ask, is one''s own, fresh, and spent on this alone', count(*)
    from with_terms
    left join mfa_proofs on mfa_proofs.id = proof_id
    where (wants_proof and mfa_proofs.id is null)
        or (mfa_proofs.id is not null and (
            mfa_proofs.principal_id <> with_terms.principal_id or spent_for <> request_id
            or spent_at > mfa_proofs.created_at + interval '300 seconds'
        ))

    union all
    select 'a decision rests on a fresh proof by the approver, unless its stage asks for none', count(*)
    from decisions
    join requests on requests.id = request_id
    join approval_stages on approval_stages.settings_id = requests.settings_id and position = decisions.stage
    left join mfa_proofs on mfa_proofs.id = decisions.proof_id
    where (approval_stages.authentication = 'mfa' and decisions.proof_id is null)
        or mfa_proofs.principal_id <> approver_id or spent_for <> decisions.id
        or spent_at > mfa_proofs.created_at + interval '300 seconds'

    union all
    select 'every request has its event', count(*)
    from requests where not exists (select from audit_events where request_id = requests.id)

    union all
    select 'every assignment has its event', count(*)
    from assignments where not exists (select from audit_events where assignment_id = assignments.id)

    union all
    select 'every end has an event besides that of the beginning', count(*)
    from assignments
    where ended_at is not null
        and (select count(*) from audit_events where assignment_id = assignments.id) < 2

    union all
    select 'every role, account, version of terms and decision has its event', count(*)
    from (
        select id from roles union all select id from principals
        union all select id from role_settings union all select id from decisions
    ) as changed
    where not exists (select from audit_events where target_id = changed.id)

    union all
    select 'the chain has no gap and ends at its head', count(*)
    from (
        select sequence, previous_hash,
            lag(hash, 1, decode(repeat('00', 32), 'hex')) over (order by sequence) as expected,
            row_number() over (order by sequence) as position
        from audit_seals
    ) as chain
    where sequence <> position or previous_hash <> expected

    union all
    select 'the head is the end of the chain', count(*)
    from audit_head
    where sequence <> (select count(*) from audit_seals)
        or hash <> coalesce(
            (select hash from audit_seals order by sequence desc limit 1), decode(repeat('00', 32), 'hex')
        )

    union all
    select 'somebody can always administer Latchkey', count(*)
    from roles
    where id = '00000000-0000-8000-8000-000000000001'
        and exists (select from assignments where role_id = roles.id)
        and not exists (
            select from assignments
            join principals on principals.id = principal_id and disabled_at is null and principals.kind = 'user'
            where role_id = roles.id and assignments.kind = 'active' and origin = 'assigned'
                and ended_at is null and ends_at = 'infinity'
        )
)
select promise, broken from promises where broken > 0 order by promise
