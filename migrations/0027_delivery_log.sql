-- What became of notices, should there be ten million of them: the old ones go, and what is looked for is found by an index.

-- What went out or was given up is kept for a while; then the server may remove it. What waits, never.
create function outbox_is_kept() returns trigger language plpgsql as $$
begin
    if coalesce(old.sent_at, old.given_up_at, 'infinity') > instant() - interval '30 days' then
        raise exception 'notice % is kept', old.id using errcode = 'insufficient_privilege', constraint = tg_name;
    end if;
    return old;
end $$;
create trigger outbox_is_kept before delete on outbox
    for each row execute function outbox_is_kept();
grant delete on outbox to latchkey_app;
create index outbox_over on outbox (coalesce(sent_at, given_up_at)) where coalesce(sent_at, given_up_at) is not null;

-- Those to an address, and those of an event, newest first; also the events that there are, without looking at every notice.
create index outbox_of_address on outbox (lower(address), created_at desc, id desc) where address is not null;
create index outbox_of_event on outbox (event, created_at desc, id desc) where event is not null;

-- Those in each state. None of these may hold all that waits, in the order of time: where statistics are missing, Postgres
-- would walk it to find the earliest of a thread.
drop index outbox_unsent;
create index outbox_given_up on outbox (created_at desc, id desc) where sent_at is null and given_up_at is not null;
create index outbox_in_line on outbox (created_at desc, id desc)
    where sent_at is null and given_up_at is null and failures = 0;
-- Whatever is being sent, or will be tried again, was tried before.
create index outbox_tried on outbox (created_at desc, id desc)
    where sent_at is null and given_up_at is null and attempts > 0;
