-- What the server's role may do beyond reading everything and adding rows, a line for each table and right: with columns
-- if only some; and, after a hyphen, where it may not even add rows as it likes.
select concat_ws(' ', relname, lower(privilege), string_agg(attname, ' ' order by attname))
from pg_class
cross join unnest(array['UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) as privilege
left join pg_attribute on attrelid = pg_class.oid and attnum > 0 and privilege = 'UPDATE'
    and not has_table_privilege('latchkey_app', pg_class.oid, 'UPDATE')
    and has_column_privilege('latchkey_app', pg_class.oid, attnum, 'UPDATE')
where relnamespace = 'public'::regnamespace and relkind = 'r'
    and (has_table_privilege('latchkey_app', pg_class.oid, privilege) or attname is not null)
group by relname, privilege
union all
select concat_ws(' ', '-', lower(privilege), relname)
from pg_class
cross join unnest(array['SELECT', 'INSERT']) as privilege
where relnamespace = 'public'::regnamespace and relkind = 'r' and relname not in ('_sqlx_migrations', 'test_clock')
    and not has_table_privilege('latchkey_app', pg_class.oid, privilege)
