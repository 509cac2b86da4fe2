select exists (select from assignments where principal_id = '00000000-0000-4000-8000-000000000000'
    and role_id = '00000000-0000-5000-8000-000000000000' and ended_at is null and kind = 'active'
    and starts_at <= clock_timestamp() and clock_timestamp() < ends_at);
