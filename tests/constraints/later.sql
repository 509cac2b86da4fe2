-- One change that waits, and the proof for deciding it.
insert into change_requests (
    id, kind, prior, state, author_id, author_person_id, permission, scope_id, role_id, payload, difference, reason,
    created_at, expires_at
) values (
    id('asked'), 'save_settings', 'new', 'pending', id('ada'), person('ada'), 'settings.manage', root(), id('operator'),
    '{}', '[]', 'For a test', instant(), instant() + interval '30 days'
);
insert into mfa_proofs (id, principal_id, session_id, method, challenge, created_at, spent_for, spent_at)
values (id('change proof'), id('bob'), id('bob session'), 'totp', hash('change proof'), instant(), id('asked'), instant());
insert into reminders values (id('standing'), instant() + interval '90 days', 'two_weeks', instant());
select record('target', id('asked'));

-- An import that waits to be confirmed.
insert into imports (id, state, file_name, format, digest, rows_read, file, created_by, created_at)
values (id('old import'), 'draft', 'old.csv', 'csv', hash('old'), 1, 'user,role', id('root'), instant());
select record('target', id('old import'));
