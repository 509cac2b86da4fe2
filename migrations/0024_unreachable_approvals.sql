-- Administrators are told once when nobody can give an approval any more that terms ask for.

-- Terms of which they were told; a row goes when somebody can give it again.
create table approval_alarms (
    settings_id uuid primary key references role_settings,
    since timestamptz not null
);
grant select, insert, delete on approval_alarms to latchkey_app;

-- When that was last looked for.
alter table notice_progress
    drop constraint notice_progress_kind_is_known,
    add constraint notice_progress_kind_is_known check (
        kind in ('ending_soon', 'ended', 'lapsed', 'daily_summary', 'weekly_summary', 'unreachable_approvals')
    );
insert into notice_progress values ('unreachable_approvals', instant());
