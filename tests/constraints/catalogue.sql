-- Everything that can refuse a row by name, but for references and primary keys.
select conname::text from pg_constraint
where connamespace = 'public'::regnamespace and contype in ('c', 'u', 'x') and conrelid::regclass::text <> 'test_clock'
union
select indexrelid::regclass::text from pg_index
join pg_class on pg_class.oid = indexrelid and relnamespace = 'public'::regnamespace
where indisunique and not exists (select from pg_constraint where conindid = indexrelid)
union
select tgname::text from pg_trigger where not tgisinternal
order by 1
