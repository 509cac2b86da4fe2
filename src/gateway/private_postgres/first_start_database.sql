create extension btree_gist;

alter schema public owner to pg_database_owner;

revoke create on schema public from public;

