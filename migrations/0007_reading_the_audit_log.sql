-- What auditors look for by itself: one kind of event, and what did not succeed.
create index audit_events_of_kind on audit_events (kind, at desc, id desc);
create index audit_events_unsuccessful on audit_events (outcome, at desc, id desc) where outcome <> 'success';

-- What the last walk along the whole chain found, for the page. Bookkeeping: the walk can be repeated at any time.
create table audit_verification (
    only_one boolean primary key default true check (only_one),
    verified_at timestamptz not null,
    sealed bigint not null check (sealed >= 0),
    head_sequence bigint not null,
    head_hash bytea not null check (octet_length(head_hash) = 32),
    first_bad bigint,
    first_bad_event uuid,
    problem text,
    constraint audit_verification_problem_is_somewhere check ((first_bad is null) = (problem is null))
);
grant select, insert, update on audit_verification to latchkey_app;
