-- What was applied from policy files: by whom, when, and the files themselves, so that what has drifted since can be told.

create table policy_applications (
    id uuid primary key,
    applied_at timestamptz not null,
    applied_by uuid references principals,
    -- As it was then: "The operator" for whoever has a shell on the server.
    actor_name text not null,
    digest text not null,
    files jsonb not null,
    prune boolean not null,
    -- How many things it did.
    steps integer not null,
    reason text not null,
    constraint policy_applications_did_something check (steps > 0),
    constraint policy_applications_reason_length check (char_length(reason) <= 4096)
);
create index policy_applications_by_time on policy_applications (applied_at desc, id);
create trigger policy_applications_frozen before update or delete or truncate on policy_applications
    for each statement execute function frozen_rows();
create constraint trigger policy_applications_recorded after insert on policy_applications
    deferrable initially deferred for each row execute function must_be_recorded('target');

grant select, insert on policy_applications to latchkey_app;
