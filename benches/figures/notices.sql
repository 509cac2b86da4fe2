-- Whoever asks for the role asks two people from now on.
set session_replication_role = replica;
-- Mails that other figures left are not what is looked at.
delete from outbox;
update role_settings set activation_requires_approval = true where id = figure_id(0, '6');
insert into approval_stages (settings_id, position, agree, timeout_seconds, on_silence, requires_justification, authentication)
values (figure_id(0, '6'), 1, 1, 86400, 'deny', false, 'none');
insert into settings_approvers (settings_id, stage, kind, principal_id, escalation)
select figure_id(0, '6'), 1, 'principal', figure_id(n), false from generate_series(PEOPLE - 1, PEOPLE) as n;
set session_replication_role = origin;
