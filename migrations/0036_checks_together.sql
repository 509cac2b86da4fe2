-- Access checks of many callers are answered by one statement: setting up the plan was most of what one cost, and is paid once for all.
drop function held(uuid, uuid[], uuid[], uuid[]);

-- Answers what is asked with tokens, all as of one moment: does this account (whoever shows the token, if none is named) hold this role
-- there, directly, by a group, or at a place above? A question asked with a token that is not live has no row. Stable, so that all of it
-- looks at one state of the database; planned once, whatever the number of questions.
create function access_checks(token_hashes bytea[], principals uuid[], roles uuid[], scopes uuid[]) returns table (
    number bigint, token uuid, asker uuid, token_scopes text[], noted boolean, at timestamptz, may_ask boolean, assignment_id uuid,
    until timestamptz, through uuid, held_at uuid
)
    language plpgsql stable rows 10 set plan_cache_mode = 'force_generic_plan'
    as $$
#variable_conflict use_column
declare
    moment timestamptz := instant();
begin
    return query
        with question as materialized (
            select *
            from unnest(token_hashes, principals, roles, scopes) with ordinality as question (token_hash, principal, role, scope, number)
        ),
        asked as materialized (
            select
                question.number, bearer.id as token, bearer.principal_id as asker, bearer.scopes as token_scopes,
                coalesce(bearer.last_used_at > moment - interval '1 minute', false) as noted,
                coalesce(question.principal, bearer.principal_id) as principal, question.role, question.scope
            from (select distinct question.token_hash from question) as shown
            join access_tokens as bearer on bearer.token_hash = shown.token_hash
            join principals on principals.id = bearer.principal_id and principals.disabled_at is null
            join question on question.token_hash = shown.token_hash
            where bearer.revoked_at is null and bearer.expires_at > moment
        ),
        -- Many are asked about by one program, at one place.
        judged as materialized (
            select others.asker, others.scope, permitted(others.asker, 'access.check', others.scope, moment) as may_ask
            from (select distinct asked.asker, asked.scope from asked where asked.principal <> asked.asker) as others
        )
        select
            asked.number, asked.token, asked.asker, asked.token_scopes, asked.noted, moment,
            asked.principal = asked.asker or judged.may_ask,
            coalesce(longer.assignment_id, direct.id),
            nullif(coalesce(longer.until, direct.ends_at), 'infinity'),
            longer.through,
            coalesce(longer.scope_id, direct.scope_id)
        from asked
        left join judged on judged.asker = asked.asker and judged.scope = asked.scope
        left join lateral (
            select held.id, held.ends_at, held.scope_id
            from live_assignments_of(asked.principal, moment) as held
            join scope_ancestors on scope_ancestors.scope_id = asked.scope and ancestor_id = held.scope_id
            where held.role_id = asked.role
            order by held.ends_at desc
            limit 1
        ) as direct on true
        -- What lasts longest is told; nothing lasts longer than for good. Most belong to no group, and are asked no further.
        left join lateral (
            select held.assignment_id, held.until, held.through, held.scope_id
            from assignments_through_groups(asked.principal, moment) as held
            join scope_ancestors on scope_ancestors.scope_id = asked.scope and ancestor_id = held.scope_id
            where direct.ends_at is distinct from 'infinity'
                and exists (
                    select from assignments
                    where principal_id = asked.principal and role_id = '00000000-0000-8000-8000-000000000008' and kind = 'active'
                        and ended_at is null
                )
                and held.role_id = asked.role and (direct.ends_at is null or held.until > direct.ends_at)
            order by held.until desc
            limit 1
        ) as longer on true
        order by asked.number;
end $$;
