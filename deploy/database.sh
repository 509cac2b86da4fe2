#!/usr/bin/env bash
# Makes Latchkey's two roles in a database of its own: the owner of the tables, and the role that the server uses, which
# cannot rewrite history. Run once, as superuser; the container of PostgreSQL does so by itself.
#
# PGDATABASE names the database (default: latchkey), LATCHKEY_SECRETS the folder with owner_password and
# application_password (default: /run/secrets).
set -euo pipefail
secrets=${LATCHKEY_SECRETS:-/run/secrets}
psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --username="${POSTGRES_USER:-postgres}" \
    --dbname="${PGDATABASE:-${POSTGRES_DB:-latchkey}}" \
    --set=owner_password="$(cat "$secrets/owner_password")" \
    --set=application_password="$(cat "$secrets/application_password")" <<'SQL'
create role latchkey_owner login password :'owner_password';
create role latchkey_app login password :'application_password';
alter role latchkey_app set synchronous_commit = on;
select format('alter database %I owner to latchkey_owner', current_database()) \gexec
select format('revoke all on database %I from public', current_database()) \gexec
select format('grant connect on database %I to latchkey_app', current_database()) \gexec
create extension btree_gist;
alter schema public owner to pg_database_owner;
revoke create on schema public from public;
SQL
