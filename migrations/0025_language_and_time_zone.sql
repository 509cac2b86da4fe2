-- In which language and in which time zone somebody wants to be told things. Null: as the browser says, or else as the
-- organisation is set. Which languages and zones there are is for the program to know; the forms alone are for here.
alter table persons
    add column language text,
    add column time_zone text,
    add constraint persons_language_form check (language ~ '^[a-z]{2}$'),
    add constraint persons_time_zone_form check (time_zone ~ '^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}$'),
    add constraint persons_time_zone_length check (char_length(time_zone) <= 64);

grant update (language, time_zone) on persons to latchkey_app;
