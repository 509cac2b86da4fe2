-- For each by itself, as the one SELECT does; otherwise everybody who has the role is read.
select number, held.yes
from generate_series(1, 100) as number
cross join lateral (
    select count(*) > 0 as yes
    from (select * from assignments where principal_id = figure_id(number) and ended_at is null offset 0) as assignments
    where role_id = figure_id(0, '5') and kind = 'active' and starts_at <= clock_timestamp() and clock_timestamp() < ends_at
) as held;
