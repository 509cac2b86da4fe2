select events.*, seals.*
from (
    select id from audit_events
    where (at, id) < ('BEFORE'::timestamptz, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
    order by at desc, id desc
    limit 200
) as wanted
join audit_events as events on events.id = wanted.id
left join audit_seals as seals on event_id = events.id
order by events.at desc, events.id desc;
