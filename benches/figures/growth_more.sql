-- Assignments FIRST to LAST: nine of ten are over. In the order of their keys, so that pages are filled one after the other.
insert into assignments (
    id, kind, origin, principal_id, role_id, scope_id, starts_at, ends_at, ended_at, end_reason, created_at, settings_id
)
select figure_id(n, 'e'), case n % 2 when 0 then 'active' else 'eligible' end::assignment_kind, 'assigned',
    figure_id(n * 7919 % PEOPLE + 1), figure_id(n / PEOPLE % 50 + 1, '5'), growth_place(n * 31 % 9841),
    instant() - interval '1 year' + n % 300 * interval '1 day', 'infinity',
    case when n % 10 > 0 then instant() - interval '1 hour' end,
    case when n % 10 > 0 then 'removed' end::assignment_end, instant(), figure_id(n / PEOPLE % 50 + 1, '6')
from generate_series(FIRST::bigint, LAST::bigint) as n
order by 1;
analyze assignments;
