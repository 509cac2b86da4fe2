-- Who may decide a request: whoever the terms that were pinned with it name, unless the newest terms, if they ask for
-- approval, no longer name them. Nobody decides a request of their own, from whichever account.
create function deciders_of(request uuid, at timestamptz) returns table (principal_id uuid, person_id uuid)
    language sql stable
    as $$
        select named.principal_id, named.person_id
        from requests
        cross join lateral current_settings(requests.role_id, requests.scope_id) as newest
        cross join lateral approvers_of(requests.settings_id, at) as named
        where requests.id = request and named.person_id <> requests.person_id and (
            newest.id = requests.settings_id
            or not newest.activation_requires_approval
            or exists (select from approvers_of(newest.id, at) as still where still.principal_id = named.principal_id)
        )
    $$;
