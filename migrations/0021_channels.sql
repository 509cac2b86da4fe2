-- Notices that leave by other ways than mail, mails with two faces, and what became of each.
--
-- Each channel, and mail, is a lane of its own: what waits in one is no business of the others.
alter table outbox
    alter column address drop not null,
    alter column subject drop not null,
    alter column body drop not null,
    add column html_body text,
    -- The configured channel that it goes to; none: it is a mail.
    add column channel text,
    -- What a message to a channel tells; its form is made when it is sent.
    add column payload json,
    -- The stable name of what happened, such as request.pending.
    add column event text,
    -- How often it has failed since it was last put in line; attempts counts for ever.
    add column failures integer not null default 0,
    -- When it was last put in line.
    add column waiting_since timestamptz,
    add column given_up_at timestamptz;
update outbox set
    waiting_since = created_at,
    failures = attempts,
    given_up_at = case when sent_at is null and next_attempt_at = 'infinity' then instant() end,
    next_attempt_at = case when next_attempt_at = 'infinity' then created_at else next_attempt_at end;
alter table outbox
    alter column waiting_since set not null,
    add constraint outbox_html_body_length check (char_length(html_body) <= 131072),
    -- 'mail' is the name of the lane that mails are in.
    add constraint outbox_channel_is_a_name check (channel ~ '^[a-z][a-z0-9-]{0,39}$' and channel <> 'mail'),
    add constraint outbox_event_is_a_name check (event ~ '^[a-z_]+\.[a-z_]+$'),
    add constraint outbox_payload_size check (octet_length(payload::text) <= 65536),
    add constraint outbox_failures_count check (failures >= 0),
    -- A mail has an address and a text; a message to a channel has what it tells.
    add constraint outbox_mail_or_message check (
        case when channel is null then num_nulls(address, subject, body) = 0 and payload is null
        else num_nonnulls(recipient_id, address, subject, body, html_body) = 0 and num_nulls(payload, event) = 0 end
    ),
    add constraint outbox_sent_or_given_up check (num_nonnulls(sent_at, given_up_at) < 2);

drop index outbox_waiting;
create index outbox_waiting on outbox (coalesce(channel, 'mail'), next_attempt_at, id)
    where sent_at is null and given_up_at is null;
-- What of one thread goes first.
create index outbox_thread_waiting on outbox (channel, thread_id, created_at, id)
    where sent_at is null and given_up_at is null and channel is not null;
create index outbox_claimed on outbox (coalesce(channel, 'mail'), claimed_until)
    where sent_at is null and given_up_at is null and claimed_until is not null;
create index outbox_by_time on outbox (created_at desc, id desc);
create index outbox_of_lane on outbox (coalesce(channel, 'mail'), created_at desc, id desc);
create index outbox_unsent on outbox (created_at desc, id desc) where sent_at is null;

-- How each lane fares: one that fails is tried seldom until it works again.
create table delivery_lanes (
    name text primary key,
    failures integer not null default 0,
    paused_until timestamptz,
    succeeded_at timestamptz,
    failed_at timestamptz,
    -- Since when nothing has got through.
    failing_since timestamptz,
    last_error text,
    constraint delivery_lanes_name_is_a_name check (name ~ '^[a-z][a-z0-9-]{0,39}$'),
    constraint delivery_lanes_failures_count check (failures >= 0),
    constraint delivery_lanes_failing_whole check ((failures = 0) = (failing_since is null))
);

-- When administrators were last told that nothing reaches an address or a channel.
create table delivery_alarms (
    about text primary key,
    told_at timestamptz not null,
    constraint delivery_alarms_about_length check (char_length(about) between 1 and 300)
);

grant select, insert, update on delivery_lanes, delivery_alarms to latchkey_app;
