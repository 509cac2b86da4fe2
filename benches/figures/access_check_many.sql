select number, exists (select from assignments where principal_id = figure_id(number)
    and role_id = figure_id(0, '5') and ended_at is null and kind = 'active'
    and starts_at <= clock_timestamp() and clock_timestamp() < ends_at)
from generate_series(1, 100) as number;
