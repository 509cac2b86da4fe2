-- A yes counts while whoever gave it could still give it, and nobody decides by a right that they owe to whoever asks.

-- Whether a yes still counts for what has not begun: the account that gave it may be used, whoever it was given for has not left, and
-- nobody took away what made that one an approver. What only ran out, such as a membership with an end, takes nothing back: who
-- is on call today may agree to what begins tomorrow.
create function word_stands(word decisions) returns boolean
    language plpgsql stable
    as $$
#variable_conflict use_column
begin
    return exists (select from principals where id = word.approver_id and disabled_at is null)
        and exists (
            select from principals
            where person_id = word.for_person_id and principals.kind = 'user' and disabled_at is null
        )
        and (
            not exists (
                select from principals as accounts
                join assignments as taken on taken.principal_id = accounts.id and taken.ended_at >= word.created_at
                    and taken.end_reason = 'removed'
                where accounts.person_id = word.for_person_id and accounts.kind = 'user' and (
                    taken.role_id in ('00000000-0000-8000-8000-000000000008', '00000000-0000-8000-8000-000000000009')
                    or exists (
                        select from requests
                        join settings_approvers as named on named.settings_id = requests.settings_id
                        where requests.id = word.request_id and named.role_id = taken.role_id
                    )
                )
            )
            or exists (
                select from requests
                cross join lateral candidates_of(
                    requests.settings_id, requests.person_id, requests.scope_id, instant()
                ) as named
                where requests.id = word.request_id and named.stage = word.stage and named.person_id = word.for_person_id
            )
        );
end $$;

create or replace function is_approved(request requests) returns boolean
    language plpgsql stable
    as $$
#variable_conflict use_column
begin
    return (
        select exists (select from approval_stages where settings_id = request.settings_id)
            and not exists (select from decisions where request_id = request.id and verdict = 'deny')
            and not exists (
                select from decisions
                where request_id = request.id and verdict = 'approve' and not word_stands(decisions)
            )
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
                    ) >= needed_in(stage)
                    else false
                end, false)
            )
    );
end $$;
