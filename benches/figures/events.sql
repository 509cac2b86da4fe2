-- Sealed events FIRST to LAST, five seconds apart and older than whatever has just happened. Their hashes are none, but
-- differ; whatever was written before them counts as settled.
insert into audit_events (
    id, transaction_id, at, kind, outcome, actor_kind, actor_id, actor_person_id, actor_name, subject_id, subject_name,
    role_id, role_name, scope_id, scope_name, correlation_id, detail
)
select
    figure_id(n, 'd'), '1', instant() - interval '5 years' + n * interval '5 seconds',
    (array['activation.requested', 'activation.started', 'activation.ended', 'sign_in.succeeded', 'request.approved'])[n % 5 + 1],
    'success', 'user', figure_id(n % 1000), figure_id(n % 1000), 'Person ' || n % 1000, figure_id(n % 997), 'Person ' || n % 997,
    figure_id(n % 50, '5'), 'Role ' || n % 50, '00000000-0000-8000-8000-000000000000', 'Organisation', figure_id(n, 'e'),
    '{"duration":"PT1H","justification":"figures, with a comma and \"quotes\""}'
from generate_series(FIRST::bigint, LAST::bigint) as n;

insert into audit_seals (sequence, event_id, sealed_at, previous_hash, hash)
select
    head.sequence + 1 + n - FIRST::bigint, figure_id(n, 'd'), instant(), sha256((n - 1)::text::bytea),
    sha256(n::text::bytea)
from audit_head as head, generate_series(FIRST::bigint, LAST::bigint) as n;

update audit_head set
    sequence = sequence + 1 + LAST::bigint - FIRST::bigint, hash = sha256((LAST)::text::bytea),
    settled_before = pg_current_xact_id();
analyze audit_events, audit_seals;
