-- Tickets that a ticket system was asked about.

-- Its ticket was closed.
alter type assignment_end add value 'ticket_closed';

-- What was found of a request's ticket when it was made; a request without a row has none that was verified.
create table request_tickets (
    request_id uuid primary key references requests,
    verified_at timestamptz not null,
    found json not null,
    constraint request_tickets_found_size check (octet_length(found::text) <= 4096)
);
create trigger request_tickets_frozen before update or delete or truncate on request_tickets
    for each statement execute function frozen_rows();

grant select, insert on request_tickets to latchkey_app;
