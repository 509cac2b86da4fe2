create role latchkey_owner login;

create role latchkey_app login;

alter role latchkey_app set synchronous_commit = on;

create database latchkey owner latchkey_owner;

revoke all on database latchkey from public;

grant connect on database latchkey to latchkey_app;

